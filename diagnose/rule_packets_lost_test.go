package diagnose

import (
	"net/netip"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// losing is a healthy run of one client whose flows lose packets.
func losing(flows ...correlate.Flow) *correlate.Evidence {
	inner, inner6 := netip.MustParseAddr("10.8.0.2"), netip.MustParseAddr("fd00::2")
	ev := &correlate.Evidence{
		Started: 0, Ended: 10e9,
		Captures: []correlate.Capture{
			{Role: capture.RoleTunnel, DroppedKnown: true},
			{Role: capture.RoleWAN, DroppedKnown: true},
		},
		Clients:  []correlate.Client{{Addrs: []netip.Addr{inner, inner6}, Peer: -1}},
		Coverage: correlate.Coverage{Tunnel: true, WAN: true, Live: true},
		Relation: correlate.Relation{Proved: true, Basis: "live"},
	}
	c := &ev.Clients[0]
	c.Families[0] = correlate.FamilyEvidence{Family: correlate.IPv4, Ledgers: []correlate.Ledger{{Ended: 10e9}}}
	c.Families[1].Family = correlate.IPv6
	c.Families[0].Ledgers[0].Fates[correlate.FateAnswered].Count = 1
	for i, f := range flows {
		// In turn: a client's losses are counted over both families.
		f.Client = netip.AddrPortFrom([]netip.Addr{inner, inner6}[i%2], 40000)
		ev.Flows = append(ev.Flows, f)
		ev.Totals.LostPackets += f.LostForward + f.LostReturn
	}
	return ev
}

// leaky is a translated flow with packets of 1000 octets.
func leaky(sent, lost, came, lostBack uint64) correlate.Flow {
	count := func(n uint64) correlate.Count { return correlate.Count{Packets: n, Bytes: 1000 * n} }
	return correlate.Flow{
		Translated: netip.MustParseAddrPort("192.0.2.1:40000"), NAT: correlate.NATSource, Outcome: correlate.OutcomeAnswered,
		In: count(sent), Out: count(sent - lost), Reply: count(came), Back: count(came - lostBack),
		LostForward: lost, LostReturn: lostBack,
	}
}

func TestPacketsLostInHost(t *testing.T) {
	merged := leaky(100, 4, 0, 0)
	merged.In.Bytes = 4000 * wireMTU // 4 of 4000 segments
	untied := leaky(100, 50, 0, 0)
	untied.Translated = netip.AddrPort{}
	refused := leaky(100, 50, 50, 0)
	refused.Refused = true
	fault := func(ev *correlate.Evidence) {
		l := &ev.Clients[0].Families[0].Ledgers[0]
		l.Fates[correlate.FateAnswered].Count = 0
		l.Fates[correlate.FateReplyLost] = correlate.FateCount{Count: 9, Targets: 3}
		ev.Flows[0].Outcome = correlate.OutcomeReplyLost
	}
	for _, tt := range []struct {
		name   string
		flows  []correlate.Flow
		change func(*correlate.Evidence)
		lost   uint64 // 0: no warning
		after  correlate.Stage
		sure   float64
	}{
		{name: "nothing lost", flows: []correlate.Flow{leaky(1000, 0, 1000, 0)}},
		{name: "enough", flows: []correlate.Flow{leaky(1000, 5, 1000, 0)}, lost: 5, after: correlate.TunnelIn, sure: 0.95},
		{name: "too small a share", flows: []correlate.Flow{leaky(1001, 5, 1000, 0)}},
		{name: "too few", flows: []correlate.Flow{leaky(10, 2, 10, 0)}},
		{name: "too few in each of many", flows: []correlate.Flow{leaky(10, 2, 10, 0), leaky(10, 2, 10, 2)}},
		{name: "two connections", flows: []correlate.Flow{leaky(100, 3, 100, 0), leaky(100, 4, 100, 0), leaky(100, 1, 100, 0)}, lost: 7, after: correlate.TunnelIn, sure: 0.95},
		{name: "on the way back", flows: []correlate.Flow{leaky(100, 0, 100, 9)}, lost: 9, after: correlate.WANIn, sure: 0.95},
		{name: "merged packets", flows: []correlate.Flow{merged}},
		{name: "never seen to leave", flows: []correlate.Flow{untied}},
		{name: "refused with an error", flows: []correlate.Flow{refused}},
		{name: "the tap dropped", flows: []correlate.Flow{leaky(100, 9, 100, 0)}, change: func(ev *correlate.Evidence) { ev.Coverage.WANDropped = 1 }},
		{name: "drops not known", flows: []correlate.Flow{leaky(100, 9, 100, 0)}, change: func(ev *correlate.Evidence) { ev.Captures[1].DroppedKnown = false }},
		{name: "captured with a filter", flows: []correlate.Flow{leaky(100, 9, 100, 0)}, change: func(ev *correlate.Evidence) { ev.Coverage.Filtered = true }},
		{name: "a fault explains it", flows: []correlate.Flow{leaky(100, 9, 100, 90)}, change: fault},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ev := losing(tt.flows...)
			status := StatusHealthy
			if tt.change != nil {
				tt.change(ev)
			}
			healthy := ev.Clients[0].Families[0].Ledgers[0].Fates[correlate.FateAnswered].Count > 0
			if !healthy {
				status = StatusFault
			}
			d := Run(ev, Context{OS: osLinux})
			if d.Status != status || healthy && (d.Finding != "" || d.Clients[0].Finding != "") {
				t.Errorf("status %v, finding %q; a warning must not change the verdict %v", d.Status, d.Finding, status)
			}
			var got *Finding
			for i := range d.Findings {
				if d.Findings[i].ID == "packets-lost-in-host" {
					got = &d.Findings[i]
				}
			}
			if (got != nil) != (tt.lost > 0) {
				t.Fatalf("warning %+v, want %d lost", got, tt.lost)
			}
			if got == nil {
				return
			}
			lost, _ := got.Args["lost"].(uint64)
			back, _ := got.Args["lost_back"].(uint64)
			if lost+back != tt.lost || (back > 0) != (tt.after == correlate.WANIn) || got.After != tt.after || got.Scope.Family != correlate.FamilyAny || got.Severity != SeverityWarning || got.Confidence != tt.sure {
				t.Errorf("%+v, want %d lost after %v", got, tt.lost, tt.after)
			}
		})
	}
}
