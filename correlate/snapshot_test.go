package correlate_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"pgregory.net/rapid"
)

// TestSnapshot looks at random networks again and again while they are
// followed: a look gives the evidence of a run that ended there, and changes
// nothing for the run that goes on.
func TestSnapshot(t *testing.T) {
	looks := 0
	rapid.Check(t, func(t *rapid.T) {
		n := drawNetwork(t)
		n.tr.two, n.tr.skew, n.tr.opts.Live = false, 0, true
		batch := rapid.IntRange(1, 40).Draw(t, "batch")
		// follow reads the first packets of the network, all of them if limit is 0.
		follow := func(limit int, look func(e *correlate.Engine, packets int)) *correlate.Evidence {
			inputs := n.tr.inputs()
			inputs[0].Picks = []correlate.Pick{{Interface: "wg0", Role: capture.RoleTunnel}, {Interface: "eth0", Role: capture.RoleWAN}}
			m := inputs[0].Source.(*memory)
			if m.batch = batch; limit > 0 {
				m.packets = m.packets[:limit]
			}
			opts := n.tr.opts
			var e *correlate.Engine
			if look != nil {
				always := make(chan time.Time)
				close(always) // is always ready
				opts.Tick, opts.OnTick = always, func(p correlate.Progress) { look(e, int(p.Packets)) }
			}
			e = correlate.New(opts)
			ev, err := e.Run(context.Background(), inputs)
			if err != nil {
				t.Fatal(err)
			}
			return ev
		}
		seen := map[int]*correlate.Evidence{}
		watched := follow(0, func(e *correlate.Engine, packets int) {
			if packets > 0 && seen[packets] == nil {
				seen[packets] = e.Snapshot()
			}
		})
		if plain := follow(0, nil); !reflect.DeepEqual(watched, plain) {
			t.Errorf("looking changed the evidence from\n%+v to\n%+v", plain, watched)
		}
		for packets, ev := range seen {
			looks++
			if ended := follow(packets, nil); !reflect.DeepEqual(ev, ended) {
				t.Errorf("after %d packets a look gives\n%+v, a run that ended\n%+v", packets, ev, ended)
			}
		}
	})
	if looks < 100 {
		t.Errorf("looked %d times only", looks)
	}
}
