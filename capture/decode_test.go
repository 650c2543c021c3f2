package capture

import (
	"testing"

	"github.com/wgtrace/wgtrace/internal/wg"
)

const (
	phone  = "10.8.0.2"
	site   = "1.1.1.1"
	phone6 = "fd00:8::2"
	site6  = "2606:4700::1111"
)

// exampleOrg is the 32-bit FNV-1a hash of "exampleorg".
const exampleOrg = 0x2dca125d

// base4 and base6 are what every packet between the two has in common.
func base4(p Packet) Packet {
	p.Src, p.Dst, p.TTL, p.FragID, p.Ref = addr(phone), addr(site), 64, 7, -1
	return p
}

func base6(p Packet) Packet {
	p.Src, p.Dst, p.TTL, p.Ref = addr(phone6), addr(site6), 64, -1
	return p
}

func onEthernet(p Packet) Packet {
	p.LinkSrc, p.LinkDst = macA, macB
	return p
}

var (
	mssAndTS = cat([]byte{2, 4}, b16(1240), []byte{4, 2, 8, 10}, b32(100, 200), []byte{1, 3, 3, 7})
	justTS   = cat([]byte{1, 1, 8, 10}, b32(300, 400))
	wgData   = cat([]byte{4, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 9, 0, 0, 0, 0, 0, 0, 0}, count(80))
	wgInit   = cat([]byte{1, 0, 0, 0, 1, 2, 3, 4}, count(140))

	udpOf100 = udp(4000, 5000, count(100))
	synFrame = tcp(40000, 443, 1000, 0, TCPSyn, mssAndTS, nil)
)

type decodeCase struct {
	name  string
	link  LinkType
	frame []byte
	wire  int // 0: as captured
	want  Packet
	quote Quote // what want.Ref 0 refers to
}

