package main

import (
	"context"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// TestLiveBreaks lets a phone work, breaks the path, and lets it try again: the
// verdict is about what is now, and what was before is told too.
func TestLiveBreaks(t *testing.T) {
	for _, c := range []struct {
		scenario string
		workload lab.Workload
		changed  string // stage that is no longer reached
	}{
		{"nat-missing", lab.Phone, "wan_in"},
		{"forwarding-off", lab.Phone, "wan_out"},
		{"forward-no-return-rule", lab.Laptop, "tunnel_out"},
		{"upstream-blocks-all", lab.Phone, "wan_in"},
		{"dns-blocked-upstream", lab.Phone, ""},
	} {
		t.Run(c.scenario, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			l := newLab(t, lab.Config{})
			watch := startLive(t, l)
			run := lab.Run{Workload: c.workload, Bulk: 20_000}
			if _, err := l.Run(ctx, lab.First, run); err != nil {
				t.Fatal(err)
			}
			if err := l.Apply(ctx, lab.Fault{Name: c.scenario}); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Keep(ctx, lab.First, run, 9*time.Second); err != nil {
				t.Fatal(err)
			}
			time.Sleep(6 * time.Second)
			sc, err := lab.FindScenario(c.scenario)
			if err != nil {
				t.Fatal(err)
			}
			want := expectation(sc, c.workload, false)
			for name, got := range map[string]outcome{"live": watch.stop(t), "read": readBack(t, watch.pcap)} {
				if got.verdict != want {
					t.Errorf("%s: %+v, want %+v\n%s", name, got.verdict, want, got.text(t))
				}
				e := got.report.Episodes
				if c.changed == "" {
					continue
				}
				if len(e) != 2 || e[0].Verdict.Status != "healthy" || e[1].Trigger != "packets" || len(e[1].Changed) != 1 || e[1].Changed[0] != c.changed {
					t.Errorf("%s: episodes %+v", name, e)
				}
			}
		})
	}
}

// TestLiveStaleTranslation takes the rule of translation away while a conversation
// goes on, which keeps its translation: that new ones have none is the fault.
func TestLiveStaleTranslation(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	l := newLab(t, lab.Config{})
	watch := startLive(t, l)
	// UDP to the site's echo service, from one port.
	old := l.Phone(lab.First).Command(ctx, "bash", "-c",
		"exec 3<>/dev/udp/"+l.Plan().Web4[0].String()+"/7; for n in {1..50}; do echo $n >&3; answer=$(timeout 1 dd bs=100 count=1 <&3 2>/dev/null); sleep 0.4; done; test $answer = 50")
	if err := old.Start(); err != nil {
		t.Fatal(err)
	}
	run := lab.Run{Workload: lab.Phone, Bulk: 20_000}
	if _, err := l.Run(ctx, lab.First, run); err != nil {
		t.Fatal(err)
	}
	if out, err := l.Server().Command(ctx, "nft", "flush", "chain", "inet", "nat", "postrouting").CombinedOutput(); err != nil {
		t.Fatalf("take the rule away: %v: %s", err, out)
	}
	if _, err := l.Keep(ctx, lab.First, run, 9*time.Second); err != nil {
		t.Fatal(err)
	}
	if err := old.Wait(); err != nil {
		t.Fatalf("the old conversation ended, so that this is no test: %v", err)
	}
	for name, got := range map[string]outcome{"live": watch.stop(t), "read": readBack(t, watch.pcap)} {
		if want := (verdict{"fault", "nat-missing", "wan_out", "wan_in"}); got.verdict != want {
			t.Errorf("%s: %+v, want %+v\n%s", name, got.verdict, want, got.text(t))
		}
		if len(got.report.Episodes) != 2 || got.report.Episodes[0].Verdict.Status != "healthy" {
			t.Errorf("%s: episodes %+v", name, got.report.Episodes)
		}
	}
}
