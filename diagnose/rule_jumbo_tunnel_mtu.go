package diagnose

import "github.com/wgtrace/wgtrace/correlate"

// jumboTunnelMTU is the fault; jumboWarning says the same of a path that bears
// it so far.
var (
	jumboTunnelMTU = rule{
		id: "jumbo-tunnel-mtu", layer: 5, severity: SeverityFault,
		after: correlate.OuterOut,
		prove: func(s *subject) (proof, bool) {
			st, ok := s.outerStall()
			if !ok || !s.jumbo() {
				return proof{}, false
			}
			p := st.proof(s, 0.95, correlate.TunnelOut)
			p.args["fragments"] = s.fragmented()
			return p, true
		},
		causes: jumboCauses,
	}
	jumboWarning = rule{
		id: "jumbo-tunnel-mtu", layer: 5, severity: SeverityWarning,
		after: correlate.OuterOut,
		prove: func(s *subject) (proof, bool) {
			// A few fragments can be somebody's experiment; a network of jumbo
			// frames shows none.
			n := s.fragmented()
			return proof{confidence: 0.95, args: map[string]any{"fragments": n, "mss": s.client.MSS}}, n >= minFragmented
		},
		causes: jumboCauses,
	}
)

// minFragmented is how many fragmented datagrams are a habit.
const minFragmented = 10

func jumboCauses(*subject, string) []Cause {
	return []Cause{{ID: "jumbo-tunnel-mtu", Probability: 0.9}}
}
