package host

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// publicAddrs are addresses that every working uplink can reach. They are only
// looked up in the routing tables (RTM_GETROUTE); nothing is sent to them.
var publicAddrs = map[int]net.IP{
	4: net.IPv4(1, 1, 1, 1).To4(),
	6: net.ParseIP("2606:4700::1"),
}

// dumpTries bounds how often a dump is repeated that the kernel marked as
// inconsistent, because adapters came and went while it was read
// (NLM_F_DUMP_INTR).
const dumpTries = 5

func dump[T any](read func() (T, error)) (T, error) {
	var v T
	var err error
	for range dumpTries {
		if v, err = read(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			return v, err
		}
	}
	return v, nil // inconsistent at worst in what changed a moment ago
}

func readAdapters(s *Snapshot) error {
	links, err := dump(netlink.LinkList)
	if err != nil {
		return fmt.Errorf("list links: %w", err)
	}
	addrs, err := dump(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return fmt.Errorf("list addresses: %w", err)
	}
	byIndex := map[int][]netip.Prefix{}
	for _, a := range addrs {
		if p, ok := prefixOf(a.IPNet); ok {
			byIndex[a.LinkIndex] = append(byIndex[a.LinkIndex], p)
		}
	}
	names := map[int]string{}
	for _, l := range links {
		attrs := l.Attrs()
		names[attrs.Index] = attrs.Name
		a := Adapter{
			Name:    attrs.Name,
			Index:   attrs.Index,
			Kind:    linkKind(l),
			Up:      linkUp(attrs),
			MTU:     attrs.MTU,
			Addrs:   byIndex[attrs.Index],
			Stacked: attrs.MasterIndex != 0 || stacks[l.Type()],
		}
		if len(attrs.HardwareAddr) == 6 && a.Kind != KindLoopback {
			a.MAC = attrs.HardwareAddr.String()
		}
		s.Adapters = append(s.Adapters, a)
	}
	return readRoutes(s, names)
}

// stacks are the kinds of adapters that have others under them
// (IFLA_INFO_KIND, ip-link(8)).
var stacks = map[string]bool{"vlan": true, "bond": true, "team": true, "bridge": true, "macvlan": true, "ipvlan": true, "ppp": true}

// linkUp goes by the operational state where the driver keeps one (RFC 2863;
// kernel Documentation/networking/operstates.rst); WireGuard and TUN adapters
// report it as unknown while they work, and a TUN adapter without its process
// as down.
func linkUp(a *netlink.LinkAttrs) bool {
	if a.Flags&net.FlagUp == 0 {
		return false
	}
	return a.OperState != netlink.OperDown && a.OperState != netlink.OperLowerLayerDown &&
		a.OperState != netlink.OperNotPresent
}

func linkKind(l netlink.Link) Kind {
	a := l.Attrs()
	switch l.Type() {
	case "wireguard":
		return KindWireGuard
	case "bridge":
		return KindBridge
	case "veth":
		return KindVeth
	case "ppp":
		return KindPPP
	case "tuntap", "tun":
		if t, ok := l.(*netlink.Tuntap); ok && t.Mode == netlink.TUNTAP_MODE_TAP {
			return KindOther
		}
		return KindTun
	}
	switch {
	case a.Flags&net.FlagLoopback != 0:
		return KindLoopback
	case a.EncapType == "ppp":
		return KindPPP
	case a.EncapType == "ether" && l.Type() == "device":
		// A physical adapter has no kind of its own; cfg80211 links the radio
		// into its directory (net/wireless/core.c).
		if _, err := os.Lstat(filepath.Join("/sys/class/net", a.Name, "phy80211")); err == nil {
			return KindWiFi
		}
		return KindEthernet
	case a.EncapType == "ether" && (l.Type() == "vlan" || l.Type() == "bond" || l.Type() == "macvlan" || l.Type() == "ipvlan"):
		return KindEthernet
	}
	return KindOther
}

// readRoutes lists the default routes of the main table and marks the one that
// the kernel takes for a public address. That one is added if it stands
// elsewhere: in a table of policy routing, or split into two halves as VPN
// programs do.
func readRoutes(s *Snapshot, names map[int]string) error {
	for _, family := range []int{4, 6} {
		nlFamily := unix.AF_INET
		if family == 6 {
			nlFamily = unix.AF_INET6
		}
		routes, err := dump(func() ([]netlink.Route, error) {
			// Without a filter for tables only the main one is listed.
			return netlink.RouteListFiltered(nlFamily, &netlink.Route{Type: unix.RTN_UNICAST}, netlink.RT_FILTER_TYPE|netlink.RT_FILTER_TABLE)
		})
		if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EOPNOTSUPP) {
			continue // a kernel without IPv6 has no IPv6 routes
		}
		if err != nil {
			return fmt.Errorf("list IPv%d routes: %w", family, err)
		}
		for i := range routes {
			r := &routes[i]
			if !isDefault(r.Dst) {
				continue
			}
			list := hops(r, family, names)
			for _, h := range list {
				if a := s.Adapter(h.Adapter); a != nil {
					a.Line = true
				}
			}
			if r.Table == tableMain {
				s.DefaultRoutes = append(s.DefaultRoutes, list...)
			}
		}
		// An error means that there is no way (ENETUNREACH): no route is chosen.
		if got, err := netlink.RouteGet(publicAddrs[family]); err == nil && len(got) > 0 {
			s.choose(family, names[got[0].LinkIndex], addrOf(got[0].Gw))
		}
	}
	return nil
}

func hops(r *netlink.Route, family int, names map[int]string) []Route {
	if len(r.MultiPath) == 0 {
		return []Route{{Family: family, Adapter: names[r.LinkIndex], Gateway: gatewayOf(r.Gw, r.Via), Metric: r.Priority}}
	}
	var out []Route
	for _, h := range r.MultiPath {
		out = append(out, Route{Family: family, Adapter: names[h.LinkIndex], Gateway: gatewayOf(h.Gw, h.Via), Metric: r.Priority})
	}
	return out
}

// gatewayOf also takes a gateway of the other family (RFC 5549).
func gatewayOf(gw net.IP, via netlink.Destination) netip.Addr {
	if v, ok := via.(*netlink.Via); ok && v != nil && gw == nil {
		return addrOf(v.Addr)
	}
	return addrOf(gw)
}

func isDefault(n *net.IPNet) bool {
	if n == nil {
		return true
	}
	ones, _ := n.Mask.Size()
	return ones == 0 && n.IP.IsUnspecified()
}
