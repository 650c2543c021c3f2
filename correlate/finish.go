package correlate

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/capture"
)

// finish ends the sources, judges what is left and returns the evidence.
func (e *Engine) finish() *Evidence {
	for _, in := range e.inputs {
		in.drain()
		if in.err != nil {
			e.damage = append(e.damage, in.err)
		}
	}
	return e.conclude()
}

// conclude judges what is left and returns the evidence.
func (e *Engine) conclude() *Evidence {
	if e.epochs > 0 {
		e.noteApart()
	}
	e.closePoints()
	e.now = max(e.now, e.end)
	e.residenceUntil = unset
	e.lookAtOverdue(maxTime)
	e.expire(maxTime)
	for n := range e.outerSide.debts {
		for _, d := range e.outerSide.debts[n] {
			e.undelivered(d, uint32(n))
		}
		e.outerSide.debts[n] = nil
	}
	for e.requestQueue.size > 0 {
		e.settleOldest()
	}
	e.contradictClients()
	return e.evidence()
}

// closePoints fixes the ends of what each point covered.
func (e *Engine) closePoints() {
	for _, c := range e.captures {
		if c.role == capture.RoleUnknown {
			continue
		}
		pt := &e.points[sideOf(c.role)]
		if c.packets > c.timeless {
			pt.to = max(pt.to, c.line.tunnel(c.last))
			if pt.from == unset || c.line.tunnel(c.first) < pt.from {
				pt.from = c.line.tunnel(c.first)
			}
		}
	}
	if e.opts.Live || e.oneSource {
		to := max(e.points[0].to, e.points[1].to)
		for i := range e.points {
			if e.points[i].present && !e.points[i].cut {
				e.points[i].to = to
			}
		}
	}
	e.end = maxTime
	for i := range e.points {
		e.points[i].open = false
		if e.points[i].present && e.points[i].to != unset {
			e.end = min(e.end, e.points[i].to)
		}
	}
	if e.end == maxTime {
		e.end = 0
	}
}

// evidence gathers everything into a value of its own.
func (e *Engine) evidence() *Evidence {
	ev := &Evidence{Totals: e.rows.sums, Clock: e.clockEvidence(), Relation: e.relation()}
	ev.Flows = slices.Concat(e.rows.flows[:]...)
	ev.NAT = slices.Clone(e.rows.mappings)
	last := e.rows.last()
	for i := range e.flows.used {
		f := e.flows.at(i)
		if !f.live {
			continue
		}
		row := e.flowRow(f)
		ev.Totals.add(&row, f)
		if row.First < last[row.Outcome] {
			ev.Flows = append(ev.Flows, row)
		} else {
			ev.Totals.FlowsNotListed++
		}
		switch {
		case f.mapping.basis == BasisNone:
		case len(ev.NAT) < e.opts.MaxRows:
			ev.NAT = append(ev.NAT, f.mappingRow())
		default:
			ev.Totals.NATNotListed++
		}
	}
	ev.Totals.FlowsNotListed += e.trim(&ev.Flows)
	ev.Totals.Ambiguous = e.ambiguous
	ev.Totals.Evicted = e.evicted
	for s := OuterIn; s <= OuterOut; s++ {
		ev.Stages[s] = StageCount{Observed: e.observes(s), Count: e.stages[s]}
	}
	e.addCaptures(ev)
	e.addPeers(ev)
	e.addClients(ev)
	e.addCoverage(ev)
	e.addCaveats(ev)
	return ev
}

// trim sorts flows by time and keeps as many of each outcome as are listed.
func (e *Engine) trim(flows *[]Flow) uint64 {
	slices.SortStableFunc(*flows, func(a, b Flow) int { return cmp.Compare(a.First, b.First) })
	var n [numOutcomes]int
	kept, over := (*flows)[:0], uint64(0)
	for _, f := range *flows {
		if n[f.Outcome]++; n[f.Outcome] <= e.opts.MaxRows {
			kept = append(kept, f)
		} else {
			over++
		}
	}
	*flows = kept
	return over
}

