package lab

import (
	"fmt"
	"net/netip"
	"slices"
)

// Sizes of the scenarios: a mobile or DSL line, the least that IPv6 allows, and
// what wg-quick makes of the 9001 octets of a cloud's adapter.
const (
	mtuNarrow = 1400
	mtuLeast  = 1280
	mtuJumbo  = 8920
)

// lanResolver is what a home router calls itself; nobody has it here.
var lanResolver = netip.MustParseAddr("192.168.250.1")

var upperBreaks = map[string]func(l *Lab, s *setup, f Fault, clients []int){
	"dns-local-resolver": func(l *Lab, s *setup, _ Fault, _ []int) { s.askServer(l, First, resolverAnswers) },
	"dns-no-listener":    func(l *Lab, s *setup, _ Fault, _ []int) { s.askServer(l, First, "") },
	"dns-dnsmasq-local-service": func(l *Lab, s *setup, _ Fault, _ []int) {
		s.askServer(l, First, resolverIgnores)
	},
	"dns-input-drop": func(l *Lab, s *setup, _ Fault, _ []int) {
		s.askServer(l, First, resolverAnswers)
		s.InputRules = append(s.InputRules, matchSource(l.plan.Clients[First].Net4)+" udp dport 53 drop")
	},
	"dns-refused":      func(l *Lab, s *setup, _ Fault, _ []int) { s.askServer(l, First, resolverRefuses) },
	"dns-wrong-source": func(l *Lab, s *setup, _ Fault, _ []int) { s.askServer(l, First, resolverElsewhere) },
	"dns-blocked-upstream": func(l *Lab, s *setup, f Fault, _ []int) {
		s.RouterDrop = append(s.RouterDrop, fmt.Sprintf("iifname %q udp dport 53 drop", linkServer))
		if !l.everybody(f) {
			s.askServer(l, Second, resolverAnswers)
		}
	},
	"dns-lan-resolver-unreachable": func(_ *Lab, s *setup, _ Fault, _ []int) { s.DNS[First] = lanResolver },
	"client-split-tunnel": func(l *Lab, s *setup, _ Fault, _ []int) {
		s.askServer(l, First, resolverAnswers)
		s.PhonePeers[First].AllowedIPs = l.plan.Clients[First].nets()
		s.reconnect([]int{First})
	},

	"v6-blackhole-no-forward": func(l *Lab, s *setup, f Fault, clients []int) {
		if l.everybody(f) {
			s.Forward6 = false
			return
		}
		s.onForward6(l, clients, "drop")
	},
	"v6-blackhole-forward-no-nat": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.NAT = slices.DeleteFunc(s.NAT, func(n natRule) bool {
			return slices.ContainsFunc(clients, func(i int) bool { return n.From == l.plan.Clients[i].Net6 })
		})
	},
	"v6-no-default-route": func(l *Lab, s *setup, _ Fault, clients []int) {
		// The answer of a kernel without a route (ip6_pkt_discard, net/ipv6/route.c).
		s.onForward6(l, clients, "reject with icmpv6 no-route")
	},

	"v6-server-allowedips-missing": func(l *Lab, s *setup, _ Fault, _ []int) {
		s.ServerPeers[First].AllowedIPs = l.plan.Clients[First].hosts()[:1]
		s.reconnect([]int{First})
	},

	"mtu-outer-blackhole":            narrowPhone,
	"mtu-outer-blackhole-iphone1280": narrowPhone,
	"mtu-inner-fragneeded-lost": func(l *Lab, s *setup, _ Fault, _ []int) {
		s.narrowTunnel(l)
		s.RouterDrop = append(s.RouterDrop,
			fmt.Sprintf("iifname %q icmp type destination-unreachable drop", linkServer),
			fmt.Sprintf("iifname %q icmpv6 type packet-too-big drop", linkServer))
	},
	"mtu-inner-fragneeded-works": func(l *Lab, s *setup, _ Fault, _ []int) { s.narrowTunnel(l) },
	"mtu-inner-upload-blackhole": func(l *Lab, s *setup, f Fault, clients []int) {
		// What is merged here is larger still.
		drop := fmt.Sprintf("meta l4proto tcp meta length > %d drop", mtuLeast)
		if l.everybody(f) {
			s.RouterDrop = append(s.RouterDrop, fmt.Sprintf("iifname %q oifname %q %s", linkServer, linkSite, drop))
			return
		}
		s.leaveByAlias(l, clients, drop)
	},
	"jumbo-mtu-8920": func(_ *Lab, s *setup, _ Fault, _ []int) {
		s.TunnelMTU = mtuJumbo
		s.RouterFragments = append(s.RouterFragments, dropFragments)
	},
	"jumbo-mtu-8920-works": func(_ *Lab, s *setup, _ Fault, _ []int) { s.TunnelMTU = mtuJumbo },
}

// askServer lets a phone ask the server for names, and the server's resolver
// treat it so.
func (s *setup) askServer(l *Lab, client int, how resolverMode) {
	s.DNS[client] = l.plan.Clients[client].Server4
	if how != "" {
		s.Resolver = resolverSpec{Mode: how, Addr: s.DNS[client], Other: l.plan.Server.Addr4.Addr(), Web4: l.plan.Web4, Web6: l.plan.Web6}
	}
}

// onForward6 does something with the IPv6 packets that clients send through the
// server.
func (s *setup) onForward6(l *Lab, clients []int, statement string) {
	for _, i := range clients {
		s.ForwardRules = append(s.ForwardRules, fmt.Sprintf("iifname %q %s %s", l.plan.Tunnel, matchSource(l.plan.Clients[i].Net6), statement))
	}
}

// dropFragments is what mobile networks and clouds do to fragments.
const dropFragments = "ip frag-off & 0x3fff != 0 drop"

// narrowPhone makes the line to the first phone carry less, in silence. What may
// be fragmented arrives in pieces, and is dropped there: Linux sends merged
// datagrams that are larger than its own adapter carries without DF
// (__ip_make_skb, net/ipv4/ip_output.c).
func narrowPhone(l *Lab, s *setup, _ Fault, _ []int) {
	phone := l.plan.Clients[First].Outer.Addr4.Addr()
	s.RouterExtras.Routes = append(s.RouterExtras.Routes, routeSpec{Dst: netip.PrefixFrom(phone, 32), Link: l.phones[First].Name(), MTU: mtuNarrow})
	s.RouterOutput = append(s.RouterOutput, "icmp type destination-unreachable drop")
	s.PhoneFragments = append(s.PhoneFragments, dropFragments)
}

// narrowTunnel makes the tunnel to the first phone narrower than its own end
// believes.
func (s *setup) narrowTunnel(l *Lab) {
	for _, h := range l.plan.Clients[First].hosts() {
		s.ServerExtras.Routes = append(s.ServerExtras.Routes, routeSpec{Dst: h, Link: l.plan.Tunnel, MTU: mtuLeast})
	}
}
