package correlate_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// TestBounds floods tables that are far too small. Nothing may be forgotten in
// the sums, and no list may grow beyond its limit.
func TestBounds(t *testing.T) {
	for _, o := range []correlate.Options{
		{MaxFlows: 8, MaxPending: 16, MaxRows: 5},
		{MaxFlows: 1, MaxPending: 1, MaxRows: 1},
		{MaxFlows: 64, MaxPending: 8, MaxRows: 100},
		{MaxFlows: 8, MaxPending: 4096, MaxRows: 3},
	} {
		t.Run(fmt.Sprintf("%d/%d/%d", o.MaxFlows, o.MaxPending, o.MaxRows), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(o.MaxFlows), 1))
			tr := &trace{opts: o}
			// Declared, so that every packet's direction is known.
			tr.opts.Clients = append(tr.opts.Clients, prefix("10.8.0.0/16"))
			entered := uint64(0)
			for n := range 6000 {
				us := int64(n) * 300
				port := r.IntN(400)
				c, w := fmt.Sprintf("10.8.%d.2:%d", port%7, 2000+port), fmt.Sprintf("%s:%d", wanIP, 3000+port)
				s := fmt.Sprintf("192.0.2.%d:443", port%50)
				var p pk
				switch r.IntN(4) {
				case 0:
					p = tcp(c, s, syn, uint32(n), 0, 0)
				case 1:
					p = udp(c, s, datagram(n, 90))
				case 2:
					p = query(c, s, uint16(n), "example.org")
				default:
					p = tcp(c, s, ack, uint32(n), 5, 400)
				}
				tr.tunnel(us, p)
				entered++
				if r.IntN(5) > 0 {
					tr.wan(us+int64(r.IntN(200)), p.from(w))
				}
			}
			tr.idle(60_000_000)
			ev := analyse(t, tr.opts, tr.inputs()...)
			tot := ev.Totals
			if sum := tot.MatchedPackets + tot.LostPackets + tot.Unobservable; sum != entered {
				t.Errorf("%d matched + %d lost + %d unobservable = %d of %d", tot.MatchedPackets, tot.LostPackets, tot.Unobservable, sum, entered)
			}
			if tot.Evicted == 0 {
				t.Error("nothing was evicted")
			}
			listed := map[correlate.Outcome]int{}
			for _, f := range ev.Flows {
				listed[f.Outcome]++
			}
			for outcome, n := range listed {
				if n > o.MaxRows {
					t.Errorf("%d flows %v listed, at most %d", n, outcome, o.MaxRows)
				}
			}
			if len(ev.NAT) > o.MaxRows {
				t.Errorf("%d translations listed, at most %d", len(ev.NAT), o.MaxRows)
			}
			if got := tot.FlowsNotListed + uint64(len(ev.Flows)); got != tot.Flows {
				t.Errorf("%d flows listed + %d not listed, of %d", len(ev.Flows), tot.FlowsNotListed, tot.Flows)
			}
		})
	}
}

// TestManyClients names more inner addresses than are followed, and more outer
// endpoints.
func TestManyClients(t *testing.T) {
	tr := &trace{opts: correlate.Options{Tunnel: true, WGPort: 51820, Clients: nil}}
	tr.opts.Clients = append(tr.opts.Clients, prefix("10.0.0.0/8"))
	const n = 6000
	for i := range n {
		c := fmt.Sprintf("10.%d.%d.%d:99", i>>16&255, i>>8&255, i&255)
		p := tcp(c, tcpS, syn, uint32(i), 0, 0)
		tr.pass(int64(i)*100, p, p.from(fmt.Sprintf("%s:%d", wanIP, 1024+i)))
		tr.wan(int64(i)*100, initiation(fmt.Sprintf("198.51.%d.%d:9", i>>8, i&255), home, uint32(i)))
	}
	tr.idle(30_000_000)
	ev := tr.run(t)
	if ev.Totals.MatchedPackets != n || len(ev.Clients) > 4096 || len(ev.WireGuard.Peers) > 4096 || ev.Totals.Evicted == 0 {
		t.Errorf("matched %d, %d clients, %d peers, totals %+v", ev.Totals.MatchedPackets, len(ev.Clients), len(ev.WireGuard.Peers), ev.Totals)
	}
}

