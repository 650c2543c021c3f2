package correlate

import (
	"net/netip"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// maxPeers bounds how many outer endpoints are followed; scanners bring many.
const maxPeers = 4096

// outerWindow is how long after its outer datagram a decrypted packet may show
// up at tunnel_in, nanoseconds: decryption takes well under a millisecond, a
// busy machine some tens.
const outerWindow = 100e6

// joinWindow is how close in time a datagram and the packet in it must be to say
// that two captures belong together, nanoseconds: in captures of two busy
// tunnels, equal sizes meet within outerWindow by chance.
const joinWindow = 5e6

// maxOuterDebts bounds the outer datagrams that wait for their inner packet in
// one class of size.
const maxOuterDebts = 256

// gluedPayload is the smallest UDP payload in octets that is surely several
// datagrams glued together by receive offload: the largest MTU that a tunnel is
// given in practice (9,000 octets) plus WireGuard's own 32.
const gluedPayload = 9032

// peer is one outer endpoint that talks to the server.
type peer struct {
	remote, server         capture.Addr
	remotePort, serverPort uint16

	initiations, responses, cookies uint64
	dataIn, dataOut                 uint64
	keepIn, keepOut                 uint64
	serverInitiations               uint64
	retries                         uint64
	clientResponses                 uint64
	bytesIn, bytesOut, packetsIn    uint64
	packetsOut                      uint64
	fragmented                      uint64 // datagrams of the server that left in fragments
	shortPairs, silentPairs         uint64
	undelivered, calls, delivered   uint64
	unseen                          uint64
	first, last, firstData          int64
	lastInitiation                  int64
	lastPair                        int64 // time of the last answered initiation without data since; unset: none
	issued                          [8]uint32
	issuedN                         int
	pendingIndex                    uint32 // sender index of the last initiation
	answeredIndex                   uint32
	trusted                         bool
	serverSpoke                     bool
	glued                           bool
	samples                         []Sighting
	dataSamples                     int
	homed                           int // clients whose packets come through it

	lastIn      int64
	answered    int64 // time of the last response
	heardSince  bool  // data came in after it
	spokenSince bool  // data went out after it
	stalled     uint64
	open        uint64 // initiations since the last response
	openSince   int64
	smallOut    uint64
	lastDataOut int64

	keyRight, keyWrong      uint64
	lastKeyWrong            bool
	keyChecked, nameChecked int64
	name                    int32 // index of its public key in the keyring; -1: not known

	lastGranted, lastClaimed   uint32 // receiver index of the last data in and out
	grantedKnown, claimedKnown bool
	moved                      bool  // one device, seen at two endpoints
	cameFrom                   int32 // endpoint that its session was begun at; -1: here
	crossing                   int32 // endpoint that lastClaimed belongs to; -1: this one, or not known
	crossedWith                int32
	crossed, crossTurns        uint64
	lastCross                  int64

	refused, unreachable     uint64
	refusedAt, unreachableAt int64
	refusedCode              uint8
}

// outerDebt is an outer data message whose inner packet is awaited.
type outerDebt struct {
	time int64
	peer int32
}

// outerState follows the encrypted side.
type outerState struct {
	port      uint16
	portWhy   string
	servers   map[netip.AddrPort]bool // the host's own ends
	index     table
	keys      []tuple // of the peers
	peers     []*peer
	lastKey   tuple
	lastIndex int32
	hand      int                       // where the search for a peer that makes room goes on
	debts     [gluedPayload][]outerDebt // by payload length
	joined    uint64                    // outer datagrams tied to an inner packet by size and within joinWindow
	inner     uint64                    // packets of clients that came out of the tunnel one by one
	granted   indices                   // issued by the server, by the endpoint that they were sent to
	claimed   indices                   // issued by clients, by the endpoint that they came from
	odd       []oddity
}

func newOuterState() *outerState {
	return &outerState{servers: make(map[netip.AddrPort]bool), index: newTable(), lastIndex: -1}
}

// find returns the index of the peer with a pair of endpoints, or -1.
func (o *outerState) find(key *tuple, h uint64) int32 {
	for i, pos := o.index.next(h, 0); ; i, pos = o.index.next(h, pos) {
		if i < 0 || o.keys[i].is(key) {
			return i
		}
	}
}

// addServer makes an address and port one of the host's own ends.
func (o *outerState) addServer(a netip.AddrPort) {
	if len(o.servers) < 64 {
		o.servers[a] = true
	}
}

// outer takes a packet at the WAN that may be WireGuard's own; false: it is not.
func (e *Engine) outer(p *capture.Packet, t int64, c *capturePoint, b *capture.Batch) bool {
	o := e.outerSide
	if p.Kind != capture.KindUDP {
		return false
	}
	if p.WG.Type == wg.MessageUnknown {
		if o.port != 0 && (p.DstPort == o.port || p.SrcPort == o.port) {
			e.odd(p, t, c)
		}
		return false
	}
	key, _ := tupleOf(p.Src, p.SrcPort, p.Dst, p.DstPort, p.Proto)
	i := o.lastIndex
	if i < 0 || !key.is(&o.lastKey) {
		if i = o.find(&key, p.FlowHash); i < 0 {
			if i = e.newPeer(p, t, key); i < 0 {
				return i == noRoom
			}
		}
		o.lastKey, o.lastIndex = key, i
	}
	pr := o.peers[i]
	pr.last = t
	if p.Src == pr.remote && p.SrcPort == pr.remotePort {
		e.outerIn(pr, i, p, t, c, b)
	} else {
		e.outerOut(pr, i, p, t, c, b)
	}
	return true
}

// noRoom says that a packet is WireGuard's, of an endpoint that is not followed.
const noRoom = -2

// newPeer decides whether an unknown pair of endpoints is a session with this
// host; -1 if it is not.
func (e *Engine) newPeer(p *capture.Packet, t int64, key tuple) int32 {
	o := e.outerSide
	src, dst := addrPort(p.Src, p.SrcPort), addrPort(p.Dst, p.DstPort)
	inbound := o.servers[dst]
	if e.remotes(p) || !inbound && e.forwardedTwin(p, t) {
		return -1
	}
	if !inbound && !o.servers[src] {
		// Another address of the host, or another port than the tunnel's: a client
		// calls it there.
		if p.WG.Type != wg.MessageInitiation || e.facing(p) == int8(forward) || !e.own[p.Dst] && (o.port == 0 || p.DstPort != o.port) {
			return -1
		}
		inbound = true
		o.addServer(dst)
	}
	i := int32(len(o.peers))
	if i < maxPeers {
		o.peers = append(o.peers, &peer{})
		o.keys = append(o.keys, tuple{})
	} else {
		e.evicted++
		if i = o.forgetCaller(); i < 0 {
			return noRoom
		}
	}
	pr := o.peers[i]
	*pr = peer{samples: pr.samples[:0], remote: p.Src, remotePort: p.SrcPort, server: p.Dst, serverPort: p.DstPort, first: t, lastPair: unset, firstData: unset, lastInitiation: unset,
		lastIn: unset, answered: unset, lastCross: unset, keyChecked: unset, nameChecked: unset, name: -1, cameFrom: -1, crossing: -1, crossedWith: -1}
	if !inbound {
		pr.remote, pr.remotePort, pr.server, pr.serverPort = p.Dst, p.DstPort, p.Src, p.SrcPort
	}
	o.keys[i] = key
	o.index.insert(p.FlowHash, i, o.hashOf)
	e.learnOwn(pr.server)
	return i
}

func (o *outerState) hashOf(i int32) uint64 { return o.keys[i].hash() }

// forgetCaller makes room for a peer and returns its index: that of an endpoint
// which called once and was not answered, the longest ago among the next few, as
// forged initiations leave behind by the thousand. A device repeats its call
// (wg.RekeyTimeout), so that it is kept; -1 if all are worth keeping.
func (o *outerState) forgetCaller() int32 {
	best := int32(-1)
	for range retireStep {
		o.hand = (o.hand + 1) % len(o.peers)
		pr := o.peers[o.hand]
		if pr.packetsIn <= 1 && pr.initiations == pr.packetsIn && pr.packetsOut == 0 && (best < 0 || pr.last < o.peers[best].last) {
			best = int32(o.hand)
		}
	}
	if best >= 0 {
		o.index.remove(o.hashOf(best), best, o.hashOf)
		if o.lastIndex == best {
			o.lastIndex = -1
		}
	}
	return best
}

// forwardedTwin reports whether a message that leaves the host is one that a
// client sent through the tunnel: translation can give it the server's own port.
func (e *Engine) forwardedTwin(p *capture.Packet, t int64) bool {
	n := e.newNode(p, t, forward, outside)
	if n.basis == BasisNone {
		return false
	}
	return e.candidate(remoteKey(n.ident, p.Dst, p.DstPort, forward, p.Proto), n, inside).node >= 0
}

// remotes reports whether the outside flow of a packet is tied to a client.
func (e *Engine) remotes(p *capture.Packet) bool {
	key, _ := tupleOf(p.Src, p.SrcPort, p.Dst, p.DstPort, p.Proto)
	oi := e.findOutflow(&key, p.FlowHash)
	return oi >= 0 && e.outflows.at(oi).flow >= 0
}

func (e *Engine) outerIn(pr *peer, i int32, p *capture.Packet, t int64, c *capturePoint, b *capture.Batch) {
	pr.packetsIn++
	pr.lastIn = t
	pr.bytesIn += uint64(p.PayloadLen)
	e.stages[OuterIn].Packets++
	e.stages[OuterIn].Bytes += uint64(p.PayloadLen)
	switch p.WG.Type {
	case wg.MessageInitiation:
		if p.WG.Sender == pr.pendingIndex && pr.lastInitiation != unset && t-pr.lastInitiation <= copySpread {
			// Recorded twice: a retry has an index of its own (whitepaper
			// section 5.4.2), and a scanner's only try must not look like one.
			return
		}
		pr.initiations++
		if pr.lastInitiation != unset && t-pr.lastInitiation < wg.RetryCadenceMax.Nanoseconds() {
			pr.retries++
		}
		pr.lastInitiation = t
		pr.pendingIndex = p.WG.Sender
		if pr.open++; pr.open == 1 {
			pr.openSince = t
		}
		e.checkKey(pr, p, t, b)
		pr.sample(c, p, OuterIn)
	case wg.MessageResponse:
		pr.clientResponses++
		pr.issue(p.WG.Receiver)
		e.outerSide.claimed.note(p.WG.Sender, i)
		e.outerSide.granted.note(p.WG.Receiver, i)
		pr.sample(c, p, OuterIn)
	case wg.MessageCookieReply:
	case wg.MessageTransport:
		pr.lastPair = unset
		pr.heardSince = true
		e.crossIn(pr, i, p.WG.Receiver)
		if pr.firstData == unset {
			pr.firstData = t
		}
		if pr.knows(p.WG.Receiver) || pr.serverSpoke {
			pr.trusted = true
		}
		if p.PayloadLen <= wg.MessageKeepaliveSize {
			pr.keepIn++
			return
		}
		pr.dataIn++
		if p.PayloadLen >= gluedPayload {
			pr.glued = true
			return
		}
		if pr.dataSamples < 3 {
			pr.dataSamples++
			pr.sample(c, p, OuterIn)
		}
		e.oweInner(i, p.PayloadLen, t)
	}
}

func (e *Engine) outerOut(pr *peer, i int32, p *capture.Packet, t int64, c *capturePoint, b *capture.Batch) {
	pr.packetsOut++
	pr.bytesOut += uint64(p.PayloadLen)
	e.stages[OuterOut].Packets++
	e.stages[OuterOut].Bytes += uint64(p.PayloadLen)
	switch p.WG.Type {
	case wg.MessageInitiation:
		pr.serverInitiations++
		pr.issue(p.WG.Sender)
		e.namePeer(pr, p, t, b)
	case wg.MessageResponse:
		pr.responses++
		pr.issue(p.WG.Sender)
		e.outerSide.granted.note(p.WG.Sender, i)
		e.outerSide.claimed.note(p.WG.Receiver, i)
		e.namePeer(pr, p, t, b)
		pr.open = 0
		if p.WG.Receiver == pr.pendingIndex && pr.pendingIndex != pr.answeredIndex {
			pr.answeredIndex = pr.pendingIndex
			pr.noteStall(t)
			if pr.lastPair != unset {
				switch gap := t - pr.lastPair; {
				case gap < wg.RetryCadenceMax.Nanoseconds():
					pr.shortPairs++
				case gap >= wg.SilentCadenceMin.Nanoseconds() && gap <= wg.SilentCadenceMax.Nanoseconds():
					pr.silentPairs++
				}
			}
			pr.lastPair = t
		}
		pr.sample(c, p, OuterOut)
	case wg.MessageCookieReply:
		pr.cookies++
	case wg.MessageTransport:
		if p.Flags&capture.FlagFirstFragment != 0 {
			pr.fragmented++
		}
		if pr.dataIn+pr.keepIn > 0 {
			pr.serverSpoke = true
			pr.trusted = true
		}
		pr.spokenSince = true
		e.crossOut(pr, i, p.WG.Receiver, t)
		switch {
		case p.PayloadLen <= wg.MessageKeepaliveSize:
			pr.keepOut++
		case p.PayloadLen <= refusalSize:
			pr.smallOut++
			fallthrough
		default:
			pr.dataOut++
			pr.lastDataOut = t
		}
	}
}

// refusalSize is the largest transport message in octets that carries what a
// host refuses with: an ICMP error that quotes a whole SYN (28 + 60 octets).
const refusalSize = wg.MessageKeepaliveSize + 112

// noteStall counts handshakes that follow the one before after silence, although
// both sides had spoken: what the server sent did not arrive.
func (pr *peer) noteStall(t int64) {
	if gap := t - pr.answered; pr.answered != unset && pr.heardSince && pr.spokenSince &&
		gap >= wg.SilentCadenceMin.Nanoseconds() && gap <= wg.SilentCadenceMax.Nanoseconds() {
		pr.stalled++
	}
	pr.answered, pr.heardSince, pr.spokenSince = t, false, false
}

// issue notes an index that the server gave out in a handshake seen here.
func (pr *peer) issue(index uint32) {
	pr.issued[pr.issuedN%len(pr.issued)] = index
	pr.issuedN++
}

func (pr *peer) knows(index uint32) bool {
	for _, i := range pr.issued[:min(pr.issuedN, len(pr.issued))] {
		if i == index {
			return true
		}
	}
	return false
}

func (pr *peer) sample(c *capturePoint, p *capture.Packet, stage Stage) {
	if len(pr.samples) < 2*maxSamples {
		pr.samples = append(pr.samples, sighting(c, p, stage))
	}
}

// oweInner lets a data message wait for its decrypted packet.
func (e *Engine) oweInner(i int32, payload uint32, t int64) {
	if !e.points[inside].present {
		return
	}
	list := e.outerSide.debts[payload]
	list = e.expireDebts(list, payload, t-outerWindow)
	if len(list) >= maxOuterDebts {
		if list[0].time < t-outerWindow/2 {
			e.undelivered(list[0], payload)
		}
		list = append(list[:0], list[1:]...)
	}
	e.outerSide.debts[payload] = append(list, outerDebt{t, i})
}

func (e *Engine) expireDebts(list []outerDebt, payload uint32, limit int64) []outerDebt {
	n := 0
	for n < len(list) && list[n].time < limit {
		e.undelivered(list[n], payload)
		n++
	}
	if n == 0 {
		return list
	}
	return append(list[:0], list[n:]...)
}

// undelivered counts a data message that no packet at tunnel_in answers to, if
// one would have been seen.
func (e *Engine) undelivered(d outerDebt, payload uint32) {
	pr := e.outerSide.peers[d.peer]
	if !e.points[inside].covers(d.time+e.slack, d.time+outerWindow/2, 0) {
		if !unasked(payload) {
			pr.unseen++
		}
		return
	}
	pr.undelivered++
	if !unasked(payload) {
		pr.calls++
	}
}

// unasked reports whether a transport message has the size of one that a kernel
// sends by itself when an interface comes up: a router solicitation of 48 octets
// (RFC 4861 section 4.1) or a multicast listener report of 76 octets for one
// group and 20 more for each further one (RFC 3810 section 5.2).
func unasked(payload uint32) bool {
	for _, inner := range [...]int{48, 76, 96, 116, 136} {
		if payload == uint32(wg.TransportSize(inner, 0)) {
			return true
		}
	}
	return false
}

// decrypted ties a packet at tunnel_in to the data message that carried it, by
// size and time: which message it is can be ambiguous between peers, so each
// tie is a vote, and the peer with the most votes is served first.
// cl is nil for packets that are no client's flow (multicast, fragments).
func (e *Engine) decrypted(cl *client, p *capture.Packet, t int64) {
	if len(e.outerSide.peers) == 0 {
		return
	}
	if cl != nil && p.IPLen > 1500 && p.Kind == capture.KindTCP {
		cl.glued = true
		return
	}
	if cl != nil {
		e.outerSide.inner++
	}
	size := uint32(wg.TransportSize(int(p.IPLen), 0))
	if e.payInner(cl, size, t) {
		return
	}
	// Padding stops at the tunnel's MTU: at that size the message is shorter.
	for exact := size - 1; exact >= wg.MessageKeepaliveSize+p.IPLen; exact-- {
		if e.payInner(cl, exact, t) {
			return
		}
	}
}

func (e *Engine) payInner(cl *client, size uint32, t int64) bool {
	if size >= gluedPayload || len(e.outerSide.debts[size]) == 0 {
		return false
	}
	list := e.outerSide.debts[size]
	list = e.expireDebts(list, size, t-outerWindow)
	home := int32(-1)
	if cl != nil {
		home = cl.homePeer()
	}
	best := -1
	for i, d := range list {
		if d.time > t+e.slack {
			break
		}
		if d.peer == home {
			best = i
			break
		}
		if best < 0 && (home < 0 || e.outerSide.peers[d.peer].homed == 0) {
			best = i
		}
	}
	if best < 0 {
		e.outerSide.debts[size] = list
		return false
	}
	pi := list[best].peer
	e.outerSide.peers[pi].delivered++
	if d := t - list[best].time; d <= joinWindow && d >= -joinWindow {
		e.outerSide.joined++
	}
	if cl != nil {
		e.vote(cl, pi)
	}
	e.outerSide.debts[size] = append(list[:best], list[best+1:]...)
	return true
}

// vote ties a client to a peer once more, and keeps count of the peers that
// are somebody's home.
func (e *Engine) vote(c *client, pi int32) {
	before := c.homePeer()
	c.vote(pi)
	if after := c.homePeer(); after != before {
		if before >= 0 {
			e.outerSide.peers[before].homed--
		}
		if after >= 0 {
			e.outerSide.peers[after].homed++
		}
	}
}

// state names how far a peer came.
func (pr *peer) state() PeerState {
	data := pr.dataIn+pr.keepIn > 0
	switch {
	case data && (pr.responses > 0 || pr.clientResponses > 0):
		return PeerEstablished
	case data:
		return PeerDataOnly
	case pr.initiations > 0 && pr.responses > 0:
		return PeerNotCompleted
	case pr.initiations > 0:
		return PeerUnanswered
	}
	return PeerSilent
}

// addrPort converts an end to netip.
func addrPort(a capture.Addr, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(a.Netip(), port)
}
