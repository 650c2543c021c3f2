package host

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Interface types that x/sys/windows does not name (IANA ifType registry).
const (
	ifTypePropVirtual = 53
	ifTypeBridge      = 209
	ifTypeWWANPP      = 243
)

// ipInterfaceEntry is looked for before it is called: Wine before 10 lacks it, and
// x/sys panics where a function is missing.
var ipInterfaceEntry = windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetIpInterfaceEntry")

// adapterTries bounds how often the list is asked for again because it grew
// between the question for its size and the one for its content.
const adapterTries = 5

func readAdapters(s *Snapshot) error {
	// The documentation recommends 15 KB to begin with (GetAdaptersAddresses).
	size := uint32(15000)
	var buf []byte
	for try := 0; ; try++ {
		buf = make([]byte, size)
		err := windows.GetAdaptersAddresses(windows.AF_UNSPEC,
			windows.GAA_FLAG_SKIP_ANYCAST|windows.GAA_FLAG_SKIP_MULTICAST|windows.GAA_FLAG_SKIP_DNS_SERVER,
			0, (*windows.IpAdapterAddresses)(unsafe.Pointer(&buf[0])), &size)
		if err == nil {
			break
		}
		if err == windows.ERROR_NO_DATA {
			return nil
		}
		if err != windows.ERROR_BUFFER_OVERFLOW || try == adapterTries {
			return fmt.Errorf("GetAdaptersAddresses: %w", err)
		}
	}
	byLUID := map[uint64]*windows.IpAdapterAddresses{}
	for aa := (*windows.IpAdapterAddresses)(unsafe.Pointer(&buf[0])); aa != nil; aa = aa.Next {
		byLUID[aa.Luid] = aa
		s.Adapters = append(s.Adapters, adapterOf(aa))
	}
	return readRoutes(s, byLUID)
}

func adapterOf(aa *windows.IpAdapterAddresses) Adapter {
	a := Adapter{
		Name:        windows.UTF16PtrToString(aa.FriendlyName),
		Description: windows.UTF16PtrToString(aa.Description),
		Index:       int(aa.IfIndex),
		Up:          aa.OperStatus == windows.IfOperStatusUp,
		MTU:         int(aa.Mtu),
	}
	if a.Index == 0 {
		a.Index = int(aa.Ipv6IfIndex)
	}
	if aa.PhysicalAddressLength == 6 {
		a.MAC = net.HardwareAddr(aa.PhysicalAddress[:6]).String()
	}
	a.Kind = kindOf(aa.IfType, a.Description)
	for u := aa.FirstUnicastAddress; u != nil; u = u.Next {
		addr := addrOf(u.Address.IP())
		if p := netip.PrefixFrom(addr, int(u.OnLinkPrefixLength)); p.IsValid() {
			a.Addrs = append(a.Addrs, p)
		}
	}
	return a
}

// kindOf goes by the description for WireGuard: WireGuardNT and Wintun are both
// proprietary virtual adapters, and their drivers set the description, which a
// person cannot rename (wireguard-nt driver/wireguard.inf).
func kindOf(ifType uint32, description string) Kind {
	switch {
	case strings.HasPrefix(description, "WireGuard Tunnel"):
		return KindWireGuard
	case strings.Contains(description, "Wintun"):
		return KindTun
	}
	switch ifType {
	case windows.IF_TYPE_ETHERNET_CSMACD:
		return KindEthernet
	case windows.IF_TYPE_IEEE80211:
		return KindWiFi
	case windows.IF_TYPE_SOFTWARE_LOOPBACK:
		return KindLoopback
	case windows.IF_TYPE_PPP:
		return KindPPP
	case windows.IF_TYPE_TUNNEL, ifTypePropVirtual:
		return KindTun
	case ifTypeBridge:
		return KindBridge
	case ifTypeWWANPP:
		return KindOther
	}
	return KindOther
}

// readRoutes lists default routes; the metric that Windows compares is that of
// the route plus that of the adapter (MIB_IPFORWARD_ROW2).
func readRoutes(s *Snapshot, byLUID map[uint64]*windows.IpAdapterAddresses) error {
	for _, family := range []int{4, 6} {
		winFamily := uint16(windows.AF_INET)
		if family == 6 {
			winFamily = windows.AF_INET6
		}
		var table *windows.MibIpForwardTable2
		if err := windows.GetIpForwardTable2(winFamily, &table); err != nil {
			if err == windows.ERROR_NOT_FOUND || err == windows.ERROR_NOT_SUPPORTED {
				continue
			}
			return fmt.Errorf("GetIpForwardTable2 for IPv%d: %w", family, err)
		}
		var best *Route
		first := len(s.DefaultRoutes)
		rows := table.Rows()
		for i := range rows {
			row := &rows[i]
			aa := byLUID[row.InterfaceLuid]
			if row.DestinationPrefix.PrefixLength != 0 || aa == nil {
				continue
			}
			metric := int(row.Metric)
			entry := windows.MibIpInterfaceRow{Family: winFamily, InterfaceLuid: row.InterfaceLuid}
			if ipInterfaceEntry.Find() == nil && windows.GetIpInterfaceEntry(&entry) == nil {
				metric += int(entry.Metric)
			}
			s.DefaultRoutes = append(s.DefaultRoutes, Route{
				Family: family, Adapter: windows.UTF16PtrToString(aa.FriendlyName),
				Gateway: sockaddrAddr(&row.NextHop), Metric: metric,
			})
		}
		windows.FreeMibTable(unsafe.Pointer(table))

		var index uint32
		if windows.GetBestInterfaceEx(publicSockaddr(family), &index) != nil {
			continue
		}
		for i := first; i < len(s.DefaultRoutes); i++ {
			r := &s.DefaultRoutes[i]
			if a := s.Adapter(r.Adapter); a != nil && a.Index == int(index) && (best == nil || r.Metric < best.Metric) {
				best = r
			}
		}
		if best != nil {
			best.Chosen = true
		}
	}
	return nil
}

// publicSockaddr is an address that every working uplink can reach. It is only
// looked up in the routing table; nothing is sent to it.
func publicSockaddr(family int) windows.Sockaddr {
	if family == 4 {
		return &windows.SockaddrInet4{Addr: [4]byte{1, 1, 1, 1}}
	}
	return &windows.SockaddrInet6{Addr: netip.MustParseAddr("2606:4700::1").As16()}
}

// sockaddrAddr returns the address of a SOCKADDR_INET; the unspecified address
// (on-link) becomes the invalid one.
func sockaddrAddr(sa *windows.RawSockaddrInet) netip.Addr {
	var a netip.Addr
	switch sa.Family {
	case windows.AF_INET:
		a = netip.AddrFrom4((*windows.RawSockaddrInet4)(unsafe.Pointer(sa)).Addr)
	case windows.AF_INET6:
		a = netip.AddrFrom16((*windows.RawSockaddrInet6)(unsafe.Pointer(sa)).Addr)
	}
	if a.IsUnspecified() {
		return netip.Addr{}
	}
	return a
}
