package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// maxScan bounds how many waiting packets are compared with one that arrives.
// A flow with more in flight than this and none of them matching is one whose
// twin is elsewhere.
const maxScan = 256

// tieSpread is how far apart in time two candidates for one packet must be for
// the nearer one to decide, nanoseconds: two packets of the same content that
// entered within it may have been forwarded in either order.
const tieSpread = 5e6

// remoteKey is the key of the identity index: the end beyond the host, which
// translation keeps, and what identifies the packet.
func remoteKey(ident uint64, addr capture.Addr, port uint16, dir, proto uint8) uint64 {
	return mix(mix(ident^addr.Hi, addr.Lo), uint64(port)<<16|uint64(dir)<<8|uint64(proto)) | 1
}

// joinInside takes a packet of flow fi at the inside.
func (e *Engine) joinInside(fi int32, f *flow, p *capture.Packet, t int64, dir uint8, req int32) {
	if f.local || f.noTwin {
		return
	}
	n, basis := e.newNode(p, t, dir, inside)
	n.owner, n.request = fi, req
	if f.out >= 0 {
		e.settle(f, n, p.PayloadLen)
		if n.open() {
			e.wait(f, n)
		}
		return
	}
	addr, port := f.remote()
	if basis != BasisNone {
		key := remoteKey(n.ident, addr, port, dir, f.key.proto)
		if c, tied := e.candidate(key, n, outside); c >= 0 {
			if tied {
				e.matchAlone(fi, n, c)
				return
			}
			if !e.takeOver(fi, c, basis, t) {
				e.wait(f, n)
				return
			}
			e.settle(f, n, p.PayloadLen)
			if n.open() {
				e.wait(f, n)
			}
			return
		}
		if i := e.wait(f, n); i >= 0 {
			e.pending.index(i, key)
		}
		return
	}
	e.wait(f, n)
}

// takeOver ties flow fi to the outside flow in which node c waits. If that one
// is tied to another flow, which could not account for c, the translation gave
// its port to a new client.
func (e *Engine) takeOver(fi, c int32, basis Basis, t int64) bool {
	w := *e.pending.nodes.at(c)
	if w.outer {
		e.tie(fi, w.owner, basis, t)
		return true
	}
	old := e.flows.at(w.owner)
	if w.owner == fi || old.out < 0 {
		return false
	}
	oi := old.out
	e.drop(c)
	e.untie(w.owner, t)
	e.tie(fi, oi, basis, t)
	w.owner = fi
	e.wait(e.flows.at(fi), &w)
	return true
}

// spent marks a node without octets whose twin was found.
const spent = 0xff

// joinOutside takes a packet of the tied outside flow oi at the WAN.
func (e *Engine) joinOutside(oi int32, o *outflow, p *capture.Packet, t int64, dir uint8) {
	f := e.flows.at(o.flow)
	if f.local || f.noTwin {
		return
	}
	n, basis := e.newNode(p, t, dir, outside)
	n.owner = o.flow
	e.settle(f, n, p.PayloadLen)
	if !n.open() {
		return
	}
	// A packet that its flow does not account for may be another client's: the
	// translation reused the port.
	if basis != BasisNone && dir == forward && n.unpaid == n.octets {
		addr, port := f.remote()
		key := remoteKey(n.ident, addr, port, dir, f.key.proto)
		if c, tied := e.candidate(key, n, inside); c >= 0 && !tied {
			fi := e.pending.nodes.at(c).owner
			if fi != o.flow {
				e.takeBack(f, dir, p)
				e.untie(o.flow, t)
				e.countOutflow(o, p)
				nf := e.flows.at(fi)
				if nf.out >= 0 {
					e.untie(fi, t)
				}
				e.tie(fi, oi, basis, t)
				e.settle(nf, n, p.PayloadLen)
				return
			}
		}
		if i := e.wait(f, n); i >= 0 {
			e.pending.index(i, key)
		}
		return
	}
	e.wait(f, n)
}

