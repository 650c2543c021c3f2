package correlate_test

import (
	"fmt"
	"testing"

	"golang.org/x/crypto/blake2s"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// madeFor is a handshake message with the mac1 that its receiver's key asks for
// (white paper, section 5.4.4).
func (p pk) madeFor(key wg.Key) pk {
	var h capture.Handshake
	h[0], h[4] = byte(p.WG.Type), byte(p.WG.Sender)
	msg := h.Message(p.WG.Type)
	secret := blake2s.Sum256(append([]byte("mac1----"), key[:]...))
	m, _ := blake2s.New128(secret[:])
	m.Write(msg[:len(msg)-32])
	copy(msg[len(msg)-32:], m.Sum(nil))
	p.handshake = &h
	return p
}

// outerPeers runs a trace of the encrypted side and returns its endpoints by name.
func outerPeers(t *testing.T, tr *trace) map[string]correlate.Peer {
	t.Helper()
	tr.opts.WGPort, tr.opts.Tunnel = 51820, true
	tr.idle(200_000_000)
	out := make(map[string]correlate.Peer)
	for _, p := range tr.run(t).WireGuard.Peers {
		out[p.Endpoint.String()] = p
	}
	return out
}

// TestKeys holds greetings against the server's keys and names who was answered.
func TestKeys(t *testing.T) {
	mine, second, stranger := wg.Key{1}, wg.Key{2}, wg.Key{3}
	phones := []wg.Key{{11}, {12}}
	greet := func(server wg.Key, answer bool, client wg.Key) *trace {
		tr := &trace{opts: correlate.Options{ServerKeys: []wg.Key{mine, second}, PeerKeys: phones}}
		for n := range 3 {
			us := int64(n) * 5_100_000
			tr.wan(us, initiation(mobile, home, uint32(n+1)).madeFor(server))
			if answer {
				tr.wan(us+1000, handshakeResponse(home, mobile, uint32(n+1001), uint32(n+1)).madeFor(client))
			}
		}
		return tr
	}
	for _, c := range []struct {
		name         string
		tr           *trace
		right, wrong uint64
		key          wg.Key
	}{
		{"made for this server", greet(mine, false, wg.Key{}), 3, 0, wg.Key{}},
		{"made for its other tunnel", greet(second, false, wg.Key{}), 3, 0, wg.Key{}},
		{"made for another server", greet(stranger, false, wg.Key{}), 0, 3, wg.Key{}},
		{"answered, known", greet(mine, true, phones[1]), 3, 0, phones[1]},
		{"answered, not among the given", greet(mine, true, stranger), 3, 0, wg.Key{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := outerPeers(t, c.tr)[mobile]
			if p.KeyRight != c.right || p.KeyWrong != c.wrong || p.LastKeyWrong != (c.wrong > 0) || p.PublicKey != c.key {
				t.Errorf("right %d, wrong %d, last wrong %v, key %q", p.KeyRight, p.KeyWrong, p.LastKeyWrong, p.PublicKey)
			}
		})
	}
	t.Run("a flood is looked at once a second", func(t *testing.T) {
		tr := &trace{opts: correlate.Options{ServerKeys: []wg.Key{mine}}}
		for n := range 5000 {
			tr.wan(int64(n)*1000, initiation(mobile, home, uint32(n+1)).madeFor(mine))
		}
		if p := outerPeers(t, tr)[mobile]; p.KeyRight != 5 || p.Initiations != 5000 {
			t.Errorf("%d of %d were checked", p.KeyRight, p.Initiations)
		}
	})
	t.Run("a message that was cut short says nothing", func(t *testing.T) {
		tr := &trace{opts: correlate.Options{ServerKeys: []wg.Key{mine}}}
		tr.dial(0, mobile, 1, false)
		if p := outerPeers(t, tr)[mobile]; p.KeyRight+p.KeyWrong != 0 {
			t.Errorf("right %d, wrong %d", p.KeyRight, p.KeyWrong)
		}
	})
}

// TestCrossing tells two devices with one key from one device that moves.
func TestCrossing(t *testing.T) {
	out := func(tr *trace, us int64, endpoint string, receiver uint32) {
		tr.wan(us, transport(home, endpoint, receiver, uint64(us), 84).ttl(64))
	}
	in := func(tr *trace, us int64, endpoint string, receiver uint32) {
		tr.wan(us, transport(endpoint, home, receiver, uint64(us), 84))
	}
	t.Run("two devices in turns", func(t *testing.T) {
		tr := &trace{}
		tr.dial(0, mobile, 1, true)
		in(tr, 100_000, mobile, 1001)
		tr.dial(1_000_000, cafe, 2, true)
		for n := range 5 {
			us := int64(2_000_000) + int64(n)*1_000_000
			in(tr, us, mobile, 1001)
			out(tr, us+10_000, mobile, 2)
			in(tr, us+500_000, cafe, 1002)
			out(tr, us+510_000, cafe, 2)
		}
		all := outerPeers(t, tr)
		if a, b := all[mobile], all[cafe]; a.Crossed != 5 || a.CrossTurns != 5 || a.Moved || b.Crossed != 0 || b.Moved || a.CrossedWith < 0 {
			t.Errorf("%+v\n%+v", a, b)
		}
	})
	t.Run("roaming", func(t *testing.T) {
		tr := &trace{}
		tr.dial(0, mobile, 1, true)
		in(tr, 100_000, mobile, 1001)
		for n := range 5 {
			us := int64(2_000_000) + int64(n)*1_000_000
			in(tr, us, cafe, 1001)
			out(tr, us+10_000, cafe, 1)
		}
		all := outerPeers(t, tr)
		if a, b := all[mobile], all[cafe]; !a.Moved || !b.Moved || b.CrossTurns > 1 {
			t.Errorf("%+v\n%+v", a, b)
		}
	})
	t.Run("two devices with keys of their own", func(t *testing.T) {
		tr := &trace{}
		tr.dial(0, mobile, 1, true)
		tr.dial(10_000, cafe, 2, true)
		for n := range 5 {
			us := int64(2_000_000) + int64(n)*1_000_000
			in(tr, us, mobile, 1001)
			out(tr, us+10_000, mobile, 1)
			in(tr, us+500_000, cafe, 1002)
			out(tr, us+510_000, cafe, 2)
		}
		all := outerPeers(t, tr)
		if a, b := all[mobile], all[cafe]; a.Crossed+b.Crossed != 0 || a.Moved || b.Moved {
			t.Errorf("%+v\n%+v", a, b)
		}
	})
}

// TestOuterErrors reads ICMP errors about WireGuard's own packets.
func TestOuterErrors(t *testing.T) {
	tr := &trace{}
	for n := range 3 {
		us := int64(n) * 5_100_000
		tr.dial(us, mobile, uint32(n+1), false)
		tr.wan(us+100, icmpError(wanIP, "198.51.100.10", 3, 13, initiation(mobile, home, 1)))
	}
	tr.dial(20_000_000, cafe, 9, true)
	tr.wan(21_000_000, transport(home, cafe, 9, 1, 84).ttl(64))
	tr.wan(21_010_000, icmpError("198.51.100.1", wanIP, 3, 3, transport(home, cafe, 9, 1, 84)).ttl(50))
	tr.wan(22_010_000, icmpError("198.51.100.1", wanIP, 3, 4, transport(home, cafe, 9, 1, 84)).ttl(50))
	all := outerPeers(t, tr)
	if p := all[mobile]; p.Refused != 3 || p.RefusedCode != 13 || p.Unreachable != 0 || p.Open != 3 || p.State != correlate.PeerUnanswered {
		t.Errorf("%+v", p)
	}
	if p := all[cafe]; p.Refused != 0 || p.Unreachable != 1 || p.UnreachableAt == 0 {
		t.Errorf("%+v", p)
	}
}

// TestStalls reads the cadence of a device that greets anew although both sides
// had sent data, and that of one that does so for the age of its key.
func TestStalls(t *testing.T) {
	run := func(gap int64, back bool) correlate.Peer {
		tr := &trace{}
		for n := range 4 {
			us, i := int64(n)*gap, uint32(n+1)
			tr.dial(us, mobile, i, true)
			tr.wan(us+20_000, transport(mobile, home, i+1000, 0, 84))
			if back {
				tr.wan(us+30_000, transport(home, mobile, i, 0, 84).ttl(64))
			}
		}
		return outerPeers(t, tr)[mobile]
	}
	for _, c := range []struct {
		gap  int64
		back bool
		want uint64
	}{{15_400_000, true, 3}, {15_400_000, false, 0}, {5_100_000, true, 0}, {40_000_000, true, 0}} {
		if p := run(c.gap, c.back); p.StalledPairs != c.want || p.SmallOut != p.DataOut {
			t.Errorf("every %d us, answered %v: %d stalled, want %d", c.gap, c.back, p.StalledPairs, c.want)
		}
	}
}

// TestOddities notes what is no plain WireGuard at its port.
func TestOddities(t *testing.T) {
	tr := &trace{opts: correlate.Options{WGPort: 51820, Tunnel: true}}
	tr.dial(0, mobile, 1, true) // the server's address becomes known
	for n := range 4 {
		us := 1_000_000 + int64(n)*5_100_000
		for junk := range 3 {
			tr.wan(us-30_000+int64(junk)*1000, udp(cafe, home, pad(fmt.Sprint("junk", n, junk), 60+n*7+junk)).ttl(50))
		}
		tr.wan(us, udp(cafe, home, pad(fmt.Sprint("greeting", n), 148+24)).ttl(50))
		tr.wan(us+2000, udp("198.51.100.30:9", home, pad(fmt.Sprint("reserved", n), 148)).ttl(50).with(capture.FlagWGReserved))
		tr.wan(us+3000, udp("198.51.100.40:9", "203.0.113.2:53", pad(fmt.Sprint("elsewhere", n), 200)).ttl(50))
	}
	tr.idle(60_000_000)
	all := tr.run(t).WireGuard.Odd
	if len(all) != 2 {
		t.Fatalf("%+v", all)
	}
	if d := all[0]; d.Endpoint.String() != cafe || d.In != 16 || d.Repeats != 3 || d.Reserved != 0 || d.Out != 0 {
		t.Errorf("%+v", d)
	}
	if d := all[1]; d.Reserved != 4 || d.Repeats != 3 {
		t.Errorf("%+v", d)
	}
}
