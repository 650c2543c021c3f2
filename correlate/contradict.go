package correlate

import (
	"net/netip"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// minContradicting is how many packets must speak against what a person said,
// before it is doubted.
const minContradicting = 20

// contradictGiven compares what the person said of port and addresses with the
// heads of the captures. A live run is told by the host itself.
func (e *Engine) contradictGiven() {
	if e.opts.Live {
		return
	}
	e.contradictPort()
	e.contradictOwn()
}

// contradictPort looks for greetings when none goes to or comes from the given
// port: those to the most called one are the server's own.
func (e *Engine) contradictPort() {
	if e.opts.WGPort == 0 {
		return
	}
	calls := make(map[uint16]int)
	best := uint16(0)
	given := false
	e.heads(func(p *capture.Packet, c *capturePoint) {
		if c.role != capture.RoleWAN || p.Kind != capture.KindUDP || p.WG.Type == wg.MessageUnknown {
			return
		}
		given = given || p.SrcPort == e.opts.WGPort || p.DstPort == e.opts.WGPort
		// What was forwarded on its way here was not sent by this host.
		if p.WG.Type == wg.MessageInitiation && !undecremented(p.TTL) && (len(calls) < 4096 || calls[p.DstPort] > 0) {
			calls[p.DstPort]++
			if n := calls[p.DstPort]; n > calls[best] || n == calls[best] && p.DstPort < best {
				best = p.DstPort
			}
		}
	})
	if !given && best != 0 {
		e.caveat("port-contradiction", map[string]any{"given": e.opts.WGPort, "seen": best})
	}
}

// contradictOwn looks for the addresses that were named as the host's own.
func (e *Engine) contradictOwn() {
	if len(e.opts.Own) == 0 {
		return
	}
	missing := make(map[capture.Addr]netip.Addr)
	for _, a := range e.opts.Own {
		missing[capture.AddrFromNetip(a)] = a
	}
	n := 0
	e.heads(func(p *capture.Packet, c *capturePoint) {
		if p.Kind <= capture.KindARP {
			return
		}
		if c.role == capture.RoleWAN {
			n++
		}
		// On any side: the address may be that of the tunnel adapter.
		delete(missing, p.Src)
		delete(missing, p.Dst)
	})
	if n < minContradicting {
		return
	}
	for _, a := range e.opts.Own {
		if _, ok := missing[capture.AddrFromNetip(a)]; ok {
			e.caveat("wan-contradiction", map[string]any{"address": a.String()})
			return
		}
	}
}

// contradictClients says that none of the addresses that were named as clients
// sent anything, while others did.
func (e *Engine) contradictClients() {
	if len(e.opts.Clients) == 0 || e.opts.Live || !e.points[inside].present {
		return
	}
	others := false
	for _, c := range e.clients {
		if e.givenClient(c.addr) && c.stages[TunnelIn].Packets > 0 {
			return
		}
		others = others || c.stages[TunnelIn].Packets > 0
	}
	if others {
		e.caveat("client-contradiction", nil)
	}
}
