// Package capture turns captured frames into decoded packets: link types,
// header decoding, capture files (pcap, pcapng, compressed or piped), batches
// with watermarks, and the pcapng recorder. It knows no flows and asks nothing
// of the operating system but to read files.
package capture

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/wgtrace/wgtrace/internal/wg"
)

// Addr is an IP address in 16 octets without a pointer, so that it can stand in
// hash keys; IPv4 is held as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2). The
// zero value means that there is no address.
type Addr struct{ Hi, Lo uint64 }

// AddrFrom4 returns the address in the first 4 octets of b.
func AddrFrom4(b []byte) Addr {
	return Addr{Lo: 0xffff<<32 | uint64(binary.BigEndian.Uint32(b))}
}

// AddrFrom16 returns the address in the first 16 octets of b.
func AddrFrom16(b []byte) Addr {
	return Addr{Hi: binary.BigEndian.Uint64(b), Lo: binary.BigEndian.Uint64(b[8:])}
}

// AddrFromNetip converts a, dropping its zone. The invalid address becomes zero.
func AddrFromNetip(a netip.Addr) Addr {
	if !a.IsValid() {
		return Addr{}
	}
	b := a.As16()
	return AddrFrom16(b[:])
}

// Is4 reports whether a is an IPv4 address.
func (a Addr) Is4() bool { return a.Hi == 0 && a.Lo>>32 == 0xffff }

// IsZero reports whether there is no address.
func (a Addr) IsZero() bool { return a == Addr{} }

