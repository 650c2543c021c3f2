package correlate_test

import (
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
)

// window is the segment with another receive window.
func (p pk) window(n uint16) pk { p.Window = n; return p }

// mss is the SYN with an offer.
func (p pk) mss(n uint16) pk { p.MSS = n; return p }

// open is a handshake with an MSS of 1380 offered, and a request of 200 octets
// that is acknowledged: sequence numbers are then 301 and 1001.
func (tr *trace) open(us int64, c, w, remote string) {
	up := func(us int64, p pk) { tr.pass(us, p, p.from(w)) }
	down := func(us int64, p pk) { p = p.ttl(57); tr.back(us, p, p.to(c)) }
	up(us, tcp(c, remote, syn, 100, 0, 0).mss(1380))
	down(us+10_000, tcp(remote, w, syn|ack, 1000, 101, 0))
	up(us+11_000, tcp(c, remote, ack, 101, 1001, 0))
	up(us+12_000, tcp(c, remote, ack|psh, 101, 1001, 200))
	down(us+22_000, tcp(remote, w, ack, 1001, 301, 0))
}

// TestLargeSegments tells segments that die of their size from all else that is sent
// again.
func TestLargeSegments(t *testing.T) {
	const c, w, remote = phone + ":4000", wanIP + ":4000", site + ":443"
	up := func(tr *trace, us int64, p pk) { tr.pass(us, p, p.from(w)) }
	down := func(tr *trace, us int64, p pk) { p = p.ttl(57); tr.back(us, p, p.to(c)) }
	// again are the times of a segment and its repetitions, seconds doubling.
	again := []int64{100_000, 300_000, 700_000, 1_500_000, 3_100_000}
	big := func(seq, n uint32) pk { return tcp(remote, w, ack, seq, 301, n) }
	cases := []struct {
		name   string
		steps  func(tr *trace)
		stages []correlate.Stage
		acked  [2]uint32
	}{
		{"downloads vanish beyond the tunnel", func(tr *trace) {
			for _, us := range again {
				down(tr, us, big(1001, 1380))
			}
			down(tr, 120_000, big(2381, 100))
			up(tr, 130_000, tcp(c, remote, ack, 301, 1001, 0))
		}, []correlate.Stage{correlate.TunnelOut, correlate.WANIn}, [2]uint32{}},
		{"downloads do not enter the tunnel", func(tr *trace) {
			for _, us := range again {
				p := big(1001, 1380).ttl(57)
				tr.wan(us, p)
				e := icmpError(wanIP, site, 3, 4, p)
				e.quote.MTU = 1280
				tr.wan(us+50, e)
			}
		}, []correlate.Stage{correlate.WANIn}, [2]uint32{}},
		{"uploads vanish beyond the host", func(tr *trace) {
			for _, us := range again {
				up(tr, us, tcp(c, remote, ack, 301, 1001, 1380))
			}
		}, []correlate.Stage{correlate.TunnelIn, correlate.WANOut}, [2]uint32{}},
		{"a download that works", func(tr *trace) {
			down(tr, 100_000, big(1001, 1380))
			up(tr, 110_000, tcp(c, remote, ack, 301, 2381, 0))
		}, nil, [2]uint32{1: 1420}},
		{"merged segments that arrive", func(tr *trace) {
			down(tr, 100_000, big(1001, 13800))
			up(tr, 110_000, tcp(c, remote, ack, 301, 14801, 0))
		}, nil, [2]uint32{1: 13840}},
		{"merged first, then segment by segment, and it arrives", func(tr *trace) {
			down(tr, 100_000, big(1001, 13800))
			for _, us := range again[1:4] {
				down(tr, us, big(1001, 1380))
			}
			up(tr, 1_600_000, tcp(c, remote, ack, 301, 2381, 0))
		}, nil, [2]uint32{1: 1420}},
		{"the sender shrinks", func(tr *trace) {
			down(tr, 100_000, big(1001, 1380))
			down(tr, 300_000, big(1001, 1240))
			up(tr, 310_000, tcp(c, remote, ack, 301, 2241, 0))
		}, nil, [2]uint32{1: 1280}},
		{"lost twice, then it arrives", func(tr *trace) {
			for _, us := range again[:3] {
				down(tr, us, big(1001, 1380))
			}
			up(tr, 800_000, tcp(c, remote, ack, 301, 2381, 0))
		}, nil, [2]uint32{1: 1420}},
		{"the receiver is full", func(tr *trace) {
			for _, us := range again {
				down(tr, us, big(1001, 1380))
				up(tr, us+10_000, tcp(c, remote, ack, 301, 1001, 0).window(0))
			}
		}, nil, [2]uint32{}},
		{"small segments sent again", func(tr *trace) {
			for _, us := range again {
				down(tr, us, big(1001, 300))
			}
		}, nil, [2]uint32{}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			tr := &trace{}
			tr.open(0, c, w, remote)
			tc.steps(tr)
			tr.idle(30_000_000)
			ev := tr.run(t)
			var got []correlate.Stage
			for _, f := range ev.Flows {
				for _, s := range f.Stalls {
					if s.Size != 1420 || s.Repeats != 4 {
						t.Errorf("%+v", s)
					}
					got = append(got, s.Stage)
				}
			}
			cl := client(t, ev, phone)
			if len(got) != len(tc.stages) || len(cl.Stalled) < len(got) {
				t.Fatalf("stalled at %v, want %v; packets %v", got, tc.stages, cl.Stalled)
			}
			for i := range got {
				if got[i] != tc.stages[i] {
					t.Errorf("stalled at %v, want %v", got, tc.stages)
				}
			}
			if cl.LargestAcked != tc.acked || cl.MSS != 1380 {
				t.Errorf("acknowledged %v, want %v; MSS %d", cl.LargestAcked, tc.acked, cl.MSS)
			}
			if tc.name == "downloads do not enter the tunnel" && (ev.Flows[0].TooBig != correlate.TooBig{Sent: 5, MTU: 1280}) {
				t.Errorf("errors %+v", ev.Flows[0].TooBig)
			}
		})
	}
}
