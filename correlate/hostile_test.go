package correlate_test

import (
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
)

// flood is a source in which one device works as it should while others send
// whatever make comes up with, n packets of them.
type flood struct {
	n    int
	make func(i int) []pk // at the points that Iface names: 0 tunnel, 1 WAN
	look func()           // called at half of the packets and at the end

	i, frame int
	now      int64
	rest     []pk
}

const workEvery = 4000 // packets of the flood between two conversations that work

func (s *flood) Name() string { return "flood" }
func (s *flood) Close() error { return nil }

func (s *flood) Next(b *capture.Batch) error {
	b.Reset()
	b.Interfaces = []capture.Interface{tunnelFace, wanFace}
	if s.now == 0 {
		s.now = base
	}
	for len(b.Packets) < cap(b.Packets) {
		if len(s.rest) == 0 {
			switch {
			case s.i == s.n:
				s.look()
				s.i++
				fallthrough
			case s.i > s.n:
				b.Watermark = math.MaxInt64
				if len(b.Packets) > 0 {
					return nil
				}
				return io.EOF
			case s.i%workEvery == 0:
				s.rest = append(s.rest, works(uint32(s.i/workEvery))...)
			}
			if s.i == s.n/2 {
				s.look()
			}
			s.rest = append(s.rest, s.make(s.i)...)
			s.i++
			continue
		}
		p := s.rest[0]
		s.rest = s.rest[1:]
		s.frame++
		s.now += 2000
		p.Time, p.Frame, p.Offset = s.now, uint64(s.frame), -1
		p.FlowHash = capture.FlowHash(p.Src, p.SrcPort, p.Dst, p.DstPort, p.Proto)
		p.WireLen, p.CapLen = p.IPLen+14, p.IPLen+14
		b.Packets = append(b.Packets, p.Packet)
	}
	return nil
}

// works is a connection of the phone that is answered.
func works(n uint32) []pk {
	c, w := fmt.Sprintf("%s:%d", phone, 1024+n%60000), fmt.Sprintf("%s:%d", wanIP, 1024+n%60000)
	s := fmt.Sprintf("192.0.2.%d:443", n%250)
	out, in := tcp(c, s, syn, n*77, 0, 0), tcp(s, w, syn|ack, n*99, n*77+1, 0).ttl(57)
	return []pk{out, onWAN(out.from(w)), onWAN(in), in.to(c)}
}

func onWAN(p pk) pk { p.Iface = 1; return p }

// ipv4 turns a number into an address of a /8.
func ipv4(net int, n int) string { return fmt.Sprintf("%d.%d.%d.%d", net, n>>16&255, n>>8&255, n&255) }

// TestFloods fills every table ten times over with keys that somebody else
// chooses. Memory stops growing when the table is full, what found no room is
// counted, and the device that works is still found to work.
func TestFloods(t *testing.T) {
	const tables = 4096   // flows and waiting packets; clients and endpoints have the same bound
	const n = 40 * tables // half of them are more than the head of a source, which is held until roles are known
	one := func(p pk) []pk { return []pk{p} }
	for _, c := range []struct {
		name    string
		n       int
		limit   uint64 // MiB on top of what there was
		evicted bool
		make    func(i int) []pk
	}{
		{"conversations inside that never leave", n, 12, true, func(i int) []pk {
			return one(udp(fmt.Sprintf("%s:%d", tablet, i%60000), ipv4(20, i*7)+":9999", datagram(i, 90)))
		}},
		{"conversations outside", n, 12, true, func(i int) []pk {
			return one(onWAN(udp(ipv4(20, i*7)+":9999", fmt.Sprintf("%s:%d", wanIP, i%60000), datagram(i, 90)).ttl(57)))
		}},
		{"conversations of others outside", n, 12, true, func(i int) []pk {
			return one(onWAN(tcp(ipv4(20, i*7)+":9999", ipv4(30, i*3)+":80", ack, uint32(i), 1, 100).ttl(57)))
		}},
		{"inner addresses", n, 34, true, func(i int) []pk {
			p := tcp(ipv4(10, 1<<20+i)+":99", site+":443", syn, uint32(i), 0, 0)
			return []pk{p, onWAN(p.from(fmt.Sprintf("%s:%d", wanIP, 1024+i%60000)))}
		}},
		{"requests", 10 << 16, 32, true, func(i int) []pk {
			p := query(fmt.Sprintf("%s:%d", tablet, 1024+i%50000), ipv4(20, i%3000)+":53", uint16(i), "example.org")
			return []pk{p, onWAN(p.from(fmt.Sprintf("%s:%d", wanIP, 1024+i%50000)))}
		}},
		{"endpoints that call", n, 16, true, func(i int) []pk {
			return one(onWAN(initiation(ipv4(40, i)+":9", home, uint32(i))))
		}},
		{"endpoints that send data", n, 24, true, func(i int) []pk {
			return one(onWAN(transport(ipv4(40, i)+":9", home, uint32(i), 1, 60+i%1400)))
		}},
		{"fragments", n, 12, false, func(i int) []pk {
			p := onWAN(ip(ipv4(20, i), wanIP, 17, capture.KindFragment))
			p.FragID, p.FragOffset, p.PayloadLen, p.IPLen = uint32(i&0xffff), uint16(i&^7), 1480, 1500
			return one(p)
		}},
		{"data messages of all sizes", 500_000, 48, false, func(i int) []pk {
			return one(onWAN(transport("198.51.100.7:9", home, 7, uint64(i), 33+i%8900)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := correlate.Options{MaxFlows: tables, MaxPending: tables, MaxRows: 1000, WGPort: 51820, Tunnel: true}
			before := heap()
			var sizes []uint64
			src := &flood{n: c.n, make: c.make, look: func() { now := heap(); sizes = append(sizes, now-min(before, now)) }}
			ev := analyse(t, opts, correlate.Input{Source: src})
			half, end := sizes[0], sizes[len(sizes)-1]
			t.Logf("%.1f MiB at half, %.1f MiB at the end, %d evicted", float64(half)/mebi, float64(end)/mebi, ev.Totals.Evicted)
			if !raceEnabled && (end > c.limit*mebi || end > half+half/4+mebi) {
				t.Errorf("%.1f MiB at half, %.1f MiB at the end, at most %d", float64(half)/mebi, float64(end)/mebi, c.limit)
			}
			if c.evicted != (ev.Totals.Evicted > 0) {
				t.Errorf("%d evicted", ev.Totals.Evicted)
			}
			d := diagnose.Run(ev, diagnose.Context{})
			if d.Status == diagnose.StatusFault {
				t.Errorf("status %v: %+v", d.Status, d.Findings)
			}
			for i, cl := range ev.Clients {
				if cl.Addrs[0].String() == phone && d.Clients[i].Status != diagnose.StatusHealthy {
					t.Errorf("the phone: %v, %+v", d.Clients[i], cl)
				}
			}
		})
	}
}
