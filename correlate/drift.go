package correlate

import (
	"math"
	"slices"
	"time"
)

// timeline turns the times of a tap into those of the tunnel's clock: shifted,
// and slower or faster from a moment on. The zero value changes nothing.
type timeline struct {
	shift int64   // nanoseconds that the tap's clock is ahead at the moment from
	rate  float64 // by how much it runs faster than the tunnel's, of 1
	from  int64   // nanoseconds, on the tunnel's clock
}

// tunnel returns the time on the tunnel's clock at which the tap's shows t.
func (l *timeline) tunnel(t int64) int64 {
	if l.rate == 0 || t == math.MinInt64 || t == math.MaxInt64 {
		return t - l.shift
	}
	d := t - l.shift - l.from
	return t - l.shift - int64(float64(d)*l.rate/(1+l.rate))
}

// tap returns what the tap's clock shows at a time of the tunnel's.
func (l *timeline) tap(t int64) int64 {
	return t + l.shift + int64(float64(t-l.from)*l.rate)
}

// difference is how much later by its own clock the WAN saw a packet than the
// tunnel by its: it holds the offset of the clocks, and the time in the host.
type difference struct {
	time int64 // on the tunnel's clock
	d    int64
	dir  uint8
	weak bool
	flow uint64
}

// maxDrift is how fast two clocks may drift apart to be believed: crystals keep
// within 100 parts in a million each, and adjtimex(2) slews by 500 at most.
const maxDrift = 500e-6

const (
	driftAnchors = 4                       // packets that must speak for a drift, of each direction half as many
	driftSpan    = int64(10 * time.Second) // and the time that they must span
)

// bounds returns what the differences leave of the offset at the moment from if
// the WAN's clock runs faster by rate: each packet that went out bounds it from
// above, each that came back from below.
func bounds(all []difference, from int64, rate float64) (lower, upper int64) {
	lower, upper = math.MinInt64, math.MaxInt64
	for i := range all {
		d := all[i].d - int64(rate*float64(all[i].time-from))
		if all[i].dir == forward {
			upper = min(upper, d)
		} else {
			lower = max(lower, d)
		}
	}
	return lower, upper
}

// room returns how far apart the bounds of the offset lie; negative: they
// contradict each other.
func room(all []difference, from int64, rate float64) int64 {
	lower, upper := bounds(all, from, rate)
	if lower == math.MinInt64 || upper == math.MaxInt64 {
		return math.MaxInt64
	}
	return upper - lower
}

// drift returns the rate that leaves the widest room between the bounds, where
// no constant offset explains them, and that room. The room is a concave function
// of the rate (the lower hull of what goes out minus the upper hull of what comes
// back), so that it has one top.
func drift(all []difference) (rate float64, wide int64) {
	count, first, last := [2]int{}, int64(math.MaxInt64), int64(math.MinInt64)
	for i := range all {
		count[all[i].dir]++
		first, last = min(first, all[i].time), max(last, all[i].time)
	}
	wide = room(all, first, 0)
	if wide >= 0 || min(count[forward], count[back])*2 < driftAnchors || last-first < driftSpan {
		return 0, wide
	}
	low, high := -maxDrift, maxDrift
	for high-low > 1e-9 {
		a, b := low+(high-low)/3, high-(high-low)/3
		if room(all, first, a) < room(all, first, b) {
			low = a
		} else {
			high = b
		}
	}
	rate = (low + high) / 2
	return rate, room(all, first, rate)
}

// maxMistaken is how many differences are left out at most because they
// contradict the others: a loss and its repetition, or equal packets of two
// clients, are mistaken for one packet now and then.
const maxMistaken = 8

// consistent returns the differences without those that no offset and no drift
// explain together with the others, and the drift; all of them without a drift
// where too many contradict.
func consistent(all []difference) ([]difference, float64) {
	kept := slices.Clone(all)
	for n := 0; ; n++ {
		rate, wide := drift(kept)
		switch {
		case wide >= 0:
			return kept, rate
		case n == maxMistaken || 10*(n+1) > len(all):
			return all, 0
		}
		a, b := contradicting(kept, rate)
		without := func(i int) []difference { return slices.Delete(slices.Clone(kept), i, i+1) }
		left, right := without(a), without(b)
		_, wideLeft := drift(left)
		_, wideRight := drift(right)
		if kept = left; wideRight > wideLeft {
			kept = right
		}
	}
}

// contradicting returns the two differences that set the bounds.
func contradicting(all []difference, rate float64) (out, in int) {
	out, in = -1, -1
	var upper, lower int64
	for i := range all {
		d := all[i].d - int64(rate*float64(all[i].time-all[0].time))
		switch {
		case all[i].dir == forward && (out < 0 || d < upper):
			out, upper = i, d
		case all[i].dir == back && (in < 0 || d > lower):
			in, lower = i, d
		}
	}
	return out, in
}