// observes reports whether the captures could have shown a stage.
func (e *Engine) observes(s Stage) bool {
	switch s {
	case TunnelIn, TunnelOut:
		return e.points[inside].present
	case WANOut, WANIn:
		return e.points[outside].present
	}
	return e.points[outside].present && e.outerPossible()
}

// outerPossible reports whether the inside is a WireGuard tunnel, so that its
// encrypted side exists.
func (e *Engine) outerPossible() bool {
	if e.opts.Tunnel || e.outerSide.port != 0 || len(e.outerSide.peers) > 0 {
		return true
	}
	for _, c := range e.captures {
		if c.role == capture.RoleTunnel {
			t := c.iface.LinkType
			return t.IsRaw() || tunnelName(c) || c.iface.ARPHRD == arphrdNone || t == capture.LinkTypeNull || t == capture.LinkTypeLoop
		}
	}
	return !e.points[inside].present
}

func (e *Engine) clockEvidence() Clock {
	c := Clock{Offset: e.clock.line.shift, Basis: e.clock.basis, Samples: e.clock.samples}
	if e.clock.fixed {
		c.HasUncertainty = true
		return c
	}
	if e.clock.line.rate != 0 {
		c.DriftPPM, c.HasDrift = e.clock.line.rate*1e6, true
	}
	if miss, u, ok := e.clock.rest(); ok {
		c.Offset += miss
		c.Uncertainty, c.HasUncertainty = max(u, 0), true
		c.Basis = clockMatched
	}
	return c
}

// minJoined is how many outer datagrams must join tunnel packets by size and
// time before they prove that two captures belong together; they must also be
// half of all packets that came out of the tunnel.
const minJoined = 3

func (e *Engine) relation() Relation {
	switch {
	case e.opts.Live:
		return Relation{true, "live"}
	case e.oneSource:
		return Relation{true, "one-file"}
	case e.related > 0:
		return Relation{true, "matched-packets"}
	case e.outerSide.joined >= minJoined && 2*e.outerSide.joined >= e.outerSide.inner:
		return Relation{true, "outer-to-inner"}
	}
	return Relation{}
}

func (e *Engine) addCaptures(ev *Evidence) {
	for _, c := range e.captures {
		if c.index < 0 {
			continue
		}
		if c.packets == 0 && e.inputs[c.input].legs != nil {
			continue // a side that was never there
		}
		if c.folder != nil {
			whole := *c
			whole.add(&c.folder.rest)
			c = &whole
			ev.Totals.Duplicates += c.folder.rest.packets
		}
		out := Capture{
			Role: c.role, RoleWhy: c.roleWhy, Source: c.source, Interface: c.iface,
			Packets: c.packets, Bytes: c.bytes, Truncated: c.truncated, Undecoded: c.undecoded,
			Rewritten: c.rewritten, TimeUnknown: c.timeless, First: c.first, Last: c.last,
			Dropped: c.dropped, DroppedKnown: c.droppedKnown,
		}
		if c.role == capture.RoleWAN {
			out.OffsetNS = ev.Clock.Offset
		}
		if c.packets > c.timeless {
			if ev.Started == 0 || c.line.tunnel(c.first) < ev.Started {
				ev.Started = c.line.tunnel(c.first)
			}
			ev.Ended = max(ev.Ended, c.line.tunnel(c.last))
		} else {
			out.First, out.Last = 0, 0
		}
		ev.Captures = append(ev.Captures, out)
	}
	for i := range e.points {
		if e.points[i].present && e.points[i].to != unset {
			ev.Ended = max(ev.Ended, e.points[i].to)
		}
	}
}

