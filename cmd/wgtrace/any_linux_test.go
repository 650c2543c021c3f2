package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// TestAny records everything that passes the server as people do, with tcpdump
// -i any in both cooked formats, beside one tap at each adapter: all must end in
// the same verdict, also where the WAN is a bridge and each of its packets is
// seen twice.
func TestAny(t *testing.T) {
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("tcpdump is missing (Debian: apt-get install tcpdump)")
	}
	for _, bridge := range []bool{false, true} {
		for _, name := range []string{"none", "nat-missing", "forwarding-off"} {
			t.Run(fmt.Sprintf("%s/bridge=%v", name, bridge), func(t *testing.T) {
				t.Parallel()
				anyInLab(t, name, bridge)
			})
		}
	}
}

func anyInLab(t *testing.T, name string, bridge bool) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	sc, err := lab.FindScenario(name)
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(t, lab.Config{BridgeWAN: bridge})
	if err := l.Apply(ctx, lab.Fault{Name: name}); err != nil {
		t.Fatal(err)
	}
	dir := t.ArtifactDir()
	file := func(name string) string { return filepath.Join(dir, name+".pcap") }
	wan := l.Plan().WAN
	if bridge {
		wan = lab.BridgePort // the bridge itself may see replies with their translation undone
	}
	taps := []*tcpdump{
		startTcpdump(t, ctx, l, file("tunnel"), "-i", l.Plan().Tunnel),
		startTcpdump(t, ctx, l, file("wan"), "-i", wan),
		startTcpdump(t, ctx, l, file("sll"), "-i", "any", "-y", "LINUX_SLL"),
		startTcpdump(t, ctx, l, file("sll2"), "-i", "any", "-y", "LINUX_SLL2"),
	}
	if err := l.ResetTruth(ctx); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Laptop, Bulk: 100_000}); err != nil {
		t.Fatal(err)
	}
	if !sc.Healthy {
		// A missing answer says something only after 5 s of capture, and a file
		// ends with its last packet.
		time.Sleep(time.Until(begun.Add(7 * time.Second)))
		if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Probe}); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, ctx, l)
	for _, tap := range taps {
		tap.stop(t)
	}
	truth, err := l.Truth(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := expectation(sc, lab.Laptop, false)
	two := readBack(t, file("tunnel"), file("wan"))
	for _, o := range []struct {
		name string
		outcome
	}{{"two taps", two}, {"cooked v1", readBack(t, file("sll"))}, {"cooked v2", readBack(t, file("sll2"))}} {
		t.Run(o.name, func(t *testing.T) {
			if o.verdict != want {
				t.Errorf("%+v, want %+v\n%s", o.verdict, want, o.text(t))
			}
			if o.report.Totals.LostPackets != two.report.Totals.LostPackets {
				t.Errorf("%d packets lost, two taps say %d", o.report.Totals.LostPackets, two.report.Totals.LostPackets)
			}
			checkTruth(t, o.outcome, truth, sc.Healthy)
		})
	}
	// However the captures are named and put together, each packet counts once.
	for _, args := range [][]string{
		{"--tunnel", file("tunnel"), "--wan", file("sll")},
		{"--tunnel", file("tunnel"), "--wan", file("sll2")},
		{"--tunnel", file("sll2"), "--wan", file("wan")},
		{file("tunnel"), file("sll2")},
		{file("wan"), file("sll")},
		{file("sll"), file("sll2")},
	} {
		o := readBack(t, args...)
		if o.verdict != want || sc.Healthy && (o.report.Totals.MatchedPackets != two.report.Totals.MatchedPackets || o.report.Totals.LostPackets != 0) {
			t.Errorf("%q: %+v %+v, want %+v %+v", args, o.verdict, o.report.Totals, want, two.report.Totals)
		}
	}
}

// tcpdump is one running capture on the lab's server.
type tcpdump struct {
	cmd  *exec.Cmd
	mu   sync.Mutex
	said bytes.Buffer
}

func (d *tcpdump) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said.Write(p)
}

func (d *tcpdump) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said.String()
}

// startTcpdump returns when tcpdump listens. It keeps its privileges (-Z root),
// or could not write into the test's folder, and takes packets as they come, or
// an interrupt would leave the last ones in the kernel's ring.
func startTcpdump(t *testing.T, ctx context.Context, l *lab.Lab, file string, args ...string) *tcpdump {
	t.Helper()
	d := &tcpdump{cmd: l.Server().Command(ctx, "tcpdump", append([]string{"-n", "-s", "256", "--immediate-mode", "-B", "8192", "-Z", "root", "-w", file}, args...)...)}
	d.cmd.Stderr = d
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if d.cmd.ProcessState == nil {
			_ = d.cmd.Process.Kill()
			_ = d.cmd.Wait()
		}
	})
	err := lab.Wait(ctx, "tcpdump", func() (bool, error) {
		return strings.Contains(d.String(), "listening on"), nil
	})
	if err != nil {
		t.Fatalf("%v: %s", err, d)
	}
	return d
}

// noDrops is what tcpdump says at its end if the kernel lost nothing.
var noDrops = regexp.MustCompile(`(?m)^0 packets dropped by kernel`)

func (d *tcpdump) stop(t *testing.T) {
	t.Helper()
	if err := d.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Wait(); err != nil || !noDrops.MatchString(d.String()) {
		t.Fatalf("tcpdump: %v: %s", err, d)
	}
}
