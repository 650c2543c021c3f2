package correlate

import (
	"math/bits"
	"math/rand/v2"

	"github.com/wgtrace/wgtrace/capture"
)

// tuple is the key of a conversation: both ends in canonical order, so that
// both directions find the same entry. For ICMP echo the identifier stands in
// the port of the end that asked.
type tuple struct {
	a, b         capture.Addr // a < b, or equal addresses and aPort <= bPort
	aPort, bPort uint16
	proto        uint8
}

// is compares keys word by word; == on the struct would call into the runtime.
func (t *tuple) is(o *tuple) bool {
	return t.a.Lo == o.a.Lo && t.b.Lo == o.b.Lo && t.aPort == o.aPort && t.bPort == o.bPort &&
		t.a.Hi == o.a.Hi && t.b.Hi == o.b.Hi && t.proto == o.proto
}

// tupleOf returns the canonical tuple and whether src is its end a. Which end of
// a conversation comes first is as good as random, so that a branch on it would
// be mispredicted for every second packet: the ends are swapped by a mask.
func tupleOf(src capture.Addr, srcPort uint16, dst capture.Addr, dstPort uint16, proto uint8) (tuple, bool) {
	_, swap := bits.Sub64(uint64(dstPort), uint64(srcPort), 0)
	_, swap = bits.Sub64(dst.Lo, src.Lo, swap)
	_, swap = bits.Sub64(dst.Hi, src.Hi, swap)
	hi, lo, port := (src.Hi^dst.Hi)&-swap, (src.Lo^dst.Lo)&-swap, (srcPort^dstPort)&-uint16(swap)
	return tuple{
		a: capture.Addr{Hi: src.Hi ^ hi, Lo: src.Lo ^ lo}, b: capture.Addr{Hi: dst.Hi ^ hi, Lo: dst.Lo ^ lo},
		aPort: srcPort ^ port, bPort: dstPort ^ port, proto: proto,
	}, swap == 0
}

// The seeds make table positions unpredictable to whoever wrote a hostile
// capture: without them one could make every packet collide.
var seed1, seed2 = rand.Uint64() | 1, rand.Uint64() | 1

// mix folds two words into one (the multiply-fold step that wyhash and Go's own
// runtime hash are built on).
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^seed1, b^seed2)
	return hi ^ lo
}

// hash equals Packet.FlowHash of a packet with these ends.
func (t *tuple) hash() uint64 { return capture.FlowHash(t.a, t.aPort, t.b, t.bPort, t.proto) }

// table finds slab indices by tuple: open addressing with linear probing over
// 8-byte slots of tag and index, the entries apart (Go maps cost 40% more in
// the whole job). The caller compares the full key.
type table struct {
	slots []uint64 // tag<<32 | index+1; 0: empty
	used  int
}

func newTable() table { return table{slots: make([]uint64, 1<<12)} }

// next returns the index stored at or after position pos of the probe for hash
// h, and the position after it; -1 at the end. The caller compares keys: a
// closure for that would cost as much as the comparison.
func (t *table) next(h, pos uint64) (idx int32, after uint64) {
	mask := uint64(len(t.slots) - 1)
	tag := h >> 32
	for {
		s := t.slots[(h+pos)&mask]
		pos++
		if s == 0 {
			return -1, pos
		}
		if s>>32 == tag {
			return int32(uint32(s)) - 1, pos
		}
	}
}

// insert adds index idx under h; rehash gives the hash of any stored index.
func (t *table) insert(h uint64, idx int32, rehash func(int32) uint64) {
	if t.used*2 >= len(t.slots) {
		old := t.slots
		t.slots = make([]uint64, 2*len(old))
		for _, s := range old {
			if s != 0 {
				t.place(rehash(int32(uint32(s))-1), s)
			}
		}
	}
	t.place(h, h>>32<<32|uint64(uint32(idx+1)))
	t.used++
}

func (t *table) place(h, slot uint64) {
	mask := uint64(len(t.slots) - 1)
	i := h & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = slot
}

// remove deletes index idx stored under h, closing the gap so that no
// tombstones pile up.
func (t *table) remove(h uint64, idx int32, rehash func(int32) uint64) {
	mask := uint64(len(t.slots) - 1)
	want := uint32(idx + 1)
	i := h & mask
	for uint32(t.slots[i]) != want {
		if t.slots[i] == 0 {
			return
		}
		i = (i + 1) & mask
	}
	t.used--
	for j := (i + 1) & mask; ; j = (j + 1) & mask {
		s := t.slots[j]
		if s == 0 {
			t.slots[i] = 0
			return
		}
		home := rehash(int32(uint32(s))-1) & mask
		if (j-home)&mask >= (j-i)&mask {
			t.slots[i] = s
			i = j
		}
	}
}
