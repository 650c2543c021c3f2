package report

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// The samples stand for runs of the lab: addresses from the documentation
// ranges (RFC 5737, RFC 3849), counts as its faults leave them.

var sampleStart = time.Date(2026, 3, 14, 10, 2, 11, 0, time.UTC).UnixNano()

const second = int64(time.Second)

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func seen(packets uint64) correlate.StageCount {
	return correlate.StageCount{Observed: true, Count: correlate.Count{Packets: packets, Bytes: packets * 84}}
}

func count(packets uint64) correlate.Count {
	return correlate.Count{Packets: packets, Bytes: packets * 84}
}

type sample struct {
	name string
	ev   *correlate.Evidence
	d    *diagnose.Diagnosis
	info Info
}

// server is a run of 30 s on a server with wg0 and eth0, before any packet.
func server() *correlate.Evidence {
	end := sampleStart + 30*second
	return &correlate.Evidence{
		Started: sampleStart, Ended: end,
		Captures: []correlate.Capture{
			{Role: capture.RoleTunnel, RoleWhy: "host", Source: "wg0", Interface: capture.Interface{Name: "wg0", LinkType: capture.LinkTypeRaw},
				Packets: 31, Bytes: 2604, First: sampleStart + second, Last: end - second, DroppedKnown: true},
			{Role: capture.RoleWAN, RoleWhy: "host", Source: "eth0", Interface: capture.Interface{Name: "eth0", LinkType: capture.LinkTypeEthernet},
				Packets: 64, Bytes: 7120, First: sampleStart + second, Last: end, DroppedKnown: true},
		},
		WireGuard: correlate.WireGuard{Port: 51820, PortWhy: "host"},
		Clock:     correlate.Clock{Basis: "one-clock", HasUncertainty: true},
		Coverage:  correlate.Coverage{Tunnel: true, WAN: true, Live: true, OuterPossible: true},
		Relation:  correlate.Relation{Proved: true, Basis: "live"},
	}
}

func stages(ev *correlate.Evidence, n ...uint64) {
	for i, v := range n {
		ev.Stages[i+1] = seen(v)
	}
}

// phone adds a client with its peer; n are its packets at the six stages.
func phone(ev *correlate.Evidence, addr, from string, n ...uint64) {
	c := correlate.Client{Addrs: []netip.Addr{netip.MustParseAddr(addr)}, Peer: len(ev.WireGuard.Peers), First: sampleStart, Last: ev.Ended}
	for i, v := range n {
		c.Stages[i+1] = count(v)
	}
	ev.Clients = append(ev.Clients, c)
	ev.WireGuard.Peers = append(ev.WireGuard.Peers, correlate.Peer{
		Endpoint: ap(from), ServerEndpoint: ap("203.0.113.2:51820"), State: correlate.PeerEstablished,
		Initiations: 1, Responses: 1, DataIn: n[1], DataOut: n[4], KeepalivesOut: 2, UndeliveredKnown: true, Trusted: true,
		First: sampleStart + int64(len(ev.Clients)),
	})
}

func flow(proto uint8, client, remote, translated string, o correlate.Outcome, in, out, reply, back uint64) correlate.Flow {
	f := correlate.Flow{Proto: proto, Client: ap(client), Remote: ap(remote), Outcome: o,
		In: count(in), Out: count(out), Reply: count(reply), Back: count(back),
		First: sampleStart + 2*second, Last: sampleStart + 9*second}
	if translated != "" {
		f.Translated = ap(translated)
		f.NAT = correlate.NATSource
		if translated == client {
			f.NAT = correlate.NATNone
		}
	}
	return f
}

func syn(at correlate.Stage, frame uint64, src, dst string) correlate.Sighting {
	s := correlate.Sighting{Frame: frame, Time: sampleStart + int64(frame)*second/7, Stage: at, Kind: capture.KindTCP,
		TCPFlags: capture.TCPSyn, Proto: 6, Src: ap(src), Dst: ap(dst), Length: 64}
	if at == correlate.WANOut || at == correlate.WANIn {
		s.Capture = 1
	}
	return s
}

