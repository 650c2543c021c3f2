package diagnose

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
)

const testKey = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="

func goodValues(family correlate.Family) Values {
	v := Values{
		Tunnel: "wg0", WAN: "eth0", Port: 51820, PublicKey: testKey, Family: family,
		Prefix: netip.MustParsePrefix("10.8.0.0/24"),
		Client: netip.MustParseAddr("10.8.0.2"),
		Server: netip.MustParseAddr("10.8.0.1"),
	}
	if family == correlate.IPv6 {
		v.Prefix = netip.MustParsePrefix("fd08::/64")
		v.Client = netip.MustParseAddr("fd08::2")
		v.Server = netip.MustParseAddr("fd08::1")
	}
	return v
}

var allSystems = []string{osLinux, osWindows, osMacOS, osFreeBSD, osOpenWrt, osRouterOS, ""}

// ranked are the causes that the findings rank, by the system that they can
// occur on.
var ranked = []struct {
	causes  []string
	systems []string
}{
	{[]string{ // handshakes
		"server-key-mismatch", "client-key-unknown", "host-firewall-blocks-wg-port", "handshake-replay-clock",
		"handshake-response-lost", "preshared-key-mismatch",
	}, []string{osLinux, osWindows}},
	{[]string{ // decrypted-then-dropped
		"peer-allowedips-overlap", "server-allowedips-lacks-client", "wrong-capture-adapter",
	}, []string{osLinux, osWindows}},
	{[]string{ // not-forwarded on Linux
		"forward-policy-drop", "docker-forward-drop", "ufw-deny-routed", "rp-filter-drop", "two-firewalls",
		"firewalld-no-policy", "forward-return-path-blocked",
	}, []string{osLinux}},
	{[]string{"windows-forwarding-off", "netnat-conflict", "windows-netnat-unavailable"}, []string{osWindows}},
	{[]string{
		"ip-forwarding-off", "nat-missing", "nat-wrong-out-interface", "nat-wrong-subnet", "nat-gone-after-reboot",
		"upstream-offline", "upstream-filtered", "prefix-not-routed",
	}, []string{osLinux, osWindows}},
}

func TestEveryCauseHasAFix(t *testing.T) {
	for _, group := range ranked {
		for _, cause := range group.causes {
			for _, os := range group.systems {
				if len(fixesFor(cause, goodValues(correlate.IPv4), os)) == 0 {
					t.Errorf("no fix for %s on %s", cause, os)
				}
			}
			if slices.Contains(group.systems, osLinux) && len(fixesFor(cause, goodValues(correlate.IPv6), osLinux)) == 0 {
				t.Errorf("no fix for %s over IPv6 on linux", cause)
			}
		}
	}
	for cause := range book {
		for _, os := range allSystems {
			for _, f := range fixesFor(cause, goodValues(correlate.IPv4), os) {
				if marked := slices.Contains(f.Notes, "not-run"); marked != (f.OS == osFreeBSD || f.OS == osRouterOS) {
					t.Errorf("%s for %s: notes %q", f.ID, f.OS, f.Notes)
				}
			}
		}
	}
	if got := fixesFor("no-such-cause", goodValues(correlate.IPv4), osLinux); got != nil {
		t.Errorf("an unknown cause has fixes: %v", got)
	}
}

// TestFixesOfWindows wants no command that this edition of Windows lacks, and the
// NAT that is there before one that would stand beside it.
func TestFixesOfWindows(t *testing.T) {
	for _, c := range []struct {
		netNat, rras host.Fact
		want         string
	}{
		{host.FactUnknown, host.FactUnknown, "nat-windows-netnat nat-windows-ics"},
		{host.FactNo, host.FactNo, "nat-windows-ics"},
		{host.FactYes, host.FactYes, "nat-windows-rras nat-windows-netnat nat-windows-ics"},
	} {
		v := goodValues(correlate.IPv4)
		v.NetNat, v.RRAS = c.netNat, c.rras
		var ids []string
		for _, f := range fixesFor("nat-missing", v, osWindows) {
			ids = append(ids, f.ID)
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("NetNat %v, RRAS %v: %s, want %s", c.netNat, c.rras, got, c.want)
		}
	}
}

