package correlate

import (
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/capture"
)

// maxClients bounds how many inner addresses are followed: the tunnel side of a
// hostile capture can name millions.
const maxClients = 4096

// client is one inner address.
type client struct {
	addr      capture.Addr
	confirmed bool // known to be a client, not only guessed from a packet
	stages    [NumStages]Count
	first     int64
	last      int64
	attempts  uint64
	families  [2]familyState
	peerVotes []peerVote
	resolvers []*resolver
	good      *goodNames // nil: no name was answered for
	asked     asked
	acked     [2]uint32  // by direction: the largest TCP packet whose beginning was acknowledged, of large ones
	mss       uint16     // the largest that it offered
	stalls    []Sighting // third repetitions of large segments
	glued     bool       // merged segments at tunnel_in: sizes do not tell messages apart
}

type peerVote struct {
	peer  int32
	votes uint32
}

// familyState is what a client did in one family.
type familyState struct {
	ledgers      []*ledger
	marked       int64 // time of the last mark that was heeded
	replies      uint64
	lastReply    int64  // time of the last of them
	known        *known // nil: nobody has answered
	replyToInner uint64
	unroutable   uint64
	localAnswers uint64
	wanAddrs     []capture.Addr
	signs        *signs
}

func familyIndex(f Family) int {
	if f == IPv6 {
		return 1
	}
	return 0
}

// clientAt returns a client by index.
func (e *Engine) clientAt(i int32) *client { return e.clients[i] }

// clientOf returns the index of the client with an address, made if needed.
// When there are too many, all the rest share one without an address, which is
// never confirmed nor listed: it must not speak for anybody.
func (e *Engine) clientOf(a capture.Addr, t int64) int32 {
	if i, ok := e.clientIndex[a]; ok {
		c := e.clients[i]
		if c.first == unset || t < c.first {
			c.first = t
		}
		c.last = max(c.last, t)
		return i
	}
	i := int32(len(e.clients))
	if i > maxClients {
		e.evicted++
		return maxClients
	}
	if i == maxClients {
		e.evicted++
		a = capture.Addr{} // that of nobody, under which the rest is summed up
	}
	e.clients = append(e.clients, &client{addr: a, first: t, last: t, confirmed: e.givenClient(a)})
	e.clientIndex[a] = i
	return i
}

// confirmClient notes that packets proved an address to be a client.
func (e *Engine) confirmClient(i int32) { e.clients[i].confirmed = i < maxClients }

// isClient reports whether an address is known to be a client.
func (e *Engine) isClient(a capture.Addr) bool {
	if i, ok := e.clientIndex[a]; ok {
		return e.clients[i].confirmed
	}
	return e.givenClient(a)
}

// givenClient reports whether the person or the settings name a as a client.
func (e *Engine) givenClient(a capture.Addr) bool {
	if len(e.opts.Clients) == 0 || e.own[a] {
		return false
	}
	ip := a.Netip()
	return slices.ContainsFunc(e.opts.Clients, func(p netip.Prefix) bool { return p.Contains(ip) })
}

func (c *client) noteWANAddr(a capture.Addr, fam Family) {
	f := &c.families[familyIndex(fam)]
	if len(f.wanAddrs) < 8 && !slices.Contains(f.wanAddrs, a) {
		f.wanAddrs = append(f.wanAddrs, a)
	}
}

// routable reports whether the internet can send to an address: not private
// (RFC 1918, RFC 4193), shared (RFC 6598), loopback, link-local or unspecified.
func routable(a capture.Addr) bool {
	ip := a.Netip()
	return ip.IsValid() && !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() &&
		!ip.IsMulticast() && !ip.IsUnspecified() && !sharedSpace.Contains(ip)
}

// sharedSpace is the address block of carrier-grade NAT (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
