package capture

import (
	"bytes"
	"testing"

	"github.com/wgtrace/wgtrace/internal/wg"
)

// TestHandshakeKept hands out the octets of handshake messages, and of nothing
// that is cut short or only resembles one.
func TestHandshakeKept(t *testing.T) {
	datagram := func(first []byte, n int) []byte {
		payload := make([]byte, n)
		for i := range payload {
			payload[i] = byte(i)
		}
		copy(payload, first)
		return payload
	}
	for _, c := range []struct {
		name     string
		payload  []byte
		cut      int
		kept     bool
		reserved bool
	}{
		{"initiation", datagram([]byte{1, 0, 0, 0}, 148), 0, true, false},
		{"response", datagram([]byte{2, 0, 0, 0}, 92), 0, true, false},
		{"initiation, cut short", datagram([]byte{1, 0, 0, 0}, 148), 1, false, false},
		{"cookie reply", datagram([]byte{3, 0, 0, 0}, 64), 0, false, false},
		{"data", datagram([]byte{4, 0, 0, 0}, 148), 0, false, false},
		{"reserved octets set", datagram([]byte{1, 7, 0, 0}, 148), 0, false, true},
	} {
		frame := ip4(17, phone, site, udp(4500, 51820, c.payload))
		var d Decoder
		var p Packet
		extras := Extras{Handshakes: make([]Handshake, 1)} // one of another packet
		d.Decode(&p, LinkTypeRaw, frame[:len(frame)-c.cut], len(frame), &extras)
		if got := len(extras.Handshakes) == 2; got != c.kept || p.Has(FlagWGReserved) != c.reserved {
			t.Errorf("%s: kept %v, reserved %v", c.name, got, p.Has(FlagWGReserved))
		}
		if !c.kept {
			if p.Ref != -1 {
				t.Errorf("%s: reference %d", c.name, p.Ref)
			}
			continue
		}
		if p.Ref != 1 || !bytes.Equal(extras.Handshakes[1].Message(p.WG.Type), c.payload) {
			t.Errorf("%s: reference %d, message %x", c.name, p.Ref, extras.Handshakes[1].Message(p.WG.Type))
		}
		d.Decode(&p, LinkTypeRaw, frame, len(frame), nil)
		if p.Ref != -1 || p.WG.Type == wg.MessageUnknown {
			t.Errorf("%s without room: reference %d, type %v", c.name, p.Ref, p.WG.Type)
		}
	}
}
