package correlate

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// RolesError says that the captures do not tell which of them is the tunnel and
// which the WAN.
type RolesError struct {
	Reason     string   // lower case, no full stop
	Candidates []string // as --tunnel and --wan take them
}

// Error returns the reason and the candidates.
func (e *RolesError) Error() string {
	if len(e.Candidates) == 0 {
		return e.Reason
	}
	return e.Reason + ": " + strings.Join(e.Candidates, ", ")
}

// arphrdNone is the ARP hardware type of an adapter without a link layer, such
// as WireGuard's (linux/if_arp.h, ARPHRD_NONE).
const arphrdNone = 0xfffe

// arphrdLoopback is the ARP hardware type of the loopback adapter
// (linux/if_arp.h, ARPHRD_LOOPBACK).
const arphrdLoopback = 772

// face is what the head of a source says of one of its interfaces.
type face struct {
	point     *capturePoint
	packets   int
	outer     int // WireGuard handshakes and transport between addresses
	ethernet  int
	initiated int // initiations, and how many of them were not forwarded before
	fresh     int
	called    int // of those that the host itself did not send
	locals    map[capture.Addr]bool
	twins     map[uint64]seen    // initiations by identity
	messages  map[wg.Header]seen // WireGuard's own packets
	asked     map[tuple]bool     // conversations whose first packet it shows
	heard     map[tuple]bool     // and those whose first answer
}

// assign settles who is who on the heads of all inputs: roles, the WireGuard
// port, own addresses, clients, and the clock offset.
func (e *Engine) assign() error {
	e.doubtDirections()
	faces := e.survey()
	if e.splitLegs() {
		faces = e.survey()
	}
	if err := e.assignRoles(faces); err != nil {
		return err
	}
	if used := filter(faces, func(f *face) bool { return f.point.role != capture.RoleUnknown }); len(used) > 1 && e.leftOut() && oneSource(used) {
		e.oneSource = true // the others repeat it
	}
	for _, c := range e.captures {
		e.place(c)
	}
	e.settled = true
	e.learnPort()
	e.contradictGiven()
	e.learnMAC()
	e.foldHeads()
	e.learnGateway()
	e.learnClients()
	e.learnRestored()
	e.settleClock()
	e.headStats()
	return nil
}

// headStats takes over what the heads say of drops before anything is judged.
func (e *Engine) headStats() {
	for _, in := range e.inputs {
		for _, b := range in.head {
			for _, s := range b.Stats {
				e.noteStats(e.captureOf(in, s.Iface, b), s)
				e.noteSide(in, s)
			}
		}
	}
}

// place makes a capture with a role part of its point, and takes over what it
// says of the host.
func (e *Engine) place(c *capturePoint) {
	if c.role == capture.RoleUnknown {
		return
	}
	pt := &e.points[sideOf(c.role)]
	pt.present = true
	pt.open = e.opts.Live
	pt.whole = e.opts.Live || e.oneSource
	if c.role == capture.RoleTunnel && !c.iface.MAC.IsZero() {
		e.gateway = c.iface.MAC
	}
	if c.role == capture.RoleWAN {
		c.line = e.clock.line
		if !c.iface.MAC.IsZero() {
			e.learnOwnMAC(c.iface.MAC)
		}
	}
	port := e.outerSide.port
	if port == 0 {
		port = c.iface.WGPort
	}
	for _, p := range c.iface.Addrs {
		e.own[capture.AddrFromNetip(p.Addr())] = true
		if port != 0 {
			e.outerSide.addServer(netip.AddrPortFrom(p.Addr(), port))
		}
	}
}

// survey looks through the heads.
func (e *Engine) survey() []*face {
	var faces []*face
	byPoint := make(map[*capturePoint]*face)
	for _, in := range e.inputs {
		for _, b := range in.head {
			for i := range b.Interfaces {
				e.captureOf(in, int32(i), b)
			}
			for i := range b.Packets {
				p := &b.Packets[i]
				c := e.captureOf(in, p.Iface, b)
				fc := byPoint[c]
				if fc == nil {
					fc = newFace(c)
					byPoint[c] = fc
				}
				fc.add(p)
				if c.headFirst == unset && p.Flags&capture.FlagTimeUnknown == 0 {
					c.headFirst = p.Time
				}
			}
		}
	}
	for _, c := range e.captures {
		fc := byPoint[c]
		if fc == nil {
			fc = &face{point: c}
		}
		faces = append(faces, fc)
	}
	return faces
}

