package host

import (
	"net"
	"net/netip"
)

// addrOf converts ip, IPv4 unmapped; nil becomes the invalid address.
func addrOf(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}

// prefixOf converts n and keeps its host bits; ok is false if it is no address
// with a contiguous mask.
func prefixOf(n *net.IPNet) (p netip.Prefix, ok bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	ones, bits := n.Mask.Size()
	a := addrOf(n.IP)
	if !a.IsValid() || bits == 0 {
		return netip.Prefix{}, false
	}
	if a.Is4() && bits == 128 {
		ones -= 96 // an IPv4 address with its mask in mapped form
	}
	p = netip.PrefixFrom(a, ones)
	return p, p.IsValid()
}
