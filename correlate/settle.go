package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// maxScan bounds how many waiting packets are compared with one that arrives,
// in each direction of the search.
const maxScan = 256

// spent marks a node without octets whose twin was found.
const spent = 0xff

// open reports whether something of the packet still waits for its twin.
func (n *node) open() bool { return n.unpaid > 0 || n.octets == 0 && n.dir != spent }

// payload returns the octets of a TCP segment without those of SYN and FIN.
func (n *node) payload() uint32 {
	size := n.octets
	for _, flag := range [2]uint8{capture.TCPSyn, capture.TCPFin} {
		if n.flags&flag != 0 && size > 0 {
			size--
		}
	}
	return size
}

// early reports whether an exit lies further before its entry than clocks and
// the order of two taps can explain.
func (e *Engine) early(entry, exit int64) bool { return exit < entry-e.slack }

// settle pays the debts that packet n can pay: those waiting on the other side
// of its flow. What n has left stays in n.unpaid; a packet without octets that
// found its twin gets dir spent.
//
// Forwarding keeps the order but for little, so the search begins behind the
// twin found last and goes on to the newest; what waits before that was
// overtaken or is lost. Searching from the oldest instead would spend itself on
// the lost ones and then miss every twin.
//
// What stayed in the host longer than packets usually do is left to settleLate:
// a packet that is repeated after its loss must not pay for what was lost.
func (e *Engine) settle(f *flow, n *node, payload uint32) {
	ends := &f.pending[n.dir][1-n.side]
	if n.tcp && n.octets > 0 && n.length <= wholePacket {
		e.measure(f, n.dir, payload)
	}
	if ends.head < 0 {
		return
	}
	e.settleWithin(f, ends, n, e.residenceLimit())
}

// settleWithin pays the debts whose entry lies no further before their exit
// than stay; true: all of n is accounted for.
func (e *Engine) settleWithin(f *flow, ends *chainEnds, n *node, stay int64) bool {
	if n.tcp && n.octets > 0 && e.searchExact(f, ends, n, stay) {
		return true
	}
	for level := same; level <= part; level++ {
		switch {
		case n.tcp && level > same && !n.hasTS, n.tcp && level > alike:
			return false
		case e.search(f, ends, n, level, stay):
			return true
		}
	}
	// The first part of glued datagrams is known now, and with it the length of
	// the others, which the search may have passed before.
	return n.part > 0 && ends.head >= 0 && e.search(f, ends, n, part, stay)
}

// settleLate looks for the entry of a packet that left the host longer ago than
// any twin could still turn up: it was held up. Where the tap at its entry was
// not watching, or dropped packets, it is taken for one that entered unseen: to
// be missed there is common, to be held up is not.
func (e *Engine) settleLate(f *flow, i int32) {
	n := e.pending.nodes.at(i)
	ends := &f.pending[n.dir][1-n.side]
	if ends.head < 0 || !e.points[1-n.side].covers(n.time-e.residenceLimit(), n.time, e.slack) {
		return
	}
	own := e.chainOf(n)
	e.settleWithin(f, ends, n, maxTime)
	if !n.open() {
		e.pending.unlink(own, i)
		e.pending.release(i)
	}
}

// likeness says what is taken for a twin, the surest first.
type likeness uint8

const (
	same  likeness = iota // what surely belongs together
	alike                 // also rewritten TCP time stamps, fragmented messages, and the first of glued datagrams
	part                  // also parts of glued datagrams by their length
)

// exactScan bounds how many waiting segments are compared with one that arrives
// before parts of others are taken for it: enough for what overtakes in the host,
// little where offload merges, so that no segment has an equal.
const exactScan = 16

