package diagnose

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/wgtrace/wgtrace/internal/host"
)

// endpoint: the phone calls an address that can be this server's, and the port
// that it listens on. What a name leads to is not looked up: this machine may be
// told another address than the phone.
func (v *phoneView) endpoint() ruling {
	name, port, err := net.SplitHostPort(v.called.Endpoint)
	n, perr := strconv.ParseUint(port, 10, 16)
	switch {
	case v.called.Endpoint == "":
		return ruling{state: StateWrong, reason: "none"}
	case err != nil || perr != nil || n == 0 || name == "":
		return ruling{StateWrong, "no-port", "", map[string]any{"endpoint": v.called.Endpoint}}
	}
	args := map[string]any{"endpoint": name, "called": int(n), "own": v.callable()}
	listens := uint16(0) // not known
	facts := v.facts
	switch {
	case v.around != nil:
		// Phones call the machine around the container.
		facts = v.around.Facts
		listens, _ = v.published()
		args["port"] = int(listens)
	case v.device != nil:
		listens = v.device.ListenPort
	}
	same := listens == 0 || listens == uint16(n)
	a, err := netip.ParseAddr(name)
	if err != nil {
		if same {
			return ruling{StateNote, "name", "", args}
		}
		return ruling{StateNote, "name-port", "", args}
	}
	a = a.Unmap().WithZone("")
	own := facts.IsOwn(a)
	switch {
	case v.serverHas(a):
		return ruling{StateWrong, "inside", "", args}
	case a.IsLoopback() || a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast():
		return ruling{StateWrong, "nowhere", "", args}
	case own == host.FactYes && !same && a.IsPrivate():
		return ruling{StateWrong, "private-port", "", args}
	case own == host.FactYes && !same && v.around != nil:
		return ruling{StateWrong, "published", "", args}
	case own == host.FactYes && !same:
		return ruling{StateWrong, "port", "", args}
	case sharedSpace.Contains(a):
		return ruling{StateNote, "shared", "", args}
	case a.IsPrivate() && own == host.FactYes:
		return ruling{StateNote, "private", "", args}
	case a.IsPrivate() && !same:
		return ruling{StateUnknown, "private-port", "", args}
	case a.IsPrivate():
		return ruling{StateUnknown, "private", "", args}
	case own == host.FactYes && v.around != nil && listens != 0:
		return ruling{StateOK, "published", "", args}
	case own == host.FactYes && v.around != nil:
		return ruling{StateUnknown, "published", "", args}
	case own == host.FactYes:
		return ruling{StateOK, "own", "", args}
	case !same:
		return ruling{StateNote, "other-port", "", args}
	case args["own"] == "":
		return ruling{StateNote, "elsewhere", "", args}
	}
	return ruling{StateNote, "router", "", args}
}

// callable is the server's own address on the WAN, "" if it is not known.
func (v *phoneView) callable() string {
	own := v.ownAddrs()
	if v.around != nil {
		own = (&view{facts: v.around.Facts, path: host.Path{WAN: v.around.WAN}}).ownAddrs()
	}
	for _, a := range own {
		if a.Is4() {
			return a.String()
		}
	}
	return ""
}

// routes: what the phone sends into the tunnel. Less than everything can be
// meant so.
func (v *phoneView) routes() ruling {
	args := map[string]any{"prefix": shortList(v.called.AllowedIPs)}
	share := shareOf(v.called.AllowedIPs, all4)
	switch {
	case len(v.called.AllowedIPs) == 0:
		return ruling{state: StateWrong, reason: "none"}
	case share == 1:
		return ruling{state: StateOK, reason: "all"}
	case share >= mostOfIt:
		return ruling{state: StateOK, reason: "most"}
	}
	return ruling{StateNote, "narrow", "", args}
}

// ipv6: what goes into the tunnel must come out of it.
func (v *phoneView) ipv6() ruling {
	list := v.addresses()
	i := slices.IndexFunc(list, netip.Addr.Is6)
	switch share := shareOf(v.called.AllowedIPs, all6); {
	case share < 0.1: // what is in use are an eighth, 2000::/3 (RFC 3587 section 3)
		return ruling{state: StateOK, reason: "beside"}
	case i < 0:
		return ruling{state: StateOK, reason: "kept"}
	}
	path := v.path
	path.Client = list[i]
	route, forwards := v.facts.HasDefaultRoute(6), v.facts.Forwards(path, false)
	switch {
	case route == host.FactNo:
		return ruling{state: StateWrong, reason: "no-route", cause: "ipv6-upstream-dead"}
	case forwards == host.FactNo:
		return ruling{StateWrong, "off", "ipv6-forwarding-off", map[string]any{"client": list[i].String()}}
	case route == host.FactYes && forwards == host.FactYes:
		return ruling{state: StateOK}
	}
	return ruling{state: StateUnknown, reason: "server"}
}

