package diagnose

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
)

// server is the snapshot of a Linux server on which everything is right for the
// scene's phone; a case breaks one thing.
func server() *host.Snapshot {
	masquerade := host.Rule{Verdict: host.VerdictTranslate, Matches: []host.Match{{Field: host.FieldOut, Values: []string{"eth0"}}, {Field: host.FieldSource, Values: []string{"10.8.0.0/24"}}}}
	s := &host.Snapshot{
		OS: "linux",
		Adapters: []host.Adapter{
			{Name: "eth0", Kind: host.KindEthernet, Up: true, Forwarding4: host.FactYes, Addrs: []netip.Prefix{netip.MustParsePrefix(wanAddress + "/24")}},
			{Name: "wg0", Kind: host.KindWireGuard, Up: true, Forwarding4: host.FactYes, Addrs: []netip.Prefix{netip.MustParsePrefix("10.8.0.1/24")}},
		},
		DefaultRoutes: []host.Route{{Family: 4, Adapter: "eth0", Chosen: true}},
		WireGuardRead: host.FactYes,
		WireGuard: []host.Device{{Name: "wg0", ListenPort: 51820, Peers: []host.Peer{{
			PublicKey: host.Key{1}, Endpoint: netip.MustParseAddrPort(endpointA), AllowedIPs: []netip.Prefix{netip.MustParsePrefix(testPhone + "/32")}}}}},
	}
	s.Settings = host.Settings{
		Forwarding4: host.FactYes,
		Probes:      []host.Probe{{Client: netip.MustParseAddr(testPhone), Tunnel: "wg0", Out: host.Hop{Adapter: "eth0"}, Back: host.Hop{Adapter: "wg0"}}},
		Firewall: host.Firewall{Read: host.FactYes, Docker: host.FactNo, UFW: host.FactNo, Firewalld: host.FactNo, Chains: []host.Chain{
			{Source: host.SourceNft, Family: "inet", Table: "filter", Name: "forward", Hook: "forward", Type: "filter", Policy: host.VerdictAccept},
			{Source: host.SourceNft, Family: "ip", Table: "nat", Name: "postrouting", Hook: "postrouting", Type: "nat", Policy: host.VerdictAccept, Rules: []host.Rule{masquerade}},
		}},
	}
	return s
}

