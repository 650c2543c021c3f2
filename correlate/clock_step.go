package correlate

import (
	"cmp"
	"math"
	"slices"

	"github.com/wgtrace/wgtrace/capture"
)

// A clock that is set while a tap runs (by NTP after the start, by hand, after a
// resume) moves all its later times. Two files show it: what both of them hold
// lies apart by one time before, and by another after it. The times of the file
// that jumps are put back as far as its head shows; a file for which nothing is
// known keeps the times that it has.

const (
	// stepLeast is the smallest difference that is taken for a step, nanoseconds:
	// drift and the time in the host stay below it between neighbours.
	stepLeast = int64(60e6)
	// stepAgree is how closely the packets after a step must agree on it.
	stepAgree = int64(20e6)
	// stepWitnesses is how many must, of the next stepLook.
	stepWitnesses = 2
	stepLook      = 32
	// sampleBatches is from how many batches on one packet of eight is compared: of
	// so many enough remain.
	sampleBatches = 16
	// maxSteps bounds how many steps of a head are undone.
	maxSteps = 16
)

// place is where a packet stands in the head of an input. One that is repeated
// is of no use: which repetition is which is not to be seen.
type place struct {
	at       int // in the order of the file
	time     int64
	flow     uint64
	repeated bool
	dir      uint8
}

// common is a packet that both files hold once.
type common struct {
	difference
	in, out int // its places in the heads
}

// undoSteps puts the times of a file whose clock was set back to what they would
// have been. Where a jump is not to be seen itself, what lies around it proves
// nothing.
func (e *Engine) undoSteps() {
	in, out := e.soleInput(capture.RoleTunnel), e.soleInput(capture.RoleWAN)
	if in == nil || out == nil || in == out {
		return
	}
	undone := make(map[*input]int)
	var list []common
	for range maxSteps {
		list = e.commons(in, out)
		k, step := findStep(list)
		if k < 0 {
			break
		}
		who, at, by, proved := locateStep(in, out, list[k-1], list[k], step)
		if !proved && !noRetry(list[k:], step) {
			break
		}
		who.putBack(at, by)
		undone[who]++
		if !proved {
			for i := range e.points {
				e.points[i].steps = append(e.points[i].steps, span{in.timeAt(list[k-1].in), in.timeAt(list[k].in)})
			}
		}
	}
	ins, outs := make(map[int]bool), make(map[int]bool)
	for _, c := range list {
		ins[c.in], outs[c.out] = true, true
	}
	undone[in] += in.setAside(ins)
	undone[out] += out.setAside(outs)
	for _, who := range []*input{in, out} {
		if n := undone[who]; n > 0 {
			e.caveat("disorder", map[string]any{"source": who.given.Source.Name(), "count": int64(n)})
		}
	}
}

// soleInput returns the input that alone has captures of a role, and no others.
func (e *Engine) soleInput(role capture.Role) *input {
	number := -1
	for _, c := range e.captures {
		if c.role == role {
			if number >= 0 && number != c.input {
				return nil
			}
			number = c.input
		}
	}
	if number < 0 {
		return nil
	}
	return e.inputs[number]
}

// commons lists the packets that both heads hold once, in the order of the
// tunnel's.
func (e *Engine) commons(in, out *input) []common {
	var places [2]map[uint64]place
	var sample uint64
	if len(in.head)+len(out.head) > sampleBatches {
		sample = 7
	}
	eachSide(func(side int) {
		m := make(map[uint64]place)
		places[side] = m
		if side == inside {
			in.identified(func(p *capture.Packet, at int) {
				fromClient, _ := e.orient(p)
				dir := uint8(forward)
				if !fromClient {
					dir = back
				}
				remember(m, sample, p, at, dir)
			})
			return
		}
		out.identified(func(p *capture.Packet, at int) {
			facing := e.facing(p)
			if facing != back {
				remember(m, sample, p, at, forward)
			}
			if facing != forward {
				remember(m, sample, p, at, back)
			}
		})
	})
	var list []common
	for key, a := range places[inside] {
		if b, ok := places[outside][key]; ok && !a.repeated && !b.repeated {
			list = append(list, common{difference{time: a.time, d: b.time - a.time, dir: a.dir, flow: a.flow}, a.at, b.at})
		}
	}
	slices.SortFunc(list, func(a, b common) int { return cmp.Or(cmp.Compare(a.in, b.in), cmp.Compare(a.out, b.out)) })
	return list
}

