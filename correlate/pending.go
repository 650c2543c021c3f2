package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// node is a packet at one point that waits for its twin at the other.
type node struct {
	time    int64  // on the tunnel's clock
	ident   uint64 // what identifies it across the join; see identity
	ident64 uint64 // the longer hash of a datagram; 0 if it was not captured
	index   uint64 // key in the identity index; 0: not indexed
	frame   uint64

	length uint32 // octets of the IP packet
	octets uint32 // TCP: sequence numbers occupied; else payload length
	unpaid uint32 // of octets
	lo, hi uint32 // TCP: what is not paid yet lies from lo to before hi
	seq    uint32 // TCP; else what ties a reply to its request
	ack    uint32
	part   uint32 // of glued datagrams: octets of the first one; 0: none seen
	tsval  uint32
	fragID uint32

	owner      int32 // flow or outflow
	prev, next int32 // in the owner's chain
	up, down   int32 // in the index's chain
	sibling    int32 // the same packet read in the other direction; -1
	request    int32 // the request that this packet is; -1
	requestGen uint32
	gen        uint32
	capture    int32

	srcPort uint16
	window  uint16
	side    uint8
	dir     uint8 // forward or back; of an outflow's node: from the remote's view of the packet
	slot    uint8 // which of the owner's chains
	outer   bool  // owner is an outflow
	tcp     bool
	hasTS   bool
	first   bool  // first fragment of several
	vague   bool  // several flows' packets fitted equally well before
	refusal bool  // an ICMP error
	flags   uint8 // TCP flags
	basis   Basis
}

// due is an entry of the queue by time.
type due struct {
	node int32
	gen  uint32
}

// queue is a ring of nodes in the order in which they were added, which is that
// of time but for small disorder.
type queue struct {
	ring       []due
	head, size int
}

func (q *queue) push(d due) {
	if q.size == len(q.ring) {
		grown := make([]due, max(1024, 2*len(q.ring)))
		n := copy(grown, q.ring[q.head:])
		copy(grown[n:], q.ring[:q.head])
		q.ring, q.head = grown, 0
	}
	q.ring[(q.head+q.size)&(len(q.ring)-1)] = d
	q.size++
}

func (q *queue) first() due { return q.ring[q.head] }

func (q *queue) at(i int) due { return q.ring[(q.head+i)&(len(q.ring)-1)] }

func (q *queue) pop() due {
	d := q.ring[q.head]
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.size--
	return d
}

// pending holds all waiting packets: in a slab, in chains of their owners, in two
// queues by time, and (those whose flow is not tied) in an index by identity.
// Nearly all find their twin soon, so that few move on to the queue of those that
// have been looked at as overdue.
type pending struct {
	nodes   slab[node]
	fresh   queue
	overdue queue // all of it before what is in fresh
	buckets []int32
	indexed int
	gen     uint32
}

func newPending(limit int) pending {
	p := pending{nodes: newSlab[node](limit), buckets: make([]int32, 1<<12)}
	for i := range p.buckets {
		p.buckets[i] = -1
	}
	return p
}

// add puts a node at the end of ends and into the queue by time.
func (p *pending) add(ends *chainEnds, from *node) int32 {
	i := p.nodes.alloc()
	n := p.nodes.at(i)
	*n = *from
	if p.gen++; p.gen == 0 {
		p.gen = 1 // 0 is that of a slot that is free
	}
	n.gen, n.index = p.gen, 0
	n.prev, n.next, n.up, n.down, n.sibling = ends.tail, -1, -1, -1, -1
	if ends.tail >= 0 {
		p.nodes.at(ends.tail).next = i
	} else {
		ends.head = i
	}
	ends.tail = i
	if ends.cursor < 0 {
		ends.cursor = i
	}
	p.fresh.push(due{i, n.gen})
	return i
}

// unlink takes a node out of its owner's chain.
func (p *pending) unlink(ends *chainEnds, i int32) {
	n := p.nodes.at(i)
	if ends.cursor == i {
		ends.cursor = n.next
	}
	if n.prev >= 0 {
		p.nodes.at(n.prev).next = n.next
	} else {
		ends.head = n.next
	}
	if n.next >= 0 {
		p.nodes.at(n.next).prev = n.prev
	} else {
		ends.tail = n.prev
	}
	n.prev, n.next = -1, -1
}

