package diagnose

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
)

// Systems that a fix can be for; "" stands for none in particular: the phone, a
// router, or wgtrace itself.
const (
	osLinux    = "linux"
	osWindows  = "windows"
	osMacOS    = "macos"
	osFreeBSD  = "freebsd"
	osOpenWrt  = "openwrt"
	osRouterOS = "routeros"
)

// undoSeconds is how long a fix that can cut off the person who applies it
// stands before it takes itself back: time to open a second connection and
// type one line, short enough to wait for.
const undoSeconds = 120

// Values are what the commands of a fix are filled in with. All of it may come
// from a capture file, so nothing is trusted: what does not pass the check of
// its type (safe.go) becomes a placeholder. Zero fields are not known.
type Values struct {
	Tunnel, WAN   string       // adapters, as their own system names them
	Prefix        netip.Prefix // the tunnel's subnet
	PrefixGuessed bool         // Prefix was not read from any settings
	Client        netip.Addr   // the client's inner address
	Hosts         []netip.Addr // all inner addresses of the client; empty: Client alone
	Server        netip.Addr   // the server's own address inside the tunnel
	Port          uint16       // WireGuard's UDP port at the server
	PublicKey     string       // the client's, base64
	Family        correlate.Family
	Lines         []string  // the WAN and others by which answers can come in; nil: all of them are watched
	OtherSource   bool      // the packets get the address of another line
	Drop          dropping  // the chain that drops the client's packets
	ListensOn     uint16    // the port that WireGuard has at the server now
	ServerPSK     host.Fact // whether the server has a preshared key for the client
	Enter         []string  // what runs a command in the container of the tunnel; nil: it is in none
	UFW           host.Fact // whether the firewall is ufw's
	Firewalld     host.Fact // whether it is firewalld's
	NetNat        host.Fact // whether this edition of Windows has NAT objects
	RRAS          host.Fact // whether Routing and Remote Access runs
	Remote        bool      // whoever applies the fix works over the network (SSH)
}

// recipe is a fix before values are filled in. Words in braces and capitals
// are replaced (see replacer); other braces belong to the commands.
type recipe struct {
	id       string
	os       string
	family   correlate.Family // the only family that it works for
	commands []string
	undo     []string
	notes    []string
	known    bool              // only where the chain that drops is known
	when     func(Values) bool // nil: always
	filter   string            // of which firewall: host.SourceNft or host.SourceIptablesNft; "" for any
	risky    bool              // reloads a firewall, touches INPUT or moves WireGuard's port
}

// fixesFor returns the fixes for a cause, the one to try first at the head. With
// os only those that apply to that system, then those that depend on none;
// commands of another system are of no use to anybody. With os "" (the
// server's system is not known) the first one for Linux and the first one for
// Windows stand for the rest. An unknown cause has none.
func fixesFor(cause string, v Values, os string) []Fix {
	family := v.family()
	var fixes []Fix
	var general []recipe
	systems := map[string]bool{} // that have their fix; asked only while os is ""
	ids := map[string]bool{}
	add := func(r recipe) {
		ids[r.id] = true
		fixes = append(fixes, r.fill(cause, v, family))
	}
	for _, r := range book[cause] {
		if r.family != correlate.FamilyAny && r.family != family || !v.Drop.fits(&r) || r.when != nil && !r.when(v) {
			continue
		}
		switch {
		case r.os == "":
			general = append(general, r)
		case r.os == os:
			add(r)
		case os == "" && (r.os == osLinux || r.os == osWindows) && !systems[r.os]:
			systems[r.os] = true
			add(r)
		}
	}
	for _, r := range general {
		if !ids[r.id] { // else it is there already, with commands
			add(r)
		}
	}
	return fixes
}

// family is the IP version to write commands for: the one asked for, else that
// of the addresses, else IPv4, for which most tunnels are built.
func (v Values) family() correlate.Family {
	switch {
	case v.Family != correlate.FamilyAny:
		return v.Family
	case v.Prefix.IsValid() && v.Prefix.Addr().Is6(),
		!v.Prefix.IsValid() && v.Client.Unmap().Is6():
		return correlate.IPv6
	}
	return correlate.IPv4
}

// fill makes the fix: every value checked, every gap a visible placeholder.
func (r recipe) fill(cause string, v Values, family correlate.Family) Fix {
	args := v.checked(r.os, family)
	words := replacer(args, v.Drop, v.hosts(args, family), r.os, family)
	fix := Fix{
		ID:       r.id,
		OS:       r.os,
		Cause:    cause,
		Commands: expand(words, r.commands),
		Undo:     expand(words, r.undo),
		Notes:    append([]string(nil), r.notes...),
		Args:     args,
	}
	if _, _, known := v.Drop.words(); known && !r.known && mentions(r.commands, "{CHAIN}") {
		fix.Commands = fix.Commands[1:] // that shows where the chain is
	}
	if r.os == osFreeBSD || r.os == osRouterOS {
		fix.Notes = append(fix.Notes, "not-run")
	}
	fix.enter(v.Enter)
	if args["prefix_guessed"] == true && mentions(r.commands, "{NET}") {
		fix.Notes = append(fix.Notes, "your-tunnel-subnet")
	}
	if r.risky && v.Remote && len(fix.Undo) > 0 {
		fix.Commands = append([]string{selfUndo(fix.Undo)}, fix.Commands...)
		fix.Notes = append(fix.Notes, "self-undo")
		args["keep"] = `kill "$WGTRACE_UNDO"`
		args["undo_seconds"] = undoSeconds
	}
	return fix
}

