package lab

import (
	"fmt"
	"net/netip"
)

// forwardBreaks are what the scenarios of forwardScenarios change.
var forwardBreaks = map[string]func(l *Lab, s *setup, f Fault, clients []int){
	"hairpin-ok": func(l *Lab, s *setup, _ Fault, _ []int) { s.pingSecond(l) },
	"hairpin-drop": func(l *Lab, s *setup, _ Fault, _ []int) {
		s.pingSecond(l)
		s.ForwardRules = append(s.ForwardRules, fmt.Sprintf("iifname %q oifname %q drop", l.plan.Tunnel, l.plan.Tunnel))
	},

	// What ufw-before-forward holds in front of a policy of deny.
	"forward-ufw-deny-routed": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.refuseForward(l, clients, "icmp type echo-request accept", "icmpv6 type echo-request accept")
		s.dropForward(l, clients)
	},
	"forward-reject-admin-firewalld": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.refuseForward(l, clients, "reject with icmp admin-prohibited", "reject with icmpv6 admin-prohibited")
	},
	"forward-reject-hostprohib-oracle": func(l *Lab, s *setup, f Fault, clients []int) {
		if l.everybody(f) {
			s.IPTables = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" +
				"-A FORWARD -j REJECT --reject-with icmp-host-prohibited\nCOMMIT\n"
			return
		}
		s.refuseForward(l, clients, "reject with icmp host-prohibited", "reject with icmpv6 admin-prohibited")
	},
	"forward-reject-openwrt": func(l *Lab, s *setup, _ Fault, clients []int) {
		reset := "meta l4proto tcp reject with tcp reset"
		s.refuseForward(l, clients, reset, reset)
		s.refuseForward(l, clients, "reject with icmp port-unreachable", "reject with icmpv6 port-unreachable")
	},
	"legacy-drop-nft-accept": func(l *Lab, s *setup, f Fault, clients []int) {
		if !l.everybody(f) {
			s.dropForward(l, clients)
			return
		}
		s.ForwardRules = append(s.ForwardRules, fmt.Sprintf("iifname %q accept", l.plan.Tunnel))
		s.Legacy = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"
	},
	"nft-two-tables": func(l *Lab, s *setup, f Fault, clients []int) {
		s.SecondAccepts = true
		if !l.everybody(f) {
			s.dropForward(l, clients)
			return
		}
		s.ForwardPolicy = "drop"
	},
	"docker-forward-drop": func(l *Lab, s *setup, f Fault, clients []int) {
		if !l.everybody(f) {
			s.dropForward(l, clients)
			return
		}
		// The chains that Docker makes, without a container's own rules.
		s.IPTables = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:DOCKER - [0:0]\n:DOCKER-USER - [0:0]\n" +
			"-A FORWARD -j DOCKER-USER\n-A FORWARD -o docker0 -j DOCKER\n-A FORWARD -i docker0 ! -o docker0 -j ACCEPT\n-A DOCKER-USER -j RETURN\nCOMMIT\n"
	},
	"lan-only-forward": func(l *Lab, s *setup, _ Fault, clients []int) {
		// A LAN host is played by the router, which would drop its address.
		s.RouterExtras.Addrs = append(s.RouterExtras.Addrs, linkAddr{linkServer, netip.PrefixFrom(lanHost, 32)})
		s.RouterPass = append(s.RouterPass, "ip daddr "+lanHost.String()+" accept")
		s.Asides = append(s.Asides, aside{Ping: lanHost})
		s.ForwardRules = append(s.ForwardRules, "ip daddr "+lanHost.String()+" accept")
		s.dropForward(l, clients)
	},

	"wan-no-default-route": func(l *Lab, s *setup, f Fault, clients []int) {
		if !l.everybody(f) {
			for _, n := range l.netsOf(clients) {
				s.ServerExtras.Rules = append(s.ServerExtras.Rules, ruleSpec{From: n})
			}
			return
		}
		s.ServerExtras.Gone = uplinkRoutes(l.plan.Server, l.plan.WAN)
		s.keepPhonesReachable(l)
	},
	"wan-gateway-dead": func(l *Lab, s *setup, f Fault, clients []int) {
		dead := l.plan.Server
		dead.Gateway4 = l.unusedNeighbour()
		dead.Gateway6 = dead.Gateway6.Next().Next()
		routes := uplinkRoutes(dead, l.plan.WAN)
		if l.everybody(f) {
			s.ServerExtras.Gone = uplinkRoutes(l.plan.Server, l.plan.WAN)
			s.ServerExtras.Routes = append(s.ServerExtras.Routes, routes...)
			s.keepPhonesReachable(l)
			return
		}
		s.routeApart(l.netsOf(clients), routes, tableReturn)
	},
	// What wg-quick makes of AllowedIPs = 0.0.0.0/0 in the server's own file:
	// a table of its own that sends everything into the tunnel.
	"server-default-hijack": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.ServerPeers[First].AllowedIPs = l.everywhere()
		routes := []routeSpec{{Dst: default4, Link: l.plan.Tunnel}}
		if !l.cfg.NoIPv6 {
			routes = append(routes, routeSpec{Dst: default6, Link: l.plan.Tunnel})
		}
		s.routeApart(l.netsOf(clients), routes, tableQuick)
	},
	"no-return-route-leak": func(l *Lab, s *setup, _ Fault, clients []int) {
		for _, i := range clients {
			for _, h := range l.plan.Clients[i].hosts() {
				s.routeOut(l, h)
			}
		}
	},
	"addr32-no-route": func(l *Lab, s *setup, _ Fault, clients []int) {
		// Two halves weigh more than the route that the address itself made.
		for _, n := range l.netsOf(clients) {
			for _, half := range halves(n) {
				s.routeOut(l, half)
			}
		}
	},
	"ttl-loop": func(l *Lab, s *setup, f Fault, clients []int) {
		sources := []netip.Prefix{host(l.plan.Server.Addr4), host(l.plan.Server.Addr6)}
		if !l.everybody(f) {
			sources = s.moveToAlias(l, clients)
		}
		for _, src := range sources {
			if !src.IsValid() {
				continue
			}
			via, targets := l.plan.Server.Addr4.Addr(), append([]netip.Addr{l.plan.DNS}, l.plan.Web4...)
			if src.Addr().Is6() {
				via, targets = l.plan.Server.Addr6.Addr(), l.plan.Web6
			}
			s.RouterExtras.Rules = append(s.RouterExtras.Rules, ruleSpec{From: src, Table: tableReturn})
			for _, a := range targets {
				s.RouterExtras.Routes = append(s.RouterExtras.Routes,
					routeSpec{Dst: netip.PrefixFrom(a, a.BitLen()), Via: via, Link: linkServer, Table: tableReturn})
			}
		}
	},

	"asym-other-wan": func(l *Lab, s *setup, _ Fault, _ []int) {
		p := l.plan
		s.RouterExtras.Routes = append(s.RouterExtras.Routes,
			routeSpec{Dst: host(p.Server.Addr4), Via: p.Second.Addr4.Addr(), Link: linkSecond},
			routeSpec{Dst: host(p.Server.Addr6), Via: p.Second.Addr6.Addr(), Link: linkSecond})
	},
	// The rule has the address of the line that was the first one once.
	"asym-rpf-strict": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.StrictSecond = true
		s.changeNAT(l, clients, func(n *natRule) {
			a := l.plan.Second.Addr4
			if n.From.Addr().Is6() {
				a = l.plan.Second.Addr6
			}
			n.Action = "snat to " + a.Addr().String()
		})
	},

	"snat-wrong-address": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.changeNAT(l, clients, func(n *natRule) {
			a := l.unusedNeighbour()
			if n.From.Addr().Is6() {
				a = l.plan.Server.Gateway6.Next().Next()
			}
			n.Action = "snat to " + a.String()
		})
	},
	"nat-reply-dropped-notrack": func(l *Lab, s *setup, f Fault, clients []int) {
		match := []string{fmt.Sprintf("udp dport != %d", l.plan.Port), "meta l4proto != udp"}
		if !l.everybody(f) {
			match = nil
			for _, a := range s.moveToAlias(l, clients) {
				match = append(match, matchDest(a))
			}
		}
		for _, m := range match {
			s.RawRules = append(s.RawRules, fmt.Sprintf("iifname %q %s notrack", l.plan.WAN, m))
		}
	},
	"nat-port-exhaustion": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.Asides = append(s.Asides, aside{Calls: 7})
		var others []natRule
		s.changeNAT(l, clients, func(n *natRule) {
			others = append(others, *n)
			n.Action = "meta l4proto tcp masquerade to :50000-50001"
		})
		s.NAT = append(s.NAT, others...)
	},
	"ct-full-emul": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.Asides = append(s.Asides, aside{})
		for _, i := range clients {
			c := l.plan.Clients[i]
			s.ForwardRules = append(s.ForwardRules, fmt.Sprintf("iifname %q %s ct state new limit rate over 1/week burst %d packets drop", l.plan.Tunnel, matchSource(c.Net4), maxTracked))
		}
	},
}

