package diagnose

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// wanOnly takes the tunnel's capture away.
func (s scene) wanOnly() {
	s.Coverage.Tunnel, s.Coverage.TunnelPackets, s.Coverage.Live = false, 0, false
	s.Captures = s.Captures[1:]
	s.Relation = correlate.Relation{}
	for i := range s.WireGuard.Peers {
		s.WireGuard.Peers[i].UndeliveredKnown = false
	}
}

// unanswered is a peer that greets in vain, at a pace of 5 s for half a minute.
func unanswered() correlate.Peer {
	return correlate.Peer{State: correlate.PeerUnanswered, Initiations: 6, Retries: 5, Open: 6, OpenSince: minute / 2,
		LastInitiation: minute - 1e9, LastIn: minute - 1e9}
}

// TestOuterVerdicts judges what WireGuard's own packets show, with and without a
// capture of the tunnel: it must not matter.
func TestOuterVerdicts(t *testing.T) {
	mine, other := wg.Key{1}, wg.Key{2}
	type outcome struct {
		status  Status
		finding string
		beside  string // must stand in the findings, whatever its severity
		cause   string // the first of the primary finding
	}
	fault := func(id, cause string) outcome { return outcome{StatusFault, id, "", cause} }
	nothing := outcome{StatusInconclusive, "no-traffic", "", ""}
	// Without the tunnel's capture a session that works is no proof of health.
	cases := []struct {
		name  string
		scene func(s scene)
		ctx   Context
		both  outcome
		alone outcome // with the WAN's capture alone; zero: the same
	}{
		{"port closed", func(s scene) {
			p := unanswered()
			p.Refused, p.RefusedCode, p.RefusedAt = 1, 3, minute-1e9
			s.peer(endpointA, p)
		}, Context{}, fault("wg-port-unreachable", "wg-not-listening"), outcome{}},
		{"port forbidden", func(s scene) {
			p := unanswered()
			p.Refused, p.RefusedCode, p.RefusedAt = 6, 13, minute-1e9
			s.peer(endpointA, p)
		}, Context{}, fault("wg-port-unreachable", "host-firewall-blocks-wg-port"), outcome{}},
		{"refused once while the tunnel started", func(s scene) {
			p := established()
			p.Refused, p.RefusedCode, p.RefusedAt = 1, 3, 1
			s.peer(endpointA, p)
		}, Context{}, nothing, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"wrong server key", func(s scene) {
			p := unanswered()
			p.KeyWrong, p.LastKeyWrong = 6, true
			s.peer(endpointA, p)
		}, Context{}, fault("server-key-mismatch", "server-key-mismatch"), outcome{}},
		{"wrong server key, as another phone proves the given key wrong", func(s scene) {
			p := unanswered()
			p.KeyWrong, p.LastKeyWrong = 6, true
			s.peer(endpointA, p)
			q := correlate.Peer{State: correlate.PeerEstablished, Initiations: 1, Responses: 1, KeepalivesIn: 1, KeyWrong: 1, LastKeyWrong: true}
			s.peer(endpointB, q)
		}, Context{}, fault("handshake-unanswered", "client-key-unknown"), outcome{}},
		{"right server key", func(s scene) {
			p := unanswered()
			p.KeyRight = 6
			s.peer(endpointA, p)
		}, Context{}, fault("handshake-unanswered", "client-key-unknown"), outcome{}},
		{"answered before, in vain since", func(s scene) {
			p := unanswered()
			p.State, p.Responses, p.DataIn, p.DataOut, p.Delivered, p.Trusted = correlate.PeerEstablished, 1, 20, 20, 20, true
			s.peer(endpointA, p)
		}, Context{}, fault("handshake-unanswered", "handshake-replay-clock"), outcome{}},
		{"greets in vain, but its old session carries on", func(s scene) {
			p := unanswered()
			p.State, p.Responses, p.DataIn, p.DataOut, p.Delivered, p.Trusted = correlate.PeerEstablished, 1, 20, 20, 20, true
			p.LastIn = minute
			s.peer(endpointA, p)
		}, Context{}, nothing, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"data blocked", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerNotCompleted, Initiations: 4, Responses: 4, SilentPairs: 3, LastInitiation: minute / 2, LastIn: minute / 2})
		}, Context{}, fault("data-blocked-after-handshake", "vpn-filter"), outcome{}},
		{"data blocked, the first answer lost", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerNotCompleted, Initiations: 4, Responses: 4, SilentPairs: 2, ShortPairs: 1, LastInitiation: minute / 2, LastIn: minute / 2})
		}, Context{}, fault("data-blocked-after-handshake", "vpn-filter"), outcome{}},
		{"one silence", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerNotCompleted, Initiations: 2, Responses: 2, SilentPairs: 1, LastInitiation: minute / 2, LastIn: minute / 2})
		}, Context{}, outcome{StatusInconclusive, "too-little-evidence", "", ""}, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"data arrives and its answers do not", func(s scene) {
			p := established()
			p.StalledPairs = 3
			s.peer(endpointA, p)
		}, Context{}, fault("data-blocked-after-handshake", "vpn-filter"), outcome{}},
		{"two devices, one profile", func(s scene) {
			p, q := established(), established()
			p.Crossed, p.CrossTurns, p.CrossedWith = 9, 4, 1
			s.peer(endpointA, p)
			s.peer(endpointB, q)
			asks(s.client(testPhone, 1), 0, fate{correlate.FateAnswered, 5, 3, 2})
		}, Context{}, fault("same-config-on-two-devices", "same-config-on-two-devices"), outcome{}},
		{"two devices, one profile, and a third that works", func(s scene) {
			p, q := established(), established()
			p.Crossed, p.CrossTurns, p.CrossedWith = 9, 4, 1
			s.peer(endpointA, p)
			s.peer(endpointB, q)
			s.peer("198.51.100.30:4700", established())
			asks(s.client(testPhone, 2), 0, fate{correlate.FateAnswered, 5, 3, 2})
		}, Context{}, outcome{StatusHealthy, "", "same-config-on-two-devices", ""}, outcome{StatusInconclusive, "capture-one-sided", "same-config-on-two-devices", ""}},
		{"one device that moved", func(s scene) {
			p, q := established(), established()
			p.Moved, q.Moved = true, true
			q.Crossed, q.CrossTurns, q.CrossedWith = 30, 3, 0
			s.peer(endpointA, p)
			s.peer(endpointB, q)
		}, Context{}, nothing, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"crossed, but by two keys", func(s scene) {
			p, q := established(), established()
			p.PublicKey, q.PublicKey = mine, other
			p.Crossed, p.CrossTurns, p.CrossedWith = 9, 4, 1
			s.peer(endpointA, p)
			s.peer(endpointB, q)
		}, Context{}, nothing, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"obfuscated", func(s scene) {
			s.WireGuard.Odd = []correlate.Oddity{{Endpoint: netip.MustParseAddrPort(endpointA), In: 20, Repeats: 4}}
		}, Context{}, fault("not-plain-wireguard", "obfuscated-client"), outcome{}},
		{"reserved octets", func(s scene) {
			s.WireGuard.Odd = []correlate.Oddity{{Endpoint: netip.MustParseAddrPort(endpointA), In: 5, Repeats: 4, Reserved: 5}}
		}, Context{}, fault("not-plain-wireguard", "warp-reserved"), outcome{}},
		{"a dialect that the server speaks too", func(s scene) {
			s.WireGuard.Odd = []correlate.Oddity{{Endpoint: netip.MustParseAddrPort(endpointA), In: 20, Out: 12, Repeats: 4}}
		}, Context{}, outcome{StatusInconclusive, "no-traffic", "", ""}, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"a prober", func(s scene) {
			s.WireGuard.Odd = []correlate.Oddity{{Endpoint: netip.MustParseAddrPort(endpointA), In: 3, Repeats: 1}}
		}, Context{}, outcome{StatusInconclusive, "no-traffic", "", ""}, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"nothing arrives, and the phone tried", func(s scene) {}, Context{ExpectTraffic: true}, fault("no-outer-packets", "port-forward-missing"), outcome{}},
		{"nothing arrives, and the page did not load", func(s scene) {}, Context{Attempts: []Attempt{{Time: minute / 2}}}, fault("no-outer-packets", "port-forward-missing"), outcome{}},
		{"nothing arrives, and the page loaded", func(s scene) {}, Context{Attempts: []Attempt{{Time: minute / 3}, {Time: minute / 2, Loaded: true}}},
			outcome{StatusInconclusive, "no-traffic", "", ""}, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"nothing arrives, and nobody tried", func(s scene) {}, Context{}, outcome{StatusInconclusive, "no-traffic", "", ""}, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"nothing arrives on a tap that was deaf", func(s scene) { s.Coverage.InboundSpan = 1e9 }, Context{ExpectTraffic: true},
			outcome{StatusInconclusive, "no-traffic", "", ""}, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"nothing arrives at a port that is not known", func(s scene) { s.WireGuard.Port = 0 }, Context{ExpectTraffic: true},
			outcome{StatusInconclusive, "no-traffic", "", ""}, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"a sleeping phone that was heard before", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerDataOnly, KeepalivesIn: 1, DataOut: 9, LastIn: 5, Unreachable: 3, UnreachableAt: minute / 2, Trusted: true})
		}, Context{ExpectTraffic: true}, outcome{StatusInconclusive, "no-traffic", "idle-session-unreachable", ""}, outcome{StatusInconclusive, "capture-one-sided", "idle-session-unreachable", ""}},
		{"a phone that moved on", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerEstablished, KeepalivesIn: 1, DataOut: 9, LastIn: 5, Unreachable: 3, UnreachableAt: minute / 2, Trusted: true})
			p := established()
			p.LastIn = minute
			s.peer(endpointB, p)
			asks(s.client(testPhone, 1), 0, fate{correlate.FateAnswered, 5, 3, 2})
		}, Context{}, outcome{StatusHealthy, "", "", ""}, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"a cookie", func(s scene) {
			p := established()
			p.Cookies = 2
			s.peer(endpointA, p)
			asks(s.client(testPhone, 0), 0, fate{correlate.FateAnswered, 5, 3, 2})
		}, Context{}, outcome{StatusHealthy, "", "under-load-cookie", ""}, outcome{StatusInconclusive, "capture-one-sided", "under-load-cookie", ""}},
		{"a scanner beside a session that works", func(s scene) {
			s.peer(endpointA, established())
			s.peer(endpointB, unanswered())
			asks(s.client(testPhone, 0), 0, fate{correlate.FateAnswered, 5, 3, 2})
		}, Context{}, outcome{StatusHealthy, "", "handshake-unanswered", ""}, outcome{StatusInconclusive, "capture-one-sided", "handshake-unanswered", ""}},
		{"a scanner beside a client that is not forwarded", func(s scene) {
			s.dead(correlate.FateNoEgress)
			s.peer(endpointB, unanswered())
		}, Context{OS: osLinux}, outcome{StatusFault, "not-forwarded", "handshake-unanswered", "ip-forwarding-off"},
			outcome{StatusFault, "handshake-unanswered", "", "client-key-unknown"}},
		{"all answered, and the page did not load", func(s scene) {
			s.peer(endpointA, established())
			asks(s.client(testPhone, 0), 0, fate{correlate.FateAnswered, 5, 3, 2})
		}, Context{Attempts: []Attempt{{Time: minute / 2}}}, outcome{StatusHealthy, "", "phone-side", ""}, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"all answered, and the page loaded when tried again", func(s scene) {
			s.peer(endpointA, established())
			asks(s.client(testPhone, 0), 0, fate{correlate.FateAnswered, 5, 3, 2})
		}, Context{Attempts: []Attempt{{Time: minute / 3}, {Time: minute / 2, Loaded: true}}}, outcome{StatusHealthy, "", "", ""}, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
		{"the page did not load before the repair", func(s scene) {
			s.peer(endpointA, established())
			c := s.client(testPhone, 0)
			asks(c, 0, fate{correlate.FateNoEgress, 5, 3, 2})
			asks(c, 0, fate{correlate.FateAnswered, 5, 3, 2})
			c.Families[0].Ledgers[1].Started = minute / 2
		}, Context{Attempts: []Attempt{{Time: minute / 3}}}, outcome{StatusHealthy, "", "", ""}, outcome{StatusInconclusive, "capture-one-sided", "", ""}},
	}
	for _, c := range cases {
		for _, alone := range []bool{false, true} {
			name, want := c.name, c.both
			if alone {
				name += "/WAN alone"
				if c.alone != (outcome{}) {
					want = c.alone
				}
			}
			t.Run(name, func(t *testing.T) {
				s := newScene()
				c.scene(s)
				if alone {
					s.wanOnly()
					s.Clients, s.Stages[correlate.TunnelIn].Packets = nil, 0
				}
				d := Run(s.Evidence, c.ctx)
				if d.Status != want.status || d.Finding != want.finding {
					t.Fatalf("%v %q, want %v %q", d.Status, d.Finding, want.status, want.finding)
				}
				if want.beside != "" && !slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.ID == want.beside }) {
					t.Errorf("findings %+v lack %s", d.Findings, want.beside)
				}
				if want.beside == "" && want.status != StatusFault && len(d.Findings) > 1 {
					t.Errorf("findings %+v", d.Findings)
				}
				if p := d.Primary(); want.cause != "" && p.Causes[0].ID != want.cause {
					t.Errorf("first cause %s, want %s", p.Causes[0].ID, want.cause)
				}
				checkDiagnosis(t, s.Evidence, d)
			})
		}
	}
}

