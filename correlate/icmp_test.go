package correlate_test

import (
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// TestEcho follows pings through a translator that rewrites identifiers.
func TestEcho(t *testing.T) {
	t.Run("one request and one reply are lost", func(t *testing.T) {
		tr := &trace{}
		for n := range uint32(10) {
			us := int64(n) * 1_000_000
			p := ping(phone+":7", site, n, pad("ping", 56))
			tr.tunnel(us, p)
			if n == 3 {
				continue
			}
			tr.wan(us+100, p.from(wanIP+":31000"))
			r := pong(site, wanIP+":31000", n, pad("ping", 56))
			tr.wan(us+20_000, r)
			if n != 6 {
				tr.tunnel(us+20_100, r.to(phone+":7"))
			}
		}
		tr.idle(30_000_000)
		ev := tr.run(t)
		want{matched: 9 + 8, lost: 2, nat: []string{"icmp 10.8.0.2:7>203.0.113.2:31000>192.0.2.80:0"}}.check(t, ev)
		f := fates(t, ev, phone)
		if f[correlate.FateAnswered] != 8 || f[correlate.FateNoEgress] != 1 || f[correlate.FateReplyLost] != 1 {
			t.Errorf("fates %v", f)
		}
	})
	t.Run("fragments of a large ping on one side", func(t *testing.T) {
		for _, side := range []bool{false, true} {
			tr := &trace{}
			for n := range uint32(4) {
				p := ping(phone+":7", site, n, pad("ping", 3000))
				q := p.from(wanIP + ":31000")
				frag := &p
				if side {
					frag = &q
				}
				frag.Flags |= capture.FlagFirstFragment
				frag.PayloadLen, frag.IPLen = 1392, 1420
				tr.pass(int64(n)*100_000, p, q)
			}
			tr.idle(9_000_000)
			want{matched: 4}.check(t, tr.run(t))
		}
	})
}

// TestICMPErrors tells errors of the host from those that it passes on.
func TestICMPErrors(t *testing.T) {
	q := query(phone+":5000", ns+":53", 7, "example.org")
	w := q.from(wanIP + ":6000")
	s := tcp(phone+":4000", site+":443", syn, 100, 0, 0)
	sw := s.from(wanIP + ":4100")
	cases := []struct {
		name    string
		steps   func(tr *trace)
		want    want
		fate    correlate.Fate
		outcome correlate.Outcome
	}{
		{"unreachable, made by the host", func(tr *trace) {
			tr.tunnel(0, q)
			tr.tunnel(100, icmpError(inner, phone, 3, 13, q))
		}, want{lost: 1}, correlate.FateRejected, correlate.OutcomeRejected},
		{"unreachable, from beyond", func(tr *trace) {
			tr.pass(0, q, w)
			tr.wan(20_000, icmpError("192.0.2.1", wanIP, 3, 1, w).ttl(60))
			tr.tunnel(20_100, icmpError("192.0.2.1", phone, 3, 1, q).ttl(59))
		}, want{matched: 2}, correlate.FateAnswered, correlate.OutcomeAnswered},
		{"unreachable from beyond, lost on the way back", func(tr *trace) {
			tr.pass(0, q, w)
			tr.wan(20_000, icmpError("192.0.2.1", wanIP, 3, 1, w).ttl(60))
		}, want{matched: 1, lost: 1}, correlate.FateReplyLost, correlate.OutcomeReplyLost},
		{"reset forged by the host", func(tr *trace) {
			tr.tunnel(0, s)
			tr.tunnel(100, tcp(site+":443", phone+":4000", rst|ack, 0, 101, 0).ttl(64))
		}, want{lost: 1}, correlate.FateRejected, correlate.OutcomeRejected},
		{"reset by the site", func(tr *trace) {
			tr.pass(0, s, sw)
			r := tcp(site+":443", wanIP+":4100", rst|ack, 0, 101, 0).ttl(57)
			tr.back(20_000, r, r.to(phone+":4000"))
		}, want{matched: 2}, correlate.FateAnswered, correlate.OutcomeAnswered},
		{"reset by a site one hop away", func(tr *trace) {
			tr.pass(0, s, sw)
			r := tcp(site+":443", wanIP+":4100", rst|ack, 0, 101, 0).ttl(64)
			tr.back(20_000, r, r.to(phone+":4000"))
		}, want{matched: 2}, correlate.FateAnswered, correlate.OutcomeAnswered},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tr := &trace{}
			c.steps(tr)
			tr.idle(9_000_000)
			ev := tr.run(t)
			c.want.check(t, ev)
			if f := fates(t, ev, phone); f[c.fate] != 1 || len(f) != 1 {
				t.Errorf("fates %v, want one %v", f, c.fate)
			}
			if o := ev.Flows[0].Outcome; o != c.outcome {
				t.Errorf("outcome %v, want %v", o, c.outcome)
			}
			if r := ev.Flows[0].Refused; r != (c.outcome == correlate.OutcomeRejected) {
				t.Errorf("refused %v with outcome %v", r, ev.Flows[0].Outcome)
			}
		})
	}
}

