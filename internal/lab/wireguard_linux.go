package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// tunnelSpec starts WireGuard on a new adapter.
type tunnelSpec struct {
	Name    string
	MTU     int
	Kernel  bool
	Offload bool
	Socket  bool   // in user space: listen on socketDir, as the server's must
	Config  string // configuration protocol, "set" operation without its first line
}

type tunnelConfig struct{ Config string }

// tunnel is a running WireGuard. Both kinds are spoken to in the configuration
// protocol (wireguard.com/xplatform).
type tunnel interface {
	set(config string) error
	peers() ([]peerStatus, error)
	close()
}

// peerState is a peer as it should be configured.
type peerState struct {
	Key        wgtypes.Key
	PSK        wgtypes.Key // zero: none
	Endpoint   netip.AddrPort
	Keepalive  int // seconds; 0: off
	AllowedIPs []netip.Prefix
}

// peerStatus is a peer as the device reports it.
type peerStatus struct {
	Key        wgtypes.Key
	Handshake  time.Time // of the last completed handshake; zero: never
	AllowedIPs []netip.Prefix
}

func (a *agent) opTunnelStart(_ context.Context, spec tunnelSpec) (none, error) {
	start := startUserTunnel
	if spec.Kernel {
		start = startKernelTunnel
	}
	t, err := start(spec)
	if err != nil {
		return none{}, fmt.Errorf("start wireguard on %s: %w", spec.Name, err)
	}
	a.state.Lock()
	a.tunnel = t
	a.state.Unlock()
	return none{}, nil
}

// currentTunnel returns the node's WireGuard, or nil before it was started.
func (a *agent) currentTunnel() tunnel {
	a.state.Lock()
	defer a.state.Unlock()
	return a.tunnel
}

func (a *agent) opTunnelSet(_ context.Context, c tunnelConfig) (none, error) {
	t := a.currentTunnel()
	if t == nil {
		return none{}, errors.New("wireguard has not been started")
	}
	return none{}, t.set(c.Config)
}

func (a *agent) opTunnelGet(context.Context, none) ([]peerStatus, error) {
	t := a.currentTunnel()
	if t == nil {
		return nil, errors.New("wireguard has not been started")
	}
	return t.peers()
}

// config writes the peer in the configuration protocol.
func (p peerState) config() string {
	var b strings.Builder
	fmt.Fprintf(&b, "public_key=%x\npreshared_key=%x\nreplace_allowed_ips=true\n", p.Key[:], p.PSK[:])
	if p.Endpoint.IsValid() {
		fmt.Fprintf(&b, "endpoint=%s\n", p.Endpoint)
	}
	fmt.Fprintf(&b, "persistent_keepalive_interval=%d\n", p.Keepalive)
	for _, a := range p.AllowedIPs {
		fmt.Fprintf(&b, "allowed_ip=%s\n", a)
	}
	return b.String()
}

func (p peerState) equal(q peerState) bool {
	return p.Key == q.Key && p.PSK == q.PSK && p.Endpoint == q.Endpoint &&
		p.Keepalive == q.Keepalive && slices.Equal(p.AllowedIPs, q.AllowedIPs)
}

// peerChanges writes what turns have into want and touches no peer that stays
// the same: replacing a peer would end its session, and with it the health of a
// client that a fault does not concern. Peers leave before others change,
// because an allowed IP has one owner.
func peerChanges(have, want []peerState) string {
	find := func(list []peerState, k wgtypes.Key) *peerState {
		for i := range list {
			if list[i].Key == k {
				return &list[i]
			}
		}
		return nil
	}
	var b strings.Builder
	for _, p := range have {
		if find(want, p.Key) == nil {
			fmt.Fprintf(&b, "public_key=%x\nremove=true\n", p.Key[:])
		}
	}
	for _, p := range want {
		if old := find(have, p.Key); old == nil || !old.equal(p) {
			b.WriteString(p.config())
		}
	}
	return b.String()
}
