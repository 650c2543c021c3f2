package lab

import (
	"context"
	"fmt"
	"net/netip"
)

var (
	default4 = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	default6 = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
)

// build connects the nodes and starts what runs on them.
func (l *Lab) build(ctx context.Context) error {
	var settle []func() error
	for _, n := range l.nodes {
		settle = append(settle, func() error { return n.call(ctx, "sysctl", quiet, nil) })
	}
	if err := parallel(settle...); err != nil {
		return err
	}
	if err := l.cable(ctx); err != nil {
		return err
	}
	err := parallel(
		func() error { return l.buildRouter(ctx) },
		func() error {
			if l.host != nil {
				if err := l.buildHost(ctx); err != nil {
					return err
				}
			}
			return l.buildServer(ctx)
		},
		func() error { return l.buildSite(ctx) },
		func() error {
			for i := range l.phones {
				if err := l.buildPhone(ctx, i); err != nil {
					return err
				}
			}
			return nil
		},
	)
	if err != nil {
		return err
	}
	var carriers []func() error
	for _, n := range l.nodes {
		carriers = append(carriers, func() error { return n.call(ctx, "carriers", none{}, nil) })
	}
	if err := parallel(carriers...); err != nil {
		return err
	}
	if err := l.ResetTruth(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.converge(ctx, l.healthy(), make([]bool, len(l.phones)))
}

// cable lays a veth pair from the router to every other node.
func (l *Lab) cable(ctx context.Context) error {
	outermost := vethSpec{linkServer, l.plan.WAN, l.server.PID()}
	if l.host != nil {
		if err := l.plugContainer(ctx); err != nil {
			return err
		}
		outermost = vethSpec{linkServer, l.plan.HostWAN, l.host.PID()}
	}
	cables := []vethSpec{
		outermost,
		{linkSite, linkWeb, l.site.PID()},
	}
	if l.plan.SecondWAN != "" {
		cables = append(cables, vethSpec{linkSecond, l.plan.SecondWAN, l.server.PID()})
	}
	for i, p := range l.phones {
		cables = append(cables, vethSpec{p.Name(), linkOuter, l.phones[i].PID()})
	}
	for _, c := range cables {
		if err := l.router.call(ctx, "veth", c, nil); err != nil {
			return err
		}
	}
	return nil
}

// quiet are settings of every node, written before it has adapters. Only
// faults filter by reverse path, whatever the host's default is.
var quiet = []sysctl{
	{"net.ipv4.conf.all.rp_filter", "0"},
	{"net.ipv4.conf.default.rp_filter", "0"},
	{"net.ipv6.conf.all.disable_ipv6", "0"},
	{"net.ipv6.conf.default.disable_ipv6", "0"},
	{"net.ipv6.conf.all.accept_ra", "0"},
	{"net.ipv6.conf.default.accept_ra", "0"},
	// A link-local address that is still tentative cannot resolve neighbours:
	// the first second of every lab would be deaf.
	{"net.ipv6.conf.all.accept_dad", "0"},
	{"net.ipv6.conf.default.accept_dad", "0"},
	{"net.ipv6.conf.default.dad_transmits", "0"},
}

var forwarding = []sysctl{{"net.ipv4.ip_forward", "1"}, {"net.ipv6.conf.all.forwarding", "1"}}

// remembering keeps finished connections in the table long enough to be read as
// truth: a reset one would leave after 10 s (nf_conntrack-sysctl.rst).
var remembering = []sysctl{
	{"net.netfilter.nf_conntrack_icmp_timeout", "120"},
	{"net.netfilter.nf_conntrack_icmpv6_timeout", "120"},
	{"net.netfilter.nf_conntrack_udp_timeout", "120"},
	{"net.netfilter.nf_conntrack_tcp_timeout_close", "120"},
}

func (l *Lab) buildRouter(ctx context.Context) error {
	if err := l.router.call(ctx, "sysctl", forwarding, nil); err != nil {
		return err
	}
	gateway := func(a netip.Addr, of netip.Prefix) netip.Prefix { return netip.PrefixFrom(a, of.Bits()) }
	p := l.plan
	n := netSpec{Links: []linkSpec{
		l.link(linkServer, gateway(p.Server.Gateway4, p.Server.Addr4), gateway(p.Server.Gateway6, p.Server.Addr6)),
		l.link(linkSite, gateway(p.Site.Gateway4, p.Site.Addr4), gateway(p.Site.Gateway6, p.Site.Addr6)),
	}}
	if u := p.Second; p.SecondWAN != "" {
		n.Links = append(n.Links, l.link(linkSecond, gateway(u.Gateway4, u.Addr4), gateway(u.Gateway6, u.Addr6)))
	}
	for i, c := range p.Clients {
		n.Links = append(n.Links, l.link(l.phones[i].Name(), gateway(c.Outer.Gateway4, c.Outer.Addr4)))
	}
	for _, a := range append(append([]netip.Addr{p.DNS}, p.Web4...), p.Web6...) {
		via := p.Site.Addr4.Addr()
		if a.Is6() {
			via = p.Site.Addr6.Addr()
		}
		n.Routes = append(n.Routes, routeSpec{Dst: netip.PrefixFrom(a, a.BitLen()), Via: via, Link: linkSite})
	}
	return l.router.call(ctx, "net", n, nil)
}

func (l *Lab) link(name string, addrs ...netip.Prefix) linkSpec {
	return linkSpec{Name: name, Addrs: addrs, Offload: l.offload(name)}
}

// offload reports whether an adapter has segmentation offload. linkServer is
// the router's end of the server's cable.
func (l *Lab) offload(name string) bool {
	switch name {
	case l.plan.Tunnel:
		return l.cfg.Offload && !l.cfg.WireTunnel
	case linkServer:
		return l.cfg.Offload && !l.cfg.WireWAN
	}
	return l.cfg.Offload
}

func uplinkRoutes(u Uplink, link string) []routeSpec {
	routes := []routeSpec{{Dst: default4, Via: u.Gateway4, Link: link}}
	if u.Gateway6.IsValid() {
		routes = append(routes, routeSpec{Dst: default6, Via: u.Gateway6, Link: link})
	}
	return routes
}

func (l *Lab) buildSite(ctx context.Context) error {
	p := l.plan
	var own []netip.Prefix
	for _, a := range append(append([]netip.Addr{p.DNS}, p.Web4...), p.Web6...) {
		own = append(own, netip.PrefixFrom(a, a.BitLen()))
	}
	n := netSpec{
		Links:  []linkSpec{l.link("lo", own...), l.link(linkWeb, p.Site.Addr4, p.Site.Addr6)},
		Routes: uplinkRoutes(p.Site, linkWeb),
	}
	if err := l.site.call(ctx, "net", n, nil); err != nil {
		return err
	}
	return l.site.call(ctx, "site", siteSpec{Web4: p.Web4, Web6: p.Web6, DNS: p.DNS}, nil)
}

func (l *Lab) buildServer(ctx context.Context) error {
	if err := l.server.call(ctx, "sysctl", forwarding, nil); err != nil {
		return err
	}
	if err := l.startTunnel(ctx); err != nil {
		return err
	}
	cable := []linkSpec{l.link("lo")}
	if l.cfg.BridgeWAN {
		if err := l.server.call(ctx, "bridge", bridgeSpec{l.plan.WAN, BridgePort}, nil); err != nil {
			return err
		}
		cable = append(cable, linkSpec{Name: BridgePort, Offload: l.offload(linkServer)})
	}
	addrs := []netip.Prefix{l.uplink().Addr4}
	if a := l.uplink().Addr6; a.IsValid() {
		addrs = append(addrs, a)
	}
	n := netSpec{
		Links: append(cable,
			linkSpec{Name: l.plan.WAN, Addrs: addrs, Offload: l.offload(linkServer)},
			l.tunnelLink(),
		),
		Routes: uplinkRoutes(l.uplink(), l.plan.WAN),
	}
	if u := l.plan.Second; l.plan.SecondWAN != "" {
		n.Links = append(n.Links, l.link(l.plan.SecondWAN, u.Addr4, u.Addr6))
		for _, r := range uplinkRoutes(u, l.plan.SecondWAN) {
			r.Metric = metricSecond
			n.Routes = append(n.Routes, r)
		}
	}
	if err := l.server.call(ctx, "net", n, nil); err != nil {
		return err
	}
	// The first rule loads connection tracking, and with it these settings.
	if err := l.server.call(ctx, "nft", nftText{l.tapRules()}, nil); err != nil {
		return err
	}
	return l.server.call(ctx, "sysctl", remembering, nil)
}

func (l *Lab) buildPhone(ctx context.Context, i int) error {
	node, c := l.phones[i], l.plan.Clients[i]
	err := node.call(ctx, "net", netSpec{Links: []linkSpec{l.link("lo"), l.link(linkOuter, c.Outer.Addr4)}}, nil)
	if err != nil {
		return err
	}
	err = node.call(ctx, "tunnel.start", tunnelSpec{
		Name: linkTunnel, MTU: mtuLaptop, Kernel: l.cfg.Kernel, Offload: l.cfg.Offload,
		Config: fmt.Sprintf("private_key=%x\n", l.keys.clients[i][:]),
	}, nil)
	if err != nil {
		return err
	}
	n := netSpec{
		Links: []linkSpec{l.link(linkTunnel, c.hosts()...)},
		// The tunnel carries everything but its own packets.
		Routes: []routeSpec{
			{Dst: netip.PrefixFrom(l.plan.Server.Addr4.Addr(), 32), Via: c.Outer.Gateway4, Link: linkOuter},
			{Dst: default4, Link: linkTunnel},
		},
	}
	if c.Inner6.IsValid() {
		n.Routes = append(n.Routes, routeSpec{Dst: default6, Link: linkTunnel})
	}
	return node.call(ctx, "net", n, nil)
}