func (f *face) add(p *capture.Packet) {
	f.packets++
	if p.WG.Type == wg.MessageInitiation || p.WG.Type == wg.MessageResponse || p.WG.Type == wg.MessageTransport {
		f.outer++
		if _, again := f.messages[p.WG]; !again && len(f.messages) < maxSeen {
			f.messages[p.WG] = seenAs(p)
		}
	}
	if !p.LinkSrc.IsZero() || !p.LinkDst.IsZero() {
		f.ethernet++
	}
	if p.Kind <= capture.KindARP || p.Flags&capture.FlagGroup != 0 {
		return
	}
	if len(f.locals) < 4096 {
		f.locals[p.Src] = true
	}
	f.note(p)
	if opens(p) {
		f.initiated++
		if undecremented(p.TTL) {
			f.fresh++
			if p.Direction != capture.DirectionOut {
				f.called++
			}
		}
		if ident, basis := identity(p); basis != BasisNone && len(f.twins) < maxSeen {
			f.twins[remoteKey(ident, p.Dst, p.DstPort, forward, p.Proto)] = seenAs(p)
		}
	}
}

// label names an interface as --tunnel and --wan take it.
func (c *capturePoint) label() string {
	switch {
	case c.iface.Name == c.source:
		return c.source // a live tap is named by its adapter
	case c.iface.Name != "":
		return c.source + "#" + c.iface.Name
	case Number(c.iface) >= 0:
		return c.source + "#" + strconv.Itoa(Number(c.iface))
	}
	return c.source
}

// Number returns the number by which FILE#N selects an interface: its own, or
// the interface index in the packets of a file that describes none (Linux cooked
// v2); -1 if there is neither.
func Number(i capture.Interface) int {
	if i.Index < 0 && i.IfIndex != 0 {
		return int(i.IfIndex)
	}
	return i.Index
}

// pick returns what the person said of an interface; false: that it is not to
// be used.
func (in *input) pick(c *capturePoint) (Pick, bool) {
	for _, p := range in.given.Picks {
		if p.Exact != nil {
			if samePlace(p.Exact, &c.iface) {
				return p, true
			}
			continue
		}
		if p.Interface == "" || p.Interface == c.iface.Name || Number(c.iface) >= 0 && p.Interface == strconv.Itoa(Number(c.iface)) {
			return p, true
		}
	}
	return Pick{}, len(in.given.Picks) == 0
}

// samePlace reports whether two descriptions of one source mean one interface.
func samePlace(a, b *capture.Interface) bool {
	return a.Index == b.Index && a.IfIndex == b.IfIndex && a.ARPHRD == b.ARPHRD && a.Section == b.Section
}

// introduce gives an interface that appears its place: by the person's word if
// there is one.
func (e *Engine) introduce(in *input, c *capturePoint) {
	pick, used := in.pick(c)
	c.unused = !used
	if used && pick.Role != capture.RoleUnknown && !(in.narrowed && pick.Interface == "") {
		c.role, c.roleWhy = pick.Role, "flag"
		if pick.Why != "" {
			c.roleWhy = pick.Why
		}
	}
	if len(in.faces) > 1 {
		c.line = in.faces[0].line
		if used && c.role == capture.RoleUnknown && c.iface.Section > 0 {
			c.sameAs(in.faces)
		}
	}
	if e.settled || e.opts.Live {
		e.place(c)
	}
}

// sameAs gives an interface of a later section the role of the interface of the
// same name and link type before it: a file that was written in several goes.
func (c *capturePoint) sameAs(faces []*capturePoint) {
	for _, f := range faces {
		if f != c && f.role != capture.RoleUnknown && f.iface.Name == c.iface.Name && f.iface.LinkType == c.iface.LinkType {
			c.role, c.roleWhy = f.role, f.roleWhy
			return
		}
	}
}

