package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

var defaultRouteMissing = rule{
	id: "no-default-route", layer: 2, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.WANOut,
	mutes: []string{"not-forwarded", "upstream-silent", "return-not-forwarded"},
	prove: func(s *subject) (proof, bool) {
		said, ok := s.refusedAs(refusalRoute)
		if !ok {
			return proof{}, false
		}
		return s.refused(0.97, said), true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "no-default-route", Probability: 0.9}}
	},
}

var gatewayUnreachable = rule{
	id: "gateway-unreachable", layer: 2, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.WANOut,
	mutes: []string{"not-forwarded", "upstream-silent", "return-not-forwarded"},
	prove: func(s *subject) (proof, bool) {
		said, ok := s.refusedAs(refusalNext)
		if !ok {
			return proof{}, false
		}
		p := s.refused(0.9, said)
		// The host itself asks on the WAN for somebody who does not answer.
		for i := range s.ev.Neighbours {
			if n := &s.ev.Neighbours[i]; n.AskedHere >= minTries && !n.Answered {
				p.confidence = s.certainty(0.97, insideHost...)
				p.args["gateway"] = n.Addr.String()
				break
			}
		}
		return p, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "gateway-dead", Probability: 0.6}, {ID: "gateway-address-wrong", Probability: 0.3}}
	},
}

// minTurned is how many packets must be sent back where they came from.
const minTurned = 3

var serverDefaultRouteHijacked = rule{
	id: "server-default-route-hijacked", layer: 2, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.WANOut,
	mutes: []string{"not-forwarded", "upstream-silent", "return-not-forwarded"},
	prove: func(s *subject) (proof, bool) {
		t := &s.family.Turned
		if t.Count < minTurned || !s.meanwhile(t) || !s.deadAt(insideHost...) || s.leftSince() {
			return proof{}, false
		}
		return proof{
			confidence: s.certainty(0.97, insideHost...),
			evidence:   append(t.Samples[:len(t.Samples):len(t.Samples)], s.samples(insideHost...)...),
			args:       map[string]any{"astray": t.Count},
		}, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "server-allowedips-everything", Probability: 0.85}, {ID: "second-vpn-default-route", Probability: 0.1}}
	},
}

var tunnelReturnRouteMissing = rule{
	id: "tunnel-return-route-missing", layer: 2, severity: SeverityFault,
	after: correlate.WANIn, before: correlate.TunnelOut,
	mutes: []string{"return-not-forwarded"},
	prove: func(s *subject) (proof, bool) {
		t := &s.family.Leaked
		if t.Count < minTurned || !s.meanwhile(t) || !s.deadAt(correlate.FateReplyLost) {
			return proof{}, false
		}
		return proof{
			confidence: s.certainty(0.97, correlate.FateReplyLost),
			evidence:   append(t.Samples[:len(t.Samples):len(t.Samples)], s.samples(correlate.FateReplyLost)...),
			args:       map[string]any{"astray": t.Count},
		}, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "tunnel-route-missing", Probability: 0.75}, {ID: "tunnel-subnet-overlaps", Probability: 0.2}}
	},
}

var routingLoop = rule{
	id: "routing-loop", layer: 2, severity: SeverityFault,
	after: correlate.WANOut, before: correlate.WANIn,
	mutes: []string{"upstream-silent", "nat-missing"},
	prove: func(s *subject) (proof, bool) {
		t := &s.family.Looped
		dead := []correlate.Fate{correlate.FateNoReply, correlate.FateUntranslated}
		if t.Count < minTurned || !s.meanwhile(t) || !s.deadAt(dead...) {
			return proof{}, false
		}
		return proof{
			confidence: s.certainty(0.9, dead...),
			evidence:   append(t.Samples[:len(t.Samples):len(t.Samples)], s.samples(dead...)...),
			args:       map[string]any{"astray": t.Count},
		}, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "router-sends-back", Probability: 0.85}}
	},
}