// joinUntied takes a packet of an outside flow that is tied to nothing yet.
// Where its direction is not known, it is read both ways.
func (e *Engine) joinUntied(oi int32, o *outflow, p *capture.Packet, t int64, fromA bool, facing int8) {
	slot := uint8(0)
	if !fromA {
		slot = 1
	}
	kept := [2]int32{-1, -1}
	for dir := uint8(forward); dir <= back; dir++ {
		if facing >= 0 && uint8(facing) != dir {
			continue
		}
		n, basis := e.newNode(p, t, dir, outside)
		if basis == BasisNone {
			return
		}
		addr, port := p.Dst, p.DstPort
		if dir == back {
			addr, port = p.Src, p.SrcPort
		}
		key := remoteKey(n.ident, addr, port, dir, o.key.proto)
		if c, tied := e.candidate(key, n, inside); c >= 0 {
			fi := e.pending.nodes.at(c).owner
			if kept[forward] >= 0 {
				e.drop(kept[forward])
			}
			if tied {
				e.matchAlone(fi, n, c)
				return
			}
			f := e.flows.at(fi)
			if f.out >= 0 {
				e.untie(fi, t)
			}
			e.tie(fi, oi, basis, t)
			e.settle(f, n, p.PayloadLen)
			return
		}
		if e.pending.nodes.full() {
			e.evictOldest()
		}
		n.owner, n.outer, n.slot = oi, true, slot
		i := e.pending.add(&o.pending[slot], n)
		e.pending.index(i, key)
		kept[dir] = i
	}
	if kept[0] >= 0 && kept[1] >= 0 {
		e.pending.nodes.at(kept[0]).sibling = kept[1]
		e.pending.nodes.at(kept[1]).sibling = kept[0]
	}
}

// open reports whether something of the packet still waits for its twin.
func (n *node) open() bool { return n.unpaid > 0 || n.octets == 0 && n.dir != spent }

// newNode describes a packet as one that waits. It returns the engine's scratch
// node, good until the next call.
func (e *Engine) newNode(p *capture.Packet, t int64, dir, side uint8) (*node, Basis) {
	ident, basis := identity(p)
	n := &e.scratch
	*n = node{
		time: t, ident: ident, ident64: p.Hash64, frame: p.Frame,
		octets: p.PayloadLen, unpaid: p.PayloadLen, fragID: p.FragID,
		request: -1, sibling: -1, side: side, dir: dir, capture: int16(e.cur.index),
	}
	n.srcPort = p.SrcPort
	if dir == back {
		n.srcPort = p.DstPort
	}
	if p.Kind == capture.KindTCP {
		n.tcp = true
		n.octets = p.TCPOctets()
		n.unpaid, n.lo, n.seq, n.ack = n.octets, p.Seq, p.Seq, p.Ack
		n.flags, n.window, n.tsval, n.hasTS = p.TCPFlags, p.Window, p.TSval, p.HasTS
	} else {
		n.octets = max(n.octets, 1)
		n.unpaid = n.octets
	}
	n.basis = basis
	return n, basis
}

// wait lets a packet of an inside flow wait for its twin.
func (e *Engine) wait(f *flow, n *node) int32 {
	if e.pending.nodes.full() {
		e.evictOldest()
	}
	n.slot = n.dir<<1 | n.side
	return e.pending.add(&f.pending[n.dir][n.side], n)
}

// early reports whether an exit lies further before its entry than clocks and
// the order of two taps can explain.
func (e *Engine) early(entry, exit int64) bool { return exit < entry-e.slack }

// settle pays the debts that packet n can pay: those waiting on the other side
// of its flow, the oldest first. What n has left stays in n.unpaid; a packet
// without octets that found its twin gets dir spent.
func (e *Engine) settle(f *flow, n *node, payload uint32) {
	ends := &f.pending[n.dir][1-n.side]
	if n.tcp && n.octets > 0 {
		f.noteSegment(n.side, payload)
	}
	scanned := 0
	for i := ends.head; i >= 0 && scanned < maxScan; scanned++ {
		w := e.pending.nodes.at(i)
		next := w.next
		entry, exit := w, n
		if entrySide(n.dir) == n.side {
			entry, exit = n, w
		}
		if e.early(entry.time, exit.time) {
			i = next
			continue
		}
		paid := pay(w, n)
		if paid == 0 {
			i = next
			continue
		}
		e.paired(f, entry, exit, w, n)
		if w.unpaid == 0 {
			e.done(f, w, w == entry)
			e.pending.unlink(ends, i)
			e.pending.release(i)
		}
		if n.unpaid == 0 {
			e.done(f, n, n == entry)
			if n.octets == 0 {
				n.dir = spent
			}
			return
		}
		i = next
	}
}

