package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

var returnNotForwarded = rule{
	id: "return-not-forwarded", layer: 2, severity: SeverityFault,
	after: correlate.WANIn, before: correlate.TunnelOut,
	prove: func(s *subject) (proof, bool) {
		if !s.deadAt(correlate.FateReplyLost) || s.serverAnswers() {
			return proof{}, false
		}
		return proof{
			confidence: s.certainty(0.95, correlate.FateReplyLost),
			evidence:   s.samples(correlate.FateReplyLost),
		}, true
	},
	causes: func(_ *subject, os string) []Cause {
		if os == osWindows {
			// Forwarding is a switch of each adapter: off on the WAN alone, it
			// stops what comes back.
			return []Cause{
				{ID: "windows-forwarding-off", Probability: 0.6},
				{ID: "netnat-conflict", Probability: 0.2},
			}
		}
		return []Cause{
			{ID: "forward-return-path-blocked", Probability: 0.75},
			{ID: "rp-filter-drop", Probability: 0.15},
		}
	},
}
