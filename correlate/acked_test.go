package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
)

// TestMissedByTheTap leaves out what the WAN's tap dropped without a word: it is
// no loss where an acknowledgement or an answer shows that it left, and one where
// a repetition explains that.
func TestMissedByTheTap(t *testing.T) {
	const second = 1_000_000
	syn1 := tcp(tcpC, tcpS, syn, 1000, 0, 0)
	accept := tcp(tcpS, tcpW, syn|ack, 9000, 1001, 0).ttl(57)
	data := tcp(tcpC, tcpS, ack|psh, 1001, 9001, 100)
	acked := tcp(tcpS, tcpW, ack, 9001, 1101, 0).ttl(57)
	dnsC, dnsW, dnsS := phone+":5000", wanIP+":5100", ns+":53"
	q := query(dnsC, dnsS, 7, "example.org")
	a := response(dnsS, dnsW, 7, "example.org").ttl(57)
	echo := ping(phone+":7", site, 1, pad("abcdefgh", 32))
	reply := pong(site, wanIP+":7", 1, pad("abcdefgh", 32)).ttl(57)
	cases := []struct {
		name         string
		trace        func(tr *trace)
		lost, unseen uint64
		fate         correlate.Fate
	}{
		{"SYN", func(tr *trace) {
			tr.tunnel(0, syn1)
			tr.back(20_000, accept, accept.to(tcpC))
		}, 0, 1, correlate.FateAnswered},
		{"SYN, the first of two", func(tr *trace) {
			tr.tunnel(0, syn1)
			tr.pass(second, syn1, syn1.from(tcpW))
			tr.back(second+20_000, accept, accept.to(tcpC))
		}, 1, 0, correlate.FateAnswered},
		{"segment", func(tr *trace) {
			tr.pass(0, syn1, syn1.from(tcpW))
			tr.back(20_000, accept, accept.to(tcpC))
			tr.tunnel(30_000, data)
			tr.back(50_000, acked, acked.to(tcpC))
		}, 0, 1, correlate.FateAnswered},
		{"segment that nobody acknowledged", func(tr *trace) {
			tr.pass(0, syn1, syn1.from(tcpW))
			tr.back(20_000, accept, accept.to(tcpC))
			tr.tunnel(30_000, data)
		}, 1, 0, correlate.FateAnswered},
		{"segment that was sent again", func(tr *trace) {
			tr.pass(0, syn1, syn1.from(tcpW))
			tr.back(20_000, accept, accept.to(tcpC))
			tr.tunnel(30_000, data)
			tr.pass(330_000, data, data.from(tcpW))
			tr.back(350_000, acked, acked.to(tcpC))
		}, 1, 0, correlate.FateAnswered},
		{"SYN whose answer was lost", func(tr *trace) {
			tr.tunnel(0, syn1)
			tr.wan(20_000, accept)
		}, 0, 1, correlate.FateReplyLost},
		{"ping whose answer was lost", func(tr *trace) {
			tr.tunnel(0, echo)
			tr.wan(20_000, reply)
		}, 0, 1, correlate.FateReplyLost},
		{"query", func(tr *trace) {
			tr.tunnel(0, q)
			tr.back(20_000, a, a.to(dnsC))
		}, 0, 1, correlate.FateAnswered},
		{"query, the first of two", func(tr *trace) {
			tr.tunnel(0, q)
			tr.pass(second, q, q.from(dnsW))
			tr.back(second+20_000, a, a.to(dnsC))
		}, 1, 0, correlate.FateAnswered},
		{"ping", func(tr *trace) {
			tr.tunnel(0, echo)
			tr.back(20_000, reply, reply.to(phone+":7"))
		}, 0, 1, correlate.FateAnswered},
	}
	for _, c := range cases {
		for _, two := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", c.name, two), func(t *testing.T) {
				tr := &trace{two: two}
				// Another client's conversation opens and closes both captures.
				for _, us := range []int64{-second, 9 * second} {
					tr.call(us, tablet+":4000", wanIP+":4001", tcpS, uint32(700_000+us/1000))
				}
				c.trace(tr)
				tr.idle(20 * second)
				ev := tr.run(t)
				if ev.Totals.LostPackets != c.lost || ev.Totals.Unobservable != c.unseen {
					t.Errorf("%d lost, %d unobservable; want %d and %d", ev.Totals.LostPackets, ev.Totals.Unobservable, c.lost, c.unseen)
				}
				got := fates(t, ev, phone)
				if got[c.fate] == 0 || got[correlate.FateNoEgress] > 0 && c.lost == 0 || got[correlate.FateLocal] > 0 {
					t.Errorf("fates %v", got)
				}
			})
		}
	}
}
