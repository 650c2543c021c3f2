package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

const (
	tcpC = phone + ":4000"
	tcpW = wanIP + ":4100"
	tcpS = site + ":443"
)

// tcpTrace is a trace in which a conversation is open: its handshake entered
// the join with 3 packets.
func tcpTrace(isn, peerISN uint32) *trace {
	tr := &trace{}
	s := tcp(tcpC, tcpS, syn, isn, 0, 0)
	tr.pass(0, s, s.from(tcpW))
	a := tcp(tcpS, tcpW, syn|ack, peerISN, isn+1, 0).ttl(57)
	tr.back(10_000, a, a.to(tcpC))
	k := tcp(tcpC, tcpS, ack, isn+1, peerISN+1, 0)
	tr.pass(11_000, k, k.from(tcpW))
	return tr
}

// TestTCP follows the segments of one conversation. Times are in steps of 1 ms
// from 20 ms on.
func TestTCP(t *testing.T) {
	const isn, peer = 1000, 9000
	up := func(off, n uint32) pk { return tcp(tcpC, tcpS, ack|psh, isn+1+off, peer+1, n) }
	down := func(off, n uint32) pk { return tcp(tcpS, tcpW, ack|psh, peer+1+off, isn+1, n).ttl(57) }
	cases := []struct {
		name  string
		steps func(tr *trace)
		want  want // beyond the handshake's 3 packets
	}{
		{"retransmission, both pass", func(tr *trace) {
			tr.pass(20_000, up(0, 500), up(0, 500).from(tcpW))
			tr.pass(300_000, up(0, 500), up(0, 500).from(tcpW))
		}, want{matched: 2}},
		{"retransmission, the first is lost", func(tr *trace) {
			tr.tunnel(20_000, up(0, 500))
			tr.pass(300_000, up(0, 500), up(0, 500).from(tcpW))
		}, want{matched: 1, lost: 1}},
		{"retransmission, the second is lost", func(tr *trace) {
			tr.pass(20_000, up(0, 500), up(0, 500).from(tcpW))
			tr.tunnel(300_000, up(0, 500))
		}, want{matched: 1, lost: 1}},
		{"one of ten is lost", func(tr *trace) {
			for n := range uint32(10) {
				if n == 4 {
					tr.tunnel(20_000+int64(n)*1000, up(n*500, 500))
					continue
				}
				tr.pass(20_000+int64(n)*1000, up(n*500, 500), up(n*500, 500).from(tcpW))
			}
		}, want{matched: 9, lost: 1}},
		{"one reply of ten is lost", func(tr *trace) {
			for n := range uint32(10) {
				if n == 4 {
					tr.wan(20_000+int64(n)*1000, down(n*500, 500))
					continue
				}
				tr.back(20_000+int64(n)*1000, down(n*500, 500), down(n*500, 500).to(tcpC))
			}
		}, want{matched: 9, lost: 1}},
		{"merged inside, 47 segments outside", func(tr *trace) {
			tr.tunnel(20_000, up(0, 47*1380))
			for n := range uint32(47) {
				tr.wan(20_100+int64(n), up(n*1380, 1380).from(tcpW))
			}
		}, want{matched: 1}},
		{"47 segments inside, merged outside", func(tr *trace) {
			for n := range uint32(47) {
				tr.tunnel(20_000+int64(n), up(n*1380, 1380))
			}
			tr.wan(20_100, up(0, 47*1380).from(tcpW))
		}, want{matched: 47}},
		{"replies merged outside, 47 segments inside", func(tr *trace) {
			tr.wan(20_000, down(0, 47*1380))
			for n := range uint32(47) {
				tr.tunnel(20_100+int64(n), down(n*1380, 1380).to(tcpC))
			}
		}, want{matched: 1}},
		{"47 replies outside, merged inside", func(tr *trace) {
			for n := range uint32(47) {
				tr.wan(20_000+int64(n), down(n*1380, 1380))
			}
			tr.tunnel(20_100, down(0, 47*1380).to(tcpC))
		}, want{matched: 47}},
		{"merged differently on both sides", func(tr *trace) {
			for n := range uint32(10) {
				tr.tunnel(20_000+int64(n), up(n*4000, 4000))
			}
			for n := range uint32(4) {
				tr.wan(20_100+int64(n), up(n*10000, 10000).from(tcpW))
			}
		}, want{matched: 10}},
		{"three segments of a merged one are lost", func(tr *trace) {
			tr.tunnel(20_000, up(0, 47*1380))
			for n := range uint32(47) {
				if n == 0 || n == 20 || n == 46 {
					continue
				}
				tr.wan(20_100+int64(n), up(n*1380, 1380).from(tcpW))
			}
		}, want{lost: 3}},
		{"a segment of a merged one is lost and repeated", func(tr *trace) {
			tr.tunnel(20_000, up(0, 47*1380))
			for n := range uint32(47) {
				if n != 20 {
					tr.wan(20_100+int64(n), up(n*1380, 1380).from(tcpW))
				}
			}
			tr.pass(250_000, up(20*1380, 1380), up(20*1380, 1380).from(tcpW))
		}, want{matched: 1, lost: 1}},
		{"the last segment of several merged is lost", func(tr *trace) {
			for n := range uint32(10) {
				tr.tunnel(20_000+int64(n), up(n*1380, 1380))
			}
			tr.wan(20_100, up(0, 9*1380).from(tcpW))
		}, want{matched: 9, lost: 1}},
		{"reordered inside the host", func(tr *trace) {
			for n := range uint32(20) {
				tr.tunnel(20_000+int64(n)*100, up(n*500, 500))
				tr.wan(25_000+int64((n*7)%20)*100, up(((n*7)%20)*500, 500).from(tcpW))
			}
		}, want{matched: 20}},
		{"pure acknowledgements, one is lost", func(tr *trace) {
			for n := range uint32(10) {
				p := tcp(tcpC, tcpS, ack, isn+1, peer+1+n*1380, 0)
				if n == 3 {
					tr.tunnel(20_000+int64(n)*100, p)
					continue
				}
				tr.pass(20_000+int64(n)*100, p, p.from(tcpW))
			}
		}, want{matched: 9, lost: 1}},
		{"equal acknowledgements, told apart by window", func(tr *trace) {
			for n := range uint32(10) {
				p := tcp(tcpC, tcpS, ack, isn+1, peer+1, 0)
				p.Window = uint16(500 + n)
				tr.pass(20_000+int64(n)*100, p, p.from(tcpW))
			}
		}, want{matched: 10}},
		{"duplicate acknowledgements, two of five are lost", func(tr *trace) {
			for n := range 5 {
				p := tcp(tcpC, tcpS, ack, isn+1, peer+1, 0)
				if n == 1 || n == 4 {
					tr.tunnel(20_000+int64(n)*100, p)
					continue
				}
				tr.pass(20_000+int64(n)*100, p, p.from(tcpW))
			}
		}, want{matched: 3, lost: 2}},
		{"keepalive probes of no and of one octet", func(tr *trace) {
			tr.pass(20_000, up(0, 500), up(0, 500).from(tcpW))
			for n, octets := range []uint32{0, 1} {
				p := tcp(tcpC, tcpS, ack, isn+500, peer+1, octets)
				tr.pass(500_000+int64(n)*100_000, p, p.from(tcpW))
			}
		}, want{matched: 3}},
		{"reset", func(tr *trace) {
			p := tcp(tcpC, tcpS, rst, isn+1, 0, 0)
			tr.pass(20_000, p, p.from(tcpW))
		}, want{matched: 1}},
		{"end in both directions", func(tr *trace) {
			p := tcp(tcpC, tcpS, fin|ack, isn+1, peer+1, 0)
			tr.pass(20_000, p, p.from(tcpW))
			r := tcp(tcpS, tcpW, fin|ack, peer+1, isn+2, 0).ttl(57)
			tr.back(30_000, r, r.to(tcpC))
		}, want{matched: 2}},
		{"PSH and ECN flags, options and lengths differ", func(tr *trace) {
			p, q := up(0, 500), up(0, 500).from(tcpW)
			q.TCPFlags = ack | 0xc0
			q.IPLen += 12
			tr.pass(20_000, p, q)
		}, want{matched: 1}},
		{"a burst of 600 is lost out of a fast flow", func(tr *trace) {
			for n := range uint32(3000) {
				us := 20_000 + int64(n)*100
				if n >= 1000 && n < 1600 {
					tr.tunnel(us, up(n*100, 100))
					continue
				}
				tr.pass(us, up(n*100, 100), up(n*100, 100).from(tcpW))
			}
		}, want{matched: 2400, lost: 600}},
		{"every third of 6000 is lost", func(tr *trace) {
			for n := range uint32(6000) {
				us := 20_000 + int64(n)*100
				if n%3 == 0 {
					tr.tunnel(us, up(n*100, 100))
					continue
				}
				tr.pass(us, up(n*100, 100), up(n*100, 100).from(tcpW))
			}
		}, want{matched: 4000, lost: 2000}},
		{"timestamps tell a repetition from the first", func(tr *trace) {
			tr.tunnel(20_000, up(0, 500).ts(1))
			tr.pass(300_000, up(0, 500).ts(300), up(0, 500).ts(300).from(tcpW))
			tr.pass(301_000, up(500, 500).ts(301), up(500, 500).ts(301).from(tcpW))
		}, want{matched: 2, lost: 1}},
		{"timestamps rewritten on the way", func(tr *trace) {
			tr.pass(20_000, up(0, 500).ts(1), up(0, 500).ts(777).from(tcpW))
			tr.pass(21_000, up(500, 500).ts(2), up(500, 500).ts(778).from(tcpW))
		}, want{matched: 2}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tr := tcpTrace(isn, peer)
			c.steps(tr)
			tr.idle(9_000_000)
			c.want.matched += 3
			c.want.nat = []string{"tcp " + tcpC + ">" + tcpW + ">" + tcpS}
			ev := tr.run(t)
			c.want.check(t, ev)
			if tf := ev.Flows[0]; tf.Outcome != correlate.OutcomeAnswered {
				t.Errorf("outcome %v", tf.Outcome)
			}
		})
	}
}

