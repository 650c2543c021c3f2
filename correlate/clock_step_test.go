package correlate_test

import (
	"fmt"
	"testing"
	"time"
)

// TestClockSet sets the clock of one of two taps during the run, and loses one
// packet before and one after it: these two and no others are lost.
func TestClockSet(t *testing.T) {
	for _, tunnel := range []bool{false, true} {
		for _, step := range []time.Duration{-8 * time.Second, -300 * time.Millisecond, 300 * time.Millisecond, 8 * time.Second} {
			t.Run(fmt.Sprint(tunnel, step), func(t *testing.T) {
				tr := &trace{two: true, unsorted: true, skew: 40 * time.Second}
				var rows []string
				for n := range 20 {
					c, w := fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 6000+n)
					us := int64(n) * 1_000_000
					tr.call(us, c, w, tcpS, uint32(1+n*100_000))
					if n == 5 || n == 15 {
						tr.tunnel(us+200_000, query(fmt.Sprintf("%s:%d", phone, 9000+n), ns+":53", uint16(n), "example.org"))
					}
					rows = append(rows, fmt.Sprintf("tcp %s>%s>%s", c, w, tcpS))
				}
				tr.idle(30_000_000)
				list := tr.out
				if tunnel {
					list = tr.in
				}
				for i := range list {
					if list[i].Time >= base+10_500_000_000 {
						list[i].Time += int64(step)
					}
				}
				ev := tr.run(t)
				want{matched: 20 * callPackets, lost: 2, nat: rows}.check(t, ev)
				said := false
				for _, c := range ev.Caveats {
					said = said || c.ID == "disorder"
				}
				if !said {
					t.Errorf("nothing is said of the jump: %v", ev.Caveats)
				}
			})
		}
	}
}

// TestClockSetUnseen sets a clock back where nothing that went before is in both
// files: what cannot be placed proves nothing.
func TestClockSetUnseen(t *testing.T) {
	tr := &trace{two: true, unsorted: true}
	for n := range int64(3) {
		tr.wan(n*100_000, tcp("198.51.100.9:999", wanIP+":22", syn, uint32(n), 0, 0).ttl(50))
	}
	for i := range tr.out {
		tr.out[i].Time += int64(30 * time.Second)
	}
	for n := range 6 {
		tr.call(1_000_000+int64(n)*1_000_000, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 6000+n), tcpS, uint32(1+n*100_000))
	}
	tr.idle(20_000_000)
	want{matched: 6 * callPackets}.check(t, tr.run(t))
}
