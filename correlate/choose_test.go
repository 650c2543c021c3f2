package correlate_test

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// everywhere is a capture of all adapters of a host, an interface for each as in
// Linux cooked v2: the tunnel, the WAN's port, whatever else is added.
type everywhere struct {
	faces   []capture.Interface
	packets []pk
}

// face adds an interface and returns its row.
func (w *everywhere) face(arphrd uint16) int32 {
	n := len(w.faces)
	w.faces = append(w.faces, capture.Interface{Index: -1, IfIndex: uint32(n + 1), ARPHRD: arphrd, LinkType: capture.LinkTypeLinuxSLL2})
	return int32(n)
}

// add puts packets on an interface, some microseconds later than they were.
func (w *everywhere) add(face int32, list []pk, inLater, outLater int64) {
	for _, p := range list {
		p.Iface = face
		if p.Direction == capture.DirectionOut {
			p.Time += outLater * 1000
		} else {
			p.Time += inLater * 1000
		}
		w.packets = append(w.packets, p)
	}
}

// with directions as the host sees them: what has its address or a tunnel
// client's as its source leaves the WAN, and enters at the tunnel.
func directed(list []pk, local string, out capture.Direction) []pk {
	own, _ := end(local)
	marked := make([]pk, len(list))
	for i, p := range list {
		p.Direction = capture.DirectionIn
		if (p.Src == own) == (out == capture.DirectionOut) {
			p.Direction = capture.DirectionOut
		}
		marked[i] = p
	}
	return marked
}

func (w *everywhere) input() correlate.Input {
	sort.SliceStable(w.packets, func(a, b int) bool { return w.packets[a].Time < w.packets[b].Time })
	return correlate.Input{Source: &memory{name: "any.pcap", faces: w.faces, packets: w.packets}}
}

// TestChoose picks the tunnel and the WAN among all adapters of a host.
func TestChoose(t *testing.T) {
	const none, ethernet = 0xfffe, 1
	path := func(outer bool) (in, out []pk) {
		tr := &trace{}
		if outer {
			tr.session(0, mobile)
		}
		for n := range 4 {
			tr.call(100_000+int64(n)*300_000, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 9000+n), tcpS, uint32(n*100_000+1))
		}
		return directed(tr.in, phone, capture.DirectionIn), directed(tr.out, wanIP, capture.DirectionOut)
	}
	in, out := path(true)
	quiet, bare := path(false)
	for _, c := range []struct {
		name    string
		build   func(w *everywhere) (tunnel, wan int32)
		refused bool
	}{
		{"a bridge and its port", func(w *everywhere) (int32, int32) {
			bridge, wg, port := w.face(ethernet), w.face(none), w.face(ethernet)
			w.add(wg, in, 0, 0)
			w.add(port, out, 0, 0)
			w.add(bridge, out, 3, -3)
			return wg, port
		}, false},
		{"a bond of two adapters", func(w *everywhere) (int32, int32) {
			wg, one, two, bond := w.face(none), w.face(ethernet), w.face(ethernet), w.face(ethernet)
			w.add(wg, in, 0, 0)
			w.add(one, out[:len(out)/2], 0, 0)
			w.add(two, out[len(out)/2:], 0, 0)
			w.add(bond, out, 3, -3)
			return wg, bond
		}, false},
		{"no handshake in the capture, the cables of containers", func(w *everywhere) (int32, int32) {
			cable, wg, wan, bridge := w.face(ethernet), w.face(none), w.face(ethernet), w.face(ethernet)
			other := &trace{}
			other.call(0, "172.17.0.2:1", "172.17.0.1:2", "172.17.0.3:9", 77)
			w.add(wg, quiet, 0, 0)
			w.add(wan, bare, 0, 0)
			w.add(cable, other.in, 0, 0)
			w.add(bridge, other.in, 1, 1)
			return wg, wan
		}, false},
		{"a way out without a link layer", func(w *everywhere) (int32, int32) {
			up, wg, wan := w.face(none), w.face(none), w.face(ethernet)
			w.add(wg, in, 0, 0)
			w.add(wan, out, 0, 0)
			own := tcp("10.99.0.2:5000", "10.99.0.1:443", syn, 5, 0, 0).direction(capture.DirectionOut)
			own.Time = base
			w.add(up, []pk{own}, 0, 0)
			return wg, wan
		}, false},
		{"two tunnels with clients", func(w *everywhere) (int32, int32) {
			one, two, wan := w.face(none), w.face(none), w.face(ethernet)
			w.add(one, in, 0, 0)
			w.add(two, in, 0, 0)
			w.add(wan, out, 0, 0)
			return one, wan
		}, true},
		{"two uplinks with sessions of their own", func(w *everywhere) (int32, int32) {
			wg, one, two := w.face(none), w.face(ethernet), w.face(ethernet)
			w.add(wg, in, 0, 0)
			for n := range uint32(9) {
				for i, f := range []int32{one, two} {
					p := initiation(mobile, home, n*2+uint32(i)).direction(capture.DirectionIn)
					p.Time = base + int64(n)*5e9
					w.add(f, []pk{p}, 0, 0)
				}
			}
			return wg, one
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &everywhere{}
			tunnel, wan := c.build(w)
			ev, err := correlate.New(correlate.Options{}).Run(context.Background(), []correlate.Input{w.input()})
			var undecided *correlate.RolesError
			if c.refused {
				if !errors.As(err, &undecided) || len(undecided.Candidates) < 2 {
					t.Fatalf("error %v, want one that lists the candidates", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, got := range ev.Captures {
				want := capture.RoleUnknown
				switch int32(i) {
				case tunnel:
					want = capture.RoleTunnel
				case wan:
					want = capture.RoleWAN
				}
				if got.Role != want {
					t.Errorf("interface %d is %v (%s), want %v", i, got.Role, got.RoleWhy, want)
				}
			}
			if ev.Totals.MatchedPackets != 4*callPackets || ev.Totals.LostPackets != 0 {
				t.Errorf("totals %+v", ev.Totals)
			}
		})
	}
}