// searchExact looks for a segment of the same octets, where the next one is
// expected and among the latest. Without it, a repetition that is cut otherwise
// would pay for a part of what was lost before it, and be lost itself.
func (e *Engine) searchExact(f *flow, ends *chainEnds, n *node, stay int64) bool {
	i := ends.cursor
	for k := 0; i >= 0 && k < exactScan; k++ {
		w := e.pending.nodes.at(i)
		next := w.next
		if w.equals(n) && e.try(f, ends, i, n, same, stay) {
			return true
		}
		i = next
	}
	i = ends.tail
	for k := 0; i >= 0 && k < exactScan; k++ {
		w := e.pending.nodes.at(i)
		prev := w.prev
		if w.equals(n) && e.try(f, ends, i, n, same, stay) {
			return true
		}
		i = prev
	}
	return false
}

// equals reports whether two segments occupy the same octets, none of them paid.
func (n *node) equals(o *node) bool {
	return n.seq == o.seq && n.octets == o.octets && n.unpaid == n.octets && o.unpaid == o.octets
}

// search looks for twins of n in a chain; true: all of n is accounted for.
func (e *Engine) search(f *flow, ends *chainEnds, n *node, level likeness, stay int64) bool {
	start := ends.cursor
	before := ends.tail
	if start >= 0 {
		before = e.pending.nodes.at(start).prev
	}
	i, scanned := start, 0
	for ; i >= 0 && scanned < maxScan; scanned++ {
		next := e.pending.nodes.at(i).next
		if e.try(f, ends, e.nearer(i, n), n, level, stay) {
			return true
		}
		i = next
	}
	cut := i >= 0
	for i, scanned = before, 0; i >= 0 && scanned < maxScan; scanned++ {
		prev := e.pending.nodes.at(i).prev
		if e.try(f, ends, i, n, level, stay) {
			return true
		}
		i = prev
	}
	if !cut {
		return false
	}
	for i, scanned = ends.tail, 0; i >= 0 && scanned < maxScan; scanned++ {
		prev := e.pending.nodes.at(i).prev
		if e.try(f, ends, i, n, level, stay) {
			return true
		}
		i = prev
	}
	return false
}

// nearer returns, instead of a waiting datagram that would have been in the host
// for unusually long if n were its twin, the youngest of equal content that came
// before n: where a stream repeats its content, or was cut too short to show it,
// one that is missing would otherwise shift all that follow by one.
func (e *Engine) nearer(i int32, n *node) int32 {
	w := e.pending.nodes.at(i)
	if n.tcp || entrySide(n.dir) == n.side || n.time-w.time <= minResidence/10 || !w.alike(n) {
		return i
	}
	best := i
	for k, j := 0, w.next; j >= 0 && k < exactScan; k++ {
		c := e.pending.nodes.at(j)
		if c.time > n.time {
			break
		}
		if c.alike(n) {
			best = j
		}
		j = c.next
	}
	return best
}

// alike reports whether two datagrams show the same content, as far as both
// were captured.
func (n *node) alike(o *node) bool {
	return n.ident == o.ident && n.octets == o.octets && (n.ident64 == 0 || o.ident64 == 0 || n.ident64 == o.ident64)
}

// try pays what waiting packet i and n have in common; true: all of n is
// accounted for.
func (e *Engine) try(f *flow, ends *chainEnds, i int32, n *node, level likeness, stay int64) bool {
	w := e.pending.nodes.at(i)
	entry, exit := w, n
	if entrySide(n.dir) == n.side {
		entry, exit = n, w
	}
	if e.early(entry.time, exit.time) || exit.time-entry.time > stay || !pay(w, n, level) {
		return false
	}
	ends.cursor = i
	e.paired(f, entry, exit)
	if w.unpaid == 0 {
		if w == entry {
			f.matched++
		}
		e.pending.unlink(ends, i)
		e.pending.release(i)
	}
	if n.unpaid > 0 {
		return false
	}
	if n == entry {
		f.matched++
	}
	if n.octets == 0 {
		n.dir = spent
	}
	return true
}

