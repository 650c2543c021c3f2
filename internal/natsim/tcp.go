package natsim

import "net/netip"

// exchange is a request and its response, in octets.
type exchange struct{ up, down int }

// script says how a TCP conversation goes.
type script struct {
	rounds []exchange
	think  int64 // between a response and the next request
	fast   bool  // the SYN carries the first request (RFC 7413)
	silent bool  // the server never answers
	refuse bool  // the server answers with a reset
	reset  bool  // the client ends with a reset instead of FIN
	stall  bool  // the client closes its window for a while
	tries  int   // SYNs
}

// tcp is a conversation over TCP.
type tcp struct {
	s      *sim
	c      *conversation
	script script
	ends   [2]tcpEnd // client, server
	peer   netip.AddrPort
	public netip.AddrPort // what the remote opens the conversation with, if it does
	inward bool           // the remote opens it
	over   bool
}

// tcpEnd is one end; client is the one that opens. Offsets count from the first octet of data.
type tcpEnd struct {
	client       bool
	iss          uint32
	una, nxt     int // acknowledged, sent
	ready        int // octets that may be sent
	rcv          int // received in order
	ahead        map[int]int
	open         bool
	finAt        int // offset of the FIN; -1: none yet
	peerFin      int // offset of the peer's FIN; -1
	unacked      int // segments since the last acknowledgement
	doubles      int
	mss          int
	window       uint16
	timer        uint64
	backoff      int64
	retries      int
	closedWindow bool
	peerClosed   bool
	clock        uint32
}

const cwnd = 12

// startTCP lets a client open a conversation; with public, the remote opens it
// by that end of a port forward.
func (s *sim) startTCP(c *conversation, sc script, public netip.AddrPort) {
	t := &tcp{s: s, c: c, script: sc, public: public, inward: public.IsValid()}
	for i := range t.ends {
		e := &t.ends[i]
		*e = tcpEnd{client: i == 0, iss: s.rng.Uint32(), ahead: make(map[int]int), finAt: -1, peerFin: -1,
			mss: 1380, window: uint16(s.between(500, 2000)), backoff: 300 * millisecond, clock: s.rng.Uint32()}
		if s.chance(0.1) {
			e.iss = ^uint32(0) - uint32(s.upTo(4000)) // wraps soon
		}
		if s.cfg.EqualISN {
			e.iss, e.window, e.clock = 1, 1024, 0
		}
	}
	if c.key.Client.Addr().Is6() {
		t.ends[0].mss = 1360
	}
	opener := func(p *packet) { t.receive(&t.ends[0], &t.ends[1], p) }
	other := func(p *packet) {
		t.peer = p.src
		t.receive(&t.ends[1], &t.ends[0], p)
	}
	c.client, c.remote = opener, other
	if t.inward {
		c.client, c.remote = other, opener
	}
	t.syn(1)
}

// syn sends the client's SYN and repeats it until it is answered.
func (t *tcp) syn(try int) {
	e := &t.ends[0]
	n := 0
	if t.script.fast {
		n = min(t.script.rounds[0].up, 600)
		e.nxt, e.ready = n, t.script.rounds[0].up
	}
	t.send(e, flagSyn, -1, n)
	t.s.after(second<<(try-1)+t.s.upTo(10*millisecond), func() {
		if !e.open && !t.over && try < t.script.tries {
			t.syn(try + 1)
		}
	})
}

// send sends a segment of n octets from offset at; -1 is the SYN.
func (t *tcp) send(e *tcpEnd, flags uint8, at, n int) {
	s, o := t.s, t.other(e)
	p := &packet{proto: protoTCP, ttl: 64, flags: flags, length: n, window: e.window, stamps: s.cfg.Stamps, back: e.client == t.inward}
	p.seq = e.iss + 1 + uint32(at)
	if flags&flagSyn != 0 {
		p.seq, p.mss = e.iss, uint16(e.mss)
	}
	if flags&flagAck != 0 {
		p.ack = o.iss + 1 + uint32(e.rcv)
		if e.peerFin >= 0 && e.rcv >= e.peerFin {
			p.ack++
		}
		e.unacked = 0
	}
	if e.closedWindow {
		p.window = 0
	} else if n == 0 && !s.cfg.EqualISN {
		p.window += uint16(e.rcv / 1000 % 64)
	}
	if p.stamps {
		p.tsval, p.tsecr = e.clock+uint32(s.now/millisecond), o.clock+uint32((s.now-t.c.delay[access])/millisecond)
	}
	p.src, p.dst = t.c.key.Client, t.c.key.Remote
	switch {
	case p.back && e.client:
		p.src, p.dst, p.ttl = t.c.key.Remote, t.public, 54
	case p.back:
		p.src, p.dst, p.ttl = t.c.key.Remote, t.peer, 54
	}
	s.identify(p)
	s.emit(t.c, p)
}

