package diagnose

import "github.com/wgtrace/wgtrace/correlate"

var dnsBlockedUpstream = rule{
	id: "dns-blocked-upstream", layer: 4, severity: SeverityFault,
	after: correlate.WANOut, before: correlate.WANIn,
	prove: func(s *subject) (proof, bool) {
		r, end, ok := s.deadResolver()
		// Only where something else comes back from beyond the host is it the
		// names that are blocked.
		if !ok || !s.beyondAnswered(r.LateFrom) {
			return proof{}, false
		}
		switch {
		case end == correlate.NameNoReply, end == correlate.NameErrored:
			return resolverProof(r, end, 0.9)
		case end == correlate.NameBare && r.Addr.IsPrivate() && s.nothingMet(correlate.FateUntranslated):
			// To a private address packets may leave untranslated on purpose.
			return resolverProof(r, end, 0.8)
		case end == correlate.NameUnreachable && !r.Host && r.Addr.IsPrivate() && !deniesPort(r):
			p, _ := resolverProof(r, end, 0.9)
			p.after, p.before = correlate.TunnelIn, correlate.WANOut
			return p, true
		}
		return proof{}, false
	},
	named: []string{"dns-blocked-upstream", "dns-lan-resolver-unreachable"},
	causes: func(s *subject, _ string) []Cause {
		if r, _, ok := s.deadResolver(); ok && r.Addr.IsPrivate() {
			return []Cause{{ID: "dns-lan-resolver-unreachable", Probability: 0.9}, {ID: "dns-blocked-upstream", Probability: 0.05}}
		}
		return []Cause{{ID: "dns-blocked-upstream", Probability: 0.9}}
	},
}

// nothingMet reports whether no request of the client to a public address met a
// fate.
func (s *subject) nothingMet(fate correlate.Fate) bool {
	for k := range s.client.Families {
		for i := range s.client.Families[k].Ledgers {
			if s.client.Families[k].Ledgers[i].Fates[fate].Count > 0 {
				return false
			}
		}
	}
	return true
}
