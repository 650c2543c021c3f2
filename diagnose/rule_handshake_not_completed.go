package diagnose

import (
	"time"

	"github.com/wgtrace/wgtrace/correlate"
)

// settleTime is how long after the last response the client's first message may
// take: a round trip on the slowest mobile network.
const settleTime = 2 * time.Second

var handshakeNotCompleted = rule{
	id: "handshake-not-completed", layer: 1, severity: SeverityFault,
	after: correlate.OuterOut, before: correlate.OuterIn,
	prove: func(s *subject) (proof, bool) {
		p := s.peer
		if p.State != correlate.PeerNotCompleted || p.ShortPairs < 1 || s.sameDeviceWorks() {
			return proof{}, false
		}
		// A pause of 15 s shows that the client took the answer before it.
		if p.SilentPairs > 0 && p.ShortPairs <= p.SilentPairs+1 {
			return proof{}, false
		}
		// One lost response is nothing: then the second must have had its time.
		if p.ShortPairs == 1 && time.Duration(s.ev.Ended-p.LastInitiation) < settleTime {
			return proof{}, false
		}
		confidence := 0.85
		if p.ShortPairs > 1 {
			confidence = 0.95
		}
		return proof{confidence: confidence, evidence: p.Samples}, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{
			{ID: "handshake-response-lost", Probability: 0.5},
			{ID: "preshared-key-mismatch", Probability: 0.45},
		}
	},
}
