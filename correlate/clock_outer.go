package correlate

import (
	"slices"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// alignPackets is how many packets of each side are compared by size and time.
const alignPackets = 512

// alignWidth is how close to each other the differences of packets and the
// datagrams that carried them must lie: decryption takes well under a
// millisecond on an idle machine.
const alignWidth = int64(3 * time.Millisecond)

// alignOuter takes the clock offset from WireGuard's datagrams and the packets
// that came out of them, where nothing left the host that could be compared:
// the sequence of their sizes and gaps fits in one place only. It needs eight
// packets and half of all to agree, and no second place half as good.
func (e *Engine) alignOuter() {
	type sized struct {
		time int64
		size int
	}
	var inner, outer []sized
	e.heads(func(p *capture.Packet, c *capturePoint) {
		switch {
		case p.Flags&capture.FlagTimeUnknown != 0:
		case c.role == capture.RoleTunnel && p.Kind > capture.KindARP && len(inner) < alignPackets:
			if fromClient, _ := e.orient(p); fromClient || p.Flags&capture.FlagGroup != 0 {
				inner = append(inner, sized{p.Time, wg.TransportSize(int(p.IPLen), 0)})
			}
		case c.role == capture.RoleWAN && p.WG.Type == wg.MessageTransport && p.PayloadLen > wg.MessageKeepaliveSize && len(outer) < alignPackets:
			if e.outerSide.servers[addrPort(p.Dst, p.DstPort)] {
				outer = append(outer, sized{p.Time, int(p.PayloadLen)})
			}
		}
	})
	var all []int64
	for _, o := range outer {
		for _, i := range inner {
			if o.size == i.size {
				all = append(all, o.time-i.time)
			}
		}
	}
	slices.Sort(all)
	best, bestLen := 0, 0
	for from, to := 0, 0; from < len(all); from++ {
		for to < len(all) && all[to]-all[from] <= alignWidth {
			to++
		}
		if to-from > bestLen {
			best, bestLen = from, to-from
		}
	}
	if bestLen < 8 || 2*bestLen < len(inner) {
		return
	}
	for from, to := 0, 0; from < len(all); from++ {
		for to < len(all) && all[to]-all[from] <= alignWidth {
			to++
		}
		apart := all[from] > all[best+bestLen-1]+alignWidth || all[to-1] < all[best]-alignWidth
		if apart && 2*(to-from) > bestLen {
			return
		}
	}
	// A datagram comes before the packet in it: the largest difference is the
	// one with the least time in between.
	e.clock.basis = clockOuter
	e.shiftWAN(all[best+bestLen-1])
}
