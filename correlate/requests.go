package correlate

import (
	"time"

	"github.com/wgtrace/wgtrace/capture"
)

// AnswerTime is how much capture must follow a request before its missing reply
// says anything: SYN and DNS retries come after 1 to 5 s, slow resolvers answer
// within them.
const AnswerTime = 5 * time.Second

// request is one SYN, echo request or DNS query of a client whose fate is open.
type request struct {
	time         int64
	leftAt       int64
	repliedAt    int64    // of the first reply at wan_in
	sighting     Sighting // at tunnel_in
	beyond       Sighting // the last place it or its reply was seen at
	flow         int32    // -1 when the flow is gone
	client       int32
	newer, older int32 // of the same flow
	id           uint32
	gen          uint32
	target       capture.Addr
	kind         capture.Kind
	left         bool
	bare         bool // left with the client's own address
	replied      bool // a reply at wan_in
	torn         bool // of which no more than the first fragment is known to have come
	answered     bool // a reply at tunnel_out
	rejected     bool // by the host
	missed       bool // no twin at wan_out although it would have been seen
	blind        bool
	named        bool // a DNS answer with rcode, at tunnel_out
	foreign      bool // a DNS answer from another address, at tunnel_out
	rcode        uint8
	dnsType      uint16
	dnsName      uint32 // hash of the name; 0: not known
	before       innerCounts
}

// requestID is what ties a reply to its request within a flow: nothing for TCP.
func requestID(p *capture.Packet) uint32 {
	switch p.Kind {
	case capture.KindEchoRequest, capture.KindEchoReply:
		return p.Seq
	case capture.KindUDP:
		return uint32(p.DNSID)
	}
	return 0
}

// kindOf returns the kind of request that a packet is.
func kindOf(k capture.Kind) RequestKind {
	switch k {
	case capture.KindTCP:
		return RequestTCP
	case capture.KindEchoRequest:
		return RequestEcho
	}
	return RequestDNS
}

// isRequest reports whether a packet asks for an answer that must come.
func isRequest(p *capture.Packet) bool {
	switch p.Kind {
	case capture.KindTCP:
		return p.TCPFlags&(capture.TCPSyn|capture.TCPAck|capture.TCPRst) == capture.TCPSyn
	case capture.KindEchoRequest:
		return true
	case capture.KindUDP:
		return p.Flags&capture.FlagDNSQuery != 0
	}
	return false
}

// newRequest opens a request of flow fi; -1 if there is no room.
func (e *Engine) newRequest(fi int32, f *flow, p *capture.Packet, t int64, c *capturePoint) int32 {
	if e.requests.full() {
		e.evicted++
		e.settleOldest()
	}
	i := e.requests.alloc()
	e.requestGen++
	remote, _ := f.remote()
	r := e.requests.at(i)
	*r = request{
		time: t, flow: fi, client: f.client, newer: -1, older: f.requests, id: requestID(p),
		gen: e.requestGen, target: remote, kind: p.Kind, sighting: sighting(c, p, TunnelIn),
	}
	r.before.take(&e.clientAt(f.client).stages, p)
	if f.requests >= 0 {
		e.requests.at(f.requests).newer = i
	}
	f.requests = i
	f.initiated = true
	e.requestQueue.push(due{i, r.gen})
	e.clientAt(f.client).attempts++
	return i
}

// requestOf returns the request that a waiting packet is, or nil: it may have
// been decided before its packet.
func (e *Engine) requestOf(n *node) *request {
	if n.request < 0 {
		return nil
	}
	if r := e.requests.at(n.request); r.gen == n.requestGen {
		return r
	}
	return nil
}

// requestLeft notes that a packet, if it is a request, was seen at wan_out.
func (e *Engine) requestLeft(entry *node, f *flow, exit *node) {
	r := e.requestOf(entry)
	if r == nil || r.left {
		return
	}
	r.left, r.leftAt = true, exit.time
	if r.replied {
		e.noteOtherLine(f, int(exit.capture), exit.time, &r.beyond)
	} else {
		r.beyond = r.sighting
		e.seenOutside(&r.beyond, exit, WANOut)
		if f.out >= 0 {
			r.beyond.Src = addrPort(f.translated, f.translatedPort)
		}
	}
	inner, _ := f.inner()
	r.bare = f.nat == NATNone && !routable(inner)
}

// seenOutside makes a sighting that of a packet at the WAN.
func (e *Engine) seenOutside(s *Sighting, n *node, stage Stage) {
	s.Stage, s.Frame, s.Capture, s.Length = stage, n.frame, int(n.capture), n.length
	s.Time = e.captures[n.capture].line.tap(n.time)
}

// replied notes a reply at the WAN that waited until its flow was known.
func (e *Engine) replied(f *flow, n *node) {
	e.noteReplyToInner(f)
	for i, k := f.requests, 0; i >= 0 && k < maxOpenRequests; k++ {
		r := e.requests.at(i)
		i = r.older
		if r.id != n.seq && !n.tcp {
			continue
		}
		if r.replied {
			r.torn = r.torn && n.first
			continue
		}
		r.replied, r.repliedAt, r.torn = true, n.time, n.first
		left := r.beyond.Capture
		r.beyond = r.sighting
		e.seenOutside(&r.beyond, n, WANIn)
		r.beyond.Src, r.beyond.Dst = r.sighting.Dst, addrPort(f.translated, f.translatedPort)
		r.beyond.TCPFlags = n.flags
		if r.kind == capture.KindEchoRequest {
			r.beyond.Kind, r.beyond.ICMPType = capture.KindEchoReply, 0
		}
		if r.left {
			e.noteOtherLine(f, left, r.leftAt, &r.beyond)
			if n.time >= r.leftAt {
				e.took(f, 1, n.time-r.leftAt)
			}
		}
	}
}

