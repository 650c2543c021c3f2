package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// TestLegs splits a capture of one interface into the two sides of a router, if
// packets show that it holds both.
func TestLegs(t *testing.T) {
	laptop, desk, lan := capture.MAC{2, 0, 0, 0, 1, 1}, capture.MAC{2, 0, 0, 0, 1, 2}, capture.MAC{2, 0, 0, 0, 1, 9}
	build := func(inside, outside [2]capture.MAC, vlan uint16) *trace {
		tr := &trace{}
		for n := range 4 {
			tr.call(int64(n)*300_000, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 9000+n), tcpS, uint32(n*100_000+1))
		}
		// A neighbour's attempt that never leaves.
		dead := tcp(tablet+":7000", tcpS, syn, 900_000, 0, 0)
		tr.tunnel(1_300_000, dead)
		own, _ := end(wanIP)
		for i, p := range tr.in {
			tr.in[i].Packet.LinkSrc, tr.in[i].Packet.LinkDst = inside[0], inside[1]
			if p.TTL != 64 {
				tr.in[i].Packet.LinkSrc, tr.in[i].Packet.LinkDst = inside[1], inside[0]
			}
		}
		if inside[0] == laptop {
			tr.in[len(tr.in)-1].Packet.LinkSrc = desk
		}
		for i, p := range tr.out {
			tr.out[i].Packet.VLAN = vlan
			tr.out[i].Packet.LinkSrc, tr.out[i].Packet.LinkDst = outside[1], outside[0]
			if p.Src == own {
				tr.out[i].Packet.LinkSrc, tr.out[i].Packet.LinkDst = outside[0], outside[1]
			}
		}
		tr.wan(9_000_000, tcp("198.51.100.3:1", wanIP+":22", syn, 1, 0, 0).over(outside[1], outside[0]))
		return tr
	}
	one := func(tr *trace) correlate.Input {
		in := tr.inputs()[0]
		m := in.Source.(*memory)
		m.faces = []capture.Interface{{Index: -1, LinkType: capture.LinkTypeEthernet}}
		for i := range m.packets {
			m.packets[i].Iface = 0
		}
		return in
	}
	for _, c := range []struct {
		name            string
		inside, outside [2]capture.MAC
		vlan            uint16
		split           bool
	}{
		{"two cables", [2]capture.MAC{laptop, lan}, [2]capture.MAC{host, router}, 0, true},
		{"one adapter with two VLANs", [2]capture.MAC{host, router}, [2]capture.MAC{host, router}, 7, true},
		{"nothing tells them apart", [2]capture.MAC{host, router}, [2]capture.MAC{host, router}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := build(c.inside, c.outside, c.vlan)
			ev := analyse(t, correlate.Options{}, one(tr))
			if ev.Coverage.Tunnel != c.split {
				t.Fatalf("split: %v, want %v", ev.Coverage.Tunnel, c.split)
			}
			var packets uint64
			for _, cp := range ev.Captures {
				packets += cp.Packets
			}
			if packets != uint64(len(tr.in)+len(tr.out)) {
				t.Errorf("%d packets counted, %d were recorded", packets, len(tr.in)+len(tr.out))
			}
			if !c.split {
				return
			}
			want{matched: 4 * callPackets, lost: 1}.check(t, ev)
			if len(ev.NAT) != 4 {
				t.Errorf("translations %q", natRows(ev))
			}
		})
	}
	t.Run("the WAN of a WireGuard server", func(t *testing.T) {
		tr := build([2]capture.MAC{laptop, lan}, [2]capture.MAC{host, router}, 0)
		tr.session(0, mobile)
		if ev := analyse(t, correlate.Options{}, one(tr)); ev.Coverage.Tunnel || ev.WireGuard.Port != 51820 {
			t.Errorf("coverage %+v, port %d", ev.Coverage, ev.WireGuard.Port)
		}
	})
}
