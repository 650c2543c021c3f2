package capture

import "net/netip"

// Connection is a TCP connection by its two ends, in any order.
type Connection struct{ One, Other netip.AddrPort }

// end is one end as packets have it.
type end struct {
	addr Addr
	port uint16
}

// Connections tells packets of some connections from all others. The zero value
// holds none.
type Connections struct{ ends [][2]end }

// NewConnections returns those of list whose ends are complete.
func NewConnections(list []Connection) Connections {
	var c Connections
	for _, k := range list {
		if k.One.IsValid() && k.Other.IsValid() {
			c.ends = append(c.ends, [2]end{endOf(k.One), endOf(k.Other)})
		}
	}
	return c
}

func endOf(a netip.AddrPort) end {
	return end{AddrFromNetip(a.Addr().Unmap().WithZone("")), a.Port()}
}

// Hold reports whether a packet belongs to one of them.
func (c *Connections) Hold(p *Packet) bool {
	if len(c.ends) == 0 || p.Kind != KindTCP {
		return false
	}
	src, dst := end{p.Src, p.SrcPort}, end{p.Dst, p.DstPort}
	for _, k := range c.ends {
		if k[0] == src && k[1] == dst || k[0] == dst && k[1] == src {
			return true
		}
	}
	return false
}
