package diagnose

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/wgconf"
)

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// TestPhoneChecks changes one thing in a phone's configuration that is right, or
// on its server, and wants that line alone to say something else.
func TestPhoneChecks(t *testing.T) {
	aaaa := netip.MustParseAddr("fd08::2")
	for _, tt := range []struct {
		name   string
		change func(p *wgconf.Config, s *host.Snapshot)
		want   string // "ID STATE REASON" of the only line that is not ok; "" if there is none
	}{
		{"all is right", func(*wgconf.Config, *host.Snapshot) {}, ""},

		{"no endpoint", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = "" }, "phone-endpoint wrong none"},
		{"no port", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = wanAddress }, "phone-endpoint wrong no-port"},
		{"no address", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = ":51820" }, "phone-endpoint wrong no-port"},
		{"another port", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = wanAddress + ":443" }, "phone-endpoint wrong port"},
		{"inside the tunnel", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = "10.8.0.1:51820" }, "phone-endpoint wrong inside"},
		{"loopback", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = "[::1]:51820" }, "phone-endpoint wrong nowhere"},
		{"link-local", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = "[fe80::1%eth0]:51820" }, "phone-endpoint wrong nowhere"},
		{"somebody's private address", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = "192.168.7.7:51820" }, "phone-endpoint unknown private"},
		{"somebody's private address and another port", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = "192.168.7.7:443" }, "phone-endpoint unknown private-port"},
		{"the server's private address and another port", func(p *wgconf.Config, s *host.Snapshot) {
			p.Peers[0].Endpoint, s.Adapters[0].Addrs = "192.168.7.7:443", prefixes("192.168.7.7/24")
		}, "phone-endpoint wrong private-port"},
		{"the server's private address", func(p *wgconf.Config, s *host.Snapshot) {
			p.Peers[0].Endpoint, s.Adapters[0].Addrs = "192.168.7.7:51820", prefixes("192.168.7.7/24")
		}, "phone-endpoint note private"},
		{"shared by a provider's customers", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = "100.64.1.1:51820" }, "phone-endpoint note shared"},
		{"the router's address", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = "198.51.100.77:51820" }, "phone-endpoint note router"},
		{"the router's address and port", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = "198.51.100.77:443" }, "phone-endpoint note other-port"},
		{"a name", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].Endpoint = "vpn.example.org:51820" }, "phone-endpoint note name"},

		{"a second tunnel first", func(p *wgconf.Config, _ *host.Snapshot) {
			p.Peers = slices.Insert(p.Peers, 0, wgconf.Peer{PublicKey: host.Key{9}})
		}, ""},
		{"the address alone is unknown", func(_ *wgconf.Config, s *host.Snapshot) { s.WireGuard[0].Peers[0].AllowedIPs = nil }, "phone-address wrong outside"},
		{"one family is unknown", func(p *wgconf.Config, _ *host.Snapshot) {
			p.Addresses = append(p.Addresses, netip.PrefixFrom(aaaa, 128))
			p.Peers[0].AllowedIPs = p.Peers[0].AllowedIPs[:1]
		}, "phone-address wrong outside"},
		{"no address of its own", func(p *wgconf.Config, _ *host.Snapshot) { p.Addresses = nil }, "phone-address wrong none"},
		{"a wider peer beside it", func(_ *wgconf.Config, s *host.Snapshot) {
			s.WireGuard[0].Peers = append(s.WireGuard[0].Peers, host.Peer{PublicKey: host.Key{7}, AllowedIPs: prefixes("10.8.0.0/24")})
		}, ""},

		{"everything but the home network", func(p *wgconf.Config, _ *host.Snapshot) {
			p.Peers[0].AllowedIPs = prefixes("0.0.0.0/1", "128.0.0.0/2", "224.0.0.0/3", "192.0.0.0/9", "::/0")
		}, ""},
		{"the tunnel's subnet", func(p *wgconf.Config, _ *host.Snapshot) {
			p.Peers[0].AllowedIPs, p.DNS = prefixes("10.8.0.0/24"), []netip.Addr{netip.MustParseAddr("10.8.0.1")}
		}, "phone-routes note narrow"},

		{"IPv6 and a server without", func(p *wgconf.Config, s *host.Snapshot) {
			p.Addresses = append(p.Addresses, netip.PrefixFrom(aaaa, 128))
			s.WireGuard[0].Peers[0].AllowedIPs = append(s.WireGuard[0].Peers[0].AllowedIPs, netip.PrefixFrom(aaaa, 128))
		}, "phone-ipv6 wrong no-route"},
		{"IPv6 past the tunnel", func(p *wgconf.Config, _ *host.Snapshot) { p.Peers[0].AllowedIPs = prefixes("0.0.0.0/0") }, ""},

		{"no name service", func(p *wgconf.Config, _ *host.Snapshot) { p.DNS = nil }, "phone-dns note none"},
		{"the server, which has none", func(p *wgconf.Config, s *host.Snapshot) {
			p.DNS[0] = netip.MustParseAddr("10.8.0.1")
			s.Listeners.Sockets = nil
		}, "phone-dns wrong server"},
		{"a device that does not exist", func(p *wgconf.Config, _ *host.Snapshot) { p.DNS[0] = netip.MustParseAddr("10.8.0.53") }, "phone-dns wrong nobody"},
		{"a private one nobody knows", func(p *wgconf.Config, _ *host.Snapshot) { p.DNS[0] = netip.MustParseAddr("192.168.9.9") }, "phone-dns unknown private"},
		{"one of two", func(p *wgconf.Config, _ *host.Snapshot) {
			p.DNS = append(p.DNS, netip.MustParseAddr("10.8.0.53"))
		}, "phone-dns wrong nobody"},

		{"small packets", func(p *wgconf.Config, _ *host.Snapshot) { p.MTU = 1200 }, ""},
		{"small packets and IPv6", func(p *wgconf.Config, s *host.Snapshot) {
			p.MTU, p.Addresses = 1200, append(p.Addresses, netip.PrefixFrom(aaaa, 128))
			s.WireGuard[0].Peers[0].AllowedIPs = append(s.WireGuard[0].Peers[0].AllowedIPs, netip.PrefixFrom(aaaa, 128))
			s.DefaultRoutes, s.Settings.Forwarding6 = append(s.DefaultRoutes, host.Route{Family: 6}), host.FactYes
		}, "phone-mtu wrong small"},
		{"large packets", func(p *wgconf.Config, _ *host.Snapshot) { p.MTU = 1500 }, "phone-mtu note large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := server()
			s.WireGuard[0].PublicKey = host.Key{2}
			s.Listeners = host.Listeners{Read: host.FactYes, Ports: []uint16{53}, Sockets: []host.Socket{{Protocol: "udp", Addr: netip.MustParseAddr("10.8.0.1"), Port: 53}}}
			p := &wgconf.Config{
				PublicKey: host.Key{1}, Addresses: prefixes(testPhone + "/24"), DNS: []netip.Addr{netip.MustParseAddr("1.1.1.1")}, MTU: 1280,
				Peers: []wgconf.Peer{{PublicKey: host.Key{2}, Endpoint: wanAddress + ":51820", AllowedIPs: prefixes("0.0.0.0/0", "::/0")}},
			}
			tt.change(p, s)
			var got string
			for _, c := range PhoneChecks(Context{OS: osLinux, Tunnel: "wg0", WAN: "eth0", Server: netip.MustParseAddr("10.8.0.1"), Facts: s}, p) {
				if c.State != StateOK {
					got += c.ID + " " + c.State.String() + " " + c.Args["reason"].(string)
				}
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestPhoneOfContainer: phones call the host around a container, on the port that
// it publishes.
func TestPhoneOfContainer(t *testing.T) {
	dnat := host.Rule{Verdict: host.VerdictTranslate, Target: "dnat", To: "172.17.0.2:51820", Matches: []host.Match{
		{Field: host.FieldProtocol, Values: []string{"udp"}}, {Field: host.FieldDport, Values: []string{"443"}}}}
	for endpoint, want := range map[string]string{
		wanAddress + ":443":    "ok published",
		wanAddress + ":51820":  "wrong published",
		"172.17.0.2:51820":     "unknown private-port",
		"198.51.100.77:443":    "note router",
		"198.51.100.77:51820":  "note other-port",
		"vpn.example.org:443":  "note name",
		"vpn.example.org:8443": "note name-port",
	} {
		inside, around := server(), server()
		inside.Adapters[0].Addrs = prefixes("172.17.0.2/16")
		around.WireGuard = nil
		around.Firewall.Chains[1].Rules = append(around.Firewall.Chains[1].Rules, dnat)
		ctx := Context{OS: osLinux, Tunnel: "wg0", WAN: "eth0", Server: netip.MustParseAddr("10.8.0.1"), Facts: inside, Enter: []string{"nsenter"},
			Around: &Context{OS: osLinux, WAN: "eth0", Facts: around, Inside: netip.MustParseAddr("172.17.0.2")}}
		phone := &wgconf.Config{PublicKey: host.Key{1}, Peers: []wgconf.Peer{{Endpoint: endpoint}}}
		line := PhoneChecks(ctx, phone)[0]
		if got := line.State.String() + " " + line.Args["reason"].(string); got != want {
			t.Errorf("%s: %q, want %q", endpoint, got, want)
		}
	}
}

// TestShareOf holds how much of the address space a list covers.
func TestShareOf(t *testing.T) {
	for _, tt := range []struct {
		list []netip.Prefix
		want float64
	}{
		{nil, 0}, {prefixes("0.0.0.0/0"), 1}, {prefixes("0.0.0.0/1", "128.0.0.0/1"), 1}, {prefixes("0.0.0.0/1", "0.0.0.0/2", "64.0.0.0/3"), 0.5},
		{prefixes("10.8.0.2/32", "10.8.0.2/32"), 1.0 / (1 << 32)}, {prefixes("::/0"), 0},
	} {
		if got := shareOf(tt.list, all4); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.list, got, tt.want)
		}
	}
	if got := shareOf(prefixes("2000::/3"), all6); got != 0.125 {
		t.Errorf("2000::/3: %v", got)
	}
}