// TestTooBig has the host refuse one datagram of a conversation that works: what
// is missing at the other point did not vanish, its sender was told.
func TestTooBig(t *testing.T) {
	p := udp(phone+":5000", site+":443", pad("small", 200))
	r := udp(site+":443", wanIP+":6000", pad("reply", 200)).ttl(57)
	bigOut := udp(phone+":5000", site+":443", pad("big", 1380))
	bigBack := udp(site+":443", wanIP+":6000", pad("big", 1472)).ttl(57)
	for _, c := range []struct {
		name          string
		steps         func(tr *trace)
		matched       uint64
		forward, back uint64 // lost
		refused       bool
	}{
		{"on the way out", func(tr *trace) {
			tr.tunnel(40_000, bigOut)
			tr.tunnel(40_100, icmpError(inner, phone, 3, 4, bigOut))
		}, 2, 1, 0, true},
		{"on the way back", func(tr *trace) {
			tr.wan(40_000, bigBack)
			tr.wan(40_100, icmpError(wanIP, site, 3, 4, bigBack))
		}, 2, 0, 1, true},
		{"by the client", func(tr *trace) {
			tr.back(40_000, bigBack, bigBack.to(phone+":5000"))
			tr.pass(60_000, icmpError(phone, site, 3, 4, bigBack.to(phone+":5000")), icmpError(wanIP, site, 3, 4, bigBack))
		}, 4, 0, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := &trace{}
			tr.pass(0, p, p.from(wanIP+":6000"))
			tr.back(20_000, r, r.to(phone+":5000"))
			c.steps(tr)
			tr.idle(9_000_000)
			ev := tr.run(t)
			want{matched: c.matched, lost: c.forward + c.back}.check(t, ev)
			f := ev.Flows[0]
			if f.Outcome != correlate.OutcomeAnswered || f.LostForward != c.forward || f.LostReturn != c.back || f.Refused != c.refused {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestTraceroute probes with rising TTLs: that the host answers the first and
// routers the next ones is no rejection.
func TestTraceroute(t *testing.T) {
	tr := &trace{expired: 3}
	tr.echo(0, phone+":7", wanIP+":7", site, 0, pad("ping", 56))
	for n := range uint32(3) {
		p := ping(phone+":8", site, n, pad("trace", 32)).ttl(1)
		tr.tunnel(100_000+int64(n)*1000, p)
		tr.tunnel(100_200+int64(n)*1000, icmpError(inner, phone, 11, 0, p))
	}
	for n := range uint32(3) {
		p := ping(phone+":8", site, 10+n, pad("trace", 32)).ttl(2)
		w := p.from(wanIP + ":8")
		tr.pass(200_000+int64(n)*1000, p, w)
		tr.wan(210_000+int64(n)*1000, icmpError("203.0.113.1", wanIP, 11, 0, w))
		tr.tunnel(210_100+int64(n)*1000, icmpError("203.0.113.1", phone, 11, 0, p).ttl(63))
	}
	tr.idle(20_000_000)
	ev := tr.run(t)
	want{matched: 2 + 3 + 3}.check(t, ev)
	if f := fates(t, ev, phone); f[correlate.FateAnswered] != 1 || len(f) != 1 {
		t.Errorf("fates %v", f)
	}
}

// TestNoFlow sends what is no client's conversation with the internet.
func TestNoFlow(t *testing.T) {
	tr := &trace{opts: correlate.Options{}}
	tr.call(0, phone+":999", wanIP+":999", site+":443", 42)
	tr.call(0, phone+":998", wanIP+":998", "192.0.2.81:443", 4242)
	tr.call(100_000, tablet+":999", wanIP+":997", "192.0.2.81:443", 424242)
	tr.call(100_000, tablet+":998", wanIP+":996", site+":443", 777)
	// The server's own calls, answered.
	for n := range uint32(3) {
		us := int64(n) * 1_000_000
		tr.wan(us, tcp(wanIP+":3000", "192.0.2.90:443", syn, n, 0, 0))
		tr.wan(us+10_000, tcp("192.0.2.90:443", wanIP+":3000", syn|ack, 5, n+1, 0).ttl(57))
		// Multicast and broadcast of a client.
		tr.tunnel(us, udp(phone+":5353", "224.0.0.251:5353", "mdns query"))
		tr.tunnel(us, udp(phone+":137", "255.255.255.255:137", "name query"))
		// Fragments by themselves.
		tr.tunnel(us, ip(phone, site, 17, capture.KindFragment))
		// The server pings its client; the client answers.
		tr.tunnel(us+1, ping(inner+":1", phone, n, "abc"))
		r := pong(phone, inner+":1", n, "abc").ttl(64)
		tr.tunnel(us+20_000, r)
	}
	// The client pings the server, and the other client through it.
	for n := range uint32(3) {
		us := 5_000_000 + int64(n)*1000
		tr.tunnel(us, ping(phone+":2", inner, n, "abc"))
		tr.tunnel(us+1, pong(inner, phone+":2", n, "abc").ttl(64))
		p := ping(phone+":3", tablet, n, "abc")
		tr.tunnel(us+2, p)
		tr.tunnel(us+3, p.forwarded())
		tr.tunnel(us+20_000, pong(tablet, phone+":3", n, "abc").ttl(64))
		tr.tunnel(us+20_001, pong(tablet, phone+":3", n, "abc").ttl(63))
	}
	tr.idle(20_000_000)
	ev := tr.run(t)
	want{matched: 4 * callPackets}.check(t, ev)
	for _, c := range []string{phone, tablet} {
		if f := fates(t, ev, c); f[correlate.FateAnswered] != 2 || len(f) != 1 {
			t.Errorf("%s: fates %v", c, f)
		}
	}
	for _, c := range ev.Clients {
		if c.Addrs[0].String() == inner {
			t.Error("the server's own address counts as a client")
		}
	}
}
