package correlate_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// lose sends n SYNs from us on, one a second, that never leave the host.
func (tr *trace) lose(us int64, n int) {
	for i := range n {
		tr.tunnel(us+int64(i)*1_000_000, tcp(fmt.Sprintf("%s:%d", phone, 7000+i), fmt.Sprintf("192.0.2.%d:443", 100+i), syn, uint32(i+1), 0, 0))
	}
}

// TestCoverage asks what absence proves: only that of a packet which the other
// tap would have shown.
func TestCoverage(t *testing.T) {
	second := func(n float64) int64 { return base + int64(n*1e9) }
	cases := []struct {
		name  string
		two   bool
		steps func(tr *trace)
		lost  uint64
		blind uint64
		fates map[correlate.Fate]uint64
	}{
		{"both taps go on", true, func(tr *trace) { tr.lose(1e6, 4); tr.idle(20e6) }, 4, 0,
			map[correlate.Fate]uint64{correlate.FateAnswered: 1, correlate.FateNoEgress: 4}},
		{"the WAN's capture cuts TCP headers off", true, func(tr *trace) {
			tr.lose(1e6, 4)
			short := ip("203.0.113.9", "192.0.2.100", 6, capture.KindIP)
			short.Flags |= capture.FlagTruncated
			tr.wan(1e6, short)
			tr.idle(20e6)
		}, 0, 4, map[correlate.Fate]uint64{correlate.FateAnswered: 1, correlate.FateUnobservable: 4}},
		{"the WAN's capture ends before", true, func(tr *trace) { tr.lose(1e6, 4); tr.tunnel(20e6, tcp(tcpC, tcpS, ack, 1, 1, 0)) }, 0, 5,
			map[correlate.Fate]uint64{correlate.FateAnswered: 1, correlate.FateUnobservable: 4}},
		{"one file, whose last packets are the tunnel's", false, func(tr *trace) { tr.lose(1e6, 4); tr.tunnel(20e6, tcp(tcpC, tcpS, ack, 1, 1, 0)) }, 4, 1,
			map[correlate.Fate]uint64{correlate.FateAnswered: 1, correlate.FateNoEgress: 4}},
		{"the last ones 20 ms before the end", false, func(tr *trace) { tr.lose(1e6, 4); tr.idle(4e6 + 20e3) }, 3, 1,
			map[correlate.Fate]uint64{correlate.FateAnswered: 1, correlate.FateNoEgress: 3, correlate.FateUnobservable: 1}},
		{"the WAN's capture says by its statistics that it went on", true, func(tr *trace) {
			tr.lose(1e6, 4)
			tr.tunnel(20e6, ip("fe80::1", "ff02::2", 58, capture.KindICMPOther))
			tr.outStats = []stat{{at: second(20), dropped: 0}}
		}, 4, 0, map[correlate.Fate]uint64{correlate.FateAnswered: 1, correlate.FateNoEgress: 4}},
		{"the WAN's tap dropped packets in the third second", false, func(tr *trace) {
			tr.lose(1e6, 4)
			tr.idle(20e6)
			for n := range 20 {
				s := stat{at: second(float64(n) + 0.5), iface: 1}
				if n >= 3 {
					s.dropped = 9
				}
				tr.outStats = append(tr.outStats, s)
			}
		}, 3, 1, map[correlate.Fate]uint64{correlate.FateAnswered: 1, correlate.FateNoEgress: 3, correlate.FateUnobservable: 1}},
		{"the WAN's capture says at its end that it dropped packets", true, func(tr *trace) {
			tr.lose(1e6, 4)
			tr.idle(20e6)
			tr.outStats = []stat{{at: second(21), dropped: 3}}
		}, 0, 4, map[correlate.Fate]uint64{correlate.FateAnswered: 1, correlate.FateUnobservable: 4}},
		{"the WAN was away in the third and fourth second", true, func(tr *trace) {
			tr.lose(1e6, 4)
			tr.idle(20e6)
			tr.outStats = []stat{{at: second(4.5), since: second(2.5)}}
		}, 2, 2, map[correlate.Fate]uint64{correlate.FateAnswered: 1, correlate.FateNoEgress: 2, correlate.FateUnobservable: 2}},
		{"the host refuses while the WAN is away", true, func(tr *trace) {
			for n := range 4 {
				p := ping(phone, site, uint32(n), "refused")
				tr.tunnel(1e6+int64(n)*1e6, p)
				tr.tunnel(1e6+int64(n)*1e6+50, icmpError(inner, phone, 3, 0, p))
			}
			tr.idle(20e6)
			tr.outStats = []stat{{at: second(4.5), since: second(0.5)}}
		}, 0, 4, map[correlate.Fate]uint64{correlate.FateAnswered: 1, correlate.FateUnobservable: 4}},
		{"the tunnel's tap dropped packets: what it shows was still lost", true, func(tr *trace) {
			tr.lose(1e6, 4)
			tr.idle(20e6)
			tr.inStats = []stat{{at: second(21), dropped: 3}}
		}, 4, 0, map[correlate.Fate]uint64{correlate.FateAnswered: 1, correlate.FateNoEgress: 4}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tr := &trace{two: c.two}
			tr.call(0, tcpC, tcpW, tcpS, 9000)
			c.steps(tr)
			ev := tr.run(t)
			want{matched: callPackets, lost: c.lost, unobservable: c.blind}.check(t, ev)
			if f := fates(t, ev, phone); fmt.Sprint(f) != fmt.Sprint(c.fates) {
				t.Errorf("fates %v, want %v", f, c.fates)
			}
		})
	}
	t.Run("the WAN's capture begins late", func(t *testing.T) {
		tr := &trace{two: true}
		tr.lose(0, 4)
		tr.wan(10e6, ip("fe80::1", "ff02::2", 58, capture.KindICMPOther))
		tr.call(11e6, tcpC, tcpW, tcpS, 9000)
		tr.idle(30e6)
		want{matched: callPackets, unobservable: 4}.check(t, tr.run(t))
	})
	t.Run("a rotation with a gap", func(t *testing.T) {
		tr := &trace{two: true}
		tr.call(0, tcpC, tcpW, tcpS, 9000)
		tr.lose(2e6, 2)  // the first file watches
		tr.lose(10e6, 2) // nobody does
		tr.lose(20e6, 2) // the second file watches
		tr.tunnel(40e6, ip("fe80::1", "ff02::2", 58, capture.KindICMPOther))
		inputs := tr.inputs()
		quiet := func(us int64) pk {
			p := ip("fe80::1", "ff02::2", 58, capture.KindICMPOther)
			p.Time = base + us*1000
			return p
		}
		first := inputs[1].Source.(*memory)
		first.packets = append(first.packets, quiet(5e6))
		face := wanFace
		face.Index = 0
		second := &memory{name: "wan2.pcap", faces: []capture.Interface{face}, packets: []pk{quiet(19e6), quiet(40e6)}}
		inputs[1].Picks = []correlate.Pick{{Role: capture.RoleWAN}}
		inputs = append(inputs, correlate.Input{Source: second, Picks: []correlate.Pick{{Role: capture.RoleWAN}}})
		inputs[0].Picks = []correlate.Pick{{Role: capture.RoleTunnel}}
		want{matched: callPackets, lost: 4, unobservable: 2}.check(t, analyse(t, tr.opts, inputs...))
	})
}

