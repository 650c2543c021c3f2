package diagnose

import (
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// minInitiations is how many unanswered initiations tell a server that stays
// silent from one that lost a packet: a client repeats after RekeyTimeout, and
// two or three at the start occur in healthy runs, but those are answered in
// the end. One of them must follow the other as a retry does: scanners call
// again after minutes.
const minInitiations = 2

var handshakeUnanswered = rule{
	id: "handshake-unanswered", layer: 1, severity: SeverityFault,
	after: correlate.OuterIn, before: correlate.OuterOut,
	prove: func(s *subject) (proof, bool) {
		p := s.peer
		if p.State != correlate.PeerUnanswered || p.Initiations < minInitiations || p.Retries == 0 || s.sameDeviceWorks() {
			return proof{}, false
		}
		// The answer to the last one must have had its time.
		if time.Duration(s.ev.Ended-p.First) < wg.RekeyTimeout {
			return proof{}, false
		}
		confidence := 0.9
		if p.Initiations > minInitiations {
			confidence = 0.97
		}
		return proof{confidence: confidence, evidence: p.Samples}, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{
			{ID: "client-key-unknown", Probability: 0.35},
			{ID: "host-firewall-blocks-wg-port", Probability: 0.3},
			{ID: "server-key-mismatch", Probability: 0.25},
			{ID: "handshake-replay-clock", Probability: 0.05},
		}
	},
}

// sameDeviceWorks reports whether another endpoint at the same address has a
// working session: a phone that changed its port or network leaves the old
// endpoint behind.
func (s *subject) sameDeviceWorks() bool {
	for i := range s.ev.WireGuard.Peers {
		o := &s.ev.WireGuard.Peers[i]
		if o != s.peer && o.Endpoint.Addr() == s.peer.Endpoint.Addr() && o.DataIn+o.KeepalivesIn > 0 && o.Last >= s.peer.First {
			return true
		}
	}
	return false
}
