package natsim

import (
	"encoding/binary"
	"net/netip"
)

// datagram sends a datagram of a client.
func (s *sim) datagram(c *conversation, payload []byte) {
	p := &packet{proto: protoUDP, ttl: 64, src: c.key.Client, dst: c.key.Remote, payload: payload, length: len(payload)}
	s.identify(p)
	s.emit(c, p)
}

// reply sends a datagram of the remote to where q came from.
func (s *sim) reply(q *packet, payload []byte) {
	p := &packet{proto: protoUDP, ttl: 57, src: q.dst, dst: q.src, payload: payload, length: len(payload), back: true}
	s.identify(p)
	s.emit(q.conv, p)
}

// question makes a DNS query (RFC 1035 section 4.1).
func question(id uint16, name string, kind byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = append(b, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	b = append(b, byte(len(name)))
	b = append(b, name...)
	return append(b, 3, 'c', 'o', 'm', 0, 0, kind, 0, 1)
}

func (s *sim) startDNS(c *conversation) {
	names := []string{"a", "mail", "example", "static-assets", "api-gateway"}
	q := question(uint16(s.rng.Uint32()), names[s.rng.IntN(len(names))], []byte{1, 28, 65}[s.rng.IntN(3)])
	answered := false
	c.client = func(*packet) { answered = true }
	c.remote = func(p *packet) {
		a := append(append([]byte(nil), p.payload...), 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1)
		a[2], a[3], a[7] = 0x81, 0x80, 1
		s.after(s.between(millisecond, 30*millisecond), func() { s.reply(p, a) })
	}
	var try func(n int)
	try = func(n int) {
		s.datagram(c, q)
		s.after(s.between(second, 2*second), func() {
			if !answered && n < 3 {
				try(n + 1)
			}
		})
	}
	try(1)
}

// startQUIC is a conversation in the sizes of QUIC: long first datagrams, then
// bursts of full ones and acknowledgements.
func (s *sim) startQUIC(c *conversation, rounds int) {
	id := s.bytes(8)
	first := append([]byte{0xc3, 0, 0, 0, 1, 8}, id...)
	first = append(first, s.bytes(1200-len(first))...)
	short := func(n int) []byte {
		b := append([]byte{0x40 | byte(s.rng.IntN(64))}, id...)
		return append(b, s.bytes(n-len(b))...)
	}
	left := rounds
	c.remote = func(p *packet) {
		n := 1 + s.rng.IntN(8)
		size := int(s.between(900, 1250))
		s.after(s.between(millisecond, 5*millisecond), func() {
			for i := range n {
				if i == n-1 && s.chance(0.5) {
					size = int(s.between(200, int64(size)))
				}
				s.reply(p, short(size))
			}
		})
	}
	c.client = func(*packet) {
		if left--; left > 0 && s.chance(0.6) {
			s.after(s.upTo(3*millisecond), func() { s.datagram(c, short(int(s.between(30, 60)))) })
		}
	}
	s.datagram(c, first)
}

// startStream sends n datagrams of a client at an interval, made by content, and
// has each of them answered if it is to be.
func (s *sim) startStream(c *conversation, n int, interval int64, answer bool, content func(i int) []byte) {
	c.client = func(*packet) {}
	c.remote = func(p *packet) {
		if answer {
			s.after(s.between(millisecond, 10*millisecond), func() { s.reply(p, p.payload) })
		}
	}
	var next func(i int)
	next = func(i int) {
		s.datagram(c, content(i))
		if i+1 < n {
			s.after(interval, func() { next(i + 1) })
		}
	}
	next(0)
}

// startEcho pings n times.
func (s *sim) startEcho(c *conversation, n int, payload []byte) {
	request, answer := uint8(8), uint8(0)
	if c.key.Client.Addr().Is6() {
		request, answer = 128, 129
	}
	c.client = func(*packet) {}
	c.remote = func(p *packet) {
		q := &packet{proto: p.proto, ttl: 57, src: netip.AddrPortFrom(p.dst.Addr(), 0), dst: p.src, icmpType: answer,
			icmpSeq: p.icmpSeq, payload: p.payload, length: p.length, back: true}
		s.identify(q)
		s.emit(c, q)
	}
	var next func(i int)
	next = func(i int) {
		p := &packet{proto: c.key.Proto, ttl: 64, src: c.key.Client, dst: c.key.Remote, icmpType: request,
			icmpSeq: uint16(i), payload: payload, length: len(payload)}
		s.identify(p)
		s.emit(c, p)
		if i < n {
			s.after(second, func() { next(i + 1) })
		}
	}
	next(1)
}

// startFailing sends datagrams that a remote or a router on the way answers
// with an ICMP error that quotes them (RFC 792, RFC 4443 section 3).
func (s *sim) startFailing(c *conversation, n int, router bool) {
	c.client = func(*packet) {}
	c.remote = func(p *packet) {
		from := p.dst.Addr()
		q := &packet{proto: protoICMP, ttl: 57, icmpType: 3, icmpCode: 3, back: true}
		if router {
			q.icmpType, q.icmpCode = 11, 0
			from = netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + s.rng.IntN(20))})
		}
		if p.is6() {
			q.proto, q.icmpType, q.icmpCode = protoICMPv6, 1, 4
			if router {
				q.icmpType, q.icmpCode = 3, 0
				from = netip.MustParseAddr("2001:db8:ffff::1")
			}
		}
		q.src, q.dst, q.quote = netip.AddrPortFrom(from, 0), netip.AddrPortFrom(p.src.Addr(), 0), p
		s.identify(q)
		s.emit(c, q)
	}
	var next func(i int)
	next = func(i int) {
		s.datagram(c, s.bytes(40))
		if i+1 < n {
			s.after(s.between(100*millisecond, 500*millisecond), func() { next(i + 1) })
		}
	}
	next(0)
}
