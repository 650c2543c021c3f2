package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

// minOddRepeats is how many datagrams of the size of a greeting must come again
// at the pace of greetings.
const minOddRepeats = 2

var notPlainWireGuard = rule{
	id: "not-plain-wireguard", layer: 1, severity: SeverityFault,
	after: correlate.OuterIn, before: correlate.TunnelIn,
	mutes: []string{"no-outer-packets"},
	prove: func(s *subject) (proof, bool) {
		o := s.odd
		// A server that answers speaks the same dialect.
		if o.Out > 0 || o.Repeats < minOddRepeats || s.plainToo() {
			return proof{}, false
		}
		confidence := 0.7
		if o.Reserved >= minOddRepeats {
			confidence = 0.9
		}
		return proof{confidence: confidence, evidence: o.Samples, args: map[string]any{"peer": o.Endpoint.String(), "odd": o.In}}, true
	},
	named: []string{"obfuscated-client", "warp-reserved"},
	causes: func(s *subject, _ string) []Cause {
		if s.odd.Reserved >= minOddRepeats {
			return []Cause{{ID: "warp-reserved", Probability: 0.7}, {ID: "obfuscated-client", Probability: 0.25}}
		}
		return []Cause{{ID: "obfuscated-client", Probability: 0.7}}
	},
}

// plainToo reports whether plain WireGuard comes from the address as well.
func (s *subject) plainToo() bool {
	for i := range s.ev.WireGuard.Peers {
		if s.ev.WireGuard.Peers[i].Endpoint.Addr() == s.odd.Endpoint.Addr() {
			return true
		}
	}
	return false
}