func (t *tcp) other(e *tcpEnd) *tcpEnd {
	if e.client {
		return &t.ends[1]
	}
	return &t.ends[0]
}

// pump sends what may be sent.
func (t *tcp) pump(e *tcpEnd) {
	if !e.open || t.over || e.peerClosed {
		return
	}
	for e.nxt < e.ready && e.nxt-e.una < cwnd*e.mss {
		n := min(e.mss, e.ready-e.nxt)
		flags := uint8(flagAck)
		if e.nxt+n == e.ready {
			flags |= flagPsh
		}
		t.send(e, flags, e.nxt, n)
		e.nxt += n
	}
	if e.finAt >= 0 && e.nxt == e.finAt {
		t.send(e, flagFin|flagAck, e.nxt, 0)
		e.nxt++
	}
	t.arm(e)
}

// arm starts the retransmission timer.
func (t *tcp) arm(e *tcpEnd) {
	if e.una >= e.nxt {
		return
	}
	e.timer++
	serial, una := e.timer, e.una
	t.s.after(e.backoff, func() {
		if e.timer != serial || e.una != una || t.over || e.retries > 4 {
			return
		}
		e.retries++
		e.backoff *= 2
		t.repeat(e)
		t.arm(e)
	})
}

// repeat sends the oldest unacknowledged octets again, sometimes with other
// boundaries than the first time.
func (t *tcp) repeat(e *tcpEnd) {
	if e.finAt >= 0 && e.una >= e.finAt {
		t.send(e, flagFin|flagAck, e.finAt, 0)
		return
	}
	n := min(e.mss, e.ready-e.una)
	if n > 1 && t.s.chance(0.2) {
		n = int(t.s.between(1, int64(n)))
	}
	if n > 0 {
		t.send(e, flagAck, e.una, n)
	}
}

// receive takes a segment at end e that o sent.
func (t *tcp) receive(e, o *tcpEnd, p *packet) {
	if t.over || p.quote != nil {
		return
	}
	switch {
	case p.flags&flagRst != 0:
		t.over = true
		return
	case p.flags&flagSyn != 0:
		t.handshake(e, o, p)
		return
	case !e.open && !e.client:
		e.open = true
	case !e.open:
		return
	}
	t.acknowledged(e, p)
	at := int(int32(p.seq - o.iss - 1))
	if p.flags&flagFin != 0 {
		e.peerFin = at + p.length
	}
	duplicate := e.rcv > at || p.length == 0 && at < e.rcv
	before := e.rcv
	if p.length > 0 {
		e.ahead[at] = max(e.ahead[at], p.length)
		for moved := true; moved; {
			moved = false
			for from, n := range e.ahead {
				if from <= e.rcv {
					delete(e.ahead, from)
					if from+n > e.rcv {
						e.rcv, moved = from+n, true
					}
				}
			}
		}
	}
	t.application(e)
	switch {
	case p.length == 0 && p.flags&flagFin == 0:
		if duplicate && at == e.rcv-1 { // a probe of the window
			t.send(e, flagAck, e.nxt, 0)
		}
	case len(e.ahead) > 0 || duplicate || p.flags&flagFin != 0:
		t.send(e, flagAck, e.nxt, 0)
	case e.rcv > before:
		if e.unacked++; e.unacked >= 2 || p.flags&flagPsh != 0 {
			t.send(e, flagAck, e.nxt, 0)
			break
		}
		t.s.after(40*millisecond, func() {
			if e.unacked > 0 && !t.over {
				t.send(e, flagAck, e.nxt, 0)
			}
		})
	}
	t.pump(e)
}

