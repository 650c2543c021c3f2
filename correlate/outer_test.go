package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/wg"
)

const (
	home   = wanIP + ":51820"
	mobile = "198.51.100.10:4500"
	cafe   = "198.51.100.20:4600"
)

// dial is a handshake of an endpoint: an initiation and, if answered, the
// response 1 ms later. The indices are n for the client, n+1000 for the server.
func (tr *trace) dial(us int64, endpoint string, n uint32, answered bool) {
	tr.wan(us, initiation(endpoint, home, n))
	if answered {
		tr.wan(us+1000, handshakeResponse(home, endpoint, n+1000, n))
	}
}

// carry is a client's packet in its datagram; it comes out of the tunnel 200 us
// later unless it is dropped after decryption.
func (tr *trace) carry(us int64, endpoint string, receiver uint32, counter uint64, p pk, dropped bool) {
	tr.wan(us, transport(endpoint, home, receiver, counter, int(p.IPLen)))
	if !dropped {
		tr.tunnel(us+200, p)
	}
}

// TestSessions reads states and cadence off the encrypted side.
func TestSessions(t *testing.T) {
	alive := func(endpoint string, us int64, receiver uint32) pk {
		return message(endpoint, home, wg.MessageTransport, 0, receiver, 0, wg.MessageKeepaliveSize)
	}
	cases := []struct {
		name  string
		steps func(tr *trace)
		check func(p correlate.Peer) bool
		calls bool // the server alone begins
	}{
		{"unanswered", func(tr *trace) {
			for n := range 4 {
				tr.dial(int64(n)*5_100_000, mobile, uint32(n+1), false)
			}
		}, func(p correlate.Peer) bool {
			return p.State == correlate.PeerUnanswered && p.Initiations == 4 && p.Responses == 0 && !p.Trusted
		}, false},
		{"answered every 5.1 s, never completed", func(tr *trace) {
			for n := range 4 {
				tr.dial(int64(n)*5_100_000, mobile, uint32(n+1), true)
			}
		}, func(p correlate.Peer) bool {
			return p.State == correlate.PeerNotCompleted && p.ShortPairs == 3 && p.SilentPairs == 0
		}, false},
		{"answered every 15.4 s, data blocked", func(tr *trace) {
			for n := range 4 {
				tr.dial(int64(n)*15_400_000, mobile, uint32(n+1), true)
			}
		}, func(p correlate.Peer) bool {
			return p.State == correlate.PeerNotCompleted && p.ShortPairs == 0 && p.SilentPairs == 3
		}, false},
		{"established, a rekey after 120 s", func(tr *trace) {
			tr.dial(0, mobile, 1, true)
			tr.wan(20_000, alive(mobile, 0, 1001))
			tr.dial(120_000_000, mobile, 2, true)
			tr.wan(120_020_000, alive(mobile, 0, 1002))
		}, func(p correlate.Peer) bool {
			return p.State == correlate.PeerEstablished && p.ShortPairs+p.SilentPairs == 0 && p.KeepalivesIn == 2 && p.DataIn == 0 && p.Trusted
		}, false},
		{"an initiation repeated and answered twice in one handshake", func(tr *trace) {
			tr.dial(0, mobile, 1, true)
			tr.wan(500, initiation(mobile, home, 1))
			tr.wan(1500, handshakeResponse(home, mobile, 1001, 1))
			tr.wan(20_000, alive(mobile, 0, 1001))
		}, func(p correlate.Peer) bool { return p.State == correlate.PeerEstablished && p.ShortPairs == 0 }, false},
		{"data alone, the handshake lies before", func(tr *trace) {
			for n := range 4 {
				tr.wan(int64(n)*1_000_000, transport(mobile, home, 77, uint64(n), 84))
			}
		}, func(p correlate.Peer) bool {
			return p.State == correlate.PeerDataOnly && p.DataIn == 4 && !p.Trusted
		}, false},
		{"data alone, and the server answers", func(tr *trace) {
			for n := range 4 {
				tr.wan(int64(n)*1_000_000, transport(mobile, home, 77, uint64(n), 84))
				tr.wan(int64(n)*1_000_000+500_000, transport(home, mobile, 78, uint64(n), 84).ttl(64))
			}
		}, func(p correlate.Peer) bool { return p.State == correlate.PeerDataOnly && p.Trusted }, false},
		{"a cookie", func(tr *trace) {
			tr.dial(0, mobile, 1, false)
			tr.wan(1000, message(home, mobile, wg.MessageCookieReply, 0, 1, 0, wg.MessageCookieReplySize).ttl(64))
			tr.dial(5_100_000, mobile, 2, true)
			tr.wan(5_200_000, alive(mobile, 0, 1002))
		}, func(p correlate.Peer) bool { return p.State == correlate.PeerEstablished && p.Cookies == 1 }, false},
		{"the server calls", func(tr *trace) {
			tr.wan(0, initiation(home, mobile, 5).ttl(64))
			tr.wan(20_000, handshakeResponse(mobile, home, 6, 5).ttl(50))
			tr.wan(21_000, transport(home, mobile, 6, 0, 84).ttl(64))
			tr.wan(40_000, transport(mobile, home, 5, 0, 84))
		}, func(p correlate.Peer) bool {
			return p.State == correlate.PeerEstablished && p.Initiations == 0 && p.ServerInitiations == 1 && p.Trusted
		}, true},
	}
	for _, c := range cases {
		for _, port := range []uint16{0, 51820} {
			if c.calls && port == 0 {
				continue // a forwarded device of the LAN looks the same
			}
			t.Run(fmt.Sprintf("%s/%d", c.name, port), func(t *testing.T) {
				tr := &trace{opts: correlate.Options{WGPort: port, Tunnel: true}}
				c.steps(tr)
				tr.idle(130_000_000)
				ev := tr.run(t)
				if ev.WireGuard.Port != 51820 {
					t.Errorf("port %d (%s)", ev.WireGuard.Port, ev.WireGuard.PortWhy)
				}
				if len(ev.WireGuard.Peers) != 1 || ev.WireGuard.Peers[0].Endpoint.String() != mobile || ev.WireGuard.Peers[0].ServerEndpoint.String() != home {
					t.Fatalf("peers %+v", ev.WireGuard.Peers)
				}
				if p := ev.WireGuard.Peers[0]; !c.check(p) {
					t.Errorf("peer %+v", p)
				}
			})
		}
	}
}

