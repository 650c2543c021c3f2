package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// manyFlows is how many conversations TestManyFlows has open at once.
const manyFlows = 1000

// settled is what a run goes on after the traffic: a packet counts as lost when
// it is missing longer than the residence limit, which is far shorter.
const settled = time.Second

// TestManyFlows holds the translations that wgtrace saw against the kernel's
// connection tracking table, row by row, with a thousand conversations at once:
// plain masquerade, which keeps ports where it can, and fully random.
func TestManyFlows(t *testing.T) {
	for _, fault := range []string{"none", "healthy-port-rewritten"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			got, again, truth := liveWorkload(t, lab.Config{}, lab.Fault{Name: fault},
				lab.Run{Workload: lab.Many, Flows: manyFlows})
			protocols := map[string]int{}
			for _, m := range truth.NAT {
				protocols[m.Protocol]++
			}
			if len(truth.NAT) < manyFlows || len(protocols) != 4 {
				t.Fatalf("the kernel translated %d conversations, %v; this is no test", len(truth.NAT), protocols)
			}
			for name, o := range map[string]outcome{"live": got, "read": again} {
				t.Run(name, func(t *testing.T) {
					wantHealthy(t, o, 0)
					checkTruth(t, o, truth, true)
					if tot := o.report.Totals; tot.FlowsNotListed+tot.NATNotListed+tot.Evicted != 0 {
						t.Errorf("rows are missing from the report: %+v", tot)
					}
				})
			}
		})
	}
}

// TestHeavyBothWays moves data in both directions at once over adapters that
// merge and split segments, at both taps alike or at one of them alone: nothing
// is lost, so nothing may be called lost.
func TestHeavyBothWays(t *testing.T) {
	const octets = 8 << 20
	for _, tt := range []struct {
		name   string
		cfg    lab.Config
		merged []string // stages with packets larger than a wire carries
		wire   []string // stages without
	}{
		{"merged", lab.Config{Offload: true},
			[]string{lab.StageTunnelIn, lab.StageWANOut, lab.StageWANIn, lab.StageTunnelOut}, nil},
		// Acknowledgements of the other direction are small, so that an average
		// does not show what was merged here; the pairs do.
		{"split on the way out", lab.Config{Offload: true, WireWAN: true},
			nil, []string{lab.StageWANOut, lab.StageWANIn}},
		{"split on the way back", lab.Config{Offload: true, WireTunnel: true},
			nil, []string{lab.StageTunnelIn, lab.StageTunnelOut}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, again, truth := liveWorkload(t, tt.cfg, lab.Fault{Name: "none"},
				lab.Run{Workload: lab.Heavy, Bulk: octets})
			for name, o := range map[string]outcome{"live": got, "read": again} {
				t.Run(name, func(t *testing.T) {
					wantHealthy(t, o, 0)
					checkTruth(t, o, truth, false)
					if tot := o.report.Totals; tot.MatchedPairs == 0 || len(tt.wire) > 0 && tot.MatchedPairs <= tot.MatchedPackets {
						t.Errorf("%d pairs of %d packets", tot.MatchedPairs, tot.MatchedPackets)
					}
					for _, stage := range tt.merged {
						if c := o.report.Stages[stage]; c.Bytes < 2*octets || c.Bytes/c.Packets <= wireMTU {
							t.Errorf("%s: %d octets in %d packets; this is no test", stage, c.Bytes, c.Packets)
						}
					}
					for _, stage := range tt.wire {
						if c := o.report.Stages[stage]; c.Bytes < 2*octets || c.Bytes/c.Packets > wireMTU {
							t.Errorf("%s: %d octets in %d packets; this is no test", stage, c.Bytes, c.Packets)
						}
					}
				})
			}
		})
	}
}

// wireMTU is the size in octets of the largest packet that Ethernet carries.
const wireMTU = 1500

// TestDroppedPackets has the server's firewall drop an exact number of data
// segments and wants that number back, and a warning where it is large enough
// for one; the path still works, so the verdict stays healthy.
func TestDroppedPackets(t *testing.T) {
	for _, tt := range []struct {
		drop int
		warn bool
	}{{2, false}, {40, true}} {
		t.Run(fmt.Sprint(tt.drop), func(t *testing.T) {
			t.Parallel()
			got, again, truth := liveWorkload(t, lab.Config{}, lab.Fault{Name: "drop-n", Count: tt.drop},
				lab.Run{Workload: lab.Heavy, Bulk: 2 << 20})
			if truth.Dropped != uint64(tt.drop) {
				t.Fatalf("the firewall dropped %d packets, want %d; this is no test", truth.Dropped, tt.drop)
			}
			for name, o := range map[string]outcome{"live": got, "read": again} {
				t.Run(name, func(t *testing.T) {
					wantHealthy(t, o, truth.Dropped)
					checkTruth(t, o, truth, true)
					warned := false
					for _, f := range o.report.Findings {
						if f.ID != "packets-lost-in-host" || f.Severity != "warning" {
							t.Errorf("finding %+v", f)
						}
						warned = true
					}
					if warned != tt.warn {
						t.Errorf("a warning was given: %v, want %v", warned, tt.warn)
					}
				})
			}
		})
	}
}

// liveWorkload runs a workload of the first phone under wgtrace live and returns
// what that said, what read says of its recording, and the kernel's truth.
func liveWorkload(t *testing.T, cfg lab.Config, fault lab.Fault, run lab.Run) (live, again outcome, truth lab.Truth) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	l := newLab(t, cfg)
	if err := l.Apply(ctx, fault); err != nil {
		t.Fatal(err)
	}
	watch := startLive(t, l)
	if err := l.ResetTruth(ctx); err != nil {
		t.Fatal(err)
	}
	res, err := l.Run(ctx, lab.First, run)
	if err != nil {
		t.Fatal(err)
	}
	if ok, all := res.Answered(); ok != all {
		t.Errorf("%d of %d tries were answered; the first that was not: %+v", ok, all, firstFailed(res))
	}
	t.Logf("%s took %v", run.Workload, res.Ended.Sub(res.Started).Round(time.Millisecond))
	time.Sleep(settled)
	live = watch.stop(t)
	if truth, err = l.Truth(ctx); err != nil {
		t.Fatal(err)
	}
	again = readBack(t, watch.pcap)
	noteResult(t, labResult{Scenario: fault.Name, Workload: run.Workload}, verdict{Status: "healthy"}, live, again)
	for _, o := range []outcome{live, again} {
		if t.Logf("%+v", o.report.Totals); o.stderr != "" {
			t.Log(o.stderr)
		}
	}
	return live, again, truth
}

func firstFailed(res lab.Result) lab.Try {
	for _, try := range res.Tries {
		if !try.OK {
			return try
		}
	}
	return lab.Try{}
}

// wantHealthy wants a healthy verdict and exactly as many lost packets.
func wantHealthy(t *testing.T, o outcome, lost uint64) {
	t.Helper()
	if o.verdict != (verdict{Status: "healthy"}) {
		t.Errorf("verdict %+v", o.verdict)
	}
	if got := o.report.Totals.LostPackets; got != lost {
		t.Errorf("%d packets were called lost, %d were", got, lost)
	}
}