func fault(id string, layer int, after, before correlate.Stage, f diagnose.Finding) *diagnose.Diagnosis {
	f.ID, f.Layer, f.After, f.Before, f.Severity = id, layer, after, before, diagnose.SeverityFault
	if f.Confidence == 0 {
		f.Confidence = 0.97
	}
	return &diagnose.Diagnosis{
		Status: diagnose.StatusFault, Finding: id, Basis: "packets", Findings: []diagnose.Finding{f},
		Clients:  []diagnose.ClientVerdict{{Client: 0, Status: diagnose.StatusFault, Finding: id}},
		Episodes: []diagnose.EpisodeVerdict{{Started: sampleStart, Ended: sampleStart + 30*second, Trigger: correlate.TriggerStart, Status: diagnose.StatusFault, Finding: id}},
	}
}

func live(os string) Info {
	return Info{Version: "0.1.0", OS: os, Arch: "amd64", CaptureLibrary: "libpcap version 1.10.3", Lang: "en", Live: true}
}

func samples() []sample {
	return []sample{healthySample(), natMissingSample(), notForwardedLinux(), notForwardedWindows(),
		unknownOS(), unansweredSample(), noTrafficSample(), ipv6Sample(), unknownSample()}
}

func healthySample() sample {
	ev := server()
	stages(ev, 42, 40, 40, 61, 61, 63)
	phone(ev, "10.8.0.2", "198.51.100.10:40123", 42, 40, 40, 61, 61, 63)
	ev.Totals = correlate.Totals{Flows: 37, Answered: 37, MatchedPackets: 101, MatchedPairs: 101}
	f := flow(6, "10.8.0.2:51234", "192.0.2.80:443", "203.0.113.2:51234", correlate.OutcomeAnswered, 12, 12, 14, 14)
	f.Forward = correlate.Latency{Samples: 12, Min: 21_400, Median: 30_100, P95: 55_000, Max: 81_900}
	ev.Flows = []correlate.Flow{f, flow(17, "10.8.0.2:40001", "192.0.2.53:53", "203.0.113.2:61044", correlate.OutcomeAnswered, 1, 1, 1, 1)}
	ev.NAT = []correlate.Mapping{
		{Proto: 6, Inside: ap("10.8.0.2:51234"), Outside: ap("203.0.113.2:51234"), Remote: ap("192.0.2.80:443"), First: sampleStart + second, Last: sampleStart + 5*second, Packets: 26, PortKept: true, Basis: correlate.BasisOctets},
		{Proto: 17, Inside: ap("10.8.0.2:40001"), Outside: ap("203.0.113.2:61044"), Remote: ap("192.0.2.53:53"), First: sampleStart + second, Last: sampleStart + second, Packets: 2, Basis: correlate.BasisDNS},
	}
	return sample{"healthy", ev, &diagnose.Diagnosis{Status: diagnose.StatusHealthy, Basis: "packets",
		Findings: []diagnose.Finding{{ID: "healthy", Severity: diagnose.SeverityInfo, Args: map[string]any{"untested": "IPv6"}}},
		Clients:  []diagnose.ClientVerdict{{Status: diagnose.StatusHealthy}},
		Episodes: []diagnose.EpisodeVerdict{{Started: sampleStart, Ended: ev.Ended, Trigger: correlate.TriggerStart, Status: diagnose.StatusHealthy}},
	}, live("linux")}
}

