package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// undecremented reports whether a TTL is one that hosts start with, so that the
// packet was not forwarded before it was seen.
func undecremented(ttl uint8) bool { return ttl == 64 || ttl == 128 || ttl == 255 }

// tunnel takes a packet at the inside point.
func (e *Engine) tunnel(p *capture.Packet, t int64, c *capturePoint, b *capture.Batch) {
	switch p.Kind {
	case capture.KindUndecoded, capture.KindNonIP, capture.KindARP:
		return
	case capture.KindFragment:
		e.fragments.add(inside, p, t)
		e.decrypted(nil, p, t)
		return
	case capture.KindICMPError:
		e.insideError(p, t, c, b)
		return
	}
	if p.Flags&capture.FlagGroup != 0 {
		e.decrypted(nil, p, t)
		return
	}
	if !e.gateway.IsZero() && !p.LinkDst.IsZero() && p.LinkDst != e.gateway && p.LinkSrc != e.gateway {
		return // stays on the LAN
	}
	fi, fromA := e.insideFlow(p, t)
	if fi < 0 {
		return
	}
	f := e.flows.at(fi)
	f.last = t
	if fromA == f.clientIsA {
		if f.turnedBack(p) {
			e.turn(f, p, t, c)
			return
		}
		e.fromClient(fi, f, p, t, c)
		return
	}
	e.toClient(fi, f, p, t, c)
}

func (e *Engine) innerAddr(f *flow) capture.Addr { a, _ := f.inner(); return a }

// fromClient takes a packet at tunnel_in.
func (e *Engine) fromClient(fi int32, f *flow, p *capture.Packet, t int64, c *capturePoint) {
	cl := e.addInside(f, TunnelIn, p, c)
	f.note(p, forward)
	cl.last = t
	e.decrypted(cl, p, t)
	if p.Kind == capture.KindTCP {
		e.noteSize(f, p, t, c, inside, forward)
	}
	if p.TTL <= 1 {
		return // never forwarded (RFC 1812 section 5.3.1)
	}
	req := int32(-1)
	if names := e.asksNames(f, p); (names || !f.local && isRequest(p)) && p.TTL > maxTraceTTL {
		req = e.newRequest(fi, f, p, t, c)
		if names {
			e.noteQuery(req, p)
		}
	}
	e.joinInside(fi, f, p, t, forward, req)
}

// addInside counts a packet of a flow inside the tunnel, for the flow, the run
// and the client, which it returns.
func (e *Engine) addInside(f *flow, stage Stage, p *capture.Packet, c *capturePoint) *client {
	cl := e.clientAt(f.client)
	sum := &f.sent
	if stage == TunnelOut {
		sum = &f.got
	}
	for _, count := range [3]*Count{sum, &e.stages[stage], &cl.stages[stage]} {
		count.Packets++
		count.Bytes += uint64(p.IPLen)
	}
	if p.IPLen > maxLinkPacket {
		c.offload++
	}
	return cl
}

// maxTraceTTL is the largest TTL that traceroute programs probe with; packets
// with so little left are not meant to arrive.
const maxTraceTTL = 30

// maxLinkPacket is the largest IP packet in octets that a link carries in
// practice (jumbo frames); a larger one was merged by offload.
const maxLinkPacket = 9216

