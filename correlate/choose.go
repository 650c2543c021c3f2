package correlate

import (
	"strings"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// maxSeen bounds the packets of an interface that are compared with those of
// others to tell them apart.
const maxSeen = 4096

// seen is the first sighting of a packet at an interface.
type seen struct {
	frame     uint64
	direction capture.Direction
	ttl       uint8
}

func seenAs(p *capture.Packet) seen { return seen{p.Frame, p.Direction, p.TTL} }

func newFace(c *capturePoint) *face {
	return &face{
		point: c, locals: make(map[capture.Addr]bool),
		twins: make(map[uint64]seen), messages: make(map[wg.Header]seen),
		asked: make(map[tuple]bool), heard: make(map[tuple]bool),
	}
}

// loopback reports whether an interface is the host's own loopback, where no
// packet of the path comes by.
func loopback(c *capturePoint) bool {
	name := strings.ToLower(c.iface.Name)
	return c.iface.ARPHRD == arphrdLoopback || name == "lo" || name == "lo0" || strings.Contains(name, "loopback")
}

// choose settles what several interfaces of one source could be, as a capture of
// all adapters has them: bridges and their ports, bonds, VLANs, the cables of
// containers. Packets decide: the tunnel is where clients call, the WAN where
// those calls leave and WireGuard's own packets arrive, and of several that show
// the same ones the nearest to the wire. It returns the faces of rest that are
// still open.
func choose(faces, rest []*face) []*face {
	tunnel := chooseTunnel(with(faces, capture.RoleTunnel))
	if wans := with(faces, capture.RoleWAN); len(wans) > 0 {
		for _, f := range wans {
			own := filter(wans, func(o *face) bool { return o.point.input == f.point.input })
			if own[0] == f {
				keep(own, nearest(own, tunnel))
			}
		}
		if tunnel != nil || len(rest) < 2 || !oneSource(append(rest[:len(rest):len(rest)], wans...)) {
			return rest
		}
		if bare := filter(rest, (*face).bare); len(bare) == 1 {
			bare[0].give(capture.RoleTunnel, "link-type")
		}
		// None of what is left need be a tunnel: it may lie in a container.
		return nil
	}
	if tunnel == nil || len(rest) < 2 || !oneSource(append(rest[:len(rest):len(rest)], tunnel)) {
		return rest
	}
	best := nearest(rest, tunnel)
	if best == nil || best.shared(tunnel) < minVotes {
		return rest
	}
	best.give(capture.RoleWAN, "matched-packets")
	return nil
}

// minVotes is how many packets must speak for a choice.
const minVotes = 3

func filter(faces []*face, is func(*face) bool) []*face {
	var out []*face
	for _, f := range faces {
		if is(f) {
			out = append(out, f)
		}
	}
	return out
}

// with returns the faces that have a role and packets.
func with(faces []*face, r capture.Role) []*face {
	return filter(faces, func(f *face) bool { return f.point.role == r && f.packets > 0 })
}

func oneSource(faces []*face) bool {
	for _, f := range faces {
		if f.point.input != faces[0].point.input || f.point.iface.Section != faces[0].point.iface.Section {
			return false
		}
	}
	return true
}

// chooseTunnel leaves the role to the only one of several interfaces without a
// link layer in which clients call; the others are ways out. It returns the
// tunnel, or nil if there is none or more than one.
func chooseTunnel(tunnels []*face) *face {
	if called := filter(tunnels, func(f *face) bool { return f.called > 0 }); len(tunnels) > 1 && len(called) == 1 {
		keep(tunnels, called[0])
		return called[0]
	}
	if len(tunnels) == 1 {
		return tunnels[0]
	}
	return nil
}

// keep takes their role from all faces but one; from none if that is nil, if the
// person gave it, or if they are of several sources.
func keep(faces []*face, one *face) {
	if one == nil || !oneSource(faces) {
		return
	}
	for _, f := range faces {
		if f.point.roleWhy == "flag" || f.point.roleWhy == "option" {
			return
		}
	}
	for _, f := range faces {
		if f != one {
			f.give(capture.RoleUnknown, "")
		}
	}
}

// nearest returns the face that shows most of WireGuard's own packets and of the
// tunnel's, and of several that show the same ones the nearest to the wire; nil
// if they show none, or as many different ones.
func nearest(all []*face, tunnel *face) *face {
	most := 0
	for _, f := range all {
		most = max(most, f.weight(tunnel))
	}
	var best *face
	for _, f := range all {
		if w := f.weight(tunnel); w == 0 || w*10 < most*9 {
			continue
		}
		switch {
		case best == nil:
			best = f
		case f.common(best)*10 < most*8:
			return nil
		case f.nearer(best):
			best = f
		}
	}
	return best
}

// weight counts what a face shows of the path: WireGuard's own packets and the
// tunnel's initiations.
func (f *face) weight(tunnel *face) int { return len(f.messages) + f.shared(tunnel) }

// shared counts the initiations that were seen at both faces.
func (f *face) shared(o *face) int {
	if o == nil {
		return 0
	}
	n := 0
	for id := range f.twins {
		if _, ok := o.twins[id]; ok {
			n++
		}
	}
	return n
}

// common counts the packets that were seen at both faces.
func (f *face) common(o *face) int {
	n := f.shared(o)
	for h := range f.messages {
		if _, ok := o.messages[h]; ok {
			n++
		}
	}
	return n
}

// nearer reports whether f is nearer to the wire than o: what comes in passes it
// earlier, what leaves passes it later. A packet of unknown direction that was
// not forwarded yet when it was first seen is one that leaves.
func (f *face) nearer(o *face) bool {
	votes := 0
	vote := func(a, b seen) {
		first, sooner := a, 1
		if b.frame < a.frame {
			first, sooner = b, -1
		}
		switch fresh := undecremented(first.ttl); {
		case first.direction == capture.DirectionOut, fresh && first.direction == capture.DirectionUnknown:
			votes -= sooner
		case !fresh:
			votes += sooner
		}
	}
	for h, a := range f.messages {
		if b, ok := o.messages[h]; ok {
			vote(a, b)
		}
	}
	for id, a := range f.twins {
		if b, ok := o.twins[id]; ok {
			vote(a, b)
		}
	}
	return votes > 0
}
