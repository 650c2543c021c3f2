package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

// minTurns is how often two endpoints must take a session from one another: a
// device that moves does it once, one that comes back a second time.
const minTurns = 3

var sameConfig = rule{
	id: "same-config-on-two-devices", layer: 1, severity: SeverityFault,
	after: correlate.OuterIn, before: correlate.TunnelIn,
	mutes: []string{"data-blocked-after-handshake", "decrypted-then-dropped", "handshake-not-completed"},
	prove: func(s *subject) (proof, bool) {
		if !s.sharesKey() {
			return proof{}, false
		}
		other := &s.ev.WireGuard.Peers[s.peer.CrossedWith]
		return proof{confidence: 0.97, evidence: s.peer.Samples, args: map[string]any{"other": other.Endpoint.String()}}, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "same-config-on-two-devices", Probability: 0.97}}
	},
}

// sharesKey reports whether the peer and another endpoint push each other out of
// one session. Neither may have gone on with a session that the other began: that
// is one device on two networks.
func (s *subject) sharesKey() bool {
	p := s.peer
	if p.CrossedWith < 0 || p.CrossedWith >= len(s.ev.WireGuard.Peers) {
		return false
	}
	o := &s.ev.WireGuard.Peers[p.CrossedWith]
	if p.Moved || o.Moved || !p.PublicKey.IsZero() && !o.PublicKey.IsZero() && p.PublicKey != o.PublicKey {
		return false
	}
	turns := p.CrossTurns
	if o.CrossedWith >= 0 && &s.ev.WireGuard.Peers[o.CrossedWith] == p {
		turns += o.CrossTurns
	}
	return turns >= minTurns
}
