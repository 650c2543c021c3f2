package report

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// payloadKept is how many octets of a payload packets are told apart by
// (capture.Packet, Hash64).
const payloadKept = 64

// framer rewrites one frame in place. Its methods return how many octets of the
// frame are kept: what they do not understand is cut off.
type framer struct {
	x *Redactor // nil: addresses and payload stay, and only the length is cut
	p *capture.Packet
	b []byte
}

// cutFrame returns a copy of the headers of a frame and of what tells its
// payload from others, redacted by x unless that is nil.
func cutFrame(x *Redactor, s capture.Seen) []byte {
	f := framer{x: x, p: s.Packet, b: slices.Clone(s.Frame)}
	return f.b[:f.link(s.Interface.LinkType)]
}

func (f *framer) link(link capture.LinkType) int {
	b := f.b
	switch {
	case f.p.Has(capture.FlagRewrittenLink):
		return f.ip(0, false)
	case link == capture.LinkTypeEthernet && len(b) >= 14:
		f.mac(0)
		f.mac(6)
		return f.ether(binary.BigEndian.Uint16(b[12:]), 14)
	case link == capture.LinkTypeLinuxSLL && len(b) >= 16:
		f.cookedAddress(binary.BigEndian.Uint16(b[4:]), 6)
		return f.ether(binary.BigEndian.Uint16(b[14:]), 16)
	case link == capture.LinkTypeLinuxSLL2 && len(b) >= 20:
		f.cookedAddress(uint16(b[11]), 12)
		return f.ether(binary.BigEndian.Uint16(b), 20)
	case (link == capture.LinkTypeNull || link == capture.LinkTypeLoop) && len(b) >= 4:
		return f.ip(4, false)
	case slices.Contains([]capture.LinkType{capture.LinkTypeRaw, capture.LinkTypeRawDLT, capture.LinkTypeRawBSD,
		capture.LinkTypeIPv4, capture.LinkTypeIPv6}, link):
		return f.ip(0, false)
	}
	return 0
}

func (f *framer) mac(at int) {
	if f.x != nil {
		m := f.x.mac(capture.MAC(f.b[at : at+6]))
		copy(f.b[at:], m[:])
	}
}

// cookedAddress hides the 8 octets of a cooked header's address, of which n are
// used.
func (f *framer) cookedAddress(n uint16, at int) {
	if f.x == nil {
		return
	}
	if n == 6 {
		f.mac(at)
		clear(f.b[at+6 : at+8])
		return
	}
	clear(f.b[at : at+8])
}

// ether follows VLAN tags and PPPoE, as capture does.
func (f *framer) ether(typ uint16, at int) int {
	for range 16 {
		rest := len(f.b) - at
		switch {
		case typ == 0x0800 || typ == 0x86dd:
			return f.ip(at, false)
		case typ == 0x0806:
			return f.arp(at)
		case (typ == 0x8100 || typ == 0x88a8 || typ == 0x9100) && rest >= 4:
			typ, at = binary.BigEndian.Uint16(f.b[at+2:]), at+4
		case typ == 0x8864 && rest >= 8 && binary.BigEndian.Uint16(f.b[at+6:]) == 0x0021:
			typ, at = 0x0800, at+8
		case typ == 0x8864 && rest >= 8 && binary.BigEndian.Uint16(f.b[at+6:]) == 0x0057:
			typ, at = 0x86dd, at+8
		default:
			return at
		}
	}
	return at
}

// arp keeps a packet of ARP for IPv4 over Ethernet (RFC 826).
func (f *framer) arp(at int) int {
	if len(f.b) < at+28 || !bytes.Equal(f.b[at:at+6], []byte{0, 1, 8, 0, 6, 4}) {
		return at
	}
	f.mac(at + 8)
	f.addr(at+14, 4)
	f.mac(at + 18)
	f.addr(at+24, 4)
	return at + 28
}

// addr redacts an address of n octets.
func (f *framer) addr(at, n int) {
	if f.x == nil {
		return
	}
	a, _ := netip.AddrFromSlice(f.b[at : at+n])
	if a.Is4In6() { // would come back as another family
		clear(f.b[at : at+n])
		return
	}
	copy(f.b[at:], f.x.Addr(a).AsSlice())
}

// ip redacts the packet at at, which an ICMP error quotes if quoted.
func (f *framer) ip(at int, quoted bool) int {
	switch b := f.b[at:]; {
	case len(b) >= 20 && b[0]>>4 == 4:
		return f.ipv4(at, quoted)
	case len(b) >= 40 && b[0]>>4 == 6:
		return f.ipv6(at, quoted)
	}
	return at
}