// TestFromOutside says what the encrypted side alone tells of the way behind it.
func TestFromOutside(t *testing.T) {
	for _, c := range []struct {
		peer correlate.Peer
		want string
	}{
		{correlate.Peer{DataIn: 17, KeepalivesOut: 3, LastIn: 1}, "outside-no-answers"},
		{correlate.Peer{DataIn: 17, LastIn: 1}, "outside-few"},
		{correlate.Peer{DataIn: 17, KeepalivesOut: 1, ServerInitiations: 1, LastIn: 1}, "outside-few"},
		{correlate.Peer{DataIn: 10, DataOut: 8, SmallOut: 8, LastIn: 1}, "outside-small-answers"},
		{correlate.Peer{DataIn: 10, DataOut: 8, SmallOut: 3, LastIn: 1}, "outside-both-ways"},
		{correlate.Peer{DataOut: 8}, "outside-silent"},
	} {
		s := newScene()
		s.peer(endpointA, c.peer)
		s.wanOnly()
		if d := Run(s.Evidence, Context{}); d.Finding != "capture-one-sided" || d.Findings[0].Args["reason"] != c.want {
			t.Errorf("%+v: %s, %v, want %s", c.peer, d.Finding, d.Findings[0].Args["reason"], c.want)
		}
	}
}

// TestWrongAdapter sees WireGuard's packets leave on an adapter on which none come
// in.
func TestWrongAdapter(t *testing.T) {
	s := newScene()
	s.peer(endpointA, correlate.Peer{DataOut: 9})
	s.Stages[correlate.OuterOut].Packets, s.Stages[correlate.OuterIn].Packets = 9, 0
	asks(s.client(testPhone, -1), 0, fate{correlate.FatePending, 6, 3, 2})
	s.Captures[0].Role = capture.RoleTunnel
	if d := Run(s.Evidence, Context{}); d.Finding != "wrong-capture-adapter" {
		t.Errorf("%s", d.Finding)
	}
}