// handshake takes a SYN or a SYN with ACK.
func (t *tcp) handshake(e, o *tcpEnd, p *packet) {
	if p.mss != 0 {
		e.mss = min(e.mss, int(p.mss))
	}
	if e.client {
		e.una = max(e.una, int(int32(p.ack-e.iss-1)))
		first := !e.open
		e.open = true
		t.send(e, flagAck, e.nxt, 0)
		if first {
			e.ready = max(e.ready, t.script.rounds[0].up)
			t.pump(e)
		}
		return
	}
	switch {
	case t.script.silent:
	case t.script.refuse:
		q := &packet{proto: protoTCP, ttl: 54, flags: flagRst | flagAck, ack: p.seq + 1, back: true, src: t.c.key.Remote, dst: t.peer}
		t.s.identify(q)
		t.s.emit(t.c, q)
	default:
		if p.length > 0 {
			e.rcv = max(e.rcv, p.length)
		}
		o.mss = min(o.mss, e.mss)
		t.send(e, flagSyn|flagAck, -1, 0)
		if e.retries == 0 {
			t.answerAgain(e, 1)
		}
	}
}

// answerAgain repeats a SYN with ACK that was not acknowledged.
func (t *tcp) answerAgain(e *tcpEnd, try int) {
	t.s.after(second<<try, func() {
		if !e.open && !t.over && try < 3 {
			t.send(e, flagSyn|flagAck, -1, 0)
			t.answerAgain(e, try+1)
		}
	})
}

// acknowledged takes the acknowledgement and window of a segment.
func (t *tcp) acknowledged(e *tcpEnd, p *packet) {
	e.peerClosed = p.window == 0
	ack := int(int32(p.ack - e.iss - 1))
	switch {
	case ack > e.una:
		e.una, e.doubles, e.retries, e.backoff = ack, 0, 0, 300*millisecond
		t.arm(e)
	case ack == e.una && p.length == 0 && e.una < e.nxt && !e.peerClosed:
		if e.doubles++; e.doubles == 3 {
			t.repeat(e)
		}
	}
	if e.peerClosed && !t.over {
		t.probe(e, 1)
	}
}

// probe asks whether a closed window has opened (RFC 9293 section 3.8.6.1): as
// Linux does, by an acknowledgement below the window.
func (t *tcp) probe(e *tcpEnd, try int) {
	e.timer++
	serial := e.timer
	t.s.after(200*millisecond<<try, func() {
		if e.peerClosed && e.timer == serial && !t.over && try < 4 {
			t.send(e, flagAck, e.nxt-1, 0)
			t.probe(e, try+1)
		}
	})
}

// application lets the ends of a conversation go on with their script.
func (t *tcp) application(e *tcpEnd) {
	up, down := 0, 0
	for i, r := range t.script.rounds {
		up += r.up
		if !e.client {
			down += r.down
			if want := down; e.rcv >= up && e.ready < want {
				t.s.after(t.s.between(millisecond, 20*millisecond), func() {
					e.ready = max(e.ready, want)
					t.pump(e)
				})
			}
			continue
		}
		down += r.down
		if e.rcv < down {
			break
		}
		next := i + 1
		if next < len(t.script.rounds) {
			want := up + t.script.rounds[next].up
			if e.ready < want {
				t.s.after(t.script.think, func() {
					e.ready = max(e.ready, want)
					t.pump(e)
				})
			}
			continue
		}
		t.finish(e)
	}
	if t.script.stall && e.client && !e.closedWindow && e.rcv > 3000 {
		t.script.stall = false
		e.closedWindow = true
		t.s.after(2*second, func() {
			e.closedWindow = false
			t.send(e, flagAck, e.nxt, 0)
		})
	}
	if !e.client && e.peerFin >= 0 && e.rcv >= e.peerFin && e.finAt < 0 {
		e.finAt = e.ready
	}
}

// finish ends the conversation from the client's side.
func (t *tcp) finish(e *tcpEnd) {
	if e.finAt >= 0 {
		return
	}
	if t.script.reset {
		t.send(e, flagRst|flagAck, e.nxt, 0)
		t.over = true
		return
	}
	e.finAt = e.ready
}

// identify gives a packet its IPv4 identification.
func (s *sim) identify(p *packet) {
	if s.cfg.IPID == IPIDZero && !p.back {
		return
	}
	if s.bumped == nil {
		s.bumped = make(map[Key]uint16)
	}
	k := Key{p.proto, p.src, p.dst}
	if s.bumped[k] == 0 {
		s.bumped[k] = uint16(s.rng.Uint32())
	}
	s.bumped[k]++
	p.ipid = s.bumped[k]
}