// maxTracked is how many connections of a client ct-full-emul lets through: a full
// table keeps those that ended for minutes (nf_conntrack-sysctl.rst).
const maxTracked = 8

// lanHost is a host of the server's local network.
var lanHost = netip.MustParseAddr("192.168.253.7") // clients are at most 192.168.199 (drawClient)

func (s *setup) pingSecond(l *Lab) {
	if len(l.plan.Clients) > 1 {
		s.Asides = append(s.Asides, aside{Ping: l.plan.Clients[Second].Inner4})
	}
}

// refuseForward adds a statement for what the clients send through the server,
// one for IPv4 and one for IPv6.
func (s *setup) refuseForward(l *Lab, clients []int, v4, v6 string) {
	for _, n := range l.netsOf(clients) {
		statement := v4
		if n.Addr().Is6() {
			statement = v6
		}
		s.ForwardRules = append(s.ForwardRules, fmt.Sprintf("iifname %q %s %s", l.plan.Tunnel, matchSource(n), statement))
	}
}

func (l *Lab) netsOf(clients []int) (nets []netip.Prefix) {
	for _, i := range clients {
		nets = append(nets, l.plan.Clients[i].nets()...)
	}
	return nets
}

// keepPhonesReachable gives the server routes to the phones' outer addresses, so
// that the tunnel itself lives without the default route.
func (s *setup) keepPhonesReachable(l *Lab) {
	for _, c := range l.plan.Clients {
		s.ServerExtras.Routes = append(s.ServerExtras.Routes,
			routeSpec{Dst: host(c.Outer.Addr4), Via: l.plan.Server.Gateway4, Link: l.plan.WAN})
	}
}

