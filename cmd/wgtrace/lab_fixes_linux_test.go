package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// TestFixesCure runs the commands of a report on the server of the lab, and wants
// the same traffic answered after them.
func TestFixesCure(t *testing.T) {
	for _, c := range []struct {
		scenario string
		command  string // begins the command that tells the fix
	}{
		{"dns-input-drop", "nft 'insert rule inet filter input "},
		{"v6-blackhole-no-forward", "sysctl -w net/ipv6/"},
		{"v6-blackhole-forward-no-nat", "nft add table ip6 "},
		{"mtu-outer-blackhole", "nft add table inet wgtrace_mtu"},
		{"mtu-inner-fragneeded-lost", "iptables -t mangle "},
		{"mtu-inner-upload-blackhole", "nft add table inet wgtrace_mtu"},
		{"jumbo-mtu-8920", "nft add table inet wgtrace_mtu"},
	} {
		t.Run(c.scenario, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			sc, err := lab.FindScenario(c.scenario)
			if err != nil {
				t.Fatal(err)
			}
			l := newLab(t, lab.Config{})
			if err := l.Apply(ctx, lab.Fault{Name: sc.Name}); err != nil {
				t.Fatal(err)
			}
			broken := watchLaptop(t, ctx, l, 1, 9*time.Second)
			if broken.verdict.Finding != sc.Expect.Finding {
				t.Fatalf("before the fix: %+v", broken.verdict)
			}
			for _, line := range fixOf(t, broken, c.command) {
				// What keeps a setting over a reboot writes outside of the
				// server's namespace.
				if strings.HasPrefix(line, "sh -c ") {
					continue
				}
				if out, err := l.Server().Command(ctx, "bash", "-c", line).CombinedOutput(); err != nil {
					t.Fatalf("%s: %v: %s", line, err, out)
				}
			}
			if cured := watchLaptop(t, ctx, l, 2, 0); cured.verdict.Status != "healthy" || len(cured.report.Findings) > 0 && sc.Name != "jumbo-mtu-8920" {
				t.Errorf("after the fix: %+v, findings %+v", cured.verdict, cured.report.Findings)
			}
		})
	}
}

// watchLaptop runs wgtrace live while the phone works like a laptop, for a span
// at least. Each round pings with identifiers of its own: the server remembers
// what it did not translate (nf_conntrack) for as long as it is repeated.
func watchLaptop(t *testing.T, ctx context.Context, l *lab.Lab, round int64, least time.Duration) outcome {
	t.Helper()
	watch := startLive(t, l)
	begun := time.Now()
	res, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Laptop, Bulk: 200_000, Seed: l.Plan().Seed + round})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(begun.Add(least)))
	got := watch.stop(t)
	if ok, all := res.Answered(); (ok == all) != (got.verdict.Status == "healthy") {
		t.Errorf("%d of %d tries were answered: %+v\n%+v", ok, all, got.verdict, res.Tries)
	}
	return got
}

// fixOf returns the commands of the first fix that has one beginning so.
func fixOf(t *testing.T, o outcome, prefix string) []string {
	t.Helper()
	for _, f := range o.report.Findings {
		for _, x := range f.Fixes {
			for _, c := range x.Commands {
				if strings.HasPrefix(c, prefix) {
					return x.Commands
				}
			}
		}
	}
	t.Fatalf("no fix has a command %q\n%s", prefix, o.text(t))
	return nil
}
