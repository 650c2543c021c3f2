package wg_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/wg"
)

// TestParseHeader reads each message as it stands on the wire (white paper,
// section 5.4), and refuses what only resembles it.
func TestParseHeader(t *testing.T) {
	index := []byte{0x11, 0x22, 0x33, 0x44}
	other := []byte{0x55, 0x66, 0x77, 0x88}
	cat := func(parts ...[]byte) []byte {
		var b []byte
		for _, p := range parts {
			b = append(b, p...)
		}
		return b
	}
	cases := []struct {
		name    string
		payload []byte
		length  int
		want    wg.Header
	}{
		{"initiation", cat([]byte{1, 0, 0, 0}, index, make([]byte, 140)), 148, wg.Header{Type: wg.MessageInitiation, Sender: 0x44332211}},
		{"initiation, 8 octets captured", cat([]byte{1, 0, 0, 0}, index), 148, wg.Header{Type: wg.MessageInitiation, Sender: 0x44332211}},
		{"initiation of a wrong size", cat([]byte{1, 0, 0, 0}, index, make([]byte, 196)), 204, wg.Header{}},
		{"response", cat([]byte{2, 0, 0, 0}, index, other, make([]byte, 80)), 92, wg.Header{Type: wg.MessageResponse, Sender: 0x44332211, Receiver: 0x88776655}},
		{"response, 8 octets captured", cat([]byte{2, 0, 0, 0}, index), 92, wg.Header{}},
		{"response of a wrong size", cat([]byte{2, 0, 0, 0}, index, other, make([]byte, 88)), 100, wg.Header{}},
		{"cookie reply", cat([]byte{3, 0, 0, 0}, index, make([]byte, 56)), 64, wg.Header{Type: wg.MessageCookieReply, Receiver: 0x44332211}},
		{"keepalive", cat([]byte{4, 0, 0, 0}, index, []byte{9, 0, 0, 0, 0, 0, 0, 1}, make([]byte, 16)), 32, wg.Header{Type: wg.MessageTransport, Receiver: 0x44332211, Counter: 1<<56 | 9}},
		{"data, 16 octets captured", cat([]byte{4, 0, 0, 0}, index, []byte{7, 0, 0, 0, 0, 0, 0, 0}), 1452, wg.Header{Type: wg.MessageTransport, Receiver: 0x44332211, Counter: 7}},
		{"data, 15 octets captured", cat([]byte{4, 0, 0, 0}, index, make([]byte, 7)), 1452, wg.Header{}},
		{"data shorter than a keepalive", cat([]byte{4, 0, 0, 0}, index, make([]byte, 8)), 31, wg.Header{}},
		{"reserved octets set, as Cloudflare's WARP does", cat([]byte{1, 0xb9, 0x19, 0x81}, index, make([]byte, 140)), 148, wg.Header{}},
		{"type 0", make([]byte, 148), 148, wg.Header{}},
		{"type 5", cat([]byte{5, 0, 0, 0}, make([]byte, 144)), 148, wg.Header{}},
		{"nothing", nil, 0, wg.Header{}},
		{"a length that lies", []byte{4, 0, 0}, 1 << 30, wg.Header{}},
	}
	for _, c := range cases {
		if got := wg.ParseHeader(c.payload, c.length); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if got, want := wg.Reserved(c.payload, c.length), strings.HasPrefix(c.name, "reserved octets set"); got != want {
			t.Errorf("%s: reserved octets set %v", c.name, got)
		}
	}
}

// TestTransportSize holds the size of messages against packets that were seen:
// an echo of 84 octets makes 128, a full packet at MTU 1280 makes 1312, a
// keepalive 32; padding stops at the MTU.
func TestTransportSize(t *testing.T) {
	for _, c := range []struct{ inner, mtu, want int }{
		{0, 0, 32}, {1, 0, 48}, {16, 0, 48}, {17, 0, 64}, {84, 0, 128}, {84, 1280, 128}, {1280, 1280, 1312}, {1280, 0, 1312},
		{1276, 1280, 1312}, {1420, 1420, 1452}, {1420, 0, 1456}, {1412, 1412, 1444}, {1409, 1412, 1444}, {1400, 1412, 1440},
		{2800, 1420, 2832},
	} {
		if got := wg.TransportSize(c.inner, c.mtu); got != c.want {
			t.Errorf("%d octets at MTU %d: %d, want %d", c.inner, c.mtu, got, c.want)
		}
	}
}

// TestCadence holds the bounds against the timers that shape what they tell
// apart: retries with their jitter, and retries after silence.
func TestCadence(t *testing.T) {
	retry := wg.RekeyTimeout + wg.InitiationJitter
	silent := wg.KeepaliveTimeout + wg.RekeyTimeout
	if retry >= wg.RetryCadenceMax || wg.RetryCadenceMax >= wg.SilentCadenceMin {
		t.Errorf("a retry after %v does not lie below %v and that below %v", retry, wg.RetryCadenceMax, wg.SilentCadenceMin)
	}
	for _, d := range []time.Duration{silent, silent + wg.InitiationJitter, 15400 * time.Millisecond} {
		if d < wg.SilentCadenceMin || d > wg.SilentCadenceMax {
			t.Errorf("%v lies outside %v to %v", d, wg.SilentCadenceMin, wg.SilentCadenceMax)
		}
	}
}

// FuzzParseHeader feeds any payload with any length that it claims.
func FuzzParseHeader(f *testing.F) {
	f.Add([]byte{4, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 32)
	f.Add([]byte{1, 0, 0, 0, 1, 2, 3, 4}, 148)
	f.Fuzz(func(t *testing.T, payload []byte, length int) {
		h := wg.ParseHeader(payload, length)
		if h.Type == wg.MessageUnknown && h != (wg.Header{}) || h.Type > wg.MessageTransport {
			t.Errorf("%+v", h)
		}
	})
}
