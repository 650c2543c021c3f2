package correlate_test

import (
	"net/netip"
	"os"
	"runtime"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
)

// heap returns the octets that live values occupy.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// allocated returns how many octets have been allocated since the start.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

const mebi = 1 << 20

// TestMemoryFlat reads traffic of which nearly all is over for good at any
// time, and looks at the heap on the way: once the tables have reached their
// size it may not grow any more, and what a run of any length needs is known.
func TestMemoryFlat(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's own memory would be measured")
	}
	packets, peak, opts := 2_000_000, uint64(32*mebi), correlate.Options{MaxFlows: 1 << 13, MaxRows: 1000}
	if os.Getenv("WGTRACE_MEMORY") != "" {
		packets, peak, opts = 20_000_000, 150*mebi, correlate.Options{}
	}
	opts.Clients = []netip.Prefix{prefix("10.8.0.0/16")}
	before := heap()
	var sizes []uint64
	var allocatedAt uint64
	src := &endless{total: packets, step: 20_000, look: packets / 20, seen: func(int) {
		sizes = append(sizes, heap()-before)
		allocatedAt = allocated()
	}}
	ev := analyse(t, opts, correlate.Input{Source: src})
	// The evidence is put together from what the tables hold: not by copying them.
	end := allocated() - allocatedAt
	if end > 2*peak/5 {
		t.Errorf("%.1f MiB were allocated at the end", float64(end)/mebi)
	}
	half, last := sizes[len(sizes)/2], sizes[len(sizes)-1]
	t.Logf("%d packets, %d conversations: %.1f MiB at half of them, %.1f MiB at the end, %.1f MiB allocated for the evidence", src.made, src.begun, float64(half)/mebi, float64(last)/mebi, float64(end)/mebi)
	for i, n := range sizes {
		if n > peak || i > len(sizes)/2 && n > half+half/20 {
			t.Errorf("after %d packets %.1f MiB: more than %d MiB, or than 5%% over the %.1f MiB at half of all", (i+1)*src.look, float64(n)/mebi, peak/mebi, float64(half)/mebi)
		}
	}
	// What was forgotten is still in the sums.
	tot := ev.Totals
	if sum := tot.MatchedPackets + tot.LostPackets + tot.Unobservable; sum != src.entered || tot.LostPackets > src.lost || tot.LostPackets+100 < src.lost {
		t.Errorf("%d of %d packets are accounted for; %d lost, in truth %d", sum, src.entered, tot.LostPackets, src.lost)
	}
	if tot.Flows != uint64(src.begun) || tot.Evicted == 0 {
		t.Errorf("%d conversations, in truth %d; %d evicted", tot.Flows, src.begun, tot.Evicted)
	}
}
