package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// cures are faults whose first fix can be run as it stands, or with what only a
// person can know of the machine filled in. ufw and firewalld are not at hand.
var cures = []string{
	"nat-missing", "nat-wrong-out-interface", "nat-wrong-subnet", "forwarding-off", "forwarding-off-tunnel",
	"forward-policy-drop", "forward-no-return-rule", "rpfilter-strict",
	"docker-forward-drop", "nft-two-tables", "forward-reject-hostprohib-oracle", "forward-reject-openwrt",
	"no-return-route-leak", "addr32-no-route", "wan-no-default-route", "server-default-hijack", "snat-wrong-address",
}

// TestFirstFixCures runs the commands that the report puts first on the server of the
// lab and watches again: the fault must be gone.
func TestFirstFixCures(t *testing.T) {
	for _, c := range cures {
		t.Run(c, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			// One family: a report repairs the one that it speaks of.
			l := newLab(t, lab.Config{NoIPv6: true})
			if err := l.Apply(ctx, lab.Fault{Name: c}); err != nil {
				t.Fatal(err)
			}
			watch := startLive(t, l)
			begun := time.Now()
			if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Probe}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(begun.Add(9 * time.Second)))
			sick := watch.stop(t)
			known := strings.NewReplacer("GATEWAY-ADDRESS", l.Plan().Server.Gateway4.String(), "DROPPING-TABLE", "filter", "DROPPING-CHAIN", "forward")
			script := known.Replace(strings.Join(firstFix(t, sick), "\n"))
			t.Log(script)
			// Of what a fix removes, not all need be there.
			out, err := l.Server().Command(ctx, "bash", "-c", script).CombinedOutput()
			t.Logf("%v\n%s", err, out)
			watch = startLive(t, l)
			if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Probe}); err != nil {
				t.Fatal(err)
			}
			settle(t, ctx, l)
			if got := watch.stop(t); got.verdict.Status != "healthy" {
				t.Errorf("after the fix: %+v\n%s", got.verdict, got.text(t))
			}
		})
	}
}

// firstFix returns the commands of the first fix for the first cause of the
// verdict, without those that would write files of the machine.
func firstFix(t *testing.T, o outcome) []string {
	t.Helper()
	var r struct {
		Findings []struct {
			ID    string
			Fixes []struct{ Commands []string }
		}
	}
	if err := json.Unmarshal(o.raw, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) == 0 || r.Findings[0].ID != o.verdict.Finding || len(r.Findings[0].Fixes) == 0 {
		t.Fatalf("no fix for %+v\n%s", o.verdict, o.text(t))
	}
	return slices.DeleteFunc(r.Findings[0].Fixes[0].Commands, func(line string) bool {
		return strings.Contains(line, "/etc/")
	})
}