// toClient takes a packet at tunnel_out.
func (e *Engine) toClient(fi int32, f *flow, p *capture.Packet, t int64, c *capturePoint) {
	cl := e.addInside(f, TunnelOut, p, c)
	f.note(p, back)
	if f.fromOut && f.out < 0 && opens(p) && undecremented(p.TTL) {
		f.local = true // the host itself calls its client
	}
	switch {
	case p.Kind == capture.KindTCP:
		e.noteSize(f, p, t, c, inside, back)
	case p.Flags&capture.FlagDNSResponse != 0 && f.sent.Packets == 0:
		e.foreignAnswer(f, p, c)
	}
	if f.local {
		e.reply(f, p, t, c, TunnelOut)
		return
	}
	if f.out < 0 && f.sent.Packets > 0 && undecremented(p.TTL) && p.Kind == capture.KindTCP && p.TCPFlags&capture.TCPRst != 0 {
		// Not forwarded before it got here: the host refuses in the name of the
		// remote.
		f.hostReject = true
		e.refuse(f, p, t, c, false, false)
		e.rejectRequests(f, sighting(c, p, TunnelOut))
		return
	}
	if f.got.Packets == 1 && p.Kind == capture.KindTCP && p.TCPFlags&capture.TCPRst != 0 {
		e.refuse(f, p, t, c, true, false)
	}
	f.relayed = f.relayed || !undecremented(p.TTL)
	e.reply(f, p, t, c, TunnelOut)
	f.lastReply = t
	cl.families[familyIndex(family(cl.addr))].replied(t)
	e.joinInside(fi, f, p, t, back, -1)
}

// insideError takes an ICMP error at the inside: it belongs to the flow that it
// quotes.
func (e *Engine) insideError(p *capture.Packet, t int64, c *capturePoint, b *capture.Batch) {
	if p.Ref < 0 || int(p.Ref) >= len(b.Quotes) || p.Flags&capture.FlagGroup != 0 {
		return
	}
	q := &b.Quotes[p.Ref]
	key, _ := tupleOf(q.Src, q.SrcPort, q.Dst, q.DstPort, q.Proto)
	fi := e.findFlow(&key, key.hash())
	if fi < 0 {
		return
	}
	f := e.flows.at(fi)
	f.last = t
	if p.Dst != e.innerAddr(f) {
		e.decrypted(e.addInside(f, TunnelIn, p, c), p, t)
		e.joinError(fi, f, p, q, t, forward, inside)
		return
	}
	e.addInside(f, TunnelOut, p, c)
	if f.local {
		e.rejectRequests(f, sighting(c, p, TunnelOut))
		return
	}
	if e.joinError(fi, f, p, q, t, back, inside) {
		e.refuse(f, p, t, c, true, false)
		return
	}
	f.hostReject = true
	// Where the order of two clocks is only estimated, the twin may come yet.
	made := e.clock.fixed || undecremented(p.TTL) || e.own[p.Src]
	e.refuse(f, p, t, c, !made, false)
	e.rejectRequests(f, sighting(c, p, TunnelOut))
}

// joinError matches an ICMP error with its twin by what it says of the packet
// that it quotes: the quote's addresses are translated too. It reports whether
// the twin was seen.
func (e *Engine) joinError(fi int32, f *flow, p *capture.Packet, q *capture.Quote, t int64, dir, side uint8) bool {
	if f.local {
		return false
	}
	n := e.newError(p, q, t, dir, side)
	n.owner = fi
	if f.out >= 0 {
		e.settle(f, n, 0)
	}
	if n.open() {
		e.wait(f, n)
		return false
	}
	return true
}

// newError describes an ICMP error as one that waits, by what it quotes.
func (e *Engine) newError(p *capture.Packet, q *capture.Quote, t int64, dir, side uint8) *node {
	n := e.newNode(p, t, dir, side)
	n.ident = mix(uint64(q.Seq)<<8|uint64(q.Proto), uint64(p.ICMPType)<<8|uint64(p.ICMPCode))
	n.ident64, n.octets, n.unpaid, n.basis, n.refusal = 0, 1, 1, BasisHeader, true
	return n
}

// holdError lets an ICMP error wait until its outside flow is tied. It travels
// against the packet that it quotes; which of the ends is the host's is not
// known yet, so that it is read both ways.
func (e *Engine) holdError(oi int32, o *outflow, p *capture.Packet, q *capture.Quote, t int64) {
	slot := uint8(1)
	if o.key.a == q.Dst && o.key.aPort == q.DstPort {
		slot = 0
	}
	var kept [2]int32
	for dir := range kept {
		if e.pending.nodes.full() {
			e.evictOldest()
		}
		n := e.newError(p, q, t, uint8(dir), outside)
		n.owner, n.outer, n.slot = oi, true, slot
		kept[dir] = e.pending.add(&o.pending[slot], n)
	}
	e.pending.nodes.at(kept[0]).sibling = kept[1]
	e.pending.nodes.at(kept[1]).sibling = kept[0]
}