func decodeCases() []decodeCase {
	udpWant := Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 5000, PayloadLen: 100, IPLen: 128}
	synWant := Packet{Kind: KindTCP, Proto: 6, SrcPort: 40000, DstPort: 443, Seq: 1000, TCPFlags: TCPSyn, Window: 1024,
		MSS: 1240, HasTS: true, TSval: 100, TSecr: 200, IPLen: 60}
	with := func(p Packet, change func(*Packet)) Packet { change(&p); return p }
	udp4 := ip4(17, phone, site, udpOf100)
	udp6Want := with(udpWant, func(p *Packet) { p.IPLen = 148 })
	udp6 := ip6(17, phone6, site6, udpOf100)
	fragment := func(frag uint16, length int, payload []byte) []byte {
		return ip4h(header4{id: 7, frag: frag, length: length, ttl: 64}, 17, phone, site, payload)
	}
	fragment6 := func(field uint16, payload []byte) []byte {
		return ip6(44, phone6, site6, cat([]byte{17, 0}, b16(field), b32(99), payload))
	}
	quoted := ip4(17, site, phone, udp(5000, 4000, count(4)))
	quotedTCP := ip6(6, site6, phone6, tcp(443, 40000, 77, 0, TCPAck, nil, nil))

	return []decodeCase{
		// Transports.
		{name: "tcp4 with MSS and timestamps", link: LinkTypeEthernet, frame: eth(0x0800, ip4(6, phone, site, synFrame)), want: onEthernet(base4(synWant))},
		{name: "tcp6 data with timestamps", link: LinkTypeEthernet, frame: eth(0x86dd, ip6(6, phone6, site6, tcp(1, 2, 3, 4, TCPAck|TCPPsh, justTS, count(10)))),
			want: onEthernet(base6(Packet{Kind: KindTCP, Proto: 6, SrcPort: 1, DstPort: 2, Seq: 3, Ack: 4, TCPFlags: TCPAck | TCPPsh, Window: 1024, HasTS: true, TSval: 300, TSecr: 400, PayloadLen: 10, IPLen: 82}))},
		{name: "tcp header beyond its packet", link: LinkTypeRaw, frame: ip4(6, phone, site, cat(b16(1, 2), b32(3, 4), []byte{0xf0, 0x10}, b16(0, 0, 0))),
			want: base4(Packet{Kind: KindIP, Proto: 6, IPLen: 40, PayloadLen: 20})},
		{name: "tcp data offset 4", link: LinkTypeRaw, frame: ip4(6, phone, site, cat(b16(1, 2), b32(3, 4), []byte{0x40, 0x10}, b16(0, 0, 0))),
			want: base4(Packet{Kind: KindIP, Proto: 6, IPLen: 40, PayloadLen: 20})},
		{name: "udp4 with Ethernet padding", link: LinkTypeEthernet, frame: cat(eth(0x0800, ip4(17, phone, site, udp(4000, 5000, count(3)))), make([]byte, 15)),
			want: onEthernet(base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 5000, PayloadLen: 3, IPLen: 31}))},
		{name: "udp length shorter than the packet", link: LinkTypeRaw, frame: ip4(17, phone, site, cat(b16(4000, 5000, 8+40, 0), count(60))),
			want: base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 5000, PayloadLen: 40, IPLen: 88})},
		{name: "udp length beyond the packet", link: LinkTypeRaw, frame: ip4(17, phone, site, cat(b16(4000, 5000, 9000, 0), count(60))),
			want: base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 5000, PayloadLen: 60, IPLen: 88})},
		{name: "another transport", link: LinkTypeRaw, frame: ip4(47, phone, site, count(8)), want: base4(Packet{Kind: KindIP, Proto: 47, IPLen: 28, PayloadLen: 8})},

		// Link types.
		{name: "two VLAN tags", link: LinkTypeEthernet, frame: eth(0x88a8, cat(b16(0x6064, 0x8100, 7, 0x0800), udp4)),
			want: onEthernet(base4(with(udpWant, func(p *Packet) { p.VLAN = 100 })))},
		{name: "PPPoE session", link: LinkTypeEthernet, frame: eth(0x8864, cat([]byte{0x11, 0}, b16(5, 130, 0x0021), udp4)), want: onEthernet(base4(udpWant))},
		{name: "PPPoE session with IPv6", link: LinkTypeEthernet, frame: eth(0x8864, cat([]byte{0x11, 0}, b16(5, 150, 0x0057), udp6)), want: onEthernet(base6(udp6Want))},
		{name: "PPPoE control", link: LinkTypeEthernet, frame: eth(0x8864, cat([]byte{0x11, 0}, b16(5, 10, 0xc021), count(8))), want: onEthernet(Packet{Kind: KindNonIP, Ref: -1})},
		{name: "LLC and SNAP", link: LinkTypeEthernet, frame: eth(136, cat([]byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, udp4)), want: onEthernet(base4(udpWant))},
		{name: "spanning tree", link: LinkTypeEthernet, frame: eth(38, cat([]byte{0x42, 0x42, 3}, count(43))), want: onEthernet(Packet{Kind: KindNonIP, Ref: -1})},
		{name: "ARP", link: LinkTypeEthernet, frame: eth(0x0806, count(28)), want: onEthernet(Packet{Kind: KindARP, Ref: -1})},
		{name: "LLDP", link: LinkTypeEthernet, frame: eth(0x88cc, count(28)), want: onEthernet(Packet{Kind: KindNonIP, Ref: -1})},
		{name: "cooked v1, outgoing", link: LinkTypeLinuxSLL, frame: cat(b16(4, 1, 6), macA[:], b16(0, 0x0800), udp4),
			want: base4(with(udpWant, func(p *Packet) { p.Direction, p.LinkSrc = DirectionOut, macA }))},
		{name: "cooked v2, incoming from a tunnel", link: LinkTypeLinuxSLL2, frame: cat(b16(0x0800, 0), b32(5), b16(65534), []byte{0, 0}, make([]byte, 8), udp4),
			want: base4(with(udpWant, func(p *Packet) { p.Direction = DirectionIn }))},
		{name: "cooked v2, overheard", link: LinkTypeLinuxSLL2, frame: cat(b16(0x86dd, 0), b32(5), b16(1), []byte{3, 6}, macA[:], b16(0), udp6),
			want: base6(with(udp6Want, func(p *Packet) { p.LinkSrc = macA }))},
		{name: "cooked netlink", link: LinkTypeLinuxSLL, frame: cat(b16(4, 824, 0), make([]byte, 8), b16(0x0800), udp4), want: Packet{Kind: KindNonIP, Ref: -1, Direction: DirectionOut}},
		{name: "null, little-endian", link: LinkTypeNull, frame: cat([]byte{2, 0, 0, 0}, udp4), want: base4(udpWant)},
		{name: "null, big-endian with macOS's IPv6", link: LinkTypeNull, frame: cat(b32(30), udp6), want: base6(udp6Want)},
		{name: "null without its header", link: LinkTypeNull, frame: udp6, want: base6(with(udp6Want, func(p *Packet) { p.Flags = FlagRewrittenLink }))},
		{name: "loop", link: LinkTypeLoop, frame: cat(b32(24), udp6), want: base6(udp6Want)},
		{name: "raw, live number", link: LinkTypeRawDLT, frame: udp4, want: base4(udpWant)},
		{name: "raw, OpenBSD's number", link: LinkTypeRawBSD, frame: udp6, want: base6(udp6Want)},
		{name: "raw IPv4 that is IPv6", link: LinkTypeIPv4, frame: udp6, want: base6(udp6Want)},
		{name: "raw IPv6 that is IPv4", link: LinkTypeIPv6, frame: udp4, want: base4(udpWant)},
		{name: "raw IPv4 called Ethernet", link: LinkTypeEthernet, frame: udp4, want: base4(with(udpWant, func(p *Packet) { p.Flags = FlagRewrittenLink }))},
		{name: "raw IPv6 called Ethernet", link: LinkTypeEthernet, frame: udp6, want: base6(with(udp6Want, func(p *Packet) { p.Flags = FlagRewrittenLink }))},
		{name: "Ethernet address that looks like IPv4", link: LinkTypeEthernet, frame: cat([]byte{0x44, 0, 0, 142}, b16(1), macA[:], b16(0x0800), udp4),
			want: base4(with(udpWant, func(p *Packet) { p.LinkDst, p.LinkSrc = MAC{0x44, 0, 0, 142, 0, 1}, macA }))},
		{name: "unknown link type", link: 147, frame: udp4, want: Packet{Ref: -1}},

		// IP lengths, options, extension headers, fragments.
		{name: "IPv4 options", link: LinkTypeRaw, frame: ip4h(header4{id: 7, length: -1, ttl: 64, options: []byte{7, 7, 4, 0, 0, 0, 0, 0}}, 17, phone, site, udpOf100),
			want: base4(with(udpWant, func(p *Packet) { p.IPLen = 136 }))},
		{name: "IPv4 length 0 (LSO)", link: LinkTypeEthernet, frame: eth(0x0800, ip4h(header4{id: 7, length: 0, ttl: 64}, 6, phone, site, tcp(1, 2, 3, 4, TCPAck, nil, count(3000)))),
			want: onEthernet(base4(Packet{Kind: KindTCP, Proto: 6, SrcPort: 1, DstPort: 2, Seq: 3, Ack: 4, TCPFlags: TCPAck, Window: 1024, PayloadLen: 3000, IPLen: 3040, Flags: FlagLengthGuessed}))},
		{name: "IPv4 length beyond a cut frame", link: LinkTypeRaw, frame: ip4h(header4{id: 7, length: 9000, ttl: 64}, 6, phone, site, tcp(1, 2, 3, 4, TCPAck, nil, nil)), wire: 240,
			want: base4(Packet{Kind: KindTCP, Proto: 6, SrcPort: 1, DstPort: 2, Seq: 3, Ack: 4, TCPFlags: TCPAck, Window: 1024, PayloadLen: 200, IPLen: 240, Flags: FlagLengthGuessed | FlagTruncated})},
		{name: "a cut that the capture hides", link: LinkTypeRaw, frame: checksum(ip4h(header4{id: 7, length: 1400, ttl: 64}, 6, phone, site, tcp(1, 2, 3, 4, TCPAck, nil, count(60))), 0),
			want: base4(Packet{Kind: KindTCP, Proto: 6, SrcPort: 1, DstPort: 2, Seq: 3, Ack: 4, TCPFlags: TCPAck, Window: 1024, PayloadLen: 1360, IPLen: 1400, Flags: FlagTruncated})},
		{name: "a damaged length", link: LinkTypeRaw, frame: checksum(ip4h(header4{id: 7, length: 0x7378, ttl: 64}, 6, phone, site, tcp(1, 2, 3, 4, TCPAck, nil, nil)), 1),
			want: base4(Packet{Kind: KindTCP, Proto: 6, SrcPort: 1, DstPort: 2, Seq: 3, Ack: 4, TCPFlags: TCPAck, Window: 1024, IPLen: 40, Flags: FlagLengthGuessed})},
		{name: "a hidden cut of IPv6", link: LinkTypeRaw, frame: ip6l(1360, 6, phone6, site6, tcp(1, 2, 3, 4, TCPAck, nil, count(60))),
			want: base6(Packet{Kind: KindTCP, Proto: 6, SrcPort: 1, DstPort: 2, Seq: 3, Ack: 4, TCPFlags: TCPAck, Window: 1024, PayloadLen: 1340, IPLen: 1400, Flags: FlagTruncated})},
		{name: "IPv6 length 0 (BIG TCP)", link: LinkTypeRaw, frame: ip6l(0, 6, phone6, site6, tcp(1, 2, 3, 4, TCPAck, nil, count(40))), wire: 80060,
			want: base6(Packet{Kind: KindTCP, Proto: 6, SrcPort: 1, DstPort: 2, Seq: 3, Ack: 4, TCPFlags: TCPAck, Window: 1024, PayloadLen: 80000, IPLen: 80060, Flags: FlagLengthGuessed | FlagTruncated})},
		{name: "IPv6 jumbogram", link: LinkTypeRaw, frame: ip6l(0, 0, phone6, site6, cat([]byte{17, 0, 0xc2, 4}, b32(70108), b16(4000, 5000, 0, 0))), wire: 70148,
			want: base6(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 5000, PayloadLen: 70092, IPLen: 70148, Flags: FlagLengthGuessed | FlagTruncated})},
		{name: "IPv6 without next header, padded", link: LinkTypeEthernet, frame: cat(eth(0x86dd, ip6l(0, 59, phone6, site6, nil)), make([]byte, 6)),
			want: onEthernet(base6(Packet{Kind: KindIP, Proto: 59, IPLen: 40}))},
		{name: "IPv6 extension headers", link: LinkTypeRaw, frame: ip6(0, phone6, site6, cat([]byte{60, 0, 1, 4, 0, 0, 0, 0}, []byte{51, 1}, make([]byte, 14), []byte{17, 4}, make([]byte, 22), udpOf100)),
			want: base6(with(udpWant, func(p *Packet) { p.IPLen = 40 + 8 + 16 + 24 + 108 }))},
		{name: "IPv6 extension headers without end", link: LinkTypeRaw, frame: ip6(60, phone6, site6, cat(repeat([]byte{60, 0, 1, 4, 0, 0, 0, 0}, 40), udpOf100)),
			want: base6(Packet{Kind: KindIP, Proto: 60, IPLen: 40 + 320 + 108, PayloadLen: 320 - 16*8 + 108})},
		{name: "first fragment", link: LinkTypeRaw, frame: fragment(0x2000, -1, cat(b16(4000, 5000, 2008, 0), count(64))),
			want: base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 5000, PayloadLen: 2000, IPLen: 92, Flags: FlagFirstFragment})},
		{name: "later fragment", link: LinkTypeRaw, frame: fragment(0x2000|9, -1, count(64)),
			want: base4(Packet{Kind: KindFragment, Proto: 17, FragOffset: 72, IPLen: 84, PayloadLen: 64})},
		{name: "last fragment", link: LinkTypeRaw, frame: fragment(9, -1, count(64)),
			want: base4(Packet{Kind: KindFragment, Proto: 17, FragOffset: 72, IPLen: 84, PayloadLen: 64, Flags: FlagLastFragment})},
		{name: "first fragment, IPv6", link: LinkTypeRaw, frame: fragment6(1, cat(b16(4000, 5000, 2008, 0), count(64))),
			want: base6(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 5000, PayloadLen: 2000, IPLen: 120, FragID: 99, Flags: FlagFirstFragment})},
		{name: "later fragment, IPv6", link: LinkTypeRaw, frame: fragment6(72|1, count(64)),
			want: base6(Packet{Kind: KindFragment, Proto: 17, FragOffset: 72, IPLen: 112, PayloadLen: 64, FragID: 99})},
		{name: "last fragment, IPv6", link: LinkTypeRaw, frame: fragment6(72, count(64)),
			want: base6(Packet{Kind: KindFragment, Proto: 17, FragOffset: 72, IPLen: 112, PayloadLen: 64, FragID: 99, Flags: FlagLastFragment})},
		{name: "atomic fragment", link: LinkTypeRaw, frame: fragment6(0, udpOf100), want: base6(with(udpWant, func(p *Packet) { p.IPLen, p.FragID = 156, 99 }))},
		{name: "header length 4", link: LinkTypeRaw, frame: cat([]byte{0x44}, udp4[1:]), want: Packet{Ref: -1}},
		{name: "IPv4-mapped addresses in IPv6", link: LinkTypeRaw, frame: ip6(17, "::ffff:10.8.0.2", site6, udpOf100), want: Packet{Ref: -1}},

		// ICMP.
		{name: "echo request", link: LinkTypeRaw, frame: ip4(1, phone, site, icmp(8, 0, 0x12340005, count(56))),
			want: base4(Packet{Kind: KindEchoRequest, Proto: 1, ICMPType: 8, SrcPort: 0x1234, Seq: 5, PayloadLen: 56, IPLen: 84})},
		{name: "echo reply, IPv6", link: LinkTypeRaw, frame: ip6(58, phone6, site6, icmp(129, 0, 0x12340005, count(56))),
			want: base6(Packet{Kind: KindEchoReply, Proto: 58, ICMPType: 129, DstPort: 0x1234, Seq: 5, PayloadLen: 56, IPLen: 104})},
		{name: "fragmentation needed", link: LinkTypeRaw, frame: ip4(1, phone, site, icmp(3, 4, 1280, quoted)),
			want:  base4(Packet{Kind: KindICMPError, Proto: 1, ICMPType: 3, ICMPCode: 4, PayloadLen: 32, IPLen: 60}),
			quote: Quote{Src: addr(site), Dst: addr(phone), SrcPort: 5000, DstPort: 4000, MTU: 1280, Proto: 17, TTL: 64}},
		{name: "packet too big", link: LinkTypeRaw, frame: ip6(58, phone6, site6, icmp(2, 0, 1400, quotedTCP)),
			want:  base6(Packet{Kind: KindICMPError, Proto: 58, ICMPType: 2, PayloadLen: 60, IPLen: 108}),
			quote: Quote{Src: addr(site6), Dst: addr(phone6), SrcPort: 443, DstPort: 40000, Seq: 77, MTU: 1400, Proto: 6, TTL: 64}},
		{name: "error that quotes an echo request", link: LinkTypeRaw, frame: ip4(1, phone, site, icmp(11, 0, 0, ip4(1, site, phone, icmp(8, 0, 0x00070009, nil)))),
			want:  base4(Packet{Kind: KindICMPError, Proto: 1, ICMPType: 11, PayloadLen: 28, IPLen: 56}),
			quote: Quote{Src: addr(site), Dst: addr(phone), SrcPort: 7, Seq: 9, Proto: 1, TTL: 64}},
		{name: "error without a quote", link: LinkTypeRaw, frame: ip4(1, phone, site, icmp(3, 1, 0, count(4))),
			want: base4(Packet{Kind: KindICMPError, Proto: 1, ICMPType: 3, ICMPCode: 1, PayloadLen: 4, IPLen: 32})},
		{name: "redirect", link: LinkTypeRaw, frame: ip4(1, phone, site, icmp(5, 1, 0, quoted)),
			want: base4(Packet{Kind: KindICMPOther, Proto: 1, ICMPType: 5, ICMPCode: 1, PayloadLen: 32, IPLen: 60})},
		{name: "ICMPv6 in IPv4", link: LinkTypeRaw, frame: ip4(58, phone, site, icmp(128, 0, 1, nil)), want: base4(Packet{Kind: KindIP, Proto: 58, IPLen: 28, PayloadLen: 8})},

		// Payloads.
		{name: "DNS query", link: LinkTypeRaw, frame: ip4(17, phone, site, udp(4000, 53, dns(0xbeef, 0x0100, 1, 0, dnsQuestion))),
			want: base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 53, PayloadLen: 29, IPLen: 57, Flags: FlagDNSQuery, DNSID: 0xbeef, DNSType: 1, Seq: exampleOrg})},
		{name: "DNS response", link: LinkTypeRaw, frame: ip4(17, phone, site, udp(53, 4000, dns(0xbeef, 0x8183, 1, 0, dnsQuestion))),
			want: base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 53, DstPort: 4000, PayloadLen: 29, IPLen: 57, Flags: FlagDNSResponse, DNSID: 0xbeef, DNSType: 1, DNSRCode: 3, Seq: exampleOrg})},
		{name: "DNS refusal without the question", link: LinkTypeRaw, frame: ip4(17, phone, site, udp(53, 4000, dns(0xbeef, 0x8105, 0, 0, nil))),
			want: base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 53, DstPort: 4000, PayloadLen: 12, IPLen: 40, Flags: FlagDNSResponse, DNSID: 0xbeef, DNSRCode: 5})},
		{name: "no DNS query: a compressed question", link: LinkTypeRaw, frame: ip4(17, phone, site, udp(4000, 53, dns(1, 0x0100, 1, 0, cat([]byte{0xc0, 12}, b16(1, 1))))),
			want: base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 53, PayloadLen: 18, IPLen: 46})},
		{name: "QUIC initial", link: LinkTypeRaw, frame: ip4(17, phone, site, udp(4000, 443, cat([]byte{0xc3, 0, 0, 0, 1, 8}, count(94)))),
			want: base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 443, PayloadLen: 100, IPLen: 128, Flags: FlagQUICInitial})},
		{name: "QUIC version 2 initial", link: LinkTypeRaw, frame: ip4(17, phone, site, udp(4000, 443, cat([]byte{0xd3, 0x6b, 0x33, 0x43, 0xcf, 8}, count(94)))),
			want: base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 443, PayloadLen: 100, IPLen: 128, Flags: FlagQUICInitial})},
		{name: "QUIC handshake packet", link: LinkTypeRaw, frame: ip4(17, phone, site, udp(4000, 443, cat([]byte{0xe3, 0, 0, 0, 1, 8}, count(94)))),
			want: base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 443, PayloadLen: 100, IPLen: 128})},
		{name: "WireGuard data", link: LinkTypeRaw, frame: ip4(17, phone, site, udp(4000, 51820, wgData)),
			want: base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 51820, PayloadLen: 96, IPLen: 124, WG: wg.Header{Type: wg.MessageTransport, Receiver: 0x44332211, Counter: 9}})},
		{name: "WireGuard initiation, snapped", link: LinkTypeRaw, frame: ip4(17, phone, site, udp(4000, 51820, wgInit))[:64], wire: 176,
			want: base4(Packet{Kind: KindUDP, Proto: 17, SrcPort: 4000, DstPort: 51820, PayloadLen: 148, IPLen: 176, Flags: FlagTruncated, WG: wg.Header{Type: wg.MessageInitiation, Sender: 0x04030201}})},

		// Group and link-local addresses.
		{name: "multicast", link: LinkTypeRaw, frame: ip4(17, phone, "224.0.0.251", udpOf100), want: with(base4(udpWant), func(p *Packet) { p.Dst, p.Flags = addr("224.0.0.251"), FlagGroup })},
		{name: "broadcast", link: LinkTypeRaw, frame: ip4(17, phone, "255.255.255.255", udpOf100), want: with(base4(udpWant), func(p *Packet) { p.Dst, p.Flags = addr("255.255.255.255"), FlagGroup })},
		{name: "link-local source", link: LinkTypeRaw, frame: ip4(17, "169.254.3.4", site, udpOf100), want: with(base4(udpWant), func(p *Packet) { p.Src, p.Flags = addr("169.254.3.4"), FlagGroup })},
		{name: "multicast, IPv6", link: LinkTypeRaw, frame: ip6(17, phone6, "ff02::fb", udpOf100), want: with(base6(udp6Want), func(p *Packet) { p.Dst, p.Flags = addr("ff02::fb"), FlagGroup })},
		{name: "link-local, IPv6", link: LinkTypeRaw, frame: ip6(17, "fe80::1", site6, udpOf100), want: with(base6(udp6Want), func(p *Packet) { p.Src, p.Flags = addr("fe80::1"), FlagGroup })},
		{name: "directed broadcast on Ethernet", link: LinkTypeEthernet, frame: cat([]byte{255, 255, 255, 255, 255, 255}, macA[:], b16(0x0800), udp4),
			want: base4(with(udpWant, func(p *Packet) { p.LinkDst, p.LinkSrc, p.Flags = MAC{255, 255, 255, 255, 255, 255}, macA, FlagGroup }))},
	}
}

