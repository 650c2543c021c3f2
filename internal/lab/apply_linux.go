package lab

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Apply brings a fault about, or a healthy variant, and returns when it is in
// force: rules are loaded in one transaction, settings are read back, peers are
// compared with what the device reports. Faults add up; one that is active is
// replaced when its scope changes. The server forgets its connections, so that
// none outlives the change.
func (l *Lab) Apply(ctx context.Context, f Fault) error {
	if _, err := FindScenario(f.Name); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	active := slices.DeleteFunc(slices.Clone(l.active), func(a Fault) bool { return a.Name == f.Name })
	return l.become(ctx, append(active, f))
}

// Clear takes a fault away again, as condition-checked as Apply. A fault that
// is not active is not an error.
func (l *Lab) Clear(ctx context.Context, name string) error {
	if _, err := FindScenario(name); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.become(ctx, slices.DeleteFunc(slices.Clone(l.active), func(a Fault) bool { return a.Name == name }))
}

// become computes the state that the faults make and brings the lab there; the
// caller holds mu.
func (l *Lab) become(ctx context.Context, active []Fault) error {
	want := l.healthy()
	for _, f := range active {
		s, err := FindScenario(f.Name)
		if err != nil {
			return err
		}
		if s.SecondUplink && l.plan.SecondWAN == "" {
			return fmt.Errorf("scenario %s: the lab has no second uplink (Config.SecondUplink)", f.Name)
		}
		breaks[f.Name](l, want, f, l.hit(f, s))
	}
	// Whoever had to reconnect for a fault must do so when it goes.
	reconnect := slices.Clone(want.Reconnect)
	for i := range reconnect {
		reconnect[i] = reconnect[i] != l.now.Reconnect[i] || reconnect[i] && !slices.Equal(active, l.active)
	}
	if err := l.converge(ctx, want, reconnect); err != nil {
		return err
	}
	l.active = active
	return nil
}

// converge makes want the state of the lab and starts the sessions of the
// phones in reconnect anew; the caller holds mu.
func (l *Lab) converge(ctx context.Context, want *setup, reconnect []bool) error {
	have := l.now
	if have == nil {
		have = &setup{ListenPort: l.plan.Port}
	}
	bit := func(b bool) string {
		if b {
			return "1"
		}
		return "0"
	}
	// ip_forward sets the adapters' own switches, so it goes first.
	settings := []sysctl{
		{"net.ipv4.ip_forward", bit(want.Forward4)},
		{"net.ipv6.conf.all.forwarding", bit(want.Forward6)},
		{"net.ipv4.conf." + l.plan.Tunnel + ".forwarding", bit(want.ForwardTunnel && want.Forward4)},
		{"net.ipv4.conf." + l.plan.Tunnel + ".rp_filter", bit(want.StrictTunnel)},
	}
	if l.plan.SecondWAN != "" {
		settings = append(settings, sysctl{"net.ipv4.conf." + l.plan.SecondWAN + ".rp_filter", bit(want.StrictSecond)})
	}
	err := parallel(
		func() error { return l.server.call(ctx, "sysctl", settings, nil) },
		func() error { return l.server.call(ctx, "nft", nftText{want.serverRules(l.plan.WAN)}, nil) },
		func() error {
			if err := l.server.call(ctx, "extras", want.ServerExtras, nil); err != nil {
				return err
			}
			mtu := cmp.Or(want.TunnelMTU, mtuLaptop)
			if err := l.server.call(ctx, "net", netSpec{Links: []linkSpec{{Name: l.plan.Tunnel, MTU: mtu, Offload: true}}}, nil); err != nil {
				return err
			}
			return l.server.call(ctx, "resolver", want.Resolver, nil)
		},
		func() error {
			return l.server.call(ctx, "iptables", backEnds{have.IPTables, want.IPTables, have.Legacy, want.Legacy}, nil)
		},
		func() error {
			if l.host == nil {
				return nil
			}
			return l.host.call(ctx, "nft", nftText{want.hostRules(l.plan)}, nil)
		},
		func() error { return l.router.call(ctx, "nft", nftText{want.routerRules()}, nil) },
		func() error { return l.phones[First].call(ctx, "nft", nftText{want.phoneRules()}, nil) },
		func() error { return l.router.call(ctx, "extras", want.RouterExtras, nil) },
		func() error { return l.setCalls(ctx, want.RouterCalls) },
		func() error {
			if have.ListenPort != want.ListenPort {
				port := tunnelConfig{fmt.Sprintf("listen_port=%d\n", want.ListenPort)}
				if err := l.server.call(ctx, "tunnel.set", port, nil); err != nil {
					return err
				}
			}
			return l.setPeers(ctx, l.server, have.ServerPeers, want.ServerPeers)
		},
	)
	// The phones come last: what they start must meet the new server.
	for i, p := range l.phones {
		wish := want.PhonePeers[i : i+1]
		switch {
		case err != nil:
		case reconnect[i] || i >= len(have.PhonePeers):
			err = l.connect(ctx, i, wish)
		default:
			err = l.setPeers(ctx, p, have.PhonePeers[i:i+1], wish)
		}
	}
	if err != nil {
		// What is in force now is neither have nor want: the next change
		// starts from scratch.
		l.now = &setup{Reconnect: make([]bool, len(l.phones)), DNS: make([]netip.Addr, len(l.phones))}
		return err
	}
	l.now = want
	return parallel(
		func() error { return l.server.call(ctx, "conntrack.flush", none{}, nil) },
		func() error { return l.router.call(ctx, "conntrack.flush", none{}, nil) },
		func() error {
			if l.host == nil {
				return nil
			}
			return l.host.call(ctx, "conntrack.flush", none{}, nil)
		},
	)
}