// checked returns the values as text fit for commands of that system. They are
// also what the sentences of the fix may name.
func (v Values) checked(os string, family correlate.Family) map[string]any {
	args := map[string]any{
		"tunnel":     placeTunnel,
		"wan":        placeWAN,
		"prefix":     placePrefix,
		"client":     placeClient,
		"server":     placeServer,
		"port":       placePort,
		"public_key": placePublicKey,
		"family":     family.String(),
	}
	adapter := func(key, name string) {
		switch {
		case os == osWindows:
			if quoted, ok := windowsAdapter(name); ok {
				args[key] = quoted
			} else {
				args[key] = powershellString(args[key].(string))
			}
		case unixAdapter(name):
			args[key] = name
		}
	}
	adapter("tunnel", v.Tunnel)
	adapter("wan", v.WAN)
	args["lines"] = v.lines()

	client, clientOK := safeAddr(v.Client, family)
	if clientOK {
		args["client"] = client
	}
	prefix, ok := safePrefix(v.Prefix, family)
	args["prefix_guessed"] = v.PrefixGuessed || !ok
	if !ok && clientOK {
		// Too narrow at worst: it cures this client and harms nobody.
		prefix, ok = client+hostBits(family), true
	}
	if ok {
		args["prefix"] = prefix
	}
	if s, ok := safeAddr(v.Server, family); ok {
		args["server"] = s
	}
	if s, ok := safePort(v.Port); ok {
		args["port"] = s
	}
	args["listens_on"], _ = safePort(v.ListensOn)
	if safeKey(v.PublicKey) {
		args["public_key"] = v.PublicKey
	}
	return args
}

// lines are flags that name adapters to be watched together.
func (v Values) lines() string {
	names := []string{placeWAN, placeOtherWAN}
	for i, name := range v.Lines {
		if i == len(names) {
			names = append(names, placeOtherWAN)
		}
		if unixAdapter(name) {
			names[i] = name
		}
	}
	return "--wan " + strings.Join(names, " --wan ")
}

func hostBits(family correlate.Family) string {
	if family == correlate.IPv6 {
		return "/128"
	}
	return "/32"
}

// hosts are the client's addresses as a list of AllowedIPs. A command that sets
// the list replaces it, so that one which names an IPv4 address alone would end
// IPv6.
func (v Values) hosts(args map[string]any, family correlate.Family) string {
	var list []string
	for _, a := range v.Hosts {
		f := correlate.IPv4
		if a.Unmap().Is6() {
			f = correlate.IPv6
		}
		if s, ok := safeAddr(a, f); ok {
			list = append(list, s+hostBits(f))
		}
	}
	if len(list) == 0 {
		return args["client"].(string) + hostBits(family)
	}
	return strings.Join(list, ",")
}

// replacer fills in the words of a recipe in one pass, so that a value that
// looks like such a word is not replaced again.
func replacer(args map[string]any, drop dropping, hosts, os string, family correlate.Family) *strings.Replacer {
	table, chain, _ := drop.words()
	text := func(key string) string { return args[key].(string) }
	ip, iptables, menu, version := "ip", "iptables", "/ip", "-4"
	probe := "1.1.1.1" // answers to echo and is the same everywhere
	if family == correlate.IPv6 {
		ip, iptables, menu, version = "ip6", "ip6tables", "/ipv6", "-6"
		probe = "2606:4700:4700::1111"
	}
	service := ""
	if os == osWindows {
		// The tunnel's service is WireGuardTunnel$NAME (wireguard-windows,
		// docs/enterprise.md); the name is quoted already.
		service = "'WireGuardTunnel$" + strings.TrimPrefix(text("tunnel"), "'")
	}
	return strings.NewReplacer(
		"{LINES}", text("lines"),
		"{TUN}", text("tunnel"),
		"{WAN}", text("wan"),
		"{NET}", text("prefix"),
		"{CLIENT}", text("client"),
		"{HOST}", text("client")+hostBits(family),
		"{HOSTS}", hosts,
		"{SRV}", text("server"),
		"{PORT}", text("port"),
		"{LISTENS-ON}", text("listens_on"),
		"{KEY}", text("public_key"),
		"{SERVICE}", service,
		"{IP}", ip,
		"{IPTABLES}", iptables,
		"{IPTABLES-IN-USE}", drop.iptables(iptables),
		"{TABLE}", table,
		"{CHAIN}", chain,
		"{MENU}", menu,
		"{PROBE}", probe,
		"{V}", version,
	)
}

func expand(words *strings.Replacer, lines []string) []string {
	var out []string
	for _, l := range lines {
		out = append(out, words.Replace(l))
	}
	return out
}

func mentions(lines []string, word string) bool {
	for _, l := range lines {
		if strings.Contains(l, word) {
			return true
		}
	}
	return false
}

// selfUndo starts the way back before the way there: a subshell that outlives
// the connection (it ignores the hangup) and undoes everything unless it is
// killed in time. It needs nothing but a POSIX shell.
func selfUndo(undo []string) string {
	return "( trap '' HUP; sleep " + strconv.Itoa(undoSeconds) + "; " + strings.Join(undo, "; ") +
		" ) >/dev/null 2>&1 & WGTRACE_UNDO=$!"
}
