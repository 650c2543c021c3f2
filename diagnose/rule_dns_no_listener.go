package diagnose

import "github.com/wgtrace/wgtrace/correlate"

var noDNSListener = rule{
	id: "dns-no-listener", layer: 4, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.TunnelOut,
	prove: func(s *subject) (proof, bool) {
		r, end, ok := s.deadResolver()
		if !ok || end != correlate.NameUnreachable || !deniesPort(r) {
			return proof{}, false
		}
		return resolverProof(r, end, 0.98)
	},
	causes: func(*subject, string) []Cause { return []Cause{{ID: "dns-no-listener", Probability: 0.95}} },
}

// deniesPort reports whether the asked address itself said that nobody listens:
// ICMP 3/3 (RFC 792), ICMPv6 1/4 (RFC 4443 section 3.1). Other errors, and those
// that another address returns, speak of the way there.
func deniesPort(r *correlate.Resolver) bool {
	for _, s := range r.Ends[correlate.NameUnreachable].Samples {
		if s.Stage == correlate.TunnelOut && s.Src.Addr() == r.Addr &&
			(r.Addr.Is4() && s.ICMPType == 3 && s.ICMPCode == 3 || r.Addr.Is6() && s.ICMPType == 1 && s.ICMPCode == 4) {
			return true
		}
	}
	return false
}
