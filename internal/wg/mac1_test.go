package wg_test

import (
	"encoding/hex"
	"testing"

	"golang.org/x/crypto/blake2s"

	"github.com/wgtrace/wgtrace/internal/wg"
)

// TestKeys derives a public key (RFC 7748 section 6.1, Alice) and reads it back
// from what wg(8) would print; the private half is gone afterwards.
func TestKeys(t *testing.T) {
	private := [32]byte(mustHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
	want := wg.Key(mustHex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"))
	got, err := wg.PublicOf(&private)
	if err != nil || got != want {
		t.Fatalf("public key %x (%v), want %x", got, err, want)
	}
	if private != [32]byte{} {
		t.Error("the private key is still there")
	}
	if again, err := wg.ParseKey(got.String()); err != nil || again != got {
		t.Errorf("read back %v, %v", again, err)
	}
	for _, bad := range []string{"", "x", got.String()[1:], got.String() + "AAAA"} {
		if _, err := wg.ParseKey(bad); err == nil {
			t.Errorf("%q is taken for a key", bad)
		}
	}
}

func mustHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// TestMac1 makes messages as section 5.4.4 of the white paper says, from its
// formula alone.
func TestMac1(t *testing.T) {
	mine, other := wg.Key{1, 2, 3}, wg.Key{1, 2, 4}
	for _, size := range []int{wg.MessageInitiationSize, wg.MessageResponseSize} {
		msg := make([]byte, size)
		for i := range msg {
			msg[i] = byte(i * 7)
		}
		key := blake2s.Sum256(append([]byte("mac1----"), mine[:]...))
		h, err := blake2s.New128(key[:])
		if err != nil {
			t.Fatal(err)
		}
		h.Write(msg[:size-32])
		copy(msg[size-32:], h.Sum(nil))
		right, wrong := wg.NewMac1(mine), wg.NewMac1(other)
		for range 2 { // a check leaves nothing behind
			if !right.Made(msg) || wrong.Made(msg) {
				t.Errorf("%d octets: made for the receiver %v, for another %v", size, right.Made(msg), wrong.Made(msg))
			}
		}
		for _, at := range []int{0, size - 33, size - 17} {
			msg[at] ^= 1
			if right.Made(msg) {
				t.Errorf("%d octets: a change at %d goes unnoticed", size, at)
			}
			msg[at] ^= 1
		}
		if n := testing.AllocsPerRun(100, func() { right.Made(msg) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
	if m := wg.NewMac1(mine); m.Made(nil) || m.Made(make([]byte, 32)) {
		t.Error("a message without content was made for somebody")
	}
}
