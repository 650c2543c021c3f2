package capture

const portDNS = 53

// decodeDNS notes what a message to or from port 53 says of itself (RFC 1035
// section 4.1). Only standard queries (opcode 0) count; a malformed question leaves
// the flags unset. One that the capture cut keeps them, because the id alone still
// ties an answer to its question, and has type 0.
func decodeDNS(p *Packet, b []byte) {
	if len(b) < 12 || b[2]&0x78 != 0 {
		return
	}
	response := b[2]&0x80 != 0
	questions := be16(b[4:])
	switch {
	case !response && p.DstPort == portDNS && questions == 1 && be16(b[6:]) == 0:
		typ, ok := questionType(p, b[12:])
		if !ok {
			return
		}
		p.Flags |= FlagDNSQuery
		p.DNSType = typ
	case response && p.SrcPort == portDNS && questions <= 1:
		// A server that refuses may leave the question out.
		if questions == 1 {
			typ, ok := questionType(p, b[12:])
			if !ok {
				return
			}
			p.DNSType = typ
		}
		p.Flags |= FlagDNSResponse
		p.DNSRCode = b[3] & 15
	default:
		return
	}
	p.DNSID = be16(b)
}

// questionType returns the type of the question at the start of b, 0 where the
// capture of p ends before it. Its name stands first in the message and so cannot
// be compressed; it has at most 255 octets, its labels at most 63 (RFC 1035
// section 2.3.4). It is hashed into p.Seq.
func questionType(p *Packet, b []byte) (uint16, bool) {
	cut := p.Flags&FlagTruncated != 0
	at := 0
	hash := uint32(2166136261) // FNV-1a
	for at < len(b) && at < 255 {
		n := int(b[at])
		at++
		if n == 0 {
			if len(b) < at+4 {
				return 0, cut
			}
			p.Seq = hash
			return be16(b[at:]), true
		}
		if n > 63 {
			return 0, false
		}
		for _, c := range b[min(at, len(b)):min(at+n, len(b))] {
			if 'A' <= c && c <= 'Z' {
				c |= 0x20 // clients mix cases, against forgers
			}
			hash = (hash ^ uint32(c)) * 16777619
		}
		at += n
	}
	return 0, cut && at < 255
}
