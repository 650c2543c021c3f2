package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// TestLines records a server with two lines to the internet, whose answers come in
// by the one that packets do not leave by: with both lines captured the verdict is
// sure, in whatever form; with one alone it is never a wrong one.
func TestLines(t *testing.T) {
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("tcpdump is missing (Debian: apt-get install tcpdump)")
	}
	silent := verdict{"fault", "upstream-silent", "wan_out", "wan_in"}
	for _, c := range []struct {
		scenario      string
		first, second verdict // with one line alone
	}{
		{"asym-other-wan", verdict{Status: "healthy"}, verdict{Status: "healthy"}},
		{"asym-rpf-strict", silent, verdict{Status: "inconclusive", Finding: "captures-unrelated"}},
	} {
		t.Run(c.scenario, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			sc, err := lab.FindScenario(c.scenario)
			if err != nil {
				t.Fatal(err)
			}
			l := newLab(t, lab.Config{SecondUplink: true, NoIPv6: true})
			if err := l.Apply(ctx, lab.Fault{Name: c.scenario}); err != nil {
				t.Fatal(err)
			}
			dir, p := t.ArtifactDir(), l.Plan()
			file := func(name string) string { return filepath.Join(dir, name+".pcap") }
			taps := []*tcpdump{
				startTcpdump(t, ctx, l, file("tunnel"), "-i", p.Tunnel),
				startTcpdump(t, ctx, l, file("first"), "-i", p.WAN),
				startTcpdump(t, ctx, l, file("second"), "-i", p.SecondWAN),
				startTcpdump(t, ctx, l, file("any"), "-i", "any", "-y", "LINUX_SLL2"),
			}
			live := startLive(t, l, "--wan", p.WAN)
			begun := time.Now()
			if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Phone, Bulk: 20_000}); err != nil {
				t.Fatal(err)
			}
			if !sc.Healthy {
				// A missing answer says something only after 5 s of capture.
				time.Sleep(time.Until(begun.Add(7 * time.Second)))
				if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Probe}); err != nil {
					t.Fatal(err)
				}
			}
			settle(t, ctx, l)
			for _, tap := range taps {
				tap.stop(t)
			}
			alone := live.stop(t)
			if alone.verdict != c.first {
				t.Errorf("live on the first line: %+v, want %+v\n%s", alone.verdict, c.first, alone.text(t))
			}
			if !sc.Healthy {
				if s := alone.sight("upstream-silent"); s.Cause != "asymmetric-return" {
					t.Errorf("live on the first line: %+v is the first cause\n%s", s, alone.text(t))
				}
			}
			both := expectation(sc, lab.Phone, false)
			for _, o := range []struct {
				want verdict
				args []string
			}{
				{both, []string{file("any")}},
				{both, []string{"--tunnel", file("tunnel"), "--wan", file("first"), "--wan", file("second")}},
				{both, []string{"--tunnel", file("tunnel"), "--wan", file("second"), "--wan", file("first")}},
				{c.first, []string{"--tunnel", file("tunnel"), "--wan", file("first")}},
				{c.second, []string{"--tunnel", file("tunnel"), "--wan", file("second")}},
			} {
				if got := readBack(t, o.args...); got.verdict != o.want {
					t.Errorf("%q: %+v, want %+v\n%s", o.args, got.verdict, o.want, got.text(t))
				}
			}
		})
	}
}
