package diagnose

import (
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
)

// judgePeers applies the rules of the encrypted side: to each endpoint, to what
// is no plain WireGuard, and to the way as a whole.
func judgePeers(ev *correlate.Evidence, ctx *Context, d *Diagnosis, clientFault bool) []Finding {
	if !ev.Coverage.WAN {
		return nil
	}
	var out []Finding
	// judge adds what the first rule proves that proves anything; an id counts once.
	judge := func(s *subject, rules []*rule) {
		for _, r := range rules {
			p, ok := r.prove(s)
			if !ok {
				continue
			}
			f := s.finding(r, p)
			if f.Severity == SeverityFault && s.worksElsewhere(d, clientFault) {
				f.Severity = SeverityWarning
			}
			// Of two endpoints with one fault the one that nobody outshines counts.
			at := slices.IndexFunc(out, func(o Finding) bool { return o.ID == f.ID })
			switch {
			case at < 0:
				out = append(out, f)
			case out[at].Severity < f.Severity:
				out[at] = f
			}
			return
		}
	}
	for i := range ev.WireGuard.Peers {
		judge(&subject{ev: ev, ctx: ctx, peer: &ev.WireGuard.Peers[i]}, peerRules)
	}
	for i := range ev.WireGuard.Peers {
		for _, r := range peerRemarks {
			judge(&subject{ev: ev, ctx: ctx, peer: &ev.WireGuard.Peers[i]}, []*rule{r})
		}
	}
	for i := range ev.WireGuard.Odd {
		judge(&subject{ev: ev, ctx: ctx, odd: &ev.WireGuard.Odd[i]}, oddRules)
	}
	judge(&subject{ev: ev, ctx: ctx}, wayRules)
	return out
}

// worksElsewhere reports whether another client gets through the tunnel: one
// endpoint that fails then is a scanner, a stale device, or somebody else's
// trouble, and not the headline. Without a capture of the tunnel, a session that
// carries data both ways is a client that gets through.
func (s *subject) worksElsewhere(d *Diagnosis, clientFault bool) bool {
	if s.peer == nil && s.odd == nil {
		return false
	}
	peers := s.ev.WireGuard.Peers
	mine := func(i int) bool {
		return i >= 0 && s.peer != nil && (&peers[i] == s.peer || s.sharesKey() && i == s.peer.CrossedWith)
	}
	for _, v := range d.Clients {
		at := s.ev.Clients[v.Client].Peer
		if v.Status == StatusHealthy && !mine(at) && !(at < 0 && s.peer != nil && s.sharesKey()) {
			return true
		}
	}
	if clientFault {
		return true // its packets came out of the tunnel
	}
	if s.ev.Coverage.Tunnel {
		return false
	}
	for i := range peers {
		if p := &peers[i]; !mine(i) && p.DataIn >= minRequests && p.DataOut >= minRequests && !s.alike(p) {
			return true
		}
	}
	return false
}

// alike reports whether another endpoint has a fault of its own that data in both
// directions does not disprove.
func (s *subject) alike(p *correlate.Peer) bool {
	o := &subject{ev: s.ev, ctx: s.ctx, peer: p}
	_, shared := sameConfig.prove(o)
	_, blocked := dataBlocked.prove(o)
	return shared || blocked
}
