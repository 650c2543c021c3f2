package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// bigSegment is the payload in octets from which a TCP segment counts as large.
// IPv6 promises that packets of 1280 octets arrive (RFC 8200 section 5), and
// nothing that people run falls short of it, so that what dies of its size is
// larger than this.
const bigSegment = 1000

// stalledRepeats is how often a large segment is sent again before its
// conversation counts as stalled: the first repetitions of a lossy line come
// within a second.
const stalledRepeats = 3

// Stall says that a large TCP segment was sent again and again at a stage and
// nothing of it was ever acknowledged there.
type Stall struct {
	Stage   Stage
	Size    uint32 // octets of the smallest IP packet that carried its beginning
	Repeats uint64 // counted up to 255
	Third   int64  // time of the third repetition, nanoseconds since 1970
}

// TooBig counts ICMP "fragmentation needed" and "packet too big" about one flow
// on the WAN (RFC 1191, RFC 8201).
type TooBig struct {
	Sent uint64 // by the host to the remote
	Came uint64 // from beyond the host
	MTU  uint32 // the smallest next-hop MTU that any of them names
}

// large is the first large segment of one direction that is not acknowledged,
// at one side of the join.
type large struct {
	start, end uint32 // sequence numbers; end is the one after it
	size       uint32 // 0: none is under way
	repeats    uint8
	third      int64
}

// larges is what one flow has under way, by side and direction. Most flows have
// nothing most of the time, and then no larges either.
type larges struct {
	at     [2][2]large
	tooBig TooBig
}

// noteSize follows the large segments of a TCP flow at one side of the join.
func (e *Engine) noteSize(f *flow, p *capture.Packet, t int64, c *capturePoint, side, dir uint8) {
	if f.large < 0 && p.PayloadLen < bigSegment && p.MSS == 0 {
		return
	}
	if p.TCPFlags&(capture.TCPSyn|capture.TCPRst) != 0 {
		if dir == forward && side == inside {
			cl := e.clientAt(f.client)
			cl.mss = max(cl.mss, p.MSS)
		}
		return
	}
	if f.large >= 0 && p.TCPFlags&capture.TCPAck != 0 {
		e.acknowledge(f, p, side, 1-dir)
	}
	if p.PayloadLen < bigSegment {
		return
	}
	if f.large < 0 {
		if f.large = e.larges.alloc(); f.large < 0 {
			return
		}
	}
	o := &e.larges.at(f.large).at[side][dir]
	if o.size == 0 {
		*o = large{start: p.Seq, end: p.Seq + p.PayloadLen, size: p.IPLen}
		return
	}
	if p.Seq-o.start >= o.end-o.start {
		return
	}
	o.size = min(o.size, p.IPLen)
	if o.repeats < 255 {
		o.repeats++
	}
	if o.repeats == stalledRepeats {
		o.third = t
		if cl := e.clientAt(f.client); len(cl.stalls) < maxSamples {
			cl.stalls = append(cl.stalls, sighting(c, p, stageAt(side, dir)))
		}
	}
}

// acknowledge takes what a packet acknowledges of the large segments that go
// the other way, dir.
func (e *Engine) acknowledge(f *flow, p *capture.Packet, side, dir uint8) {
	all := e.larges.at(f.large)
	o := &all.at[side][dir]
	switch {
	case o.size == 0:
		return
	case int32(p.Ack-o.start) <= 0:
		if p.Window == 0 {
			o.repeats = 0 // the receiver is full, not the path too narrow
		}
		return
	}
	cl := e.clientAt(f.client)
	cl.acked[dir] = max(cl.acked[dir], o.size)
	o.size = 0
	if all.at[inside][forward].size|all.at[inside][back].size|all.at[outside][forward].size|all.at[outside][back].size == 0 && all.tooBig == (TooBig{}) {
		e.larges.release(f.large)
		f.large = -1
	}
}

// stageAt returns the stage at which packets of a direction pass a side.
func stageAt(side, dir uint8) Stage {
	return [2][2]Stage{inside: {TunnelIn, TunnelOut}, outside: {WANOut, WANIn}}[side][dir]
}

// stalls returns what of a flow is stalled, mostly nothing, and the errors about
// its size.
func (e *Engine) stalls(f *flow) (out []Stall, tooBig TooBig) {
	if f.large < 0 {
		return nil, TooBig{}
	}
	all := e.larges.at(f.large)
	for side := range all.at {
		for dir := range all.at[side] {
			if o := &all.at[side][dir]; o.size != 0 && o.repeats >= stalledRepeats {
				out = append(out, Stall{stageAt(uint8(side), uint8(dir)), o.size, uint64(o.repeats), o.third})
			}
		}
	}
	return out, all.tooBig
}

// noteTooBig counts an ICMP error on the WAN that says a packet was too big;
// its quote has an MTU only then.
func (e *Engine) noteTooBig(f *flow, q *capture.Quote, sent bool) {
	if q.MTU == 0 {
		return
	}
	if f.large < 0 {
		if f.large = e.larges.alloc(); f.large < 0 {
			return
		}
	}
	n := &e.larges.at(f.large).tooBig
	if sent {
		n.Sent++
	} else {
		n.Came++
	}
	if n.MTU == 0 || q.MTU < n.MTU {
		n.MTU = q.MTU
	}
}
