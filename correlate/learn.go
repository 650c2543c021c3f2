package correlate

import (
	"net/netip"
	"sync"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// heads calls fn for every packet of the heads with its capture.
func (e *Engine) heads(fn func(*capture.Packet, *capturePoint)) {
	for _, in := range e.inputs {
		for _, b := range in.head {
			for i := range b.Packets {
				p := &b.Packets[i]
				fn(p, e.captureOf(in, p.Iface, b))
			}
		}
	}
}

// eachSide runs fn for both sides at once: while the heads are looked at, no core
// has anything else to do. fn must leave the engine as it is.
func eachSide(fn func(side int)) {
	var other sync.WaitGroup
	other.Go(func() { fn(outside) })
	fn(inside)
	other.Wait()
}

// learnPort finds the host's own ends of WireGuard sessions on the WAN: where
// initiations go that were forwarded before they came here, and where responses
// come from that were not.
func (e *Engine) learnPort() {
	o := e.outerSide
	for _, c := range e.captures {
		// A tunnel elsewhere need not listen on the port that its host publishes.
		if c.iface.WGPort != 0 && o.port == 0 && (c.role == capture.RoleWAN || c.iface.Namespace == "") {
			o.port, o.portWhy = c.iface.WGPort, "option"
		}
	}
	if e.opts.WGPort != 0 {
		o.portWhy = "given"
		if e.opts.Live {
			o.portWhy = "host"
		}
	}
	type votes struct{ handshakes, data int }
	ends := make(map[netip.AddrPort]*votes)
	vote := func(a netip.AddrPort, handshake bool) {
		v := ends[a]
		if v == nil {
			if len(ends) >= 4096 {
				return
			}
			v = &votes{}
			ends[a] = v
		}
		if handshake {
			v.handshakes++
		} else {
			v.data++
		}
	}
	// A client's own WireGuard shows inside the tunnel too.
	forwarded := make(map[wg.Header]bool)
	e.heads(func(p *capture.Packet, c *capturePoint) {
		if c.role == capture.RoleTunnel && p.WG.Type != wg.MessageUnknown && len(forwarded) < headPackets {
			forwarded[p.WG] = true
		}
	})
	e.heads(func(p *capture.Packet, c *capturePoint) {
		if c.role != capture.RoleWAN || p.Kind != capture.KindUDP || p.WG.Type == wg.MessageUnknown || forwarded[p.WG] {
			return
		}
		src, dst := addrPort(p.Src, p.SrcPort), addrPort(p.Dst, p.DstPort)
		sent := e.own[p.Src] || !e.own[p.Dst] && undecremented(p.TTL)
		switch {
		case o.port != 0 && (p.SrcPort == o.port) != (p.DstPort == o.port):
			if p.DstPort == o.port && !(sent && p.WG.Type == wg.MessageInitiation) {
				vote(dst, p.WG.Type != wg.MessageTransport)
			} else if p.SrcPort == o.port && p.WG.Type != wg.MessageInitiation {
				vote(src, p.WG.Type != wg.MessageTransport)
			}
		case p.WG.Type == wg.MessageInitiation && !sent:
			vote(dst, true)
		case p.WG.Type == wg.MessageResponse && (sent || e.own[p.Src]):
			vote(src, true)
		case p.WG.Type == wg.MessageTransport && sent:
			vote(src, false)
		case p.WG.Type == wg.MessageTransport && !sent && p.DstPort == wg.DefaultListenPort:
			vote(dst, false)
		}
	})
	var best netip.AddrPort
	var bestVotes votes
	for a, v := range ends {
		if v.handshakes == 0 && v.data < 3 {
			continue
		}
		o.addServer(a)
		if v.handshakes > bestVotes.handshakes ||
			v.handshakes == bestVotes.handshakes && (v.data > bestVotes.data || v.data == bestVotes.data && a.Compare(best) < 0) {
			best, bestVotes = a, *v
		}
	}
	if o.port == 0 && best.IsValid() {
		o.port = best.Port()
		o.portWhy = "handshakes"
		if bestVotes.handshakes == 0 {
			o.portWhy = "data"
		}
	}
	for a := range o.servers {
		e.own[capture.AddrFromNetip(a.Addr())] = true
	}
}

// answeredAt returns the port at which the host answered initiations, 0 if there
// is none or more than one. Live, the first greeting comes after roles and ports
// were settled.
func (o *outerState) answeredAt() (port uint16) {
	for _, pr := range o.peers {
		if pr.initiations == 0 || pr.responses == 0 {
			continue
		}
		if port != 0 && port != pr.serverPort {
			return 0
		}
		port = pr.serverPort
	}
	return port
}

// learnMAC finds the host's own link address: where WireGuard's packets for it
// are sent to.
func (e *Engine) learnMAC() {
	if len(e.ownMAC) > 0 {
		return
	}
	type ballot struct {
		votes map[capture.MAC]int
		total int
	}
	lines := make(map[*capturePoint]*ballot) // each line has an address of its own
	for _, c := range e.captures {
		if c.role == capture.RoleWAN {
			lines[c] = &ballot{votes: make(map[capture.MAC]int)}
		}
	}
	e.heads(func(p *capture.Packet, c *capturePoint) {
		l := lines[c]
		if l == nil || p.WG.Type == wg.MessageUnknown || p.LinkDst.IsZero() || p.LinkDst.IsGroup() {
			return
		}
		switch {
		case e.outerSide.servers[addrPort(p.Dst, p.DstPort)]:
			l.votes[p.LinkDst]++
		case len(lines) > 1 && e.outerSide.servers[addrPort(p.Src, p.SrcPort)]:
			l.votes[p.LinkSrc]++
		default:
			return
		}
		l.total++
	})
	for _, l := range lines {
		e.unknownMAC = e.unknownMAC || len(lines) > 1 && l.total == 0
		for m, n := range l.votes {
			if n*10 >= l.total*9 {
				e.learnOwnMAC(m)
			}
		}
	}
}

// learnGateway finds the host's link address on an inside that is Ethernet:
// where frames for the internet go, and where those from it come from. What
// a LAN exchanges within itself never enters the path.
func (e *Engine) learnGateway() {
	if !e.gateway.IsZero() {
		return
	}
	votes := make(map[capture.MAC]int)
	total := 0
	e.heads(func(p *capture.Packet, c *capturePoint) {
		if c.role != capture.RoleTunnel || p.Kind <= capture.KindARP || p.Flags&capture.FlagGroup != 0 ||
			p.LinkDst.IsZero() || p.LinkDst.IsGroup() || len(votes) >= maxClients {
			return
		}
		switch src, dst := routable(p.Src), routable(p.Dst); {
		case dst && !src:
			votes[p.LinkDst]++
			total++
		case src && !dst:
			votes[p.LinkSrc]++
			total++
		}
	})
	for m, n := range votes {
		if total >= 3 && n*10 >= total*9 {
			e.gateway = m
		}
	}
}

// learnClients finds the inner addresses that are clients: those that call two
// or more remotes, or a public one from a private address, with packets that
// were not forwarded before. The host itself calls its clients only.
func (e *Engine) learnClients() {
	type caller struct{ remotes map[capture.Addr]bool }
	callers := make(map[capture.Addr]*caller)
	e.heads(func(p *capture.Packet, c *capturePoint) {
		if c.role != capture.RoleTunnel || p.Kind <= capture.KindARP || p.Flags&capture.FlagGroup != 0 || !opens(p) {
			return
		}
		if p.Direction == capture.DirectionOut || p.Direction == capture.DirectionUnknown && !undecremented(p.TTL) || e.own[p.Src] {
			return
		}
		cl := callers[p.Src]
		if cl == nil {
			if len(callers) >= maxClients {
				return
			}
			cl = &caller{remotes: make(map[capture.Addr]bool)}
			callers[p.Src] = cl
		}
		if len(cl.remotes) < 64 {
			cl.remotes[p.Dst] = true
		}
	})
	public := func(r map[capture.Addr]bool) bool {
		for a := range r {
			if routable(a) {
				return true
			}
		}
		return false
	}
	for a, c := range callers {
		if len(c.remotes) < 2 && !(public(c.remotes) && !routable(a)) {
			continue
		}
		// Whoever calls nobody but other callers is the host.
		onlyCallers := true
		for r := range c.remotes {
			if callers[r] == nil {
				onlyCallers = false
				break
			}
		}
		if !onlyCallers {
			e.confirmClient(e.clientOf(a, unset))
		}
	}
}
