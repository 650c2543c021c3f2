package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// tcpdump is one running capture on the lab's server.
type tcpdump struct {
	cmd  *exec.Cmd
	said *said
	file string
}

// said collects a program's standard error while it runs.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// snaplen keeps headers and the start of payloads, as a person who shares a
// capture would.
const snaplen = "256"

// startCapture returns when tcpdump says that it listens. It keeps its
// privileges (-Z root), because it would not be allowed to write in a
// temporary folder otherwise.
func startCapture(ctx context.Context, l *lab.Lab, adapter, file string, extra ...string) (*tcpdump, error) {
	args := append([]string{"-i", adapter, "-n", "-s", snaplen, "-B", "16384", "-Z", "root", "-w", file}, extra...)
	t := &tcpdump{cmd: l.Server().Command(ctx, "tcpdump", args...), said: &said{}, file: file}
	t.cmd.Stderr = t.said
	if err := t.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start tcpdump on %s: %w", adapter, err)
	}
	err := lab.Wait(ctx, "tcpdump on "+adapter, func() (bool, error) {
		return strings.Contains(t.said.String(), "listening on"), nil
	})
	if err != nil {
		return nil, errors.Join(err, t.stop())
	}
	return t, nil
}

// noDrops is what tcpdump says at its end if the kernel lost nothing.
var noDrops = regexp.MustCompile(`(?m)^0 packets dropped by kernel`)

// stop ends the capture and fails if it is not complete: a recording with gaps
// would teach wrong verdicts.
func (t *tcpdump) stop() error {
	if err := t.cmd.Process.Signal(os.Interrupt); err != nil {
		return fmt.Errorf("stop tcpdump: %w", err)
	}
	if err := t.cmd.Wait(); err != nil {
		return fmt.Errorf("tcpdump: %w: %s", err, t.said)
	}
	if !noDrops.MatchString(t.said.String()) {
		return fmt.Errorf("the capture %s has gaps: %s", filepath.Base(t.file), t.said)
	}
	return nil
}

// record makes one case in a temporary folder beside its place, and puts it
// there when everything is complete.
func record(ctx context.Context, c recording, seed, base int64, out string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp(out, "."+c.name+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := lab.New(ctx, lab.Config{Seed: seed, SecondClient: c.second, Kernel: c.kernel, Offload: c.kernel})
	if err != nil {
		return err
	}
	defer l.Close()
	truth, err := play(ctx, c, l, dir)
	if err != nil {
		return err
	}
	if err := verify(ctx, c, l.Plan(), truth, dir); err != nil {
		return err
	}
	if err := describe(c, l.Plan(), truth, base, dir); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	place := filepath.Join(out, c.name)
	if err := os.RemoveAll(place); err != nil {
		return err
	}
	return os.Rename(dir, place)
}

// verify holds the captures against the kernel's counters: they must have seen
// the same packets, or one of them is no evidence for the other.
func verify(ctx context.Context, c recording, p lab.Plan, t lab.Truth, dir string) error {
	if c.any {
		return nil // one file of everything has no filter that tells adapters apart
	}
	for _, client := range t.Clients {
		inner := func(dir string) string {
			f := dir + " host " + client.Inner4
			if client.Inner6 != "" {
				f += " or " + dir + " host " + client.Inner6
			}
			return f
		}
		for _, check := range []struct{ stage, file, filter string }{
			{lab.StageTunnelIn, "tunnel.pcap", inner("src")},
			{lab.StageTunnelOut, "tunnel.pcap", inner("dst")},
			{lab.StageOuterIn, "wan.pcap", fmt.Sprintf("src host %s and udp dst port %d", client.Outer, p.Port)},
			{lab.StageOuterOut, "wan.pcap", fmt.Sprintf("dst host %s and udp src port %d", client.Outer, p.Port)},
		} {
			out, err := exec.CommandContext(ctx, "tcpdump", "-Z", "root", "-nqtr", filepath.Join(dir, check.file), check.filter).Output()
			if err != nil {
				return fmt.Errorf("read %s back: %w", check.file, err)
			}
			if n := uint64(bytes.Count(out, []byte("\n"))); n != client.Stages[check.stage] {
				return fmt.Errorf("%s has %d packets of %q, the kernel counted %d", check.file, n, check.filter, client.Stages[check.stage])
			}
		}
	}
	return nil
}

// play runs the case while the captures run, and returns the truth about it.
func play(ctx context.Context, c recording, l *lab.Lab, dir string) (lab.Truth, error) {
	if err := l.Apply(ctx, c.fault); err != nil {
		return lab.Truth{}, err
	}
	var captures []*tcpdump
	start := func(adapter, file string, extra ...string) error {
		t, err := startCapture(ctx, l, adapter, filepath.Join(dir, file), extra...)
		if err == nil {
			captures = append(captures, t)
		}
		return err
	}
	var err error
	if c.any {
		err = start("any", "any.pcap", "-y", "LINUX_SLL2")
	} else {
		err = errors.Join(start(l.Plan().Tunnel, "tunnel.pcap"), start(l.Plan().WAN, "wan.pcap"))
	}
	if err == nil {
		err = traffic(ctx, c, l)
	}
	var truth lab.Truth
	if err == nil {
		truth, err = quiet(ctx, l)
	}
	for _, t := range captures {
		err = errors.Join(err, t.stop())
	}
	return truth, err
}

// delivery is how long a packet may wait in the kernel before tcpdump gets it:
// its read time-out is 1 s, and what waits is lost when it ends.
const delivery = 1500 * time.Millisecond

// quiet waits for a pause in which every counted packet reaches the capture,
// and returns the truth at its end.
func quiet(ctx context.Context, l *lab.Lab) (lab.Truth, error) {
	before, err := l.Truth(ctx)
	for err == nil {
		select {
		case <-time.After(delivery):
		case <-ctx.Done():
			return lab.Truth{}, ctx.Err()
		}
		var now lab.Truth
		if now, err = l.Truth(ctx); err == nil && reflect.DeepEqual(now.Clients, before.Clients) {
			return now, nil
		}
		before = now
	}
	return lab.Truth{}, err
}

// traffic makes the clients connect and use their tunnels, and returns when the
// captures have seen enough of the silence after it.
func traffic(ctx context.Context, c recording, l *lab.Lab) error {
	if err := l.ResetTruth(ctx); err != nil {
		return err
	}
	began := time.Now()
	clients := len(l.Plan().Clients)
	errs := make([]error, clients)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			if errs[i] = l.Reconnect(ctx, i); errs[i] == nil {
				_, errs[i] = l.Run(ctx, i, lab.Run{Workload: c.workload, Bulk: cmp.Or(c.bulk, bulk)})
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	end := time.Now().Add(settle)
	if least := began.Add(c.lasting); end.Before(least) {
		end = least
	}
	select {
	case <-time.After(time.Until(end)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