// TestPending ends the capture while requests are open.
func TestPending(t *testing.T) {
	tr := &trace{}
	for n := range 6 {
		p := tcp(fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("192.0.2.%d:443", n), syn, uint32(n), 0, 0)
		tr.pass(int64(n)*1_000_000, p, p.from(fmt.Sprintf("%s:%d", wanIP, 4000+n)))
	}
	tr.idle(7_500_000)
	f := fates(t, tr.run(t), phone)
	if f[correlate.FateNoReply] != 3 || f[correlate.FatePending] != 3 {
		t.Errorf("fates %v, want 3 without reply and 3 pending", f)
	}
}

// TestEpochs moves the clock of the machine while it captures.
func TestEpochs(t *testing.T) {
	for _, c := range []struct {
		name string
		by   int64
	}{{"an hour back", -3600e6}, {"three hours on", 3 * 3600e6}} {
		t.Run(c.name, func(t *testing.T) {
			tr := &trace{}
			tr.call(0, tcpC, tcpW, tcpS, 9000)
			tr.tunnel(1e6, tcp(phone+":4001", tcpS, syn, 1, 0, 0)) // its twin is not due yet
			for n := range int64(5) {
				tr.call(1_001_000+c.by+n*200_000, fmt.Sprintf("%s:%d", phone, 4100+n), fmt.Sprintf("%s:%d", wanIP, 4100+n), tcpS, uint32(50_000*n+1))
			}
			tr.lose(2e6+c.by, 3)
			tr.idle(30e6 + c.by)
			// In the order in which they were captured.
			m := tr.inputs()[0].Source.(*memory)
			slices.SortStableFunc(m.packets, func(a, b pk) int {
				early := func(p pk) bool { return p.Time < base+1_000_500_000 && p.Time >= base-500_000_000 }
				switch {
				case early(a) && !early(b):
					return -1
				case early(b) && !early(a):
					return 1
				}
				return int(a.Time - b.Time)
			})
			ev := analyse(t, tr.opts, correlate.Input{Source: m})
			want{matched: 6 * callPackets, lost: 3, unobservable: 1}.check(t, ev)
			if !slices.ContainsFunc(ev.Caveats, func(c correlate.Caveat) bool { return c.ID == "disorder" }) {
				t.Error("no caveat")
			}
		})
	}
}