func (e *Engine) addPeers(ev *Evidence) {
	o := e.outerSide
	ev.WireGuard = WireGuard{Port: o.port, PortWhy: o.portWhy}
	if o.port == 0 {
		if ev.WireGuard.Port = o.answeredAt(); ev.WireGuard.Port != 0 {
			ev.WireGuard.PortWhy = "handshakes"
		}
	}
	for _, pr := range o.peers {
		p := Peer{
			Endpoint: addrPort(pr.remote, pr.remotePort), ServerEndpoint: addrPort(pr.server, pr.serverPort),
			State: pr.state(), Initiations: pr.initiations, Responses: pr.responses, Cookies: pr.cookies,
			DataIn: pr.dataIn, DataOut: pr.dataOut, KeepalivesIn: pr.keepIn, KeepalivesOut: pr.keepOut,
			ServerInitiations: pr.serverInitiations, Retries: pr.retries, ClientResponses: pr.clientResponses,
			ShortPairs: pr.shortPairs, SilentPairs: pr.silentPairs, Trusted: pr.trusted,
			Undelivered: pr.undelivered, UndeliveredCalls: pr.calls, UnseenCalls: pr.unseen, Delivered: pr.delivered,
			Fragmented:       pr.fragmented,
			UndeliveredKnown: e.points[inside].present && !pr.glued && !e.gluedClient(pr),
			First:            pr.first, Last: pr.last, Samples: slices.Clone(pr.samples),
			StalledPairs: pr.stalled, Open: pr.open, SmallOut: pr.smallOut, LastDataOut: pr.lastDataOut,
			KeyRight: pr.keyRight, KeyWrong: pr.keyWrong, LastKeyWrong: pr.lastKeyWrong,
			Moved: pr.moved, Crossed: pr.crossed, CrossTurns: pr.crossTurns, CrossedWith: int(pr.crossedWith),
			Refused: pr.refused, RefusedCode: pr.refusedCode, Unreachable: pr.unreachable,
		}
		if pr.name >= 0 {
			p.PublicKey = e.keys.names[pr.name]
		}
		for _, moment := range [...]struct {
			at   int64
			seen bool
			to   *int64
		}{
			{pr.lastIn, pr.lastIn != unset, &p.LastIn}, {pr.openSince, pr.open > 0, &p.OpenSince},
			{pr.refusedAt, pr.refused > 0, &p.RefusedAt}, {pr.unreachableAt, pr.unreachable > 0, &p.UnreachableAt},
		} {
			if moment.seen {
				*moment.to = moment.at
			}
		}
		if pr.lastInitiation != unset {
			p.LastInitiation = pr.lastInitiation
		}
		if pr.firstData != unset {
			p.FirstData = pr.firstData
		}
		ev.WireGuard.TransportIn += pr.dataIn + pr.keepIn
		ev.WireGuard.Peers = append(ev.WireGuard.Peers, p)
	}
	for i := range o.odd {
		d := &o.odd[i]
		ev.WireGuard.Odd = append(ev.WireGuard.Odd, Oddity{
			Endpoint: addrPort(d.remote, d.remotePort), ServerEndpoint: addrPort(d.server, d.serverPort),
			In: d.in, Out: d.out, Repeats: d.repeats, Reserved: d.reserved,
			First: d.first, Last: d.last, Samples: slices.Clone(d.samples),
		})
	}
}

// gluedClient reports whether a client of a peer sent merged segments, whose
// sizes say nothing about single messages.
func (e *Engine) gluedClient(pr *peer) bool {
	for _, c := range e.clients {
		if h := c.homePeer(); c.glued && (h < 0 || e.outerSide.peers[h] == pr) {
			return true
		}
	}
	return false
}

