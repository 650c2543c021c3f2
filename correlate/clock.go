package correlate

import (
	"math"
	"slices"
	"time"

	"github.com/wgtrace/wgtrace/capture"
)

// Bases of a clock offset.
const (
	clockOne     = "one-clock"
	clockGiven   = "given"
	clockMatched = "matched-packets"
	clockOuter   = "outer-to-inner"
	clockAssumed = "assumed"
)

// modeWidth is how close to each other the differences of anchors must lie to
// speak for one offset: residence in the host and drift over a head stay within.
const modeWidth = int64(time.Second)

// clock follows how far the WAN clock is ahead of the tunnel clock. Each packet
// that went out bounds what the shift in use still misses from above, each that
// came back from below, because no packet leaves the host before it enters.
type clock struct {
	basis   string
	line    timeline // of the WAN's taps
	fixed   bool     // given or one clock: never estimated
	samples uint64
	minimum [2]int64 // smallest residence by direction, on the clocks in use
	seen    [2]bool
}

// pair notes the residence of a matched packet.
func (c *clock) pair(dir uint8, d int64) {
	if !c.seen[dir] || d < c.minimum[dir] {
		c.minimum[dir], c.seen[dir] = d, true
	}
	c.samples++
}

// rest returns what the shift in use still misses, and half the width of the
// bounds; known is false when packets of one direction only bound it.
func (c *clock) rest() (miss, uncertainty int64, known bool) {
	if c.fixed || !c.seen[forward] || !c.seen[back] {
		return 0, 0, false
	}
	upper, lower := c.minimum[forward], -c.minimum[back]
	return (upper + lower) / 2, (upper - lower) / 2, true
}

// anchor is a packet that identifies itself, and how often it occurs at its
// point: a repeated one (a retry that is equal to the letter) is compared by its
// first sighting, if it is repeated as often at the other point.
type anchor struct {
	time  int64
	count int
	dir   uint8
	weak  bool   // its content is the same every day, as that of a ping can be
	flow  uint64 // of the inside packet
}

// nearClocks is how far apart two clocks may be for weak anchors alone to set
// them, nanoseconds: pings with equal payloads count from the same number every
// time, so that those of another day fit as well.
const nearClocks = int64(10 * time.Second)

// settleClock fixes by how much WAN times are shifted.
func (e *Engine) settleClock() {
	e.clock.basis, e.clock.fixed = clockOne, true
	switch {
	case e.opts.ClockOffset != nil:
		e.clock.basis = clockGiven
		e.shiftWAN(e.opts.ClockOffset.Nanoseconds())
	case e.opts.Live || e.oneSource || !e.points[inside].present || !e.points[outside].present:
	default:
		e.clock.basis, e.clock.fixed = clockAssumed, false
		e.doubt = e.slack
		e.estimateClock()
	}
}

func (e *Engine) shiftWAN(by int64) {
	e.setTimeline(timeline{shift: by})
}

// setTimeline says how times of the WAN's taps are turned into the tunnel's.
func (e *Engine) setTimeline(l timeline) {
	e.clock.line = l
	for _, c := range e.captures {
		if c.role == capture.RoleWAN {
			c.line = l
		}
	}
}

// estimateClock takes the offset from packets that identify themselves at both
// points.
func (e *Engine) estimateClock() {
	in, out := make(map[uint64]anchor), make(map[uint64]anchor)
	e.heads(func(p *capture.Packet, c *capturePoint) {
		if c.role == capture.RoleUnknown || !isAnchor(p) {
			return
		}
		if c.role == capture.RoleTunnel {
			fromClient, _ := e.orient(p)
			dir := uint8(forward)
			if !fromClient {
				dir = back
			}
			note(in, p, dir)
			return
		}
		if facing := e.facing(p); facing != back {
			note(out, p, forward)
			if facing < 0 {
				note(out, p, back)
			}
			return
		}
		note(out, p, back)
	})
	var all []difference
	for key, a := range in {
		if b, ok := out[key]; ok && a.count == b.count {
			all = append(all, difference{a.time, b.time - a.time, a.dir, a.weak, a.flow})
		}
	}
	slices.SortFunc(all, func(a, b difference) int {
		switch {
		case a.d < b.d:
			return -1
		case a.d > b.d:
			return 1
		}
		return 0
	})
	best, bestLen := 0, 0
	for from, to := 0, 0; from < len(all); from++ {
		for to < len(all) && all[to].d-all[from].d <= modeWidth {
			to++
		}
		if to-from > bestLen {
			best, bestLen = from, to-from
		}
	}
	group := all[best : best+bestLen]
	flows := make(map[uint64]bool)
	strong := false
	for _, d := range group {
		flows[d.flow] = true
		strong = strong || !d.weak || max(d.d, -d.d) <= nearClocks
	}
	if bestLen < 3 || len(flows) < 2 && bestLen < 8 || !strong {
		e.alignOuter()
		return
	}
	line := timeline{rate: drift(group), from: math.MaxInt64}
	for _, d := range group {
		line.from = min(line.from, d.time)
	}
	lower, upper := bounds(group, line.from, line.rate)
	e.clock.basis = clockMatched
	switch {
	case upper == math.MaxInt64:
		line.shift = lower
	case lower == math.MinInt64:
		line.shift = upper
	default:
		line.shift = lower + (upper-lower)/2
		e.doubt = (upper-lower)/2 + int64(time.Millisecond)
		e.slack = max(e.slack, e.doubt)
	}
	e.setTimeline(line)
}

// isAnchor reports whether a packet identifies itself well enough to compare
// two clocks by it.
func isAnchor(p *capture.Packet) bool {
	if p.Kind <= capture.KindFragment || p.Flags&(capture.FlagGroup|capture.FlagTimeUnknown) != 0 {
		return false
	}
	if p.Kind == capture.KindUDP && p.WG.Type != 0 {
		return false
	}
	return opens(p) || answers(p) || p.Kind == capture.KindUDP && p.PayloadLen >= 32 && p.Hash64 != 0
}

func note(m map[uint64]anchor, p *capture.Packet, dir uint8) {
	ident, basis := identity(p)
	if basis == BasisNone {
		return
	}
	addr, port := p.Dst, p.DstPort
	if dir == back {
		addr, port = p.Src, p.SrcPort
	}
	key := remoteKey(ident^p.Hash64, addr, port, dir, p.Proto)
	a := m[key]
	if a.count == 0 || p.Time < a.time {
		a.time, a.dir, a.flow = p.Time, dir, p.FlowHash
		a.weak = p.Kind == capture.KindEchoRequest || p.Kind == capture.KindEchoReply
	}
	a.count++
	m[key] = a
}