// TestFacts holds which cause comes first, by what, once the settings are known.
func TestFacts(t *testing.T) {
	zero := 0
	for _, tt := range []struct {
		name   string
		end    correlate.Fate
		change func(s *host.Snapshot)
		first  string // cause; "" if the settings rule out all
		basis  string
	}{
		{"forwarding is off", correlate.FateNoEgress, func(s *host.Snapshot) { s.Adapters[1].Forwarding4 = host.FactNo }, "ip-forwarding-off", "settings"},
		{"forwarding is off, as the kernel says", correlate.FateNoEgress, func(s *host.Snapshot) {
			s.Adapters[1].Forwarding4, s.Settings.Forwarding4 = host.FactUnknown, host.FactUnknown
			s.Probes[0].Out = host.Hop{Problem: host.ProblemNotForwarded}
		}, "ip-forwarding-off", "settings"},
		{"policy", correlate.FateNoEgress, func(s *host.Snapshot) { s.Firewall.Chains[0].Policy = host.VerdictDrop }, "forward-policy-drop", "settings"},
		{"Docker's policy", correlate.FateNoEgress, func(s *host.Snapshot) {
			s.Firewall.Chains[0].Policy, s.Firewall.Docker = host.VerdictDrop, host.FactYes
		}, "docker-forward-drop", "settings"},
		{"ufw beside Docker", correlate.FateNoEgress, func(s *host.Snapshot) {
			s.Firewall.Chains[0].Policy, s.Firewall.Docker, s.Firewall.UFW = host.VerdictDrop, host.FactYes, host.FactYes
		}, "ufw-deny-routed", "settings"},
		{"accepted by one, dropped by the other", correlate.FateNoEgress, func(s *host.Snapshot) {
			s.Firewall.Chains[0].Rules = []host.Rule{{Verdict: host.VerdictAccept}}
			s.Firewall.Chains = append(s.Firewall.Chains, host.Chain{Source: host.SourceIptablesLegacy, Family: "ip", Table: "filter", Name: "FORWARD", Hook: "forward", Type: "filter", Policy: host.VerdictDrop})
		}, "two-firewalls", "settings"},
		{"dropped by both back ends of iptables", correlate.FateNoEgress, func(s *host.Snapshot) {
			for _, source := range []string{host.SourceIptablesNft, host.SourceIptablesLegacy} {
				s.Firewall.Chains = append(s.Firewall.Chains, host.Chain{Source: source, Family: "ip", Table: "filter", Name: "FORWARD", Hook: "forward", Type: "filter", Policy: host.VerdictDrop})
			}
		}, "two-firewalls", "settings"},
		{"the sender's address is refused", correlate.FateNoEgress, func(s *host.Snapshot) { s.Probes[0].Out = host.Hop{Problem: host.ProblemReversePath} }, "rp-filter-drop", "settings"},
		{"nothing is wrong in the settings", correlate.FateNoEgress, func(*host.Snapshot) {}, "", "settings"},
		{"no rule", correlate.FateUntranslated, func(s *host.Snapshot) { s.Firewall.Chains[1].Rules = nil }, "nat-missing", "settings"},
		{"another adapter", correlate.FateUntranslated, func(s *host.Snapshot) {
			s.Firewall.Chains[1].Rules[0].Matches[0].Values = []string{"ens3"}
		}, "nat-wrong-out-interface", "settings"},
		{"another subnet", correlate.FateUntranslated, func(s *host.Snapshot) {
			s.Firewall.Chains[1].Rules[0].Matches[1].Values = []string{"10.9.0.0/24"}
		}, "nat-wrong-subnet", "settings"},
		{"one way", correlate.FateReplyLost, func(s *host.Snapshot) {
			s.Adapters[0].RPFilter = &zero
			s.Firewall.Chains[0].Policy = host.VerdictDrop
			s.Firewall.Chains[0].Rules = []host.Rule{{Verdict: host.VerdictAccept, Matches: []host.Match{{Field: host.FieldIn, Values: []string{"wg0"}}}}}
		}, "forward-return-path-blocked", "settings"},
		{"the rule has the address of another line", correlate.FateNoReply, func(s *host.Snapshot) {
			s.Adapters = append(s.Adapters, host.Adapter{Name: "eth1", Kind: host.KindEthernet, Up: true, Addrs: []netip.Prefix{netip.MustParsePrefix("198.51.100.7/24")}})
			s.Firewall.Chains[1].Rules[0].To = "198.51.100.7"
		}, "asymmetric-return", "settings"},
		{"the firewall could not be read", correlate.FateNoEgress, func(s *host.Snapshot) { s.Firewall = host.Firewall{} }, "forward-policy-drop", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene()
			s.dead(tt.end).Translated = uint64(min(1, max(0, int(tt.end)-int(correlate.FateUntranslated))))
			facts := server()
			tt.change(facts)
			plain, d := Run(s.Evidence, Context{OS: osLinux}), Run(s.Evidence, Context{OS: osLinux, Facts: facts})
			if plain.Finding == "" || d.Finding != plain.Finding || d.Findings[0].Confidence != plain.Findings[0].Confidence {
				t.Fatalf("facts moved the place: %q, without them %q", d.Finding, plain.Finding)
			}
			causes := d.Findings[0].Causes
			sum := 0.0
			for _, c := range causes {
				sum += c.Probability
			}
			if sum > 1.0001 {
				t.Errorf("the causes add up to %v", sum)
			}
			disagree := len(d.Caveats) == 1 && d.Caveats[0].ID == "settings-disagree"
			switch first := causes[0]; {
			case tt.first == "":
				if sum != 0 || !disagree || len(d.Findings[0].Fixes) != 0 {
					t.Errorf("causes %+v, caveats %v, %d fixes; the settings rule out all", causes, d.Caveats, len(d.Findings[0].Fixes))
				}
			case first.ID != tt.first || first.Basis != tt.basis || disagree:
				t.Errorf("first cause %+v, want %s by %q", first, tt.first, tt.basis)
			case tt.basis != "" && (first.Probability != provedProbability || d.Findings[0].Fixes[0].Cause != tt.first):
				t.Errorf("proved cause %+v, its fixes %+v", first, d.Findings[0].Fixes)
			}
		})
	}
}

// Every test of a cause must bear a snapshot that knows nothing, and then say
// nothing: what could not be read settles nothing.
func TestFactsSilent(t *testing.T) {
	s := newScene()
	s.dead(correlate.FateNoEgress)
	for _, os := range []string{"", "linux", "windows", "darwin"} {
		for id, test := range factTests {
			for _, v := range []*view{
				{facts: &host.Snapshot{OS: os}, finding: "not-forwarded", port: 51820},
				{facts: &host.Snapshot{OS: os}, finding: "return-not-forwarded", path: host.Path{Client: netip.MustParseAddr(testPhone), Tunnel: "wg0", WAN: "eth0"}, server: netip.MustParseAddr("10.8.0.1")},
				{facts: &host.Snapshot{OS: os}, peer: netip.MustParseAddrPort(endpointA), port: 51820},
			} {
				if a := test(v); a.fact != host.FactUnknown && id != "no-default-route" {
					t.Errorf("%s on %q: %v of nothing", id, os, a)
				}
			}
		}
	}
}