func (e *Engine) addClients(ev *Evidence) {
	devices := e.devices()
	for _, c := range e.clients {
		if !c.confirmed || e.own[c.addr] {
			continue
		}
		out := Client{
			Addrs: []netip.Addr{c.addr.Netip()}, Peer: int(e.homeOf(c, devices)), Stages: c.stages,
			First: c.first, Last: c.last, Attempts: c.attempts, Resolvers: e.resolversOf(c),
			LargestAcked: c.acked, MSS: c.mss, Stalled: slices.Clone(c.stalls),
		}
		fam := familyIndex(family(c.addr))
		out.Families[0].Family, out.Families[1].Family = IPv4, IPv6
		s := &c.families[fam]
		fe := &out.Families[fam]
		for i, l := range s.ledgers {
			end := &c.stages
			if i+1 < len(s.ledgers) {
				end = &s.ledgers[i+1].base
			}
			fe.Ledgers = append(fe.Ledgers, l.snapshot())
			for stage := range end {
				fe.Ledgers[i].Stages[stage] = end[stage].since(l.base[stage])
			}
		}
		fe.Replies, fe.ReplyToInner, fe.LocalAnswers, fe.Unroutable = s.replies, s.replyToInner, s.localAnswers, s.unroutable
		s.signs.snapshot(fe)
		for _, a := range s.wanAddrs {
			fe.WANAddrs = append(fe.WANAddrs, a.Netip())
			if a == c.addr {
				fe.Untranslated++
			} else {
				fe.Translated++
			}
		}
		ev.Clients = append(ev.Clients, out)
	}
	ev.Clients = joinFamilies(ev.Clients)
	for i := range ev.Clients {
		if p := ev.Clients[i].Peer; p >= 0 {
			c := &ev.Clients[i]
			c.Stages[OuterIn], c.Stages[OuterOut] = e.outerOf(devices[p], devices)
		}
	}
	slices.SortStableFunc(ev.Clients, func(a, b Client) int {
		if c := cmp.Compare(b.Attempts, a.Attempts); c != 0 {
			return c
		}
		return a.Addrs[0].Compare(b.Addrs[0])
	})
}

// joinFamilies makes one client of an IPv4 and an IPv6 address that come
// through the same peer, if it has just these two.
func joinFamilies(all []Client) []Client {
	byPeer := make(map[int][]int)
	for i, c := range all {
		if c.Peer >= 0 {
			byPeer[c.Peer] = append(byPeer[c.Peer], i)
		}
	}
	gone := make(map[int]bool)
	for _, list := range byPeer {
		if len(list) != 2 || all[list[0]].Addrs[0].Is4() == all[list[1]].Addrs[0].Is4() {
			continue
		}
		four, six := list[0], list[1]
		if !all[four].Addrs[0].Is4() {
			four, six = six, four
		}
		a, b := &all[four], &all[six]
		a.Addrs = append(a.Addrs, b.Addrs...)
		a.Families[1] = b.Families[1]
		for s := range a.Stages {
			a.Stages[s].Packets += b.Stages[s].Packets
			a.Stages[s].Bytes += b.Stages[s].Bytes
		}
		a.First, a.Last = min(a.First, b.First), max(a.Last, b.Last)
		a.Attempts += b.Attempts
		a.Resolvers = append(a.Resolvers, b.Resolvers...)
		a.LargestAcked[0], a.LargestAcked[1] = max(a.LargestAcked[0], b.LargestAcked[0]), max(a.LargestAcked[1], b.LargestAcked[1])
		a.MSS, a.Stalled = max(a.MSS, b.MSS), append(a.Stalled, b.Stalled...)
		gone[six] = true
	}
	var out []Client
	for i, c := range all {
		if !gone[i] {
			out = append(out, c)
		}
	}
	return out
}

