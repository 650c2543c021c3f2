package diagnose

import (
	"slices"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
)

// When single losses are worth a word: fewer than minVanished can be one burst,
// and below one in minVanishedShare no conversation suffers.
const (
	minVanished      = 3
	minVanishedShare = 200 // 0.5 %
)

// wireMTU is the size above which a packet in a capture is several that were
// merged: Ethernet's (RFC 894).
const wireMTU = 1500

// vanished sums up the conversations that lose packets inside the host, in one
// direction.
type vanished struct {
	lost, entered uint64
	flows         int
}

// add counts a conversation if it loses enough. Losses are counted in segments,
// so what entered must be too: merged packets count for what they carry.
func (v *vanished) add(lost uint64, entered, left correlate.Count) {
	total := max(entered.Packets, entered.Bytes/wireMTU, left.Packets+lost)
	if lost < minVanished || lost*minVanishedShare < total {
		return
	}
	v.lost += lost
	v.entered += total
	v.flows++
}

var packetsLostInHost = rule{
	id: "packets-lost-in-host", layer: 2, severity: SeverityWarning,
	after: correlate.TunnelIn, before: correlate.WANOut,
	prove: func(s *subject) (proof, bool) {
		cover := &s.ev.Coverage
		if s.ev.Totals.LostPackets < minVanished || cover.TunnelDropped+cover.WANDropped > 0 || cover.TunnelAway || cover.WANAway || s.offloaded() {
			return proof{}, false
		}
		var out, back vanished
		for i := range s.ev.Flows {
			f := &s.ev.Flows[i]
			// Without a twin on the WAN nothing shows that the packets were
			// to leave there at all, and what the host refused with an error
			// did not vanish (a packet too big for the next link, RFC 1191).
			if f.LostForward+f.LostReturn < minVanished || f.Refused || !f.Translated.IsValid() || !slices.Contains(s.client.Addrs, f.Client.Addr()) {
				continue
			}
			out.add(f.LostForward, f.In, f.Out)
			back.add(f.LostReturn, f.Reply, f.Back)
		}
		p := proof{confidence: 0.95, args: map[string]any{"lost": out.lost, "lost_of": out.entered, "flows": out.flows}}
		if back.lost > out.lost {
			out = back
			p.after, p.before = correlate.WANIn, correlate.TunnelOut
			p.args = map[string]any{"lost": uint64(0), "lost_back": back.lost, "lost_of": back.entered, "flows": back.flows}
		}
		// A file that does not say what its tap dropped may lack what the host
		// passed on.
		return p, out.flows > 0 && s.dropsKnown()
	},
}

// dropsKnown reports whether the captures of both places say how many packets
// they dropped.
func (s *subject) dropsKnown() bool {
	for i := range s.ev.Captures {
		c := &s.ev.Captures[i]
		if (c.Role == capture.RoleTunnel || c.Role == capture.RoleWAN) && !c.DroppedKnown {
			return false
		}
	}
	return true
}

// offloaded reports whether packets of known connections may pass by the taps:
// only the first ones of each prove something then.
func (s *subject) offloaded() bool {
	return s.ctx.Facts != nil && s.ctx.Facts.FlowOffload != host.OffloadUnknown
}