func TestFixesInOrder(t *testing.T) {
	for _, c := range []struct {
		cause, os string
		want      string
	}{
		{"nat-missing", osLinux, "nat-linux-nft nat-linux-iptables"},
		{"nat-missing", osWindows, "nat-windows-netnat nat-windows-ics"},
		{"nat-missing", osMacOS, "nat-macos"},
		{"nat-missing", osOpenWrt, "nat-openwrt"},
		{"nat-missing", "", "nat-linux-nft nat-windows-netnat"},
		{"ip-forwarding-off", "", "fwd-linux fwd-windows"},
		{"handshake-replay-clock", osLinux, "clock-phone"},
		{"handshake-replay-clock", osMacOS, "clock-phone"},
		{"wrong-capture-adapter", osWindows, "capture-again"},
		{"netnat-conflict", osWindows, "nat-windows-netnat nat-windows-shared nat-windows-ics"},
		{"netnat-conflict", osLinux, ""},
	} {
		var ids []string
		for _, f := range fixesFor(c.cause, goodValues(correlate.IPv4), c.os) {
			ids = append(ids, f.ID)
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("fixes for %s on %q: %s, want %s", c.cause, c.os, got, c.want)
		}
	}
}

func TestFixesFilledIn(t *testing.T) {
	windows := goodValues(correlate.IPv4)
	windows.Tunnel, windows.WAN = "Bob's tunnel", "WLAN"
	guessed := goodValues(correlate.IPv4)
	guessed.Prefix = netip.Prefix{}
	for _, c := range []struct {
		name, cause, os string
		values          Values
		fix             int
		command         string // is one of the commands
		undo            string // is one of the undo commands
		note            string
	}{
		{"nft", "nat-missing", osLinux, goodValues(correlate.IPv4), 0,
			`nft add rule ip wgtrace postrouting ip saddr 10.8.0.0/24 oifname '"eth0"' masquerade`, `nft delete table ip wgtrace`, "needs-root"},
		{"nft IPv6", "nat-missing", osLinux, goodValues(correlate.IPv6), 0,
			`nft add rule ip6 wgtrace postrouting ip6 saddr fd08::/64 oifname '"eth0"' masquerade`, `nft delete table ip6 wgtrace`, "persist"},
		{"the client alone", "nat-missing", osLinux, guessed, 0,
			`nft add rule ip wgtrace postrouting ip saddr 10.8.0.2/32 oifname '"eth0"' masquerade`, `nft delete table ip wgtrace`, "your-tunnel-subnet"},
		{"nothing known", "nat-missing", osLinux, Values{}, 0,
			`nft add rule ip wgtrace postrouting ip saddr YOUR-TUNNEL-SUBNET oifname '"WAN-ADAPTER"' masquerade`, `nft delete table ip wgtrace`, "your-tunnel-subnet"},
		{"iptables", "nat-missing", osLinux, goodValues(correlate.IPv4), 1,
			`iptables -t nat -I POSTROUTING 1 -s 10.8.0.0/24 -o eth0 -j MASQUERADE`,
			`iptables -t nat -D POSTROUTING -s 10.8.0.0/24 -o eth0 -j MASQUERADE`, "lost-at-reboot"},
		{"NetNat", "nat-missing", osWindows, windows, 0,
			`New-NetNat -Name wgtrace -InternalIPInterfaceAddressPrefix 10.8.0.0/24`, `Remove-NetNat -Name wgtrace -Confirm:$false`, "home-edition"},
		{"forwarding on Windows", "windows-forwarding-off", osWindows, windows, 0,
			`Set-NetIPInterface -InterfaceAlias 'Bob''s tunnel' -Forwarding Enabled`,
			`Set-NetIPInterface -InterfaceAlias 'Bob''s tunnel' -Forwarding Disabled`, "lost-at-tunnel-restart"},
		{"the tunnel's service", "handshake-replay-clock", osWindows, windows, 0,
			`Restart-Service 'WireGuardTunnel$Bob''s tunnel'`, "", "needs-admin"},
		{"insert", "forward-policy-drop", osLinux, goodValues(correlate.IPv4), 1,
			`iptables -I FORWARD 1 -i wg0 -o eth0 -j ACCEPT`, `iptables -D FORWARD -i wg0 -o eth0 -j ACCEPT`, "insert-not-append"},
		{"docker", "docker-forward-drop", osLinux, goodValues(correlate.IPv4), 0,
			`iptables -I DOCKER-USER 1 -i wg0 -o eth0 -j ACCEPT`, `iptables -D DOCKER-USER -i wg0 -o eth0 -j ACCEPT`, "insert-not-append"},
		{"ufw", "ufw-deny-routed", osLinux, goodValues(correlate.IPv4), 0,
			`ufw route allow in on wg0 out on eth0 from 10.8.0.0/24`, `ufw route delete allow in on wg0 out on eth0 from 10.8.0.0/24`, "needs-root"},
		{"peer", "client-key-unknown", osLinux, goodValues(correlate.IPv6), 0,
			`wg set wg0 peer ` + testKey + ` allowed-ips fd08::2/128`, `wg set wg0 peer ` + testKey + ` remove`, "needs-root"},
		{"forwarding IPv6", "ip-forwarding-off", osLinux, goodValues(correlate.IPv6), 0,
			`sysctl -w net/ipv6/conf/eth0/accept_ra=2`, `sysctl -w net/ipv6/conf/all/forwarding=0`, "needs-root"},
		{"port", "host-firewall-blocks-wg-port", osLinux, goodValues(correlate.IPv6), 0,
			`ip6tables -I INPUT 1 -p udp --dport 51820 -j ACCEPT`, `ip6tables -D INPUT -p udp --dport 51820 -j ACCEPT`, "insert-not-append"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fixes := fixesFor(c.cause, c.values, c.os)
			if len(fixes) <= c.fix {
				t.Fatalf("%d fixes, want more than %d", len(fixes), c.fix)
			}
			f := fixes[c.fix]
			if !slices.Contains(f.Commands, c.command) {
				t.Errorf("commands %q lack %q", f.Commands, c.command)
			}
			if c.undo != "" && !slices.Contains(f.Undo, c.undo) {
				t.Errorf("undo %q lacks %q", f.Undo, c.undo)
			}
			if !slices.Contains(f.Notes, c.note) {
				t.Errorf("notes %q lack %q", f.Notes, c.note)
			}
			if f.Cause != c.cause {
				t.Errorf("cause %q, want %q", f.Cause, c.cause)
			}
		})
	}
	if f := fixesFor("nat-missing", goodValues(correlate.IPv4), osLinux)[0]; slices.Contains(f.Notes, "your-tunnel-subnet") {
		t.Error("a subnet from the settings is marked as a guess")
	}
}

