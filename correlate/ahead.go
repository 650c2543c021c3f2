package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// aheadGroup is how many packets of a source are looked up at a time: so many
// that their misses of the cache overlap, so few that what was loaded is still
// there when their turn comes.
const aheadGroup = 32

// ahead holds where the next packets of a source will probably find their flow.
type ahead struct {
	end   int // of the group, in the batch
	flows [aheadGroup]int32
}

// at returns the flow or outside flow that was found for a packet of the batch;
// -1: none.
func (a *ahead) at(pos int) int32 { return a.flows[pos%aheadGroup] }

// lookAhead looks up the flows of the packets whose turn comes next, all at once,
// and loads what they will need: one by one each would wait for memory. Flows
// come and go until then, so that what is found is only where to look first.
func (e *Engine) lookAhead(in *input) {
	a := &in.ahead
	a.end = min(len(in.batch.Packets), in.pos+aheadGroup)
	for i := in.pos; i < a.end; i++ {
		p := &in.batch.Packets[i]
		found := int32(-1)
		if int(p.Iface) < len(in.faces) {
			switch in.faces[p.Iface].role {
			case capture.RoleTunnel:
				if found, _ = e.flowTable.next(p.FlowHash, 0); found >= 0 {
					e.touched += e.touchFlow(found)
				}
			case capture.RoleWAN:
				// WireGuard's own packets are looked up elsewhere.
				if p.Kind == capture.KindUDP && p.WG.Type != wg.MessageUnknown {
					break
				}
				if found, _ = e.outTable.next(p.FlowHash, 0); found >= 0 {
					o := e.outflows.at(found)
					e.touched += uint64(o.last)
					if o.flow >= 0 {
						e.touched += e.touchFlow(o.flow)
					}
				}
			}
		}
		a.flows[i%aheadGroup] = found
	}
}

// touchFlow loads what nearly every packet of a flow needs. Its result has no
// meaning but that it depends on all of them.
func (e *Engine) touchFlow(i int32) uint64 {
	f := e.flows.at(i)
	n := uint64(f.client) + uint64(f.last) + f.left.Packets + uint64(f.largest[forward]) + uint64(f.pending[forward][inside].head)
	for _, leg := range [2]int32{f.legs[0], f.legs[2]} {
		if leg >= 0 {
			n += e.sketches.at(leg).n
		}
	}
	return n
}

// dueAhead is how many packets that waited in vain are judged before the one
// whose place in memory is loaded.
const dueAhead = 4

// touchDue loads what judging one of the next packets of a queue will need: they
// have waited so long that the cache has forgotten them.
func (e *Engine) touchDue(q *queue) {
	if q.size <= dueAhead {
		return
	}
	n := e.pending.nodes.at(q.at(dueAhead).node)
	e.touched += uint64(e.pending.bucket(n.index))
	if n.outer {
		e.touched += uint64(e.outflows.at(n.owner).last)
	}
}
