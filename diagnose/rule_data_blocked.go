package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

// minSilences is how many intervals of KeepaliveTimeout plus RekeyTimeout show a
// client that takes the answers and gets nothing after them.
const minSilences = 2

var dataBlocked = rule{
	id: "data-blocked-after-handshake", layer: 1, severity: SeverityFault,
	after: correlate.OuterOut, before: correlate.OuterIn,
	prove: func(s *subject) (proof, bool) {
		p := s.peer
		silences := p.SilentPairs
		if p.State != correlate.PeerNotCompleted {
			// Data arrives, but the client greets anew as if none came back.
			silences = p.StalledPairs
		}
		if silences < minSilences || silences < p.ShortPairs || p.Crossed > 0 || s.sameDeviceWorks() || s.sharesKey() {
			return proof{}, false
		}
		confidence := 0.8
		if silences > minSilences {
			confidence = 0.9
		}
		return proof{confidence: confidence, evidence: p.Samples}, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "vpn-filter", Probability: 0.8}}
	},
}
