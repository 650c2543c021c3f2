package diagnose

import "github.com/wgtrace/wgtrace/correlate"

var mtuOuterBlackhole = rule{
	id: "mtu-outer-blackhole", layer: 5, severity: SeverityFault,
	after: correlate.OuterOut,
	prove: func(s *subject) (proof, bool) {
		st, ok := s.outerStall()
		if !ok || s.jumbo() {
			return proof{}, false
		}
		return st.proof(s, 0.9, correlate.TunnelOut), true
	},
	causes: func(*subject, string) []Cause { return []Cause{{ID: "mtu-outer-blackhole", Probability: 0.9}} },
}
