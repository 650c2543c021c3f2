package capture

// ICMP and ICMPv6 message types (RFC 792, RFC 4443).
const (
	icmpEchoReply       = 0
	icmpUnreachable     = 3
	icmpSourceQuench    = 4
	icmpEchoRequest     = 8
	icmpTimeExceeded    = 11
	icmpParameter       = 12
	icmpFragNeededCode  = 4
	icmp6Unreachable    = 1
	icmp6PacketTooBig   = 2
	icmp6Parameter      = 4
	icmp6EchoRequest    = 128
	icmp6EchoReply      = 129
	icmpHeaderLen       = 8
	maxQuotedExtensions = 8
)

// decodeICMP decodes an ICMP message of length octets of which b was captured.
// Redirects quote a packet as errors do, but that packet was forwarded: they
// are KindICMPOther.
func decodeICMP(p *Packet, b []byte, length int, extras *Extras) {
	if !startICMP(p, b, length) {
		return
	}
	switch p.ICMPType {
	case icmpEchoRequest:
		decodeEcho(p, KindEchoRequest, b, length)
	case icmpEchoReply:
		decodeEcho(p, KindEchoReply, b, length)
	case icmpUnreachable, icmpSourceQuench, icmpTimeExceeded, icmpParameter:
		var mtu uint32
		if p.ICMPType == icmpUnreachable && p.ICMPCode == icmpFragNeededCode {
			mtu = uint32(be16(b[6:])) // RFC 1191 section 4
		}
		decodeError(p, b[icmpHeaderLen:], mtu, extras)
	}
}

// decodeICMPv6 is decodeICMP for ICMPv6 (RFC 4443 section 3).
func decodeICMPv6(p *Packet, b []byte, length int, extras *Extras) {
	if !startICMP(p, b, length) {
		return
	}
	switch t := p.ICMPType; {
	case t == icmp6EchoRequest:
		decodeEcho(p, KindEchoRequest, b, length)
	case t == icmp6EchoReply:
		decodeEcho(p, KindEchoReply, b, length)
	case t >= icmp6Unreachable && t <= icmp6Parameter:
		var mtu uint32
		if t == icmp6PacketTooBig {
			mtu = be32(b[4:])
		}
		decodeError(p, b[icmpHeaderLen:], mtu, extras)
	}
}

func startICMP(p *Packet, b []byte, length int) bool {
	if len(b) < icmpHeaderLen || length < icmpHeaderLen {
		return false
	}
	p.Kind = KindICMPOther
	p.ICMPType, p.ICMPCode = b[0], b[1]
	p.PayloadLen = uint32(length - icmpHeaderLen)
	return true
}

func decodeEcho(p *Packet, kind Kind, b []byte, length int) {
	p.Kind = kind
	p.SrcPort, p.DstPort = echoPorts(kind, be16(b[4:]))
	p.Seq = uint32(be16(b[6:]))
	hashPayload(p, b[icmpHeaderLen:], length-icmpHeaderLen)
}

// echoPorts puts the identifier on the client's side, where a port would be.
func echoPorts(kind Kind, id uint16) (src, dst uint16) {
	if kind == KindEchoRequest {
		return id, 0
	}
	return 0, id
}

func decodeError(p *Packet, quoted []byte, mtu uint32, extras *Extras) {
	p.Kind = KindICMPError
	if extras == nil {
		return
	}
	q := Quote{MTU: mtu}
	if decodeQuote(&q, quoted) {
		p.Ref = int32(len(extras.Quotes))
		extras.Quotes = append(extras.Quotes, q)
	}
}

// decodeQuote reads the headers that an error returns: at least the IP header
// and 8 octets (RFC 792), more by RFC 1812 section 4.3.2.3. It reports whether
// the addresses could be read.
func decodeQuote(q *Quote, b []byte) bool {
	switch {
	case len(b) >= 20 && b[0]>>4 == 4 && b[0]&15 >= 5:
		q.Src, q.Dst = AddrFrom4(b[12:]), AddrFrom4(b[16:])
		q.TTL, q.Proto = b[8], b[9]
		if header := int(b[0]&15) * 4; be16(b[6:])&0x1fff == 0 && len(b) > header {
			quotePorts(q, b[header:])
		}
		return true
	case len(b) >= 40 && b[0]>>4 == 6:
		q.Src, q.Dst = AddrFrom16(b[8:]), AddrFrom16(b[24:])
		q.TTL, q.Proto = b[7], b[6]
		if q.Src.Is4() || q.Dst.Is4() {
			return false
		}
		b = b[40:]
		for range maxQuotedExtensions {
			size := 8
			switch q.Proto {
			case protoHopByHop, protoRouting, protoDestOpts, protoMobility, protoHIP, protoShim6:
				if len(b) >= 2 {
					size += int(b[1]) * 8
				}
			case protoAH:
				if len(b) >= 2 {
					size += int(b[1]) * 4
				}
			case protoFragment:
				if len(b) >= 4 && be16(b[2:])&^7 != 0 {
					q.Proto = b[0]
					return true
				}
			default:
				quotePorts(q, b)
				return true
			}
			if len(b) < size {
				return true
			}
			q.Proto = b[0]
			b = b[size:]
		}
		return true
	}
	return false
}

// quotePorts reads the first octets of a quoted transport header.
func quotePorts(q *Quote, b []byte) {
	if len(b) < 8 {
		return
	}
	switch q.Proto {
	case protoTCP:
		q.SrcPort, q.DstPort = be16(b), be16(b[2:])
		q.Seq = be32(b[4:])
	case protoUDP:
		q.SrcPort, q.DstPort = be16(b), be16(b[2:])
	case protoICMP, protoICMPv6:
		kind := KindICMPOther
		switch {
		case q.Proto == protoICMP && b[0] == icmpEchoRequest, q.Proto == protoICMPv6 && b[0] == icmp6EchoRequest:
			kind = KindEchoRequest
		case q.Proto == protoICMP && b[0] == icmpEchoReply, q.Proto == protoICMPv6 && b[0] == icmp6EchoReply:
			kind = KindEchoReply
		default:
			return
		}
		q.SrcPort, q.DstPort = echoPorts(kind, be16(b[4:]))
		q.Seq = uint32(be16(b[6:]))
	}
}
