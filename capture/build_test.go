package capture

import (
	"encoding/binary"
	"net/netip"
)

// Builders for test packets. They nest: eth(0x0800, ip4(...udp4...)).

func cat(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func b16(vs ...uint16) []byte {
	var b []byte
	for _, v := range vs {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func b32(vs ...uint32) []byte {
	var b []byte
	for _, v := range vs {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func addr(s string) Addr { return AddrFromNetip(netip.MustParseAddr(s)) }

func wire(s string) []byte { return netip.MustParseAddr(s).AsSlice() }

var (
	macA = MAC{0x02, 0, 0, 0, 0, 0x0a}
	macB = MAC{0x02, 0, 0, 0, 0, 0x0b}
)

// eth goes from macA to macB.
func eth(typ uint16, payload []byte) []byte {
	return cat(macB[:], macA[:], b16(typ), payload)
}

// header4 holds the fields of an IPv4 header that tests vary.
type header4 struct {
	id, frag uint16
	length   int // -1: of header and payload
	options  []byte
	ttl      byte
}

func ip4h(h header4, proto byte, src, dst string, payload []byte) []byte {
	n := 20 + len(h.options)
	length := h.length
	if length < 0 {
		length = n + len(payload)
	}
	return cat([]byte{0x40 | byte(n/4), 0}, b16(uint16(length), h.id, h.frag), []byte{h.ttl, proto}, b16(0),
		wire(src), wire(dst), h.options, payload)
}

// checksum sets the header checksum of an IPv4 packet, off by wrong.
func checksum(packet []byte, wrong uint16) []byte {
	sum := uint32(0)
	for i := 0; i < int(packet[0]&15)*4; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(packet[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(packet[10:], ^uint16(sum)+wrong)
	return packet
}

func ip4(proto byte, src, dst string, payload []byte) []byte {
	return ip4h(header4{id: 7, frag: 0x4000, length: -1, ttl: 64}, proto, src, dst, payload)
}

func ip6l(length uint16, next byte, src, dst string, payload []byte) []byte {
	return cat(b32(0x60000000), b16(length), []byte{next, 64}, wire(src), wire(dst), payload)
}

func ip6(next byte, src, dst string, payload []byte) []byte {
	return ip6l(uint16(len(payload)), next, src, dst, payload)
}

func udp(src, dst uint16, payload []byte) []byte {
	return cat(b16(src, dst, uint16(8+len(payload)), 0), payload)
}

func tcp(src, dst uint16, seq, ack uint32, flags byte, options, payload []byte) []byte {
	return cat(b16(src, dst), b32(seq, ack), []byte{byte(5+len(options)/4) << 4, flags}, b16(1024, 0, 0), options, payload)
}

func icmp(typ, code byte, rest uint32, payload []byte) []byte {
	return cat([]byte{typ, code}, b16(0), b32(rest), payload)
}

// count returns n octets 0, 1, 2, ...
func count(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// dnsQuestion asks for the A record of example.org.
var dnsQuestion = cat([]byte("\x07example\x03org\x00"), b16(1, 1))

func dns(id, flags uint16, questions, answers uint16, rest []byte) []byte {
	return cat(b16(id, flags, questions, answers, 0, 0), rest)
}
