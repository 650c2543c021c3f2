package host

import (
	"net/netip"
	"strings"
	"testing"
)

// windowsServer is a Windows server with the adapters of the answers below.
func windowsServer(answer string, elevated Fact) (*Snapshot, error) {
	s := &Snapshot{OS: "windows", Adapters: []Adapter{up("wg-home", KindWireGuard, "10.8.0.1/24"), up("Wi-Fi", KindWiFi, "192.168.1.20/24")}}
	err := parseWindows([]byte(answer), s, elevated)
	s.normalise()
	return s, err
}

// Written after the documented objects of Get-NetIPInterface, Get-NetNat,
// Get-Service and Get-NetConnectionProfile (learn.microsoft.com) and of
// HNetCfg.HNetShare, as windowsScript prints them; not taken from a machine.
const (
	windowsForwarding = `"forwarding":{"rows":[{"alias":"wg-home","family":"IPv4","forwarding":"Disabled"},{"alias":"wg-home","family":"IPv6","forwarding":"Disabled"},{"alias":"Wi-Fi","family":"IPv4","forwarding":"Enabled"}]},"router":{"rows":[{"value":1}]}`
	windowsNetNat     = `"netnat":{"rows":[{"name":"wgtrace","prefix":"10.8.0.0/24","active":"True"}]}`
	windowsOtherNat   = `"netnat":{"rows":[{"name":"DockerNAT","prefix":"172.20.0.0/20","active":"True"}]}`
	windowsNoClass    = `"netnat":{"error":"80041010","text":"Ung\u00fcltige Klasse \u001b[31m"}`
	windowsEmptyNat   = `"netnat":{"rows":[]}`
	windowsNotShared  = `"sharing":{"rows":[{"name":"Wi-Fi","on":false,"kind":0},{"name":"wg-home","on":false,"kind":1}]},"services":{"rows":[{"name":"RemoteAccess","status":"Stopped"},{"name":"SharedAccess","status":"Running"}]}`
	windowsShared     = `"sharing":{"rows":[{"name":"Wi-Fi","on":true,"kind":0},{"name":"wg-home","on":true,"kind":1}]},"services":{"rows":[{"name":"RemoteAccess","status":"Stopped"},{"name":"SharedAccess","status":"Running"}]}`
	windowsMisc       = `"profiles":{"rows":[{"alias":"wg-home","category":"Public"},{"alias":"Wi-Fi","category":"Private"}]},"udp":{"rows":[{"address":"0.0.0.0","port":53}]},"uptime":{"rows":[{"value":3600}]}`
)

