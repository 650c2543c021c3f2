package lab

import (
	"fmt"
	"maps"
	"net/netip"
)

// hit returns the clients that a fault concerns.
func (l *Lab) hit(f Fault, s Scenario) []int {
	if f.OnlyFirst || s.OneClient || len(l.plan.Clients) == 1 {
		return []int{First}
	}
	return []int{First, Second}
}

// everybody reports whether the whole server is to be hit.
func (l *Lab) everybody(f Fault) bool { return !f.OnlyFirst || len(l.plan.Clients) == 1 }

// breaks are what each scenario changes in the healthy state. Every name of
// scenarios has one.
var breaks = joined(insideBreaks, outerBreaks, forwardBreaks, upperBreaks, containerBreaks)

func joined[T any](parts ...map[string]T) map[string]T {
	all := map[string]T{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

var insideBreaks = map[string]func(l *Lab, s *setup, f Fault, clients []int){
	"none": func(*Lab, *setup, Fault, []int) {},

	"healthy-routed-no-nat": func(l *Lab, s *setup, _ Fault, _ []int) {
		s.NAT = nil
		for _, c := range l.plan.Clients {
			for _, n := range c.nets() {
				s.RouterPass = append(s.RouterPass, matchSource(n)+" accept", matchDest(n)+" accept")
				via := l.plan.Server.Addr4.Addr()
				if n.Addr().Is6() {
					via = l.plan.Server.Addr6.Addr()
				}
				s.RouterExtras.Routes = append(s.RouterExtras.Routes, routeSpec{Dst: n, Via: via, Link: linkServer})
			}
		}
	},
	"healthy-port-rewritten": func(_ *Lab, s *setup, _ Fault, _ []int) {
		for i := range s.NAT {
			s.NAT[i].Action = "masquerade fully-random"
		}
	},
	"healthy-double-nat": func(l *Lab, s *setup, _ Fault, _ []int) {
		s.RouterNAT = append(s.RouterNAT,
			fmt.Sprintf("iifname %q oifname %q masquerade", linkServer, linkSite))
	},
	"drop-n": func(l *Lab, s *setup, f Fault, _ []int) {
		n := f.Count
		if n == 0 {
			n = 5
		}
		// A limit without a rate to speak of passes its burst and then
		// nothing (nft_limit.c): exactly n, in whatever connections.
		var hosts []string
		for _, h := range l.plan.Clients[First].hosts() {
			hosts = append(hosts, fmt.Sprintf("iifname %q %s saddr %s jump lossy", l.plan.Tunnel, family(h), h.Addr()))
		}
		s.ForwardRules = append(s.ForwardRules, hosts...)
		s.Lossy = []string{fmt.Sprintf(
			"meta l4proto tcp tcp flags & (syn|fin|rst) == 0 meta length > 100 numgen inc mod %d == 0 limit rate 1/week burst %d packets counter name %s drop",
			dropSpacing, n, counterDropped)}
	},
	"idle": func(_ *Lab, s *setup, _ Fault, _ []int) {
		// A keepalive that is configured brings the session up by itself.
		for i := range s.PhonePeers {
			s.PhonePeers[i].Keepalive = 25
			s.Reconnect[i] = true
		}
	},

	"nat-missing": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.changeNAT(l, clients, nil)
	},
	"nat-wrong-out-interface": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.changeNAT(l, clients, func(n *natRule) { n.Out = "wlan0" })
	},
	"nat-wrong-subnet": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.changeNAT(l, clients, func(n *natRule) { n.From = l.unusedSubnet(n.From) })
	},

	"forwarding-off": func(l *Lab, s *setup, f Fault, clients []int) {
		if l.everybody(f) {
			s.Forward4, s.Forward6 = false, false
			return
		}
		s.dropForward(l, clients)
	},
	"forwarding-off-tunnel": func(l *Lab, s *setup, f Fault, clients []int) {
		if l.everybody(f) {
			s.ForwardTunnel = false
			return
		}
		for _, i := range clients {
			s.ForwardRules = append(s.ForwardRules, matchSource(l.plan.Clients[i].Net4)+" drop")
		}
	},
	"forward-policy-drop": func(l *Lab, s *setup, f Fault, clients []int) {
		s.ForwardPolicy = "drop"
		if l.everybody(f) {
			return
		}
		// What a firewall of that kind looks like when it lets one subnet out.
		s.ForwardRules = append(s.ForwardRules, "ct state established,related accept")
		for _, n := range l.plan.Clients[Second].nets() {
			s.ForwardRules = append(s.ForwardRules, fmt.Sprintf("iifname %q %s accept", l.plan.Tunnel, matchSource(n)))
		}
	},
	"forward-no-return-rule": func(l *Lab, s *setup, f Fault, clients []int) {
		if l.everybody(f) {
			s.ForwardPolicy = "drop"
			s.ForwardRules = append(s.ForwardRules, fmt.Sprintf("iifname %q accept", l.plan.Tunnel))
			return
		}
		for _, n := range l.netsOf(clients) {
			s.ForwardRules = append(s.ForwardRules, fmt.Sprintf("oifname %q %s drop", l.plan.Tunnel, matchDest(n)))
		}
	},
	"rpfilter-strict": func(l *Lab, s *setup, _ Fault, clients []int) {
		// Replies find their way by a mark, but the main table, which the
		// filter asks without that mark (fib_validate_source), knows the phone
		// behind the WAN.
		s.StrictTunnel, s.MarkWAN = true, true
		s.ServerExtras.Rules = append(s.ServerExtras.Rules, ruleSpec{Mark: markReturn, Table: tableReturn})
		for _, i := range clients {
			host := netip.PrefixFrom(l.plan.Clients[i].Inner4, 32)
			s.ServerExtras.Routes = append(s.ServerExtras.Routes,
				routeSpec{Dst: host, Via: l.plan.Server.Gateway4, Link: l.plan.WAN},
				routeSpec{Dst: host, Link: l.plan.Tunnel, Table: tableReturn})
		}
	},

	"upstream-blocks-all": func(l *Lab, s *setup, f Fault, clients []int) {
		if l.everybody(f) {
			s.RouterDrop = append(s.RouterDrop,
				fmt.Sprintf("iifname %q udp sport %d accept", linkServer, l.plan.Port),
				fmt.Sprintf("iifname %q drop", linkServer))
			return
		}
		s.leaveByAlias(l, clients, "drop")
	},

	"server-input-drop": func(l *Lab, s *setup, f Fault, clients []int) {
		s.guardPort(l, f, "drop")
		s.reconnect(clients)
	},
	"path-out-blocked": func(l *Lab, s *setup, f Fault, clients []int) {
		for _, i := range clients {
			// The first octet of the UDP payload is the message type: 2 is the
			// handshake response (WireGuard whitepaper section 5.4.3).
			s.RouterDrop = append(s.RouterDrop, fmt.Sprintf("ip daddr %s udp sport %d @th,64,8 2 drop",
				l.plan.Clients[i].Outer.Addr4.Addr(), l.plan.Port))
		}
		s.reconnect(clients)
	},
	"server-unknown-client-key": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.ServerPeers[First].Key = l.keys.other.PublicKey()
		s.reconnect(clients)
	},
	"client-wrong-server-key": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.PhonePeers[First].Key = l.keys.other.PublicKey()
		s.reconnect(clients)
	},
	"psk-mismatch": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.PhonePeers[First].PSK = l.keys.psk
		s.reconnect(clients)
	},
	"psk-server-only": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.ServerPeers[First].PSK = l.keys.psk
		s.reconnect(clients)
	},
	"server-allowedips-missing": func(l *Lab, s *setup, _ Fault, clients []int) {
		// A leftover of an earlier numbering, in the same subnet.
		hosts := l.plan.Clients[First].hosts()
		for i, h := range hosts {
			hosts[i] = netip.PrefixFrom(h.Addr().Next(), h.Bits())
		}
		s.ServerPeers[First].AllowedIPs = hosts
		s.reconnect(clients)
	},
	"peer-allowedips-stolen": func(l *Lab, s *setup, _ Fault, clients []int) {
		s.ServerPeers[First].AllowedIPs = nil
		s.ServerPeers = append(s.ServerPeers, peerState{
			Key: l.keys.other.PublicKey(), AllowedIPs: l.plan.Clients[First].hosts(),
		})
		s.reconnect(clients)
	},
}