// TestDisorder shuffles the records of each file by up to 80 ms.
func TestDisorder(t *testing.T) {
	for _, two := range []bool{false, true} {
		tr := &trace{two: two}
		for n := range 40 {
			tr.call(int64(n)*10_000, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 9000+n), tcpS, uint32(n*100_000))
		}
		tr.idle(9_000_000)
		inputs := tr.inputs()
		for i := range inputs {
			m := inputs[i].Source.(*memory)
			seed := uint64(i + 1)
			late := make(map[int]int64)
			for n := range m.packets {
				seed = seed*6364136223846793005 + 1442695040888963407
				late[n] = int64(seed>>33) % 80_000_000
			}
			order := make([]int, len(m.packets))
			for n := range order {
				order[n] = n
			}
			slices.SortStableFunc(order, func(a, b int) int {
				return int(m.packets[a].Time + late[a] - m.packets[b].Time - late[b])
			})
			shuffled := make([]pk, len(order))
			for n, o := range order {
				shuffled[n] = m.packets[o]
			}
			m.packets = shuffled
		}
		ev := analyse(t, tr.opts, inputs...)
		want{matched: 40 * callPackets}.check(t, ev)
		if len(ev.NAT) != 40 || fates(t, ev, phone)[correlate.FateAnswered] != 40 {
			t.Errorf("%d translations, fates %v", len(ev.NAT), fates(t, ev, phone))
		}
	}
}