func TestParseWindows(t *testing.T) {
	p := Path{Client: netip.MustParseAddr("10.8.0.2"), Tunnel: "wg-home", WAN: "Wi-Fi"}
	for _, tt := range []struct {
		name       string
		parts      []string
		elevated   Fact
		forwards   Fact
		translates Fact
	}{
		{"NetNat", []string{windowsForwarding, windowsNetNat, windowsNotShared}, FactNo, FactNo, FactYes},
		{"another program's NetNat", []string{windowsForwarding, windowsOtherNat, windowsNotShared}, FactNo, FactNo, FactNo},
		{"no NAT feature", []string{windowsForwarding, windowsNoClass, windowsNotShared}, FactNo, FactNo, FactNo},
		{"an empty answer is not known", []string{windowsForwarding, windowsEmptyNat, windowsNotShared}, FactNo, FactNo, FactUnknown},
		{"an empty answer to an administrator is none", []string{windowsForwarding, windowsEmptyNat, windowsNotShared}, FactYes, FactNo, FactNo},
		{"sharing", []string{windowsNoClass, windowsShared}, FactNo, FactUnknown, FactYes},
		{"sharing could not be read", []string{windowsNoClass}, FactNo, FactUnknown, FactUnknown},
		{"nothing", nil, FactNo, FactUnknown, FactUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := windowsServer("\xef\xbb\xbf{"+strings.Join(append(tt.parts, windowsMisc), ",")+"}\r\n", tt.elevated)
			if err != nil {
				t.Fatal(err)
			}
			if f, n := s.Forwards(p, false), s.Translates(p); f != tt.forwards || n != tt.translates {
				t.Errorf("forwards %v, translates %v; want %v, %v", f, n, tt.forwards, tt.translates)
			}
			if s.Listens("udp", netip.MustParseAddr("10.8.0.1"), 53) != FactYes || s.UptimeSeconds != 3600 || len(s.Windows.PublicProfile) != 1 {
				t.Errorf("%+v", s.Settings)
			}
			if strings.ContainsRune(s.WhyUnread("net-nat"), '\x1b') {
				t.Error("an escape sequence came through")
			}
		})
	}
	for _, bad := range []string{"", "  ", "5", "[]", `{"forwarding":5}`, `{"forwarding":{"rows":[null,5,{"alias":7}]}}`, `{"netnat":{"rows":[{"prefix":"x"}]}}`} {
		s, err := windowsServer(bad, FactYes)
		if err == nil && (s.Translates(p) != FactUnknown || s.Forwards(p, false) != FactUnknown) {
			t.Errorf("%q settles something", bad)
		}
	}
	if strings.ContainsAny(windowsScript, "`") || strings.Count(windowsScript, "{") != strings.Count(windowsScript, "}") || strings.Count(windowsScript, "(") != strings.Count(windowsScript, ")") {
		t.Error("the script is not balanced")
	}
	for _, verb := range []string{"Set-", "New-Net", "Remove-", "Enable-", "Disable-", "EnableSharing", "DisableSharing", "Start-", "Stop-", "Invoke-"} {
		if strings.Contains(strings.ReplaceAll(windowsScript, "ErrorActionPreference='Stop'", ""), verb) {
			t.Errorf("the script must only read: %s", verb)
		}
	}
}

// The rules are those of pf.conf(5) as "pfctl -s nat" prints them; not taken from
// a machine.
func TestParsePF(t *testing.T) {
	for _, tt := range []struct {
		name, out  string
		translates Fact
		others     bool
	}{
		{"none", "nat-anchor \"com.apple/*\" all\nrdr-anchor \"com.apple/*\" all\n", FactNo, false},
		{"right", "nat on en0 inet from 10.8.0.0/24 to any -> (en0) round-robin\n", FactYes, false},
		{"another adapter", "nat on en1 inet from 10.8.0.0/24 to any -> (en1)\n", FactNo, false},
		{"another subnet", "nat on en0 inet from 192.168.2.0/24 to any -> (en0)\n", FactNo, false},
		{"another family", "nat on en0 inet6 from any to any -> (en0)\n", FactNo, false},
		{"not from a table", "nat on en0 inet from ! <lan> to any -> (en0)\n", FactUnknown, false},
		{"excluded before", "no nat on en0 inet from 10.8.0.0/24 to any\nnat on en0 inet all -> (en0)\n", FactNo, false},
		{"everywhere but", "nat on ! lo0 inet from 10.8.0.0/24 to any -> 192.0.2.1\n", FactYes, false},
		{"an anchor of somebody else", "nat-anchor \"corp\" all\n", FactUnknown, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules, others := parsePF(tt.out, "com.apple/*")
			s := &Snapshot{OS: "darwin"}
			s.Firewall.Chains = []Chain{{Source: SourcePF, Family: "inet", Hook: "postrouting", Type: "nat", Policy: VerdictAccept, Rules: rules}}
			if !others {
				s.Firewall.TranslationRead = FactYes
			}
			got := s.Translates(Path{Client: netip.MustParseAddr("10.8.0.2"), Tunnel: "utun3", WAN: "en0"})
			if got != tt.translates || others != tt.others {
				t.Errorf("%v, others %v; want %v, %v", got, others, tt.translates, tt.others)
			}
			if f, _ := s.Filtered(phonePath, false); f != FactUnknown {
				t.Errorf("filter rules were not read: %v", f)
			}
		})
	}
}
