package diagnose

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
)

func TestUnixAdapter(t *testing.T) {
	for name, want := range map[string]bool{
		"wg0":                 true,
		"enp1s0f0np0.100":     true,
		"br-lan_1":            true,
		"":                    false,
		"-i":                  false,
		"--reload":            false,
		".":                   false,
		"..":                  false,
		"all":                 false,
		"default":             false,
		"abcdefghijklmnop":    false, // 16
		"wg0;reboot":          false,
		"$(reboot)":           false,
		"`reboot`":            false,
		"wg0\nreboot":         false,
		"wg 0":                false,
		"wg+":                 false,
		"wg*":                 false,
		"a/../b":              false,
		"wg\"0":               false,
		"wg'0":                false,
		"w\x00g":              false,
		"\u0455g0":            false, // Cyrillic
		"wg0\u202e":           false,
		"\\Device\\NPF_{1-2}": false,
	} {
		if got := unixAdapter(name); got != want {
			t.Errorf("unixAdapter(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestWindowsAdapter(t *testing.T) {
	for _, c := range []struct {
		name, want string // want "": refused
	}{
		{"WLAN", "'WLAN'"},
		{"WireGuard tunnel", "'WireGuard tunnel'"},
		{"Ethernet 2 (Büro)", "'Ethernet 2 (Büro)'"},
		{"Bob's Wi-Fi", "'Bob''s Wi-Fi'"},
		{"Bob\u2019s Wi-Fi", "'Bob\u2019\u2019s Wi-Fi'"},
		{"\u2018\u201a\u201b", "'\u2018\u2018\u201a\u201a\u201b\u201b'"},
		{"a'; Remove-Item C;'", "'a''; Remove-Item C;'''"},
		{"$(reboot)", "'$(reboot)'"}, // inert between single quotes
		{"{WAN}", "'{WAN}'"},
		{"", ""},
		{"*", ""},
		{"Ether?et", ""},
		{"[a-z]", ""},
		{"a`b", ""},
		{`\Device\NPF_{E2A1}`, ""},
		{"a|b", ""},
		{"a\"b", ""},
		{"a\nb", ""},
		{"a\x1b[2Jb", ""},
		{"a\u202eb", ""},
		{"a\u2028b", ""},
		{"a\xffb", ""},
		{strings.Repeat("x", 256), ""},
	} {
		got, ok := windowsAdapter(c.name)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("windowsAdapter(%q) = %q, %v, want %q", c.name, got, ok, c.want)
		}
	}
}

func TestSafeAddresses(t *testing.T) {
	for _, c := range []struct {
		addr   netip.Addr
		family correlate.Family
		want   string
	}{
		{netip.MustParseAddr("10.8.0.2"), correlate.IPv4, "10.8.0.2"},
		{netip.MustParseAddr("::ffff:10.8.0.2"), correlate.IPv4, "10.8.0.2"},
		{netip.MustParseAddr("fd00::2"), correlate.IPv6, "fd00::2"},
		{netip.MustParseAddr("fd00::2"), correlate.IPv4, ""},
		{netip.MustParseAddr("10.8.0.2"), correlate.IPv6, ""},
		{netip.MustParseAddr("fe80::1").WithZone("x; reboot"), correlate.IPv6, ""},
		{netip.MustParseAddr("0.0.0.0"), correlate.IPv4, ""},
		{netip.MustParseAddr("224.0.0.1"), correlate.IPv4, ""},
		{netip.MustParseAddr("127.0.0.1"), correlate.IPv4, ""},
		{netip.Addr{}, correlate.FamilyAny, ""},
	} {
		if got, _ := safeAddr(c.addr, c.family); got != c.want {
			t.Errorf("safeAddr(%v, %v) = %q, want %q", c.addr, c.family, got, c.want)
		}
	}
	for _, c := range []struct {
		prefix netip.Prefix
		family correlate.Family
		want   string
	}{
		{netip.MustParsePrefix("10.8.0.2/24"), correlate.IPv4, "10.8.0.0/24"},
		{netip.MustParsePrefix("fd00::2/64"), correlate.IPv6, "fd00::/64"},
		{netip.MustParsePrefix("10.8.0.0/24"), correlate.IPv6, ""},
		{netip.MustParsePrefix("0.0.0.0/0"), correlate.IPv4, ""},
		{netip.MustParsePrefix("127.0.0.0/8"), correlate.IPv4, ""},
		{netip.PrefixFrom(netip.MustParseAddr("fe80::1").WithZone("x;reboot"), 64), correlate.IPv6, "fe80::/64"},
		{netip.PrefixFrom(netip.MustParseAddr("10.8.0.2"), 99), correlate.IPv4, ""},
		{netip.Prefix{}, correlate.FamilyAny, ""},
	} {
		if got, _ := safePrefix(c.prefix, c.family); got != c.want {
			t.Errorf("safePrefix(%v, %v) = %q, want %q", c.prefix, c.family, got, c.want)
		}
	}
}

func TestSafeKey(t *testing.T) {
	const good = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
	for key, want := range map[string]bool{
		good:                                    true,
		"":                                      false,
		good[:43]:                               false,
		good + "=":                              false,
		strings.Replace(good, "x", ";", 1):      false,
		strings.Replace(good, "x", "\n", 1):     false,
		strings.Repeat("A", 44):                 false, // 33 octets
		"$(reboot)5rboUvnH4htodjb6e697QjLERt1=": false,
	} {
		if got := safeKey(key); got != want {
			t.Errorf("safeKey(%q) = %v, want %v", key, got, want)
		}
	}
}
