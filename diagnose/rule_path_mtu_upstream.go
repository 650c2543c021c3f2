package diagnose

import "github.com/wgtrace/wgtrace/correlate"

var pathMTUUpstream = rule{
	id: "path-mtu-upstream", layer: 5, severity: SeverityFault,
	after: correlate.WANOut, before: correlate.WANIn,
	prove: func(s *subject) (proof, bool) {
		st := s.stallsAt(correlate.WANOut, func(f *correlate.Flow) bool {
			return f.TooBig.Came == 0 && f.Outcome == correlate.OutcomeAnswered
		})
		// One site that swallows what it is sent may do so for reasons of its
		// own: a filter that reads the first large packet looks like this.
		if !s.onlySize(&st, fromPhone) || len(st.remotes) < minTargets {
			return proof{}, false
		}
		return st.proof(s, 0.6, correlate.WANOut), true
	},
	causes: func(*subject, string) []Cause { return []Cause{{ID: "path-mtu-upstream", Probability: 0.8}} },
}