func natMissingSample() sample {
	ev := server()
	stages(ev, 73, 70, 70, 12, 12, 21)
	phone(ev, "10.8.0.2", "198.51.100.10:40123", 17, 14, 14, 0, 0, 4)
	phone(ev, "10.9.0.7", "198.51.100.77:61000", 56, 56, 56, 12, 12, 17)
	ev.Flows = []correlate.Flow{
		flow(6, "10.9.0.7:50001", "192.0.2.80:443", "203.0.113.2:50001", correlate.OutcomeAnswered, 9, 9, 8, 8),
		flow(6, "10.8.0.2:51234", "192.0.2.80:443", "10.8.0.2:51234", correlate.OutcomeUntranslatedReply, 4, 4, 0, 0),
		flow(17, "10.8.0.2:40001", "192.0.2.53:53", "10.8.0.2:40001", correlate.OutcomeUntranslatedReply, 3, 3, 0, 0),
		flow(1, "10.8.0.2:77", "192.0.2.80:0", "10.8.0.2:77", correlate.OutcomeUntranslatedReply, 3, 3, 0, 0),
	}
	ev.Totals = correlate.Totals{Flows: 4, Answered: 1}
	dns := correlate.Sighting{Capture: 1, Frame: 19, Time: sampleStart + 3*second, Stage: correlate.WANOut, Kind: capture.KindUDP, Proto: 17, DNS: true,
		Src: ap("10.8.0.2:40001"), Dst: ap("192.0.2.53:53"), Length: 61}
	d := fault("nat-missing", 3, correlate.WANOut, correlate.WANIn, diagnose.Finding{
		Scope:      diagnose.Scope{Client: netip.MustParseAddr("10.8.0.2"), Family: correlate.IPv4},
		Confidence: 0.98,
		Evidence: []correlate.Sighting{syn(correlate.TunnelIn, 4, "10.8.0.2:51234", "192.0.2.80:443"),
			syn(correlate.WANOut, 11, "10.8.0.2:51234", "192.0.2.80:443"), dns},
		Causes: []diagnose.Cause{{ID: "nat-missing", Probability: 0.7}, {ID: "nat-wrong-out-interface", Probability: 0.14},
			{ID: "nat-wrong-subnet", Probability: 0.1}, {ID: "nat-gone-after-reboot", Probability: 0.06}},
		Fixes: []diagnose.Fix{{ID: "nat-linux-nft", OS: "linux", Cause: "nat-missing",
			Commands: []string{"nft add table ip wgtrace",
				"nft 'add chain ip wgtrace postrouting { type nat hook postrouting priority 100; policy accept; }'",
				`nft 'add rule ip wgtrace postrouting ip saddr 10.8.0.0/24 oifname "eth0" masquerade'`},
			Undo: []string{"nft delete table ip wgtrace"}, Notes: []string{"needs-root", "lost-at-reboot", "persist"},
			Args: map[string]any{"prefix": "10.8.0.0/24"}},
			{ID: "nat-linux-iptables", OS: "linux", Cause: "nat-missing",
				Commands: []string{"iptables -t nat -I POSTROUTING 1 -s 10.8.0.0/24 -o eth0 -j MASQUERADE"},
				Undo:     []string{"iptables -t nat -D POSTROUTING -s 10.8.0.0/24 -o eth0 -j MASQUERADE"}, Notes: []string{"needs-root"}}},
		Args: map[string]any{"os": "linux", "client": "10.8.0.2", "prefix": "10.8.0.0/24", "arrived": uint64(14), "left": uint64(14)},
	})
	d.Clients = append(d.Clients, diagnose.ClientVerdict{Client: 1, Status: diagnose.StatusHealthy})
	return sample{"nat-missing", ev, d, live("linux")}
}

