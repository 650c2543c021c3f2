package host

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wgtrace/wgtrace/internal/wg"
)

// What ip(8) and wg(8) print, read from text so that it can be held against
// recorded answers. ip's own JSON would be easier to read, but neither BusyBox nor
// OpenWrt's small ip can write it.

// linkKinds are the words by which "ip -d link" names what we tell apart (iproute2
// ip/iplink_*.c).
var linkKinds = map[string]Kind{
	"wireguard": KindWireGuard, "bridge": KindBridge, "veth": KindVeth, "ppp": KindPPP, "tun": KindTun,
	"vlan": KindEthernet, "bond": KindEthernet, "macvlan": KindEthernet, "ipvlan": KindEthernet,
}

// parseLinks reads "ip -d -o link": one line for each adapter, whose parts a
// backslash divides.
func parseLinks(text string, s *Snapshot) {
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSpace(line), `\`)
		f := strings.Fields(parts[0])
		if len(f) < 3 {
			continue
		}
		index, err := strconv.Atoi(strings.TrimSuffix(f[0], ":"))
		name, _, _ := strings.Cut(strings.TrimSuffix(f[1], ":"), "@")
		if err != nil || name == "" {
			continue
		}
		a := Adapter{Name: name, Index: index, Kind: KindOther}
		flags := strings.Split(strings.Trim(f[2], "<>"), ",")
		state := after(f, "state")
		a.Up = slices.Contains(flags, "UP") && !slices.Contains(flags, "NO-CARRIER") &&
			state != "DOWN" && state != "LOWERLAYERDOWN" && state != "NOTPRESENT"
		a.MTU, _ = strconv.Atoi(after(f, "mtu")) // 0: not said
		named := false
		for _, p := range parts[1:] {
			words := strings.Fields(p)
			if len(words) == 0 {
				continue
			}
			link, isLink := strings.CutPrefix(words[0], "link/")
			switch {
			case !isLink:
				if k, ok := linkKinds[words[0]]; ok && !named {
					a.Kind, named = k, true
					if k == KindTun && after(words, "type") == "tap" {
						a.Kind = KindOther
					}
				}
				continue
			case link == "ether":
				a.Kind = KindEthernet
				if len(words) > 1 {
					a.MAC = words[1]
				}
			case link == "loopback":
				a.Kind = KindLoopback
			case link == "ppp":
				a.Kind = KindPPP
			}
		}
		s.Adapters = append(s.Adapters, a)
	}
}

// after returns the word that follows another one, "" if there is none.
func after(words []string, word string) string {
	if i := slices.Index(words, word); i >= 0 && i+1 < len(words) {
		return words[i+1]
	}
	return ""
}

// parseAddrs reads "ip -o addr".
func parseAddrs(text string, s *Snapshot) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 || f[2] != "inet" && f[2] != "inet6" {
			continue
		}
		name, _, _ := strings.Cut(f[1], "@")
		a := s.Adapter(name)
		p, err := netip.ParsePrefix(f[3])
		if err != nil { // of a link between two: "10.0.0.1 peer 10.0.0.2/32"
			var addr netip.Addr
			if addr, err = netip.ParseAddr(f[3]); err == nil {
				p = netip.PrefixFrom(addr, addr.BitLen())
			}
		}
		if a != nil && err == nil {
			a.Addrs = append(a.Addrs, p)
		}
	}
}

// parseDefaults reads "ip route show default"; a route with several next hops has
// a line for each.
func parseDefaults(text string, family int, s *Snapshot) {
	metric := 0
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] != "default" && f[0] != "nexthop" {
			continue // a default route that leads nowhere begins with its kind
		}
		if f[0] == "default" {
			metric, _ = strconv.Atoi(after(f, "metric")) // 0: not said
		}
		if dev := after(f, "dev"); dev != "" {
			s.DefaultRoutes = append(s.DefaultRoutes, Route{Family: family, Adapter: dev, Gateway: gatewayIn(f), Metric: metric})
		}
	}
}

// gatewayIn returns the address behind "via", which may name its family first.
func gatewayIn(f []string) netip.Addr {
	word := after(f, "via")
	if word == "inet6" || word == "inet" {
		word = after(f, word)
	}
	a, err := netip.ParseAddr(word)
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// refusals are the kernel's errors as ip prints them (strerror(3)), and what they
// mean, as in Problem.
var refusals = []struct {
	said    string
	problem Problem
}{
	{"No route to host", ProblemNotForwarded},
	{"Network is unreachable", ProblemNoRoute},
	{"Invalid cross-device link", ProblemReversePath},
	{"Permission denied", ProblemProhibited},
	{"Invalid argument", ProblemImplausible},
}

// parseHop reads "ip route get".
func parseHop(text string) Hop {
	f := strings.Fields(firstLine(text))
	if len(f) == 0 {
		return Hop{}
	}
	switch f[0] {
	case "unreachable", "blackhole":
		return Hop{Problem: ProblemNoRoute}
	case "prohibit":
		return Hop{Problem: ProblemProhibited}
	case "local":
		return Hop{Problem: ProblemImplausible}
	}
	if strings.HasPrefix(text, "RTNETLINK answers:") {
		for _, r := range refusals {
			if strings.Contains(text, r.said) {
				return Hop{Problem: r.problem}
			}
		}
		return Hop{}
	}
	return Hop{Adapter: after(f, "dev"), Gateway: gatewayIn(f)}
}

// parseWireGuard reads what "wg show all" says of each device. Sockets of
// userspace devices lie in one directory for all network namespaces
// (wireguard.com/xplatform), so only adapters that are here count.
func parseWireGuard(parts map[string]string, s *Snapshot) {
	devices := map[string]*Device{}
	peers := map[[2]string]*Peer{}
	rows := func(part string, columns int, use func(f []string)) {
		for line := range strings.Lines(parts[part]) {
			if f := strings.Fields(line); len(f) >= columns && s.Adapter(f[0]) != nil {
				use(f)
			}
		}
	}
	rows("wg-public-key", 2, func(f []string) {
		d := &Device{Name: f[0], Peers: []Peer{}}
		d.PublicKey, _ = wg.ParseKey(f[1]) // "(none)": zero
		devices[f[0]] = d
	})
	rows("wg-listen-port", 2, func(f []string) {
		if n, err := strconv.ParseUint(f[1], 10, 16); err == nil && devices[f[0]] != nil {
			devices[f[0]].ListenPort = uint16(n)
		}
	})
	var order [][2]string
	rows("wg-endpoints", 3, func(f []string) {
		key, err := wg.ParseKey(f[1])
		if err != nil || devices[f[0]] == nil {
			return
		}
		p := &Peer{PublicKey: key, AllowedIPs: []netip.Prefix{}}
		if at, err := netip.ParseAddrPort(f[2]); err == nil {
			p.Endpoint = netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
		}
		id := [2]string{f[0], f[1]}
		peers[id] = p
		order = append(order, id)
	})
	ofPeer := func(part string, columns int, use func(p *Peer, f []string)) {
		rows(part, columns, func(f []string) {
			if p := peers[[2]string{f[0], f[1]}]; p != nil {
				use(p, f)
			}
		})
	}
	ofPeer("wg-allowed-ips", 3, func(p *Peer, f []string) {
		for _, word := range f[2:] {
			if prefix, err := netip.ParsePrefix(word); err == nil {
				p.AllowedIPs = append(p.AllowedIPs, prefix)
			}
		}
	})
	ofPeer("wg-latest-handshakes", 3, func(p *Peer, f []string) {
		if n, err := strconv.ParseInt(f[2], 10, 64); err == nil && n > 0 {
			p.LastHandshake = time.Unix(n, 0).UTC()
		}
	})
	ofPeer("wg-transfer", 4, func(p *Peer, f []string) {
		p.RxBytes, _ = strconv.ParseUint(f[2], 10, 64) // 0: not said
		p.TxBytes, _ = strconv.ParseUint(f[3], 10, 64)
	})
	ofPeer("wg-preshared", 2, func(p *Peer, _ []string) { p.HasPreshared = true })
	for _, id := range order {
		devices[id[0]].Peers = append(devices[id[0]].Peers, *peers[id])
	}
	unread := false
	for i := range s.Adapters {
		a := &s.Adapters[i]
		if d := devices[a.Name]; d != nil {
			s.WireGuard = append(s.WireGuard, *d)
		} else if a.Kind == KindWireGuard {
			unread = true
		}
	}
	switch said := parts["wg-error"]; {
	case !unread:
		s.WireGuardRead = FactYes
	case refused(said):
		s.WireGuardRead, s.WireGuardWhy = FactNo, "reading WireGuard devices needs administrator rights"
	default:
		s.WireGuardWhy = "wg(8) says nothing of them: " + plain(cut(firstLine(said)))
	}
}
