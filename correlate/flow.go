package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// Directions of a join. Forward leads from the client to its remote.
const (
	forward = 0
	back    = 1
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

// flow is a conversation seen inside the tunnel.
type flow struct {
	key        tuple
	hash       uint64
	live       bool
	clientIsA  bool
	oriented   bool     // the client's end is known, not guessed
	local      bool     // with the host itself or answered by it: no part of any join
	hostReject bool     // the host answered with an ICMP error or a forged RST
	refused    bool     // the host sent the remote an ICMP error
	fromOut    bool     // opened from outside
	initiated  bool     // a request of the client was seen
	ttl        uint8    // of the client's last packet at tunnel_in
	wanTTL     [2]uint8 // by direction: of the last packet at the WAN
	turned     uint32
	elsewhere  bool // a request of it was answered without a twin on the WAN
	client     int32
	out        int32 // index of the tied outside flow; -1
	mapping    int32 // index of the live mapping; -1
	requests   int32 // newest open request; -1

	sent, got      Count     // tunnel_in, tunnel_out
	left, came     Count     // wan_out, wan_in
	lost           [2]uint64 // by direction
	matched        uint64
	pairs          uint64
	unobserved     uint64
	nat            NATKind
	translated     capture.Addr // the host's end of the last tie; zero: never tied
	translatedPort uint16
	lastOutside    int64 // time of the last packet on the WAN
	ambiguous      uint64
	segment        [2]uint32       // by direction: the largest payload of a TCP packet that was not merged
	doubtful       uint64          // packets that are lost if the flow turns out to be a client's
	unbidden       uint64          // packets at tunnel_out that the WAN tap would have shown, had they come from there
	pending        [2][2]chainEnds // by direction and side
	legs           [3]sketch       // forward, remote, back
	first, last    int64
}

// outflow is a conversation seen on the WAN, tied to a flow or not yet.
type outflow struct {
	live     bool
	key      tuple
	hash     uint64
	flow     int32        // tied flow; -1
	localIsA bool         // valid iff flow >= 0
	pending  [2]chainEnds // untied: from a to b, from b to a
	past     [2]unclaimed // the same, of what waited in vain
	last     int64
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

// family returns the IP version of an address.
func family(a capture.Addr) Family {
	if a.Is4() {
		return IPv4
	}
	return IPv6
}