func (e *Engine) addCoverage(ev *Evidence) {
	in, out := &e.points[inside], &e.points[outside]
	ev.Coverage = Coverage{
		Tunnel: in.present, WAN: out.present, TunnelPackets: in.packets, WANPackets: out.packets,
		TunnelDropped: in.dropped, WANDropped: out.dropped, Live: e.opts.Live,
		TunnelAway: len(in.away) > 0, WANAway: len(out.away) > 0,
		OuterPossible: e.outerPossible(), InboundOther: e.inboundOther,
		Outbound: e.directions[forward], Inbound: e.directions[back], RolesTied: e.rolesTied, Apart: e.apart,
	}
	if e.inboundFirst != unset {
		ev.Coverage.InboundSpan = e.inboundLast - e.inboundFirst
	}
	ev.Neighbours = slices.Clone(e.neighbours)
	ev.Coverage.From, ev.Coverage.To = max(in.from, out.from), min(in.to, out.to)
	for _, c := range e.captures {
		if c.role != capture.RoleUnknown && c.iface.Filter != "" {
			ev.Coverage.Filtered = true
		}
	}
}

// addCaveats says what limits the evidence.
func (e *Engine) addCaveats(ev *Evidence) {
	add := func(id string, args map[string]any) { ev.Caveats = append(ev.Caveats, Caveat{id, args}) }
	ev.Caveats = append(ev.Caveats, e.caveats...)
	for _, c := range e.captures {
		if c.role == capture.RoleUnknown {
			continue
		}
		if c.folder != nil {
			add("duplicates", map[string]any{"source": c.label(), "copies": int64(c.folder.copies), "count": c.folder.rest.packets})
		}
		if c.dropped > 0 {
			add("dropped", map[string]any{"source": c.label(), "count": c.dropped})
		}
		if n := len(c.away); n > 0 {
			add("away", map[string]any{"source": c.label(), "count": int64(n), "away_us": c.awayFor() / 1000})
		}
		if c.iface.Filter != "" {
			add("filtered", map[string]any{"source": c.label(), "filter": c.iface.Filter})
		}
		if c.rewritten > 0 {
			add("relabelled", map[string]any{"source": c.label(), "count": c.rewritten})
		}
		if pt := &e.points[sideOf(c.role)]; c.truncated > 0 && (pt.blurred || pt.cutTCP != [2]bool{} || pt.cutErrors != [2]bool{}) {
			add("truncated", map[string]any{"source": c.label(), "count": c.truncated, "snaplen": int64(c.iface.SnapLen)})
		}
		if c.timeless > 0 {
			add("time-unknown", map[string]any{"source": c.label(), "count": c.timeless})
		}
		if c.undecoded > 0 {
			add("undecoded", map[string]any{"source": c.label(), "count": c.undecoded, "link_type": c.iface.LinkType.String()})
		}
		if c.offload > 0 {
			add("offload", map[string]any{"count": c.offload})
		}
	}
	for _, err := range e.damage {
		if d, ok := err.(*capture.DamageError); ok {
			add("damaged", map[string]any{"source": d.Source, "offset": d.Offset, "packets": d.Frame, "reason": d.Reason})
		}
	}
	both := ev.Coverage.Tunnel && ev.Coverage.WAN
	if !both {
		point := "tunnel"
		if ev.Coverage.Tunnel {
			point = "wan"
		}
		add("one-sided", map[string]any{"point": point})
	}
	if both && !e.clock.fixed {
		if ev.Clock.Basis == clockAssumed {
			add("clock-unknown", nil)
		} else {
			add("clock-estimated", map[string]any{"offset_us": ev.Clock.Offset / 1000, "uncertainty_us": ev.Clock.Uncertainty / 1000})
		}
	}
	if both && !ev.Coverage.Live && ev.Coverage.To < ev.Coverage.From && ev.Coverage.TunnelPackets > 0 && ev.Coverage.WANPackets > 0 {
		add("no-overlap", map[string]any{"seconds": (ev.Coverage.From - ev.Coverage.To) / 1e9})
	}
	if e.epochs > 0 {
		add("disorder", map[string]any{"source": "", "count": e.epochs})
	}
	if e.ambiguous > 0 {
		add("ambiguous", map[string]any{"count": e.ambiguous})
	}
	if e.evicted > 0 {
		add("evicted", map[string]any{"count": e.evicted})
	}
}