// TestClock estimates offsets, and says how sure it is.
func TestClock(t *testing.T) {
	calls := func(tr *trace) {
		for n := range 5 {
			tr.call(int64(n)*300_000, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 9000+n), tcpS, uint32(n*100_000+1))
		}
		tr.idle(9_000_000)
	}
	for _, skew := range []time.Duration{0, 40 * time.Microsecond, -3 * time.Millisecond, 700 * time.Millisecond, 5 * time.Second, -72 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			tr := &trace{two: true, skew: skew}
			calls(tr)
			ev := tr.run(t)
			want{matched: 5 * callPackets}.check(t, ev)
			if d := time.Duration(ev.Clock.Offset) - skew; d.Abs() > 110*time.Microsecond {
				t.Errorf("offset %v, off by %v", time.Duration(ev.Clock.Offset), d)
			}
			if !ev.Clock.HasUncertainty || time.Duration(ev.Clock.Uncertainty) > 200*time.Microsecond || ev.Clock.Basis != "matched-packets" {
				t.Errorf("clock %+v", ev.Clock)
			}
			for _, f := range ev.Flows {
				if f.Forward.Min < 0 || f.Return.Min < 0 || f.Remotely.Min < 0 {
					t.Errorf("negative latency in %+v", f)
				}
			}
		})
	}
	t.Run("one direction only", func(t *testing.T) {
		tr := &trace{two: true, skew: 5 * time.Second}
		for n := range 5 {
			p := tcp(fmt.Sprintf("%s:%d", phone, 4000+n), tcpS, syn, uint32(n+77), 0, 0)
			tr.pass(int64(n)*300_000, p, p.from(fmt.Sprintf("%s:%d", wanIP, 9000+n)))
		}
		tr.idle(9_000_000)
		ev := tr.run(t)
		want{matched: 5}.check(t, ev)
		if d := time.Duration(ev.Clock.Offset) - 5*time.Second; d.Abs() > time.Millisecond || ev.Clock.HasUncertainty {
			t.Errorf("clock %+v", ev.Clock)
		}
	})
	t.Run("given", func(t *testing.T) {
		five := 5 * time.Second
		tr := &trace{two: true, skew: five, opts: correlate.Options{ClockOffset: &five}}
		tr.call(0, tcpC, tcpW, tcpS, 1)
		tr.idle(9_000_000)
		ev := tr.run(t)
		want{matched: callPackets}.check(t, ev)
		if ev.Clock.Basis != "given" || ev.Clock.Offset != int64(five) {
			t.Errorf("clock %+v", ev.Clock)
		}
	})
	t.Run("replies lost in the host", func(t *testing.T) {
		tr := &trace{two: true, skew: -5 * time.Second}
		for n := range 5 {
			us := int64(n) * 300_000
			p := tcp(fmt.Sprintf("%s:%d", phone, 4000+n), tcpS, syn, uint32(n+77), 0, 0)
			tr.pass(us, p, p.from(fmt.Sprintf("%s:%d", wanIP, 9000+n)))
			tr.wan(us+300, tcp(tcpS, fmt.Sprintf("%s:%d", wanIP, 9000+n), syn|ack, 5, uint32(n+78), 0).ttl(57))
		}
		tr.idle(9_000_000)
		ev := tr.run(t)
		want{matched: 5, lost: 5}.check(t, ev)
		if f := fates(t, ev, phone); f[correlate.FateReplyLost] != 5 {
			t.Errorf("fates %v", f)
		}
	})
	t.Run("one file is one clock", func(t *testing.T) {
		tr := &trace{}
		calls(tr)
		if c := tr.run(t).Clock; c.Basis != "one-clock" || c.Offset != 0 {
			t.Errorf("clock %+v", c)
		}
	})
}

