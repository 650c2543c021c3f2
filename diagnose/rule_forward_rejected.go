package diagnose

import (
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
)

var forwardRejected = rule{
	id: "forward-rejected", layer: 2, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.WANOut,
	mutes: []string{"not-forwarded", "upstream-silent", "return-not-forwarded"},
	prove: func(s *subject) (proof, bool) {
		said, ok := s.refusedAs(refusalPolicy)
		if !ok {
			return proof{}, false
		}
		return s.refused(0.97, said), true
	},
	named: []string{"firewalld-no-policy", "oracle-forward-reject", "openwrt-zone-not-forwarded", "forward-reject-rule", "ufw-deny-routed"},
	causes: func(s *subject, _ string) []Cause {
		said, _ := s.refusedAs(refusalPolicy)
		has := func(v4, v6 uint8) bool {
			return slices.ContainsFunc(said, func(r correlate.Refusal) bool {
				return !r.Reset && (r.Type == 3 && r.Code == v4 || r.Type == 1 && r.Code == v6)
			})
		}
		reset := slices.ContainsFunc(said, func(r correlate.Refusal) bool { return r.Reset })
		switch {
		case has(13, 1):
			// nft and iptables can say the same, firewalld always does
			// (src/firewall/core/nftables.py, "icmpx admin-prohibited").
			return []Cause{{ID: "firewalld-no-policy", Probability: 0.8}, {ID: "forward-reject-rule", Probability: 0.15}}
		case has(10, 255): // ICMPv6 has no such code
			return []Cause{{ID: "oracle-forward-reject", Probability: 0.85}, {ID: "forward-reject-rule", Probability: 0.1}}
		case reset:
			// fw4 answers TCP with a reset and the rest with port unreachable
			// (openwrt/firewall4, ruleset.uc, handle_reject).
			return []Cause{{ID: "openwrt-zone-not-forwarded", Probability: 0.7}, {ID: "forward-reject-rule", Probability: 0.25}}
		}
		// Port unreachable is what REJECT says by itself (iptables-extensions(8)).
		return []Cause{{ID: "forward-reject-rule", Probability: 0.7}, {ID: "openwrt-zone-not-forwarded", Probability: 0.15}, {ID: "ufw-deny-routed", Probability: 0.05}}
	},
}
