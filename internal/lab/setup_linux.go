package lab

import (
	"net/netip"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// setup is the wanted state of everything that a fault may change. Apply and
// Clear compute it anew from the healthy one and the active faults, and then
// bring the lab there; so clearing a fault restores exactly what it changed.
type setup struct {
	Forward4, Forward6 bool // the server's net.ipv4.ip_forward and net.ipv6.conf.all.forwarding
	ForwardTunnel      bool // the server's net.ipv4.conf.TUNNEL.forwarding
	StrictTunnel       bool // strict rp_filter on the tunnel adapter
	StrictSecond       bool // the same on the second WAN adapter
	MarkWAN            bool // markReturn on whatever arrives on the server's WAN

	NAT           []natRule // on the server, the first that matches
	ForwardPolicy string    // of the server's forward chain: "accept" or "drop"
	ForwardRules  []string  // nft statements
	Lossy         []string  // nft statements of a chain that forward rules may jump to
	InputRules    []string
	RawRules      []string // nft statements in front of connection tracking
	SecondAccepts bool     // a second table whose forward chain accepts everything
	IPTables      string   // filter table of both families as iptables-restore reads it
	Legacy        string   // the same for the old back end

	Asides []aside // what the first client does besides its workload

	HostForward []string // nft statements of the forward chain around the container

	RouterPass []string // nft statements of the router before private addresses are dropped
	RouterDrop []string // nft statements of the router's forward chain
	RouterNAT  []string // nft statements of the router's postrouting chain

	RouterOutput    []string // nft statements on what the router itself sends
	RouterFragments []string // nft statements of the router before fragments are put together
	PhoneFragments  []string // the same of the first phone
	RouterCalls     bool     // datagrams for the server that have nothing to do with the tunnel
	ListenPort      uint16   // of the server's WireGuard

	ServerExtras, RouterExtras extras

	DNS       []netip.Addr // what each phone asks instead of the plan's resolver; invalid: that one
	Resolver  resolverSpec // on the server
	TunnelMTU int          // of both ends of the tunnel; 0: as the workload has it

	ServerPeers []peerState
	PhonePeers  []peerState // the server as each phone sees it
	Reconnect   []bool      // phones that must start a new session
}

// natRule translates what a subnet sends out of an adapter.
type natRule struct {
	From   netip.Prefix
	Out    string
	Action string // nft statement: masquerade with its flags, or snat
}

// healthy returns the state in which everything works.
func (l *Lab) healthy() *setup {
	s := &setup{
		Forward4: true, Forward6: true, ForwardTunnel: true,
		ForwardPolicy: "accept", ListenPort: l.plan.Port,
		Reconnect: make([]bool, len(l.plan.Clients)),
		DNS:       make([]netip.Addr, len(l.plan.Clients)),
	}
	for i, c := range l.plan.Clients {
		for _, n := range c.nets() {
			s.NAT = append(s.NAT, natRule{From: n, Out: l.plan.WAN, Action: "masquerade"})
		}
		s.ServerPeers = append(s.ServerPeers, peerState{Key: l.keys.clients[i].PublicKey(), AllowedIPs: c.hosts()})
		s.PhonePeers = append(s.PhonePeers, peerState{
			Key: l.keys.server.PublicKey(), Endpoint: l.plan.Endpoint(), AllowedIPs: l.everywhere(),
		})
	}
	return s
}

// everywhere is what a full tunnel's configuration allows.
func (l *Lab) everywhere() []netip.Prefix {
	all := []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0)}
	if !l.cfg.NoIPv6 {
		all = append(all, netip.PrefixFrom(netip.IPv6Unspecified(), 0))
	}
	return all
}

// nets returns the client's tunnel subnets.
func (c Client) nets() []netip.Prefix {
	if !c.Net6.IsValid() {
		return []netip.Prefix{c.Net4}
	}
	return []netip.Prefix{c.Net4, c.Net6}
}

// hosts returns the client's own addresses in the tunnel.
func (c Client) hosts() []netip.Prefix {
	list := []netip.Prefix{netip.PrefixFrom(c.Inner4, 32)}
	if c.Inner6.IsValid() {
		list = append(list, netip.PrefixFrom(c.Inner6, 128))
	}
	return list
}

// keySet holds every private key of a lab; they are drawn from the seed and
// protect nothing.
type keySet struct {
	server  wgtypes.Key
	clients []wgtypes.Key
	other   wgtypes.Key // of a peer that does not exist
	psk     wgtypes.Key
}