func (f *framer) ipv4(at int, quoted bool) int {
	b := f.b[at:]
	head := int(b[0]&15) * 4
	if head < 20 || head > len(b) {
		return at
	}
	total, fragment := int(binary.BigEndian.Uint16(b[2:])), binary.BigEndian.Uint16(b[6:])
	f.addr(at+12, 4)
	f.addr(at+16, 4)
	t := transport{proto: b[9], at: at + head, end: len(f.b), quoted: quoted, later: fragment&0x1fff != 0,
		pseudo: [][]byte{b[12:20]}}
	if total >= head && total <= len(b) {
		t.end = at + total
		t.whole = fragment&0x3fff == 0 && !quoted
	}
	if f.x != nil {
		for i := 20; i < head; i++ {
			b[i] = 1 // No Operation; options hold addresses of routers (RFC 791 section 3.1)
		}
		b[10], b[11] = 0, 0
		binary.BigEndian.PutUint16(b[10:], checksum(b[:head]))
	}
	return f.transport(t)
}

func (f *framer) ipv6(at int, quoted bool) int {
	b := f.b[at:]
	length := int(binary.BigEndian.Uint16(b[4:]))
	f.addr(at+8, 16)
	f.addr(at+24, 16)
	t := transport{proto: b[6], at: at + 40, end: len(f.b), quoted: quoted, pseudo: [][]byte{b[8:40]}}
	if length > 0 && 40+length <= len(b) {
		t.end = at + 40 + length
		t.whole = !quoted
	}
	for range 8 { // RFC 8200 section 4.1 knows fewer
		left := f.b[t.at:t.end]
		switch {
		case (t.proto == 0 || t.proto == 60) && len(left) >= 8: // hop-by-hop and destination options
			n := (int(left[1]) + 1) * 8
			if n > len(left) {
				return t.at
			}
			if f.x != nil { // as padding (RFC 8200 section 4.2): options hold home addresses
				clear(left[2:n])
				left[2], left[3] = 1, byte(min(n-4, 255))
			}
			t.proto, t.at = left[0], t.at+n
		case t.proto == 44 && len(left) >= 8: // fragment
			t.later = binary.BigEndian.Uint16(left[2:])&0xfff8 != 0
			t.whole = false
			t.proto, t.at = left[0], t.at+8
			if t.later {
				return t.at
			}
		default:
			return f.transport(t)
		}
	}
	return t.at
}

// transport is what an IP packet carries.
type transport struct {
	proto   uint8
	at, end int      // octets of the frame that it stands in, as far as captured
	whole   bool     // nothing of it is missing, so that its checksum can be computed
	later   bool     // a fragment without the header
	quoted  bool     // in an ICMP error
	pseudo  [][]byte // addresses that the checksum covers
}

func (f *framer) transport(t transport) int {
	left := t.end - t.at
	if t.later {
		return t.at
	}
	keep, sumAt := 0, 0 // octets from t.at on
	switch {
	case t.proto == 6 && left >= 8:
		keep, sumAt = f.tcp(t), 16
	case t.proto == 17 && left >= 8:
		keep, sumAt = 8, 6
		if !t.quoted {
			keep += f.datagram(t.at+8, t.end)
		}
	case (t.proto == 1 || t.proto == 58) && left >= 8:
		keep, sumAt = f.icmp(t), 2
	default:
		return t.at
	}
	if f.x != nil && keep >= sumAt+2 {
		b := f.b[t.at : t.at+keep]
		b[sumAt], b[sumAt+1] = 0, 0
		if t.whole && keep == left {
			parts := [][]byte{b}
			if t.proto != 1 {
				parts = append(parts, t.pseudo...)
				parts = append(parts, []byte{0, t.proto, byte(left >> 8), byte(left)})
			}
			sum := checksum(parts...)
			if sum == 0 && t.proto == 17 {
				sum = 0xffff // 0 says that there is none (RFC 768)
			}
			binary.BigEndian.PutUint16(b[sumAt:], sum)
		}
	}
	return t.at + keep
}

