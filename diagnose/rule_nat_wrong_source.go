package diagnose

import (
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
)

var natWrongSourceAddress = rule{
	id: "nat-wrong-source-address", layer: 3, severity: SeverityFault,
	after: correlate.WANOut, before: correlate.WANIn,
	mutes: []string{"upstream-silent"},
	prove: func(s *subject) (proof, bool) {
		if !s.deadAt(correlate.FateNoReply) || s.ev.Coverage.Inbound == 0 {
			return proof{}, false
		}
		foreign, ok := s.foreignSource()
		if !ok {
			return proof{}, false
		}
		return proof{
			confidence: s.certainty(0.95, correlate.FateNoReply),
			evidence:   append([]correlate.Sighting{foreign.Sample}, s.samples(correlate.FateNoReply)...),
			args:       map[string]any{"source": foreign.Addr.String()},
		}, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "snat-address-not-ours", Probability: 0.9}}
	},
}

// foreignSource returns the address that the client's packets leave with if
// nobody owns it: others ask for it on the WAN and get no answer. That the host
// knows no such address is no proof: it may be routed to it.
func (s *subject) foreignSource() (*correlate.Neighbour, bool) {
	used := slices.DeleteFunc(slices.Clone(s.family.WANAddrs), func(a netip.Addr) bool {
		return slices.Contains(s.client.Addrs, a)
	})
	if len(used) != 1 {
		return nil, false
	}
	for i := range s.ev.Neighbours {
		if n := &s.ev.Neighbours[i]; n.Addr == used[0] {
			return n, n.AskedThere >= minTries-1 && !n.Answered
		}
	}
	return nil, false
}
