package capture

// IP protocol numbers (www.iana.org/assignments/protocol-numbers).
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoTCP      = 6
	protoUDP      = 17
	protoRouting  = 43
	protoFragment = 44
	protoAH       = 51
	protoICMPv6   = 58
	protoNone     = 59
	protoDestOpts = 60
	protoMobility = 135
	protoHIP      = 139
	protoShim6    = 140
)

// maxExtensionHeaders bounds the chain that is followed. RFC 8200 section 4.1
// allows each header once and destination options twice: eight at most.
const maxExtensionHeaders = 16

// decodeIP decodes by the version in the first octet, whatever the link type
// promised: 228 and 229 are found with the other version inside.
func decodeIP(p *Packet, b []byte, rest int, extras *Extras) {
	if len(b) == 0 {
		return
	}
	switch b[0] >> 4 {
	case 4:
		decodeIPv4(p, b, rest, extras)
	case 6:
		decodeIPv6(p, b, rest, extras)
	}
}

// ipLength settles the length of an IP packet: total by its header, rest by the
// frame, of which b was captured. credible says whether a header that claims
// more than the frame holds can be believed. It returns the length and b
// without what follows the packet (Ethernet padding, trailers).
func ipLength(p *Packet, b []byte, total, header, rest int, credible bool) (int, []byte) {
	switch {
	case total < header, total > rest && (!credible || p.Flags&FlagTruncated != 0):
		// Segmentation offload leaves the length 0 (LSOv2) or too small for
		// BIG TCP and jumbograms, and damage makes it anything: the frame
		// knows better.
		p.Flags |= FlagLengthGuessed
		total = rest
	case total > rest:
		// A frame that claims to be whole and is shorter than its packet was
		// cut by a recorder that does not say so (Windows' ndiscap); the header
		// still knows the length, and two taps cut at different places must
		// not disagree about it.
		p.Flags |= FlagTruncated
	}
	p.IPLen = uint32(total)
	return total, b[:min(len(b), total)]
}

// credibleHeader4 reports whether the checksum of an IPv4 header (RFC 1071) is
// right, or 0: left to the adapter.
func credibleHeader4(h []byte) bool {
	if h[10] == 0 && h[11] == 0 {
		return true
	}
	sum := uint32(0)
	for i := 0; i+1 < len(h); i += 2 {
		sum += uint32(be16(h[i:]))
	}
	sum = sum>>16 + sum&0xffff
	return sum+sum>>16 == 0xffff
}

func decodeIPv4(p *Packet, b []byte, rest int, extras *Extras) {
	if len(b) < 20 || b[0]>>4 != 4 || b[0]&15 < 5 {
		return
	}
	header := int(b[0]&15) * 4
	p.Kind = KindIP
	p.Src, p.Dst = AddrFrom4(b[12:]), AddrFrom4(b[16:])
	p.TTL, p.Proto = b[8], b[9]
	p.FragID = uint32(be16(b[4:]))
	if isGroup4(b[16], p.Dst.Lo) || isLinkLocal4(p.Src.Lo) || isLinkLocal4(p.Dst.Lo) {
		p.Flags |= FlagGroup
	}
	frag := be16(b[6:])
	total := int(be16(b[2:]))
	credible := total <= rest || len(b) >= header && credibleHeader4(b[:header])
	total, b = ipLength(p, b, total, header, rest, credible)
	if total < header {
		return
	}
	p.PayloadLen = uint32(total - header)
	if offset := frag & 0x1fff; offset != 0 {
		p.Kind = KindFragment
		p.FragOffset = offset * 8
		if frag&0x2000 == 0 {
			p.Flags |= FlagLastFragment
		}
		return
	}
	if frag&0x2000 != 0 {
		p.Flags |= FlagFirstFragment
	}
	if len(b) > header {
		decodeTransport(p, b[header:], total-header, false, extras)
	}
}

func decodeIPv6(p *Packet, b []byte, rest int, extras *Extras) {
	if len(b) < 40 || b[0]>>4 != 6 {
		return
	}
	src, dst := AddrFrom16(b[8:]), AddrFrom16(b[24:])
	if src.Is4() || dst.Is4() {
		// Must not be seen on a wire (RFC 4038 section 4.2), and would pass
		// for IPv4 here: a way to forge another client's flow.
		return
	}
	p.Kind = KindIP
	p.Src, p.Dst = src, dst
	p.TTL, p.Proto = b[7], b[6]
	if b[24] == 0xff || isLinkLocal6(src) || isLinkLocal6(dst) {
		p.Flags |= FlagGroup
	}
	length := int(be16(b[4:]))
	if length == 0 && p.Proto != protoNone {
		length = -1 // jumbogram (RFC 2675) or BIG TCP: let the frame decide
	}
	total, b := ipLength(p, b, 40+length, 40, rest, true)
	if total < 40 {
		return
	}
	p.PayloadLen = uint32(total - 40)

	at := 40
	for range maxExtensionHeaders {
		size := 0
		switch p.Proto {
		case protoHopByHop, protoRouting, protoDestOpts, protoMobility, protoHIP, protoShim6:
			if len(b) >= at+2 {
				size = 8 + int(b[at+1])*8
			}
		case protoAH:
			if len(b) >= at+2 {
				size = 8 + int(b[at+1])*4
			}
		case protoFragment:
			if len(b) >= at+8 {
				size = 8
			}
		default:
			if len(b) > at {
				decodeTransport(p, b[at:], total-at, true, extras)
			}
			return
		}
		if size == 0 || len(b) < at+size {
			return
		}
		header := p.Proto
		p.Proto = b[at]
		p.PayloadLen = uint32(total - at - size)
		if header == protoFragment {
			p.FragID = be32(b[at+4:])
			field := be16(b[at+2:])
			if offset := field &^ 7; offset != 0 {
				p.Kind = KindFragment
				p.FragOffset = offset
				if field&1 == 0 {
					p.Flags |= FlagLastFragment
				}
				return
			}
			// Without more fragments it is an atomic one, a whole packet
			// (RFC 6946).
			if field&1 != 0 {
				p.Flags |= FlagFirstFragment
			}
		}
		at += size
	}
}

// decodeTransport decodes what follows the IP headers: length octets by the
// headers, of which b was captured.
func decodeTransport(p *Packet, b []byte, length int, v6 bool, extras *Extras) {
	switch p.Proto {
	case protoTCP:
		decodeTCP(p, b, length)
	case protoUDP:
		decodeUDP(p, b, length, extras)
	case protoICMP:
		if !v6 {
			decodeICMP(p, b, length, extras)
		}
	case protoICMPv6:
		if v6 {
			decodeICMPv6(p, b, length, extras)
		}
	}
}

// isGroup4 reports whether a destination is multicast (224/4) or the limited
// broadcast.
func isGroup4(first byte, lo uint64) bool { return first>>4 == 14 || uint32(lo) == 0xffffffff }

// isLinkLocal4 reports whether the IPv4 address lies in 169.254/16 (RFC 3927).
func isLinkLocal4(lo uint64) bool { return uint32(lo)>>16 == 0xa9fe }

// isLinkLocal6 reports whether a lies in fe80::/10 (RFC 4291 section 2.5.6).
func isLinkLocal6(a Addr) bool { return a.Hi>>54 == 0xfe80>>6 }