// tunnelName and wanName judge an interface by what it is called.
func tunnelName(c *capturePoint) bool {
	name := strings.ToLower(c.iface.Name + " " + c.iface.Description)
	if c.iface.Name == "" && c.iface.Description == "" {
		return false
	}
	return strings.HasPrefix(name, "wg") || strings.HasPrefix(name, "utun") ||
		strings.Contains(name, "wireguard") || strings.Contains(name, "wintun")
}

// assignRoles gives each point its captures, by the first evidence that
// decides.
func (e *Engine) assignRoles(faces []*face) error {
	e.dropGiven(faces)
	var open []*face
	for _, f := range faces {
		if f.point.role != capture.RoleUnknown || f.repeats(faces) != nil {
			continue
		}
		switch {
		case f.point.unused, f.point.iface.Uplink:
		case f.packets > 0 && !loopback(f.point):
			open = append(open, f)
		case f.point.iface.Role != capture.RoleUnknown:
			f.give(f.point.iface.Role, "option")
		case f.packets == 0 && tunnelName(f.point):
			f.give(capture.RoleTunnel, "name")
		}
	}
	defer func() {
		for _, f := range faces {
			if o := f.repeats(faces); o != nil && f.point.role == capture.RoleUnknown && !f.point.unused {
				f.give(o.point.role, o.point.roleWhy)
			}
		}
	}()
	if e.opts.Live || len(open) == 0 {
		return e.checkRoles(faces)
	}
	var rest []*face
	for _, f := range open {
		switch {
		case f.point.iface.Role != capture.RoleUnknown:
			f.give(f.point.iface.Role, "option")
		case f.outer >= 1 && !f.point.iface.LinkType.IsRaw() && f.isOuter(open):
			f.give(capture.RoleWAN, "outer-wireguard")
		case tunnelName(f.point):
			f.give(capture.RoleTunnel, "name")
		case f.point.iface.ARPHRD == arphrdNone:
			f.give(capture.RoleTunnel, "no-link-layer")
		default:
			rest = append(rest, f)
		}
	}
	rest = choose(faces, rest)
	if err := e.assignRest(faces, rest); err != nil {
		return err
	}
	e.assignEmpty(faces)
	joinLines(faces)
	return e.checkRoles(faces)
}

// assignEmpty takes a source that holds no packet at all for the tunnel, if
// there is just one and the WAN is known: the person gave it for that, and a
// tunnel that stayed silent is evidence.
func (e *Engine) assignEmpty(faces []*face) {
	if has(faces, capture.RoleTunnel) || !has(faces, capture.RoleWAN) {
		return
	}
	var empty []*face
	for _, f := range faces {
		if f.packets == 0 && !f.point.unused && !f.point.iface.Uplink && f.point.role == capture.RoleUnknown && e.silent(f, faces) {
			empty = append(empty, f)
		}
	}
	if len(empty) == 1 {
		empty[0].give(capture.RoleTunnel, "the-other")
	}
}

// silent reports whether the whole source of a face holds no packet.
func (e *Engine) silent(f *face, faces []*face) bool {
	for _, o := range faces {
		if o.point.input == f.point.input && o.packets > 0 {
			return false
		}
	}
	return true
}

// repeats returns the face of an earlier section of the same file that has the
// same name and link type, or nil: a file that was written in several goes.
func (f *face) repeats(all []*face) *face {
	for _, o := range all {
		if o.point.input == f.point.input && o.point.iface.Section < f.point.iface.Section &&
			o.point.iface.Name == f.point.iface.Name && o.point.iface.LinkType == f.point.iface.LinkType {
			return o
		}
	}
	return nil
}

// isOuter reports whether the WireGuard packets of a face are the outer ones:
// more than any other face has. Interfaces of one source may show the same ones
// and differ in what the beginning of the capture cut off.
func (f *face) isOuter(all []*face) bool {
	for _, o := range all {
		if o != f && o.outer > f.outer && !(o.point.input == f.point.input && f.outer*10 >= o.outer*9) {
			return false
		}
	}
	return true
}

func (f *face) give(r capture.Role, why string) { f.point.role, f.point.roleWhy = r, why }

// has reports whether any face has a role.
func has(faces []*face, r capture.Role) bool {
	for _, f := range faces {
		if f.point.role == r {
			return true
		}
	}
	return false
}

