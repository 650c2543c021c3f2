package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/wg"
)

const (
	udpC = phone + ":5000"
	udpW = wanIP + ":5900"
	udpS = site + ":4433"
)

func datagram(n, size int) string { return pad(fmt.Sprintf("datagram %04d ", n), size) }

// TestUDP follows datagrams of one conversation that sends every 10 ms.
func TestUDP(t *testing.T) {
	up := func(payload string) pk { return udp(udpC, udpS, payload) }
	down := func(payload string) pk { return udp(udpS, udpW, payload).ttl(57) }
	cases := []struct {
		name  string
		steps func(tr *trace)
		want  want
	}{
		{"distinct, one is lost", func(tr *trace) {
			for n := range 20 {
				tr.tunnel(int64(n)*10_000, up(datagram(n, 200)))
				if n != 7 {
					tr.wan(int64(n)*10_000+100, up(datagram(n, 200)).from(udpW))
				}
			}
		}, want{matched: 19, lost: 1}},
		{"both ways, one lost in each", func(tr *trace) {
			for n := range 20 {
				us := int64(n) * 10_000
				tr.tunnel(us, up(datagram(n, 200)))
				if n != 7 {
					tr.wan(us+100, up(datagram(n, 200)).from(udpW))
				}
				tr.wan(us+5000, down(datagram(n+100, 900)))
				if n != 9 {
					tr.tunnel(us+5100, down(datagram(n+100, 900)).to(udpC))
				}
			}
		}, want{matched: 38, lost: 2}},
		{"identical payloads, three of twenty are lost", func(tr *trace) {
			for n := range 20 {
				tr.tunnel(int64(n)*10_000, up("keepalive"))
				if n%7 != 3 {
					tr.wan(int64(n)*10_000+100, up("keepalive").from(udpW))
				}
			}
		}, want{matched: 17, lost: 3}},
		{"equal beginnings, lengths differ, one is lost", func(tr *trace) {
			for n := range 20 {
				p := up(pad("the same sixteen", 100+n))
				tr.tunnel(int64(n)*10_000, p)
				if n != 11 {
					tr.wan(int64(n)*10_000+100, p.from(udpW))
				}
			}
		}, want{matched: 19, lost: 1}},
		{"glued outside", func(tr *trace) {
			for n := range 5 {
				tr.tunnel(int64(n)*10, up(datagram(n, 1200)))
			}
			p := up(datagram(0, 1200)).from(udpW)
			p.PayloadLen, p.IPLen = 5*1200, 28+5*1200
			tr.wan(200, p)
		}, want{matched: 5}},
		{"glued outside, out of order, before others as short as the last", func(tr *trace) {
			for n, size := range []int{1200, 1200, 1200, 1200, 500, 500, 500} {
				id := n
				if n < 2 {
					id = 1 - n
				}
				tr.tunnel(int64(n)*10, up(datagram(id, size)))
			}
			p := up(datagram(0, 1200)).from(udpW)
			p.PayloadLen, p.IPLen = 4*1200+500, 28+4*1200+500
			tr.wan(200, p)
			p = up(datagram(5, 500)).from(udpW)
			p.PayloadLen, p.IPLen = 2*500, 28+2*500
			tr.wan(300, p)
		}, want{matched: 7}},
		{"glued inside", func(tr *trace) {
			p := up(datagram(0, 1200))
			p.PayloadLen, p.IPLen = 5*1200-400, 28+5*1200-400
			tr.tunnel(0, p)
			for n := range 5 {
				size := 1200
				if n == 4 {
					size = 800
				}
				tr.wan(100+int64(n)*10, up(datagram(n, size)).from(udpW))
			}
		}, want{matched: 1}},
		{"glued inside, one part is lost", func(tr *trace) {
			p := up(datagram(0, 1200))
			p.PayloadLen, p.IPLen = 5*1200, 28+5*1200
			tr.tunnel(0, p)
			for n := range 5 {
				if n != 2 {
					tr.wan(100+int64(n)*10, up(datagram(n, 1200)).from(udpW))
				}
			}
		}, want{lost: 1}},
		{"snapped before the longer hash on one side", func(tr *trace) {
			for n := range 20 {
				tr.tunnel(int64(n)*10_000, up(datagram(n, 200)))
				tr.wan(int64(n)*10_000+100, up(datagram(n, 200)).from(udpW).snapped(30))
			}
		}, want{matched: 20}},
		{"snapped before any hash on one side", func(tr *trace) {
			for n := range 20 {
				tr.tunnel(int64(n)*10_000, up(datagram(n, 200)))
				tr.wan(int64(n)*10_000+100, up(datagram(n, 200)).from(udpW).snapped(8))
			}
		}, want{unobservable: 20, nat: none}},
		{"snapped before any hash on both sides", func(tr *trace) {
			for n := range 20 {
				p := up(datagram(n, 200)).snapped(8)
				tr.pass(int64(n)*10_000, p, p.from(udpW))
			}
		}, want{unobservable: 20, nat: none}},
		{"empty datagrams", func(tr *trace) {
			for n := range 5 {
				tr.pass(int64(n)*10_000, up(""), up("").from(udpW))
			}
		}, want{matched: 5}},
		{"every tenth of 20,000 is lost", func(tr *trace) {
			for n := range 20_000 {
				tr.tunnel(int64(n)*100, up(datagram(n, 40)))
				if n%10 != 0 {
					tr.wan(int64(n)*100+70, up(datagram(n, 40)).from(udpW))
				}
			}
		}, want{matched: 18_000, lost: 2000}},
		{"reordered and one lost", func(tr *trace) {
			for n := range 40 {
				tr.tunnel(int64(n)*100, up(datagram(n, 100)))
				if m := (n * 11) % 40; m != 5 {
					tr.wan(5000+int64(n)*100, up(datagram(m, 100)).from(udpW))
				}
			}
		}, want{matched: 39, lost: 1}},
		{"a first fragment of a datagram that is whole outside", func(tr *trace) {
			for n := range 5 {
				us := int64(n) * 10_000
				p := up(datagram(n, 3000))
				tr.tunnel(us, p.with(capture.FlagFirstFragment))
				rest := ip(phone, site, 17, capture.KindFragment)
				rest.FragOffset, rest.IPLen = 1480, 1540
				tr.tunnel(us+10, rest)
				tr.wan(us+100, p.from(udpW))
			}
		}, want{matched: 5}},
		{"whole inside, fragments outside", func(tr *trace) {
			for n := range 5 {
				us := int64(n) * 10_000
				p := up(datagram(n, 3000))
				tr.pass(us, p, p.from(udpW).with(capture.FlagFirstFragment))
				rest := ip(wanIP, site, 17, capture.KindFragment)
				tr.wan(us+110, rest)
			}
		}, want{matched: 5}},
		{"a client's own WireGuard to the default port", func(tr *trace) {
			c, w, s := phone+":40001", wanIP+":40001", site+":51820"
			p := initiation(c, s, 7).ttl(64)
			tr.pass(0, p, p.from(w))
			r := handshakeResponse(s, w, 9, 7).ttl(57)
			tr.back(20_000, r, r.to(c))
			for n := range uint64(10) {
				us := 30_000 + int64(n)*10_000
				d := transport(c, s, 9, n, 200).ttl(64)
				tr.tunnel(us, d)
				if n != 4 {
					tr.wan(us+100, d.from(w))
				}
				b := transport(s, w, 7, n, 900).ttl(57)
				tr.back(us+5000, b, b.to(c))
			}
		}, want{matched: 2 + 9 + 10, lost: 1, nat: []string{"udp 10.8.0.2:40001>203.0.113.2:40001>192.0.2.80:51820"}}},
		{"a client's own WireGuard behind the server's own port", func(tr *trace) {
			c, w, s := phone+":51820", wanIP+":51820", site+":51820"
			p := initiation(c, s, 7).ttl(64)
			tr.pass(0, p, p.from(w))
			r := handshakeResponse(s, w, 9, 7).ttl(57)
			tr.back(20_000, r, r.to(c))
			d := transport(c, s, 9, 0, 200).ttl(64)
			tr.pass(30_000, d, d.from(w))
		}, want{matched: 3, nat: []string{"udp 10.8.0.2:51820>203.0.113.2:51820>192.0.2.80:51820"}}},
	}
	for _, c := range cases {
		for _, session := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", c.name, session), func(t *testing.T) {
				tr := &trace{opts: correlate.Options{Clients: nil}}
				// The phone is known as a client by a call of its own.
				tr.call(-500_000, phone+":999", wanIP+":999", "192.0.2.99:443", 42)
				if session {
					tr.session(-900_000, "198.51.100.10:4500")
				}
				c.steps(tr)
				tr.idle(9_000_000)
				w := c.want
				w.matched += callPackets
				rows := []string{"tcp 10.8.0.2:999>203.0.113.2:999>192.0.2.99:443", "udp " + udpC + ">" + udpW + ">" + udpS}
				switch {
				case w.nat == nil:
					w.nat = rows
				default:
					w.nat = append(rows[:1:1], w.nat...)
				}
				ev := tr.run(t)
				w.check(t, ev)
				if session && len(ev.WireGuard.Peers) != 1 {
					t.Errorf("peers %+v", ev.WireGuard.Peers)
				}
			})
		}
	}
}