// dropSpacing is how many data segments of the client drop-n counts for one
// that it drops, the first one first: a page load loses some, and TCP makes
// them good.
const dropSpacing = 10

// The mark and the routing table of replies in rpfilter-strict.
const (
	markReturn  = 1
	tableReturn = 100
)

// reconnect makes the clients start new sessions: an established one would
// hide a fault of the handshake for two minutes (REKEY_AFTER_TIME), and leave
// no handshake for a capture to see.
func (s *setup) reconnect(clients []int) {
	for _, i := range clients {
		s.Reconnect[i] = true
	}
}

// changeNAT changes the rules that translate the clients; without change they
// are removed.
func (s *setup) changeNAT(l *Lab, clients []int, change func(*natRule)) {
	var kept []natRule
	for _, n := range s.NAT {
		ours := false
		for _, i := range clients {
			c := l.plan.Clients[i]
			ours = ours || n.From == c.Net4 || n.From == c.Net6
		}
		if ours && change == nil {
			continue
		}
		if ours {
			change(&n)
		}
		kept = append(kept, n)
	}
	s.NAT = kept
}

// leaveByAlias lets the router do something with what comes from clients: once
// they are translated, it could not tell them apart but by an address of their own.
func (s *setup) leaveByAlias(l *Lab, clients []int, statement string) {
	for _, alias := range s.moveToAlias(l, clients) {
		s.RouterDrop = append(s.RouterDrop, family(alias)+" saddr "+alias.Addr().String()+" "+statement)
	}
}

// dropForward drops what the clients send through the server.
func (s *setup) dropForward(l *Lab, clients []int) {
	s.refuseForward(l, clients, "drop", "drop")
}

// unusedSubnet returns the subnet next to p that no client uses.
func (l *Lab) unusedSubnet(p netip.Prefix) netip.Prefix {
	b := p.Addr().As16()
	i := 14 // the third octet of IPv4 in the mapped form
	if p.Addr().Is6() {
		i = 7
	}
	// Clients are at most 199 there (drawClient).
	b[i] = 250
	return netip.PrefixFrom(netip.AddrFrom16(b).Unmap(), p.Bits())
}

// aliases returns a second address of the server in each family.
func (l *Lab) aliases() []netip.Prefix {
	up := l.plan.Server
	a := shift4(up.Gateway4, 13) // drawUplink stays below
	list := []netip.Prefix{netip.PrefixFrom(a, up.Addr4.Bits())}
	if !l.cfg.NoIPv6 {
		list = append(list, netip.PrefixFrom(up.Gateway6.Next(), 64))
	}
	return list
}