// maxOpenRequests bounds how many open requests of one flow a reply is compared
// with.
const maxOpenRequests = 64

// reply notes a packet from the remote at one of the two stages of the way
// back, for every open request that it answers.
func (e *Engine) reply(f *flow, p *capture.Packet, t int64, c *capturePoint, stage Stage) {
	id := requestID(p)
	for i, n := f.requests, 0; i >= 0 && n < maxOpenRequests; n++ {
		r := e.requests.at(i)
		i = r.older
		if r.id != id || r.answered {
			continue
		}
		if stage == WANIn {
			first := p.Flags&capture.FlagFirstFragment != 0
			r.torn = first && (r.torn || !r.replied)
			if !r.replied {
				r.replied, r.repliedAt = true, t
				left := r.beyond.Capture
				r.beyond = sighting(c, p, WANIn)
				if r.left {
					e.noteOtherLine(f, left, r.leftAt, &r.beyond)
					e.took(f, 1, t-r.leftAt)
				}
			}
			continue
		}
		r.answered = true
		if p.Flags&capture.FlagDNSResponse != 0 {
			r.name(p)
		}
	}
}

// rejectRequests notes that the host itself refused the flow's open requests.
func (e *Engine) rejectRequests(f *flow, s Sighting) {
	for i := f.requests; i >= 0; i = e.requests.at(i).older {
		r := e.requests.at(i)
		if !r.rejected {
			r.rejected, r.beyond = true, s
		}
	}
}

// settleRequests decides the fate of requests in the order in which they were
// made: those older than limit, and younger ones as long as they are answered.
func (e *Engine) settleRequests(limit int64) {
	for e.requestQueue.size > 0 {
		d := e.requestQueue.first()
		r := e.requests.at(d.node)
		if r.time >= limit && !(r.answered && r.left) {
			return
		}
		e.settleOldest()
	}
}

func (e *Engine) settleOldest() {
	d := e.requestQueue.pop()
	r := e.requests.at(d.node)
	e.book(r)
	if r.newer >= 0 {
		e.requests.at(r.newer).older = r.older
	} else if r.flow >= 0 {
		e.flows.at(r.flow).requests = r.older
	}
	if r.older >= 0 {
		e.requests.at(r.older).newer = r.newer
	}
	e.requests.release(d.node)
}

// fate decides how far a request came.
func (e *Engine) fate(r *request) Fate {
	switch {
	case r.answered && (r.left || r.replied || r.blind || !e.points[outside].present):
		return FateAnswered
	case r.answered && e.retried(r):
		if r.missed {
			return FateNoEgress
		}
		return FateAnswered
	case r.answered:
		return FateLocal
	case r.rejected && !r.replied:
		if overlaps(e.points[outside].away, r.time, r.time) {
			return FateUnobservable // the host said why: it had no way out at that moment
		}
		return FateRejected
	case (r.left || r.replied) && e.followed(r) < AnswerTime.Nanoseconds():
		return FatePending
	case (r.replied || r.left) && e.dropped(r), r.torn:
		return FateUnobservable
	case r.replied:
		return FateReplyLost
	case r.left && r.bare:
		return FateUntranslated
	case r.left:
		return FateNoReply
	case r.missed:
		return FateNoEgress
	case r.blind || !e.points[outside].present || e.blindAll:
		return FateUnobservable
	}
	return FatePending
}

// retried reports whether other packets of the request's flow left the host, so
// that the answer was to one of those: a later try, not somebody inside.
func (e *Engine) retried(r *request) bool {
	return r.flow >= 0 && e.flows.at(r.flow).left.Packets > 0
}

// dropped reports whether a tap dropped packets while the reply to a request
// that left should have passed it.
func (e *Engine) dropped(r *request) bool {
	side := outside
	if r.replied {
		side = inside
	}
	return e.points[side].droppedIn(r.time, min(r.time+AnswerTime.Nanoseconds(), e.watched(side)))
}

// followed returns how much capture follows a request, nanoseconds: a reply is
// looked for on the WAN, and one that was seen there inside the tunnel too.
func (e *Engine) followed(r *request) int64 {
	switch {
	case !r.replied:
		return e.watched(outside) - r.time
	case e.watched(inside)-r.repliedAt < e.residenceLimit():
		return 0 // the tap inside was gone before the reply could come
	}
	return e.end - r.time
}

// watched returns until when a point was watched so far: a file ends when it
// likes, whatever others go on to show.
func (e *Engine) watched(side int) int64 {
	if pt := &e.points[side]; !pt.open {
		return pt.to
	}
	return e.end
}

// book enters a request into its client's ledger.
func (e *Engine) book(r *request) {
	if r.dnsType != 0 {
		e.bookName(r)
	}
	cl := e.clientAt(r.client)
	fate := e.fate(r)
	fam := &cl.families[familyIndex(family(r.target))]
	if e.own[r.target] {
		return // the host's own address, learned since
	}
	if fate == FateLocal && routable(r.target) && r.flow >= 0 {
		if f := e.flows.at(r.flow); !f.local && !f.elsewhere {
			f.elsewhere = true
			fam.localAnswers++
		}
	}
	if fate != FateAnswered && !routable(r.target) {
		// An answer of the host itself says nothing about the way beyond it.
		if fate != FateLocal {
			fam.unroutable++
		}
		return
	}
	fam.add(r, fate, e.marks, &cl.stages)
}
