package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// TestOverlap gives captures that show the same packets, or one of all adapters,
// for one side: what passed once counts once.
func TestOverlap(t *testing.T) {
	tr := &trace{}
	tr.session(0, mobile)
	const calls = 4
	for n := range calls {
		tr.call(100_000+int64(n)*300_000, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 9000+n), tcpS, uint32(n*100_000+1))
	}
	in, out := directed(tr.in, phone, capture.DirectionIn), directed(tr.out, wanIP, capture.DirectionOut)
	tunnel := func() correlate.Input {
		return file("tunnel.pcap", capture.Interface{Index: -1, LinkType: capture.LinkTypeRaw}, tr.in)
	}
	wan := func() correlate.Input {
		return file("wan.pcap", capture.Interface{Index: -1, LinkType: capture.LinkTypeEthernet}, tr.out)
	}
	all := func() correlate.Input {
		w := &everywhere{}
		wg, bridge, port, lo := w.face(0xfffe), w.face(1), w.face(1), w.face(772)
		w.add(wg, in, 0, 0)
		w.add(port, out, 0, 0)
		w.add(bridge, out, 3, -3)
		own := tcp("127.0.0.1:1", "127.0.0.1:2", syn, 1, 0, 0)
		own.Time = base
		w.add(lo, []pk{own}, 0, 0)
		return w.input()
	}
	as := func(in correlate.Input, r capture.Role) correlate.Input {
		in.Picks = []correlate.Pick{{Role: r}}
		return in
	}
	const t0, w0 = capture.RoleTunnel, capture.RoleWAN
	for _, c := range []struct {
		name   string
		inputs []correlate.Input
	}{
		{"all adapters named as the WAN", []correlate.Input{as(tunnel(), t0), as(all(), w0)}},
		{"all adapters named as the tunnel", []correlate.Input{as(all(), t0), as(wan(), w0)}},
		{"all adapters named as both", []correlate.Input{as(all(), t0), as(all(), w0)}},
		{"all adapters beside the WAN", []correlate.Input{wan(), all()}},
		{"all adapters beside the tunnel", []correlate.Input{all(), tunnel()}},
		{"the WAN twice", []correlate.Input{as(tunnel(), t0), as(wan(), w0), as(wan(), w0)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ev := analyse(t, correlate.Options{}, c.inputs...)
			want{matched: calls * callPackets}.check(t, ev)
			roles := make(map[capture.Role]int)
			for _, cp := range ev.Captures {
				roles[cp.Role]++
			}
			if roles[t0] != 1 || roles[w0] != 1 || len(ev.NAT) != calls {
				t.Errorf("captures %+v, translations %q", ev.Captures, natRows(ev))
			}
		})
	}
	t.Run("two uplinks named as the WAN", func(t *testing.T) {
		w := &everywhere{}
		one, two := w.face(1), w.face(1)
		w.add(one, out[:len(out)/2], 0, 0)
		w.add(two, out[len(out)/2:], 0, 0)
		ev := analyse(t, correlate.Options{}, as(tunnel(), t0), as(w.input(), w0))
		want{matched: calls * callPackets}.check(t, ev)
	})
}
