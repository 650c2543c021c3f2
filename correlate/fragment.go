package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// A datagram in fragments is followed by its first one, which alone has ports.
// Of the others it only matters whether they came: what was lost of a datagram
// before it reached the host is no loss of the host, which waits for the rest
// and forwards nothing (conntrack puts datagrams together first).

// fragmentSlots and fragmentWays bound the datagrams whose fragments are added up
// at a point: so many share a slot, and a further one takes the place of the
// oldest, which only makes the judgement milder. All that come within the two
// seconds until they are judged should fit.
const (
	fragmentSlots = 1 << 10
	fragmentWays  = 8
)

// fragmentTime is how long a host waits for the fragments of a datagram,
// nanoseconds (Linux ipfrag_time); the same identification later is another one.
const fragmentTime = int64(30e9)

// pieces sums up the fragments other than the first of one datagram.
type pieces struct {
	key    uint64
	time   int64
	octets uint32 // of IP payload
	lowest uint16 // the lowest offset of them: where the first fragment ends
	end    uint32 // where the last one ends; 0: it did not come
}

// maxHeaders is how many octets of IP headers a first fragment may have to be
// recognised: no fragment that could be missing is as short as what is left open.
const maxHeaders = 120

type fragments [2][fragmentSlots][fragmentWays]pieces

// find returns the place of a datagram: its own, or that of the one it replaces.
func (f *fragments) find(side uint8, key uint64) *pieces {
	slot := &f[side][key>>32%fragmentSlots]
	oldest := &slot[0]
	for i := range slot {
		if slot[i].key == key {
			return &slot[i]
		}
		if slot[i].time < oldest.time {
			oldest = &slot[i]
		}
	}
	return oldest
}

func fragmentKey(src, dst capture.Addr, id uint32, proto uint8) uint64 {
	return mix(mix(src.Hi^uint64(id), src.Lo), mix(dst.Hi^uint64(proto), dst.Lo)) | 1
}

// add takes a fragment other than the first. The same one again begins a copy of
// the datagram.
func (f *fragments) add(side int, p *capture.Packet, t int64) {
	key := fragmentKey(p.Src, p.Dst, p.FragID, p.Proto)
	s := f.find(uint8(side), key)
	if s.key != key || t-s.time > fragmentTime || p.FragOffset == s.lowest {
		*s = pieces{key: key, time: t, lowest: p.FragOffset}
	}
	s.octets += p.PayloadLen
	s.lowest = min(s.lowest, p.FragOffset)
	if p.Flags&capture.FlagLastFragment != 0 {
		s.end = uint32(p.FragOffset) + p.PayloadLen
	}
}

// whole reports whether all fragments of the datagram whose first one n is were
// seen where it entered the host: they reach without a gap from where the first
// one ends, which is known but for the length of its IP headers, to the last one.
func (e *Engine) whole(f *flow, n *node) bool {
	src, _ := f.inner()
	dst, _ := f.remote()
	if n.dir == back {
		src, dst = dst, f.translated
	}
	key := fragmentKey(src, dst, n.fragID, f.key.proto)
	s := e.fragments.find(n.side, key)
	headers := n.length - uint32(s.lowest)
	return s.key == key && s.end != 0 && uint32(s.lowest)+s.octets == s.end && headers >= 20 && headers < maxHeaders
}

// torn handles a first fragment that did not get through the host. It reports
// whether others of its datagram were missing already when they came; else the
// requests that it replies to have a reply.
func (e *Engine) torn(f *flow, n *node) bool {
	if !n.first {
		return false
	}
	if !e.whole(f, n) {
		return true
	}
	for i, k := f.requests, 0; i >= 0 && k < maxOpenRequests; k++ {
		r := e.requests.at(i)
		if i = r.older; n.dir == back && r.id == n.seq {
			r.torn = false
		}
	}
	return false
}