// pay moves as many octets as two packets have in common off both, and returns
// how many (1 for packets that occupy no sequence number). It is 0 if they are
// not the same packet or parts of the same.
func pay(w, n *node) uint32 {
	switch {
	case w.tcp && w.octets == 0 || n.tcp && n.octets == 0:
		if w.octets != n.octets || w.seq != n.seq || w.ack != n.ack || w.window != n.window ||
			(w.flags^n.flags)&(capture.TCPRst|capture.TCPAck) != 0 || w.hasTS && n.hasTS && w.tsval != n.tsval {
			return 0
		}
		w.unpaid, n.unpaid = 0, 0
		return 1
	case w.tcp:
		if (w.flags^n.flags)&capture.TCPSyn != 0 {
			return 0
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
			return 0
		}
		paid := min(uint32(common), w.unpaid, n.unpaid)
		w.charge(lo, paid)
		n.charge(lo, paid)
		return paid
	case w.ident == n.ident && (w.ident64 == 0 || n.ident64 == 0 || w.ident64 == n.ident64 || w.octets != n.octets):
		// The same datagram, or the first of several glued into one.
		paid := min(w.unpaid, n.unpaid)
		w.unpaid -= paid
		n.unpaid -= paid
		return paid
	case w.unpaid < w.octets && n.octets <= w.unpaid:
		// Part of a glued datagram whose first part has been seen: the parts
		// carry no common hash, their lengths add up.
		w.unpaid -= n.octets
		n.unpaid = 0
		return n.octets
	case n.unpaid < n.octets && w.octets <= n.unpaid:
		n.unpaid -= w.octets
		w.unpaid = 0
		return w.octets
	}
	return 0
}

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
func (f *flow) noteSegment(side uint8, payload uint32) {
	if payload > f.segment[side] {
		f.segment[side] = payload
	}
}

// segments returns how many packets of the finer side missing octets make.
func (f *flow) segments(missing uint32) uint64 {
	size := f.segment[inside]
	if o := f.segment[outside]; o > 0 && (size == 0 || o < size) {
		size = o
	}
	size = min(size, 1460)
	if size == 0 || missing <= size {
		return 1
	}
	return uint64((missing + size - 1) / size)
}

// paired notes a link between an inside and an outside record.
func (e *Engine) paired(f *flow, entry, exit, w, n *node) {
	f.pairs++
	f.late = false
	e.related++
	d := exit.time - entry.time
	leg := 0
	if entry.dir == back {
		leg = 2
	}
	f.legs[leg].add(d)
	e.residence.add(d)
	e.clock.pair(entry.dir, d)
	for _, x := range [2]*node{entry, exit} {
		if x.request >= 0 {
			e.requestLeft(x.request, f, exit)
		}
	}
}

// done notes that all of a packet was accounted for.
func (e *Engine) done(f *flow, n *node, entry bool) {
	if entry {
		f.matched++
	}
}

// candidate finds the packet with key that waits at the given side. tied says
// that packets of several flows fit equally well: then it is the oldest of them
// and proves no mapping.
func (e *Engine) candidate(key uint64, n *node, side uint8) (best int32, tied bool) {
	best = -1
	var bestRank int
	var bestGap int64
	scanned := 0
	for i := e.pending.bucket(key); i >= 0 && scanned < maxScan; scanned++ {
		c := e.pending.nodes.at(i)
		this := i
		i = c.down
		if c.index != key || c.side != side || c.ident != n.ident || c.tcp != n.tcp {
			continue
		}
		if !c.tcp && c.ident64 != 0 && n.ident64 != 0 && c.ident64 != n.ident64 && c.octets == n.octets {
			continue
		}
		if c.tcp && c.hasTS && n.hasTS && c.tsval != n.tsval {
			continue
		}
		entry, exit := c, n
		if entrySide(n.dir) == n.side {
			entry, exit = n, c
		}
		if e.early(entry.time, exit.time) {
			continue
		}
		rank := 0
		if c.srcPort == n.srcPort {
			rank += 2
		}
		if c.fragID != 0 && c.fragID == n.fragID {
			rank++
		}
		gap := exit.time - entry.time
		if gap < 0 {
			gap = -gap
		}
		if best >= 0 {
			b := e.pending.nodes.at(best)
			if b.owner == c.owner && b.outer == c.outer {
				if c.time < b.time {
					best, bestRank, bestGap = this, rank, gap
				}
				continue
			}
			if rank < bestRank || rank == bestRank && gap > bestGap+tieSpread {
				continue
			}
			if rank == bestRank && gap > bestGap-tieSpread {
				tied = true
				if c.time < b.time {
					best, bestGap = this, gap
				}
				continue
			}
		}
		best, bestRank, bestGap, tied = this, rank, gap, false
	}
	return best, tied
}

// matchAlone accounts for two packets that are surely twins of each other's
// kind without saying which flow became which: several fit equally well.
func (e *Engine) matchAlone(fi int32, n *node, c int32) {
	f := e.flows.at(fi)
	w := e.pending.nodes.at(c)
	f.ambiguous++
	f.matched++
	f.pairs++
	e.ambiguous++
	e.related++
	req := n.request
	if w.request >= 0 {
		req = w.request
	}
	if req >= 0 {
		e.requestLeft(req, f, n)
	}
	e.drop(c)
}
