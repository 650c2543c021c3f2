package capture

import "testing"

func hashes(frame []byte, wireLen int) (h16, h64 uint64) {
	var d Decoder
	var p Packet
	d.Decode(&p, LinkTypeRaw, frame, wireLen, nil)
	return p.Hash16, p.Hash64
}

func datagram(payload []byte) []byte { return ip4(17, phone, site, udp(4000, 5000, payload)) }

func TestHash(t *testing.T) {
	other := count(100)
	other[15] ^= 1
	late := count(100)
	late[63] ^= 1
	type pair struct{ h16, h64 uint64 }
	of := func(frame []byte) pair {
		a, b := hashes(frame, len(frame))
		return pair{a, b}
	}
	cut := func(frame []byte, n int) pair {
		a, b := hashes(frame[:n], len(frame))
		return pair{a, b}
	}
	whole := of(datagram(count(100)))
	if whole.h16 == 0 || whole.h64 == 0 || whole.h16 == whole.h64 {
		t.Fatalf("hashes %x", whole)
	}
	const headers = 28
	for _, c := range []struct {
		name string
		got  pair
		want [2]bool // equal to whole
		zero [2]bool // not captured
	}{
		{"same again", of(datagram(count(100))), [2]bool{true, true}, [2]bool{}},
		{"glued: longer", of(datagram(count(200))), [2]bool{true, true}, [2]bool{}},
		{"translated", of(ip4(17, "203.0.113.5", site, udp(61000, 5000, count(100)))), [2]bool{true, true}, [2]bool{}},
		{"over IPv6", of(ip6(17, phone6, site6, udp(4000, 5000, count(100)))), [2]bool{true, true}, [2]bool{}},
		{"echo with the same payload", of(ip4(1, phone, site, icmp(8, 0, 1, count(100)))), [2]bool{true, true}, [2]bool{}},
		{"first fragment", of(ip4h(header4{frag: 0x2000, length: -1, ttl: 64}, 17, phone, site, cat(b16(4000, 5000, 1008, 0), count(72)))), [2]bool{true, true}, [2]bool{}},
		{"other within 16", of(datagram(other)), [2]bool{false, false}, [2]bool{}},
		{"other within 64", of(datagram(late)), [2]bool{true, false}, [2]bool{}},
		{"snapped at 64", cut(datagram(count(100)), headers+64), [2]bool{true, true}, [2]bool{}},
		{"snapped at 63", cut(datagram(count(100)), headers+63), [2]bool{true, false}, [2]bool{false, true}},
		{"snapped at 15", cut(datagram(count(100)), headers+15), [2]bool{}, [2]bool{true, true}},
		{"whole prefix of 20", of(datagram(count(20))), [2]bool{true, false}, [2]bool{}},
		{"whole prefix of 15", of(datagram(count(15))), [2]bool{false, false}, [2]bool{}},
	} {
		if (c.got.h16 == whole.h16) != c.want[0] || (c.got.h64 == whole.h64) != c.want[1] {
			t.Errorf("%s: %x, of the whole %x", c.name, c.got, whole)
		}
		if (c.got.h16 == 0) != c.zero[0] || (c.got.h64 == 0) != c.zero[1] {
			t.Errorf("%s: %x, not captured should be %v", c.name, c.got, c.zero)
		}
	}
	// Short payloads of zeros differ by nothing but their length.
	seen := make(map[uint64]int)
	for n := range 64 {
		h16, h64 := hashes(datagram(make([]byte, n)), headers+n)
		if prev, ok := seen[h64]; ok || h64 == 0 || h16 == 0 {
			t.Errorf("%d zeros: hashes %x %x, the second as that of %d", n, h16, h64, prev)
		}
		seen[h64] = n
	}
	// Ethernet padding is no payload.
	padded := append(eth(0x0800, datagram(count(5))), make([]byte, 13)...)
	var d Decoder
	var p Packet
	d.Decode(&p, LinkTypeEthernet, padded, len(padded), nil)
	if want := of(datagram(count(5))); p.Hash16 != want.h16 || p.Hash64 != want.h64 {
		t.Errorf("padding changes the hash")
	}
}
