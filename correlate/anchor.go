package correlate

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/wgtrace/wgtrace/capture"
)

// anchor is a packet that identifies itself, and how often it occurs at its
// point: a repeated one (a retry that is equal to the letter) is compared by its
// first sighting, if it is repeated as often at the other point.
type anchor struct {
	time  int64
	count int
	dir   uint8
	weak  bool   // its content is the same every day, as that of a ping can be
	whole bool   // the longer prefix of the payload was captured
	flow  uint64 // of the inside packet
}

const (
	// coarseWidth is how close to each other the differences of anchors must lie
	// to speak for one offset: residence in the host and drift over a head stay
	// within.
	coarseWidth = int64(time.Second)
	// fineWidth is how close those that are believed lie, where there are enough:
	// nearly all packets leave a host within it, and no repetition of a packet
	// comes that soon after it (RFC 6298 section 2: 1 s, Linux: 200 ms), so that
	// what one tap missed of the copies does not count.
	fineWidth = int64(20 * time.Millisecond)
)

// nearClocks is how far apart two clocks may be for weak anchors alone to set
// them, nanoseconds: pings with equal payloads count from the same number every
// time, so that those of another day fit as well.
const nearClocks = int64(10 * time.Second)

// isAnchor reports whether a packet identifies itself well enough to compare
// two clocks by it: what opens or answers a conversation, and in the middle of
// one a TCP segment (by both sequence numbers) or a datagram with content. Where
// that is not random, it repeats, which shows.
func isAnchor(p *capture.Packet) bool {
	if p.Kind <= capture.KindFragment || p.Flags&(capture.FlagGroup|capture.FlagTimeUnknown) != 0 {
		return false
	}
	if p.Kind == capture.KindUDP && p.WG.Type != 0 {
		return false
	}
	switch p.Kind {
	case capture.KindTCP:
		return p.TCPOctets() > 0
	case capture.KindUDP:
		return opens(p) || answers(p) || p.PayloadLen >= minAnchor && p.Hash16 != 0
	}
	return opens(p) || answers(p)
}

// minAnchor is how many octets of payload a datagram must have to be compared.
const minAnchor = 16

// differences returns how much later by its own clock the WAN saw each anchor
// of the heads that both points have.
func (e *Engine) differences() []difference {
	var sides [2]map[anchorKey]anchor
	eachSide(func(side int) { sides[side] = e.anchors(side) })
	in, out := sides[inside], sides[outside]
	var all []difference
	for key, a := range in {
		if b, ok := out[key]; ok && a.count == b.count && (!a.whole || !b.whole || key.long) {
			all = append(all, difference{a.time, b.time - a.time, a.dir, a.weak, a.flow})
		}
	}
	return all
}

// anchors returns the anchors that the heads of one side hold.
func (e *Engine) anchors(side int) map[anchorKey]anchor {
	m := make(map[anchorKey]anchor)
	e.heads(func(p *capture.Packet, c *capturePoint) {
		if c.role == capture.RoleUnknown || sideOf(c.role) != side || !isAnchor(p) {
			return
		}
		if side == inside {
			fromClient, _ := e.orient(p)
			dir := uint8(forward)
			if !fromClient {
				dir = back
			}
			note(m, p, dir)
			return
		}
		facing := e.facing(p)
		if facing != back {
			note(m, p, forward)
		}
		if facing != forward {
			note(m, p, back)
		}
	})
	return m
}

// anchorKey is what an anchor is found by: the shorter prefix of its payload, or
// the longer one too. Datagrams whose longer one both points hold are compared
// by that alone: protocols begin all datagrams of a conversation alike.
type anchorKey struct {
	ident uint64
	long  bool
}

func note(m map[anchorKey]anchor, p *capture.Packet, dir uint8) {
	ident, basis := identity(p)
	if basis == BasisNone {
		return
	}
	addr, port := p.Dst, p.DstPort
	if dir == back {
		addr, port = p.Src, p.SrcPort
	}
	whole := basis == BasisPayload && p.Hash64 != 0
	add := func(key anchorKey) {
		a := m[key]
		if a.count == 0 || p.Time < a.time {
			a.time, a.dir, a.flow, a.whole = p.Time, dir, p.FlowHash, whole
			a.weak = p.Kind == capture.KindEchoRequest || p.Kind == capture.KindEchoReply
		}
		a.count++
		m[key] = a
	}
	add(anchorKey{remoteKey(ident, addr, port, dir, p.Proto), false})
	if whole {
		add(anchorKey{remoteKey(ident^p.Hash64, addr, port, dir, p.Proto), true})
	}
}

// agreeing returns the differences that speak for one offset, nil if too few do.
func agreeing(all []difference) []difference {
	group := densest(all, 0, coarseWidth)
	if !enough(group) {
		return nil
	}
	if near := closest(group); enough(near) {
		return near
	}
	return group
}

// enough reports whether differences that agree cannot do so by chance.
func enough(group []difference) bool {
	flows := make(map[uint64]bool)
	strong := false
	for _, d := range group {
		flows[d.flow] = true
		strong = strong || !d.weak || max(d.d, -d.d) <= nearClocks
	}
	return len(group) >= 3 && (len(flows) >= 2 || len(group) >= 8) && strong
}

// densest returns the differences within a width where most are, for a WAN clock
// that runs faster by rate.
func densest(all []difference, rate float64, width int64) []difference {
	first := int64(math.MaxInt64)
	for i := range all {
		first = min(first, all[i].time)
	}
	rest := func(d *difference) int64 { return d.d - int64(rate*float64(d.time-first)) }
	slices.SortFunc(all, func(a, b difference) int { return cmp.Or(cmp.Compare(rest(&a), rest(&b)), cmp.Compare(a.time, b.time)) })
	best, bestLen := 0, 0
	for from, to := 0, 0; from < len(all); from++ {
		for to < len(all) && rest(&all[to])-rest(&all[from]) <= width {
			to++
		}
		if to-from > bestLen {
			best, bestLen = from, to-from
		}
	}
	return all[best : best+bestLen]
}

// closest returns the differences of a group that agree closely, if need be with
// clocks that drift apart.
func closest(group []difference) []difference {
	best := slices.Clone(densest(group, 0, fineWidth))
	if 10*len(best) >= 9*len(group) {
		return best
	}
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range group {
		first, last = min(first, group[i].time), max(last, group[i].time)
	}
	steps := int64(maxDrift*float64(last-first)) / (fineWidth / 2)
	for n := int64(1); n <= min(steps, maxRates); n++ {
		rate := maxDrift * float64(n) / float64(min(steps, maxRates))
		for _, r := range [2]float64{rate, -rate} {
			if near := densest(group, r, fineWidth); len(near) > len(best) {
				best = slices.Clone(near)
			}
		}
	}
	return best
}

// maxRates bounds how many rates are tried: enough for heads of an hour.
const maxRates = 256
