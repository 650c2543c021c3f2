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
func (e *Engine) settle(f *flow, n *node, payload uint32) {
	ends := &f.pending[n.dir][1-n.side]
	if n.tcp && n.octets > 0 {
		f.noteSegment(n.dir, n.side, payload)
	}
	if ends.head < 0 {
		return
	}
	for _, strict := range [2]bool{true, false} {
		if n.tcp && !strict && !n.hasTS || e.search(f, ends, n, strict) {
			return
		}
	}
}

// search looks for twins of n in a chain; true: all of n is accounted for.
func (e *Engine) search(f *flow, ends *chainEnds, n *node, strict bool) bool {
	start := ends.cursor
	before := ends.tail
	if start >= 0 {
		before = e.pending.nodes.at(start).prev
	}
	i, scanned := start, 0
	for ; i >= 0 && scanned < maxScan; scanned++ {
		next := e.pending.nodes.at(i).next
		if e.try(f, ends, i, n, strict) {
			return true
		}
		i = next
	}
	cut := i >= 0
	for i, scanned = before, 0; i >= 0 && scanned < maxScan; scanned++ {
		prev := e.pending.nodes.at(i).prev
		if e.try(f, ends, i, n, strict) {
			return true
		}
		i = prev
	}
	if !cut {
		return false
	}
	for i, scanned = ends.tail, 0; i >= 0 && scanned < maxScan; scanned++ {
		prev := e.pending.nodes.at(i).prev
		if e.try(f, ends, i, n, strict) {
			return true
		}
		i = prev
	}
	return false
}

// try pays what waiting packet i and n have in common; true: all of n is
// accounted for.
func (e *Engine) try(f *flow, ends *chainEnds, i int32, n *node, strict bool) bool {
	w := e.pending.nodes.at(i)
	entry, exit := w, n
	if entrySide(n.dir) == n.side {
		entry, exit = n, w
	}
	if e.early(entry.time, exit.time) || !pay(w, n, strict) {
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
// are neither the same packet nor parts of the same. A strict comparison takes
// only what surely belongs together; the other one also takes TCP time stamps
// that were rewritten, and datagrams that offload glued together.
func pay(w, n *node, strict bool) bool {
	if w.tcp != n.tcp {
		return false
	}
	if w.tcp {
		if strict && w.hasTS && n.hasTS && w.tsval != n.tsval {
			return false
		}
		return payTCP(w, n)
	}
	if w.ident == n.ident && w.octets == n.octets && (w.ident64 == 0 || n.ident64 == 0 || w.ident64 == n.ident64) ||
		(w.basis == BasisNone || n.basis == BasisNone) && w.octets == n.octets {
		// What was cut off on one side is compared by length alone: the flow
		// is known, and datagrams keep their order.
		w.unpaid, n.unpaid = 0, 0
		return true
	}
	if strict {
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
	return payGlued(w, n)
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
	hi := w.seq + w.octets
	if int32(n.seq+n.octets-hi) < 0 {
		hi = n.seq + n.octets
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
// hash, and their lengths add up.
func payGlued(w, n *node) bool {
	small, large := w, n
	if small.octets > large.octets {
		small, large = large, small
	}
	if small.octets == large.octets || small.unpaid < small.octets {
		return false
	}
	switch {
	case large.unpaid == large.octets:
		if small.ident != large.ident || small.octets >= longPrefix && small.ident64 != large.ident64 &&
			small.ident64 != 0 && large.ident64 != 0 {
			return false
		}
		large.part = small.octets
	case small.octets > large.part || small.octets > large.unpaid || small.octets != large.part && small.octets != large.unpaid:
		// All parts but the last have the same length (Linux udp(7),
		// UDP_SEGMENT).
		return false
	}
	large.unpaid -= small.octets
	small.unpaid = 0
	return true
}

// longPrefix is how many octets the longer hash of a datagram covers.
const longPrefix = 64

// charge takes paid octets from lo on off a segment. In order, the unpaid part
// shrinks from the left, so that a later overlap is not paid twice.
func (n *node) charge(lo, paid uint32) {
	n.unpaid -= paid
	if lo == n.lo {
		n.lo += paid
	}
}

// noteSegment learns how large the segments of a side are: what is missing of
// a merged packet is counted in segments of the finer side.
func (f *flow) noteSegment(dir, side uint8, payload uint32) {
	f.segment[dir][side] = max(f.segment[dir][side], payload)
}

// wholePacket is the length in octets of the longest IP packet that is surely a
// single one: the MTU of Ethernet. What is longer may have been merged.
const wholePacket = 1500

// segments returns how many packets of the finer side missing octets make.
func (f *flow) segments(dir uint8, missing uint32) uint64 {
	size := f.segment[dir][inside]
	if o := f.segment[dir][outside]; o > 0 && (size == 0 || o < size) {
		size = o
	}
	size = min(size, 1460)
	if size == 0 || missing <= size {
		return 1
	}
	return uint64((missing-1)/size) + 1
}

// paired notes a link between an inside and an outside record.
func (e *Engine) paired(f *flow, entry, exit *node) {
	f.pairs++
	e.related++
	d := exit.time - entry.time
	leg := 0
	if entry.dir == back {
		leg = 2
	}
	f.legs[leg].add(d)
	e.residence.add(d)
	e.clock.pair(entry.dir, d)
	e.requestLeft(entry, f, exit)
}