// TestTCPWrap passes the end of the sequence space, merged and not.
func TestTCPWrap(t *testing.T) {
	const isn = 0xffffffff - 5000
	for _, merged := range []bool{false, true} {
		tr := tcpTrace(isn, 0xfffffff0)
		matched := uint64(3)
		for n := range uint32(20) {
			p := tcp(tcpC, tcpS, ack, isn+1+n*1000, 1, 1000)
			tr.wan(20_200+int64(n)*100, p.from(tcpW))
			if !merged {
				tr.tunnel(20_100+int64(n)*100, p)
				matched++
			}
		}
		if merged {
			tr.tunnel(20_000, tcp(tcpC, tcpS, ack, isn+1, 1, 20_000))
			matched++
		}
		tr.idle(9_000_000)
		want{matched: matched}.check(t, tr.run(t))
	}
}

// TestSYN looks at the beginning of conversations.
func TestSYN(t *testing.T) {
	t.Run("tries, none leaves", func(t *testing.T) {
		tr := &trace{}
		for n := range 4 {
			tr.tunnel(int64(n)*1_000_000, tcp(tcpC, tcpS, syn, 7, 0, 0))
		}
		tr.idle(20_000_000)
		ev := tr.run(t)
		want{lost: 4, nat: none, flows: []string{"tcp 10.8.0.2:4000>192.0.2.80:443 no-egress"}}.check(t, ev)
		if c := ledger(t, ev, phone, correlate.IPv4).Fates[correlate.FateNoEgress]; c.Count != 4 || c.Targets != 1 || c.MaxTries != 4 {
			t.Errorf("no egress: %+v", c)
		}
	})
	t.Run("tries, all leave, no answer", func(t *testing.T) {
		tr := &trace{}
		for n := range 4 {
			p := tcp(tcpC, tcpS, syn, 7, 0, 0)
			tr.pass(int64(n)*1_000_000, p, p.from(tcpW))
		}
		tr.idle(20_000_000)
		ev := tr.run(t)
		want{matched: 4, flows: []string{"tcp 10.8.0.2:4000>192.0.2.80:443 no-reply"}}.check(t, ev)
		if n := fates(t, ev, phone)[correlate.FateNoReply]; n != 4 {
			t.Errorf("fates %v", fates(t, ev, phone))
		}
	})
	t.Run("the second try is answered", func(t *testing.T) {
		tr := &trace{}
		p := tcp(tcpC, tcpS, syn, 7, 0, 0)
		tr.pass(0, p, p.from(tcpW))
		tr.pass(1_000_000, p, p.from(tcpW))
		a := tcp(tcpS, tcpW, syn|ack, 70, 8, 0).ttl(57)
		tr.back(1_010_000, a, a.to(tcpC))
		tr.idle(20_000_000)
		ev := tr.run(t)
		want{matched: 3}.check(t, ev)
		if n := fates(t, ev, phone)[correlate.FateAnswered]; n != 2 {
			t.Errorf("fates %v", fates(t, ev, phone))
		}
	})
	t.Run("with data", func(t *testing.T) {
		tr := &trace{}
		p := tcp(tcpC, tcpS, syn, 7, 0, 400)
		q := p.from(tcpW)
		q.MSS, q.IPLen = 1240, q.IPLen+4
		tr.pass(0, p, q)
		a := tcp(tcpS, tcpW, syn|ack, 70, 408, 0).ttl(57)
		tr.back(10_000, a, a.to(tcpC))
		tr.idle(20_000_000)
		want{matched: 2, nat: []string{"tcp " + tcpC + ">" + tcpW + ">" + tcpS}}.check(t, tr.run(t))
	})
	t.Run("replies at the WAN alone", func(t *testing.T) {
		tr := &trace{}
		p := tcp(tcpC, tcpS, syn, 7, 0, 0)
		tr.pass(0, p, p.from(tcpW))
		for n := range 3 {
			tr.wan(10_000+int64(n)*1_000_000, tcp(tcpS, tcpW, syn|ack, 70, 8, 0).ttl(57))
		}
		tr.idle(20_000_000)
		ev := tr.run(t)
		want{matched: 1, lost: 3, flows: []string{"tcp 10.8.0.2:4000>192.0.2.80:443 reply-lost"}}.check(t, ev)
		if n := fates(t, ev, phone)[correlate.FateReplyLost]; n != 1 {
			t.Errorf("fates %v", fates(t, ev, phone))
		}
	})
	t.Run("leaves untranslated, no answer", func(t *testing.T) {
		tr := &trace{}
		p := tcp(tcpC, tcpS, syn, 7, 0, 0)
		tr.pass(0, p, p.forwarded())
		tr.idle(20_000_000)
		ev := tr.run(t)
		want{matched: 1, nat: none, flows: []string{"tcp 10.8.0.2:4000>192.0.2.80:443 untranslated-no-reply"}}.check(t, ev)
		if n := fates(t, ev, phone)[correlate.FateUntranslated]; n != 1 {
			t.Errorf("fates %v", fates(t, ev, phone))
		}
	})
	t.Run("sequence numbers translated", func(t *testing.T) {
		tr := &trace{}
		for n := range uint32(3) {
			c, w := fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 6000+n)
			us := int64(n) * 100_000
			p := tcp(c, tcpS, syn, 7+n, 0, 0)
			q := p.from(w)
			q.Seq += 12345
			tr.pass(us, p, q)
			a := tcp(tcpS, w, syn|ack, 70, 8+n+12345, 0).ttl(57)
			b := a.to(c)
			b.Ack -= 12345
			b.Seq += 999
			tr.back(us+10_000, a, b)
		}
		tr.idle(20_000_000)
		ev := tr.run(t)
		if ev.Totals.LostPackets != 0 || len(ev.NAT) != 0 {
			t.Errorf("totals %+v, %d translations: what cannot be matched is not lost", ev.Totals, len(ev.NAT))
		}
		if n := fates(t, ev, phone); n[correlate.FateAnswered] != 3 {
			t.Errorf("fates %v", n)
		}
	})
	t.Run("hostile lengths", func(t *testing.T) {
		tr := tcpTrace(7, 9)
		for _, n := range []uint32{0xffffffff, 0x7fffffff, 0x80000000} {
			p := tcp(tcpC, tcpS, ack|syn|fin, n, n, n)
			tr.pass(20_000, p, p.from(tcpW))
			tr.tunnel(20_000, p)
			d := udp(phone+":99", site+":99", "x")
			d.PayloadLen, d.IPLen = n, n
			tr.pass(20_000, d, d.from(wanIP+":99"))
			tr.tunnel(20_001, d)
		}
		tr.idle(20_000_000)
		if ev := tr.run(t); ev.Totals.MatchedPackets == 0 {
			t.Error("nothing matched")
		}
	})
}

// TestCapturedMidway begins in the middle of conversations: no handshake, the
// first packet a reply.
func TestCapturedMidway(t *testing.T) {
	for _, dir := range []capture.Direction{capture.DirectionUnknown, capture.DirectionIn} {
		tr := &trace{}
		for n := range uint32(10) {
			r := tcp(tcpS, tcpW, ack, 5000+n*1000, 77, 1000).ttl(57)
			tr.back(int64(n)*10_000, r, r.to(tcpC))
			a := tcp(tcpC, tcpS, ack, 77, 6000+n*1000, 0).direction(dir)
			tr.pass(int64(n)*10_000+500, a, a.from(tcpW))
		}
		tr.idle(9_000_000)
		want{matched: 20, nat: []string{"tcp " + tcpC + ">" + tcpW + ">" + tcpS}, flows: []string{
			"tcp 10.8.0.2:4000>192.0.2.80:443 answered",
		}}.check(t, tr.run(t))
	}
}
