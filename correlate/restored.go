package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// A tap on a bridge sees replies after their translation was undone: with
// br_netfilter, which Docker loads, connection tracking works on the port before
// the bridge hands a packet to its own taps (net/bridge/br_netfilter_hooks.c,
// br_nf_pre_routing). What left with the host's address then comes back to the
// client's own.

// learnRestored notes whether the WAN shows packets that come in for clients: only
// then is each packet of an unknown flow worth another look.
func (e *Engine) learnRestored() {
	e.heads(func(p *capture.Packet, c *capturePoint) {
		if !e.restoring && c.role == capture.RoleWAN && p.Kind > capture.KindARP {
			e.restoring = e.isClient(p.Dst) && !e.isClient(p.Src) && e.facing(p) != forward
		}
	})
}

// restored returns the outside flow that a reply belongs to although it carries
// the client's own address, and the direction in it; -1 if it is no such reply.
func (e *Engine) restored(p *capture.Packet, facing int8) (oi int32, fromA bool) {
	if !e.restoring || facing == forward {
		return -1, false
	}
	key, _ := tupleOf(p.Src, p.SrcPort, p.Dst, p.DstPort, p.Proto)
	fi := e.findFlow(&key, p.FlowHash)
	if fi < 0 {
		return -1, false
	}
	f := e.flows.at(fi)
	if f.out < 0 || f.nat != NATSource || p.Dst != e.innerAddr(f) {
		return -1, false
	}
	return f.out, !e.outflows.at(f.out).localIsA
}