// TestHostile feeds packets whose every field is noise: nothing may panic, and
// the sums must hold.
func TestHostile(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 2))
		tr := &trace{two: seed%2 == 0, opts: correlate.Options{MaxFlows: 32, MaxPending: 64, MaxRows: 10}}
		pick := func(list ...uint32) uint32 { return list[r.IntN(len(list))] }
		for n := range 8000 {
			addr := func() string {
				return []string{phone, tablet, inner, wanIP, site, "[fd00::2]", "[2001:db8::1]", "0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1"}[r.IntN(11)]
			}
			p := ip(addr()+fmt.Sprintf(":%d", pick(0, 53, 443, 51820, uint32(r.IntN(65536)))), addr()+":53", uint8(pick(1, 6, 17, 58, 50)), capture.Kind(r.IntN(12)))
			p.TTL, p.TCPFlags = uint8(pick(0, 1, 63, 64, 128, 255)), uint8(r.Uint32())
			p.Seq, p.Ack = pick(0, 1, 0xffffffff, 0x80000000, uint32(r.IntN(5000))), pick(0, 1, 0xffffffff)
			p.PayloadLen = pick(0, 1, 32, 148, 92, 64, 1400, 65535, 0xffffffff)
			p.IPLen = pick(0, 20, p.PayloadLen+40)
			p.Hash16, p.Hash64 = uint64(pick(0, 1, 2, 3)), uint64(pick(0, 1, 2, 3))
			p.FragID = pick(0, 0, 1, 2)
			p.Flags |= capture.Flags(r.IntN(512)) &^ capture.FlagTimeUnknown
			p.Direction = capture.Direction(r.IntN(3))
			if r.IntN(20) == 0 {
				p.Flags |= capture.FlagTimeUnknown
			}
			if p.Kind == capture.KindUDP && r.IntN(2) == 0 {
				p = message(addr()+":51820", addr()+":51820", 1+1<<uint(r.IntN(2)), pick(1, 2, 3), pick(1, 2, 3), uint64(r.IntN(4)), int(pick(32, 148, 92, 64, 1452))).ttl(uint8(pick(64, 63)))
			}
			if p.Kind == capture.KindICMPError {
				q := tcp(addr()+":1", addr()+":53", syn, 1, 1, 1)
				p.quote = &capture.Quote{Src: q.Src, Dst: q.Dst, SrcPort: 1, DstPort: 53, Proto: 6, Seq: pick(0, 1)}
			}
			us := int64(n) * 700
			if r.IntN(500) == 0 {
				us += int64(r.IntN(3)-1) * 4_000_000_000
			}
			if r.IntN(2) == 0 {
				tr.tunnel(us, p)
			} else {
				tr.wan(us, p)
			}
		}
		for i := range 4 {
			tr.outStats = append(tr.outStats, stat{at: base + int64(i)*1e9, dropped: uint64(i * 100)})
		}
		tr.unsorted = seed%3 == 0
		checkSums(t, analyse(t, tr.opts, tr.inputs()...), 1<<40)
	}
}

// TestEvictedEarly makes room by ending conversations whose packets are still
// on their way through the host: live taps go on, so that nothing but the time
// tells that they are not lost.
func TestEvictedEarly(t *testing.T) {
	tr := &trace{opts: correlate.Options{Live: true, MaxFlows: 16}}
	tr.opts.Clients = append(tr.opts.Clients, prefix("10.8.0.0/24"))
	for n := range 1000 {
		us := int64(n) * 1000
		c, w := fmt.Sprintf("%s:%d", phone, 2000+n), fmt.Sprintf("%s:%d", wanIP, 3000+n)
		p := udp(c, site+":9000", datagram(n, 90))
		tr.tunnel(us, p)
		tr.wan(us+30_000, p.from(w))
	}
	taps := tr.inputs()
	taps[0].Picks = []correlate.Pick{{Interface: "wg0", Role: capture.RoleTunnel}, {Interface: "eth0", Role: capture.RoleWAN}}
	ev := analyse(t, tr.opts, taps...)
	if tot := ev.Totals; tot.LostPackets != 0 || tot.Unobservable < 900 || tot.Evicted == 0 {
		t.Errorf("totals %+v", tot)
	}
}