// identified calls fn for each packet of the head that may be told from others.
func (in *input) identified(fn func(p *capture.Packet, at int)) {
	at := 0
	for _, b := range in.head {
		for i := range b.Packets {
			p := &b.Packets[i]
			if p.Kind > capture.KindFragment && p.Kind != capture.KindICMPError && p.WG.Type == 0 &&
				p.Flags&(capture.FlagGroup|capture.FlagTimeUnknown) == 0 {
				fn(p, at)
			}
			at++
		}
	}
}

func remember(m map[uint64]place, sample uint64, p *capture.Packet, at int, dir uint8) {
	ident, basis := identity(p)
	if basis == BasisNone || basis == BasisHeader {
		return
	}
	addr, port := p.Dst, p.DstPort
	if dir == back {
		addr, port = p.Src, p.SrcPort
	}
	key := remoteKey(ident^p.Hash64, addr, port, dir, p.Proto)
	if key>>1&sample != 0 {
		return
	}
	if w, ok := m[key]; ok {
		w.repeated = true
		m[key] = w
		return
	}
	m[key] = place{at: at, time: p.Time, flow: p.FlowHash, dir: dir}
}

// findStep returns the first packet of a list that lies apart by another time
// than those before it, and by how much; -1: there is none. Packets of another
// flow must agree, or more of the same, and more than go on as before: a single
// one may be mistaken.
func findStep(list []common) (k int, step int64) {
	level, known := int64(0), -1
	for k = range list {
		if known >= 0 && away(list[k].d, level) < stepLeast {
			if away(list[k].d, level) < stepAgree {
				level, known = list[k].d, k
			}
			continue
		}
		agree, stay, others := 0, 0, false
		for _, c := range list[k:min(len(list), k+stepLook)] {
			switch {
			case away(c.d, list[k].d) < stepAgree:
				agree++
				others = others || c.flow != list[k].flow
			case known >= 0 && away(c.d, level) < stepLeast:
				stay++
			}
		}
		switch {
		case agree < stepWitnesses || !others && agree < 2*stepWitnesses || agree <= stay:
		case known < 0:
			level, known = list[k].d, k
		default:
			return k, stepSize(unstepped(list, known, -1), unstepped(list, k, 1))
		}
	}
	return -1, 0
}

// noRetry reports whether a packet after a step cannot be the repetition of one
// that was lost: where packets leave the host repetitions are later, never earlier.
// Behind the end of the other file there are nothing but those.
func noRetry(after []common, step int64) bool {
	for _, c := range after[:min(len(after), stepLook)] {
		if away(c.d, after[0].d) < stepAgree && (c.dir == forward) == (step < 0) {
			return true
		}
	}
	return false
}

// unstepped returns what follows list[from], on the way to either end of the list,
// without a step; single packets that lie apart otherwise are mistaken.
func unstepped(list []common, from, way int) (all []difference) {
	at := list[from].d
	for i, odd := from, 0; i >= 0 && i < len(list) && odd < 2*stepWitnesses; i += way {
		if away(list[i].d, at) >= stepAgree {
			odd++
			continue
		}
		odd, at = 0, list[i].d
		all = append(all, list[i].difference)
	}
	return all
}

// stepSize returns by how much the WAN's clock is further ahead after a step:
// each side bounds its offset, as it would be at one moment.
func stepSize(left, right []difference) int64 {
	longer := left
	if len(right) > len(left) {
		longer = right
	}
	rate, wide := drift(longer)
	if wide < 0 {
		rate = 0
	}
	at := right[0].time
	lower1, upper1 := bounds(left, at, rate)
	lower2, upper2 := bounds(right, at, rate)
	up, low := upper1 != math.MaxInt64 && upper2 != math.MaxInt64, lower1 != math.MinInt64 && lower2 != math.MinInt64
	switch {
	case up && low:
		return (upper2-upper1)/2 + (lower2-lower1)/2
	case up:
		return upper2 - upper1
	case low:
		return lower2 - lower1
	}
	return right[0].d - left[0].d
}

