package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// TestLiveCrowded moves more over a thin line than it carries, through a queue that
// holds next to nothing. Segments are sent again and again there, large ones more
// than small ones, and no size is at fault.
func TestLiveCrowded(t *testing.T) {
	if _, err := exec.LookPath("tc"); err != nil {
		t.Skip("tc is missing: install iproute2")
	}
	for _, c := range []struct {
		scenario, rate, burst, limit string
		workload                     lab.Workload
	}{
		{"none", "64kbit", "2kb", "3200b", lab.Heavy},
		{"none", "64kbit", "2kb", "3200b", lab.Phone},
		{"jumbo-mtu-8920-works", "256kbit", "10kb", "12kb", lab.Heavy},
	} {
		t.Run(c.scenario+" "+c.rate+" "+string(c.workload), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			l := newLab(t, lab.Config{})
			if err := l.Apply(ctx, lab.Fault{Name: c.scenario}); err != nil {
				t.Fatal(err)
			}
			watch := startLive(t, l)
			for _, link := range []string{"phone0", "server"} {
				words := fmt.Sprintf("qdisc add dev %s root tbf rate %s burst %s limit %s", link, c.rate, c.burst, c.limit)
				if out, err := l.Router().Command(ctx, "tc", strings.Fields(words)...).CombinedOutput(); err != nil {
					t.Fatalf("tc %s: %v: %s", words, err, out)
				}
			}
			if _, err := l.Keep(ctx, lab.First, lab.Run{Workload: c.workload, Bulk: 4 << 20}, 20*time.Second); err != nil {
				t.Fatal(err)
			}
			time.Sleep(6 * time.Second)
			for name, o := range map[string]outcome{"live": watch.stop(t), "read": readBack(t, watch.pcap)} {
				ids := []string{}
				for _, f := range o.report.Findings {
					ids = append(ids, f.ID)
				}
				t.Logf("%s: %v, %v", name, o.verdict, ids)
				if o.verdict.Status == "fault" {
					t.Errorf("%s: %+v, findings %v\n%s", name, o.verdict, ids, o.text(t))
				}
			}
		})
	}
}
