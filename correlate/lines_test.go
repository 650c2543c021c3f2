package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// TestOtherLine has a host called back by another line than it called by: in a
// capture of all its adapters, and in a file of each line. Two files of one line,
// one after the other, are no two lines, whatever the border cuts apart.
func TestOtherLine(t *testing.T) {
	const calls = 6
	tr := &trace{}
	tr.session(0, mobile)
	sessions := len(tr.out)
	for n := range calls {
		tr.call(100_000+int64(n)*300_000, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 9000+n), tcpS, uint32(n*100_000+1))
	}
	out := directed(tr.out, wanIP, capture.DirectionOut)
	var left, came []pk
	for i, p := range out {
		if i < sessions || p.Direction == capture.DirectionOut {
			left = append(left, p)
		} else {
			came = append(came, p)
		}
	}
	file := func(name string, list []pk) correlate.Input {
		face := wanFace
		face.Index, face.Name = 0, ""
		return correlate.Input{
			Source: &memory{name: name, faces: []capture.Interface{face}, packets: list},
			Picks:  []correlate.Pick{{Role: capture.RoleWAN}},
		}
	}
	tunnel := func() correlate.Input {
		return correlate.Input{
			Source: &memory{name: "tunnel.pcap", faces: []capture.Interface{tunnelFace}, packets: directed(tr.in, phone, capture.DirectionIn)},
			Picks:  []correlate.Pick{{Role: capture.RoleTunnel}},
		}
	}
	all := func() correlate.Input {
		w := &everywhere{}
		wg, first, second := w.face(0xfffe), w.face(1), w.face(1)
		w.add(wg, directed(tr.in, phone, capture.DirectionIn), 0, 0)
		w.add(first, left, 0, 0)
		w.add(second, came, 0, 0)
		return w.input()
	}
	cut := sessions + callPackets + 1 // between a request and its answer
	for _, c := range []struct {
		name      string
		inputs    []correlate.Input
		least, to uint64
	}{
		{"all adapters", []correlate.Input{all()}, calls, calls},
		// Before its first record nothing says that a line was watched.
		{"a file of each line", []correlate.Input{tunnel(), file("a.pcap", left), file("b.pcap", came)}, calls - 1, calls},
		{"one line", []correlate.Input{tunnel(), file("a.pcap", out)}, 0, 0},
		{"one line in two files", []correlate.Input{tunnel(), file("a1.pcap", out[:cut]), file("a2.pcap", out[cut:])}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			ev := analyse(t, correlate.Options{}, c.inputs...)
			f := ipv4Of(t, ev)
			if n := f.OtherLine.Count; n < c.least || n > c.to {
				t.Errorf("%d requests answered by another line", n)
			}
			if f.Replies != 4*calls || ev.Totals.MatchedPackets != callPackets*calls || ev.Totals.LostPackets != 0 {
				t.Errorf("%d replies, %+v", f.Replies, ev.Totals)
			}
		})
	}
}