func away(a, b int64) int64 { return max(a-b, b-a) }

// locateStep finds the file that jumps between two common packets, the record
// after the jump, and by how much to put back what follows. A clock that was set
// back shows where; of one that was set forward the longest pause does not prove it.
func locateStep(in, out *input, before, after common, step int64) (who *input, at int, by int64, proved bool) {
	inAt, inJump := in.jump(before.in, after.in, -step)
	outAt, outJump := out.jump(before.out, after.out, step)
	inBack, outBack := inJump <= -max(step, -step)/2, outJump <= -max(step, -step)/2
	switch {
	case step > 0 && inBack, step < 0 && !outBack:
		return in, inAt, -step, inBack
	}
	return out, outAt, step, outBack
}

// jump returns the record between two places (the second one included) before
// which the times jump most in the direction of step, and by how much.
func (in *input) jump(from, to int, step int64) (at int, by int64) {
	at = to
	last, n := int64(unset), 0
	for _, b := range in.head {
		for i := range b.Packets {
			t := b.Packets[i].Time
			if n > from && n <= to && last != unset {
				if d := t - last; step > 0 && d > by || step < 0 && d < by {
					at, by = n, d
				}
			}
			last = t
			n++
		}
	}
	return at, by
}

// setAside takes the times off all records between two jumps back that have
// nothing in common with the other file, where others have: by how much they are
// off is not known. It returns how many such stretches there are.
func (in *input) setAside(common map[int]bool) (stretches int) {
	if len(common) == 0 {
		return 0
	}
	var stretch []*capture.Packet
	shared, jumped, n := false, false, 0
	last, known := int64(unset), int64(unset)
	end := func(next int64) {
		if shared {
			known = last
		} else {
			// They keep their place among the others, and no time of their own.
			at := known
			if at == unset {
				at = next
			}
			for _, p := range stretch {
				p.Flags |= capture.FlagTimeUnknown
				p.Time = at
			}
			stretches++
		}
		stretch, shared = stretch[:0], false
	}
	for _, b := range in.head {
		for i := range b.Packets {
			p := &b.Packets[i]
			if last != unset && last-p.Time > maxDisorder {
				end(p.Time)
				jumped = true
			}
			stretch = append(stretch, p)
			shared = shared || common[n]
			last = p.Time
			n++
		}
	}
	if jumped {
		end(last)
	}
	return stretches
}

// timeAt returns the time of the record at a place of the head.
func (in *input) timeAt(at int) int64 {
	for _, b := range in.head {
		if at < len(b.Packets) {
			return b.Packets[at].Time
		}
		at -= len(b.Packets)
	}
	return unset
}

// putBack takes by off the times of all records from a place of the head on.
func (in *input) putBack(at int, by int64) {
	n := 0
	for _, b := range in.head {
		from := min(max(at-n, 0), len(b.Packets))
		n += len(b.Packets)
		if n <= at {
			continue
		}
		shiftBatch(b, from, by)
	}
	in.forward += by
}

// shiftBatch takes by off the times of a batch from one record on.
func shiftBatch(b *capture.Batch, from int, by int64) {
	border := int64(unset)
	if from < len(b.Packets) {
		border = b.Packets[from].Time
	}
	for i := from; i < len(b.Packets); i++ {
		if b.Packets[i].Flags&capture.FlagTimeUnknown == 0 {
			b.Packets[i].Time -= by
		}
	}
	for i := range b.Stats {
		if from == 0 || b.Stats[i].Time >= border {
			b.Stats[i].Time -= by
		}
	}
	if b.Watermark != capture.NoWatermark && b.Watermark != maxTime {
		b.Watermark -= by
	}
}
