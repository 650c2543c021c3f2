package correlate

import (
	"slices"

	"github.com/wgtrace/wgtrace/capture"
)

// dropGiven takes back the role that a person gave to a whole file from those of
// its interfaces that cannot have been meant: a capture of all adapters that is
// named as the WAN shows the tunnel too, whose packets would be their own twins,
// and a bridge beside its port. Several adapters that show packets of their own
// stay what they were named.
func (e *Engine) dropGiven(faces []*face) {
	for _, in := range e.inputs {
		given := filter(faces, func(f *face) bool {
			if f.point.input != in.number || f.packets == 0 || f.point.roleWhy != "flag" {
				return false
			}
			p, _ := in.pick(f.point)
			return p.Interface == ""
		})
		if len(given) < 2 || !oneSource(given) {
			continue
		}
		role := given[0].point.role
		meant := filter(given, func(f *face) bool {
			return (f.bare() || tunnelName(f.point)) == (role == capture.RoleTunnel) && !loopback(f.point)
		})
		if len(meant) == 0 {
			meant = given
		}
		in.narrowed = len(meant) < len(given)
		for _, f := range given {
			f.leaveOut()
		}
		tunnel := (*face)(nil)
		if others := with(faces, capture.RoleTunnel); len(others) == 1 {
			tunnel = others[0]
		}
		best := nearest(meant, tunnel)
		for _, f := range meant {
			if best == nil || f == best || !f.repeated(best) {
				f.point.unused = false
				f.give(role, "flag")
			}
		}
	}
}

// dropRepeated takes its role from a capture that shows the same packets as one
// of another source: both would count what passed once. The one beside the other
// side of the path stays, because the two have one clock.
func (e *Engine) dropRepeated(faces []*face) {
	for _, role := range []capture.Role{capture.RoleTunnel, capture.RoleWAN} {
		same := with(faces, role)
		for i, f := range same {
			for _, o := range same[:i] {
				if f.point.role != role || o.point.role != role || f.point.input == o.point.input || !f.repeated(o) && !o.repeated(f) {
					continue
				}
				spare := f
				if beside(f, faces) && !beside(o, faces) {
					spare = o
				}
				spare.leaveOut()
				e.inputs[spare.point.input].narrowed = true
			}
		}
	}
}

// leftOut reports whether captures repeat others.
func (e *Engine) leftOut() bool {
	return slices.ContainsFunc(e.inputs, func(in *input) bool { return in.narrowed })
}

func (f *face) leaveOut() {
	f.give(capture.RoleUnknown, "")
	f.point.unused = true
}

// beside reports whether the source of a face shows the other side too.
func beside(f *face, faces []*face) bool {
	for _, o := range faces {
		if o.point.input == f.point.input && o.packets > 0 && o.point.role != capture.RoleUnknown && o.point.role != f.point.role {
			return true
		}
	}
	return false
}

// repeated reports whether nearly all initiations and messages of WireGuard that
// f shows are shown by another face too.
func (f *face) repeated(o *face) bool {
	n := len(f.messages) + len(f.twins)
	return n >= minVotes && f.common(o)*10 >= n*8
}
