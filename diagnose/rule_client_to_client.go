package diagnose

import (
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
)

// clientToClientBlocked is a warning: many servers keep their clients apart on
// purpose.
var clientToClientBlocked = rule{
	id: "client-to-client-blocked", layer: 2, severity: SeverityWarning,
	after: correlate.TunnelIn, before: correlate.TunnelOut,
	prove: func(s *subject) (proof, bool) {
		if s.ev.Coverage.TunnelDropped > 0 || s.ev.Coverage.TunnelAway {
			return proof{}, false
		}
		tried, other := uint64(0), netip.Addr{}
		for i := range s.ev.Flows {
			f := &s.ev.Flows[i]
			if f.Proto == protoUDP || !slices.Contains(s.client.Addrs, f.Client.Addr()) || !s.otherClient(f.Remote.Addr()) {
				continue
			}
			// What is sent into the tunnel again is on its way to the other
			// device, which may be asleep.
			if f.Turned > 0 || f.Back.Packets > 0 || f.Out.Packets > 0 {
				return proof{}, false
			}
			tried += f.In.Packets
			other = f.Remote.Addr()
		}
		return proof{confidence: 0.85, args: map[string]any{"requests": tried, "other": other.String()}}, tried >= minTries
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "client-forward-missing", Probability: 0.85}}
	},
}

// otherClient reports whether an address is another client's.
func (s *subject) otherClient(a netip.Addr) bool {
	return !slices.Contains(s.client.Addrs, a) && slices.ContainsFunc(s.ev.Clients, func(c correlate.Client) bool {
		return slices.Contains(c.Addrs, a)
	})
}
