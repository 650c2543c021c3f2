package report

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
)

// Frames with everything that is to be hidden: hardware addresses 52:54:00:..,
// addresses 203.0.113.9 and 192.0.2.80, the name secret.example.
const (
	frameEther = "525400aabbcc 525400ddeeff 0800"
	frameIP    = "45000000 00000000 4011 0000 cb007109 c0000250"
	frameDNS   = "9c40 0035 0020 0000 1234 0100 0001 0000 0000 0000 06 736563726574 07 6578616d706c65 00 0001 0001"
	frameARP   = "525400aabbcc 525400ddeeff 0806 0001 0800 06 04 0001 525400ddeeff cb007109 000000000000 c0000250"
)

func bytesOf(t *testing.T, parts ...string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Join(parts, ""), " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ipFrame makes an IPv4 packet of protocol proto around a payload.
func ipFrame(t *testing.T, proto byte, payload []byte) []byte {
	t.Helper()
	b := append(bytesOf(t, frameIP), payload...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	b[9] = proto
	return b
}

func rewritten(x *Redactor, link capture.LinkType, frame []byte) []byte {
	var d capture.Decoder
	var p capture.Packet
	var extras capture.Extras
	d.Decode(&p, link, frame, len(frame), &extras)
	return cutFrame(x, capture.Seen{Packet: &p, Quote: extras.Quoted(&p), Interface: &capture.Interface{LinkType: link}, Frame: frame})
}

// TestRedactFrames: no address, name or payload is left in any kind of frame,
// and what was computed over them fits again.
func TestRedactFrames(t *testing.T) {
	dns := ipFrame(t, 17, bytesOf(t, frameDNS))
	binary.BigEndian.PutUint16(dns[24:], uint16(len(dns)-20))
	tcp := ipFrame(t, 6, append(bytesOf(t, "9c40 01bb 00000001 00000000 8002 ffff 0000 0000 020405b4 2204", "ab12", "0101 0000 0000 0000 0000"), "secret payload of a page"...))
	echo := ipFrame(t, 1, append(bytesOf(t, "0800 0000 0001 0001"), "secret payload of a ping"...))
	unreachable := ipFrame(t, 1, append(bytesOf(t, "0303 0000 0000 0000"), dns...))
	optioned := ipFrame(t, 17, bytesOf(t, "0704 cb00", "9c40 01bb 0008 0000"))
	optioned[0] = 0x46
	vlan := append(bytesOf(t, "525400aabbcc 525400ddeeff 8100 0007 0800"), dns...)
	secrets := []netip.Addr{netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("192.0.2.80")}
	sll2 := append(bytesOf(t, "0800 0000 00000003 0001 00 06 525400ddeeff 0000"), dns...)
	for _, mode := range []string{RedactStandard, RedactStrict} {
		x := testRedactor(mode)
		for name, c := range map[string]struct {
			link  capture.LinkType
			frame []byte
			kind  capture.Kind
			kept  int
		}{
			"dns":     {capture.LinkTypeRaw, dns, capture.KindUDP, len(dns)},
			"tcp":     {capture.LinkTypeRaw, tcp, capture.KindTCP, 52},
			"echo":    {capture.LinkTypeRaw, echo, capture.KindEchoRequest, len(echo)},
			"error":   {capture.LinkTypeRaw, unreachable, capture.KindICMPError, 56},
			"options": {capture.LinkTypeRaw, optioned, capture.KindUDP, len(optioned)},
			"ether":   {capture.LinkTypeEthernet, append(bytesOf(t, frameEther), dns...), capture.KindUDP, 14 + len(dns)},
			"vlan":    {capture.LinkTypeEthernet, vlan, capture.KindUDP, len(vlan)},
			"arp":     {capture.LinkTypeEthernet, bytesOf(t, frameARP), capture.KindARP, 42},
			"cooked":  {capture.LinkTypeLinuxSLL2, sll2, capture.KindUDP, len(sll2)},
		} {
			got := rewritten(x, c.link, c.frame)
			if len(got) != c.kept {
				t.Errorf("%s: %d octets are kept, want %d", name, len(got), c.kept)
			}
			for _, secret := range append([]string{"secret", "example", "payload", "\x52\x54\x00"}, string(secrets[0].AsSlice()), string(secrets[1].AsSlice()), "\x07\x04\xcb\x00") {
				if bytes.Contains(got, []byte(secret)) {
					t.Errorf("%s: %q is still there: %x", name, secret, got)
				}
			}
			var d capture.Decoder
			var p capture.Packet
			d.Decode(&p, c.link, got, len(c.frame), nil)
			if p.Kind != c.kind {
				t.Errorf("%s: became kind %d", name, p.Kind)
			}
			if p.Kind > capture.KindARP && (p.Src.Netip() != x.Addr(secrets[0]) || p.Dst.Netip() != x.Addr(secrets[1])) {
				t.Errorf("%s: %s > %s are not the addresses of the report", name, p.Src, p.Dst)
			}
			if at := len(c.frame) - len(dns); c.kind == capture.KindUDP && len(got) == len(c.frame) && name != "options" && (checksum(got[at:at+20]) != 0 ||
				checksum(got[at+20:], got[at+12:at+20], []byte{0, 17, 0, byte(len(dns) - 20)}) != 0) {
				t.Errorf("%s: a checksum is wrong: %x", name, got)
			}
		}
	}
	// Equal payloads stay equal, and so do their beginnings.
	x := testRedactor(RedactStrict)
	long := bytes.Repeat([]byte("0123456789abcdef"), 8)
	if a, b := x.scramble(long), x.scramble(long[:16]); len(a) != 64 || !bytes.Equal(a[:16], b) || bytes.Equal(x.scramble(long[1:])[:16], b) {
		t.Error("payloads that are equal in their first 16 octets differ after redaction, or others do not")
	}
	// Without redaction only the payload is cut.
	if got := rewritten(nil, capture.LinkTypeRaw, tcp); !bytes.Equal(got, tcp[:len(got)]) || len(got) != 52 {
		t.Errorf("without redaction: %x", got)
	}
}

// TestRedactHostileFrames: whatever stands in a frame, rewriting stays within it.
func TestRedactHostileFrames(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	x := testRedactor(RedactStrict)
	seed := append(bytesOf(t, frameEther), ipFrame(t, 1, append(bytesOf(t, "0303 0000 0000 0000"), ipFrame(t, 17, bytesOf(t, frameDNS))...))...)
	six := append(bytesOf(t, "60000000 0040 00 40", strings.Repeat("20010db8000000000000000000000009", 2), "3c00 0000 0000 0000 2c00 0000 0000 0000 3a00 0000 0000 0000"), make([]byte, 40)...)
	links := []capture.LinkType{capture.LinkTypeEthernet, capture.LinkTypeRaw, capture.LinkTypeNull, capture.LinkTypeLoop,
		capture.LinkTypeLinuxSLL, capture.LinkTypeLinuxSLL2, capture.LinkType(999)}
	for i := range 60_000 {
		frame := bytes.Clone([][]byte{seed, seed[14:], six, make([]byte, 80)}[i%4])
		for range random.IntN(6) {
			frame[random.IntN(len(frame))] = byte(random.Uint32())
		}
		frame = frame[:random.IntN(len(frame)+1)]
		before := bytes.Clone(frame)
		if got := rewritten(x, links[random.IntN(len(links))], frame); len(got) > len(frame) {
			t.Fatalf("%x became longer: %x", frame, got)
		}
		if !bytes.Equal(frame, before) {
			t.Fatalf("%x was changed in place", before)
		}
	}
}
