package lab

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/ipc"
	"golang.zx2c4.com/wireguard/tun"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// socketDir is where userspace WireGuard listens for its configuration
// (wg(8)); every network namespace shares it.
const socketDir = "/var/run/wireguard"

// tunnelPrefix starts the names of the lab's own server adapters, and so of
// their sockets.
const tunnelPrefix = "wgt"

// tunnelSpec starts WireGuard on a new adapter.
type tunnelSpec struct {
	Name    string
	MTU     int
	Offload bool
	Socket  bool   // listen on socketDir, as the server's must
	Config  string // configuration protocol, "set" operation without its first line
}

type tunnelConfig struct{ Config string }

// tunnel is a running userspace WireGuard.
type tunnel struct {
	dev    *device.Device
	socket string // path to remove; "" if none
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
	t, err := startTunnel(spec)
	if err != nil {
		return none{}, fmt.Errorf("start wireguard on %s: %w", spec.Name, err)
	}
	a.state.Lock()
	a.tunnel = t
	a.state.Unlock()
	return none{}, nil
}

// currentTunnel returns the node's WireGuard, or nil before it was started.
func (a *agent) currentTunnel() *tunnel {
	a.state.Lock()
	defer a.state.Unlock()
	return a.tunnel
}

func startTunnel(spec tunnelSpec) (*tunnel, error) {
	dev, err := tun.CreateTUN(spec.Name, spec.MTU)
	if err != nil {
		return nil, fmt.Errorf("create tun: %w", err)
	}
	if !spec.Offload {
		dev = singly{dev}
	}
	t := &tunnel{}
	t.dev = device.NewDevice(dev, conn.NewDefaultBind(), &device.Logger{
		Verbosef: device.DiscardLogf,
		Errorf:   func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	})
	if spec.Socket {
		if err := t.listen(spec.Name); err != nil {
			t.close()
			return nil, err
		}
	}
	if err := t.dev.IpcSet(spec.Config); err != nil {
		t.close()
		return nil, err
	}
	if err := t.dev.Up(); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *tunnel) listen(name string) error {
	file, err := ipc.UAPIOpen(name)
	if err != nil {
		return fmt.Errorf("open control socket: %w", err)
	}
	t.socket = filepath.Join(socketDir, name+".sock")
	l, err := ipc.UAPIListen(name, file)
	if err != nil {
		return fmt.Errorf("listen on control socket: %w", err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // the socket is gone, and with it whoever could ask
			}
			go t.dev.IpcHandle(c)
		}
	}()
	return nil
}

// close removes the socket first: the adapter goes with the process anyway.
func (t *tunnel) close() {
	if t.socket != "" {
		os.Remove(t.socket)
	}
	t.dev.Close()
}

func (a *agent) opTunnelSet(_ context.Context, c tunnelConfig) (none, error) {
	t := a.currentTunnel()
	if t == nil {
		return none{}, errors.New("wireguard has not been started")
	}
	return none{}, t.dev.IpcSet(c.Config)
}

func (a *agent) opTunnelGet(context.Context, none) ([]peerStatus, error) {
	t := a.currentTunnel()
	if t == nil {
		return nil, errors.New("wireguard has not been started")
	}
	text, err := t.dev.IpcGet()
	if err != nil {
		return nil, err
	}
	return parseStatus(text)
}

// parseStatus reads the configuration protocol's "get" answer
// (wireguard.com/xplatform).
func parseStatus(text string) ([]peerStatus, error) {
	var peers []peerStatus
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), "=")
		if key == "public_key" {
			raw, err := hex.DecodeString(value)
			if err != nil || len(raw) != wgtypes.KeyLen {
				return nil, fmt.Errorf("peer key %q is not a key", value)
			}
			peers = append(peers, peerStatus{Key: wgtypes.Key(raw)})
			continue
		}
		if len(peers) == 0 {
			continue
		}
		p := &peers[len(peers)-1]
		switch key {
		case "last_handshake_time_sec":
			if n, _ := strconv.ParseInt(value, 10, 64); n > 0 {
				p.Handshake = time.Unix(n, 0)
			}
		case "last_handshake_time_nsec":
			if n, _ := strconv.ParseInt(value, 10, 64); n > 0 {
				p.Handshake = p.Handshake.Add(time.Duration(n))
			}
		case "allowed_ip":
			prefix, err := netip.ParsePrefix(value)
			if err != nil {
				return nil, fmt.Errorf("allowed ip: %w", err)
			}
			p.AllowedIPs = append(p.AllowedIPs, prefix)
		}
	}
	return peers, lines.Err()
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

// singly writes packets to the adapter one by one, so that they are not merged
// into larger ones on the way (the write side of virtio offload, tun_linux.go
// of wireguard-go).
type singly struct{ tun.Device }

func (s singly) Write(bufs [][]byte, offset int) (int, error) {
	for i := range bufs {
		if _, err := s.Device.Write(bufs[i:i+1], offset); err != nil {
			return i, err
		}
	}
	return len(bufs), nil
}

// sweepSockets removes control sockets that labs killed together with all of
// their nodes left behind: those of our names on which nobody listens.
func sweepSockets() {
	paths, _ := filepath.Glob(filepath.Join(socketDir, tunnelPrefix+"*.sock"))
	for _, path := range paths {
		c, err := net.DialTimeout("unix", path, time.Second)
		if err == nil {
			c.Close()
			continue
		}
		if errors.Is(err, unix.ECONNREFUSED) {
			os.Remove(path)
		}
	}
}
