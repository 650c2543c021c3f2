package correlate

import (
	"math"
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

// settleClock fixes by how much WAN times are shifted.
func (e *Engine) settleClock() {
	e.clock.basis, e.clock.fixed = clockOne, true
	if !e.opts.Live && !e.oneSource {
		e.undoSteps()
	}
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
	group := agreeing(e.differences())
	if group == nil {
		e.alignOuter()
		return
	}
	group, rate := consistent(group)
	line := timeline{rate: rate, from: math.MaxInt64}
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