func notForwardedLinux() sample {
	ev := server()
	stages(ev, 17, 14, 0, 0, 0, 3)
	phone(ev, "10.8.0.2", "198.51.100.10:40123", 17, 14, 0, 0, 0, 3)
	ev.Flows = []correlate.Flow{flow(6, "10.8.0.2:51234", "192.0.2.80:443", "", correlate.OutcomeNoEgress, 8, 0, 0, 0)}
	ev.Totals = correlate.Totals{Flows: 1, LostPackets: 14}
	return sample{"not-forwarded-linux", ev, fault("not-forwarded", 2, correlate.TunnelIn, correlate.WANOut, diagnose.Finding{
		Evidence: []correlate.Sighting{syn(correlate.TunnelIn, 4, "10.8.0.2:51234", "192.0.2.80:443")},
		Causes: []diagnose.Cause{{ID: "ip-forwarding-off", Probability: 0.45}, {ID: "forward-policy-drop", Probability: 0.25},
			{ID: "docker-forward-drop", Probability: 0.15}, {ID: "rp-filter-drop", Probability: 0.05}},
		Fixes: []diagnose.Fix{{ID: "fwd-linux", OS: "linux", Cause: "ip-forwarding-off", Commands: []string{"sysctl -w net/ipv4/ip_forward=1"},
			Undo: []string{"sysctl -w net/ipv4/ip_forward=0"}, Notes: []string{"needs-root"}},
			{ID: "filter-linux-iptables", OS: "linux", Cause: "forward-policy-drop",
				Commands: []string{"iptables -I FORWARD 1 -i eth0 -o wg0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "iptables -I FORWARD 1 -i wg0 -o eth0 -j ACCEPT"},
				Undo:     []string{"iptables -D FORWARD -i wg0 -o eth0 -j ACCEPT"}, Notes: []string{"needs-root", "insert-not-append"}}},
		Args: map[string]any{"os": "linux"},
	}), live("linux")}
}

func notForwardedWindows() sample {
	s := notForwardedLinux()
	s.name, s.info = "not-forwarded-windows", live("windows")
	s.ev.Captures[0].Interface.Name, s.ev.Captures[1].Interface.Name = "wg-home", "Wi-Fi"
	f := &s.d.Findings[0]
	f.Args = map[string]any{"os": "windows", "tunnel": "wg-home", "wan": "Wi-Fi", "prefix": "10.8.0.0/24"}
	f.Causes = []diagnose.Cause{{ID: "nat-missing", Probability: 0.6}, {ID: "windows-forwarding-off", Probability: 0.25}, {ID: "netnat-conflict", Probability: 0.1}}
	f.Fixes = []diagnose.Fix{
		{ID: "nat-windows-netnat", OS: "windows", Cause: "nat-missing", Commands: []string{"New-NetNat -Name wgtrace -InternalIPInterfaceAddressPrefix 10.8.0.0/24"},
			Undo: []string{"Remove-NetNat -Name wgtrace -Confirm:$false"}, Notes: []string{"needs-admin", "home-edition"}},
		{ID: "fwd-windows", OS: "windows", Cause: "windows-forwarding-off",
			Commands: []string{"Set-NetIPInterface -InterfaceAlias 'wg-home' -Forwarding Enabled", "Set-NetIPInterface -InterfaceAlias 'Wi-Fi' -Forwarding Enabled"},
			Undo:     []string{"Set-NetIPInterface -InterfaceAlias 'wg-home' -Forwarding Disabled"}, Notes: []string{"needs-admin", "lost-at-tunnel-restart"}},
	}
	return s
}

// unknownOS is the same fault in two files, which do not say what recorded them.
func unknownOS() sample {
	s, w := notForwardedLinux(), notForwardedWindows()
	s.name, s.info = "not-forwarded-files", Info{Version: "0.1.0", OS: "darwin", Arch: "arm64"}
	for i, name := range []string{"tunnel.pcap", "wan.pcap"} {
		c := &s.ev.Captures[i]
		c.Source, c.Interface.Name, c.DroppedKnown, c.RoleWhy = name, "", false, "link-type"
	}
	f := &s.d.Findings[0]
	f.Args = map[string]any{"os": ""}
	f.Causes = []diagnose.Cause{{ID: "ip-forwarding-off", Probability: 0.4}, {ID: "nat-missing", Probability: 0.3}, {ID: "forward-policy-drop", Probability: 0.2}}
	windows := w.d.Findings[0].Fixes[0]
	windows.Cause = "ip-forwarding-off"
	f.Fixes = append([]diagnose.Fix{windows}, f.Fixes...)
	return s
}

func unansweredSample() sample {
	ev := server()
	stages(ev, 7, 0, 0, 0, 0, 0)
	ev.WireGuard.Peers = []correlate.Peer{{Endpoint: ap("198.51.100.10:40123"), ServerEndpoint: ap("203.0.113.2:51820"),
		State: correlate.PeerUnanswered, Initiations: 7, First: sampleStart}}
	initiation := correlate.Sighting{Capture: 1, Frame: 3, Time: sampleStart + second, Stage: correlate.OuterIn, Kind: capture.KindUDP, Proto: 17,
		WGType: wg.MessageInitiation, Src: ap("198.51.100.10:40123"), Dst: ap("203.0.113.2:51820"), Length: 176}
	d := fault("handshake-unanswered", 1, correlate.OuterIn, correlate.OuterOut, diagnose.Finding{
		Scope: diagnose.Scope{Peer: ap("198.51.100.10:40123")}, Evidence: []correlate.Sighting{initiation},
		Causes: []diagnose.Cause{{ID: "server-key-mismatch", Probability: 0.35}, {ID: "client-key-unknown", Probability: 0.35}, {ID: "host-firewall-blocks-wg-port", Probability: 0.2}},
		Fixes: []diagnose.Fix{{ID: "key-phone", OS: "linux", Cause: "server-key-mismatch", Commands: []string{"wg show wg0 public-key"}, Notes: []string{"needs-root"}},
			{ID: "peer-linux", OS: "linux", Cause: "client-key-unknown", Commands: []string{"wg show wg0 peers", "wg set wg0 peer PHONE-PUBLIC-KEY allowed-ips 10.8.0.2/32"},
				Undo: []string{"wg set wg0 peer PHONE-PUBLIC-KEY remove"}, Notes: []string{"needs-root"}}},
		Args: map[string]any{"os": "linux"},
	})
	d.Headline, d.Clients = -1, nil
	return sample{"handshake-unanswered", ev, d, live("linux")}
}

func noTrafficSample() sample {
	ev := server()
	stages(ev, 0, 0, 0, 0, 0, 0)
	ev.WireGuard.Peers = []correlate.Peer{{Endpoint: ap("198.51.100.10:40123"), ServerEndpoint: ap("203.0.113.2:51820"),
		State: correlate.PeerEstablished, Initiations: 1, Responses: 1, KeepalivesIn: 2, First: sampleStart}}
	return sample{"no-traffic", ev, &diagnose.Diagnosis{Status: diagnose.StatusInconclusive, Finding: "no-traffic", Basis: "packets", Headline: -1,
		Findings: []diagnose.Finding{{ID: "no-traffic", Severity: diagnose.SeverityInfo, Confidence: 0.9}}}, live("linux")}
}

// ipv6Sample has the longest addresses that can be written, and two files.
func ipv6Sample() sample {
	ev := server()
	const client, site, nat = "[fd12:3456:789a:bcde:f012:3456:789a:bcde]:51234", "[2001:db8:1234:5678:9abc:def0:1234:5678]:443", "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535"
	for i, name := range []string{"/home/someone/captures/2026-03-14/office/tunnel-capture-of-the-server.pcapng", `C:\Users\Someone\Desktop\captures of today\wan.pcapng`} {
		ev.Captures[i].Source = name
	}
	ev.Stages[correlate.TunnelIn], ev.Stages[correlate.WANOut] = seen(1_234_567), seen(1_234_567)
	ev.Stages[correlate.WANIn], ev.Stages[correlate.TunnelOut] = seen(987_654_321), seen(0)
	phone(ev, "fd12:3456:789a:bcde:f012:3456:789a:bcde", "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:40123", 0, 1_234_567, 1_234_567, 987_654_321, 0, 0)
	phone(ev, "fd12:3456:789a:bcde:f012:3456:789a:bcdf", "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:fffe]:40124", 0, 5, 5, 5, 5, 0)
	for i := range 25 {
		f := flow(6, client, site, nat, correlate.OutcomeReplyLost, 1_234_567, 1_234_567, 987_654_321, 0)
		f.First += int64(i)
		ev.Flows = append(ev.Flows, f)
		ev.NAT = append(ev.NAT, correlate.Mapping{Proto: 6, Inside: ap(client), Outside: ap(nat), Remote: ap(site), First: f.First, Last: f.Last, Packets: 40, Basis: correlate.BasisOctets})
	}
	ev.Totals = correlate.Totals{Flows: 40_000, FlowsNotListed: 39_975, NATNotListed: 12}
	ev.Clock = correlate.Clock{Basis: "anchors", Offset: 1_500_250, Uncertainty: 12_500, HasUncertainty: true, DriftPPM: 3.2, HasDrift: true, Samples: 812}
	ev.Captures[1].OffsetNS = 1_500_250
	ev.Caveats = []correlate.Caveat{{ID: "clock-estimated", Args: map[string]any{"offset_us": 1500.25, "uncertainty_us": 12.5}},
		{ID: "truncated", Args: map[string]any{"source": ev.Captures[0].Source, "count": uint64(40), "snaplen": uint32(128)}}}
	return sample{"ipv6", ev, fault("return-not-forwarded", 2, correlate.WANIn, correlate.TunnelOut, diagnose.Finding{
		Scope:    diagnose.Scope{Client: ap(client).Addr(), Family: correlate.IPv6},
		Evidence: []correlate.Sighting{syn(correlate.TunnelIn, 4, client, site), syn(correlate.WANIn, 4_000_000_000, site, nat)},
		Causes:   []diagnose.Cause{{ID: "forward-return-path-blocked", Probability: 0.85}, {ID: "rp-filter-drop", Probability: 0.1}},
	}), Info{Version: "0.1.0", OS: "linux", Arch: "arm64", Lang: "en"}}
}

// unknownSample knows nothing at all.
func unknownSample() sample {
	ev := &correlate.Evidence{Clock: correlate.Clock{Basis: "assumed"}, Caveats: []correlate.Caveat{{ID: "one-sided", Args: map[string]any{"point": "wan"}}}}
	return sample{"unknown", ev, &diagnose.Diagnosis{Finding: "too-little-evidence", Headline: -1,
		Findings: []diagnose.Finding{{ID: "too-little-evidence"}}}, Info{}}
}

// hostileSample puts what a terminal or parser might act on everywhere that a
// capture can put text.
func hostileSample() sample {
	s := natMissingSample()
	s.name = "hostile"
	for i := range s.ev.Captures {
		c := &s.ev.Captures[i]
		c.Source, c.RoleWhy = hostile, hostile
		c.Interface.Name, c.Interface.Description, c.Interface.Filter = hostile, hostile, hostile
	}
	s.ev.WireGuard.PortWhy = hostile
	s.ev.Caveats = []correlate.Caveat{{ID: "damaged", Args: map[string]any{"source": hostile, "reason": hostile}}, {ID: hostile}}
	f := &s.d.Findings[0]
	f.Args = map[string]any{"os": "linux", "tunnel": hostile, "wan": hostile, "client": hostile, "prefix": hostile}
	f.Fixes[0].Commands = append(f.Fixes[0].Commands, hostileWord)
	f.Fixes[0].Args = map[string]any{"prefix": hostile}
	s.info.HostJSON = json.RawMessage(`{"os":"linux"`) // cut short
	return s
}

const hostileWord = "eth0\x1b[2J\x1b]0;owned\x07\u202etxt.exe"

const hostile = "eth0\x1b[2J\x1b]0;owned\x07\r\n\x00\x9b31m\u202etxt.exe\u2066\u200b\xff\xfe{{.client}}<script>`rm -rf`|"
