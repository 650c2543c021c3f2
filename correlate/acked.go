package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// stretch is a range of TCP sequence numbers, the end excluded.
type stretch struct{ from, to uint32 }

// maxStretches bounds how many gaps of one direction are known at a time; the
// oldest one is forgotten, and what was missing there counts as seen.
const maxStretches = 4

// progress is how far the octets of one direction of a TCP flow came: where they
// leave the join, and at their receiver. Octets that the receiver acknowledged
// and that no tap saw leave were missed by the tap: captures lose packets
// without a word (pcap_stats(3PCAP): savefiles hold no statistics). What is out
// of order stands in the flow's trouble.
type progress struct {
	first, next uint32 // first octet seen leaving, and the one behind the last
	acked       uint32 // the one behind the last acknowledged
	entered     uint32 // the one behind the last seen entering
	isn         uint32
	left, known bool // first and next, and acked, are set
	begun       bool // entered is set
	opened      bool // isn is set
	blind       bool // more entered or left than is known here
}

// follow takes a packet into account, at either point.
func (e *Engine) follow(f *flow, n *node) {
	if !n.tcp {
		if n.dir == forward && n.side == outside {
			f.requestLeft, f.requestID = true, n.seq
		}
		return
	}
	if n.flags&(capture.TCPSyn|capture.TCPAck) == capture.TCPSyn && n.side == entrySide(n.dir) {
		if p := &f.progress[n.dir]; p.begun && (!p.opened || n.seq != p.isn) {
			f.progress = [2]progress{} // the same ends again
			if f.trouble >= 0 {
				for i := range e.troubles.at(f.trouble) {
					e.troubles.at(f.trouble)[i].restart()
				}
			}
		}
		f.progress[n.dir].isn, f.progress[n.dir].opened = n.seq, true
	}
	if n.flags&(capture.TCPAck|capture.TCPRst) == capture.TCPAck {
		if p := &f.progress[1-n.dir]; !p.known || int32(n.ack-p.acked) > 0 {
			p.acked, p.known = n.ack, true
		}
	}
	switch {
	case n.octets == 0:
	case n.side == entrySide(n.dir):
		e.enter(f, n.dir, n.seq, n.seq+n.octets)
	default:
		e.leave(f, n.dir, n.seq, n.seq+n.octets)
	}
}

// enter notes octets that were seen entering the join.
func (e *Engine) enter(f *flow, dir uint8, from, to uint32) {
	p := &f.progress[dir]
	switch {
	case !p.begun:
		p.entered, p.begun = to, true
		return
	case int32(from-p.entered) < 0:
		again := stretch{from, to}
		if int32(to-p.entered) > 0 {
			again.to = p.entered
		}
		room := e.troubleOf(f)[dir].repeat(again)
		p.blind = p.blind || !room
	}
	if int32(to-p.entered) > 0 {
		p.entered = to
	}
}

// leave notes octets that were seen leaving the join.
func (e *Engine) leave(f *flow, dir uint8, from, to uint32) {
	p := &f.progress[dir]
	switch {
	case !p.left:
		p.first, p.next, p.left = from, to, true
		return
	case from == p.next:
		p.next = to
		return
	case int32(from-p.next) > 0:
		e.troubleOf(f)[dir].open(stretch{p.next, from})
		p.next = to
		return
	case int32(from-p.first) < 0:
		if int32(p.first-to) > 0 {
			e.troubleOf(f)[dir].open(stretch{to, p.first})
		}
		p.first = from
	}
	if f.trouble >= 0 {
		e.troubles.at(f.trouble)[dir].fill(from, to)
	}
	if int32(to-p.next) > 0 {
		p.next = to
	}
}

// overlap returns how many octets two ranges have in common.
func (g stretch) overlap(from, to uint32) uint32 {
	if int32(from-g.from) < 0 {
		from = g.from
	}
	if int32(to-g.to) > 0 {
		to = g.to
	}
	return uint32(max(int32(to-from), 0))
}

// unseen returns how many octets of a range were never seen leaving.
func (p *progress) unseen(from, to uint32) uint32 {
	if !p.left {
		return to - from
	}
	n := uint32(0)
	if int32(p.first-from) > 0 {
		n += stretch{from, p.first}.overlap(from, to)
	}
	if int32(to-p.next) > 0 {
		n += stretch{p.next, to}.overlap(from, to)
	}
	return n
}

// delivered reports whether the receiver acknowledged what is missing of a
// segment although it entered once and was not seen leaving: the tap missed it.
// A flow that nothing tied to the WAN may have been answered by the host.
func (e *Engine) delivered(f *flow, n *node) bool {
	p := &f.progress[n.dir]
	if !n.tcp || n.octets == 0 || f.translated.IsZero() || p.blind || !p.known || int32(p.acked-n.hi) < 0 {
		return false
	}
	unseen := p.unseen(n.lo, n.hi)
	if f.trouble >= 0 {
		t := &e.troubles.at(f.trouble)[n.dir]
		if covered(&t.repeated, n.lo, n.hi) > 0 {
			return false
		}
		unseen += covered(&t.gaps, n.lo, n.hi)
	}
	return unseen >= n.unpaid
}

// answerUnseen takes the first reply of an outside flow that nothing was seen to
// leave through: the request that it names by its number did leave, if only one
// fits.
func (e *Engine) answerUnseen(o *outflow, p *capture.Packet, c *capturePoint, fromA bool) {
	sent := 0
	if fromA {
		sent = 1
	}
	if o.pending[sent].head >= 0 || o.past[sent].Packets > 0 {
		return
	}
	ident := uint64(0)
	switch p.Kind {
	case capture.KindTCP:
		ident = synIdentity(p.Ack - 1)
	case capture.KindEchoReply:
		ident, _ = identity(p)
	default:
		return
	}
	key := remoteKey(ident, p.Src, p.SrcPort, forward, p.Proto)
	var found *request
	for i, k := e.pending.bucket(key), 0; i >= 0 && k < maxScan; k++ {
		n := e.pending.nodes.at(i)
		if i = n.down; n.index != key || n.ident != ident || n.side != inside || n.outer {
			continue
		}
		r := e.requestOf(n)
		if r == nil || found != nil {
			return
		}
		found = r
	}
	if found != nil && !found.replied && !found.left {
		found.replied, found.beyond = true, sighting(c, p, WANIn)
	}
}

// answeredUnseen reports whether a request entered once and was not seen leaving,
// and yet had a reply from beyond the host. The SYN of a flow that was tied is
// left to its sequence numbers.
func (e *Engine) answeredUnseen(f *flow, r *request) bool {
	if r == nil || r.kind == capture.KindTCP && !f.translated.IsZero() || !r.replied || f.progress[forward].blind || f.requestLeft && f.requestID == r.id {
		return false
	}
	for i, k := f.requests, 0; i >= 0 && k < maxOpenRequests; k++ {
		o := e.requests.at(i)
		if o != r && o.id == r.id {
			return false
		}
		i = o.older
	}
	return true
}