// answerAll notes that an answer from beyond the host reached the client for
// every open request of a flow: an error passed on by the host answers too.
func (e *Engine) answerAll(f *flow) {
	for i := f.requests; i >= 0; i = e.requests.at(i).older {
		e.requests.at(i).answered = true
	}
}

// wan takes a packet at the outside point.
func (e *Engine) wan(p *capture.Packet, t int64, c *capturePoint, b *capture.Batch) {
	facing := e.facing(p)
	e.noteDirection(p, facing)
	if p.Kind <= capture.KindARP {
		e.noteInbound(t, facing)
		if p.Kind == capture.KindARP {
			e.arp(p, c, facing)
		}
		return
	}
	if e.outer(p, t, c, b) {
		return
	}
	e.noteInbound(t, facing)
	switch p.Kind {
	case capture.KindFragment:
		e.fragments.add(outside, p, t)
		return
	case capture.KindICMPError:
		e.outsideError(p, t, c, b)
		return
	}
	if p.Flags&capture.FlagGroup != 0 {
		return
	}
	oi, fromA := e.restored(p, facing)
	if oi < 0 {
		oi, fromA = e.outsideFlow(p, t)
	}
	if oi < 0 {
		return
	}
	o := e.outflows.at(oi)
	o.last = t
	if p.Direction != capture.DirectionUnknown && !e.oneSource && !e.opts.Live {
		// Two files may come from two machines in a row: the second one's
		// marks say "in" of what left the first.
		facing = -1
	}
	if o.flow < 0 {
		if e.foreign(p) {
			return
		}
		if facing == forward {
			e.noteLeak(p, t, c)
		}
		if facing != back {
			e.opened(oi, o, p, t)
		}
		if facing != forward && answers(p) {
			e.answerUnseen(o, p, c, fromA)
		}
		e.joinUntied(oi, o, p, t, fromA, facing)
		if o.flow >= 0 && facing >= 0 {
			e.flows.at(o.flow).wanTTL[facing] = p.TTL
		}
		return
	}
	dir := uint8(back)
	if fromA == o.localIsA {
		dir = forward
	}
	f := e.flows.at(o.flow)
	if e.astray(f, p, t, c, dir, facing) {
		return
	}
	e.addOutside(f, dir, Count{1, uint64(p.IPLen)})
	f.lastOutside[dir] = t
	if p.Kind == capture.KindTCP {
		e.noteSize(f, p, t, c, outside, dir)
	}
	if dir == forward && p.Kind == capture.KindTCP && p.TCPFlags&capture.TCPRst != 0 && undecremented(p.TTL) {
		e.refuse(f, p, t, c, false, true) // not forwarded: the host made it
	}
	if dir == back {
		e.reply(f, p, t, c, WANIn)
		e.noteReplyToInner(f)
	}
	e.joinOutside(o, p, t, dir)
}

// noteReplyToInner notes that the network delivers to a client's own address.
func (e *Engine) noteReplyToInner(f *flow) {
	if f.nat == NATNone && f.out >= 0 {
		cl := e.clientAt(f.client)
		cl.families[familyIndex(family(cl.addr))].replyToInner++
	}
}

