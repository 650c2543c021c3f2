package correlate

import "slices"

// sketchSize is how many samples a sketch holds. Up to that many, median and
// p95 are exact.
const sketchSize = 24

// tick is the resolution of stored samples: 100 ns in 32 bits span 214 s.
const tick = 100

// sketch sums up latencies in a fixed 128 octets: the exact extremes and an
// evenly spaced sample of the rest. When it is full it drops every second
// sample and from then on takes every second value, and so on: no randomness,
// the same run gives the same report.
type sketch struct {
	n        uint64
	min, max int64  // nanoseconds
	skip     uint32 // values to be passed over before the next sample
	doubled  uint8  // how often the distance from sample to sample was doubled
	held     uint8
	samples  [sketchSize]int32 // ticks
}

func (s *sketch) add(d int64) {
	if s.n == 0 || d < s.min {
		s.min = d
	}
	if s.n == 0 || d > s.max {
		s.max = d
	}
	s.n++
	if s.skip > 0 {
		s.skip--
		return
	}
	if s.held == sketchSize {
		for i := range sketchSize / 2 {
			s.samples[i] = s.samples[2*i]
		}
		s.held = sketchSize / 2
		s.doubled++
	}
	s.samples[s.held] = int32(max(min(d/tick, 1<<31-1), -1<<31))
	s.held++
	s.skip = 1<<s.doubled - 1
}

// latency returns the summary, each value shifted by shift nanoseconds (a
// later, better estimate of the clock offset).
func (s *sketch) latency(shift int64) Latency {
	if s.n == 0 {
		return Latency{}
	}
	sorted := s.samples
	held := sorted[:s.held]
	slices.Sort(held)
	// By nearest rank: the smallest sample that q percent of all do not exceed.
	at := func(q int) int64 {
		v := int64(held[(len(held)*q+99)/100-1]) * tick
		return min(max(v, s.min), s.max) + shift
	}
	return Latency{Samples: s.n, Min: s.min + shift, Median: at(50), P95: at(95), Max: s.max + shift}
}

// took notes what a packet of a flow took over a leg. Where more legs are
// measured at a time than there is room for, those that came last have no
// latency.
func (e *Engine) took(f *flow, leg int, d int64) {
	if f.legs[leg] < 0 {
		if f.legs[leg] = e.sketches.alloc(); f.legs[leg] < 0 {
			return
		}
	}
	e.sketches.at(f.legs[leg]).add(d)
}

// latency sums up a leg of a flow; see sketch.latency.
func (e *Engine) latency(f *flow, leg int, shift int64) Latency {
	if f.legs[leg] < 0 {
		return Latency{}
	}
	return e.sketches.at(f.legs[leg]).latency(shift)
}
