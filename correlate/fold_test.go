package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// TestFold reads captures of the WAN that show packets more than once.
func TestFold(t *testing.T) {
	const cooked, ether = capture.LinkTypeLinuxSLL, capture.LinkTypeEthernet
	// Each copy of a packet is changed and put so many microseconds later.
	type view struct {
		later  int64
		change func(pk) pk
	}
	as := func(later int64, change func(pk) pk) view { return view{later, change} }
	same := func(p pk) pk { return p }
	tagged := func(p pk) pk { p.VLAN = 300; return p }
	lower := func(p pk) pk { p.TTL--; return p }
	seen := func(id uint32) func(pk) pk {
		return func(p pk) pk { p.RecordID = id + uint32(p.Time>>10)&^3; return p }
	}
	switched := func(p pk) pk {
		p.LinkSrc, p.LinkDst = capture.MAC{2, 0, 0, 0, 0, 8}, capture.MAC{2, 0, 0, 0, 0, 9}
		return p
	}
	unNAT := func(p pk) pk {
		if p.Direction == capture.DirectionIn && p.WG.Type == 0 {
			p.Dst, _ = end(phone)
		}
		return p
	}
	cases := []struct {
		name   string
		link   capture.LinkType
		calls  int
		views  []view
		copies int // 1: not folded
	}{
		{"once", ether, 8, []view{as(0, same)}, 1},
		{"a bridge and its port in cooked v1", cooked, 8, []view{as(0, same), as(3, unNAT)}, 2},
		{"too few to say", cooked, 1, []view{as(0, same), as(3, same)}, 1},
		{"alike and not told apart by anything", ether, 8, []view{as(0, same), as(3, same)}, 1},
		{"a mirrored VLAN", ether, 8, []view{as(0, same), as(40, tagged)}, 2},
		{"four copies of a mirror", ether, 8, []view{as(0, same), as(10, tagged), as(20, lower), as(150, switched)}, 4},
		{"one record number for each packet", ether, 8, []view{as(0, seen(4)), as(2, seen(4))}, 2},
		{"a routing loop", ether, 8, []view{as(0, same), as(400, func(p pk) pk {
			p.LinkSrc, p.LinkDst = p.LinkDst, p.LinkSrc
			return lower(p)
		})}, 1},
		{"sent again, not recorded again", ether, 8, []view{as(0, same), as(200_000, tagged)}, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tr := &trace{}
			tr.session(0, mobile)
			for n := range c.calls {
				tr.call(100_000+int64(n)*300_000, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 9000+n), tcpS, uint32(n*100_000+1))
			}
			own, _ := end(wanIP)
			var out []pk
			for _, p := range tr.out {
				p.LinkSrc, p.LinkDst = router, host
				if p.Direction = capture.DirectionIn; p.Src == own {
					p.Direction, p.LinkSrc, p.LinkDst = capture.DirectionOut, host, router
				}
				if c.link == ether {
					p.Direction = capture.DirectionUnknown
				}
				for _, v := range c.views {
					q := v.change(p)
					q.Time += v.later * 1000
					out = append(out, q)
				}
			}
			recorded := uint64(len(out))
			tr.out = out
			in := tr.inputs()
			face := capture.Interface{Index: 1, Name: "eth0", LinkType: c.link}
			in[0].Source.(*memory).faces[1] = face
			ev := analyse(t, correlate.Options{}, in...)

			folded := uint64(0)
			if c.copies > 1 {
				folded = recorded - recorded/uint64(c.copies)
			}
			said := uint64(0)
			for _, cv := range ev.Caveats {
				if cv.ID == "duplicates" {
					said = cv.Args["count"].(uint64)
				}
			}
			if ev.Totals.Duplicates != folded || said != folded {
				t.Errorf("%d copies folded, %d said, want %d", ev.Totals.Duplicates, said, folded)
			}
			if got := ev.Captures[1].Packets; got != recorded {
				t.Errorf("%d packets counted, %d were recorded", got, recorded)
			}
			if c.copies > 1 {
				want{matched: uint64(c.calls) * callPackets}.check(t, ev)
			}
			if len(ev.NAT) != c.calls || ev.WireGuard.Peers[0].Initiations != 1 && c.name != "sent again, not recorded again" {
				t.Errorf("%d translations, peers %+v", len(ev.NAT), ev.WireGuard.Peers)
			}
		})
	}
}

// TestFoldSpares keeps what is alike and was sent so: acknowledgements that are
// repeated at once, to the last octet, with IP identification 0.
func TestFoldSpares(t *testing.T) {
	for _, views := range []int{1, 2} {
		t.Run(fmt.Sprintf("recorded %d times", views), func(t *testing.T) {
			tr := &trace{}
			tr.session(0, mobile)
			const calls, repeats = 12, 60
			for n := range calls {
				tr.call(100_000+int64(n)*300_000, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 4100+n), tcpS, uint32(n*100_000+1))
			}
			for n := range int64(repeats) {
				p := tcp(tcpC, tcpS, ack, 102, 5302, 0)
				tr.pass(300_000+n*900, p, p.from(tcpW))
			}
			var out []pk
			for _, p := range tr.out {
				for v := range views {
					q := p
					q.VLAN, q.Time = uint16(v), q.Time+int64(v)*1000
					out = append(out, q)
				}
			}
			tr.out = out
			tr.idle(9_000_000)
			ev := analyse(t, correlate.Options{}, tr.inputs()...)
			want{matched: calls*callPackets + repeats}.check(t, ev)
			if views > 1 && ev.Totals.Duplicates == 0 {
				t.Error("nothing was folded")
			}
		})
	}
}
