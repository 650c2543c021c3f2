package live

import (
	"net/netip"

	"github.com/wgtrace/wgtrace/capture"
)

// compass tells outgoing packets from incoming ones. libpcap does not say it of
// single packets, so it is read from what the host puts into its own.
type compass struct {
	mac capture.MAC
	own []capture.Addr
}

func newCompass(mac capture.MAC, own []netip.Addr, prefixes []netip.Prefix) compass {
	c := compass{mac: mac}
	for _, a := range own {
		c.own = append(c.own, capture.AddrFromNetip(a))
	}
	if own == nil {
		for _, p := range prefixes {
			c.own = append(c.own, capture.AddrFromNetip(p.Addr()))
		}
	}
	return c
}

// point returns the direction of p; unknown for packets that the host neither
// sent nor received itself, as those forwarded through a tunnel.
func (c *compass) point(p *capture.Packet) capture.Direction {
	if !c.mac.IsZero() && !(p.LinkSrc.IsZero() && p.LinkDst.IsZero()) {
		switch {
		case p.LinkSrc == c.mac:
			return capture.DirectionOut
		case p.LinkDst == c.mac, p.LinkDst.IsGroup():
			return capture.DirectionIn
		}
		return capture.DirectionUnknown
	}
	if p.Kind <= capture.KindARP {
		return capture.DirectionUnknown
	}
	from, to := c.owns(p.Src), c.owns(p.Dst)
	switch {
	case from && !to:
		return capture.DirectionOut
	case to && !from:
		return capture.DirectionIn
	}
	return capture.DirectionUnknown
}

func (c *compass) owns(a capture.Addr) bool {
	for _, own := range c.own {
		if own == a {
			return true
		}
	}
	return false
}
