package diagnose

import (
	"net/netip"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/wg"
	"github.com/wgtrace/wgtrace/internal/wgconf"
)

// TestPresharedKeys: what is known of both ends splits a key on one of them from
// an answer that is lost; what is known of one end says what to look for.
func TestPresharedKeys(t *testing.T) {
	phoneKey := host.Key{1} // that of the server's only peer
	conf := func(key host.Key, psk bool) *wgconf.Config {
		return &wgconf.Config{PublicKey: key, Peers: []wgconf.Peer{{PublicKey: phoneKey, HasPreshared: psk}}}
	}
	for _, c := range []struct {
		name          string
		phone, server *wgconf.Config
		facts         *bool // of a live server, whether it has one
		first         string
		sure          float64
		psk           any
	}{
		{"nothing is known", nil, nil, nil, "handshake-response-lost", 0.5, nil},
		{"only the server is known", nil, nil, new(false), "handshake-response-lost", 0.5, "no"},
		{"only the phone has one", conf(phoneKey, true), nil, new(false), presharedKeyID, 0.99, "no"},
		{"only the server has one", conf(phoneKey, false), nil, new(true), presharedKeyID, 0.99, "yes"},
		{"neither has one", conf(phoneKey, false), nil, new(false), "handshake-response-lost", 0.9, "no"},
		{"both have one", conf(phoneKey, true), nil, new(true), "handshake-response-lost", 0.5, "yes"},
		{"another phone's file", conf(host.Key{9}, true), nil, new(false), "handshake-response-lost", 0.5, "no"},
		{"two files", conf(phoneKey, true), conf(host.Key{7}, false), nil, presharedKeyID, 0.99, "no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := &Context{OS: osLinux, Tunnel: "wg0", WAN: "eth0", PhoneConfig: c.phone, ServerConfig: c.server}
			if c.facts != nil {
				ctx.Facts = server()
				ctx.Facts.WireGuard[0].Peers[0].HasPreshared = *c.facts
			}
			ev := &correlate.Evidence{WireGuard: correlate.WireGuard{Peers: []correlate.Peer{{
				Endpoint: netip.MustParseAddrPort(endpointA), ServerEndpoint: netip.MustParseAddrPort(wanAddress + ":51820"), PublicKey: wg.Key(phoneKey),
			}}}}
			f := (&subject{ev: ev, ctx: ctx, peer: &ev.WireGuard.Peers[0]}).finding(&handshakeNotCompleted, proof{confidence: 0.95})
			if f.Causes[0].ID != c.first || f.Causes[0].Probability != c.sure || f.Args["psk"] != c.psk {
				t.Errorf("%+v, psk %v; want %s %.2f, psk %v", f.Causes, f.Args["psk"], c.first, c.sure, c.psk)
			}
		})
	}
}

// TestFrameErrors: packets that the tunnel refused for their sender were in the
// right adapter.
func TestFrameErrors(t *testing.T) {
	for grown, want := range map[uint64]host.Fact{0: host.FactUnknown, minGrowth - 1: host.FactUnknown, minGrowth: host.FactNo} {
		s := server()
		s.WireGuard = nil // without the rights to read it
		s.CountersBefore = map[string]uint64{"dev.wg0.rx_frame_errors": 5}
		s.Counters = map[string]uint64{"dev.wg0.rx_frame_errors": 5 + grown}
		v := &view{facts: s, path: host.Path{Tunnel: "wg0", WAN: "eth0"}, peer: netip.MustParseAddrPort(endpointA)}
		if got := wrongTunnelAdapter(v); got.fact != want || want == host.FactNo && got.basis != "counters" {
			t.Errorf("%d more errors: %+v, want %s", grown, got, want)
		}
	}
}