// outsideError takes an ICMP error at the WAN.
func (e *Engine) outsideError(p *capture.Packet, t int64, c *capturePoint, b *capture.Batch) {
	if p.Ref < 0 || int(p.Ref) >= len(b.Quotes) {
		return
	}
	q := &b.Quotes[p.Ref]
	if e.outerError(p, q, t, c) {
		return
	}
	key, _ := tupleOf(q.Src, q.SrcPort, q.Dst, q.DstPort, q.Proto)
	oi := e.findOutflow(&key, key.hash())
	if oi < 0 {
		return
	}
	o := e.outflows.at(oi)
	if o.flow < 0 {
		e.holdError(oi, o, p, q, t)
		return
	}
	f := e.flows.at(o.flow)
	local, _ := o.local()
	if p.Dst != local {
		e.addOutside(f, forward, Count{1, uint64(p.IPLen)})
		if !e.joinError(o.flow, f, p, q, t, forward, outside) {
			f.refused = true // the client did not send it: the host made it
			e.refuse(f, p, t, c, false, true)
			e.noteTooBig(f, q, true)
		}
		return
	}
	f.lastOutside[back] = t
	e.noteTooBig(f, q, false)
	e.joinError(o.flow, f, p, q, t, back, outside)
	e.addOutside(f, back, Count{1, uint64(p.IPLen)})
	for i := f.requests; i >= 0; i = e.requests.at(i).older {
		r := e.requests.at(i)
		if !r.replied {
			r.replied, r.repliedAt, r.beyond = true, t, sighting(c, p, WANIn)
		}
	}
}

// noteDirection counts a packet on the WAN by its direction. A frame that another
// machine sent to all is one that came in.
func (e *Engine) noteDirection(p *capture.Packet, facing int8) {
	known := facing >= 0 || len(e.ownMAC) > 0 && !p.LinkSrc.IsZero()
	if facing == forward || !known {
		e.directions[forward]++
	}
	if facing != forward {
		e.directions[back]++
	}
}

// noteInbound counts what reaches the WAN from elsewhere: proof that the tap
// sees this adapter's traffic.
func (e *Engine) noteInbound(t int64, facing int8) {
	if facing == forward {
		return
	}
	e.inboundOther++
	if e.inboundFirst == unset {
		e.inboundFirst = t
	}
	e.inboundLast = t
}

// facing returns the direction of a packet at the WAN as seen from the host:
// forward if the host sent it, back if it came in, -1 if that is not known.
func (e *Engine) facing(p *capture.Packet) int8 {
	switch p.Direction {
	case capture.DirectionOut:
		return forward
	case capture.DirectionIn:
		return back
	}
	if len(e.ownMAC) > 0 && !p.LinkSrc.IsZero() {
		if e.isOwnMAC(p.LinkSrc) {
			return forward
		}
		if e.isOwnMAC(p.LinkDst) {
			return back
		}
	}
	if p.Kind > capture.KindARP {
		if e.own[p.Src] {
			return forward
		}
		if e.own[p.Dst] {
			return back
		}
	}
	return -1
}

// foreign reports whether a frame is known to be between other machines.
func (e *Engine) foreign(p *capture.Packet) bool {
	if e.opts.Live && p.Direction != capture.DirectionUnknown {
		return false // an adapter that was made anew has another address than the first one
	}
	return len(e.ownMAC) > 0 && !e.unknownMAC && !p.LinkSrc.IsZero() && !p.LinkDst.IsZero() && !p.LinkDst.IsGroup() &&
		!e.isOwnMAC(p.LinkSrc) && !e.isOwnMAC(p.LinkDst)
}

// learnOwn notes an address of the host, found by packets.
func (e *Engine) learnOwn(a capture.Addr) {
	if len(e.own) < 1024 && !e.isClient(a) {
		e.own[a] = true
	}
}

// isOwnMAC reports whether a link address is the host's: there are one or two,
// so that looking through them beats hashing.
func (e *Engine) isOwnMAC(m capture.MAC) bool {
	for i := range e.ownMAC {
		if e.ownMAC[i] == m {
			return true
		}
	}
	return false
}

func (e *Engine) learnOwnMAC(m capture.MAC) {
	if len(e.ownMAC) < 8 && !e.isOwnMAC(m) {
		e.ownMAC = append(e.ownMAC, m)
	}
}