// Netip returns a as a netip.Addr, IPv4 unmapped; the zero Addr is invalid.
func (a Addr) Netip() netip.Addr {
	if a.IsZero() {
		return netip.Addr{}
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	return netip.AddrFrom16(b).Unmap()
}

// String returns the address in its usual notation.
func (a Addr) String() string { return a.Netip().String() }

// MAC is an Ethernet address; the zero value means that there is none.
type MAC [6]byte

// IsZero reports whether there is no address.
func (m MAC) IsZero() bool { return m == MAC{} }

// IsGroup reports whether m is a multicast or broadcast address.
func (m MAC) IsGroup() bool { return m[0]&1 != 0 }

// String returns m in colon notation.
func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// Kind says how far a packet could be decoded and what it is.
type Kind uint8

// Kinds of packets. Everything up to KindNonIP carries no addresses.
const (
	KindUndecoded Kind = iota // unknown link type, or malformed before the addresses
	KindNonIP                 // a frame that is not IP (ARP, LLDP, ...)
	KindARP
	KindIP              // IP with another or an unreadable transport
	KindFragment        // a fragment other than the first: addresses, no ports
	KindTCP             // ports, sequence numbers, flags
	KindUDP             // ports, payload length and hashes
	KindEchoRequest     // ICMP or ICMPv6 echo
	KindEchoReply       //
	KindICMPError       // an ICMP or ICMPv6 error; Ref finds the packet it quotes
	KindICMPOther       // every other ICMP and ICMPv6 message
	numKinds        int = iota
)

// Direction is what the capture itself says of a packet, seen from the host of
// the tap. Zero means that it does not say.
type Direction uint8

// Directions (pcapng epb_flags; the packet type of Linux cooked captures).
const (
	DirectionUnknown Direction = iota
	DirectionIn
	DirectionOut
)

// Flags are facts about a packet that need one bit each.
type Flags uint16

// Packet flags.
const (
	FlagTruncated     Flags = 1 << iota // fewer octets captured than were on the wire
	FlagTimeUnknown                     // the time stamp lies outside 1970..2262; Time is 0
	FlagFirstFragment                   // first fragment of several: ports are known
	FlagRewrittenLink                   // labelled Ethernet, but raw IP: decoded as that
	FlagLengthGuessed                   // IP length was 0 or absurd (LSO, BIG TCP): taken from the frame
	FlagDNSQuery                        // UDP to port 53 that parses as a query with one question
	FlagDNSResponse                     // UDP from port 53 that parses as a response
	FlagQUICInitial                     // UDP to port 443 with a QUIC long header of type Initial (RFC 9000 section 17.2.2)
	FlagWGReserved                      // UDP payload of the size and type of a WireGuard handshake message, with reserved octets that are not 0
	FlagLastFragment                    // KindFragment: no other follows it
	FlagGroup                           // multicast, broadcast or link-local destination or source: never a client flow
)

// TCP header flags as they stand in octet 13 (RFC 9293 section 3.1).
const (
	TCPFin uint8 = 1 << iota
	TCPSyn
	TCPRst
	TCPPsh
	TCPAck
)

// Packet is one decoded packet: a value that owns nothing, aliases no buffer
// and can be copied, stored and sent. A field whose comment names a condition
// is zero when that does not hold.
//
// It is three cache lines of 64 octets, which go from the core that decodes to
// the one that correlates: what every packet is asked for stands in the first,
// what is asked of those that are matched in the second, and what a TCP segment
// has no use for in the third.
type Packet struct {
	Time int64 // nanoseconds since 1970-01-01 UTC, by the clock of the tap

	// FlowHash is that of the packet's ends and protocol (see the function):
	// equal in both directions. Valid iff Kind > KindARP. It is computed here
	// because sources decode side by side and the consumer is one goroutine.
	FlowHash uint64

	// Src and Dst are valid iff Kind > KindARP. Of an ARP packet for IPv4 they
	// are the sender's and the target's address, and ICMPType its operation.
	Src, Dst Addr

	SrcPort, DstPort uint16 // TCP, UDP; echo: the identifier stands on the client's side (source of a request, destination of a reply), 0 on the other

	Iface     int32 // index in Batch.Interfaces
	Flags     Flags
	Kind      Kind
	Proto     uint8 // IP protocol number of the transport
	TTL       uint8 // TTL or hop limit
	TCPFlags  uint8 // valid iff KindTCP
	Direction Direction
	HasTS     bool

	Frame uint64 // number of the record in its source, from 1, as Wireshark counts

	WireLen uint32 // octets of the frame on the wire
	IPLen   uint32 // octets of the IP packet by its header, or by the frame where FlagLengthGuessed

	// PayloadLen is the length in octets of the transport's payload by the
	// headers, whether captured or not. On a first fragment of UDP it is that
	// of the whole datagram. Echo: the octets after identifier and sequence.
	PayloadLen uint32

	Seq, Ack uint32 // TCP; Seq is also the echo sequence number, and of DNS a hash of the first question's name in any case of letters, 0 if it was cut
	TSval    uint32 // TCP timestamps option (RFC 7323), as TSecr; valid iff HasTS
	FragID   uint32 // IPv4 identification or IPv6 fragment identification

	LinkSrc, LinkDst MAC // Ethernet only (LinkSrc also of cooked captures)

	Window     uint16 // TCP window field, unscaled
	MSS        uint16 // TCP MSS option; 0: none
	FragOffset uint16 // octets, valid iff KindFragment
	DNSID      uint16 // valid iff FlagDNSQuery or FlagDNSResponse, as DNSType and DNSRCode
	DNSRCode   uint8
	ICMPType   uint8
	ICMPCode   uint8
	DNSType    uint16 // type of the first question, 0 if it was cut
	VLAN       uint16 // outermost VLAN id, 0: none

	WG wg.Header // valid iff WG.Type != 0: the UDP payload is a plain WireGuard message

	Hash16 uint64 // seeded hash of the first 16 payload octets (or all, if fewer); 0: not captured. UDP and echo only
	Hash64 uint64 // the same over 64 octets; 0: not captured

	Offset int64  // octets from the start of the source (after decompression) to the record; -1 live
	CapLen uint32 // octets of the frame in the capture
	TSecr  uint32

	// RecordID is what its capture calls the packet, equal where it was recorded
	// more than once (the low half of pcapng's epb_packetid); 0: not said.
	RecordID uint32

	// Ref is an index in Batch.Quotes (KindICMPError) or in Batch.Handshakes
	// (WG.Type initiation or response); -1 if there is none.
	Ref int32
}

// Is6 reports whether the packet is IPv6.
func (p *Packet) Is6() bool { return p.Kind > KindARP && !p.Src.Is4() }

// Has reports whether all bits of f are set.
func (p *Packet) Has(f Flags) bool { return p.Flags&f == f }

// TCPOctets returns how many sequence numbers the segment occupies: its payload
// plus one each for SYN and FIN (RFC 9293 section 3.4).
func (p *Packet) TCPOctets() uint32 {
	n := p.PayloadLen
	if p.TCPFlags&TCPSyn != 0 {
		n++
	}
	if p.TCPFlags&TCPFin != 0 {
		n++
	}
	return n
}

// Quote is the packet that an ICMP error quotes (RFC 792; RFC 4443 section 3).
type Quote struct {
	Src, Dst         Addr
	SrcPort, DstPort uint16 // for echo: the identifier, placed as in Packet
	Seq              uint32 // TCP sequence number, or echo sequence
	MTU              uint32 // of "fragmentation needed" and "packet too big"; else 0
	Proto            uint8
	TTL              uint8
}

// Handshake is a WireGuard handshake message as it stood on the wire; what a
// response leaves free at the end is 0.
type Handshake [wg.MessageInitiationSize]byte

// Message returns the octets of a message of the given type.
func (h *Handshake) Message(t wg.MessageType) []byte {
	if t == wg.MessageResponse {
		return h[:wg.MessageResponseSize]
	}
	return h[:]
}

// Extras are what few packets carry beside their headers; Packet.Ref points into
// them.
type Extras struct {
	Quotes     []Quote
	Handshakes []Handshake
}

// Quoted returns what the packet quotes, nil if it is no ICMP error or its quote
// could not be read.
func (e *Extras) Quoted(p *Packet) *Quote {
	if p.Kind != KindICMPError || p.Ref < 0 {
		return nil
	}
	return &e.Quotes[p.Ref]
}
