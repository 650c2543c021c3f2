package report

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Modes of redaction, as the report's JSON names them. Standard leaves private
// addresses, well-known resolvers and the names that systems give by themselves
// (eth0, wg0, wan.pcap) readable; strict hides these too.
const (
	RedactNone     = "none"
	RedactStandard = "standard"
	RedactStrict   = "strict"
)

// Redactor replaces what tells who and where somebody is: one mapping for a
// whole run, so that report, evidence and host facts still fit together, and
// another one in every run. It serves one goroutine.
type Redactor struct {
	strict bool
	tree   addressTree
	secret []byte
	addrs  map[netip.Addr]netip.Addr

	names   map[string]string // what is hidden, by what stands for it
	lengths []int             // of the names in octets, the longest first
	counts  map[nameKind]int
}

// secretSize is what a Redactor draws, in octets: a key for its addresses, and
// twice as much for everything else.
const secretSize = 48

// NewRedactor returns one with a mapping of its own; mode is RedactStandard or
// RedactStrict. It fails only if the system has no random numbers.
func NewRedactor(mode string) (*Redactor, error) {
	var secret [secretSize]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return nil, fmt.Errorf("draw the mapping of redaction: %w", err)
	}
	return newRedactor(mode, secret), nil
}

func newRedactor(mode string, secret [secretSize]byte) *Redactor {
	return &Redactor{
		strict: mode != RedactStandard, tree: newAddressTree(secret[:16]), secret: secret[16:],
		addrs: make(map[netip.Addr]netip.Addr), names: make(map[string]string), counts: make(map[nameKind]int),
	}
}

// Mode returns how much is hidden; that of no Redactor is RedactNone.
func (x *Redactor) Mode() string {
	switch {
	case x == nil:
		return RedactNone
	case x.strict:
		return RedactStrict
	}
	return RedactStandard
}

// digest is what stands for a value of a kind.
func (x *Redactor) digest(kind, value string) []byte {
	h := hmac.New(sha256.New, x.secret)
	h.Write([]byte(kind))
	h.Write([]byte{0})
	h.Write([]byte(value))
	return h.Sum(nil)
}

// nameKind is what stands in front of the number of a hidden name.
type nameKind string

const (
	nameAdapter     nameKind = "adapter"
	nameFile        nameKind = "file"
	nameDescription nameKind = "description"
	nameFilter      nameKind = "filter"
	nameSpace       nameKind = "namespace"
	nameServer      nameKind = "server"
	nameRule        nameKind = "name" // tables, chains, translations
)

// plainName matches what systems and programs name by themselves, which says
// nothing about who somebody is. enx and wlx with a hardware address are not
// among them (systemd.net-naming-scheme(7)).
var plainName = regexp.MustCompile(`^(?i:(eth|wlan|wg|utun|tun|tap|ppp|pppoe|br|bond|docker|virbr|vmbr|igb|igc|ix|em|re|vtnet|en|eno|ens|wwan|usb)-?\d{0,3}` +
	`|(en|wl|ww)(P\d{1,3})?p\d{1,3}(s\d{1,3}(f\d{1,3})?)?|br-(lan|wan)|pppoe-wan|ethernet|wi-fi|wlan|wireguard|tunnel|wan|lan|capture|any|run)( ?\d{1,2})?(\.\d{1,4})?$`)

// programName matches what packet filters and the programs that drive them call
// their tables and chains.
var programName = regexp.MustCompile(`^(?i:filter|nat|mangle|raw|security|forward|input|output|prerouting|postrouting|accept|drop|reject|return` +
	`|masquerade|snat|dnat|redirect|srcnat|dstnat|fw4|firewalld|libvirt_\w+|ufw6?-[a-z-]+|docker[a-z0-9-]*|wgtrace\w*|all|default|lo|-)$`)

// hide learns a name, which every later String replaces.
func (x *Redactor) hide(kind nameKind, name string) {
	if name == "" || programName.MatchString(name) || name == "tunnel" || name == "wan" {
		return
	}
	if kind == nameFile {
		x.hideFile(name)
		return
	}
	if x.strict || kind == nameDescription || kind == nameFilter || !plainName.MatchString(name) {
		x.learn(name, x.next(kind))
	}
}

