package diagnose

import (
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
)

// stalled is what a client's conversations show whose large segments never
// arrive.
type stalled struct {
	flows   int
	repeats uint64
	remotes map[netip.Addr]bool
	size    uint32 // octets of the smallest packet that did not arrive
	mtu     uint32 // the smallest that an ICMP error names
	third   int64  // when the last of them had been repeated three times
}

// stallsAt sums up the client's conversations that are stalled at a stage, of
// those that is accepts.
func (s *subject) stallsAt(stage correlate.Stage, is func(*correlate.Flow) bool) stalled {
	all := stalled{remotes: map[netip.Addr]bool{}}
	for i := range s.ev.Flows {
		f := &s.ev.Flows[i]
		if len(f.Stalls) == 0 || !slices.Contains(s.client.Addrs, f.Client.Addr()) || !is(f) {
			continue
		}
		for _, st := range f.Stalls {
			if st.Stage != stage {
				continue
			}
			all.flows++
			all.repeats += st.Repeats
			all.remotes[f.Remote.Addr()] = true
			all.third = max(all.third, st.Third)
			if all.size == 0 || st.Size < all.size {
				all.size = st.Size
			}
			if f.TooBig.MTU != 0 && (all.mtu == 0 || f.TooBig.MTU < all.mtu) {
				all.mtu = f.TooBig.MTU
			}
		}
	}
	return all
}

// Directions of Client.LargestAcked.
const (
	fromPhone = 0
	toPhone   = 1
)

// onlySize reports whether it is their size that keeps the segments from
// arriving: none as large was ever acknowledged.
func (s *subject) onlySize(st *stalled, direction int) bool {
	return st.flows > 0 && s.client.LargestAcked[direction] < st.size
}

// outerStall is what the encrypted side swallows on its way to the client, which
// was there to be heard all the while.
func (s *subject) outerStall() (stalled, bool) {
	st := s.stallsAt(correlate.TunnelOut, func(*correlate.Flow) bool { return true })
	return st, s.onlySize(&st, toPhone) && s.client.Last > st.third
}

// proof turns a stall into that of a rule.
func (st *stalled) proof(s *subject, confidence float64, stages ...correlate.Stage) proof {
	p := proof{confidence: confidence, args: map[string]any{
		"flows": st.flows, "repeats": st.repeats, "size": st.size, "mtu": st.mtu, "mss": s.client.MSS,
	}}
	for _, e := range s.client.Stalled {
		if slices.Contains(stages, e.Stage) && (st.remotes[e.Src.Addr()] || st.remotes[e.Dst.Addr()]) {
			p.evidence = append(p.evidence, e)
		}
	}
	return p
}

// jumbo reports whether the tunnel is made for larger packets than Ethernet
// carries: the client offers segments that need them, or what the server sends
// leaves in fragments.
func (s *subject) jumbo() bool {
	return s.client.MSS > wireMTU-40 || s.fragmented() > 0
}

// fragmented counts the datagrams to the client that left in fragments.
func (s *subject) fragmented() uint64 {
	if s.client.Peer < 0 {
		return 0
	}
	return s.ev.WireGuard.Peers[s.client.Peer].Fragmented
}
