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
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// TestLive drives wgtrace live on the server of the lab while a phone tries,
// for each fault under both workloads, alone and beside a healthy second
// client. WGTRACE_LAB_RUNS repeats the whole table with other seeds.
func TestLive(t *testing.T) {
	runs := 1
	if n, err := strconv.Atoi(os.Getenv("WGTRACE_LAB_RUNS")); err == nil {
		runs = n
	}
	for n := range runs {
		for _, sc := range lab.Scenarios() {
			for i, w := range []lab.Workload{lab.Laptop, lab.Phone} {
				once := sc.Name == "idle" || sc.Takes > 0 // is enough for what takes its time
				if once && w == lab.Phone || sc.Workload != "" && w != sc.Workload {
					continue
				}
				// Each fault stands alone under one workload and beside a
				// healthy client under the other, in turn.
				second := (i+n+len(sc.Name))%2 == 0 || sc.Neighbours
				if once {
					second = n%2 == 1
				}
				name := sc.Name + "/" + string(w)
				if second {
					name += "/beside-healthy"
				}
				if runs > 1 {
					name += "/" + strconv.Itoa(n)
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					liveInLab(t, sc, w, second)
				})
			}
		}
	}
}

func liveInLab(t *testing.T, sc lab.Scenario, w lab.Workload, second bool) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	l := newLab(t, lab.Config{SecondClient: second, SecondUplink: sc.SecondUplink, Offload: w == lab.Laptop})
	if err := l.Apply(ctx, lab.Fault{Name: sc.Name, OnlyFirst: second}); err != nil {
		t.Fatal(err)
	}
	words := []string{} // of the person
	if sc.Prompted {
		words = append(words, "--expect-traffic")
	}
	watch := startLive(t, l, append(words, "--with-host-facts")...)
	words = append(words, "--server-key", l.Plan().ServerKey)
	if err := l.ResetTruth(ctx); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 2)
	begun := time.Now()
	run := func(client int, w lab.Workload, atLeast time.Duration) {
		_, err := l.Keep(ctx, client, lab.Run{Workload: w, Bulk: bulkFor(sc)}, atLeast)
		done <- err
	}
	first := w
	if sc.Name == "idle" {
		first = lab.Idle
	}
	go run(lab.First, first, sc.Takes)
	clients := 1
	if second {
		clients = 2
		go run(lab.Second, lab.Laptop, 0)
	}
	for range clients {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	// A missing answer says something only after 5 s, and a handshake is tried
	// again every 5 s.
	enough := 9 * time.Second
	if sc.Handshake {
		enough = 14 * time.Second
	}
	if sc.Healthy {
		enough = 0
	}
	time.Sleep(time.Until(begun.Add(enough)))
	settle(t, ctx, l)
	got := watch.stop(t)

	want := expectation(sc, w, second)
	if got.verdict != want {
		t.Errorf("live: %+v, want %+v\n%s", got.verdict, want, got.text(t))
	}
	if sc.Warning != "" && !got.found(sc.Warning) {
		t.Errorf("no finding %s\n%s", sc.Warning, got.text(t))
	}
	again := readBack(t, append(words, watch.pcap)...)
	nothing := filepath.Join(t.TempDir(), "nothing.json")
	if err := os.WriteFile(nothing, []byte(`{"os":"linux"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	bare := readBack(t, append(words, "--host-facts", nothing, watch.pcap)...)
	if bare.verdict != got.verdict {
		t.Errorf("read without settings: %+v, live said %+v\n%s", bare.verdict, got.verdict, bare.text(t))
	}
	noteResult(t, labResult{
		Scenario: sc.Name, Workload: w, Beside: second, Warning: sc.Warning, Alone: bare.sight(cmp.Or(bare.verdict.Finding, sc.Warning)),
	}, want, got, again)
	if again.verdict != got.verdict {
		t.Errorf("read of the recording: %+v, live said %+v\n%s", again.verdict, got.verdict, again.text(t))
	}
	checkCause(t, sc, second, got)
	checkCause(t, sc, second, again)
	alone := readBack(t, append(words, "--wan", watch.pcap+"#"+l.Plan().WAN)...)
	if want := outsideExpectation(sc, second); alone.verdict != want {
		t.Errorf("the WAN of the recording alone: %+v, want %+v\n%s", alone.verdict, want, alone.text(t))
	}
	truth, err := l.Truth(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range sc.Untold {
		for i := range truth.Clients {
			truth.Clients[i].Stages[stage] = 0
		}
		got.report.Stages[stage].Packets = 0
	}
	checkTruth(t, got, truth, w == lab.Phone && !second && sc.Healthy)
}

// settle waits until the kernel counts no more packets: the last ones of a
// workload (a FIN, a late acknowledgement) are under way when it returns.
func settle(t *testing.T, ctx context.Context, l *lab.Lab) {
	t.Helper()
	last := ""
	since := time.Now()
	err := lab.Wait(ctx, "the packets to stop", func() (bool, error) {
		truth, err := l.Truth(ctx)
		if now := fmt.Sprint(truth.Clients); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > 300*time.Millisecond, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// expectation turns a scenario's truth into the verdict: a tunnel fault of one
// client is a warning while another client works.
func expectation(sc lab.Scenario, w lab.Workload, second bool) verdict {
	e := sc.Expect
	if w == lab.Phone && sc.Pingless.Status != "" {
		e = sc.Pingless
	}
	v := verdict{e.Status, e.Finding, e.After, e.Before}
	if second {
		v = besideHealthy(v)
	}
	return v
}

// outsideExpectation is the verdict on the WAN's capture alone: what stops the
// tunnel itself is seen there as well, everything else is behind it.
func outsideExpectation(sc lab.Scenario, second bool) verdict {
	if e := sc.Expect; sc.Handshake && !second {
		return verdict{e.Status, e.Finding, e.After, e.Before}
	}
	return verdict{Status: "inconclusive", Finding: "capture-one-sided"}
}

// kernelWireGuard makes every lab of these tests use the kernel's WireGuard.
var kernelWireGuard = os.Getenv("WGTRACE_LAB_KERNEL") != ""

// newLab builds a lab that ends with the test; only a machine that cannot run
// one skips, and says why.
func newLab(t *testing.T, cfg lab.Config) *lab.Lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cfg.Kernel = kernelWireGuard
	l, err := lab.New(ctx, cfg)
	if errors.Is(err, lab.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Log(l.Plan())
	return l
}

// selfOn is the program as a process on a machine of the lab; the words before it,
// if any, are the command that starts it.
func selfOn(t *testing.T, ctx context.Context, n *lab.Node, before []string, args ...string) *exec.Cmd {
	t.Helper()
	self := selfCommand(t, ctx, args...)
	words := slices.Concat(before, self.Args)
	cmd := n.Command(ctx, words[0], words[1:]...)
	cmd.Env = self.Env
	return cmd
}

// liveRun is wgtrace live at work on the lab's server.
type liveRun struct {
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	pcap           string
}

// startLive starts wgtrace live without any flag that names adapters, and
// returns when both taps are open.
func startLive(t *testing.T, l *lab.Lab, args ...string) *liveRun {
	t.Helper()
	dir := t.TempDir()
	r := &liveRun{pcap: filepath.Join(dir, "run.pcapng")}
	ready := filepath.Join(dir, "ready")
	args = append([]string{"live", "--format", "json", "-w", r.pcap, "--ready-file", ready}, args...)
	r.cmd = selfOn(t, context.Background(), l.Host(), nil, args...)
	r.start(t, ready, 10*time.Second)
	return r
}

// start runs it, and returns when both taps are open, which the file ready shows.
func (r *liveRun) start(t *testing.T, ready string, limit time.Duration) {
	t.Helper()
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if r.cmd.ProcessState == nil {
			_ = r.cmd.Process.Kill()
			_ = r.cmd.Wait()
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	err := lab.Wait(ctx, "both taps", func() (bool, error) {
		_, err := os.Stat(ready)
		return err == nil, nil
	})
	if err != nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		t.Fatalf("%v: %s", err, r.stderr.String())
	}
}

// tryWhile starts a command and calls try again and again until it ends.
func tryWhile(t *testing.T, cmd *exec.Cmd, try func() error) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	for {
		if err := try(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ended:
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// stop ends the run as Ctrl-C does and returns what it said.
func (r *liveRun) stop(t *testing.T) outcome {
	t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	err := r.cmd.Wait()
	o := parseOutcome(t, r.stdout.Bytes(), r.stderr.String())
	want := map[string]int{"healthy": exitHealthy, "fault": exitFault, "inconclusive": exitInconclusive}[o.verdict.Status]
	if code := r.cmd.ProcessState.ExitCode(); code != want {
		t.Errorf("exit status %d (%v), want %d for %s", code, err, want, o.verdict.Status)
	}
	return o
}

// checkTruth compares a live run with the kernel's own counters and translation
// table. Where offload merges packets a tap sees fewer than the kernel counts, and
// on a dead path retries go on after the run.
func checkTruth(t *testing.T, got outcome, truth lab.Truth, exact bool) {
	t.Helper()
	for _, stage := range []string{lab.StageTunnelIn, lab.StageWANOut, lab.StageWANIn, lab.StageTunnelOut} {
		var want uint64
		for _, c := range truth.Clients {
			want += c.Stages[stage]
		}
		switch have := got.report.Stages[stage]; {
		case have == nil:
			t.Errorf("%s was not observed", stage)
		case exact && have.Packets != want:
			t.Errorf("%s: %d packets, the kernel counted %d\n%s", stage, have.Packets, want, got.text(t))
		case (have.Packets == 0) != (want == 0):
			t.Errorf("%s: %d packets, the kernel counted %d", stage, have.Packets, want)
		}
	}
	// Without an answer there is nothing to be wrong about: the table may hold
	// what was dropped after it was translated.
	if got.verdict.Status != "healthy" {
		return
	}
	var want recordedTruth
	for _, m := range truth.NAT {
		want.NAT = append(want.NAT, struct{ Protocol, Inside, Outside, Remote string }{m.Protocol, m.Inside, m.Outside, m.Remote})
	}
	compareNAT(t, got, want)
}

// bulkFor returns how many octets are loaded in one piece: a line that carries
// every packet in fragments, or that the sender first has to learn the size of,
// stalls for good under more than a little at once when many labs run, and then
// the fault that is found there is a true one.
func bulkFor(sc lab.Scenario) int {
	if sc.Healthy && sc.Workload == lab.Laptop {
		return 20_000
	}
	return 200_000
}
