//go:build (windows && (amd64 || 386)) || (!windows && cgo)

package live

import (
	"net"
	"net/netip"

	"github.com/google/gopacket/pcap"
)

// Flags of pcap_findalldevs(3PCAP).
const (
	flagLoopback = 1 << 0
	flagUp       = 1 << 1
)

// merge turns the library's list into ours. What the operating system does not
// know as an adapter is left out: libpcap also lists Bluetooth, USB and
// netfilter taps, and the "any" device, which cannot stand for one place.
func merge(all []pcap.Interface) []Device {
	names := adapterNames()
	var out []Device
	for i := range all {
		d := &all[i]
		name, ok := names[canonical(d.Name)]
		if !ok {
			continue
		}
		out = append(out, Device{
			Name: name, PcapName: d.Name, Description: d.Description,
			Up: d.Flags&flagUp != 0, Loopback: d.Flags&flagLoopback != 0,
			Addrs: prefixes(d.Addresses),
		})
	}
	return out
}

func prefixes(addrs []pcap.InterfaceAddress) []netip.Prefix {
	var out []netip.Prefix
	for _, a := range addrs {
		addr, ok := netip.AddrFromSlice(a.IP)
		if !ok {
			continue
		}
		addr = addr.Unmap()
		ones, bits := net.IPMask(a.Netmask).Size()
		if bits != addr.BitLen() {
			ones = addr.BitLen()
		}
		out = append(out, netip.PrefixFrom(addr, ones))
	}
	return out
}
