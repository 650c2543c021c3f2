package diagnose

import "github.com/wgtrace/wgtrace/correlate"

var fragNeededLost = rule{
	id: "frag-needed-lost", layer: 5, severity: SeverityFault,
	after: correlate.WANIn, before: correlate.TunnelOut,
	prove: func(s *subject) (proof, bool) {
		told := func(f *correlate.Flow) bool { return f.TooBig.Sent > 0 }
		st := s.stallsAt(correlate.WANIn, told)
		if st.size <= st.mtu || !s.onlySize(&st, toPhone) {
			return proof{}, false
		}
		// Where one site took the hint, it is the others that are deaf.
		heard := s.anyClientFlow(func(f *correlate.Flow) bool {
			return told(f) && len(f.Stalls) == 0 && f.Outcome == correlate.OutcomeAnswered && f.Back.Bytes > uint64(st.size)
		})
		if heard {
			return proof{}, false
		}
		return st.proof(s, 0.95, correlate.WANIn), true
	},
	causes: func(*subject, string) []Cause { return []Cause{{ID: "frag-needed-lost", Probability: 0.9}} },
}
