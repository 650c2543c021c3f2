package diagnose

import "github.com/wgtrace/wgtrace/correlate"

// minFailures is how many answers "server failure" speak of the resolver: one
// name with broken servers or signatures of its own is asked for several times.
const minFailures = 6

var dnsRefused = rule{
	id: "dns-refused", layer: 4, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.TunnelOut,
	prove: func(s *subject) (proof, bool) {
		r, end, ok := s.deadResolver()
		if !ok || end != correlate.NameRefused && (end != correlate.NameFailed || failed(r) < minFailures) {
			return proof{}, false
		}
		p, _ := resolverProof(r, end, 0.98)
		inside := r.Host || r.Addr.IsPrivate() && !s.anyClientFlow(func(f *correlate.Flow) bool {
			return f.Remote.Addr() == r.Addr && f.Out.Packets > 0
		})
		if !inside {
			// The answer itself passed every stage.
			p.after, p.before = correlate.WANOut, correlate.WANIn
		}
		p.args["rcode"] = 5
		if end == correlate.NameFailed {
			p.args["rcode"] = 2
		}
		return p, true
	},
	named: []string{"dns-refused", "dns-resolver-upstream"},
	causes: func(s *subject, _ string) []Cause {
		if _, end, _ := s.deadResolver(); end == correlate.NameFailed {
			return []Cause{{ID: "dns-resolver-upstream", Probability: 0.7}, {ID: "dns-refused", Probability: 0.15}}
		}
		return []Cause{{ID: "dns-refused", Probability: 0.9}}
	},
}
