package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// Some captures show every packet several times: one of all adapters that names
// none of them shows a bridge and its ports, a mirrored port shows what enters
// and what leaves a switch. Taken for packets, the copies would be losses. Single
// packets are never dropped for being alike, because repetitions are (an
// acknowledgement that is sent twice is the same to the last octet); only a
// source in which nearly everything comes in equally many copies is folded.

const (
	// copySpread is how far apart copies of one packet are recorded at most,
	// nanoseconds: queues of a host or a switch hold a packet for microseconds,
	// and nothing is sent again so soon (RFC 6298 section 2.4 has one second,
	// Linux 200 ms, a tail loss probe two round trips).
	copySpread = int64(5e6)

	maxCopies = 16
	foldSlots = 1 << 12
	foldProbe = 8
)

// copies counts the sightings of one packet.
type copies struct {
	key   uint64
	time  int64
	sent  sender
	n     uint8
	taken bool // one of them has been used
}

// sender is how a packet was sent: what a copy of it shares, and the same packet
// does not that comes back in a routing loop.
type sender struct {
	mac       capture.MAC
	direction capture.Direction
}

func senderOf(p *capture.Packet) sender { return sender{p.LinkSrc, p.Direction} }

// returned reports whether a packet goes to where it was sent from.
func (s sender) returned(p *capture.Packet) bool {
	return !s.mac.IsZero() && s.mac == p.LinkDst || s.direction == capture.DirectionOut && p.Direction == capture.DirectionIn
}

// folder passes one copy of each packet of a capture that shows all of them
// several times.
type folder struct {
	copies uint8
	slots  [foldSlots]copies
	rest   capturePoint // what was left out
}

// sameness is what all copies of a packet share, whatever device they passed:
// its content and its sender. A bridge can show it before and after its
// destination was translated back, so that this is no part of it.
func sameness(p *capture.Packet) uint64 {
	return mix(mix(content(p)^p.Src.Hi, p.Src.Lo), uint64(p.SrcPort))
}

// content is what a packet holds, without addresses.
func content(p *capture.Packet) uint64 {
	h := mix(uint64(p.Seq)<<32|uint64(p.Ack), uint64(p.FragID)<<32|uint64(p.PayloadLen))
	h = mix(h^uint64(p.TSval)<<32^uint64(p.Window), p.Hash64^p.Hash16<<1)
	return mix(h, uint64(p.Kind)<<40|uint64(p.Proto)<<32|uint64(p.TCPFlags)<<24|uint64(p.ICMPType)<<16|uint64(p.FragOffset)) | 1
}

// telling reports whether enough of a packet was captured to tell it from the
// next one of its kind.
func telling(p *capture.Packet) bool {
	if p.Kind <= capture.KindARP || p.Flags&capture.FlagTimeUnknown != 0 {
		return false
	}
	return p.Kind == capture.KindTCP || p.Hash16 != 0 || p.FragID != 0
}

// whereabouts is what differs between copies that were recorded at different
// places.
func whereabouts(p *capture.Packet) uint64 {
	mac := func(m capture.MAC) uint64 {
		return uint64(m[0])<<40 | uint64(m[1])<<32 | uint64(m[2])<<24 | uint64(m[3])<<16 | uint64(m[4])<<8 | uint64(m[5])
	}
	return mix(mac(p.LinkSrc)<<16|uint64(p.VLAN), mac(p.LinkDst)<<16|uint64(p.Direction)<<8|uint64(p.TTL))
}

// fold reports whether a packet is a copy to be left out. What arrives is used
// as it was seen first, before anything on the host touched it; of what leaves,
// a frame between other machines is passed over, because the host's own follows.
func (e *Engine) fold(c *capturePoint, p *capture.Packet) bool {
	f := c.folder
	if !telling(p) {
		return false
	}
	g := f.find(sameness(p), p)
	if g.sent.returned(p) {
		return false
	}
	if g.n++; g.taken || g.n < f.copies && c.role == capture.RoleWAN && e.foreign(p) {
		f.rest.count(p)
		return true
	}
	g.taken = true
	return false
}

// find returns the group of copies that a packet belongs to, made if needed: the
// one with its key that is neither complete nor too old.
func (f *folder) find(key uint64, p *capture.Packet) *copies {
	t := p.Time
	oldest := &f.slots[key%foldSlots]
	for i := range uint64(foldProbe) {
		g := &f.slots[(key+i)%foldSlots]
		if g.key == key && g.n < f.copies && t-g.time <= copySpread && g.time-t <= copySpread {
			return g
		}
		if g.time < oldest.time {
			oldest = g
		}
	}
	*oldest = copies{key: key, time: t, sent: senderOf(p)}
	return oldest
}

// foldHeads looks for captures that show every packet several times, and takes
// the copies out of their heads.
func (e *Engine) foldHeads() {
	if e.opts.Live {
		return
	}
	for _, in := range e.inputs {
		for _, c := range in.faces {
			if c.role == capture.RoleUnknown || bare(c) && !mixed(c) {
				continue // an adapter without a link layer has no second place
			}
			s := in.scout(c)
			if n := s.copies(); n > 1 {
				c.folder = &folder{copies: n, rest: capturePoint{first: unset, last: unset}}
				in.folding = true
			}
			if s.doubtful() {
				e.points[sideOf(c.role)].doubled = true
			}
			if s.replayed() {
				e.caveat("clones", map[string]any{"source": c.label(), "count": s.cloned})
			}
		}
		for _, b := range in.head {
			e.foldBatch(in, b)
		}
	}
}

// foldBatch takes copies out of a batch.
func (e *Engine) foldBatch(in *input, b *capture.Batch) {
	if !in.folding {
		return
	}
	kept := b.Packets[:0]
	for i := range b.Packets {
		p := &b.Packets[i]
		if c := e.captureOf(in, p.Iface, b); c.folder == nil || !e.fold(c, p) {
			kept = append(kept, *p)
		}
	}
	b.Packets = kept
}
