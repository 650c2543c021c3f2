package host

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

// Small builders: one machine is one line.
func up(name string, kind Kind, addrs ...string) Adapter {
	a := Adapter{Name: name, Kind: kind, Up: true}
	for _, s := range addrs {
		a.Addrs = append(a.Addrs, netip.MustParsePrefix(s))
	}
	return a
}

func down(name string, kind Kind) Adapter { return Adapter{Name: name, Kind: kind} }

func (a Adapter) described(d string) Adapter { a.Description = d; return a }

func via(adapter string, family, metric int) Route {
	return Route{Family: family, Adapter: adapter, Metric: metric}
}

func (r Route) chosen() Route { r.Chosen = true; return r }

func machine(adapters []Adapter, routes []Route, devices ...Device) *Snapshot {
	s := &Snapshot{Adapters: adapters, DefaultRoutes: routes, WireGuard: devices}
	for i := range s.Adapters {
		s.Adapters[i].Index = i + 1
	}
	s.normalise()
	return s
}

func device(name string, peers int) Device { return Device{Name: name, Peers: make([]Peer, peers)} }

func TestTunnel(t *testing.T) {
	eth := up("eth0", KindEthernet, "192.0.2.2/24")
	lo := up("lo", KindLoopback, "127.0.0.1/8")
	for _, tt := range []struct {
		name     string
		s        *Snapshot
		want     string
		why      string   // part of Why
		problem  string   // part of the error; "" means no error
		proposed []string // candidates of the error
	}{
		{"kernel device", machine([]Adapter{lo, eth, up("wg0", KindWireGuard)}, nil, device("wg0", 1)), "wg0", "only WireGuard adapter", "", nil},
		{"settings unreadable, driver says WireGuard", machine([]Adapter{eth, up("wg0", KindWireGuard)}, nil), "wg0", "only WireGuard adapter", "", nil},
		{"userspace device under any name", machine([]Adapter{eth, up("vpn7", KindTun)}, nil, device("vpn7", 2)), "vpn7", "only WireGuard adapter", "", nil},
		{"a device whose adapter is not here", machine([]Adapter{eth}, nil, device("wg0", 1)), "", "", "no WireGuard adapter found", []string{"eth0"}},
		{"one up, one down", machine([]Adapter{down("wg0", KindWireGuard), up("wg1", KindWireGuard)}, nil, device("wg0", 3), device("wg1", 0)), "wg1", "that is up", "", nil},
		{"one with peers", machine([]Adapter{up("wg0", KindWireGuard), up("wg1", KindWireGuard)}, nil, device("wg0", 0), device("wg1", 1)), "wg1", "with peers", "", nil},
		{"two with peers", machine([]Adapter{up("wg0", KindWireGuard), up("wg1", KindWireGuard)}, nil, device("wg0", 1), device("wg1", 1)), "", "", "several WireGuard adapters are up", []string{"wg0", "wg1"}},
		{"two without peers", machine([]Adapter{up("wg0", KindWireGuard), up("wg1", KindWireGuard)}, nil, device("wg0", 0), device("wg1", 0)), "", "", "several", []string{"wg0", "wg1"}},
		{"WireGuard beside OpenVPN", machine([]Adapter{up("tun0", KindTun, "10.9.0.1/24"), up("wg0", KindWireGuard)}, nil), "wg0", "only WireGuard", "", nil},
		{"mute tun named wg", machine([]Adapter{eth, up("wg0", KindTun, "10.8.0.1/24")}, nil), "wg0", "looks like WireGuard", "", nil},
		{"OpenVPN alone is no WireGuard", machine([]Adapter{eth, up("tun0", KindTun, "10.9.0.1/24")}, nil), "", "", "no WireGuard adapter found", []string{"eth0", "tun0"}},
		{"macOS keeps utun adapters for itself", machine([]Adapter{eth, up("utun0", KindTun, "fe80::1/64"), up("utun4", KindTun, "10.8.0.1/24")}, nil), "utun4", "looks like", "", nil},
		{"two utun with addresses", machine([]Adapter{up("utun3", KindTun, "10.7.0.1/24"), up("utun4", KindTun, "10.8.0.1/24")}, nil), "", "", "several adapters look like", []string{"utun3", "utun4"}},
		{"Wintun by description", machine([]Adapter{eth, up("Home", KindTun, "10.8.0.1/24").described("Wintun Userspace Tunnel")}, nil), "Home", "looks like", "", nil},
		{"down only", machine([]Adapter{eth, down("wg0", KindWireGuard)}, nil), "", "", "WireGuard adapter is down", []string{"wg0"}},
		{"nothing at all", machine(nil, nil), "", "", "no WireGuard adapter found", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := tt.s.Tunnel()
			checkChoice(t, c, err, tt.want, tt.why, tt.problem, tt.proposed)
		})
	}
}