// pay moves the octets that two packets have in common off both; false if they
// are neither the same packet nor parts of the same, at a level of likeness.
func pay(w, n *node, level likeness) bool {
	if w.tcp != n.tcp {
		return false
	}
	if w.tcp {
		if level == same && w.hasTS && n.hasTS && w.tsval != n.tsval {
			return false
		}
		return payTCP(w, n)
	}
	if w.alike(n) || (w.basis == BasisNone || n.basis == BasisNone) && w.octets == n.octets {
		// What was cut off on one side is compared by length alone: the flow
		// is known, and datagrams keep their order.
		w.unpaid, n.unpaid = 0, 0
		return true
	}
	if level == same {
		return false
	}
	if w.first || n.first {
		// The rest of a fragmented message is not counted.
		if w.ident != n.ident {
			return false
		}
		w.unpaid, n.unpaid = 0, 0
		return true
	}
	return payGlued(w, n, level)
}

func payTCP(w, n *node) bool {
	if w.octets == 0 || n.octets == 0 {
		if w.octets != n.octets || w.seq != n.seq || w.ack != n.ack || w.window != n.window ||
			(w.flags^n.flags)&(capture.TCPRst|capture.TCPAck) != 0 {
			return false
		}
		w.unpaid, n.unpaid = 0, 0
		return true
	}
	if (w.flags^n.flags)&capture.TCPSyn != 0 {
		return false
	}
	lo := w.lo
	if int32(n.lo-lo) > 0 {
		lo = n.lo
	}
	hi := w.hi
	if int32(n.hi-hi) < 0 {
		hi = n.hi
	}
	common := int32(hi - lo)
	if common <= 0 {
		return false
	}
	if w.first || n.first {
		w.unpaid, n.unpaid = 0, 0
		return true
	}
	paid := min(uint32(common), w.unpaid, n.unpaid)
	w.charge(lo, paid)
	n.charge(lo, paid)
	return true
}

// payGlued pays parts of datagrams that segmentation offload holds together on
// one side: the first part has the hash of the whole, the others carry no common
// hash, and their lengths add up: all are as long as the first, the last one as
// what is left (Linux udp(7), UDP_SEGMENT). What is longer holds several of them.
func payGlued(w, n *node, level likeness) bool {
	small, large := w, n
	if small.octets > large.octets {
		small, large = large, small
	}
	if small.octets == large.octets || small.unpaid < small.octets || small.octets > large.unpaid {
		return false
	}
	switch {
	case large.part == 0:
		if small.ident != large.ident || small.octets >= longPrefix && small.ident64 != large.ident64 &&
			small.ident64 != 0 && large.ident64 != 0 {
			return false
		}
		large.part = small.octets
	case level < part:
		return false
	default:
		if rest := small.octets % large.part; rest != 0 && rest != large.unpaid%large.part {
			return false
		}
	}
	large.unpaid -= small.octets
	small.unpaid = 0
	return true
}

// longPrefix is how many octets the longer hash of a datagram covers.
const longPrefix = 64

// charge takes paid octets from lo on off a segment. The unpaid part shrinks
// from the side on which they lie, so that copies of the same octets do not pay
// for others.
func (n *node) charge(lo, paid uint32) {
	n.unpaid -= paid
	switch {
	case lo == n.lo:
		n.lo += paid
	case lo+paid == n.hi:
		n.hi -= paid
	}
}

// wholePacket is the length in octets of the longest IP packet that is surely a
// single one: the MTU of Ethernet. What is longer may have been merged.
const wholePacket = 1500

// paired notes a link between an inside and an outside record.
func (e *Engine) paired(f *flow, entry, exit *node) {
	f.pairs++
	d := exit.time - entry.time
	if e.clock.basis != clockAssumed || max(d, -d) <= minResidence {
		e.related++
	}
	leg := 0
	if entry.dir == back {
		leg = 2
	}
	e.took(f, leg, d)
	e.residence.add(d)
	e.clock.pair(entry.dir, d)
	if exit.refusal && exit.dir == back {
		e.answerAll(f)
	}
	e.requestLeft(entry, f, exit)
}
