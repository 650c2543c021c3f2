package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// outerBreaks are what outerScenarios change.
var outerBreaks = map[string]func(l *Lab, s *setup, f Fault, clients []int){
	"cgnat": func(l *Lab, s *setup, _ Fault, clients []int) {
		for _, i := range clients {
			s.RouterNAT = append(s.RouterNAT, fmt.Sprintf("oifname %q ip saddr %s masquerade", linkServer, l.plan.Clients[i].Outer.Addr4.Addr()))
		}
		s.reconnect(clients)
	},
	"wg-not-listening": func(l *Lab, s *setup, f Fault, clients []int) {
		if l.everybody(f) {
			s.ListenPort = l.otherPort()
		} else {
			s.PhonePeers[First].Endpoint = netip.AddrPortFrom(l.plan.Endpoint().Addr(), l.otherPort())
		}
		s.reconnect(clients)
	},
	"server-input-reject": func(l *Lab, s *setup, f Fault, clients []int) {
		s.guardPort(l, f, "reject with icmp type admin-prohibited")
		s.reconnect(clients)
	},
	"server-input-hostprohibit": func(l *Lab, s *setup, f Fault, clients []int) {
		s.guardPort(l, f, "reject with icmp type host-prohibited")
		s.reconnect(clients)
	},
	"dpi-after-handshake": func(l *Lab, s *setup, _ Fault, clients []int) {
		for _, i := range clients {
			phone := l.plan.Clients[i].Outer.Addr4.Addr()
			// Handshake messages have 148 and 92 octets; the header has 8 more.
			for _, end := range []string{"saddr", "daddr"} {
				s.RouterDrop = append(s.RouterDrop, fmt.Sprintf("ip %s %s udp length != { 156, 100 } drop", end, phone))
			}
		}
		s.reconnect(clients)
	},
	"port-forward-missing": func(l *Lab, s *setup, _ Fault, clients []int) {
		for _, i := range clients {
			s.RouterDrop = append(s.RouterDrop, fmt.Sprintf("ip saddr %s udp dport %d drop", l.plan.Clients[i].Outer.Addr4.Addr(), l.plan.Port))
		}
		s.RouterCalls = true
		s.reconnect(clients)
	},
	"wrong-endpoint": func(l *Lab, s *setup, _ Fault, clients []int) {
		// The second address of the site's network: there is a route, and nobody.
		s.PhonePeers[First].Endpoint = netip.AddrPortFrom(shift4(l.plan.Site.Gateway4, 13), l.plan.Port)
		s.RouterCalls = true
		s.reconnect(clients)
	},
}

// otherPort returns a port that the plan does not use.
func (l *Lab) otherPort() uint16 {
	if l.plan.Port < 60000 {
		return l.plan.Port + 1
	}
	return l.plan.Port - 1
}

// guardPort lets the server's firewall do something with what phones send to
// WireGuard.
func (s *setup) guardPort(l *Lab, f Fault, statement string) {
	rule := fmt.Sprintf("udp dport %d %s", l.plan.Port, statement)
	if !l.everybody(f) {
		rule = "ip saddr " + l.plan.Clients[First].Outer.Addr4.Addr().String() + " " + rule
	}
	s.InputRules = append(s.InputRules, rule)
}

// callSpec lets a node send a small datagram now and then, as the rest of the
// internet does; an invalid target ends it.
type callSpec struct{ Target netip.AddrPort }

// callEvery is the pause between two such datagrams.
const callEvery = 500 * time.Millisecond

func (a *agent) opCalls(_ context.Context, spec callSpec) (none, error) {
	a.state.Lock()
	defer a.state.Unlock()
	if a.calls != nil {
		a.calls()
		a.calls = nil
	}
	if !spec.Target.IsValid() {
		return none{}, nil
	}
	c, err := net.Dial("udp", spec.Target.String())
	if err != nil {
		return none{}, fmt.Errorf("call %s: %w", spec.Target, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.calls = cancel
	go func() {
		defer c.Close()
		tick := time.NewTicker(callEvery)
		defer tick.Stop()
		for {
			// Nobody listens there: an error that comes back is expected.
			_, _ = c.Write([]byte("anybody there?"))
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return none{}, nil
}

// setCalls lets the internet call the server, or ends that.
func (l *Lab) setCalls(ctx context.Context, on bool) error {
	spec := callSpec{}
	if on {
		spec.Target = netip.AddrPortFrom(l.plan.Server.Addr4.Addr(), 33434) // traceroute(8)'s first port: nobody's
	}
	return l.router.call(ctx, "calls", spec, nil)
}

// Move makes a client send from another port, as a phone does that changes its
// network or whose provider gives it a new translation. Its session goes on.
func (l *Lab) Move(ctx context.Context, client int) error {
	return l.phones[client].call(ctx, "tunnel.set", tunnelConfig{"listen_port=0\n"}, nil)
}

// Forget makes the router forget its connections and translations, as a provider
// does with those that are idle.
func (l *Lab) Forget(ctx context.Context) error {
	return l.router.call(ctx, "conntrack.flush", none{}, nil)
}

// ShareProfile puts the first client's profile on the second one too: one key, and
// on the server one peer with the addresses of both. It lasts until the lab ends.
func (l *Lab) ShareProfile(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	want := l.healthy()
	want.ServerPeers = want.ServerPeers[:1]
	for _, c := range l.plan.Clients[1:] {
		want.ServerPeers[First].AllowedIPs = append(want.ServerPeers[First].AllowedIPs, c.hosts()...)
	}
	if err := l.converge(ctx, want, make([]bool, len(l.phones))); err != nil {
		return err
	}
	for i := range l.phones {
		if err := l.phones[i].call(ctx, "tunnel.set", tunnelConfig{fmt.Sprintf("private_key=%x\n", l.keys.clients[First][:])}, nil); err != nil {
			return err
		}
		if err := l.connect(ctx, i, want.PhonePeers[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// Keep runs a client's traffic and then lets it try again and again, until a time
// has passed since the beginning: people do that when nothing loads.
func (l *Lab) Keep(ctx context.Context, client int, run Run, atLeast time.Duration) (Result, error) {
	begun := time.Now()
	res, err := l.Run(ctx, client, run)
	for err == nil && time.Since(begun) < atLeast {
		_, err = l.Run(ctx, client, Run{Workload: Probe, Seed: run.Seed})
	}
	return res, err
}