// hideFile hides a path and the name at its end. Folders never stay: they are
// where people write down names.
func (x *Redactor) hideFile(path string) {
	if x.names[path] != "" {
		return
	}
	base := path[strings.LastIndexAny(path, `/\`)+1:]
	stem, _, _ := strings.Cut(base, ".")
	alias := base
	if x.strict || !plainName.MatchString(stem) || !captureEnding.MatchString(base[len(stem):]) {
		alias = x.next(nameFile) + captureEnding.FindString(base)
	}
	x.learn(path, alias)
	if alias != base {
		x.learn(base, alias)
	}
}

// captureEnding matches what capture files end in.
var captureEnding = regexp.MustCompile(`(\.(pcap|pcapng|cap|dmp))?(\.(gz|zst))?$`)

func (x *Redactor) next(kind nameKind) string {
	x.counts[kind]++
	return fmt.Sprintf("%s%d", kind, x.counts[kind])
}

// learn notes what stands for a name, also as it is written on a terminal and
// within the quotes of PowerShell.
func (x *Redactor) learn(name, alias string) {
	for _, form := range []string{name, sanitize(name), strings.ReplaceAll(name, "'", "''")} {
		if form == "" || x.names[form] != "" || form == alias {
			continue
		}
		x.names[form] = alias
		if at, found := slices.BinarySearchFunc(x.lengths, len(form), func(a, b int) int { return b - a }); !found {
			x.lengths = slices.Insert(x.lengths, at, len(form))
		}
	}
}

// String replaces every name that was learned, and every address, prefix,
// hardware address and WireGuard key, wherever they stand in s.
func (x *Redactor) String(s string) string {
	var b strings.Builder
	from := 0 // of what no name was found in
	for i := 0; i < len(s); {
		alias, n := x.nameAt(s, i)
		if n == 0 {
			i++
			continue
		}
		b.WriteString(x.values(s[from:i]))
		b.WriteString(alias)
		i += n
		from = i
	}
	b.WriteString(x.values(s[from:]))
	return b.String()
}

// nameAt returns what stands for the longest name at s[i:], and its length;
// 0 if there is none. A name that is part of a longer word is none.
func (x *Redactor) nameAt(s string, i int) (string, int) {
	if i > 0 && isWord(s[i-1]) && isWord(s[i]) {
		return "", 0
	}
	for _, n := range x.lengths {
		end := i + n
		if end > len(s) || end < len(s) && isWord(s[end]) && isWord(s[end-1]) {
			continue
		}
		if alias, ok := x.names[s[i:end]]; ok {
			return alias, n
		}
	}
	return "", 0
}

// isWord reports whether b belongs to a word of ASCII letters. In other scripts
// words need not stand apart.
func isWord(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// valuePattern finds what may be an IPv6 address, a hardware address, a key or
// an IPv4 address, those of IP with the length of a prefix.
var valuePattern = regexp.MustCompile(`(?i)[0-9a-f]*:[0-9a-f:]*:[0-9a-f:]*(?:\d{1,3}(?:\.\d{1,3}){3})?(?:/\d{1,3})?` +
	`|[0-9a-f]{2}(?:-[0-9a-f]{2}){5}\b|[a-z0-9+/]{43}=|` + ipv4Pattern)

const ipv4Pattern = `\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?`

var (
	ipv4Value = regexp.MustCompile(ipv4Pattern)
	macValue  = regexp.MustCompile(`(?i)^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$`)
)

func (x *Redactor) values(s string) string {
	return valuePattern.ReplaceAllStringFunc(s, func(v string) string {
		body := strings.TrimRight(v, ":")
		if strings.HasSuffix(v, "::") {
			body += "::"
		}
		rest := v[len(body):]
		if macValue.MatchString(body) {
			return x.macText(body) + rest
		}
		if len(v) == 44 && v[43] == '=' {
			return x.key(v)
		}
		if got, ok := x.ip(body); ok {
			return got + rest
		}
		return ipv4Value.ReplaceAllStringFunc(v, func(v4 string) string {
			got, _ := x.ip(v4)
			return got
		})
	})
}

// ip replaces an address or prefix in text; false and s itself if it is none.
func (x *Redactor) ip(s string) (string, bool) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return s, false
		}
		return x.Prefix(p).String(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return s, false
	}
	return x.Addr(a).String(), true
}

// key replaces a WireGuard key by one that nobody has.
func (x *Redactor) key(s string) string {
	return base64.StdEncoding.EncodeToString(x.digest("key", s))
}
