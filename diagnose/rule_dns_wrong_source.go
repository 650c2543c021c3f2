package diagnose

import "github.com/wgtrace/wgtrace/correlate"

var dnsWrongSource = rule{
	id: "dns-wrong-source", layer: 4, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.TunnelOut,
	prove: func(s *subject) (proof, bool) {
		r, end, ok := s.deadResolver()
		if !ok || end != correlate.NameForeign {
			return proof{}, false
		}
		p, _ := resolverProof(r, end, 0.97)
		for _, e := range p.evidence {
			if e.Stage == correlate.TunnelOut {
				p.args["answerer"] = e.Src.Addr().String()
			}
		}
		return p, true
	},
	causes: func(*subject, string) []Cause { return []Cause{{ID: "dns-wrong-source", Probability: 0.9}} },
}
