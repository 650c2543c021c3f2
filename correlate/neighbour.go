package correlate

import (
	"net/netip"

	"github.com/wgtrace/wgtrace/capture"
)

// Neighbour is an IPv4 address that was asked for on the WAN by ARP (RFC 826).
type Neighbour struct {
	Addr netip.Addr
	// AskedHere and AskedThere count the questions of the host and of others.
	AskedHere, AskedThere uint64
	// Answered: somebody spoke as the owner of the address, the host included.
	Answered bool
	Sample   Sighting
}

// maxNeighbours bounds the table: a scan of a network asks for every address.
const maxNeighbours = 256

// arp takes an ARP packet on the WAN.
func (e *Engine) arp(p *capture.Packet, c *capturePoint, facing int8) {
	if n := e.neighbour(p.Src); n != nil {
		n.Answered = true
	}
	if p.ICMPType != capture.ARPRequest || p.Src == p.Dst {
		return
	}
	n := e.neighbour(p.Dst)
	if n == nil {
		if len(e.neighbours) >= maxNeighbours || p.Dst.IsZero() {
			return
		}
		e.neighbours = append(e.neighbours, Neighbour{Addr: p.Dst.Netip(), Sample: sighting(c, p, StageNone)})
		n = &e.neighbours[len(e.neighbours)-1]
	}
	if facing == forward {
		n.AskedHere++
	} else {
		n.AskedThere++
	}
}

func (e *Engine) neighbour(a capture.Addr) *Neighbour {
	ip := a.Netip()
	for i := range e.neighbours {
		if e.neighbours[i].Addr == ip {
			return &e.neighbours[i]
		}
	}
	return nil
}