// assignRest decides on the faces that nothing strong speaks for.
func (e *Engine) assignRest(faces, rest []*face) error {
	tunnel, wan := has(faces, capture.RoleTunnel), has(faces, capture.RoleWAN)
	switch {
	case len(rest) == 0 || tunnel && wan:
		return nil
	case len(rest) == 1 && wan:
		rest[0].give(capture.RoleTunnel, "the-other")
		return nil
	case len(rest) == 1 && tunnel:
		rest[0].give(capture.RoleWAN, "the-other")
		return nil
	case len(rest) == 1:
		if rest[0].point.iface.LinkType.IsRaw() || rest[0].ethernet == 0 {
			rest[0].give(capture.RoleTunnel, "link-type")
		} else {
			rest[0].give(capture.RoleWAN, "link-type")
		}
		return nil
	}
	if tunnel || wan || len(rest) > 2 {
		return e.undecided(faces, "more than two interfaces could be meant; name them with --tunnel and --wan")
	}
	a, b := rest[0], rest[1]
	if ra, rb := a.bare(), b.bare(); ra != rb {
		pair(a, b, ra, "link-type")
		return nil
	}
	if votes := ttlVotes(a, b); votes != 0 {
		pair(a, b, votes > 0, "matched-packets")
		return nil
	}
	if a.fresh*2 > a.initiated != (b.fresh*2 > b.initiated) && a.initiated > 2 && b.initiated > 2 {
		pair(a, b, a.fresh*2 > a.initiated, "fresh-ttl")
		return nil
	}
	pair(a, b, true, "order")
	e.rolesTied = true
	e.caveat("roles-tied", nil)
	return nil
}

// bare reports whether a face has no link layer.
func (f *face) bare() bool { return bare(f.point) }

func bare(c *capturePoint) bool {
	t := c.iface.LinkType
	return t.IsRaw() || t == capture.LinkTypeNull || t == capture.LinkTypeLoop || c.iface.ARPHRD == arphrdNone
}

func pair(a, b *face, aIsTunnel bool, why string) {
	if !aIsTunnel {
		a, b = b, a
	}
	a.give(capture.RoleTunnel, why)
	b.give(capture.RoleWAN, why)
}

// ttlVotes compares initiations seen on both faces: forwarding takes one off
// the TTL, so that the side with the higher one is the inside. It takes 3 votes
// of which 90% agree.
func ttlVotes(a, b *face) int {
	va, vb := 0, 0
	for id, one := range a.twins {
		switch other, ok := b.twins[id]; {
		case !ok:
		case one.ttl > other.ttl:
			va++
		case one.ttl < other.ttl:
			vb++
		}
	}
	switch {
	case va+vb < 3:
		return 0
	case va*10 >= (va+vb)*9:
		return 1
	case vb*10 >= (va+vb)*9:
		return -1
	}
	return 0
}

// checkRoles refuses what cannot be judged: several interfaces of one source in
// one role, where nobody said so and packets do not show that they are two lines of
// one host.
func (e *Engine) checkRoles(faces []*face) error {
	e.dropRepeated(faces)
	for _, role := range []capture.Role{capture.RoleTunnel, capture.RoleWAN} {
		seen := make(map[int]*face)
		for _, f := range faces {
			if f.point.role != role || f.packets == 0 || f.point.roleWhy == "flag" || role == capture.RoleWAN && (f.point.roleWhy == "option" || f.point.roleWhy == "other-line") {
				continue
			}
			if o := seen[f.point.input]; o != nil && o.point.iface.Section == f.point.iface.Section {
				return e.undecided(faces, fmt.Sprintf("several interfaces look like the %s; name them with --tunnel and --wan", role))
			}
			seen[f.point.input] = f
		}
	}
	return nil
}

func (e *Engine) undecided(faces []*face, reason string) error {
	err := &RolesError{Reason: reason}
	for _, f := range faces {
		if f.packets > 0 {
			err.Candidates = append(err.Candidates, f.point.label())
		}
	}
	return err
}

// caveat notes something that limits the evidence.
func (e *Engine) caveat(id string, args map[string]any) {
	e.caveats = append(e.caveats, Caveat{ID: id, Args: args})
}