func TestWAN(t *testing.T) {
	eth0, eth1 := up("eth0", KindEthernet, "192.0.2.2/24"), up("eth1", KindEthernet, "198.51.100.2/24")
	wg, lo := up("wg0", KindWireGuard, "10.8.0.1/24"), up("lo", KindLoopback)
	for _, tt := range []struct {
		name     string
		s        *Snapshot
		want     string
		why      string
		problem  string
		proposed []string
	}{
		{"one default route", machine([]Adapter{lo, eth0, wg}, []Route{via("eth0", 4, 100).chosen()}), "eth0", "IPv4 default route", "", nil},
		{"lowest metric", machine([]Adapter{eth0, eth1}, []Route{via("eth0", 4, 600), via("eth1", 4, 100)}), "eth1", "lowest metric", "", nil},
		{"the kernel's own answer beats the metric", machine([]Adapter{eth0, eth1}, []Route{via("eth0", 4, 600).chosen(), via("eth1", 4, 100)}), "eth0", "IPv4 default route", "", nil},
		{"default route into the tunnel", machine([]Adapter{eth0, wg}, []Route{via("wg0", 4, 0).chosen(), via("eth0", 4, 100)}), "eth0", "no tunnel", "", nil},
		{"userspace tunnel is a tunnel too", machine([]Adapter{eth0, up("x", KindTun)}, []Route{via("x", 4, 0).chosen(), via("eth0", 4, 9)}), "eth0", "", "", nil},
		{"adapter is down", machine([]Adapter{down("eth0", KindEthernet), eth1}, []Route{via("eth0", 4, 1), via("eth1", 4, 2)}), "eth1", "", "", nil},
		{"IPv6 only", machine([]Adapter{eth0}, []Route{via("eth0", 6, 1024).chosen()}), "eth0", "IPv6 default route", "", nil},
		{"IPv4 decides", machine([]Adapter{eth0, eth1}, []Route{via("eth0", 6, 1).chosen(), via("eth1", 4, 900).chosen()}), "eth1", "IPv4", "", nil},
		{"pppoe", machine([]Adapter{eth0, up("pppoe-wan", KindPPP)}, []Route{via("pppoe-wan", 4, 0).chosen()}), "pppoe-wan", "", "", nil},
		{"two of the same metric", machine([]Adapter{eth0, eth1}, []Route{via("eth0", 4, 5), via("eth1", 4, 5)}), "", "", "same metric", []string{"eth0", "eth1"}},
		{"a tie above the lowest metric", machine([]Adapter{eth0, eth1, up("eth2", KindEthernet)}, []Route{via("eth0", 4, 5), via("eth1", 4, 5), via("eth2", 4, 1)}), "eth2", "lowest metric", "", nil},
		{"two gateways on one adapter are no tie", machine([]Adapter{eth0}, []Route{via("eth0", 4, 5), via("eth0", 4, 5)}), "eth0", "", "", nil},
		{"none, one adapter", machine([]Adapter{lo, eth0, wg, up("eth2", KindEthernet)}, nil), "eth0", "the only adapter beside the tunnel", "", nil},
		{"none, two adapters", machine([]Adapter{lo, eth0, eth1, wg}, nil), "", "", "no default route; adapters that are up", []string{"eth0", "eth1", "wg0"}},
		{"into the tunnel, one adapter", machine([]Adapter{lo, eth0, wg}, []Route{via("wg0", 4, 0)}), "eth0", "without a default route", "", nil},
		{"into the tunnel, two adapters", machine([]Adapter{lo, eth0, eth1, wg}, []Route{via("wg0", 4, 0)}), "", "", "goes into a tunnel (wg0)", []string{"eth0", "eth1", "wg0"}},
		{"route of an adapter that is gone", machine([]Adapter{eth0, eth1}, []Route{via("eth9", 4, 0)}), "", "", "no default route", []string{"eth0", "eth1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := tt.s.WAN()
			checkChoice(t, c, err, tt.want, tt.why, tt.problem, tt.proposed)
		})
	}
}

