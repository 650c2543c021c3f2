package correlate

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// steady builds the packets of one round of mixed traffic: conversations that
// are known already, both directions, on both points, and the datagrams that
// carry them; some of them lost.
func steady(round int) *capture.Batch {
	b := capture.NewBatch()
	b.Interfaces = []capture.Interface{
		{Index: 0, Name: "wg0", LinkType: capture.LinkTypeRaw}, {Index: 1, Name: "eth0", LinkType: capture.LinkTypeEthernet},
	}
	client, server, wan, phone := addr("10.8.0.2"), addr("192.0.2.80"), addr("203.0.113.2"), addr("198.51.100.10")
	now := int64(1_700_000_000_000_000_000) + int64(round)*100e6
	add := func(p capture.Packet) {
		p.Time, p.Ref = now, -1
		p.FlowHash = capture.FlowHash(p.Src, p.SrcPort, p.Dst, p.DstPort, p.Proto)
		now += 20_000
		b.Packets = append(b.Packets, p)
	}
	for f := range 60 {
		port, lost := uint16(4000+f), f%17 == 0
		up := capture.Packet{Kind: capture.KindTCP, Proto: 6, Src: client, Dst: server, SrcPort: port, DstPort: 443, TTL: 64,
			TCPFlags: capture.TCPAck, Seq: uint32(1 + round*100), Ack: uint32(1 + round*900), PayloadLen: 100, IPLen: 140}
		if f%3 == 0 {
			up.Kind, up.Proto, up.DstPort = capture.KindUDP, 17, 53
			up.Hash16, up.Hash64 = uint64(round*1000+f+1), uint64(round*1000+f+1)
			up.Flags, up.DNSID = capture.FlagDNSQuery, uint16(round)
		}
		down := up
		down.Src, down.Dst, down.SrcPort, down.DstPort, down.TTL = up.Dst, up.Src, up.DstPort, up.SrcPort, 57
		down.Seq, down.Ack = up.Ack, up.Seq+100
		if f%3 == 0 {
			down.Flags = capture.FlagDNSResponse
			down.Hash16, down.Hash64 = down.Hash16+500_000, down.Hash64+500_000
		}
		outer := capture.Packet{Kind: capture.KindUDP, Proto: 17, Src: phone, Dst: wan, SrcPort: 4500, DstPort: 51820, TTL: 50, Iface: 1,
			PayloadLen: uint32(wg.TransportSize(140, 0)), IPLen: 200, WG: wg.Header{Type: wg.MessageTransport, Receiver: 7, Counter: uint64(round*100 + f)}}
		add(outer)
		add(up)
		if lost {
			continue
		}
		up.Src, up.SrcPort, up.TTL, up.Iface = wan, port+1000, 63, 1
		add(up)
		twin := down
		twin.Dst, twin.DstPort, twin.TTL, twin.Iface = wan, port+1000, 58, 1
		add(twin)
		add(down)
	}
	return b
}

func addr(s string) capture.Addr { return capture.AddrFromNetip(netip.MustParseAddr(s)) }

// TestNoAllocation holds that the path of a packet allocates nothing once its
// flow is known, in whatever way it ends: matched, lost, answered or not.
func TestNoAllocation(t *testing.T) {
	e := New(Options{WGPort: 51820, Own: []netip.Addr{netip.MustParseAddr("203.0.113.2")}, Tunnel: true})
	e.oneSource, e.settled = true, true
	in := &input{given: Input{Source: silent{}, Picks: []Pick{{Interface: "0", Role: capture.RoleTunnel}, {Interface: "1", Role: capture.RoleWAN}}}}
	e.inputs = []*input{in}
	round := 0
	var batches []*capture.Batch
	for range 1000 {
		batches = append(batches, steady(len(batches)))
	}
	feed := func() {
		in.batch, in.pos = batches[round], 0
		round++
		e.take(in, maxTime)
	}
	// Tables, rings and ledgers reach their size.
	for range 700 {
		feed()
	}
	if n := testing.AllocsPerRun(200, feed); n > 0 {
		t.Errorf("%v allocations per %d packets", n, len(batches[0].Packets))
	}
	f := e.clients[0].families[0].ledgers
	if e.related == 0 || len(f) == 0 || f[0].fates[FateAnswered] == nil {
		t.Errorf("nothing was matched (%d) or answered: %s", e.related, fmt.Sprint(f))
	}
}

type silent struct{}

func (silent) Name() string              { return "steady" }
func (silent) Next(*capture.Batch) error { return nil }
func (silent) Close() error              { return nil }

// TestFoldNoAllocation holds the same of a capture whose copies are left out.
func TestFoldNoAllocation(t *testing.T) {
	e := New(Options{})
	c := &capturePoint{role: capture.RoleWAN, folder: &folder{copies: 2, rest: capturePoint{first: unset, last: unset}}}
	in := &input{folding: true, faces: []*capturePoint{c, c}}
	once := steady(0).Packets
	b := &capture.Batch{Packets: make([]capture.Packet, 0, 2*len(once))}
	var now int64
	n := testing.AllocsPerRun(100, func() {
		b.Packets = b.Packets[:0]
		now += 1e9
		for i, p := range once {
			p.Time += now
			p.FragID = uint32(i + 1)
			b.Packets = append(b.Packets, p, p)
		}
		e.foldBatch(in, b)
	})
	if n > 0 || len(b.Packets) != len(once) {
		t.Errorf("%v allocations; %d of %d packets were left", n, len(b.Packets), len(once))
	}
}
