package diagnose

import (
	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// asymmetricReturn is proved where the other line was captured too: what left by
// one is answered on the other, and ends there. It is no fault by itself, since a
// host takes answers from any line unless it is told not to.
var asymmetricReturn = rule{
	id: asymmetricReturnID, layer: 3, severity: SeverityFault,
	after: correlate.WANOut, before: correlate.WANIn,
	mutes: []string{"return-not-forwarded", "upstream-silent"},
	prove: func(s *subject) (proof, bool) {
		t := &s.family.OtherLine
		lost := s.ledger.Fates[correlate.FateReplyLost].Count
		// Where as many are lost that came in where the requests had left, the line is
		// not the reason.
		if t.Count < minRequests || t.Count*2 <= lost || !s.meanwhile(t) || !s.deadAt(correlate.FateReplyLost) || s.serverAnswers() {
			return proof{}, false
		}
		p := proof{
			confidence: s.certainty(0.97, correlate.FateReplyLost),
			evidence:   append(t.Samples[:len(t.Samples):len(t.Samples)], s.samples(correlate.FateReplyLost)...),
		}
		for i := range s.ev.Captures {
			switch c := &s.ev.Captures[i]; {
			case i == t.Samples[0].Capture:
				p.back = c.Interface.Name
			case c.Role == capture.RoleWAN && p.wan == "":
				p.wan = c.Interface.Name
			}
		}
		p.args = map[string]any{"back": p.back, "wan": p.wan}
		return p, true
	},
	causes: func(_ *subject, os string) []Cause {
		if os == osWindows {
			return []Cause{{ID: asymmetricReturnID, Probability: 0.8}}
		}
		return []Cause{
			{ID: "rp-filter-drop", Probability: 0.6},
			{ID: "forward-return-path-blocked", Probability: 0.2},
			{ID: asymmetricReturnID, Probability: 0.15},
		}
	},
}

// asymmetricReturnID is also the cause that the way out is not the way back:
// what it is where only one line was captured.
const asymmetricReturnID = "asymmetric-return"
