package host

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// linksText is what iproute2 6.1 prints, shortened; the last line is BusyBox's.
const linksText = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0 addrgenmode eui64
2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000\    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 0 promiscuity 0 \    veth addrgenmode eui64
3: eth1: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc mq state DOWN mode DEFAULT group default qlen 1000\    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 addrgenmode eui64
5: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\    link/none  promiscuity 0 \    wireguard addrgenmode none
6: utun9: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1420 qdisc fq state UNKNOWN mode DEFAULT group default qlen 500\    link/none  promiscuity 0 \    tun type tun pi off vnet_hdr on persist off addrgenmode random
8: pppoe-wan: <POINTOPOINT,MULTICAST,NOARP,UP,LOWER_UP> mtu 1492 qdisc fq_codel state UNKNOWN qlen 3\    link/ppp
9: br-lan: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue qlen 1000\    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff
garbage
`

func TestParseLinks(t *testing.T) {
	s := &Snapshot{}
	parseLinks(linksText, s)
	want := []Adapter{
		{Name: "lo", Index: 1, Kind: KindLoopback, Up: true, MTU: 65536},
		{Name: "eth0", Index: 2, Kind: KindVeth, Up: true, MTU: 1500, MAC: "02:42:ac:11:00:02"},
		{Name: "eth1", Index: 3, Kind: KindEthernet, MTU: 1500, MAC: "02:00:00:00:00:01"},
		{Name: "wg0", Index: 5, Kind: KindWireGuard, Up: true, MTU: 1420},
		{Name: "utun9", Index: 6, Kind: KindTun, Up: true, MTU: 1420},
		{Name: "pppoe-wan", Index: 8, Kind: KindPPP, Up: true, MTU: 1492},
		{Name: "br-lan", Index: 9, Kind: KindEthernet, Up: true, MTU: 1500, MAC: "02:00:00:00:00:02"},
	}
	if len(s.Adapters) != len(want) {
		t.Fatalf("%d adapters, want %d: %+v", len(s.Adapters), len(want), s.Adapters)
	}
	for i, w := range want {
		a := s.Adapters[i]
		if a.Name != w.Name || a.Index != w.Index || a.Kind != w.Kind || a.Up != w.Up || a.MTU != w.MTU || a.MAC != w.MAC {
			t.Errorf("%+v, want %+v", a, w)
		}
	}
	parseAddrs("2: eth0    inet 192.0.2.2/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever\n"+
		"8: pppoe-wan    inet 203.0.113.9 peer 203.0.113.1/32 scope global pppoe-wan\\ x\n"+
		"5: wg0    inet6 fd00::1/64 scope global \\ x\n99: gone    inet 10.0.0.1/8\nshort\n", s)
	for name, addr := range map[string]string{"eth0": "192.0.2.2/24", "pppoe-wan": "203.0.113.9/32", "wg0": "fd00::1/64"} {
		if a := s.Adapter(name).Addrs; len(a) != 1 || a[0].String() != addr {
			t.Errorf("%s: %v, want %s", name, a, addr)
		}
	}
}

func TestParseRoutes(t *testing.T) {
	s := &Snapshot{}
	parseDefaults("default via 192.0.2.1 dev eth0 proto static metric 100 \nunreachable default dev lo metric 1\n"+
		"default metric 200\n\tnexthop via 198.51.100.1 dev eth1 weight 1 \n\tnexthop via inet6 fe80::1 dev eth2 weight 1\n"+
		"default dev wg0 scope link\n", 4, s)
	var got []string
	for _, r := range s.DefaultRoutes {
		got = append(got, r.Adapter+" "+r.Gateway.String())
	}
	if want := "eth0 192.0.2.1, eth1 198.51.100.1, eth2 fe80::1, wg0 invalid IP"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
	if s.DefaultRoutes[0].Metric != 100 || s.DefaultRoutes[1].Metric != 200 || s.DefaultRoutes[3].Metric != 0 {
		t.Errorf("metrics %+v", s.DefaultRoutes)
	}
	for text, want := range map[string]Hop{
		"1.1.1.1 from 10.8.0.2 via 192.0.2.1 dev eth0 \n    cache iif wg0 \n": {Adapter: "eth0", Gateway: netip.MustParseAddr("192.0.2.1")},
		"10.8.0.2 dev wg0 src 10.8.0.1 uid 0 \n    cache \n":                  {Adapter: "wg0"},
		"RTNETLINK answers: No route to host\n":                               {Problem: ProblemNotForwarded},
		"RTNETLINK answers: Network is unreachable\n":                         {Problem: ProblemNoRoute},
		"RTNETLINK answers: Invalid cross-device link\n":                      {Problem: ProblemReversePath},
		"RTNETLINK answers: Operation not supported\n":                        {},
		"unreachable 10.8.0.2 from 10.8.0.1\n":                                {Problem: ProblemNoRoute},
		"local 10.8.0.1 dev lo\n":                                             {Problem: ProblemImplausible},
		"":                                                                    {},
	} {
		if got := parseHop(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestParseWireGuardText(t *testing.T) {
	const key, peer = "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=", "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
	s := &Snapshot{Adapters: []Adapter{{Name: "wg0", Kind: KindWireGuard}, {Name: "eth0", Kind: KindEthernet}}}
	parseWireGuard(map[string]string{
		"wg-public-key": "wg0\t" + key + "\nelsewhere\t" + peer + "\n", "wg-listen-port": "wg0\t51820\n",
		"wg-endpoints":   "wg0\t" + peer + "\t[2001:db8::7]:40000\nwg0\tnokey\t(none)\n",
		"wg-allowed-ips": "wg0\t" + peer + "\t10.8.0.2/32 fd00::2/128\n", "wg-latest-handshakes": "wg0\t" + peer + "\t1790000000\n",
		"wg-transfer": "wg0\t" + peer + "\t10\t20\n", "wg-preshared": "wg0 " + peer + "\n",
	}, s)
	if len(s.WireGuard) != 1 || s.WireGuardRead != FactYes {
		t.Fatalf("%+v", s)
	}
	d := s.WireGuard[0]
	if d.Name != "wg0" || d.PublicKey.String() != key || d.ListenPort != 51820 || len(d.Peers) != 1 {
		t.Fatalf("%+v", d)
	}
	p := d.Peers[0]
	if p.PublicKey.String() != peer || !p.HasPreshared || p.Endpoint.String() != "[2001:db8::7]:40000" || len(p.AllowedIPs) != 2 ||
		p.LastHandshake.Unix() != 1790000000 || p.RxBytes != 10 || p.TxBytes != 20 {
		t.Errorf("%+v", p)
	}
	for said, want := range map[string]Fact{"Unable to access interface wg0: Operation not permitted": FactNo, "sh: wg: not found": FactUnknown} {
		s := &Snapshot{Adapters: []Adapter{{Name: "wg0", Kind: KindWireGuard}}}
		if parseWireGuard(map[string]string{"wg-error": said}, s); s.WireGuardRead != want || s.WireGuardWhy == "" {
			t.Errorf("%q: %v, %q", said, s.WireGuardRead, s.WireGuardWhy)
		}
	}
}

// here is a shell of this machine.
func here(ctx context.Context, script string, args ...string) (Answer, error) {
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", script, "wgtrace", ""}, args...)...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		return Answer{}, err
	}
	return Answer{Out: out, Said: said.String(), Code: cmd.ProcessState.ExitCode()}, nil
}

// TestReadShell: over a shell a machine says of itself what it says at once.
func TestReadShell(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux is read over a shell")
	}
	ctx := t.Context()
	want, err := ReadAll(ctx)
	if err != nil {
		t.Fatal(err)
	}
	client := Client{Addr: netip.MustParseAddr("10.99.0.2"), Tunnel: "lo"}
	got, err := ReadShell(ctx, here, client, Client{Addr: client.Addr, Tunnel: "x; id"})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want.Adapters {
		a := got.Adapter(w.Name)
		if a == nil || a.Up != w.Up || a.MTU != w.MTU || a.MAC != w.MAC || len(a.Addrs) != len(w.Addrs) || a.Forwarding4 != w.Forwarding4 {
			t.Errorf("%+v, want %+v", a, w)
		}
	}
	if len(got.DefaultRoutes) != len(want.DefaultRoutes) {
		t.Errorf("default routes %+v, want %+v", got.DefaultRoutes, want.DefaultRoutes)
	}
	if got.Forwarding4 != want.Forwarding4 || got.Firewall.Read != want.Firewall.Read || len(got.Firewall.Chains) != len(want.Firewall.Chains) {
		t.Errorf("forwarding %v and %d chains (%v), want %v and %d (%v)", got.Forwarding4, len(got.Firewall.Chains), got.Firewall.Read,
			want.Forwarding4, len(want.Firewall.Chains), want.Firewall.Read)
	}
	if w := want.Conntrack.Max; w != nil && (got.Conntrack.Max == nil || *got.Conntrack.Max != *w) {
		t.Errorf("room for %v connections, want %d", got.Conntrack.Max, *w)
	}
	if len(got.Probes) != 1 || got.Probes[0].Client != client.Addr {
		t.Errorf("probes %+v, want one", got.Probes)
	}
	if got.UptimeSeconds < want.UptimeSeconds || len(got.Counters) == 0 || got.Listeners.Read != want.Listeners.Read {
		t.Errorf("up %d s, %d counters, listeners %v", got.UptimeSeconds, len(got.Counters), got.Listeners.Read)
	}
}

// TestReadShellRefuses: another system, a shell that breaks off, and hostile
// answers give an error or facts that are not known, never a guess.
func TestReadShellRefuses(t *testing.T) {
	say := func(text string) Shell {
		return func(_ context.Context, _ string, args ...string) (Answer, error) {
			return Answer{Out: []byte(strings.ReplaceAll(text, "TOKEN", args[0])), Said: "sh: \x1b[2Jgone"}, nil
		}
	}
	if _, err := ReadShell(t.Context(), say("@TOKEN system\nFreeBSD\n@TOKEN end\n")); !errors.Is(err, ErrUnsupported) {
		t.Errorf("FreeBSD: %v", err)
	}
	if _, err := ReadShell(t.Context(), say("@TOKEN system\nLinux\n@TOKEN links\n")); err == nil || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("broken off: %v", err)
	}
	if _, err := ReadShell(t.Context(), func(context.Context, string, ...string) (Answer, error) { return Answer{}, os.ErrClosed }); !errors.Is(err, os.ErrClosed) {
		t.Errorf("no shell: %v", err)
	}
	s, err := ReadShell(t.Context(), say("@TOKEN system\nLinux\n@TOKEN links\n"+linksText+"@TOKEN switches\nipv4/ip_forward:x\nnonsense\n@other end\n"+
		"@TOKEN offload\n1\n@TOKEN offload-hw\n1\n@TOKEN end\n"))
	if err != nil || s.Forwarding4 != FactUnknown || s.FlowOffload != OffloadHardware || s.Firewall.Read == FactYes {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestScriptsQuoted: scripts survive being one quoted word of any shell.
func TestScriptsQuoted(t *testing.T) {
	for _, script := range []string{surveyScript, queryScript} {
		if strings.ContainsAny(script, "'\n\r!") {
			t.Errorf("a script holds what quotes do not cover: %s", script)
		}
	}
}
