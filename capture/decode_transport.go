package capture

import "github.com/wgtrace/wgtrace/internal/wg"

// decodeTCP decodes a segment of length octets of which b was captured. One
// whose fixed header (RFC 9293 section 3.1) is cut or absurd stays KindIP.
func decodeTCP(p *Packet, b []byte, length int) {
	if len(b) < 20 {
		return
	}
	header := int(b[12]>>4) * 4
	if header < 20 || header > length {
		return
	}
	p.Kind = KindTCP
	p.SrcPort, p.DstPort = be16(b), be16(b[2:])
	p.Seq, p.Ack = be32(b[4:]), be32(b[8:])
	p.TCPFlags = b[13]
	p.Window = be16(b[14:])
	p.PayloadLen = uint32(length - header)
	if header > 20 {
		decodeTCPOptions(p, b[20:min(header, len(b))])
	}
}

// TCP option kinds (www.iana.org/assignments/tcp-parameters).
const (
	tcpOptEnd = 0
	tcpOptNop = 1
	tcpOptMSS = 2
	tcpOptTS  = 8
)

func decodeTCPOptions(p *Packet, b []byte) {
	// RFC 7323 appendix A recommends this layout and every system uses it on
	// all segments but the first: two NOPs, then the timestamps.
	if len(b) == 12 && be32(b) == 0x0101080a {
		p.HasTS = true
		p.TSval, p.TSecr = be32(b[4:]), be32(b[8:])
		return
	}
	for len(b) > 0 {
		if b[0] == tcpOptEnd {
			return
		}
		if b[0] == tcpOptNop {
			b = b[1:]
			continue
		}
		if len(b) < 2 {
			return
		}
		n := int(b[1])
		if n < 2 || n > len(b) {
			return
		}
		switch {
		case b[0] == tcpOptMSS && n == 4:
			p.MSS = be16(b[2:])
		case b[0] == tcpOptTS && n == 10:
			p.HasTS = true
			p.TSval, p.TSecr = be32(b[2:]), be32(b[6:])
		}
		b = b[n:]
	}
}

// decodeUDP decodes a datagram of which the IP packet carries length octets and
// b was captured.
func decodeUDP(p *Packet, b []byte, length int, extras *Extras) {
	if len(b) < 8 || length < 8 {
		return
	}
	p.Kind = KindUDP
	p.SrcPort, p.DstPort = be16(b), be16(b[2:])
	n := int(be16(b[4:]))
	// A first fragment carries less than the datagram that its header
	// describes. Elsewhere a length outside the packet, 0 included (RFC 2675
	// section 4, BIG UDP), gives way to that of the packet.
	if n < 8 || n > length && p.Flags&FlagFirstFragment == 0 {
		n = length
	}
	n -= 8
	p.PayloadLen = uint32(n)
	payload := b[8:]
	if len(payload) > n {
		payload = payload[:n]
	}
	p.WG = wg.ParseHeader(payload, n)
	switch p.WG.Type {
	case wg.MessageTransport:
		return // half of a WAN capture; index and counter identify it better than a hash
	case wg.MessageInitiation, wg.MessageResponse:
		keepHandshake(p, payload, n, extras)
	case wg.MessageUnknown:
		if wg.Reserved(payload, n) {
			p.Flags |= FlagWGReserved
		}
	}
	hashPayload(p, payload, n)
	switch {
	case p.SrcPort == portDNS || p.DstPort == portDNS:
		decodeDNS(p, payload)
	case p.DstPort == portHTTPS && isQUICInitial(payload):
		p.Flags |= FlagQUICInitial
	}
}

// keepHandshake hands out a handshake message of n octets that was captured
// whole: who it was made for stands in all of it (wg.Mac1).
func keepHandshake(p *Packet, payload []byte, n int, extras *Extras) {
	if extras == nil || len(payload) < n {
		return
	}
	var h Handshake
	copy(h[:], payload)
	p.Ref = int32(len(extras.Handshakes))
	extras.Handshakes = append(extras.Handshakes, h)
}

const portHTTPS = 443

// isQUICInitial reports whether a datagram begins with an Initial packet: long
// header, fixed bit, type 0 in version 1 (RFC 9000 section 17.2.2) and 1 in
// version 2 (RFC 9369 section 3.2), a connection id of at most 20 octets.
func isQUICInitial(b []byte) bool {
	if len(b) < 6 || b[0]&0xc0 != 0xc0 || b[5] > 20 {
		return false
	}
	switch be32(b[1:]) {
	case 0: // version negotiation
		return false
	case 0x6b3343cf:
		return b[0]&0x30 == 0x10
	}
	return b[0]&0x30 == 0
}
