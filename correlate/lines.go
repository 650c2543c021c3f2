package correlate

import "github.com/wgtrace/wgtrace/capture"

// A host with two lines to the internet can be called back on another one than it
// called by. Then a second capture belongs to the WAN: not because it shows the same
// packets, but because it shows the answers that the first one lacks.

// note keeps who asked whom at a face, and who was answered.
func (f *face) note(p *capture.Packet) {
	asks := opens(p)
	if !asks && !answers(p) || len(f.asked)+len(f.heard) >= maxSeen {
		return
	}
	key, _ := tupleOf(p.Src, p.SrcPort, p.Dst, p.DstPort, p.Proto)
	if asks {
		f.asked[key] = true
	} else {
		f.heard[key] = true
	}
}

// answersFor reports whether a face shows answers to what left by another one,
// and neither these requests nor, on that other one, any such answer.
func (f *face) answersFor(o *face) bool {
	n := 0
	for key := range f.heard {
		if !o.asked[key] || f.asked[key] {
			continue
		}
		if o.heard[key] {
			return false
		}
		n++
	}
	return n >= minVotes
}

// joinLines makes captures part of the WAN that show the answers to what left by
// one that is.
func joinLines(faces []*face) {
	for _, wan := range with(faces, capture.RoleWAN) {
		for _, f := range faces {
			free := f.point.role == capture.RoleUnknown && !f.point.unused && !f.point.iface.Uplink || f.point.role == capture.RoleWAN && f.point.roleWhy == "outer-wireguard"
			if f != wan && free && f.packets > 0 && wan.point.roleWhy != "other-line" && f.answersFor(wan) {
				f.give(capture.RoleWAN, "other-line")
			}
		}
	}
}