// names: the resolvers that the phone was given can be reached, the worst of
// them first.
func (v *phoneView) names() ruling {
	worst := ruling{state: StateNote, reason: "none"}
	for i, a := range v.conf.DNS {
		r := v.resolver(a.Unmap())
		r.args = map[string]any{"resolver": a.String()}
		if i == 0 || slices.Index(severityOrder, r.state) < slices.Index(severityOrder, worst.state) {
			worst = r
		}
	}
	return worst
}

func (v *phoneView) resolver(a netip.Addr) ruling {
	through := slices.ContainsFunc(v.called.AllowedIPs, func(p netip.Prefix) bool { return p.Contains(a) })
	near := v.inTunnel(a)
	switch {
	case !through && (near || a.IsPrivate()):
		return ruling{state: StateWrong, reason: "outside"}
	case !through:
		return ruling{state: StateNote, reason: "outside"}
	case v.serverHas(a):
		switch v.facts.Listens("udp", a, 53) {
		case host.FactYes:
			return ruling{state: StateOK, reason: "server"}
		case host.FactNo:
			return ruling{state: StateWrong, reason: "server", cause: "dns-no-listener"}
		}
		return ruling{state: StateUnknown, reason: "server"}
	case near && v.device != nil:
		switch owner := v.device.Owner(a); {
		case owner == nil:
			return ruling{state: StateWrong, reason: "nobody"}
		case owner == v.peer && slices.Contains(v.addresses(), a):
			return ruling{state: StateWrong, reason: "itself"}
		}
		return ruling{state: StateOK, reason: "inside"}
	case a.IsPrivate() && v.onLAN(a):
		return ruling{state: StateOK, reason: "lan"}
	case a.IsPrivate():
		return ruling{state: StateUnknown, reason: "private"}
	}
	return ruling{state: StateOK, reason: "public"}
}

// inTunnel reports whether an address is of the tunnel's own subnet.
func (v *phoneView) inTunnel(a netip.Addr) bool {
	t := v.adapter(v.path.Tunnel)
	return t != nil && slices.ContainsFunc(t.Addrs, func(p netip.Prefix) bool { return p.Contains(a) })
}

// onLAN reports whether an address is of a network that the server is in.
func (v *phoneView) onLAN(a netip.Addr) bool {
	if v.facts == nil {
		return false
	}
	for i := range v.facts.Adapters {
		for _, p := range v.facts.Adapters[i].Addrs {
			if p.Contains(a) {
				return true
			}
		}
	}
	return false
}

// Sizes of packets in the tunnel, in octets: the least that IPv6 works with
// (RFC 8200 section 5), and what is left of Ethernet's 1500 with WireGuard's
// headers over IPv4 (20 + 8 + 32).
const (
	leastMTU  = 1280
	mostMTU   = 1440
	maxListed = 3
)

func (v *phoneView) mtu() ruling {
	args := map[string]any{"mtu": v.conf.MTU}
	six := slices.ContainsFunc(v.conf.Addresses, func(p netip.Prefix) bool { return p.Addr().Is6() })
	switch m := v.conf.MTU; {
	case m == 0:
		return ruling{state: StateOK, reason: "own"}
	case m < leastMTU && six:
		return ruling{StateWrong, "small", "", args}
	case m > mostMTU:
		return ruling{StateNote, "large", "", args}
	}
	return ruling{StateOK, "", "", args}
}

// mostOfIt is the share of all addresses from which on a tunnel is meant for the
// internet: profiles that leave out the home network cover far more.
const mostOfIt = 0.5

var (
	all4 = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	all6 = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
)

// shareOf returns how much of a prefix a list covers, from 0 to 1. Clients write
// "everything but the home network" as dozens of prefixes.
func shareOf(list []netip.Prefix, of netip.Prefix) float64 {
	var inside []netip.Prefix
	for _, p := range list {
		switch {
		case !p.Overlaps(of):
		case p.Bits() <= of.Bits():
			return 1
		default:
			inside = append(inside, p)
		}
	}
	if len(inside) == 0 {
		return 0
	}
	low := netip.PrefixFrom(of.Addr(), of.Bits()+1)
	b := of.Addr().AsSlice()
	b[of.Bits()/8] |= 0x80 >> (of.Bits() % 8)
	middle, _ := netip.AddrFromSlice(b)
	return (shareOf(inside, low) + shareOf(inside, netip.PrefixFrom(middle, low.Bits()))) / 2
}

// shortList writes the first of several prefixes.
func shortList(list []netip.Prefix) string {
	var parts []string
	for i, p := range list {
		if i == maxListed {
			parts = append(parts, "...")
			break
		}
		parts = append(parts, p.String())
	}
	return strings.Join(parts, ", ")
}
