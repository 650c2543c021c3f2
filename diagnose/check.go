package diagnose

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
)

// State is what the settings say of one point.
type State uint8

// States.
const (
	StateUnknown State = iota // could not be read, or was not understood
	StateOK
	StateWrong
	StateNote // worth knowing, and neither right nor wrong by itself
)

// String returns the state as JSON names it.
func (s State) String() string {
	switch s {
	case StateUnknown:
		return "unknown"
	case StateOK:
		return "ok"
	case StateWrong:
		return "wrong"
	case StateNote:
		return "note"
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// Check is one line of what the settings say. Its sentences are in internal/text
// under its ID, or under its cause where one was found.
type Check struct {
	ID     string
	Layer  string // "tunnel", "forwarding", "nat", "dns" or "phone"
	Place  string // "container" or "host", where the tunnel is in a container; "" otherwise
	State  State
	Cause  string     // id of the cause that the settings prove; "" otherwise
	Client netip.Addr // the one of whom it is true; invalid: all
	Why    string     // why it is not known; "" if the settings were read
	Fixes  []Fix
	Args   map[string]any
}

// point declares a check: the causes that it looks for, or a judge of its own.
type point struct {
	id, layer string
	reads     string // what must have been read for it (host.Unread)
	causes    []string
	judge     func(*view) (State, map[string]any)
	each      bool                  // asked of each client
	applies   func(os string) bool  // nil: everywhere
	family    correlate.Family      // the only one, or both
	known     func(*view) bool      // nil: always
	soften    func(netip.Addr) bool // of whom it is a note and not wrong; nil: of nobody
}

func onLinux(os string) bool    { return os == osLinux }
func onWindows(os string) bool  { return os == osWindows }
func notWindows(os string) bool { return os != osWindows }

// points are the checks in the order of the path.
var points = []point{
	{id: "device", layer: "tunnel", reads: "wireguard", judge: checkDevice},
	{id: "peers", layer: "tunnel", reads: "wireguard", judge: checkPeers, known: hasDevice},
	{id: "allowed-ips", layer: "tunnel", reads: "wireguard", judge: checkAllowedIPs, known: hasPeers},
	{id: "wg-port", layer: "tunnel", reads: "firewall", causes: []string{"host-firewall-blocks-wg-port"}, applies: onLinux, known: hasDevice},

	{id: "published", layer: "tunnel", reads: "firewall", judge: checkPublished, known: inContainer},

	{id: "forwarding", layer: "forwarding", reads: "switches", causes: []string{"ip-forwarding-off"}, each: true, applies: notWindows},
	{id: "forwarding", layer: "forwarding", reads: "switches", causes: []string{"windows-forwarding-off"}, each: true, applies: onWindows},
	{id: "firewall-out", layer: "forwarding", reads: "firewall", causes: []string{"two-firewalls", "docker-forward-drop", "ufw-deny-routed", "firewalld-no-policy", "forward-policy-drop"}, each: true, applies: onLinux},
	{id: "firewall-back", layer: "forwarding", reads: "firewall", causes: []string{"forward-return-path-blocked"}, each: true, applies: onLinux},
	{id: "reverse-path", layer: "forwarding", reads: "routes", causes: []string{"rp-filter-drop"}, each: true, applies: onLinux, family: correlate.IPv4},
	{id: "route-out", layer: "forwarding", reads: "routes", judge: checkRouteOut, each: true},
	{id: "route-back", layer: "forwarding", reads: "routes", judge: checkRouteBack, each: true, applies: onLinux},

	{id: "translation", layer: "nat", reads: "firewall", causes: []string{"nat-wrong-out-interface", "nat-wrong-subnet", "nat-missing"}, each: true, applies: notWindows, soften: routed},
	{id: "translation", layer: "nat", reads: "net-nat", causes: []string{"netnat-conflict", "windows-netnat-unavailable", "nat-missing"}, each: true, applies: onWindows, soften: routed},
	{id: "tracking", layer: "nat", reads: "firewall", judge: checkTracking, each: true, applies: onLinux},
	{id: "table", layer: "nat", reads: "switches", causes: []string{"nat-table-full"}, applies: onLinux},

	{id: "resolver", layer: "dns", reads: "listeners", judge: checkResolver, known: hasServer},
	{id: "resolver-firewall", layer: "dns", reads: "firewall", causes: []string{"dns-host-firewall"}, each: true, applies: onLinux, known: hasResolver},
}

// passing are the layers that a machine has around a container with the tunnel:
// it passes on what the container sends.
var passing = []string{"forwarding", "nat"}

// place says whose settings those of a context are.
func (ctx *Context) place() string {
	switch {
	case ctx.Inside.IsValid():
		return "host"
	case ctx.Enter != nil:
		return "container"
	}
	return ""
}

// Checks says what the settings alone promise: nothing in it claims that packets
// get through. Without facts there is nothing to say. Only the first client of
// which something is wrong is named.
func Checks(ctx Context) []Check {
	if ctx.Facts == nil {
		return nil
	}
	clients := ctx.Facts.Clients(ctx.Tunnel)
	if ctx.Inside.IsValid() {
		clients = []netip.Addr{ctx.Inside}
	}
	var list []Check
	for i := range points {
		p := &points[i]
		if ctx.Inside.IsValid() && !slices.Contains(passing, p.layer) {
			continue
		}
		if p.applies != nil && !p.applies(ctx.OS) || p.known != nil && !p.known(p.view(&ctx, netip.Addr{})) {
			continue
		}
		if !p.each {
			list = append(list, p.ask(&ctx, netip.Addr{}))
			continue
		}
		if line, ok := p.worst(&ctx, clients); ok {
			list = append(list, line)
		}
	}
	return list
}

// severityOrder is which state of several clients a line shows.
var severityOrder = []State{StateWrong, StateUnknown, StateNote, StateOK}

// worst asks for each client; ok is false if there is none to ask for.
func (p *point) worst(ctx *Context, clients []netip.Addr) (line Check, ok bool) {
	for _, c := range clients {
		if p.family != correlate.FamilyAny && c.Is4() != (p.family == correlate.IPv4) {
			continue
		}
		one := p.ask(ctx, c)
		if !ok || slices.Index(severityOrder, one.State) < slices.Index(severityOrder, line.State) {
			line, ok = one, true
		}
	}
	if line.State == StateOK {
		line.Client = netip.Addr{}
	}
	return line, ok
}

// view returns the facts from where a client stands, without any packet.
func (p *point) view(ctx *Context, client netip.Addr) *view {
	v := &view{
		facts: ctx.Facts, server: ctx.Server, around: ctx.Around,
		path: host.Path{Client: client, Tunnel: ctx.Tunnel, WAN: ctx.WAN},
	}
	if d := v.device(); d != nil {
		v.port = d.ListenPort
	}
	return v
}

// ask judges one point, of one client if it is valid.
func (p *point) ask(ctx *Context, client netip.Addr) Check {
	v := p.view(ctx, client)
	prefix, guessed := netip.Prefix{}, false
	if client.IsValid() {
		prefix, guessed = prefixOf(ctx, client)
	} else if len(ctx.Prefixes) > 0 {
		prefix = ctx.Prefixes[0].Masked()
	}
	line := Check{ID: p.id, Layer: p.layer, Place: ctx.place(), Client: client, Args: map[string]any{
		"tunnel": ctx.Tunnel, "wan": ctx.WAN, "os": ctx.OS, "port": int(v.port), "client": written(client), "prefix": written(prefix),
		"server": written(ctx.Server),
	}}
	if p.judge != nil {
		var args map[string]any
		line.State, args = p.judge(v)
		maps.Copy(line.Args, args)
	} else {
		line.State, line.Cause = v.look(p.causes)
	}
	if line.State == StateWrong && p.soften != nil && p.soften(client) {
		line.State, line.Cause = StateNote, ""
	}
	if line.Cause != "" {
		values := Values{
			Tunnel: ctx.Tunnel, WAN: ctx.WAN, Client: client, Prefix: prefix, PrefixGuessed: guessed,
			Server: ctx.Server, Port: v.port, Enter: ctx.Enter, Remote: ctx.Remote, Drop: v.dropPlace(line.Cause),
		}
		values.settings(ctx.Facts)
		line.Fixes = fixesFor(line.Cause, values, ctx.OS)
	}
	if line.State == StateUnknown {
		line.Why = ctx.Facts.WhyUnread(p.reads)
		if p.reads == "wireguard" && line.Why == "" {
			line.Why = ctx.Facts.WireGuardWhy
		}
	}
	return line
}

// written writes what may be invalid.
func written(v interface {
	IsValid() bool
	String() string
}) string {
	if !v.IsValid() {
		return ""
	}
	return v.String()
}

// look tests causes: wrong with the first that is proved, right if all are
// refuted.
func (v *view) look(causes []string) (State, string) {
	refuted := 0
	for _, c := range causes {
		switch factTests[c](v).fact {
		case host.FactYes:
			return StateWrong, c
		case host.FactNo:
			refuted++
		}
	}
	if refuted == len(causes) {
		return StateOK, ""
	}
	return StateUnknown, ""
}