// readOnly are the commands that change nothing and need no undo.
var readOnly = regexp.MustCompile(`^(sudo )?(wg show |wgtrace |ping |ip (-[46] )?(route get|route show|neigh show|link show) |sh -c 'nft -a list ruleset|ss -|nft list |Get-|Test-NetConnection |& "\$env:ProgramFiles\\WireGuard\\wg\.exe" show |/interface wireguard print )`)

func TestEveryChangeHasAnUndo(t *testing.T) {
	left := regexp.MustCompile(`\{[A-Z0-9]+\}`)
	for cause := range book {
		for _, os := range allSystems {
			for _, family := range []correlate.Family{correlate.IPv4, correlate.IPv6} {
				for _, f := range fixesFor(cause, goodValues(family), os) {
					for _, line := range slices.Concat(f.Commands, f.Undo) {
						if left.MatchString(line) {
							t.Errorf("%s: a word was not filled in: %s", f.ID, line)
						}
					}
					changes := slices.ContainsFunc(f.Commands, func(c string) bool {
						// The service restarts into the state that it had.
						return !readOnly.MatchString(c) && !strings.HasPrefix(c, "Restart-Service ")
					})
					if changes && len(f.Undo) == 0 {
						t.Errorf("%s on %q changes something and cannot be undone: %q", f.ID, f.OS, f.Commands)
					}
				}
			}
		}
	}
}