// setPeers changes a node's peers and reads them back.
func (l *Lab) setPeers(ctx context.Context, n *Node, have, want []peerState) error {
	if config := peerChanges(have, want); config != "" {
		return l.configure(ctx, n, config, want)
	}
	return nil
}

func (l *Lab) configure(ctx context.Context, n *Node, config string, want []peerState) error {
	if err := n.call(ctx, "tunnel.set", tunnelConfig{config}, nil); err != nil {
		return err
	}
	var got []peerStatus
	if err := n.call(ctx, "tunnel.get", none{}, &got); err != nil {
		return err
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s: %d peers configured, %d wanted", n.Name(), len(got), len(want))
	}
	for _, w := range want {
		i := slices.IndexFunc(got, func(g peerStatus) bool { return g.Key == w.Key })
		if i < 0 || len(got[i].AllowedIPs) != len(w.AllowedIPs) {
			return fmt.Errorf("%s: peer %s is not configured as wanted", n.Name(), w.Key)
		}
	}
	return nil
}

// Reconnect ends a client's session, as switching its tunnel off and on does:
// the next packet, or a keepalive if one is configured, brings a handshake.
func (l *Lab) Reconnect(ctx context.Context, client int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.connect(ctx, client, l.now.PhonePeers[client:client+1])
}

// connectGap is the least time between two new sessions of a phone. A server
// ignores an initiation less than 20 ms after the last one, and one whose time
// stamp, which is coarsened to 17 ms, is not newer (HandshakeInitationRate,
// device/constants.go, and tai64n of wireguard-go); the phone would then try
// again only after 5 s.
const connectGap = 50 * time.Millisecond

// connect gives a phone its peers as if they were new; the caller holds mu.
func (l *Lab) connect(ctx context.Context, client int, peers []peerState) error {
	select {
	case <-time.After(time.Until(l.connected[client].Add(connectGap))):
	case <-ctx.Done():
		return ctx.Err()
	}
	l.connected[client] = time.Now()
	return l.configure(ctx, l.phones[client], "replace_peers=true\n"+peerChanges(nil, peers), peers)
}

// Handshake returns when the server last completed a handshake with a client;
// zero means never.
func (l *Lab) Handshake(ctx context.Context, client int) (time.Time, error) {
	var peers []peerStatus
	if err := l.server.call(ctx, "tunnel.get", none{}, &peers); err != nil {
		return time.Time{}, err
	}
	for _, p := range peers {
		if p.Key == l.keys.clients[client].PublicKey() {
			return p.Handshake, nil
		}
	}
	return time.Time{}, nil
}

// Run makes a client's traffic and returns what it experienced.
func (l *Lab) Run(ctx context.Context, client int, run Run) (Result, error) {
	if run.Bulk == 0 {
		run.Bulk = 2_000_000
	}
	if run.Flows == 0 {
		run.Flows = 1000
	}
	if run.Timeout == 0 {
		run.Timeout = 4 * time.Second
		if run.Workload == Probe {
			run.Timeout = 2 * time.Second
		}
	}
	if run.Seed == 0 {
		run.Seed = l.plan.Seed + int64(client)
	}
	l.mu.Lock()
	dns, mtu := l.now.DNS[client], 0
	if client == First {
		mtu = l.now.TunnelMTU
	}
	if client == First && run.Workload != Idle {
		run.Asides = l.now.Asides
	}
	l.mu.Unlock()
	if !dns.IsValid() {
		dns = l.plan.DNS
	}
	var res Result
	err := l.phones[client].call(ctx, "workload", workSpec{
		Run: run, Tunnel: linkTunnel, Web4: l.plan.Web4, Web6: l.plan.Web6, DNS: dns, Names: l.plan.Names, MTU: mtu,
	}, &res)
	res.Client = client
	return res, err
}
