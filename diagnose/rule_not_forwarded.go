package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

var notForwarded = rule{
	id: "not-forwarded", layer: 2, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.WANOut,
	mutes: []string{"upstream-silent", "return-not-forwarded"},
	prove: func(s *subject) (proof, bool) {
		// A WAN capture that shows nothing that the host sent, or other packets
		// of this client on their way out, was made with a filter or in one
		// direction.
		// A client that is answered without a twin on the WAN is served some
		// other way: a redirect, a proxy, a second uplink.
		if !s.deadAt(correlate.FateNoEgress) || s.family.LocalAnswers > 0 || !s.hostCaptured() || s.leftSince() {
			return proof{}, false
		}
		return proof{
			confidence: s.certainty(0.97, correlate.FateNoEgress),
			evidence:   s.samples(correlate.FateNoEgress),
		}, true
	},
	causes: func(_ *subject, os string) []Cause {
		switch os {
		case osWindows:
			// New-NetNat forwards for its own prefix, so its absence is the
			// first thing to look at.
			return []Cause{
				{ID: "nat-missing", Probability: 0.6},
				{ID: "windows-forwarding-off", Probability: 0.2},
				{ID: "netnat-conflict", Probability: 0.1},
				{ID: "windows-netnat-unavailable", Probability: 0.05},
			}
		case "":
			return []Cause{
				{ID: "ip-forwarding-off", Probability: 0.35},
				{ID: "nat-missing", Probability: 0.25},
				{ID: "forward-policy-drop", Probability: 0.2},
				{ID: "rp-filter-drop", Probability: 0.05},
			}
		}
		return []Cause{
			{ID: "ip-forwarding-off", Probability: 0.45},
			{ID: "forward-policy-drop", Probability: 0.2},
			{ID: "docker-forward-drop", Probability: 0.15},
			{ID: "ufw-deny-routed", Probability: 0.08},
			{ID: "rp-filter-drop", Probability: 0.05},
			{ID: "two-firewalls", Probability: 0.03},
		}
	},
}
