package correlate_test

import (
	"hash/fnv"
	"net/netip"
	"strings"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// pk is a packet of a test case. Its methods return changed copies, so that a
// case reads as: what was sent, and what became of it.
type pk struct {
	capture.Packet
	quote     *capture.Quote
	handshake *capture.Handshake
}

const (
	syn = capture.TCPSyn
	fin = capture.TCPFin
	rst = capture.TCPRst
	psh = capture.TCPPsh
	ack = capture.TCPAck
)

// Addresses of the cases. The host has one inside and one on the WAN.
const (
	phone  = "10.8.0.2"
	tablet = "10.8.0.3"
	inner  = "10.8.0.1"
	wanIP  = "203.0.113.2"
	site   = "192.0.2.80"
	ns     = "192.0.2.53"
)

// end reads "address:port"; a bare address has port 0.
func end(s string) (capture.Addr, uint16) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return capture.AddrFromNetip(ap.Addr()), ap.Port()
	}
	return capture.AddrFromNetip(netip.MustParseAddr(strings.Trim(s, "[]"))), 0
}

func ip(src, dst string, proto uint8, kind capture.Kind) pk {
	p := pk{Packet: capture.Packet{Kind: kind, Proto: proto, TTL: 64, Ref: -1}}
	p.Src, p.SrcPort = end(src)
	p.Dst, p.DstPort = end(dst)
	if d := p.Dst.Netip(); d.IsMulticast() || d.IsLinkLocalUnicast() || d == netip.MustParseAddr("255.255.255.255") {
		p.Flags |= capture.FlagGroup
	}
	return p
}

// tcp is a segment of n payload octets.
func tcp(src, dst string, flags uint8, seq, ackNo, n uint32) pk {
	p := ip(src, dst, 6, capture.KindTCP)
	p.TCPFlags, p.Seq, p.Ack, p.PayloadLen, p.Window = flags, seq, ackNo, n, 500
	p.IPLen = 40 + n
	return p
}

// hash stands in for the decoder's: of a prefix, or of all of a shorter payload.
func hash(payload string, n int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(payload[:min(n, len(payload))]))
	return h.Sum64() | 1
}

// udp is a datagram; its payload is what identifies it.
func udp(src, dst, payload string) pk {
	p := ip(src, dst, 17, capture.KindUDP)
	p.PayloadLen = uint32(len(payload))
	p.IPLen = 28 + p.PayloadLen
	p.Hash16, p.Hash64 = hash(payload, 16), hash(payload, 64)
	return p
}

// pad makes a payload of n octets that begins with s.
func pad(s string, n int) string { return s + strings.Repeat(".", n-len(s)) }

func dns(src, dst string, id uint16, name string, response bool) pk {
	kind := "q"
	flag := capture.FlagDNSQuery
	if response {
		kind, flag = "a", capture.FlagDNSResponse
	}
	p := udp(src, dst, string([]byte{byte(id >> 8), byte(id)})+kind+pad(name, 30))
	p.Flags |= flag
	p.DNSID, p.DNSType = id, 1
	return p
}

func query(src, dst string, id uint16, name string) pk { return dns(src, dst, id, name, false) }
func response(src, dst string, id uint16, n string) pk { return dns(src, dst, id, n, true) }

// ping is an echo request: src carries the identifier as its port.
func ping(src, dst string, seq uint32, payload string) pk {
	p := ip(src, dst, 1, capture.KindEchoRequest)
	if !p.Src.Is4() {
		p.Proto = 58
	}
	p.Seq, p.PayloadLen, p.IPLen = seq, uint32(len(payload)), 28+uint32(len(payload))
	p.Hash16, p.Hash64 = hash(payload, 16), hash(payload, 64)
	return p
}

// pong is an echo reply: dst carries the identifier as its port.
func pong(src, dst string, seq uint32, payload string) pk {
	p := ping(src, dst, seq, payload)
	p.Kind = capture.KindEchoReply
	return p.ttl(57)
}

// icmpError is an error that quotes p.
func icmpError(src, dst string, kind, code uint8, p pk) pk {
	e := ip(src, dst, 1, capture.KindICMPError)
	e.ICMPType, e.ICMPCode, e.IPLen = kind, code, 56
	e.quote = &capture.Quote{Src: p.Src, Dst: p.Dst, SrcPort: p.SrcPort, DstPort: p.DstPort, Seq: p.Seq, Proto: p.Proto, TTL: p.TTL}
	return e
}

// message is a WireGuard message of size octets.
func message(src, dst string, kind wg.MessageType, sender, receiver uint32, counter uint64, size int) pk {
	p := udp(src, dst, pad(string([]byte{byte(kind), 0, 0, 0, byte(sender), byte(receiver), byte(counter), byte(counter >> 8), byte(size)}), size))
	p.WG = wg.Header{Type: kind, Sender: sender, Receiver: receiver, Counter: counter}
	return p.ttl(50)
}

func initiation(src, dst string, sender uint32) pk {
	return message(src, dst, wg.MessageInitiation, sender, 0, 0, wg.MessageInitiationSize)
}

func handshakeResponse(src, dst string, sender, receiver uint32) pk {
	return message(src, dst, wg.MessageResponse, sender, receiver, 0, wg.MessageResponseSize).ttl(64)
}

func transport(src, dst string, receiver uint32, counter uint64, inner int) pk {
	return message(src, dst, wg.MessageTransport, 0, receiver, counter, wg.TransportSize(inner, 0))
}

// forwarded is the packet one hop on.
func (p pk) forwarded() pk { p.TTL--; return p }

// from is the packet as it leaves through source NAT.
func (p pk) from(src string) pk {
	p.Src, p.SrcPort = end(src)
	return p.forwarded()
}

// to is the packet as it comes back out of the translation.
func (p pk) to(dst string) pk {
	p.Dst, p.DstPort = end(dst)
	return p.forwarded()
}

func (p pk) ttl(n uint8) pk          { p.TTL = n; return p }
func (p pk) ts(val uint32) pk        { p.HasTS, p.TSval = true, val; return p }
func (p pk) with(f capture.Flags) pk { p.Flags |= f; return p }
func (p pk) direction(d capture.Direction) pk {
	p.Direction = d
	return p
}

// over is the packet in an Ethernet frame.
func (p pk) over(src, dst capture.MAC) pk { p.LinkSrc, p.LinkDst = src, dst; return p }

// snapped is the packet with fewer payload octets captured than identify it.
func (p pk) snapped(octets int) pk {
	p.Flags |= capture.FlagTruncated
	if octets < 64 {
		p.Hash64 = 0
	}
	if octets < 16 {
		p.Hash16 = 0
	}
	return p
}
