// Package host reads what a machine says of itself: adapters, addresses,
// default routes, WireGuard devices, and the settings that decide what happens
// to a packet (forwarding, routing, firewall, translation, listeners, counters),
// as one value that can be stored as JSON and judged later. Questions to it are
// answered with yes, no or not known (ask.go, walk.go). It changes nothing on the
// machine, holds no private or preshared key, and knows no captures and no
// findings.
package host

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/wgtrace/wgtrace/internal/wg"
)

// ErrUnsupported is returned by Read on operating systems that it does not know.
var ErrUnsupported = errors.New("not implemented on this operating system")

// Kind is what an adapter is, as far as the operating system says. Empty means
// that it did not say.
type Kind string

// Kinds of adapters.
const (
	KindUnknown   Kind = ""
	KindWireGuard Kind = "wireguard"
	KindEthernet  Kind = "ethernet"
	KindLoopback  Kind = "loopback"
	KindBridge    Kind = "bridge"
	KindVeth      Kind = "veth"
	KindTun       Kind = "tun" // a layer-3 tunnel driven by a process: userspace WireGuard, OpenVPN, utun
	KindPPP       Kind = "ppp"
	KindWiFi      Kind = "wifi"
	KindOther     Kind = "other"
)

// Adapter is a network adapter.
type Adapter struct {
	Name        string         `json:"name"`                  // as the person knows it: "eth0", "Wi-Fi"
	Description string         `json:"description,omitempty"` // of the driver (Windows); possibly hostile
	Index       int            `json:"index"`
	Kind        Kind           `json:"kind"`
	Up          bool           `json:"up"`            // switched on and not without carrier
	MAC         string         `json:"mac,omitempty"` // colon notation; "" if it has none
	Addrs       []netip.Prefix `json:"addrs"`
	MTU         int            `json:"mtu"` // octets
	// Line: a default route leads out here, in whatever table of routes.
	Line bool `json:"line,omitempty"`
	// Stacked: it lies on another adapter or under one (bond, bridge, VLAN), so
	// that both show the same packets.
	Stacked bool `json:"stacked,omitempty"`

	// Whether packets that come in here are passed on, as this adapter's own
	// switch says; on Linux both it and the machine's must be on.
	Forwarding4 Fact `json:"forwarding4"`
	Forwarding6 Fact `json:"forwarding6"`
	// RPFilter is the reverse path filter of IPv4 that is in force here: 0 off,
	// 1 strict, 2 loose (Linux ip-sysctl, rp_filter); nil is not known.
	RPFilter *int `json:"rp_filter"`
}

// Route is a way to everywhere: a default route, or the one that the kernel
// takes to the internet without calling it a default route (0.0.0.0/1 and
// 128.0.0.0/1, policy routing).
type Route struct {
	Family  int        `json:"family"` // 4 or 6
	Adapter string     `json:"adapter"`
	Gateway netip.Addr `json:"gateway"` // invalid where the next hop is the link itself
	Metric  int        `json:"metric"`  // the lower one wins; on Windows that of the route plus that of the adapter
	// Chosen: asked for a public address, the kernel answers with this route.
	Chosen bool `json:"chosen"`
}

// Key is a WireGuard public key.
type Key = wg.Key

// Device is a WireGuard device as the kernel or its process describes it.
type Device struct {
	Name       string `json:"name"`
	PublicKey  Key    `json:"public_key"`
	ListenPort uint16 `json:"listen_port"` // 0: not listening yet
	Peers      []Peer `json:"peers"`
}

// Peer is a peer of a WireGuard device.
type Peer struct {
	PublicKey     Key            `json:"public_key"`
	HasPreshared  bool           `json:"has_preshared"` // a preshared key is set; the key itself is never kept
	Endpoint      netip.AddrPort `json:"endpoint"`      // invalid: none known
	AllowedIPs    []netip.Prefix `json:"allowed_ips"`
	LastHandshake time.Time      `json:"last_handshake,omitzero"` // zero: never
	RxBytes       uint64         `json:"rx_bytes"`
	TxBytes       uint64         `json:"tx_bytes"`
}

// Snapshot is what a machine said of itself at one moment. It does not hold the
// machine's name.
type Snapshot struct {
	OS            string    `json:"os"` // as runtime.GOOS names it
	Taken         time.Time `json:"taken"`
	Adapters      []Adapter `json:"adapters"`
	DefaultRoutes []Route   `json:"default_routes"`

	// WireGuardRead says whether every WireGuard device of this machine could
	// be read: no if that was refused, unknown if it failed otherwise.
	// WireGuardWhy is the reason, "" if yes.
	WireGuardRead Fact     `json:"wireguard_read"`
	WireGuardWhy  string   `json:"wireguard_why,omitempty"`
	WireGuard     []Device `json:"wireguard"`

	Settings
}

// Read asks the machine that it runs on. What can be read without privileges is
// always there; a WireGuard device that cannot be read lowers WireGuardRead and
// is no error. Read takes at most a few seconds, less if ctx ends.
func Read(ctx context.Context) (*Snapshot, error) {
	s := &Snapshot{OS: runtime.GOOS, Taken: time.Now().UTC()}
	if err := readAdapters(s); err != nil {
		return nil, fmt.Errorf("read network adapters: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read network adapters: %w", err)
	}
	readWireGuard(ctx, s)
	s.normalise()
	return s, nil
}

// normalise makes equal machines give equal snapshots, with arrays instead of
// null in JSON.
func (s *Snapshot) normalise() {
	if s.Adapters == nil {
		s.Adapters = []Adapter{}
	}
	if s.DefaultRoutes == nil {
		s.DefaultRoutes = []Route{}
	}
	if s.WireGuard == nil {
		s.WireGuard = []Device{}
	}
	s.Settings.normalise()
	slices.SortStableFunc(s.Adapters, func(a, b Adapter) int { return a.Index - b.Index })
	for i := range s.Adapters {
		if s.Adapters[i].Addrs == nil {
			s.Adapters[i].Addrs = []netip.Prefix{}
		}
	}
	slices.SortStableFunc(s.DefaultRoutes, func(a, b Route) int {
		if a.Family != b.Family {
			return a.Family - b.Family
		}
		return a.Metric - b.Metric
	})
	slices.SortStableFunc(s.WireGuard, func(a, b Device) int { return strings.Compare(a.Name, b.Name) })
}

// Adapter returns the adapter of that name, nil if there is none.
func (s *Snapshot) Adapter(name string) *Adapter {
	for i := range s.Adapters {
		if s.Adapters[i].Name == name {
			return &s.Adapters[i]
		}
	}
	return nil
}

// Device returns the WireGuard device of that name, nil if there is none or it
// could not be read.
func (s *Snapshot) Device(name string) *Device {
	for i := range s.WireGuard {
		if s.WireGuard[i].Name == name {
			return &s.WireGuard[i]
		}
	}
	return nil
}
