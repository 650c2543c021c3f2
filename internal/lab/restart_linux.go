package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// StopTunnel takes the server's WireGuard away, adapter and all, as switching it
// off does.
func (l *Lab) StopTunnel(ctx context.Context) error {
	return l.server.call(ctx, "tunnel.stop", none{}, nil)
}

// StartTunnel makes the server's WireGuard anew after StopTunnel: an adapter of the
// same name with another index, and peers that have no session.
func (l *Lab) StartTunnel(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.startTunnel(ctx); err != nil {
		return err
	}
	if err := l.server.call(ctx, "net", netSpec{Links: []linkSpec{l.tunnelLink()}}, nil); err != nil {
		return err
	}
	return l.setPeers(ctx, l.server, nil, l.now.ServerPeers)
}

// startTunnel starts the server's WireGuard without peers.
func (l *Lab) startTunnel(ctx context.Context) error {
	config := fmt.Sprintf("private_key=%x\nlisten_port=%d\n", l.keys.server[:], l.plan.Port)
	return l.server.call(ctx, "tunnel.start", tunnelSpec{
		Name: l.plan.Tunnel, MTU: mtuLaptop, Kernel: l.cfg.Kernel, Offload: l.offload(l.plan.Tunnel), Socket: true, Config: config,
	}, nil)
}

// tunnelLink is the server's tunnel adapter with its addresses.
func (l *Lab) tunnelLink() linkSpec {
	var inside []netip.Prefix
	for _, c := range l.plan.Clients {
		inside = append(inside, netip.PrefixFrom(c.Server4, c.Net4.Bits()))
		if c.Server6.IsValid() {
			inside = append(inside, netip.PrefixFrom(c.Server6, c.Net6.Bits()))
		}
	}
	return l.link(l.plan.Tunnel, inside...)
}

func (a *agent) opTunnelStop(context.Context, none) (none, error) {
	a.state.Lock()
	t := a.tunnel
	a.tunnel = nil
	a.state.Unlock()
	if t == nil {
		return none{}, errors.New("wireguard has not been started")
	}
	t.close()
	return none{}, nil
}
