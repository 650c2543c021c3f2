package correlate

import (
	"testing"

	"github.com/wgtrace/wgtrace/capture"
)

// TestTupleOf looks at pairs of ends that differ in any of their parts, or in
// none: both directions must give one key, with the smaller end first.
func TestTupleOf(t *testing.T) {
	type end struct {
		addr capture.Addr
		port uint16
	}
	var ends []end // in ascending order
	for _, hi := range []uint64{0, 1, 1 << 63} {
		for _, lo := range []uint64{0, 0xffff_0a080002, 1<<64 - 1} {
			for _, port := range []uint16{0, 443, 0xffff} {
				ends = append(ends, end{capture.Addr{Hi: hi, Lo: lo}, port})
			}
		}
	}
	for i, small := range ends {
		for j, large := range ends[i:] {
			want := tuple{a: small.addr, aPort: small.port, b: large.addr, bPort: large.port, proto: protoUDP}
			if key, srcIsA := tupleOf(small.addr, small.port, large.addr, large.port, protoUDP); key != want || !srcIsA {
				t.Errorf("%v to %v: %+v, source first %v", small, large, key, srcIsA)
			}
			if key, srcIsA := tupleOf(large.addr, large.port, small.addr, small.port, protoUDP); key != want || srcIsA != (j == 0) {
				t.Errorf("%v to %v: %+v, source first %v", large, small, key, srcIsA)
			}
		}
	}
}
