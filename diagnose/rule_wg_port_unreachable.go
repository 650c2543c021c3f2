package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

var wgPortUnreachable = rule{
	id: "wg-port-unreachable", layer: 1, severity: SeverityFault,
	after: correlate.OuterIn, before: correlate.OuterOut,
	mutes: []string{"handshake-unanswered"},
	prove: func(s *subject) (proof, bool) {
		p := s.peer
		// One error is enough, since hosts limit their rate; but a single
		// greeting can meet a tunnel that is just being restarted.
		if p.Open < minInitiations || p.Refused == 0 || p.RefusedAt < p.OpenSince || s.sameDeviceWorks() {
			return proof{}, false
		}
		return proof{confidence: 0.98, evidence: p.Samples}, true
	},
	named: []string{"wg-not-listening", "host-firewall-blocks-wg-port"},
	causes: func(s *subject, _ string) []Cause {
		if portClosed(s.peer) {
			// A rule that rejects can answer like a port on which nobody listens.
			return []Cause{
				{ID: "wg-not-listening", Probability: 0.8},
				{ID: "host-firewall-blocks-wg-port", Probability: 0.18},
			}
		}
		return []Cause{
			{ID: "host-firewall-blocks-wg-port", Probability: 0.95},
		}
	},
}

// portClosed reports whether the host said that nobody listens on the port (RFC
// 792: type 3, code 3; RFC 4443 section 3.1: type 1, code 4), and not that
// somebody forbids it.
func portClosed(p *correlate.Peer) bool {
	if p.Endpoint.Addr().Is6() {
		return p.RefusedCode == 4
	}
	return p.RefusedCode == 3
}
