package diagnose

import "github.com/wgtrace/wgtrace/correlate"

const dnsUnansweredID = "dns-unanswered"

var dnsUnanswered = rule{
	id: dnsUnansweredID, layer: 4, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.TunnelOut,
	prove: func(s *subject) (proof, bool) {
		r, end, ok := s.deadResolver()
		if !ok || end != correlate.NameSilent {
			return proof{}, false
		}
		// An address that is not known to be the host's may lie behind another
		// adapter: that it belongs to this tunnel is only likely, and only where
		// the host passes other packets on.
		if !r.Host {
			if !s.beyondAnswered(r.LateFrom) || s.ev.Coverage.Outbound == 0 || !r.Addr.IsPrivate() {
				return proof{}, false
			}
			return resolverProof(r, end, 0.6)
		}
		return resolverProof(r, end, 0.9)
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "dns-host-firewall", Probability: 0.6}, {ID: "dns-refused", Probability: 0.25}}
	},
}
