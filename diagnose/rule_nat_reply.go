package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

var natReplyNotRecognised = rule{
	id: "nat-reply-not-recognised", layer: 3, severity: SeverityFault,
	after: correlate.WANIn, before: correlate.TunnelOut,
	mutes: []string{"return-not-forwarded"},
	prove: func(s *subject) (proof, bool) {
		if !s.deadAt(correlate.FateReplyLost) || s.serverAnswers() || s.family.Translated == 0 {
			return proof{}, false
		}
		// The host takes the replies for its own and finds nobody who asked.
		n := uint64(0)
		var said []correlate.Sighting
		for i := range s.family.Refusals {
			r := &s.family.Refusals[i]
			port := r.Type == 3 && r.Code == 3 && !r.Speaker.Is6() || r.Type == 1 && r.Code == 4 && r.Speaker.Is6()
			if r.Outward && (r.Reset || port) && s.meanwhile(&r.Tally) {
				n += r.Count
				said = append(said, r.Samples...)
			}
		}
		if n < minRefused {
			return proof{}, false
		}
		return proof{
			confidence: s.certainty(0.93, correlate.FateReplyLost),
			evidence:   append(said[:min(len(said), maxSamples)], s.samples(correlate.FateReplyLost)...),
			args:       map[string]any{"refused": n},
		}, true
	},
	causes: func(_ *subject, os string) []Cause {
		if os == osWindows {
			return []Cause{{ID: "second-nat", Probability: 0.6}, {ID: "nat-state-lost", Probability: 0.3}}
		}
		return []Cause{{ID: "notrack-rule", Probability: 0.6}, {ID: "second-nat", Probability: 0.2}, {ID: "nat-state-lost", Probability: 0.1}}
	},
}

// minRefused is how many replies the host must refuse: a single reset is what a
// conversation that was given up looks like.
const minRefused = 2
