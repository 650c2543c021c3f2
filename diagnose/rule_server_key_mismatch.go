package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

var serverKeyMismatch = rule{
	id: "server-key-mismatch", layer: 1, severity: SeverityFault,
	after: correlate.OuterIn, before: correlate.OuterOut,
	mutes: []string{"handshake-unanswered"},
	prove: func(s *subject) (proof, bool) {
		p := s.peer
		if p.Open < minInitiations || p.Retries == 0 || p.KeyWrong == 0 || !p.LastKeyWrong || s.sameDeviceWorks() || !s.keysFit() {
			return proof{}, false
		}
		return proof{confidence: 0.99, evidence: p.Samples}, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "server-key-mismatch", Probability: 0.98}}
	},
}

// keysFit reports whether the given keys are those of the server that the peer
// calls.
func (s *subject) keysFit() bool {
	return !strangeKey(s.ev) && (s.ev.WireGuard.Port == 0 || s.peer.ServerEndpoint.Port() == s.ev.WireGuard.Port)
}

// strangeKey reports whether the server answers greetings that no given key fits:
// it answers nobody who greets another key, so that the given ones are not its.
func strangeKey(ev *correlate.Evidence) bool {
	for i := range ev.WireGuard.Peers {
		p := &ev.WireGuard.Peers[i]
		if p.Responses > 0 && p.KeyWrong > 0 && p.KeyRight == 0 && p.ServerEndpoint.Port() == ev.WireGuard.Port {
			return true
		}
	}
	return false
}
