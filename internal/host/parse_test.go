package host

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func testFile(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// line writes a rule so that a test can name it.
func (r Rule) line() string {
	var b strings.Builder
	for _, m := range r.Matches {
		if m.Not {
			b.WriteString("! ")
		}
		fmt.Fprintf(&b, "%s %s; ", m.Field, strings.Join(m.Values, ","))
	}
	if r.Unclear {
		b.WriteString("?; ")
	}
	b.WriteString(string(r.Verdict))
	if r.Target != "" {
		b.WriteString(" " + r.Target)
	}
	return b.String()
}

func compareRules(t *testing.T, chains []Chain, name string, want ...string) {
	t.Helper()
	for _, c := range chains {
		if c.Table+" "+c.Name != name {
			continue
		}
		for i, r := range c.Rules {
			if i >= len(want) || r.line() != want[i] {
				t.Errorf("%s, rule %d: %q\n%s", name, i, r.line(), strings.Join(want, "\n"))
			}
		}
		if len(c.Rules) != len(want) {
			t.Errorf("%s has %d rules, want %d", name, len(c.Rules), len(want))
		}
		return
	}
	t.Errorf("no chain %q", name)
}

// rules.nft as nft 1.0.6 lists it.
func TestParseNft(t *testing.T) {
	n, err := parseNft([]byte(testFile(t, "nft.json")))
	if err != nil {
		t.Fatal(err)
	}
	if len(n.chains) != 7 || len(n.xt) != 0 || n.ingress {
		t.Fatalf("%d chains, %v", len(n.chains), n.xt)
	}
	if c := n.chains[1]; c.String() != "inet filter forward" || c.Hook != "forward" || c.Type != "filter" || c.Policy != VerdictDrop {
		t.Errorf("%+v", c)
	}
	compareRules(t, n.chains, "filter input",
		"state invalid; drop", "state established; accept", "state related; accept",
		"iif lo; accept",
		"protocol tcp; dport 22,80-90; accept",
		"protocol udp; dport 51820; accept",
		"protocol icmp,ipv6-icmp; accept",
		"protocol icmp; icmp-type echo-request; ?; accept",
		"dst-type local; accept",
		"reject")
	compareRules(t, n.chains, "filter forward",
		"iif wg0,wg1; oif eth0; family ipv4; saddr 10.0.0.0/8,192.168.1.1-192.168.1.9; accept",
		"iif lo; accept",
		"iif wg0,wg1; accept",
		"family ipv6; ! saddr fd00::/8; drop",
		"family ipv4; daddr 10.0.0.1-10.0.0.9; goto sub",
		"?; accept", // a mark
		"family ipv4; protocol tcp; state established,related; accept",
		"dport 53; accept",
		"?; accept", // two fields at once
		"iif xx; drop", "iif wg0; jump sub",
		"?; ",
		"",
		"?; accept",
		"family ipv4; saddr 10.8.0.0/24; accept",
		"family ipv4; saddr 10.8.0.2; ?; accept",
		"?; drop")
	compareRules(t, n.chains, "nat postrouting",
		"family ipv4; saddr 10.8.0.0/24; oif eth0; translate masquerade", "family ipv4; saddr 10.9.0.0/24; translate snat")
	compareRules(t, n.chains, "raw pre", "iif eth0; notrack")
	if p := n.chains[0].Rules[5].Packets; p == nil || *p != 0 {
		t.Error("the counter was not read")
	}
}

// Rules that iptables-nft made: nft lists them without their meaning, iptables
// with it.
func TestParseIptables(t *testing.T) {
	n, err := parseNft([]byte(testFile(t, "nft-iptables.json")))
	if err != nil {
		t.Fatal(err)
	}
	if len(n.xt) == 0 {
		t.Error("statements of iptables were not noticed")
	}
	chains, err := parseIptables(SourceIptablesNft, "ip", testFile(t, "iptables-save.txt"))
	if err != nil {
		t.Fatal(err)
	}
	compareRules(t, chains, "filter FORWARD",
		"jump DOCKER-USER",
		"protocol tcp; dport 80,443-450; reject",
		"protocol icmp; icmp-type 8; accept",
		"dst-type local; drop",
		"saddr 10.0.0.1-10.0.0.5; ?;  LOG",
		"?; accept")
	compareRules(t, chains, "filter DOCKER-USER", "saddr 10.8.0.0/24; iif wg*; ! oif docker0; state new,established; accept")
	compareRules(t, chains, "nat POSTROUTING", "saddr 10.8.0.0/24; ! oif docker0; translate masquerade")
	compareRules(t, chains, "raw PREROUTING", "iif eth0; notrack")
	fw := Firewall{Read: FactYes, Chains: n.chains}
	fw.replace(chains)
	for _, c := range fw.Chains {
		if c.Source == SourceNft && c.Family == "ip" {
			t.Errorf("%s is there twice", c.String())
		}
	}
	fw.recognise()
	if fw.Docker != FactYes || fw.UFW != FactNo {
		t.Errorf("Docker %v, ufw %v", fw.Docker, fw.UFW)
	}
	s := &Snapshot{OS: "linux", Settings: Settings{Firewall: fw}}
	p := Path{Client: netip.MustParseAddr("10.8.0.2"), Tunnel: "wg0", WAN: "eth0"}
	if f, _ := s.Filtered(p, false); f != FactNo {
		t.Errorf("the tunnel is let through: %v", f)
	}
	p.Tunnel = "tun0"
	if f, _ := s.Filtered(p, false); f != FactUnknown { // a mark may let it through
		t.Errorf("a rule asks for a mark: %v", f)
	}
	if s.Translates(p) != FactYes || s.Untracked(p) != FactYes {
		t.Error("translation or tracking is wrong")
	}
}

// What a machine prints can be anything, a snapshot all the more.
func TestParseHostile(t *testing.T) {
	for _, s := range []string{
		"", "null", "[]", `{"nftables":null}`, `{"nftables":[{"rule":5}]}`, `{"nftables":[{"chain":{"family":"ip","name":"x"}},{"rule":{"family":"ip","chain":"x","expr":[{"vmap":{"key":{},"data":{"set":[[1]]}}}]}}]}`,
		`{"nftables":[{"chain":{"family":"ip","name":"x"}},{"rule":{"family":"ip","chain":"x","expr":[{"match":{"op":"==","left":{"payload":null},"right":{"range":[]}}},{"jump":null}]}}]}`,
	} {
		if n, err := parseNft([]byte(s)); err == nil {
			withRules(n.chains...).Filtered(phonePath, false)
		}
	}
	for _, s := range []string{"*filter\n-A", "-A x", ":x", "*f\n:x - [0:0]\n[1:2] -A x \"", "*f\n:x - [0:0]\n-A x -s", "*f\n:x - [0:0]\n-A x !"} {
		if chains, err := parseIptables(SourceIptablesNft, "ip", s); err == nil {
			withRules(chains...).Filtered(phonePath, false)
		}
	}
	var many strings.Builder
	many.WriteString("*filter\n:FORWARD ACCEPT [0:0]\n")
	many.WriteString(strings.Repeat("[0:0] -A FORWARD -j DROP\n", maxRules+1))
	if _, err := parseIptables(SourceIptablesNft, "ip", many.String()); err != errTooLarge {
		t.Errorf("%d rules: %v", maxRules+1, err)
	}
	for _, raw := range []string{"", "5", "null", "{}", `{"os":5}`, `{"host":null}`, `{"os":"linux","adapters":null,"wireguard":[{"peers":null}]}`, `{"host":{"os":"linux"}}`} {
		s, err := Decode([]byte(raw))
		if err == nil && (s.OS != "linux" || s.Probes == nil) {
			t.Errorf("%q: %+v", raw, s)
		}
	}
}

func TestProcFiles(t *testing.T) {
	got := map[string]uint64{}
	parsePairs("Ip: Forwarding DefaultTTL InAddrErrors\nIp: 1 64 7\nTcp: MaxConn OutRsts\nTcp: -1 4\nIcmp: a b\nUdp: 1\n", got)
	parseLines("Ip6InNoRoutes                   \t3\nIp6InAddrErrors x\n\n", got)
	parseDev("Inter-|   Receive\n face |bytes\n   wg0:     9   2  4  0 0  5   0   0  99   8    7    6    0     0       0          0\n eth1: 1 1 1 1 1 1 1 1 1 1 1 1\n", []string{"wg0"}, got)
	parseConntrackStat("entries  clashres drop early_drop\n00000005  00000000 0000000a 00000001\n00000005  00000000 00000002 00000000\n", got)
	for name, want := range map[string]uint64{
		"Ip.InAddrErrors": 7, "Tcp.OutRsts": 4, "Ip6InNoRoutes": 3, "dev.wg0.rx_frame_errors": 5, "dev.wg0.rx_errors": 4,
		"dev.wg0.tx_packets": 8, "dev.wg0.tx_errors": 7, "dev.wg0.tx_dropped": 6, "conntrack.drop": 12, "conntrack.early_drop": 1,
	} {
		if n, ok := got[name]; !ok || n != want {
			t.Errorf("%s: %d, %v; want %d", name, n, ok, want)
		}
	}
	if _, ok := got["dev.eth1.rx_errors"]; ok || len(got) > 20 {
		t.Errorf("too much was read: %v", got)
	}
	udp := "  sl  local_address rem_address   st\n 1: 0101080A:0035 00000000:0000 07 0\n 2: 00000000:CA6C 00000000:0000 07\n 3: 0100007F:0035 0100007F:1111 01\n"
	list := parseSockets(udp, "udp", []uint16{53, 51820})
	if len(list) != 2 || list[0].Addr.String() != "10.8.1.1" || list[1].Port != 51820 || !list[1].Addr.IsUnspecified() {
		t.Errorf("sockets %v", list)
	}
	six := parseSockets(" 0: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 0A\n 1: B80D0120000000000000000001000000:0035 0:0 0A\n", "tcp", []uint16{53})
	if len(six) != 2 || !six[0].Addr.Is6() || six[1].Addr.String() != "2001:db8::1" {
		t.Errorf("sockets %v", six)
	}
}

// TestMadeByIptables: whose table it is decides by which program rules are added.
func TestMadeByIptables(t *testing.T) {
	base := func(family, table, name, hook string) Chain {
		return Chain{Family: family, Table: table, Name: name, Hook: hook}
	}
	for _, tt := range []struct {
		name   string
		chains []Chain
		want   bool
	}{
		{"nothing", nil, false},
		{"a policy alone", []Chain{base("ip", "filter", "FORWARD", "forward"), base("ip", "filter", "mine", "")}, true},
		{"nft's own names", []Chain{base("ip", "filter", "forward", "forward")}, false},
		{"both in one table", []Chain{base("ip", "filter", "FORWARD", "forward"), base("ip", "filter", "mine", "input")}, false},
		{"a family that iptables does not have", []Chain{base("inet", "filter", "FORWARD", "forward")}, false},
		{"beside one of nft", []Chain{base("inet", "filter", "forward", "forward"), base("ip6", "filter", "INPUT", "input")}, true},
	} {
		if got := madeByIptables(tt.chains); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