// TestDecoys reads captures of the same protocols and remotes that have
// nothing to do with each other.
func TestDecoys(t *testing.T) {
	for _, skew := range []time.Duration{0, 3 * time.Second, 72 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			tr := &trace{two: true}
			other := &trace{}
			for n := range 10 {
				us := int64(n) * 500_000
				tr.call(us, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 4000+n), tcpS, uint32(n*7919+1))
				tr.lookup(us, fmt.Sprintf("%s:%d", phone, 5000+n), fmt.Sprintf("%s:%d", wanIP, 5000+n), ns+":53", uint16(n+1), "example.org")
				tr.echo(us, phone+":7", wanIP+":7", site, uint32(n), pad("abcdefgh", 32))
				other.call(us+200_000, fmt.Sprintf("%s:%d", tablet, 4000+n), fmt.Sprintf("%s:%d", wanIP, 4000+n), tcpS, uint32(n*104729+5))
				other.lookup(us+200_000, fmt.Sprintf("%s:%d", tablet, 5000+n), fmt.Sprintf("%s:%d", wanIP, 5000+n), ns+":53", uint16(n+5000), "example.org")
				other.echo(us+200_000, tablet+":7", wanIP+":7", site, uint32(n+3000), pad("abcdefgh", 32))
			}
			tr.out = other.out
			tr.skew = skew
			tr.idle(20_000_000)
			ev := tr.run(t)
			if ev.Totals.MatchedPackets != 0 || ev.Relation.Proved || len(ev.NAT) != 0 {
				t.Errorf("relation %+v, totals %+v, %d translations", ev.Relation, ev.Totals, len(ev.NAT))
			}
		})
	}
	t.Run("equal pings of every day", func(t *testing.T) {
		tr := &trace{two: true, skew: 72 * time.Hour}
		for n := range 20 {
			tr.echo(int64(n)*1_000_000, phone+":7", wanIP+":7", site, uint32(n), pad("abcdefgh", 32))
		}
		tr.idle(30_000_000)
		if ev := tr.run(t); ev.Totals.MatchedPackets != 0 || ev.Relation.Proved {
			t.Errorf("relation %+v, totals %+v", ev.Relation, ev.Totals)
		}
	})
}

// TestLaterSection appends a second section with interfaces of the same names,
// as a tool does that was started twice on one file.
func TestLaterSection(t *testing.T) {
	tr := &trace{}
	tr.call(0, tcpC, tcpW, tcpS, 9000)
	tr.idle(1_000_000)
	m := tr.inputs()[0].Source.(*memory)
	later := &trace{}
	later.call(2_000_000, phone+":4001", wanIP+":4101", tcpS, 99000)
	later.idle(9_000_000)
	for _, p := range later.inputs()[0].Source.(*memory).packets {
		p.Iface += 2
		m.packets = append(m.packets, p)
	}
	for _, f := range []capture.Interface{tunnelFace, wanFace} {
		f.Section = 1
		m.faces = append(m.faces, f)
	}
	ev := analyse(t, correlate.Options{}, correlate.Input{Source: m})
	want{matched: 2 * callPackets, nat: []string{
		"tcp 10.8.0.2:4000>203.0.113.2:4100>192.0.2.80:443", "tcp 10.8.0.2:4001>203.0.113.2:4101>192.0.2.80:443",
	}}.check(t, ev)
	if len(ev.Captures) != 4 {
		t.Errorf("%d captures, want 4", len(ev.Captures))
	}
}

// TestDropsSaidLate has statistics so far behind that the losses before them
// were judged long ago: a file longer than what is looked at ahead.
func TestDropsSaidLate(t *testing.T) {
	for _, dropped := range []uint64{0, 5} {
		tr := &trace{opts: correlate.Options{MaxFlows: 4}} // rows are final early
		tr.call(0, tcpC, tcpW, tcpS, 9000)
		tr.lose(1e6, 4)
		for n := range int64(70_000) {
			tr.wan(10e6+n*100, ip("192.0.2.9", wanIP, 50, capture.KindFragment))
		}
		tr.idle(60e6)
		tr.outStats = []stat{{at: base + 61e9, dropped: dropped}}
		ev := tr.run(t)
		w, fate := want{matched: callPackets, lost: 4}, correlate.FateNoEgress
		if dropped > 0 {
			w, fate = want{matched: callPackets, unobservable: 4}, correlate.FateUnobservable
		}
		w.check(t, ev)
		if f := fates(t, ev, phone); f[fate] != 4 || f[correlate.FateAnswered] != 1 || len(f) != 2 {
			t.Errorf("%d dropped: fates %v", dropped, f)
		}
	}
}
