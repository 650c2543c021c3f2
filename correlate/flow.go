package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// Directions of a join. Forward leads from the client to its remote.
const (
	forward = 0
	back    = 1
)

// IP protocol numbers (RFC 9293 section 3.1, RFC 768).
const (
	protoTCP = 6
	protoUDP = 17
)

// Sides of a join.
const (
	inside  = 0
	outside = 1
)

// entrySide is the side on which packets of a direction enter the join.
func entrySide(dir uint8) uint8 {
	if dir == forward {
		return inside
	}
	return outside
}

// chainEnds are the two ends of a chain of pending packets, and where the
// search for the next twin begins: behind the one found last.
type chainEnds struct{ head, tail, cursor int32 }

var noChain = chainEnds{-1, -1, -1}

// flow is a conversation seen inside the tunnel. What most packets need stands in
// the first five of its seven cache lines.
type flow struct {
	key         tuple
	live        bool
	clientIsA   bool
	oriented    bool     // the client's end is known, not guessed
	local       bool     // with the host itself or answered by it: no part of any join
	reset       bool     // an RST was seen inside
	stream      bool     // something other than DNS was seen inside
	fin         [2]bool  // by direction: a FIN was seen inside
	fromOut     bool     // opened from outside
	relayed     bool     // a packet at tunnel_out came from beyond the host
	ttl         uint8    // of the client's last packet at tunnel_in
	wanTTL      [2]uint8 // by direction: of the last packet at the WAN
	nat         NATKind
	client      int32
	out         int32    // index of the tied outside flow; -1
	requests    int32    // newest open request; -1
	large       int32    // what of it is not acknowledged, of large segments; -1: nothing
	trouble     int32    // what is lost, repeated or out of order; -1: nothing
	legs        [3]int32 // sketches of what it took forward, at the remote, back; -1: none
	first, last int64
	lastOutside [2]int64 // by direction: time of the last packet on the WAN
	lastReply   int64    // time of the last packet at tunnel_out from beyond the host

	sent, got  Count // tunnel_in, tunnel_out
	left, came Count // wan_out, wan_in
	matched    uint64
	pairs      uint64
	largest    [2]uint32       // by direction: payload of the largest TCP segment seen by itself at either point; 0: none
	progress   [2]progress     // by direction
	pending    [2][2]chainEnds // by direction and side

	hash           uint64
	hostReject     bool // the host answered with an ICMP error or a forged RST
	refused        bool // the host sent the remote an ICMP error
	initiated      bool // a request of the client was seen
	altered        bool // an outside conversation began beside it that no octet ties to it
	elsewhere      bool // a request of it was answered without a twin on the WAN
	requestLeft    bool // a datagram was seen leaving, the last one with this id
	requestID      uint32
	turned         uint32
	translatedPort uint16
	translated     capture.Addr // the host's end of the last tie; zero: never tied
	lost           [2]uint64    // by direction
	unobserved     uint64
	ambiguous      uint64
	doubtful       uint64 // packets that are lost if the flow turns out to be a client's
	unbidden       uint64 // packets at tunnel_out that the WAN tap would have shown, had they come from there
	mapping        mapping
	_              [8]byte // so that each begins with a cache line
}

// mapping is the live translation of a flow.
type mapping struct {
	first  int64
	before uint64 // packets of the flow on the WAN before it
	basis  Basis  // BasisNone: there is none
}

// outflow is a conversation seen on the WAN, tied to a flow or not yet.
type outflow struct {
	key      tuple
	live     bool
	localIsA bool  // valid iff flow >= 0
	flow     int32 // tied flow; -1
	last     int64
	hash     uint64
	pending  [2]chainEnds // untied: from a to b, from b to a
	past     [2]unclaimed // the same, of what waited in vain
}

// note takes notice of what ends a conversation.
func (f *flow) note(p *capture.Packet, dir uint8) {
	switch {
	case p.Kind == capture.KindTCP:
		f.reset = f.reset || p.TCPFlags&capture.TCPRst != 0
		f.fin[dir] = f.fin[dir] || p.TCPFlags&capture.TCPFin != 0
	case p.Flags&(capture.FlagDNSQuery|capture.FlagDNSResponse) == 0:
		f.stream = true
	}
}

// over reports whether a conversation has come to its end as far as the inside
// saw it, with nothing left to judge: a TCP connection closed from both ends or
// reset, DNS with as many responses as queries.
func (f *flow) over() bool {
	ended := f.reset || f.fin[forward] && f.fin[back]
	if f.key.proto != protoTCP {
		ended = !f.stream && f.sent.Packets > 0 && f.got.Packets >= f.sent.Packets
	}
	if !ended || f.requests >= 0 {
		return false
	}
	for dir := range f.pending {
		if f.pending[dir][inside].head >= 0 || f.pending[dir][outside].head >= 0 {
			return false
		}
	}
	return true
}

// yields reports whether an outside flow makes room before another one.
func (o *outflow) yields(other *outflow) bool {
	if (o.flow < 0) != (other.flow < 0) {
		return o.flow < 0
	}
	return o.last < other.last
}

// remote returns the end of the flow beyond the host.
func (f *flow) remote() (capture.Addr, uint16) {
	if f.clientIsA {
		return f.key.b, f.key.bPort
	}
	return f.key.a, f.key.aPort
}

// inner returns the client's end.
func (f *flow) inner() (capture.Addr, uint16) {
	if f.clientIsA {
		return f.key.a, f.key.aPort
	}
	return f.key.b, f.key.bPort
}

// local returns the host's end of a tied outside flow.
func (o *outflow) local() (capture.Addr, uint16) {
	if o.localIsA {
		return o.key.a, o.key.aPort
	}
	return o.key.b, o.key.bPort
}

// slot returns which chain of a tied outside flow holds packets of a direction.
func (o *outflow) slot(dir uint8) uint8 {
	if (dir == forward) == o.localIsA {
		return 0
	}
	return 1
}

// family returns the IP version of an address.
func family(a capture.Addr) Family {
	if a.Is4() {
		return IPv4
	}
	return IPv6
}
