package diagnose

import (
	"net/netip"

	"github.com/wgtrace/wgtrace/correlate"
)

// ufwDenyRouted is the picture of a firewall that forwards echo requests and
// nothing else. ufw has that by default: ufw-before-forward accepts them before
// its policy for routed packets denies the rest (ufw(8), /etc/ufw/before.rules).
var ufwDenyRouted = rule{
	id: "ufw-deny-routed", layer: 2, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.WANOut,
	prove: func(s *subject) (proof, bool) {
		k := &s.ledger.Kinds
		echo, tcp, dns := &k[correlate.RequestEcho], &k[correlate.RequestTCP], &k[correlate.RequestDNS]
		if echo[correlate.FateAnswered] <= s.ledger.AnsweredPrivate || echo[correlate.FateNoEgress] > 0 || s.family.LocalAnswers > 0 || !s.hostCaptured() {
			return proof{}, false
		}
		for fate := range tcp {
			switch f := correlate.Fate(fate); f {
			case correlate.FateNoEgress, correlate.FateUnobservable, correlate.FatePending:
			default:
				if tcp[f]+dns[f] > 0 {
					return proof{}, false
				}
			}
		}
		dead := s.ledger.Fates[correlate.FateNoEgress]
		if dead.Count < minRequests || dead.Targets < minTargets && dead.MaxTries < minTries {
			return proof{}, false
		}
		// One port that is closed on purpose is no dead path.
		ports := map[netip.AddrPort]bool{}
		if s.anyFlow(func(f *correlate.Flow) bool {
			if f.Proto == protoICMP || f.Proto == protoICMPv6 {
				return false
			}
			if f.Outcome == correlate.OutcomeNoEgress && f.Opened {
				ports[netip.AddrPortFrom(netip.AddrFrom4([4]byte{f.Proto}), f.Remote.Port())] = true
			}
			return f.Out.Packets > 0 && s.goesOn(f, f.LastLeft)
		}) || len(ports) < 2 {
			return proof{}, false
		}
		return proof{
			confidence: 0.95,
			evidence:   s.samples(correlate.FateNoEgress),
			args:       map[string]any{"pings": echo[correlate.FateAnswered], "refused": dead.Count},
		}, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "ufw-deny-routed", Probability: 0.9}, {ID: "forward-policy-drop", Probability: 0.08}}
	},
}

// IP protocol numbers (IANA, "Assigned Internet Protocol Numbers").
const (
	protoICMP   = 1
	protoUDP    = 17
	protoICMPv6 = 58
)
