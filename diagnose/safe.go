package diagnose

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wgtrace/wgtrace/correlate"
)

// Placeholders stand in a command where a value is not known or was not fit to
// enter one. Each is a plain word for every shell, so that a command pasted by
// mistake fails or matches nothing instead of doing something else.
const (
	placeTunnel    = "TUNNEL-ADAPTER"
	placeWAN       = "WAN-ADAPTER"
	placeOtherWAN  = "OTHER-WAN-ADAPTER"
	placePrefix    = "YOUR-TUNNEL-SUBNET"
	placeClient    = "PHONE-ADDRESS"
	placeServer    = "SERVER-TUNNEL-ADDRESS"
	placePort      = "WIREGUARD-PORT"
	placePublicKey = "PHONE-PUBLIC-KEY"
)

// unixAdapter says whether s may stand bare in a command line of a Unix shell,
// of nft and of sysctl: at most 15 characters of [A-Za-z0-9._-]
// (IFNAMSIZ in linux/if.h leaves 15), no leading dash, because that is an
// option, and none of the names that the kernel keeps for itself
// (net/core/dev.c dev_valid_name, include/net/ip.h
// sysctl_dev_name_is_allowed): "all" would change every adapter.
func unixAdapter(s string) bool {
	if len(s) == 0 || len(s) > 15 || s[0] == '-' {
		return false
	}
	switch s {
	case ".", "..", "all", "default":
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// windowsAdapter returns s as a PowerShell string literal. Windows refuses
// \ / : * ? " < > | in the name of a connection, so such a name is none;
// brackets and backticks are refused too, because -InterfaceAlias reads its
// argument as a wildcard pattern (PowerShell about_Wildcards).
func windowsAdapter(s string) (string, bool) {
	if s == "" || len(s) > 255 || !utf8.ValidString(s) {
		return "", false
	}
	for _, r := range s {
		// IsPrint also refuses the invisible characters that turn the
		// direction of text around.
		if !unicode.IsPrint(r) || strings.ContainsRune("\\/:*?\"<>|[]`", r) {
			return "", false
		}
	}
	return powershellString(s), true
}

// powershellString quotes s for PowerShell, which takes four typographic
// quotation marks for the plain one (about_Quoting_Rules): each ends a string
// unless doubled.
func powershellString(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch r {
		case '\'', '\u2018', '\u2019', '\u201a', '\u201b':
			b.WriteRune(r)
		}
		b.WriteRune(r)
	}
	b.WriteByte('\'')
	return b.String()
}

// safeAddr returns a as text. A zone is text from outside, so an address that
// has one is refused, as is one that can be no host's.
func safeAddr(a netip.Addr, family correlate.Family) (string, bool) {
	a = a.Unmap()
	if !a.IsValid() || a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() {
		return "", false
	}
	if !ofFamily(a, family) {
		return "", false
	}
	return a.String(), true
}

// safePrefix returns p without host bits. A prefix of length 0 names no subnet:
// a rule for it would translate the whole world.
func safePrefix(p netip.Prefix, family correlate.Family) (string, bool) {
	if !p.IsValid() || p.Bits() == 0 {
		return "", false
	}
	p = p.Masked()
	if p.Addr().Is4In6() || p.Addr().IsMulticast() || p.Addr().IsLoopback() || !ofFamily(p.Addr(), family) {
		return "", false
	}
	return p.String(), true
}

func ofFamily(a netip.Addr, family correlate.Family) bool {
	switch family {
	case correlate.IPv4:
		return a.Is4()
	case correlate.IPv6:
		return a.Is6()
	}
	return true
}

func safePort(p uint16) (string, bool) {
	return strconv.Itoa(int(p)), p != 0
}

// safeKey accepts a WireGuard key as wg(8) prints it: 32 octets, base64.
func safeKey(s string) bool {
	if len(s) != 44 || strings.ContainsAny(s, "\r\n") { // which the decoder skips
		return false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == 32
}
