package host

import (
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// readProbes asks the kernel's routing code about each client. Nothing is sent:
// RTM_GETROUTE with an input adapter runs the same checks as a packet that comes
// in there (net/ipv4/route.c, inet_rtm_getroute).
func readProbes(s *Snapshot, ask []Client) {
	names := map[int]string{}
	for _, a := range s.Adapters {
		names[a.Index] = a.Name
	}
	for _, c := range clientsOf(s, ask) {
		family := 6
		if c.Addr.Is4() {
			family = 4
		}
		p := Probe{Client: c.Addr, Tunnel: c.Tunnel}
		ip := net.IP(c.Addr.AsSlice())
		p.Out = hopOf(names, publicAddrs[family], &netlink.RouteGetOptions{Iif: c.Tunnel, SrcAddr: ip})
		p.Back = hopOf(names, ip, nil)
		s.Probes = append(s.Probes, p)
	}
	for _, family := range []int{4, 6} {
		readPolicy(s, family)
	}
}

func hopOf(names map[int]string, dst net.IP, options *netlink.RouteGetOptions) Hop {
	routes, err := netlink.RouteGetWithOptions(dst, options)
	if err == nil && len(routes) > 0 {
		if routes[0].Type != unix.RTN_UNICAST && routes[0].Type != 0 {
			return Hop{Problem: problemOfType(routes[0].Type)}
		}
		return Hop{Adapter: names[routes[0].LinkIndex], Gateway: addrOf(routes[0].Gw)}
	}
	switch {
	case err == nil:
		return Hop{}
	case errors.Is(err, unix.EHOSTUNREACH):
		return Hop{Problem: ProblemNotForwarded}
	case errors.Is(err, unix.ENETUNREACH):
		return Hop{Problem: ProblemNoRoute}
	case errors.Is(err, unix.EXDEV):
		return Hop{Problem: ProblemReversePath}
	case errors.Is(err, unix.EACCES):
		return Hop{Problem: ProblemProhibited}
	case errors.Is(err, unix.EINVAL):
		return Hop{Problem: ProblemImplausible}
	case errors.Is(err, unix.EAFNOSUPPORT), errors.Is(err, unix.EPERM), errors.Is(err, unix.ENODEV):
		return Hop{} // nobody could ask
	}
	return Hop{Problem: ProblemNotUnderstood}
}

// problemOfType is for answers that come as routes of a kind that leads nowhere.
func problemOfType(kind int) Problem {
	switch kind {
	case unix.RTN_UNREACHABLE, unix.RTN_BLACKHOLE:
		return ProblemNoRoute
	case unix.RTN_PROHIBIT:
		return ProblemProhibited
	case unix.RTN_LOCAL:
		return ProblemImplausible // the address is the machine's own
	}
	return ProblemNotUnderstood
}

// Tables and priorities of the rules that every Linux has (ip-rule(8)).
const (
	tableLocal   = 255
	tableMain    = 254
	tableDefault = 253
)

func readPolicy(s *Snapshot, family int) {
	nl := unix.AF_INET
	if family == 6 {
		nl = unix.AF_INET6
	}
	rules, err := dump(func() ([]netlink.Rule, error) { return netlink.RuleList(nl) })
	if err != nil {
		if !errors.Is(err, unix.EAFNOSUPPORT) && !errors.Is(err, unix.EOPNOTSUPP) {
			s.unread("policy rules", fmt.Sprintf("list IPv%d rules: %v", family, err))
		}
		return
	}
	for i := range rules {
		r := &rules[i]
		standard := r.Src == nil && r.Dst == nil && r.IifName == "" && r.OifName == "" && r.Mark == 0 &&
			(r.Priority == 0 && r.Table == tableLocal || r.Priority == 32766 && r.Table == tableMain || r.Priority == 32767 && r.Table == tableDefault)
		if standard || len(s.PolicyRules) == maxPolicy {
			continue
		}
		p := PolicyRule{Family: family, Priority: r.Priority, In: r.IifName, Out: r.OifName, Mark: uint32(r.Mark), Table: r.Table}
		p.From, _ = prefixOf(r.Src)
		p.To, _ = prefixOf(r.Dst)
		s.PolicyRules = append(s.PolicyRules, p)
	}
}

const maxPolicy = 256

// clientsOf returns whom to ask about: those named, then the peers.
func clientsOf(s *Snapshot, named []Client) []Client {
	var list []Client
	add := func(c Client) {
		if c.Addr.IsValid() && s.Adapter(c.Tunnel) != nil && len(list) < maxClients && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	for _, c := range named {
		add(c)
	}
	for i := range s.WireGuard {
		name := s.WireGuard[i].Name
		for _, a := range s.Clients(name) {
			add(Client{a, name})
		}
	}
	return list
}