func checkChoice(t *testing.T, c Choice, err error, want, why, problem string, proposed []string) {
	t.Helper()
	if problem == "" {
		if err != nil || c.Name != want || !strings.Contains(c.Why, why) || c.Why == "" {
			t.Fatalf("got %+v, %v; want %q because %q", c, err, want, why)
		}
		return
	}
	var ce *ChoiceError
	if !errors.As(err, &ce) {
		t.Fatalf("got %+v, %v; want an error about %q", c, err, problem)
	}
	if !strings.Contains(ce.Problem, problem) || !reflect.DeepEqual(ce.Candidates, proposed) || ce.Hint == "" {
		t.Errorf("got problem %q, candidates %q, hint %q; want %q, %q", ce.Problem, ce.Candidates, ce.Hint, problem, proposed)
	}
	for _, n := range proposed {
		if !strings.Contains(err.Error(), n) {
			t.Errorf("%q does not name %s", err, n)
		}
	}
}

// A name from the machine must not reach the terminal as an escape sequence,
// and a long list must stay one line that can be read.
func TestChoiceErrorIsPrintable(t *testing.T) {
	adapters := []Adapter{up("eth\x1b[2J", KindEthernet)}
	for range 40 {
		adapters = append(adapters, up("veth", KindVeth))
	}
	_, err := machine(adapters, nil).WAN()
	if err == nil {
		t.Fatal("chose a WAN adapter without a default route")
	}
	if s := err.Error(); strings.ContainsRune(s, 0x1b) || !strings.Contains(s, `\x1b`) || !strings.Contains(s, "and 29 more") {
		t.Errorf("got %q", s)
	}
}

func TestRows(t *testing.T) {
	s := machine([]Adapter{
		up("lo", KindLoopback, "127.0.0.1/8"), up("eth0", KindEthernet, "192.0.2.2/24"),
		up("wg0", KindWireGuard), up("wg1", KindWireGuard), down("eth1", KindEthernet),
	}, []Route{via("eth0", 4, 0).chosen()}, device("wg0", 1), device("wg1", 2))
	got := map[string][2]string{}
	for _, r := range s.Rows() {
		got[r.Name] = [2]string{r.Role, r.Why}
	}
	want := map[string][2]string{
		"lo": {}, "eth1": {},
		"eth0": {"wan", "the IPv4 default route"},
		"wg0":  {"", "several WireGuard adapters are up"},
		"wg1":  {"", "several WireGuard adapters are up"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}

	s.WireGuard = []Device{device("wg1", 2)}
	for _, r := range s.Rows() {
		if r.Name == "wg1" && (r.Role != "tunnel" || r.Why != "the only WireGuard adapter with peers") {
			t.Errorf("wg1: role %q because %q", r.Role, r.Why)
		}
	}
}