// tcp keeps the header with the options that say nothing about anybody: MSS,
// window scale, selective acknowledgement and time stamps.
func (f *framer) tcp(t transport) int {
	b := f.b[t.at:t.end]
	if len(b) < 20 || t.quoted {
		return min(len(b), 20)
	}
	head := int(b[12]>>4) * 4
	if head < 20 || head > len(b) {
		return 20
	}
	if f.x == nil {
		return head
	}
	for o := b[20:head]; len(o) > 0; {
		n := 1
		switch {
		case o[0] == 0:
			clear(o)
			return head
		case o[0] == 1:
		case len(o) < 2 || o[1] < 2 || int(o[1]) > len(o):
			clear(o)
			return head
		default:
			n = int(o[1])
			if !slices.Contains([]byte{2, 3, 4, 5, 8}, o[0]) {
				for i := range n {
					o[i] = 1
				}
			}
		}
		o = o[n:]
	}
	return head
}

// datagram returns how much of a UDP payload is kept.
func (f *framer) datagram(at, end int) int {
	b := f.b[at:end]
	if f.p.WG.Type != 0 {
		return f.wireguard(b)
	}
	if f.p.Flags&(capture.FlagDNSQuery|capture.FlagDNSResponse) != 0 {
		return f.dns(b)
	}
	return f.payload(b)
}

func (f *framer) payload(b []byte) int {
	b = b[:min(payloadKept, len(b))]
	if f.x != nil {
		from := 0
		if f.p.Has(capture.FlagWGReserved) {
			from = min(4, len(b)) // the sign of something that is no plain WireGuard
		}
		copy(b[from:], f.x.scramble(b)[from:])
		if from == 0 && len(b) > 0 {
			b[0] = 0 // a number drawn at random could pose as some other protocol
		}
	}
	return len(b)
}

// wireguard keeps what is not encrypted: type, indices and counter (WireGuard
// white paper, section 5.4). The mac1 behind it would tell whether a public key
// that somebody knows is the server's.
func (f *framer) wireguard(b []byte) int {
	open := 8
	switch f.p.WG.Type {
	case wg.MessageResponse:
		open = 12
	case wg.MessageTransport:
		open = 16
		b = b[:min(len(b), wg.MessageKeepaliveSize)] // readers take less for damage
	}
	if f.x != nil {
		clear(b[min(open, len(b)):])
	}
	return len(b)
}

// dns keeps the header and the question, with each label of its name replaced by
// one of the same length.
func (f *framer) dns(b []byte) int {
	if len(b) < 12 || binary.BigEndian.Uint16(b[4:]) == 0 {
		return min(len(b), 12)
	}
	for at := 12; at < len(b); {
		n := int(b[at])
		at++
		switch {
		case n == 0 && at+4 <= len(b):
			return at + 4
		case n == 0 || n > 63 || at+n > len(b):
			return 12
		}
		if f.x != nil {
			f.x.label(b[at : at+n])
		}
		at += n
	}
	return 12
}

// label replaces a label of a name, in any case of its letters by the same.
func (x *Redactor) label(b []byte) {
	sum := x.digest("label", string(bytes.ToLower(b)))
	for i := range b {
		b[i] = 'a' + (sum[i%32]^byte(i/32*17))%26
	}
}

func (f *framer) icmp(t transport) int {
	b := f.b[t.at:t.end]
	typ := b[0]
	v6 := t.proto == 58
	switch {
	case t.quoted:
		return 8
	case !v6 && (typ == 0 || typ == 8), v6 && (typ == 128 || typ == 129):
		return 8 + f.payload(b[8:])
	case !v6 && (typ == 3 || typ == 4 || typ == 5 || typ == 11 || typ == 12), v6 && typ >= 1 && typ <= 4:
		if typ == 5 {
			f.addr(t.at+4, 4) // the router of a redirect
		}
		// Only up to the end of the packet: the quote may claim more.
		inner := framer{x: f.x, p: f.p, b: f.b[:t.end]}
		return inner.ip(t.at+8, true) - t.at
	case v6 && (typ == 135 || typ == 136) && len(b) >= 24: // RFC 4861 sections 4.3 and 4.4
		f.addr(t.at+8, 16)
		return 24
	}
	return 8
}

// checksum is that of the internet protocols (RFC 1071). Every part but the
// first must have an even length.
func checksum(parts ...[]byte) uint16 {
	var sum uint32
	for _, b := range slices.Backward(parts) {
		for ; len(b) >= 2; b = b[2:] {
			sum += uint32(binary.BigEndian.Uint16(b))
		}
		if len(b) == 1 {
			sum += uint32(b[0]) << 8
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