// session is a WireGuard session of a phone with this host: a handshake and a
// keepalive.
func (tr *trace) session(us int64, endpoint string) {
	server := wanIP + ":51820"
	tr.wan(us, initiation(endpoint, server, 1))
	tr.wan(us+500, handshakeResponse(server, endpoint, 2, 1))
	tr.wan(us+20_000, message(endpoint, server, wg.MessageTransport, 0, 2, 0, 32))
}

// TestDNS pairs queries and answers by their id, and judges each query.
func TestDNS(t *testing.T) {
	t.Run("one port, interleaved, one never answered", func(t *testing.T) {
		tr := &trace{}
		c, w, s := phone+":5353", wanIP+":6353", ns+":53"
		for n := range uint16(4) {
			q := query(c, s, 100+n, fmt.Sprintf("name%d.example", n))
			tr.pass(int64(n)*1000, q, q.from(w))
		}
		for _, n := range []uint16{2, 0, 3} {
			a := response(s, w, 100+n, fmt.Sprintf("name%d.example", n)).ttl(57)
			tr.back(30_000+int64(n)*1000, a, a.to(c))
		}
		tr.idle(9_000_000)
		ev := tr.run(t)
		want{matched: 7, nat: []string{"udp " + c + ">" + w + ">" + s}}.check(t, ev)
		if f := fates(t, ev, phone); f[correlate.FateAnswered] != 3 || f[correlate.FateNoReply] != 1 {
			t.Errorf("fates %v", f)
		}
	})
	t.Run("the same name asked by two clients", func(t *testing.T) {
		tr := &trace{}
		for n, c := range []string{phone, tablet} {
			q := query(fmt.Sprintf("%s:1000", c), ns+":53", uint16(n+1), "example.org")
			tr.pass(int64(n)*50, q, q.from(fmt.Sprintf("%s:%d", wanIP, 2000+n)))
		}
		tr.idle(9_000_000)
		want{matched: 2, nat: []string{
			"udp 10.8.0.2:1000>203.0.113.2:2000>192.0.2.53:53", "udp 10.8.0.3:1000>203.0.113.2:2001>192.0.2.53:53",
		}}.check(t, tr.run(t))
	})
	t.Run("redirected to a resolver of the host", func(t *testing.T) {
		tr := &trace{}
		tr.call(0, phone+":999", wanIP+":999", site+":443", 42)
		for n := range uint16(3) {
			c, s := fmt.Sprintf("%s:%d", phone, 6000+n), ns+":53"
			tr.tunnel(500_000+int64(n)*1000, query(c, s, 7+n, "example.org"))
			tr.tunnel(510_000+int64(n)*1000, response(s, c, 7+n, "example.org"))
			// The resolver asks for itself, with an id of its own.
			tr.wan(502_000+int64(n)*1000, query(fmt.Sprintf("%s:%d", wanIP, 30000+n), "192.0.2.54:53", 900+n, "example.org"))
		}
		tr.idle(9_000_000)
		ev := tr.run(t)
		want{matched: callPackets, nat: []string{"tcp 10.8.0.2:999>203.0.113.2:999>192.0.2.80:443"}}.check(t, ev)
		if f := fates(t, ev, phone); f[correlate.FateLocal] != 3 || f[correlate.FateAnswered] != 1 {
			t.Errorf("fates %v", f)
		}
		if n := clientOf(t, ev, phone).Families[0].LocalAnswers; n != 3 {
			t.Errorf("%d local answers, want 3", n)
		}
	})
	t.Run("redirected to a resolver in the LAN", func(t *testing.T) {
		tr := &trace{}
		for n := range uint16(3) {
			c, s := fmt.Sprintf("%s:%d", phone, 6000+n), ns+":53"
			q := query(c, s, 7+n, "example.org")
			lan := q.from(fmt.Sprintf("%s:%d", wanIP, 6000+n))
			lan.Dst, lan.DstPort = end("192.168.1.5:53")
			tr.pass(int64(n)*1000, q, lan)
			a := response("192.168.1.5:53", fmt.Sprintf("%s:%d", wanIP, 6000+n), 7+n, "example.org").ttl(64)
			b := a.to(c)
			b.Src, b.SrcPort = end(s)
			tr.back(10_000+int64(n)*1000, a, b)
		}
		tr.idle(9_000_000)
		ev := tr.run(t)
		want{nat: none}.check(t, ev)
		if f := fates(t, ev, phone); f[correlate.FateLocal] != 3 {
			t.Errorf("fates %v", f)
		}
		if n := clientOf(t, ev, phone).Families[0].LocalAnswers; n == 0 {
			t.Error("no local answer")
		}
	})
	t.Run("a resolver at the server's tunnel address", func(t *testing.T) {
		tr := &trace{opts: correlate.Options{}}
		tr.call(0, phone+":999", wanIP+":999", site+":443", 42)
		tr.call(200_000, phone+":998", wanIP+":998", "192.0.2.81:443", 4242)
		for n := range uint16(3) {
			c, s := fmt.Sprintf("%s:%d", phone, 6000+n), inner+":53"
			tr.tunnel(500_000+int64(n)*1000, query(c, s, 7+n, "example.org"))
			tr.tunnel(510_000+int64(n)*1000, response(s, c, 7+n, "example.org"))
		}
		tr.idle(9_000_000)
		ev := tr.run(t)
		want{matched: 2 * callPackets}.check(t, ev)
		if f := fates(t, ev, phone); f[correlate.FateAnswered] != 2 || len(f) != 1 {
			t.Errorf("fates %v", f)
		}
	})
}

// TestOneWay sends what nobody answers.
func TestOneWay(t *testing.T) {
	tr := &trace{}
	tr.call(0, phone+":999", wanIP+":999", site+":443", 42)
	for n := range 5 {
		p := udp(phone+":514", site+":514", datagram(n, 120))
		tr.pass(int64(n)*1_000_000, p, p.from(wanIP+":514"))
	}
	tr.idle(20_000_000)
	want{matched: callPackets + 5, flows: []string{
		"tcp 10.8.0.2:999>192.0.2.80:443 answered", "udp 10.8.0.2:514>192.0.2.80:514 one-way",
	}}.check(t, tr.run(t))
}
