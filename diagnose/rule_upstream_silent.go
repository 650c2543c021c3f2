package diagnose

import (
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
)

// reachedFromOutside reports whether the client's own encrypted packets come from
// a public address: a server that they reach is not offline.
func (s *subject) reachedFromOutside() bool {
	return s.peer != nil && s.peer.DataIn > 0 && routed(s.peer.Endpoint.Addr())
}

// othersAnswered reports whether another client was answered meanwhile that leaves
// with the same address: then it is whom this one calls that is silent.
func (s *subject) othersAnswered() bool {
	for i := range s.ev.Flows {
		f := &s.ev.Flows[i]
		if f.Outcome == correlate.OutcomeAnswered && f.LastReply >= s.ledger.Started && f.First <= s.ledger.Ended &&
			f.Translated.IsValid() && slices.Contains(s.family.WANAddrs, f.Translated.Addr()) && !slices.Contains(s.client.Addrs, f.Client.Addr()) {
			return true
		}
	}
	return false
}

var upstreamSilent = rule{
	id: "upstream-silent", layer: 3, severity: SeverityFault,
	after: correlate.WANOut, before: correlate.WANIn,
	prove: func(s *subject) (proof, bool) {
		if !s.deadAt(correlate.FateNoReply) || s.ev.Coverage.Inbound == 0 || s.othersAnswered() {
			return proof{}, false
		}
		// A site of which the IPv6 is down goes unnoticed for years: phones use
		// its IPv4.
		if s.family.Family == correlate.IPv6 && s.ledger.Fates[correlate.FateNoReply].Networks < minTargets {
			return proof{}, false
		}
		return proof{
			confidence: s.certainty(0.95, correlate.FateNoReply),
			evidence:   s.samples(correlate.FateNoReply),
		}, true
	},
	named: []string{"upstream-offline", "upstream-filtered", "asymmetric-return", "prefix-not-routed"},
	causes: func(s *subject, _ string) []Cause {
		if s.family.Translated == 0 && s.family.Untranslated > 0 {
			return []Cause{
				{ID: "prefix-not-routed", Probability: 0.6},
				{ID: "upstream-filtered", Probability: 0.2},
				{ID: "upstream-offline", Probability: 0.15},
			}
		}
		if s.reachedFromOutside() {
			return []Cause{
				{ID: "upstream-filtered", Probability: 0.7},
				{ID: "upstream-offline", Probability: 0.1},
				{ID: "asymmetric-return", Probability: 0.1},
			}
		}
		return []Cause{
			{ID: "upstream-offline", Probability: 0.45},
			{ID: "upstream-filtered", Probability: 0.4},
			{ID: "asymmetric-return", Probability: 0.1},
		}
	},
}