// TestHostileValues puts text that would do harm in a shell into every value
// that has room for it: no part of it may reach a command.
func TestHostileValues(t *testing.T) {
	hostile := []string{
		"wg0;touch /tmp/x", "$(id)", "`id`", "a|id", "a&id", "a>b", "-A", "--reload", "wg0\nid", "wg0\x1b[31m",
		"a'b;id;'", "a\"b;id;\"", "all", "..", "../../etc", "*", "x #", "\u202eid", "{WAN}{NET}", "\\Device\\NPF_{1}",
		strings.Repeat("a", 400), "a\x00b", "a\xff;id", "\u2019; id",
	}
	zoned := netip.MustParseAddr("fe80::2").WithZone("; id")
	for cause := range book {
		for _, os := range allSystems {
			clean := map[string]string{}
			for _, f := range fixesFor(cause, Values{Family: correlate.IPv6}, os) {
				clean[f.ID+f.OS] = strings.Join(slices.Concat(f.Commands, f.Undo), "\n")
			}
			for _, h := range hostile {
				v := Values{
					Tunnel: h, WAN: h, PublicKey: h, Family: correlate.IPv6,
					Client: zoned, Server: zoned, Prefix: netip.MustParsePrefix("::/0"),
				}
				for _, f := range fixesFor(cause, v, os) {
					got := strings.Join(slices.Concat(f.Commands, f.Undo), "\n")
					if f.OS == osWindows {
						// There a name may hold nearly anything between
						// quotes that hold: put the placeholder back.
						if quoted, ok := windowsAdapter(h); ok {
							got = strings.ReplaceAll(got, quoted[1:], placeTunnel+"'")
							want := strings.ReplaceAll(clean[f.ID+f.OS], placeWAN, placeTunnel)
							if got != want {
								t.Errorf("%s with %q: %q, want %q", f.ID, h, got, want)
							}
							continue
						}
					}
					if got != clean[f.ID+f.OS] {
						t.Errorf("%s on %q with %q: %q, want %q", f.ID, f.OS, h, got, clean[f.ID+f.OS])
					}
				}
			}
		}
	}
}

func TestSelfUndo(t *testing.T) {
	v := goodValues(correlate.IPv4)
	v.Remote = true
	f := fixesFor("firewalld-no-policy", v, osLinux)[0]
	want := `( trap '' HUP; sleep 120; firewall-cmd --permanent --delete-policy=wgtrace; ` +
		`firewall-cmd --permanent --zone=trusted --remove-interface=wg0; firewall-cmd --reload ) >/dev/null 2>&1 & WGTRACE_UNDO=$!`
	if f.Commands[0] != want {
		t.Errorf("first command %q, want %q", f.Commands[0], want)
	}
	if f.Args["keep"] != `kill "$WGTRACE_UNDO"` || !slices.Contains(f.Notes, "self-undo") {
		t.Errorf("nothing says how to keep it: args %v, notes %q", f.Args, f.Notes)
	}
	for _, f := range fixesFor("nat-missing", v, osLinux) {
		if slices.Contains(f.Notes, "self-undo") {
			t.Errorf("%s cannot cut anybody off and undoes itself", f.ID)
		}
	}
}