// TestChecks breaks one setting at a time and holds which line says so; all
// others must not.
func TestChecks(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(s *host.Snapshot)
		wrong  string // id of the line; "" if none
		cause  string
	}{
		{"all right", func(*host.Snapshot) {}, "", ""},
		{"no device", func(s *host.Snapshot) { s.Adapters, s.WireGuard = s.Adapters[:1], nil }, "device", ""},
		{"down", func(s *host.Snapshot) { s.Adapters[1].Up = false }, "device", ""},
		{"no peers", func(s *host.Snapshot) { s.WireGuard[0].Peers = nil }, "peers", ""},
		{"no address", func(s *host.Snapshot) {
			s.WireGuard[0].Peers = append(s.WireGuard[0].Peers, host.Peer{PublicKey: host.Key{2}})
		}, "allowed-ips", ""},
		{"the port is shut", func(s *host.Snapshot) {
			s.Firewall.Chains = append(s.Firewall.Chains, host.Chain{Source: host.SourceNft, Family: "inet", Table: "f", Name: "input", Hook: "input", Type: "filter", Policy: host.VerdictDrop,
				Rules: []host.Rule{{Verdict: host.VerdictAccept, Matches: []host.Match{{Field: host.FieldIn, Values: []string{"wg0"}}}}}})
		}, "wg-port", "host-firewall-blocks-wg-port"},
		{"no forwarding", func(s *host.Snapshot) { s.Adapters[1].Forwarding4 = host.FactNo }, "forwarding", "ip-forwarding-off"},
		{"no way", func(s *host.Snapshot) { s.DefaultRoutes = nil }, "route-out", ""},
		{"the way leads into the tunnel", func(s *host.Snapshot) { s.Probes[0].Out.Adapter = "wg0" }, "route-out", ""},
		{"the way back leads elsewhere", func(s *host.Snapshot) { s.Probes[0].Back.Adapter = "eth0" }, "route-back", ""},
		{"no translation", func(s *host.Snapshot) { s.Firewall.Chains[1].Rules = nil }, "translation", "nat-missing"},
		{"not remembered", func(s *host.Snapshot) {
			s.Firewall.Chains = append(s.Firewall.Chains, host.Chain{Source: host.SourceNft, Family: "ip", Table: "raw", Name: "pre", Hook: "prerouting", Type: "filter",
				Rules: []host.Rule{{Verdict: host.VerdictNotrack}}})
		}, "tracking", ""},
		{"full", func(s *host.Snapshot) { s.Conntrack.Count = s.Conntrack.Max }, "table", "nat-table-full"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			facts := server()
			count, most := uint64(5), uint64(9)
			facts.Conntrack = host.Conntrack{Count: &count, Max: &most}
			tt.change(facts)
			found := false
			for _, c := range Checks(Context{OS: osLinux, Tunnel: "wg0", WAN: "eth0", Facts: facts}) {
				if c.State != StateWrong {
					continue
				}
				if c.ID != tt.wrong || c.Cause != tt.cause || (c.Cause != "") != (len(c.Fixes) > 0) && c.ID != "table" {
					t.Errorf("%+v, want %s by %q", c, tt.wrong, tt.cause)
				}
				found = true
			}
			if found != (tt.wrong != "") {
				t.Errorf("no line is wrong, want %s", tt.wrong)
			}
		})
	}
	for _, os := range []string{osLinux, osWindows, osMacOS, ""} {
		for _, c := range Checks(Context{OS: os, Facts: &host.Snapshot{OS: os}}) {
			if c.State == StateWrong && c.ID != "route-out" {
				t.Errorf("%q: %s is wrong, and nothing was read", os, c.ID)
			}
		}
	}
}

// TestGatewayFacts tells a router that is off from one whose address is set wrong.
func TestGatewayFacts(t *testing.T) {
	for gateway, want := range map[string]string{
		"203.0.113.1": "gateway-dead", "198.51.100.1": "gateway-address-wrong", wanAddress: "gateway-address-wrong", "169.254.1.1": "gateway-dead",
	} {
		for _, single := range []bool{false, true} {
			s := newScene()
			f := s.dead(correlate.FateNoEgress)
			f.Refusals = []correlate.Refusal{said(wanAddress, 3, 1, 4)}
			facts := server()
			facts.Probes[0].Out.Gateway = netip.MustParseAddr(gateway)
			first := want
			if single {
				facts.Adapters[0].Addrs = []netip.Prefix{netip.MustParsePrefix(wanAddress + "/32")}
				if gateway != wanAddress {
					first = "gateway-dead" // beside the subnet on purpose
				}
			}
			d := Run(s.Evidence, Context{OS: osLinux, Facts: facts})
			if d.Finding != "gateway-unreachable" || d.Findings[0].Causes[0].ID != first {
				t.Errorf("%s, single %v: %q by %+v", gateway, single, d.Finding, d.Findings[0].Causes)
			}
		}
	}
}