func repeat(b []byte, n int) []byte {
	var out []byte
	for range n {
		out = append(out, b...)
	}
	return out
}

func TestDecode(t *testing.T) {
	var d Decoder
	extras := Extras{Quotes: make([]Quote, 0, 4)}
	for _, c := range decodeCases() {
		t.Run(c.name, func(t *testing.T) {
			wireLen := max(c.wire, len(c.frame))
			var got Packet
			// Whatever stood in the packet before must be gone.
			for i := range got.LinkDst {
				got.LinkDst[i] = 0xee
			}
			got.Hash16, got.FragOffset, got.Frame = 1, 2, 3
			allocs := testing.AllocsPerRun(10, func() {
				extras.Quotes = extras.Quotes[:0]
				d.Decode(&got, c.link, c.frame, wireLen, &extras)
			})
			if allocs != 0 {
				t.Errorf("%v allocations", allocs)
			}
			hashed := got.Hash16 != 0
			if wantHash := got.Kind == KindUDP || got.Kind == KindEchoRequest || got.Kind == KindEchoReply; hashed && !wantHash {
				t.Errorf("kind %d has a payload hash", got.Kind)
			}
			got.Hash16, got.Hash64 = 0, 0
			want := c.want
			if want.Kind > KindARP {
				// As seen from the other end.
				want.FlowHash = FlowHash(want.Dst, want.DstPort, want.Src, want.SrcPort, want.Proto)
			}
			want.CapLen, want.WireLen = uint32(len(c.frame)), uint32(wireLen)
			if c.quote != (Quote{}) {
				want.Ref = 0
				if q := extras.Quotes; len(q) != 1 || q[0] != c.quote {
					t.Errorf("quotes %+v\nwant    %+v", q, c.quote)
				}
			}
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestDecodeCut decodes every prefix of every frame: whatever the snap length,
// nothing may panic, and what is decoded may only be less, never different.
func TestDecodeCut(t *testing.T) {
	var d Decoder
	for _, c := range decodeCases() {
		wireLen := max(c.wire, len(c.frame))
		var whole, p Packet
		d.Decode(&whole, c.link, c.frame, wireLen, nil)
		for n := range len(c.frame) {
			d.Decode(&p, c.link, c.frame[:n:n], wireLen, nil)
			if p.CapLen != uint32(n) || p.WireLen != uint32(wireLen) || !p.Has(FlagTruncated) {
				t.Fatalf("%s cut to %d: lengths %d of %d, flags %b", c.name, n, p.CapLen, p.WireLen, p.Flags)
			}
			// What could not be read stays at the more general kind. A frame
			// whose own claim is false is judged by its length, so it is
			// left out.
			if whole.Flags&(FlagRewrittenLink|FlagTruncated) != 0 && c.wire == 0 {
				continue
			}
			if p.Kind != whole.Kind && p.Kind != KindUndecoded && p.Kind != KindIP && p.Kind != KindNonIP {
				t.Fatalf("%s cut to %d: kind %d, whole %d", c.name, n, p.Kind, whole.Kind)
			}
			if p.Kind == whole.Kind && p.Kind != KindIP && p.PayloadLen != whole.PayloadLen {
				t.Fatalf("%s cut to %d: payload of %d, whole %d", c.name, n, p.PayloadLen, whole.PayloadLen)
			}
			if p.Hash16 != 0 && p.Hash16 != whole.Hash16 || p.Hash64 != 0 && p.Hash64 != whole.Hash64 {
				t.Fatalf("%s cut to %d: another hash", c.name, n)
			}
		}
	}
}

// TestCookedHeader checks what the decoder tells of the last cooked header.
func TestCookedHeader(t *testing.T) {
	var d Decoder
	var p Packet
	d.Decode(&p, LinkTypeLinuxSLL2, cat(b16(0x0800, 0), b32(5), b16(65534), []byte{0, 0}, make([]byte, 8)), 20, nil)
	if d.IfIndex != 5 || d.ARPHRD != 65534 {
		t.Errorf("cooked v2: interface %d, hardware type %d", d.IfIndex, d.ARPHRD)
	}
	d.Decode(&p, LinkTypeRaw, nil, 0, nil)
	if d.IfIndex != 0 || d.ARPHRD != 0 {
		t.Errorf("raw after cooked: interface %d, hardware type %d", d.IfIndex, d.ARPHRD)
	}
}
