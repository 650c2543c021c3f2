package correlate_test

import (
	"testing"
)

// altered is a call whose sequence numbers the host translates: of what the
// client sends by up, of what comes back by down. own: the host answers the client
// itself.
func (tr *trace) altered(us int64, c, w, remote string, up, down uint32, own bool) {
	ttl := uint8(57)
	if own {
		ttl = 64
	}
	out := func(us int64, p pk) {
		tr.tunnel(us, p)
		q := p.from(w)
		q.Seq += up
		if q.TCPFlags&ack != 0 {
			q.Ack += down
		}
		tr.wan(us+100, q)
	}
	in := func(us int64, p pk) {
		tr.tunnel(us, p.ttl(ttl))
		q := p.to(w).ttl(58)
		q.Seq, q.Ack = q.Seq+down, q.Ack+up
		tr.wan(us-100, q)
	}
	out(us, tcp(c, remote, syn, 100, 0, 0))
	in(us+20_000, tcp(remote, c, syn|ack, 900, 101, 0))
	out(us+21_000, tcp(c, remote, ack, 101, 901, 0))
	out(us+22_000, tcp(c, remote, ack|psh, 101, 901, 300))
	in(us+44_000, tcp(remote, c, ack|psh, 901, 401, 500))
	out(us+45_000, tcp(c, remote, ack, 401, 1401, 0))
}

// TestAltered follows calls that no octet ties: they are unknown, or the host's
// own, and nothing of them is lost.
func TestAltered(t *testing.T) {
	other := []string{"tcp 10.8.0.2:4000>192.0.2.80:443 answered"}
	for _, two := range []bool{false, true} {
		for _, c := range []struct {
			name string
			call func(tr *trace)
			want want
		}{
			{"numbers translated", func(tr *trace) {
				tr.altered(300_000, phone+":5000", wanIP+":6000", tcpS, 77_777, 888_888, false)
			}, want{unobservable: 4, flows: append(other[:1:1], "tcp 10.8.0.2:5000>192.0.2.80:443 unknown")}},
			{"answered by the host, which calls the remote", func(tr *trace) {
				tr.altered(300_000, phone+":5000", wanIP+":6000", tcpS, 77_777, 888_888, true)
			}, want{flows: append(other[:1:1], "tcp 10.8.0.2:5000>192.0.2.80:443 local")}},
			{"translated and unanswered", func(tr *trace) {
				for n := range int64(3) {
					p := tcp(phone+":5000", tcpS, syn, 100, 0, 0)
					q := p.from(wanIP + ":6000")
					q.Seq = 9_999
					tr.pass(300_000+n*1_000_000, p, q)
				}
			}, want{unobservable: 3, flows: append(other[:1:1], "tcp 10.8.0.2:5000>192.0.2.80:443 unknown")}},
			{"translated, the first one lost", func(tr *trace) {
				tr.tunnel(300_000, tcp(phone+":5000", tcpS, syn, 100, 0, 0))
				tr.altered(1_300_000, phone+":5000", wanIP+":6000", tcpS, 77_777, 888_888, false)
			}, want{lost: 1, unobservable: 4, flows: append(other[:1:1], "tcp 10.8.0.2:5000>192.0.2.80:443 unknown")}},
			{"not forwarded, while the host has calls of its own", func(tr *trace) {
				for n := range int64(3) {
					tr.tunnel(300_000+n*1_000_000, tcp(phone+":5000", tcpS, syn, 100, 0, 0))
					tr.wan(700_000+n*1_000_000, tcp(wanIP+":6000", tcpS, syn, 9_999+uint32(n), 0, 0))
					tr.wan(705_000+n*1_000_000, tcp(tcpS, wanIP+":6000", syn|ack, 5, 10_000+uint32(n), 0).ttl(57))
				}
			}, want{lost: 3, flows: append(other[:1:1], "tcp 10.8.0.2:5000>192.0.2.80:443 no-egress")}},
			{"not forwarded, while another client calls the same remote", func(tr *trace) {
				for n := range int64(3) {
					tr.tunnel(300_000+n*1_000_000, tcp(phone+":5000", tcpS, syn, 100, 0, 0))
				}
				tr.call(300_010, tablet+":5000", wanIP+":6000", tcpS, 9_999)
			}, want{matched: callPackets, lost: 3, flows: append(other[:1:1], "tcp 10.8.0.2:5000>192.0.2.80:443 no-egress",
				"tcp 10.8.0.3:5000>192.0.2.80:443 answered")}},
		} {
			t.Run(c.name, func(t *testing.T) {
				tr := &trace{two: two}
				for n := range int64(3) {
					tr.call(n*70_000, phone+":4000", wanIP+":4000", tcpS, uint32(1_000_000*(n+1)))
				}
				c.call(tr)
				tr.idle(12_000_000)
				c.want.matched += 3 * callPackets
				c.want.check(t, tr.run(t))
			})
		}
	}
}
