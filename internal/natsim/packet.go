package natsim

import (
	"encoding/binary"
	"net/netip"
)

// IP protocol numbers (www.iana.org/assignments/protocol-numbers).
const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
)

// TCP header flags (RFC 9293 section 3.1).
const (
	flagFin = 1 << iota
	flagSyn
	flagRst
	flagPsh
	flagAck
)

// part is one packet as an endpoint sent it, or a copy that a network made: the
// label by which it is followed from record to record.
type part struct{ id, octets int }

// packet is an IP packet on its way. Echo messages carry their identifier as
// the port of the client's side, as a translator sees it.
type packet struct {
	src, dst netip.AddrPort
	proto    uint8
	ttl      uint8
	ipid     uint16

	seq, ack     uint32
	tsval, tsecr uint32
	window, mss  uint16
	flags        uint8
	stamps       bool // carries TCP timestamps

	icmpType, icmpCode uint8
	icmpSeq            uint16
	quote              *packet // what an ICMP error returns

	payload []byte // its first octets; the rest are zero
	length  int    // octets of payload

	parts []part
	conv  *conversation
	back  bool // from the remote to the client
}

func (p *packet) is6() bool { return p.src.Addr().Is6() }

func (p *packet) clone() *packet {
	q := *p
	return &q
}

// octets is what the packet occupies of the TCP sequence space, or its payload.
func (p *packet) octets() int {
	n := p.length
	if p.proto == protoTCP {
		if p.flags&flagSyn != 0 {
			n++
		}
		if p.flags&flagFin != 0 {
			n++
		}
	}
	return n
}

// tcpOptions returns the options of a segment.
func (p *packet) tcpOptions() []byte {
	var o []byte
	if p.mss != 0 {
		o = append(o, 2, 4, byte(p.mss>>8), byte(p.mss))
	}
	if p.stamps {
		o = append(o, 1, 1, 8, 10)
		o = binary.BigEndian.AppendUint32(o, p.tsval)
		o = binary.BigEndian.AppendUint32(o, p.tsecr)
	}
	return o
}

// transport returns the octets behind the IP header, as many of the payload as
// are held, and their full length.
func (p *packet) transport() ([]byte, int) {
	be := binary.BigEndian
	switch p.proto {
	case protoTCP:
		options := p.tcpOptions()
		b := make([]byte, 20, 20+len(options)+len(p.payload))
		be.PutUint16(b, p.src.Port())
		be.PutUint16(b[2:], p.dst.Port())
		be.PutUint32(b[4:], p.seq)
		be.PutUint32(b[8:], p.ack)
		b[12] = byte(20+len(options)) << 2
		b[13] = p.flags
		be.PutUint16(b[14:], p.window)
		return append(append(b, options...), p.payload...), 20 + len(options) + p.length
	case protoUDP:
		b := make([]byte, 8, 8+len(p.payload))
		be.PutUint16(b, p.src.Port())
		be.PutUint16(b[2:], p.dst.Port())
		be.PutUint16(b[4:], uint16(8+p.length))
		return append(b, p.payload...), 8 + p.length
	}
	b := make([]byte, 8, 8+len(p.payload))
	b[0], b[1] = p.icmpType, p.icmpCode
	if p.quote != nil {
		q, _ := p.quote.marshal(options{})
		room := 20 + 8
		if p.is6() {
			room = 40 + 8
		}
		b = append(b, q[:min(len(q), room)]...)
		return b, len(b)
	}
	id := p.src.Port()
	if p.back {
		id = p.dst.Port()
	}
	be.PutUint16(b[4:], id)
	be.PutUint16(b[6:], p.icmpSeq)
	return append(b, p.payload...), 8 + p.length
}

// options say how a packet looks at one tap.
type options struct {
	extended bool // IPv6: with a destination options header
	limit    int  // octets that are needed; 0: all
}

// marshal returns the first octets of the packet and its full length.
func (p *packet) marshal(o options) ([]byte, int) {
	b, n := p.transport()
	if o.limit == 0 {
		b = append(b, make([]byte, n-len(b))...)
	} else if short := min(n, o.limit) - len(b); short > 0 {
		b = append(b, make([]byte, short)...)
	}
	be := binary.BigEndian
	if p.is6() {
		h := make([]byte, 40, 48+len(b))
		h[0] = 0x60
		h[6], h[7] = p.proto, p.ttl
		src, dst := p.src.Addr().As16(), p.dst.Addr().As16()
		copy(h[8:], src[:])
		copy(h[24:], dst[:])
		if o.extended {
			h[6] = 60 // destination options, padded (RFC 8200 section 4.6)
			h = append(h, p.proto, 0, 1, 4, 0, 0, 0, 0)
			n += 8
		}
		if n <= 0xffff {
			be.PutUint16(h[4:], uint16(n))
		}
		return append(h, b...), 40 + n
	}
	h := make([]byte, 20, 20+len(b))
	h[0] = 0x45
	be.PutUint16(h[2:], uint16(20+n))
	be.PutUint16(h[4:], p.ipid)
	h[8], h[9] = p.ttl, p.proto
	src, dst := p.src.Addr().As4(), p.dst.Addr().As4()
	copy(h[12:], src[:])
	copy(h[16:], dst[:])
	be.PutUint16(h[10:], ^checksum(h))
	return append(h, b...), 20 + n
}

// checksum is the ones' complement sum of an IPv4 header (RFC 1071).
func checksum(h []byte) uint16 {
	sum := uint32(0)
	for i := 0; i+1 < len(h); i += 2 {
		sum += uint32(h[i])<<8 | uint32(h[i+1])
	}
	sum = sum>>16 + sum&0xffff
	return uint16(sum>>16 + sum)
}

// fragments cuts a whole IPv4 packet into pieces of at most mtu octets
// (RFC 791 section 3.2). Who fragments gives the packet an identification
// (RFC 6864 section 4.1); here it is id where there is none.
func fragments(b []byte, mtu int, id uint16) [][]byte {
	step := (mtu - 20) &^ 7
	if binary.BigEndian.Uint16(b[4:]) == 0 {
		binary.BigEndian.PutUint16(b[4:], id|1)
	}
	body := b[20:]
	var out [][]byte
	for at := 0; at < len(body); at += step {
		n := min(step, len(body)-at)
		f := append(append(make([]byte, 0, 20+n), b[:20]...), body[at:at+n]...)
		field := uint16(at / 8)
		if at+n < len(body) {
			field |= 0x2000
		}
		binary.BigEndian.PutUint16(f[2:], uint16(20+n))
		binary.BigEndian.PutUint16(f[6:], field)
		f[10], f[11] = 0, 0
		binary.BigEndian.PutUint16(f[10:], ^checksum(f[:20]))
		out = append(out, f)
	}
	return out
}