// TestFullFacts holds which of the reasons why new connections get stuck the
// settings leave.
func TestFullFacts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(s *host.Snapshot)
		first  string // cause; "" if the settings rule out all
	}{
		{"nothing is wrong", func(*host.Snapshot) {}, ""},
		{"full", func(s *host.Snapshot) { s.Conntrack.Count = s.Conntrack.Max }, "nat-table-full"},
		{"fewer ports than connections", func(s *host.Snapshot) { s.Firewall.Chains[1].Rules[0].Ports = 4 }, "nat-ports-exhausted"},
		{"more ports than connections", func(s *host.Snapshot) { s.Firewall.Chains[1].Rules[0].Ports = 400 }, ""},
		{"a rule that counts", func(s *host.Snapshot) {
			s.Firewall.Chains[0].Rules = []host.Rule{{Unclear: true, Verdict: host.VerdictDrop}}
		}, "connection-limit"},
		{"refused for want of room", func(s *host.Snapshot) {
			s.Counters, s.CountersBefore = map[string]uint64{"conntrack.drop": 9}, map[string]uint64{"conntrack.drop": 2}
		}, "nat-table-full"},
		{"refused for want of a port", func(s *host.Snapshot) {
			s.Firewall.Chains[1].Rules[0].Ports = 4
			s.Counters = map[string]uint64{"conntrack.drop": 9, "conntrack.insert_failed": 8}
			s.CountersBefore = map[string]uint64{"conntrack.drop": 2, "conntrack.insert_failed": 1}
		}, "nat-ports-exhausted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene()
			s.full(flow(protoTCP, "192.0.2.1:443", correlate.OutcomeAnswered, 1))
			facts := server()
			count, most := uint64(9), uint64(900)
			facts.Conntrack = host.Conntrack{Count: &count, Max: &most}
			tt.change(facts)
			d := Run(s.Evidence, Context{OS: osLinux, Facts: facts})
			if d.Finding != "new-flows-not-forwarded" {
				t.Fatalf("%q", d.Finding)
			}
			first := d.Findings[0].Causes[0]
			if first.Probability == 0 {
				first.ID = ""
			}
			if first.ID != tt.first {
				t.Errorf("%+v, want %q first", d.Findings[0].Causes, tt.first)
			}
		})
	}
}

// The chain that drops stands in the commands, and only commands for its own kind
// of firewall are offered; a name that does not belong into a command leaves the
// placeholder.
func TestFixKnowsTheChain(t *testing.T) {
	for _, tt := range []struct {
		name          string
		change        func(c *host.Chain)
		want, without string
	}{
		{"nft", func(*host.Chain) {}, "nft 'insert rule inet filter forward iifname", "DROPPING"},
		{"another table", func(c *host.Chain) { c.Family, c.Table, c.Name = "ip", "my-fw", "FORWARD" }, "nft 'insert rule ip my-fw FORWARD iifname", "DROPPING"},
		{"iptables", func(c *host.Chain) { c.Source, c.Family = host.SourceIptablesNft, "ip" }, "iptables -I FORWARD 1", "nft '"},
		{"old iptables", func(c *host.Chain) { c.Source, c.Family = host.SourceIptablesLegacy, "ip" }, "iptables-legacy -I FORWARD 1", "nft '"},
		{"a name that is a command", func(c *host.Chain) { c.Table = "x'; reboot; '" }, "insert rule inet DROPPING-TABLE DROPPING-CHAIN", "reboot"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene()
			s.dead(correlate.FateNoEgress)
			facts := server()
			facts.Firewall.Chains[0].Policy = host.VerdictDrop
			tt.change(&facts.Firewall.Chains[0])
			f := Run(s.Evidence, Context{OS: osLinux, Facts: facts}).Findings[0]
			var all []string
			for _, x := range f.Fixes {
				if x.Cause == f.Causes[0].ID {
					all = append(all, strings.Join(append(x.Commands, x.Undo...), "\n"))
				}
			}
			if len(all) == 0 || !strings.Contains(all[0], tt.want) || strings.Contains(strings.Join(all, "\n"), tt.without) {
				t.Errorf("%s\nmust hold %q and not %q", strings.Join(all, "\n"), tt.want, tt.without)
			}
		})
	}
}