// TestPortLearned finds the port where it is not the usual one, and among
// several hosts' sessions that pass the tap.
func TestPortLearned(t *testing.T) {
	tr := &trace{}
	server := wanIP + ":443"
	tr.wan(0, initiation(mobile, server, 1))
	tr.wan(1000, handshakeResponse(server, mobile, 2, 1))
	// A device of the LAN has a session of its own with a server far away:
	// forwarded, so that nothing of it ends here.
	tr.wan(2000, initiation("192.168.1.50:51820", "198.51.100.99:51820", 8).ttl(63))
	for n := range 5 {
		tr.wan(3000+int64(n)*1000, transport(mobile, server, 2, uint64(n), 84))
	}
	tr.idle(9_000_000)
	if ev := tr.run(t); ev.WireGuard.Port != 443 || ev.WireGuard.PortWhy != "handshakes" {
		t.Errorf("port %d (%s)", ev.WireGuard.Port, ev.WireGuard.PortWhy)
	}
}

// TestDelivery ties data messages to the packets that came out of them.
func TestDelivery(t *testing.T) {
	setup := func() *trace {
		tr := &trace{}
		tr.dial(0, mobile, 1, true)
		tr.dial(10_000, cafe, 2, true)
		return tr
	}
	peer := func(t *testing.T, ev *correlate.Evidence, endpoint string) correlate.Peer {
		t.Helper()
		for _, p := range ev.WireGuard.Peers {
			if p.Endpoint.String() == endpoint {
				return p
			}
		}
		t.Fatalf("no peer %s", endpoint)
		return correlate.Peer{}
	}
	t.Run("one client is delivered, the other dropped", func(t *testing.T) {
		tr := setup()
		for n := range 20 {
			us := 1_000_000 + int64(n)*100_000
			p := tcp(fmt.Sprintf("%s:%d", phone, 4000+n), tcpS, syn, uint32(n), 0, 0)
			tr.carry(us, mobile, 1001, uint64(n), p, false)
			q := tcp(fmt.Sprintf("%s:%d", tablet, 4000+n), tcpS, syn, uint32(n+99), 0, 0)
			q.IPLen = 60
			tr.carry(us+20_000, cafe, 1002, uint64(n), q, true)
		}
		tr.idle(20_000_000)
		ev := tr.run(t)
		a, b := peer(t, ev, mobile), peer(t, ev, cafe)
		if a.Delivered != 20 || a.Undelivered != 0 || b.Delivered != 0 || b.Undelivered != 20 || b.UndeliveredCalls != 20 {
			t.Errorf("delivered %d, undelivered %d; and %d, %d (%d calls)", a.Delivered, a.Undelivered, b.Delivered, b.Undelivered, b.UndeliveredCalls)
		}
		if c := clientOf(t, ev, phone); c.Peer < 0 || ev.WireGuard.Peers[c.Peer].Endpoint.String() != mobile {
			t.Errorf("the phone's peer is %d", c.Peer)
		}
		if !a.UndeliveredKnown || !b.UndeliveredKnown || !a.Trusted || !b.Trusted {
			t.Error("not known or not trusted")
		}
	})
	t.Run("equal sizes at the same time", func(t *testing.T) {
		tr := setup()
		for n := range 20 {
			us := 1_000_000 + int64(n)*100_000
			p := tcp(fmt.Sprintf("%s:%d", phone, 4000+n), tcpS, syn, uint32(n), 0, 0)
			q := tcp(fmt.Sprintf("%s:%d", tablet, 4000+n), tcpS, syn, uint32(n+99), 0, 0)
			tr.carry(us, mobile, 1001, uint64(n), p, false)
			tr.carry(us+50, cafe, 1002, uint64(n), q, false)
		}
		tr.idle(20_000_000)
		ev := tr.run(t)
		a, b := peer(t, ev, mobile), peer(t, ev, cafe)
		if a.Undelivered+b.Undelivered != 0 || a.Delivered != 20 || b.Delivered != 20 {
			t.Errorf("%+v\n%+v", a, b)
		}
	})
	t.Run("what an idle kernel sends is no call", func(t *testing.T) {
		tr := setup()
		for n, size := range []uint32{48, 76, 96, 76, 48, 96} {
			p := ip("fe80::2", "ff02::16", 58, capture.KindICMPOther)
			p.IPLen = size
			tr.carry(1_000_000+int64(n)*1_000_000, cafe, 1002, uint64(n), p, true)
		}
		tr.idle(20_000_000)
		if b := peer(t, tr.run(t), cafe); b.Undelivered != 6 || b.UndeliveredCalls != 0 {
			t.Errorf("undelivered %d, of them calls %d; want 6 and 0", b.Undelivered, b.UndeliveredCalls)
		}
	})
	t.Run("padding ends at the MTU", func(t *testing.T) {
		tr := setup()
		for n, size := range []int{1420, 1419, 1412, 1280, 1276} {
			us := 1_000_000 + int64(n)*100_000
			p := tcp(tcpC, tcpS, ack, uint32(1+n*2000), 1, uint32(size-40))
			mtu := 1420
			if n == 2 {
				mtu = 1412
			} else if n > 2 {
				mtu = 1280
			}
			tr.wan(us, message(mobile, home, wg.MessageTransport, 0, 1001, uint64(n), wg.TransportSize(size, mtu)))
			tr.tunnel(us+200, p)
		}
		tr.idle(20_000_000)
		if a := peer(t, tr.run(t), mobile); a.Delivered != 5 || a.Undelivered != 0 {
			t.Errorf("delivered %d, undelivered %d", a.Delivered, a.Undelivered)
		}
	})
	t.Run("glued datagrams make it unknown", func(t *testing.T) {
		tr := setup()
		p := transport(mobile, home, 1001, 0, 64_000)
		tr.wan(1_000_000, p)
		tr.idle(20_000_000)
		if a := peer(t, tr.run(t), mobile); a.UndeliveredKnown {
			t.Error("undelivered is claimed to be known")
		}
	})
	t.Run("without a tunnel capture", func(t *testing.T) {
		tr := setup()
		for n := range 5 {
			tr.wan(1_000_000+int64(n)*1000, transport(mobile, home, 1001, uint64(n), 84))
		}
		tr.idle(20_000_000)
		tr.in = nil
		ev := analyse(t, correlate.Options{}, file("wan.pcap", capture.Interface{Index: -1, LinkType: capture.LinkTypeEthernet}, tr.out))
		if a := peer(t, ev, mobile); a.UndeliveredKnown || a.Undelivered != 0 {
			t.Errorf("undelivered %d, known %v", a.Undelivered, a.UndeliveredKnown)
		}
	})
}

// TestOuterRelation proves that two captures belong together where nothing
// leaves the host: by the datagrams that carried the packets.
func TestOuterRelation(t *testing.T) {
	tr := &trace{two: true}
	tr.dial(0, mobile, 1, true)
	for n := range 12 {
		p := tcp(fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("192.0.2.%d:443", n), syn, uint32(n), 0, 0)
		p.IPLen = uint32(40 + n%3*20)
		tr.carry(1_000_000+int64(n)*int64(n)*40_000, mobile, 1001, uint64(n), p, false)
	}
	tr.idle(20_000_000)
	ev := tr.run(t)
	if !ev.Relation.Proved || ev.Relation.Basis != "outer-to-inner" {
		t.Errorf("relation %+v", ev.Relation)
	}
	if f := fates(t, ev, phone); f[correlate.FateNoEgress] != 12 {
		t.Errorf("fates %v", f)
	}
}
