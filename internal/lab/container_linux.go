package lab

import (
	"context"
	"fmt"
	"net/netip"
)

// Adapters of a lab with Config.Container.
const (
	linkContainer = "eth0"    // in the container
	linkBridge    = "docker0" // on the host, as Docker calls it
	linkPort      = "veth7f3" // of the bridge
)

// containerPlan moves the server's node into a container: what was its WAN
// becomes the host's, and the container has a private address behind it.
func (p *Plan) containerPlan() {
	p.HostWAN, p.WAN = p.WAN, linkContainer
	for second := byte(17); ; second++ { // Docker's networks begin at 172.17.0.0/16
		net := netip.PrefixFrom(netip.AddrFrom4([4]byte{172, second, 0, 0}), 16)
		taken := false
		for _, c := range p.Clients {
			taken = taken || net.Overlaps(c.Net4)
		}
		if !taken {
			p.Inside = Uplink{Addr4: netip.PrefixFrom(shift4(net.Addr(), 2), 16), Gateway4: shift4(net.Addr(), 1)}
			return
		}
	}
}

// uplink is that of the node with the tunnel.
func (l *Lab) uplink() Uplink {
	if l.cfg.Container {
		return l.plan.Inside
	}
	return l.plan.Server
}

// Host returns the node where a person works who looks after the server: the
// server itself, or the one around its container.
func (l *Lab) Host() *Node {
	if l.host != nil {
		return l.host
	}
	return l.server
}

// plugContainer lays the cable between the host's bridge and the container.
func (l *Lab) plugContainer(ctx context.Context) error {
	if err := l.host.call(ctx, "veth", vethSpec{linkBridge, l.plan.WAN, l.server.PID()}, nil); err != nil {
		return err
	}
	return l.host.call(ctx, "bridge", bridgeSpec{linkBridge, linkPort}, nil)
}

func (l *Lab) buildHost(ctx context.Context) error {
	if err := l.host.call(ctx, "sysctl", forwarding, nil); err != nil {
		return err
	}
	p := l.plan
	return l.host.call(ctx, "net", netSpec{
		Links: []linkSpec{
			l.link("lo"),
			l.link(linkPort),
			l.link(linkBridge, netip.PrefixFrom(p.Inside.Gateway4, p.Inside.Addr4.Bits())),
			{Name: p.HostWAN, Addrs: []netip.Prefix{p.Server.Addr4, p.Server.Addr6}, Offload: l.offload(linkServer)},
		},
		Routes: uplinkRoutes(p.Server, p.HostWAN),
	}, nil)
}

// hostRules are what Docker makes for a container with a published port: the
// port leads to the container, and what leaves it from its own network is
// translated. HostForward is what stands before that in the forward chain.
func (s *setup) hostRules(p Plan) string {
	inside := p.Inside.Addr4.Masked()
	return table("docker",
		chain("prerouting", "nat", "prerouting", "dstnat", "accept", []string{
			fmt.Sprintf("iifname %q udp dport %d dnat ip to %s:%d", p.HostWAN, p.Port, p.Inside.Addr4.Addr(), p.Port),
		}),
		chain("postrouting", "nat", "postrouting", "srcnat", "accept", []string{
			fmt.Sprintf("%s oifname != %q masquerade", matchSource(inside), linkBridge),
		}),
		chain("forward", "filter", "forward", "filter", "accept", s.HostForward))
}

var containerBreaks = map[string]func(l *Lab, s *setup, f Fault, clients []int){
	"container-host-forward-drop": func(_ *Lab, s *setup, _ Fault, _ []int) {
		s.HostForward = []string{
			"ct state established,related accept",
			fmt.Sprintf("oifname %q accept", linkBridge), // the published port
			fmt.Sprintf("iifname %q drop", linkBridge),
		}
	},
}
