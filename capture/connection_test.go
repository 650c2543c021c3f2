package capture

import (
	"net/netip"
	"testing"
)

// TestConnections: packets of a connection by which a person watches are passed over,
// either way, and no others.
func TestConnections(t *testing.T) {
	one, other := netip.MustParseAddrPort("10.8.0.2:50022"), netip.MustParseAddrPort("10.8.0.1:22")
	c := NewConnections([]Connection{{One: one, Other: other}, {}})
	packet := func(kind Kind, src, dst netip.AddrPort) *Packet {
		return &Packet{Kind: kind, Src: AddrFromNetip(src.Addr()), SrcPort: src.Port(), Dst: AddrFromNetip(dst.Addr()), DstPort: dst.Port()}
	}
	next := netip.AddrPortFrom(one.Addr(), one.Port()+1)
	for _, k := range []struct {
		p    *Packet
		want bool
	}{
		{packet(KindTCP, one, other), true}, {packet(KindTCP, other, one), true},
		{packet(KindTCP, next, other), false}, {packet(KindTCP, other, next), false},
		{packet(KindUDP, one, other), false}, {packet(KindTCP, netip.AddrPort{}, netip.AddrPort{}), false},
	} {
		if got := c.Hold(k.p); got != k.want {
			t.Errorf("%+v: %v, want %v", k.p, got, k.want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { c.Hold(packet(KindUDP, one, other)) }); n > 1 {
		t.Errorf("%v allocations for a packet", n)
	}
}
