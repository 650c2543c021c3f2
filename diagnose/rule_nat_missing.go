package diagnose

import (
	"math"

	"github.com/wgtrace/wgtrace/correlate"
)

// translatedSince reports whether the client has a translated conversation that
// began after the first request which was not. The translation of an older one
// outlives the rule that made it, as long as packets keep it alive
// (iptables(8), table nat: consulted when a packet that creates a new
// connection is encountered). What began after the episode speaks of another one.
func (s *subject) translatedSince() bool {
	first, last := s.ledger.Fates[correlate.FateUntranslated].First, int64(math.MaxInt64)
	if n := len(s.family.Ledgers) - 1; n >= 0 && s.ledger != &s.family.Ledgers[n] {
		last = s.ledger.Ended
	}
	return s.anyFlow(func(f *correlate.Flow) bool {
		old := f.First < first || f.Proto == protoTCP && !f.Opened
		return f.NAT == correlate.NATSource && !old && f.First <= last
	})
}

var natMissing = rule{
	id: "nat-missing", layer: 3, severity: SeverityFault,
	after: correlate.WANOut, before: correlate.WANIn,
	mutes: []string{"upstream-silent"},
	prove: func(s *subject) (proof, bool) {
		f := s.family
		// One new flow that is translated shows that translation works; one
		// reply to an inner address shows that the network routes it.
		if !s.allDied(correlate.FateUntranslated) || s.translatedSince() || f.ReplyToInner > 0 || s.ev.Coverage.Inbound == 0 {
			return proof{}, false
		}
		return proof{
			confidence: s.certainty(0.98, correlate.FateUntranslated),
			evidence:   s.samples(correlate.FateUntranslated),
		}, true
	},
	causes: func(_ *subject, os string) []Cause {
		causes := []Cause{
			{ID: "nat-missing", Probability: 0.55},
			{ID: "nat-wrong-out-interface", Probability: 0.2},
			{ID: "nat-wrong-subnet", Probability: 0.12},
			{ID: "nat-gone-after-reboot", Probability: 0.1},
		}
		if os == osWindows {
			// NetNat has no outgoing adapter to get wrong.
			return []Cause{causes[0], causes[2], causes[3], {ID: "windows-netnat-unavailable", Probability: 0.05}}
		}
		return causes
	},
}
