package diagnose

import (
	"slices"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// minUndelivered is how many data messages must be missing inside. An idle
// client's kernel sends neighbour discovery and multicast reports by itself,
// from addresses that no peer is allowed: messages of those sizes count only
// when there are more of them than a start-up brings.
const (
	minUndelivered   = 3
	manyUndelivered  = 16
	deliveredPerLost = 8
)

// sentCalls reports whether a client sent something into the tunnel that did not
// come out of it, beyond what its kernel sends unasked.
func sentCalls(p *correlate.Peer) bool {
	return p.UndeliveredCalls >= minUndelivered || p.Undelivered >= manyUndelivered
}

var decryptedThenDropped = rule{
	id: "decrypted-then-dropped", layer: 1, severity: SeverityFault,
	after: correlate.OuterIn, before: correlate.TunnelIn,
	prove: func(s *subject) (proof, bool) {
		p := s.peer
		if !s.ev.Coverage.Tunnel || s.ev.Coverage.Apart || !p.Trusted || !p.UndeliveredKnown || !s.tunnelTapAlive() {
			return proof{}, false
		}
		// A single tie by size can be another client's packet; a session that
		// works has many.
		if p.Delivered*deliveredPerLost > p.Undelivered+p.UnseenCalls || s.clientOf(p) || s.serverAnswers() {
			return proof{}, false
		}
		confidence := 0.9
		switch {
		case sentCalls(p) && s.ev.Relation.Proved:
		case p.UndeliveredCalls+p.UnseenCalls >= minUndelivered && p.DataOut == 0 && s.emptyTunnel():
			// The file of a tap that never saw a client cannot prove that it
			// was open all the time, nor that it belongs to this WAN. A server
			// that sends data back was not deaf.
			confidence = 0.7
		default:
			return proof{}, false
		}
		return proof{confidence: confidence, evidence: p.Samples}, true
	},
	causes: func(s *subject, _ string) []Cause {
		if s.emptyTunnel() {
			return []Cause{
				{ID: "server-allowedips-lacks-client", Probability: 0.45},
				{ID: "peer-allowedips-overlap", Probability: 0.3},
				{ID: "wrong-capture-adapter", Probability: 0.2},
			}
		}
		return []Cause{
			{ID: "server-allowedips-lacks-client", Probability: 0.5},
			{ID: "peer-allowedips-overlap", Probability: 0.4},
			{ID: "wrong-capture-adapter", Probability: 0.05},
		}
	},
}

// clientOf reports whether a client's packets come through the peer.
func (s *subject) clientOf(p *correlate.Peer) bool {
	for i := range s.ev.Clients {
		if c := &s.ev.Clients[i]; c.Peer >= 0 && &s.ev.WireGuard.Peers[c.Peer] == p {
			return true
		}
	}
	return false
}

// emptyTunnel reports whether no client's packet was seen inside the tunnel at
// all, by captures of the same time.
func (s *subject) emptyTunnel() bool {
	ev := s.ev
	return ev.Stages[correlate.TunnelIn].Packets == 0 && len(ev.Clients) == 0 &&
		(ev.Coverage.TunnelPackets == 0 || ev.Coverage.From <= ev.Coverage.To)
}

// tunnelTapAlive reports whether the tunnel's capture is known to be one: it
// holds packets, or it was named as the tunnel.
func (s *subject) tunnelTapAlive() bool {
	if s.ev.Coverage.TunnelPackets > 0 || s.ev.Coverage.Live {
		return true
	}
	return slices.ContainsFunc(s.ev.Captures, func(c correlate.Capture) bool {
		return c.Role == capture.RoleTunnel && slices.Contains([]string{"flag", "option", "name"}, c.RoleWhy)
	})
}
