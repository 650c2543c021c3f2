package lab

import (
	"context"
	"fmt"
	"strings"
)

// tapTable holds the counters on the server.
const tapTable = "lab_taps"

// tapRules places a counter per client and stage where a capture would see the
// packet: inbound in front of everything that could drop it (tunnel_in,
// outer_in) or right behind connection tracking, which knows the client of a
// reply (wan_in); outbound behind everything, translation included.
func (l *Lab) tapRules() string {
	p := l.plan
	wan := fmt.Sprintf("%q", p.WAN)
	if p.SecondWAN != "" {
		wan = fmt.Sprintf("{ %q, %q }", p.WAN, p.SecondWAN)
	}
	var counters, raw, tracked, out []string
	for i, c := range p.Clients {
		for _, stage := range stages {
			counters = append(counters, fmt.Sprintf("\tcounter %s { }\n", counterName(i, stage)))
		}
		count := func(stage string) string { return "counter name " + counterName(i, stage) }
		outer := c.Outer.Addr4.Addr()
		raw = append(raw, fmt.Sprintf("iifname %s ip saddr %s ip protocol udp %s", wan, outer, count(StageOuterIn)))
		out = append(out, fmt.Sprintf("oifname %s ip daddr %s udp sport %d %s", wan, outer, p.Port, count(StageOuterOut)))
		for _, h := range c.hosts() {
			fam, a := family(h), h.Addr()
			raw = append(raw, fmt.Sprintf("iifname %q %s saddr %s %s", p.Tunnel, fam, a, count(StageTunnelIn)))
			tracked = append(tracked, fmt.Sprintf("iifname %s ct original %s saddr %s %s", wan, fam, a, count(StageWANIn)))
			out = append(out,
				fmt.Sprintf("oifname %s ct original %s saddr %s %s", wan, fam, a, count(StageWANOut)),
				fmt.Sprintf("oifname %q %s daddr %s %s", p.Tunnel, fam, a, count(StageTunnelOut)))
		}
	}
	return table(tapTable, strings.Join(counters, ""),
		chain("raw", "filter", "prerouting", "raw", "accept", raw),
		chain("tracked", "filter", "prerouting", "mangle", "accept", tracked),
		chain("out", "filter", "postrouting", "300", "accept", out))
}

var stages = []string{StageOuterIn, StageTunnelIn, StageWANOut, StageWANIn, StageTunnelOut, StageOuterOut}

func counterName(client int, stage string) string { return fmt.Sprintf("c%d_%s", client, stage) }

// ResetTruth zeroes the counters and empties the connection tracking table, so
// that Truth speaks of what comes after.
func (l *Lab) ResetTruth(ctx context.Context) error {
	if err := l.server.call(ctx, "nft", nftText{l.tapRules()}, nil); err != nil {
		return err
	}
	return l.server.call(ctx, "conntrack.flush", none{}, nil)
}

// Truth reads the counters and the translations from the server's kernel.
func (l *Lab) Truth(ctx context.Context) (Truth, error) {
	l.mu.Lock()
	active := append([]Fault(nil), l.active...)
	l.mu.Unlock()
	t := Truth{Seed: l.plan.Seed, Fault: Fault{Name: "none"}}
	if len(active) > 0 {
		t.Fault = active[len(active)-1]
	}
	s, err := FindScenario(t.Fault.Name)
	if err != nil {
		return Truth{}, err
	}
	t.Expect = s.Expect
	var counts map[string]uint64
	if err := l.server.call(ctx, "counters", nftText{tapTable}, &counts); err != nil {
		return Truth{}, err
	}
	for i, c := range l.plan.Clients {
		ct := ClientTruth{Inner4: c.Inner4.String(), Outer: c.Outer.Addr4.Addr().String(), Stages: map[string]uint64{}}
		if c.Inner6.IsValid() {
			ct.Inner6 = c.Inner6.String()
		}
		for _, stage := range stages {
			n, ok := counts[counterName(i, stage)]
			if !ok {
				return Truth{}, fmt.Errorf("the server has no counter %s", counterName(i, stage))
			}
			ct.Stages[stage] = n
		}
		t.Clients = append(t.Clients, ct)
	}
	var filtered map[string]uint64
	if err := l.server.call(ctx, "counters", nftText{filterTable}, &filtered); err != nil {
		return Truth{}, err
	}
	t.Dropped = filtered[counterDropped]
	var tracked []connection
	if err := l.server.call(ctx, "conntrack", none{}, &tracked); err != nil {
		return Truth{}, err
	}
	t.NAT = mappings(tracked)
	return t, nil
}
