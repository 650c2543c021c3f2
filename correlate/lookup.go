package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// idleTime is how long a flow without packets is kept: the longest timeout that
// common translators give an idle UDP flow (Linux nf_conntrack: 120 s; RFC 4787
// section 4.3 asks for two minutes) with room to spare. A later packet of the
// same tuple is a new flow.
const idleTime = int64(300e9)

func (e *Engine) findFlow(key *tuple, h uint64) int32 {
	for i, pos := e.flowTable.next(h, 0); ; i, pos = e.flowTable.next(h, pos) {
		if i < 0 || e.flows.at(i).key.is(key) {
			return i
		}
	}
}

func (e *Engine) findOutflow(key *tuple, h uint64) int32 {
	for i, pos := e.outTable.next(h, 0); ; i, pos = e.outTable.next(h, pos) {
		if i < 0 || e.outflows.at(i).key.is(key) {
			return i
		}
	}
}

// insideFlow returns the flow of a packet at the inside, made when it is new,
// and whether the packet comes from its end a; -1 without room.
func (e *Engine) insideFlow(p *capture.Packet, t int64) (int32, bool) {
	key, srcIsA := tupleOf(p.Src, p.SrcPort, p.Dst, p.DstPort, p.Proto)
	if e.expected >= 0 {
		if f := e.flows.at(e.expected); f.live && f.key.is(&key) {
			return e.expected, srcIsA
		}
	}
	h := p.FlowHash
	fi := e.findFlow(&key, h)
	if fi >= 0 {
		return fi, srcIsA
	}
	if e.flows.full() && !e.evictFlow() {
		return -1, false
	}
	fi = e.flows.alloc()
	f := e.flows.at(fi)
	*f = flow{live: true, key: key, hash: h, out: -1, requests: -1, legs: [3]int32{-1, -1, -1}, large: -1, trouble: -1, first: t, last: t}
	f.pending = [2][2]chainEnds{{noChain, noChain}, {noChain, noChain}}
	fromClient, known := e.orient(p)
	f.clientIsA = fromClient == srcIsA
	f.oriented = known
	f.fromOut = !fromClient && opens(p)
	inner, _ := f.inner()
	remote, _ := f.remote()
	f.client = e.clientOf(inner, t)
	if known {
		e.confirmClient(f.client)
	}
	f.local = e.own[remote] || e.isClient(remote)
	e.flowTable.insert(h, fi, func(i int32) uint64 { return e.flows.at(i).hash })
	return fi, srcIsA
}

// opens reports whether a packet is the first of a conversation.
func opens(p *capture.Packet) bool {
	return isRequest(p) || p.Flags&capture.FlagQUICInitial != 0
}

// answers reports whether a packet is the first reply of a conversation.
func answers(p *capture.Packet) bool {
	switch p.Kind {
	case capture.KindTCP:
		const both = capture.TCPSyn | capture.TCPAck
		return p.TCPFlags&both == both
	case capture.KindEchoReply:
		return true
	case capture.KindUDP:
		return p.Flags&capture.FlagDNSResponse != 0
	}
	return false
}

// orient decides whether a packet at the inside comes from the client or goes
// to it, and whether that is known rather than guessed.
func (e *Engine) orient(p *capture.Packet) (fromClient, known bool) {
	switch src, dst := e.isClient(p.Src), e.isClient(p.Dst); {
	case src && !dst:
		return true, true
	case dst && !src:
		return false, true
	case src && dst:
		return undecremented(p.TTL), true
	}
	switch {
	case e.own[p.Src]:
		return false, true
	case e.own[p.Dst]:
		return true, true
	case p.Direction == capture.DirectionIn:
		return true, true
	case p.Direction == capture.DirectionOut:
		return false, true
	}
	fresh := undecremented(p.TTL)
	// A private address that talks to a public one from one hop away is a client:
	// the host itself speaks into the tunnel only to its clients.
	if fresh && !routable(p.Src) && routable(p.Dst) {
		return true, true
	}
	if !fresh && !routable(p.Dst) && routable(p.Src) {
		return false, true
	}
	return fresh && !answers(p), false
}

// outsideFlow returns the outside flow of a packet at the WAN, made when it is
// new, and whether the packet goes from its end a to b; -1 without room.
func (e *Engine) outsideFlow(p *capture.Packet, t int64) (int32, bool) {
	key, srcIsA := tupleOf(p.Src, p.SrcPort, p.Dst, p.DstPort, p.Proto)
	if e.expected >= 0 {
		if o := e.outflows.at(e.expected); o.live && o.key.is(&key) {
			return e.expected, srcIsA
		}
	}
	h := p.FlowHash
	oi := e.findOutflow(&key, h)
	if oi < 0 {
		if e.outflows.full() && !e.evictOutflow() {
			return -1, false
		}
		oi = e.outflows.alloc()
		*e.outflows.at(oi) = outflow{live: true, key: key, hash: h, flow: -1, last: t, pending: [2]chainEnds{noChain, noChain}}
		e.outTable.insert(h, oi, func(i int32) uint64 { return e.outflows.at(i).hash })
	}
	return oi, srcIsA
}

