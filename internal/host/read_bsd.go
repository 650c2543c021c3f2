//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package host

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"golang.org/x/net/route"
)

func readAdapters(s *Snapshot) error {
	ifs, err := net.Interfaces()
	if err != nil {
		return fmt.Errorf("list interfaces: %w", err)
	}
	names := map[int]string{}
	for _, ifi := range ifs {
		names[ifi.Index] = ifi.Name
		a := Adapter{
			Name:  ifi.Name,
			Index: ifi.Index,
			Kind:  kindOf(&ifi),
			Up:    ifi.Flags&net.FlagUp != 0 && ifi.Flags&net.FlagRunning != 0,
			MTU:   ifi.MTU,
		}
		if len(ifi.HardwareAddr) == 6 {
			a.MAC = ifi.HardwareAddr.String()
		}
		// An adapter can go while the list is read; it then has no addresses.
		addrs, _ := ifi.Addrs()
		for _, addr := range addrs {
			if n, ok := addr.(*net.IPNet); ok {
				if p, ok := prefixOf(n); ok {
					a.Addrs = append(a.Addrs, p)
				}
			}
		}
		s.Adapters = append(s.Adapters, a)
	}
	return readRoutes(s, names)
}

// kindOf goes by the driver's name, which is the adapter's on these systems:
// utun and tun are user tunnels, wg is the kernel's WireGuard on FreeBSD and
// OpenBSD (wg(4)).
func kindOf(ifi *net.Interface) Kind {
	driver := strings.TrimRight(ifi.Name, "0123456789")
	switch {
	case ifi.Flags&net.FlagLoopback != 0:
		return KindLoopback
	case driver == "wg":
		return KindWireGuard
	case driver == "utun" || driver == "tun":
		return KindTun
	case driver == "bridge":
		return KindBridge
	case driver == "ppp" || driver == "pppoe":
		return KindPPP
	case driver == "epair":
		return KindVeth
	case len(ifi.HardwareAddr) == 6 && ifi.Flags&net.FlagPointToPoint == 0:
		return KindEthernet
	}
	return KindOther
}

// readRoutes takes the default routes from the kernel's table (route(4)). The
// table has one per family and scope; on macOS the one that is not bound to an
// interface (RTF_IFSCOPE) is the one in use, and it stands first.
func readRoutes(s *Snapshot, names map[int]string) error {
	for _, family := range []int{4, 6} {
		af := syscall.AF_INET
		if family == 6 {
			af = syscall.AF_INET6
		}
		rib, err := route.FetchRIB(af, route.RIBTypeRoute, 0)
		if err != nil {
			return fmt.Errorf("fetch IPv%d routes: %w", family, err)
		}
		msgs, err := route.ParseRIB(route.RIBTypeRoute, rib)
		if err != nil {
			return fmt.Errorf("parse IPv%d routes: %w", family, err)
		}
		metric := 0
		for _, m := range msgs {
			rm, ok := m.(*route.RouteMessage)
			if !ok || rm.Flags&syscall.RTF_UP == 0 || len(rm.Addrs) <= syscall.RTAX_NETMASK {
				continue
			}
			if rm.Flags&(syscall.RTF_REJECT|syscall.RTF_BLACKHOLE) != 0 || names[rm.Index] == "" {
				continue
			}
			if !unspecified(rm.Addrs[syscall.RTAX_DST]) || rm.Flags&syscall.RTF_HOST != 0 ||
				!zeroMask(rm.Addrs[syscall.RTAX_NETMASK]) {
				continue
			}
			// These systems have no metric; the order of the table is one.
			s.DefaultRoutes = append(s.DefaultRoutes, Route{
				Family: family, Adapter: names[rm.Index],
				Gateway: routeAddr(rm.Addrs[syscall.RTAX_GATEWAY]), Metric: metric,
			})
			metric++
		}
	}
	return nil
}

func routeAddr(a route.Addr) netip.Addr {
	switch a := a.(type) {
	case *route.Inet4Addr:
		return netip.AddrFrom4(a.IP)
	case *route.Inet6Addr:
		return netip.AddrFrom16(a.IP)
	}
	return netip.Addr{}
}

func unspecified(a route.Addr) bool {
	addr := routeAddr(a)
	return addr.IsValid() && addr.IsUnspecified()
}

// zeroMask reports whether a covers everything; the kernel leaves the mask of a
// default route out or sends it with length 0.
func zeroMask(a route.Addr) bool {
	addr := routeAddr(a)
	return !addr.IsValid() || addr.IsUnspecified()
}