// index makes a node findable by key.
func (p *pending) index(i int32, key uint64) {
	if 2*p.indexed > len(p.buckets) {
		p.grow()
	}
	n := p.nodes.at(i)
	n.index = key
	b := &p.buckets[key&uint64(len(p.buckets)-1)]
	n.up, n.down = -1, *b
	if *b >= 0 {
		p.nodes.at(*b).up = i
	}
	*b = i
	p.indexed++
}

func (p *pending) unindex(i int32) {
	n := p.nodes.at(i)
	if n.index == 0 {
		return
	}
	if n.up >= 0 {
		p.nodes.at(n.up).down = n.down
	} else {
		p.buckets[n.index&uint64(len(p.buckets)-1)] = n.down
	}
	if n.down >= 0 {
		p.nodes.at(n.down).up = n.up
	}
	n.index, n.up, n.down = 0, -1, -1
	p.indexed--
}

func (p *pending) grow() {
	old := p.buckets
	p.buckets = make([]int32, 4*len(old))
	for i := range p.buckets {
		p.buckets[i] = -1
	}
	p.indexed = 0
	for _, head := range old {
		for i := head; i >= 0; {
			n := p.nodes.at(i)
			next := n.down
			p.index(i, n.index)
			i = next
		}
	}
}

// bucket returns the first node of the chain that may hold key; -1: none.
func (p *pending) bucket(key uint64) int32 { return p.buckets[key&uint64(len(p.buckets)-1)] }

// release forgets a node that is in no owner's chain any more.
func (p *pending) release(i int32) {
	p.unindex(i)
	p.nodes.release(i)
}

// identity returns what identifies a packet across a translation: not its
// source, ports of the client, TTL, checksums or options, which translation
// may change. basis is BasisNone where nothing identifies it enough to tie two
// flows together (a pure ACK, a datagram of which nothing was captured).
func identity(pk *capture.Packet) (ident uint64, basis Basis) {
	switch pk.Kind {
	case capture.KindTCP:
		if pk.TCPOctets() == 0 {
			return mix(uint64(pk.Seq)<<32|uint64(pk.Ack), uint64(pk.TCPFlags&capture.TCPRst)|1<<40), BasisNone
		}
		ack := pk.Ack
		if pk.TCPFlags&capture.TCPAck == 0 {
			ack = 0
		}
		return mix(uint64(pk.Seq)<<32|uint64(ack), uint64(pk.TCPFlags&capture.TCPSyn)|2<<40), BasisOctets
	case capture.KindUDP:
		if pk.WG.Type == wg.MessageTransport {
			// A WireGuard session of the client's own: index and counter name
			// the message.
			return mix(uint64(pk.WG.Receiver), pk.WG.Counter), BasisPayload
		}
		if pk.Hash16 == 0 {
			return mix(uint64(pk.FragID)<<32|uint64(pk.PayloadLen), 3<<40), BasisNone
		}
		basis = BasisPayload
		if pk.Flags&(capture.FlagDNSQuery|capture.FlagDNSResponse) != 0 {
			basis = BasisDNS
		}
		return pk.Hash16, basis
	case capture.KindEchoRequest, capture.KindEchoReply:
		return mix(pk.Hash16, uint64(pk.Seq)|4<<40), BasisEcho
	}
	return mix(uint64(pk.FragID)<<32|uint64(pk.IPLen), uint64(pk.Proto)|5<<40), headerBasis(pk)
}

// synIdentity returns the identity of a SYN without data with a sequence number.
func synIdentity(seq uint32) uint64 { return mix(uint64(seq)<<32, uint64(capture.TCPSyn)|2<<40) }

// headerBasis lets other protocols (ESP, GRE, ...) be tied by length and IP
// identification, which is worth something only where it is set.
func headerBasis(pk *capture.Packet) Basis {
	if pk.FragID == 0 {
		return BasisNone
	}
	return BasisHeader
}