// closedTime is how long a flow is kept that is over: what is still under way
// then (the last ACK of a TCP connection, a second answer) arrives within seconds,
// and Linux forgets UDP without a stream after as long (nf_conntrack_udp_timeout).
const closedTime = int64(30e9)

// retireStep is how many slots a sweep looks at: at one sweep per 10 ms of
// capture the whole table is seen within the idle time.
const retireStep = 64

// evictStep is how many slots are looked at to make room. Each is a miss of the
// cache; where half of all are in use, one try in 65,000 meets none that is idle.
const evictStep = 16

// retireIdle ends flows that have been idle, a few slots at a time.
func (e *Engine) retireIdle() {
	for range min(retireStep, int(e.flows.used)) {
		e.sweepFlow = (e.sweepFlow + 1) % e.flows.used
		f := e.flows.at(e.sweepFlow)
		if idle := e.now - f.last; f.live && (idle > idleTime || idle > closedTime && f.over()) {
			e.retire(e.sweepFlow)
		}
	}
	for range min(retireStep, int(e.outflows.used)) {
		e.sweepOut = (e.sweepOut + 1) % e.outflows.used
		o := e.outflows.at(e.sweepOut)
		if o.live && o.flow < 0 && e.now-o.last > idleTime {
			e.forgetOutflow(e.sweepOut)
		}
	}
}

// evictFlow makes room by ending a flow that is over, with which nothing is
// lost, or else the one that has been idle longest among a few; false if
// every slot is busy with something that cannot end.
func (e *Engine) evictFlow() bool {
	best := int32(-1)
	e.evictFrom++
	for k := range int32(evictStep) {
		i := e.flows.spread(e.evictFrom, k)
		f := e.flows.at(i)
		if !f.live {
			continue
		}
		if e.now-f.last > e.opts.Window.Nanoseconds() && f.over() {
			e.retire(i)
			return true
		}
		if best < 0 || f.last < e.flows.at(best).last {
			best = i
		}
	}
	if best < 0 {
		return false
	}
	e.evicted++
	e.retire(best)
	return true
}

// evictOutflow makes room by forgetting the outside flow that has been idle
// longest among a few, first of all one that is tied to no client's.
func (e *Engine) evictOutflow() bool {
	best := int32(-1)
	e.evictFrom++
	for k := range int32(evictStep) {
		i := e.outflows.spread(e.evictFrom, k)
		o := e.outflows.at(i)
		if o.live && (best < 0 || o.yields(e.outflows.at(best))) {
			best = i
		}
	}
	if best < 0 {
		return false
	}
	e.evicted++
	if fi := e.outflows.at(best).flow; fi >= 0 {
		e.untie(fi)
	}
	e.forgetOutflow(best)
	return true
}

// retire ends a flow: its row and totals are final.
func (e *Engine) retire(fi int32) {
	f := e.flows.at(fi)
	for dir := range f.pending {
		for side := range f.pending[dir] {
			for i := f.pending[dir][side].head; i >= 0; i = f.pending[dir][side].head {
				e.resolve(i)
			}
		}
	}
	for i := f.requests; i >= 0; {
		r := e.requests.at(i)
		next := r.older
		r.flow, r.newer, r.older = -1, -1, -1
		i = next
	}
	e.closeMapping(f)
	oi := f.out
	e.rows.addFlow(e.flowRow(f), f)
	for _, i := range f.legs {
		if i >= 0 {
			e.sketches.release(i)
		}
	}
	if f.large >= 0 {
		e.larges.release(f.large)
	}
	if f.trouble >= 0 {
		e.troubles.release(f.trouble)
	}
	e.flowTable.remove(f.hash, fi, func(i int32) uint64 { return e.flows.at(i).hash })
	e.flows.release(fi)
	if oi >= 0 {
		e.outflows.at(oi).flow = -1
		e.forgetOutflow(oi)
	}
}

func (e *Engine) forgetOutflow(oi int32) {
	o := e.outflows.at(oi)
	for slot := range o.pending {
		for i := o.pending[slot].head; i >= 0; i = o.pending[slot].head {
			e.drop(i)
		}
	}
	e.outTable.remove(o.hash, oi, func(i int32) uint64 { return e.outflows.at(i).hash })
	e.outflows.release(oi)
}
