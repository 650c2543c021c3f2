package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// remoteKey is the key of the identity index: the end beyond the host, which
// translation keeps, and what identifies the packet.
func remoteKey(ident uint64, addr capture.Addr, port uint16, dir, proto uint8) uint64 {
	return mix(mix(ident^addr.Hi, addr.Lo), uint64(port)<<16|uint64(dir)<<8|uint64(proto)) | 1
}

// joinInside takes a packet of flow fi at the inside.
func (e *Engine) joinInside(fi int32, f *flow, p *capture.Packet, t int64, dir uint8, req int32) {
	if f.local {
		return
	}
	n := e.newNode(p, t, dir, inside)
	n.owner, n.request = fi, req
	if req >= 0 {
		n.requestGen = e.requests.at(req).gen
	}
	e.follow(f, n)
	if f.out < 0 && n.basis != BasisNone {
		addr, port := f.remote()
		key := remoteKey(n.ident, addr, port, dir, f.key.proto)
		c := e.sure(key, n)
		if c < 0 {
			e.pending.index(e.wait(f, n), key)
			return
		}
		e.tie(fi, e.pending.nodes.at(c).owner, n.basis, t)
	}
	if f.out >= 0 {
		e.settle(f, n, p.PayloadLen)
	}
	if n.open() {
		e.wait(f, n)
	}
}

// joinOutside takes a packet of a tied outside flow at the WAN. One that its
// flow does not account for waits where others can find it: the translation may
// have given the port to another client.
func (e *Engine) joinOutside(o *outflow, p *capture.Packet, t int64, dir uint8) {
	f := e.flows.at(o.flow)
	if f.local {
		return
	}
	n := e.newNode(p, t, dir, outside)
	n.owner = o.flow
	e.follow(f, n)
	e.settle(f, n, p.PayloadLen)
	if !n.open() {
		return
	}
	i := e.wait(f, n)
	if n.basis != BasisNone && dir == forward && n.unpaid == n.octets {
		addr, port := f.remote()
		e.pending.index(i, remoteKey(n.ident, addr, port, dir, f.key.proto))
	}
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
		n := e.newNode(p, t, dir, outside)
		key := uint64(0)
		if n.basis != BasisNone {
			addr, port := p.Dst, p.DstPort
			if dir == back {
				addr, port = p.Src, p.SrcPort
			}
			key = remoteKey(n.ident, addr, port, dir, o.key.proto)
			if c := e.sure(key, n); c >= 0 {
				if kept[forward] >= 0 {
					e.drop(kept[forward])
				}
				e.found(oi, n, c, t)
				return
			}
		}
		if e.pending.nodes.full() {
			e.evictOldest()
		}
		n.owner, n.outer, n.slot = oi, true, slot
		kept[dir] = e.pending.add(&o.pending[slot], n)
		if key != 0 {
			e.pending.index(kept[dir], key)
		}
	}
	if kept[0] >= 0 && kept[1] >= 0 {
		e.pending.nodes.at(kept[0]).sibling = kept[1]
		e.pending.nodes.at(kept[1]).sibling = kept[0]
	}
}

// sure finds the twin of n where there can be but one. Otherwise n waits, and
// whatever ties one of the flows in the meantime decides for the others. So it
// does where its twin should have come after it, and where the order of two
// clocks is only estimated: another one with the same content may be about to.
func (e *Engine) sure(key uint64, n *node) int32 {
	if !e.clock.fixed || n.side == entrySide(n.dir) {
		return -1
	}
	if m := e.candidate(key, n, 1-n.side); !m.tied {
		return m.node
	}
	return -1
}

// found ties the untied outside flow of n to the inside flow in which c waits.
func (e *Engine) found(oi int32, n *node, c int32, t int64) {
	fi := e.pending.nodes.at(c).owner
	f := e.flows.at(fi)
	if f.out >= 0 {
		e.untie(fi)
	}
	e.tie(fi, oi, n.basis, t)
	e.arrive(f, n)
}

// arrive books a packet at the WAN for the flow that it turned out to belong
// to, and settles it.
func (e *Engine) arrive(f *flow, n *node) {
	e.addOutside(f, n.dir, Count{1, uint64(n.length)})
	f.lastOutside[n.dir] = max(f.lastOutside[n.dir], n.time)
	if n.dir == back {
		e.replied(f, n)
	}
	e.follow(f, n)
	e.settle(f, n, n.payload())
	if n.open() {
		e.wait(f, n)
	}
}

// newNode describes a packet as one that waits. It returns the engine's scratch
// node, good until the next call.
func (e *Engine) newNode(p *capture.Packet, t int64, dir, side uint8) *node {
	n := &e.scratch
	*n = node{} // and not a literal, which would be put together apart and copied
	n.ident, n.basis = identity(p)
	n.time, n.frame, n.length, n.fragID = t, p.Frame, p.IPLen, p.FragID
	n.request, n.sibling = -1, -1
	n.side, n.dir, n.capture = side, dir, int32(e.cur.index)
	n.first = p.Flags&capture.FlagFirstFragment != 0
	n.srcPort = p.SrcPort
	if dir == back {
		n.srcPort = p.DstPort
	}
	if p.Kind == capture.KindTCP {
		n.tcp = true
		n.octets = p.TCPOctets()
		n.lo, n.hi, n.seq, n.ack = p.Seq, p.Seq+n.octets, p.Seq, p.Ack
		n.flags, n.window, n.tsval, n.hasTS = p.TCPFlags, p.Window, p.TSval, p.HasTS
	} else {
		n.ident64 = p.Hash64
		n.octets, n.seq = max(p.PayloadLen, 1), requestID(p)
	}
	n.unpaid = n.octets
	return n
}

// wait lets a packet of an inside flow wait for its twin.
func (e *Engine) wait(f *flow, n *node) int32 {
	if e.pending.nodes.full() {
		e.evictOldest()
	}
	n.outer = false
	n.slot = n.dir<<1 | n.side
	return e.pending.add(&f.pending[n.dir][n.side], n)
}

// matchAlone accounts for two packets that are surely twins of each other's
// kind without saying which flow became which: several fit equally well, and
// nothing has told them apart while they waited.
func (e *Engine) matchAlone(fi int32, n *node, c int32) {
	f := e.flows.at(fi)
	w := e.pending.nodes.at(c)
	f.ambiguous++
	f.matched++
	f.pairs++
	e.ambiguous++
	e.related++
	in, out := n, w
	if n.side == outside {
		in, out = w, n
	}
	e.addOutside(f, out.dir, Count{1, uint64(out.length)})
	f.lastOutside[out.dir] = max(f.lastOutside[out.dir], out.time)
	if out.dir == back {
		e.replied(f, out)
	}
	e.requestLeft(in, f, out)
	if in.tcp && out.outer {
		e.openings.forget(remoteEnd(f.remote()), e.outflows.at(out.owner).hash, out.owner)
	}
	e.drop(c)
}
