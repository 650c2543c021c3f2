package diagnose

import (
	"net/netip"

	"github.com/wgtrace/wgtrace/correlate"
)

// The phone sends nothing but addresses of the tunnel into it. With its settings
// at hand, or the person's word that it tried a website, that is a fault; without
// either it may be idle, or meant to be so.
var (
	clientAllowedIPs = rule{
		id: clientAllowedIPsID, layer: 4, severity: SeverityFault,
		prove: func(s *subject) (proof, bool) {
			narrow := len(s.ctx.PhoneAllowedIPs) > 0 && shareOf(s.ctx.PhoneAllowedIPs, all4) < mostOfIt
			if !narrow && (!s.tried() || len(s.ctx.PhoneAllowedIPs) > 0) {
				return proof{}, false
			}
			confidence := 0.7
			if narrow {
				confidence = 0.99
			}
			return s.onlyInner(confidence)
		},
		causes: allowedIPsCauses,
	}
	clientAllowedIPsWarning = rule{
		id: clientAllowedIPsID, layer: 4, severity: SeverityWarning,
		prove: func(s *subject) (proof, bool) {
			if len(s.ctx.PhoneAllowedIPs) > 0 {
				return proof{}, false // they are wide, or the fault stands
			}
			return s.onlyInner(0.6)
		},
		causes: allowedIPsCauses,
	}
)

const clientAllowedIPsID = "client-allowedips-too-narrow"

func allowedIPsCauses(*subject, string) []Cause {
	return []Cause{{ID: clientAllowedIPsID, Probability: 0.7}}
}

// onlyInner proves that the client uses the tunnel, is answered in it, and sends
// nothing to the internet through it.
func (s *subject) onlyInner(confidence float64) (proof, bool) {
	// Where the inside is no tunnel there are no such settings.
	if !s.ev.Coverage.OuterPossible || s.ev.Totals.FlowsNotListed > 0 || s.client.Stages[correlate.TunnelIn].Packets < minRequests {
		return proof{}, false
	}
	if _, _, dead := s.deadResolver(); dead {
		return proof{}, false // without names it knows nowhere to go
	}
	answered := s.anyClientFlow(func(f *correlate.Flow) bool { return f.In.Packets > 0 && f.Back.Packets > 0 })
	beyond := s.anyClientFlow(func(f *correlate.Flow) bool { return f.In.Packets > 0 && public(f.Remote.Addr()) })
	return proof{confidence: confidence}, answered && !beyond
}

// public reports whether an address is one of the internet.
func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !sharedSpace.Contains(a)
}

// sharedSpace is the address block of carrier-grade NAT (RFC 6598), which
// overlay networks use too.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