// metricSecond makes the routes of the second uplink weigh less than the first's:
// without a metric IPv6 routes have 1024 (IP6_RT_PRIO_USER, linux/ipv6_route.h).
const metricSecond = 2048

// tableQuick is the table that wg-quick(8) takes for a default route.
const tableQuick = 51820

// routeApart sends what comes from some subnets by a table of routes of its own.
func (s *setup) routeApart(nets []netip.Prefix, routes []routeSpec, table int) {
	for _, n := range nets {
		s.ServerExtras.Rules = append(s.ServerExtras.Rules, ruleSpec{From: n, Table: table})
	}
	for _, r := range routes {
		r.Table = table
		s.ServerExtras.Routes = append(s.ServerExtras.Routes, r)
	}
}

// routeOut sends what goes to a prefix out of the WAN.
func (s *setup) routeOut(l *Lab, dst netip.Prefix) {
	via := l.plan.Server.Gateway4
	if dst.Addr().Is6() {
		via = l.plan.Server.Gateway6
	}
	s.ServerExtras.Routes = append(s.ServerExtras.Routes, routeSpec{Dst: dst, Via: via, Link: l.plan.WAN})
}

// moveToAlias gives the clients an address of their own on the WAN, by which the
// router and the server's rules can tell them, and returns it.
func (s *setup) moveToAlias(l *Lab, clients []int) (sources []netip.Prefix) {
	for _, alias := range l.aliases() {
		s.ServerExtras.Addrs = append(s.ServerExtras.Addrs, linkAddr{l.plan.WAN, alias})
		s.changeNAT(l, clients, func(n *natRule) {
			if n.From.Addr().Is4() == alias.Addr().Is4() {
				n.Action = "snat to " + alias.Addr().String()
			}
		})
		sources = append(sources, host(alias))
	}
	return sources
}

// unusedNeighbour returns an address of the WAN's subnet that nobody has.
func (l *Lab) unusedNeighbour() netip.Addr {
	a := shift4(l.plan.Server.Gateway4, 1)
	if a == l.plan.Server.Addr4.Addr() {
		a = a.Next()
	}
	return a
}

// host is the address of a prefix alone.
func host(p netip.Prefix) netip.Prefix {
	if !p.IsValid() {
		return p
	}
	return netip.PrefixFrom(p.Addr(), p.Addr().BitLen())
}

func halves(p netip.Prefix) [2]netip.Prefix {
	b := p.Masked().Addr().AsSlice()
	low, _ := netip.AddrFromSlice(b)
	b[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	high, _ := netip.AddrFromSlice(b)
	return [2]netip.Prefix{netip.PrefixFrom(low, p.Bits()+1), netip.PrefixFrom(high, p.Bits()+1)}
}
