package diagnose

import (
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
)

// settle decides the status: a fault that stands, health that was seen, or the
// reason why neither can be said.
func settle(ev *correlate.Evidence, ctx *Context, d *Diagnosis, answered bool, blocked string) {
	for i := range d.Findings {
		if d.Findings[i].Severity == SeverityFault {
			d.Status, d.Finding = StatusFault, d.Findings[i].ID
			for n := range ev.Clients {
				if slices.Contains(ev.Clients[n].Addrs, d.Findings[i].Scope.Client) {
					d.Headline = n
				}
			}
			return
		}
	}
	if answered && !ev.Coverage.RolesTied && !ev.Coverage.Exchanged && blocked != "captures-unrelated" {
		d.Status = StatusHealthy
		s := &subject{ev: ev, ctx: ctx}
		if p, ok := phoneSide.prove(&subject{ev: ev, ctx: ctx, client: headline(ev, d)}); ok {
			d.Findings = append(d.Findings, s.finding(&phoneSide, p))
		}
		return
	}
	for i := range d.Findings {
		if d.Findings[i].ID == clientAllowedIPsID {
			d.Finding = clientAllowedIPsID
			return
		}
	}
	id, args := whyInconclusive(ev, blocked)
	d.Finding = id
	f := Finding{ID: id, Layer: 0, Severity: SeverityInfo, Confidence: 1, Args: arguments(ev, ctx, headline(ev, d), nil, nil)}
	for k, v := range args {
		f.Args[k] = v
	}
	if id == "wrong-capture-adapter" || id == "capture-one-sided" {
		f.Fixes = fixesFor("wrong-capture-adapter", fixValues(ev, ctx, nil), ctx.OS)
	}
	d.Findings = append([]Finding{f}, d.Findings...)
}

func headline(ev *correlate.Evidence, d *Diagnosis) *correlate.Client {
	if d.Headline < 0 {
		return nil
	}
	return &ev.Clients[d.Headline]
}

// whyInconclusive names the first thing that stands in the way of a verdict.
func whyInconclusive(ev *correlate.Evidence, blocked string) (id string, args map[string]any) {
	reason := func(r string) map[string]any { return map[string]any{"reason": r} }
	tunnelIn := ev.Stages[correlate.TunnelIn].Packets
	spoke := false // a client said something, or tried to
	for i := range ev.WireGuard.Peers {
		p := &ev.WireGuard.Peers[i]
		spoke = spoke || p.State == correlate.PeerUnanswered || p.State == correlate.PeerNotCompleted ||
			sentCalls(p) || p.UnseenCalls >= minUndelivered
	}
	cover := &ev.Coverage
	switch {
	case !cover.Tunnel && !cover.WAN:
		return "too-little-evidence", reason("no-capture")
	case !cover.Tunnel && cover.OuterPossible:
		return "capture-one-sided", reason(fromOutside(ev))
	case !cover.Tunnel || !cover.WAN:
		return "capture-one-sided", nil
	case tunnelIn == 0 && !spoke:
		return "no-traffic", nil
	case blocked == "captures-unrelated" && (cover.TunnelPackets == 0 || cover.WANPackets == 0):
		return "capture-one-sided", nil
	case blocked == "captures-unrelated":
		return blocked, nil
	case !outerSeen(ev), elsewhere(ev):
		return "wrong-capture-adapter", nil
	case lossy(ev):
		return "capture-lossy", map[string]any{"dropped": cover.TunnelDropped + cover.WANDropped}
	case ev.Coverage.Exchanged:
		return blocked, reason("role-contradiction")
	case ev.Coverage.RolesTied:
		return blocked, reason("roles-tied")
	case ev.Coverage.Apart:
		return blocked, reason("interfaces-apart")
	case blocked != "":
		return blocked, reason("filtered")
	}
	return "too-little-evidence", reason(tooLittle(ev))
}

// elsewhere reports whether a session works whose packets do not show in the
// tunnel's capture: they come out of another adapter, or were filtered away.
func elsewhere(ev *correlate.Evidence) bool {
	for i := range ev.WireGuard.Peers {
		if p := &ev.WireGuard.Peers[i]; sentCalls(p) && p.Delivered == 0 && p.DataOut >= minRequests {
			return true
		}
	}
	return false
}

// outerSeen reports whether the WAN capture watches the adapter that the tunnel
// uses: packets that came out of the tunnel must have come in encrypted there,
// or left there.
func outerSeen(ev *correlate.Evidence) bool {
	if out, in := ev.Stages[correlate.OuterOut].Packets, ev.Stages[correlate.OuterIn].Packets; out > 0 && in == 0 && ev.Stages[correlate.TunnelIn].Packets > 0 {
		return false // what comes in takes another adapter
	}
	return !ev.Coverage.OuterPossible || ev.Stages[correlate.TunnelIn].Packets == 0 ||
		ev.Stages[correlate.OuterIn].Packets > 0 || ev.Stages[correlate.WANOut].Packets > 0
}

// lossy reports whether what the captures dropped is why nothing can be said.
func lossy(ev *correlate.Evidence) bool {
	return ev.Coverage.TunnelDropped+ev.Coverage.WANDropped > 0 && requests(ev, correlate.FateUnobservable) > 0
}

// requests sums up a fate over all clients.
func requests(ev *correlate.Evidence, fate correlate.Fate) (n uint64) {
	for i := range ev.Clients {
		for k := range ev.Clients[i].Families {
			for _, l := range ev.Clients[i].Families[k].Ledgers {
				n += l.Fates[fate].Count
			}
		}
	}
	return n
}

// tooLittle names what is missing.
func tooLittle(ev *correlate.Evidence) string {
	switch {
	case requests(ev, correlate.FateRejected) >= minRequests:
		return "rejected"
	case requests(ev, correlate.FatePending) > 0:
		return "pending"
	case requests(ev, correlate.FateUnobservable) > 0 && (ev.Coverage.TunnelAway || ev.Coverage.WANAway):
		return "away"
	case requests(ev, correlate.FateUnobservable) > 0:
		return "unobservable"
	case len(ev.Clients) == 0 && greetsInVain(ev):
		return "few-handshakes"
	case len(ev.Clients) == 0:
		return "no-client"
	}
	return "few-requests"
}

// greetsInVain reports whether a client never got further than its greeting.
func greetsInVain(ev *correlate.Evidence) bool {
	return slices.ContainsFunc(ev.WireGuard.Peers, func(p correlate.Peer) bool {
		return p.State == correlate.PeerUnanswered || p.State == correlate.PeerNotCompleted
	})
}
