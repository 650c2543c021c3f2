package correlate

// tie joins an inside flow and an outside flow: packets proved that one is the
// other. What waits on both is settled at once.
func (e *Engine) tie(fi, oi int32, basis Basis, t int64) {
	f, o := e.flows.at(fi), e.outflows.at(oi)
	f.out, o.flow = oi, fi
	remote, remotePort := f.remote()
	o.localIsA = o.key.b == remote && o.key.bPort == remotePort
	before := f.left.Packets + f.came.Packets

	inner, innerPort := f.inner()
	local, localPort := o.local()
	f.translated, f.translatedPort = local, localPort
	f.oriented = true
	e.confirmClient(f.client)
	e.clientAt(f.client).noteWANAddr(local, family(remote))
	f.nat = NATNone
	if local != inner || localPort != innerPort {
		f.nat = NATSource
		if f.fromOut {
			f.nat = NATDest
		}
		e.learnOwn(local)
		f.mapping = mapping{min(t, o.oldest(&e.pending)), before, basis}
	}
	for dir := range f.pending {
		for i := f.pending[dir][inside].head; i >= 0; i = e.pending.nodes.at(i).next {
			e.pending.unindex(i)
		}
	}
	// What left first: a reply is one to a request that is known to have left.
	for dir := uint8(forward); dir <= back; dir++ {
		slot := o.slot(dir)
		old := &o.past[slot]
		e.addOutside(f, dir, old.Count)
		f.progress[dir].blind = f.progress[dir].blind || old.Packets > 0
		if dir == back {
			f.lost[back] += old.lost
			f.unobserved += old.unobserved
		}
		*old = unclaimed{}
		for i := o.pending[slot].head; i >= 0; i = o.pending[slot].head {
			n := *e.pending.nodes.at(i)
			e.pending.unlink(&o.pending[slot], i)
			e.pending.release(i)
			if n.sibling >= 0 {
				e.pending.nodes.at(n.sibling).sibling = -1
			}
			if n.dir == dir {
				n.owner, n.sibling = fi, -1
				e.arrive(f, &n)
			}
		}
	}
}

// oldest returns the time of the oldest packet that waits in an untied flow.
func (o *outflow) oldest(p *pending) int64 {
	t := int64(maxTime)
	for _, ends := range o.pending {
		if ends.head >= 0 {
			t = min(t, p.nodes.at(ends.head).time)
		}
	}
	return t
}

// takeOver gives the outside flow in which node c waits to inside flow fi: the
// flow that it is tied to cannot account for c, the translation gave its port to
// a new client. What came since then goes with it.
func (e *Engine) takeOver(fi, c int32, basis Basis) {
	w := e.pending.nodes.at(c)
	since, gi := w.time, w.owner
	g := e.flows.at(gi)
	oi := g.out
	o := e.outflows.at(oi)
	e.untie(gi)
	if e.flows.at(fi).out >= 0 {
		e.untie(fi)
	}
	for dir := uint8(forward); dir <= back; dir++ {
		slot := o.slot(dir)
		ends := &g.pending[dir][outside]
		for i := ends.head; i >= 0; {
			n := *e.pending.nodes.at(i)
			next := n.next
			if n.time >= since {
				e.pending.unlink(ends, i)
				e.pending.release(i)
				e.takeBack(g, dir, uint64(n.length))
				n.owner, n.outer, n.slot = oi, true, slot
				e.pending.add(&o.pending[slot], &n)
			}
			i = next
		}
	}
	e.tie(fi, oi, basis, since)
}

// closeMapping ends the row of the translation table: its lifetime and packets
// are final.
func (e *Engine) closeMapping(f *flow) {
	if f.mapping.basis == BasisNone {
		return
	}
	e.rows.addMapping(f.mappingRow())
	f.mapping = mapping{}
}

// mappingRow returns the live row of a flow as it stands.
func (f *flow) mappingRow() Mapping {
	inner, innerPort := f.inner()
	remote, remotePort := f.remote()
	return Mapping{
		Proto: f.key.proto, Inside: addrPort(inner, innerPort), Outside: addrPort(f.translated, f.translatedPort),
		Remote: addrPort(remote, remotePort), First: f.mapping.first, Last: max(f.lastOutside[forward], f.lastOutside[back]),
		Packets: f.left.Packets + f.came.Packets - f.mapping.before, PortKept: innerPort == f.translatedPort, Basis: f.mapping.basis,
	}
}

// untie ends the tie of an inside flow: the translation was reused or replaced.
func (e *Engine) untie(fi int32) {
	f := e.flows.at(fi)
	e.closeMapping(f)
	e.outflows.at(f.out).flow = -1
	f.out = -1
}

// drop forgets a waiting packet without judging it, and the other reading of it.
func (e *Engine) drop(i int32) {
	n := e.pending.nodes.at(i)
	sibling := n.sibling
	e.pending.unlink(e.chainOf(n), i)
	e.pending.release(i)
	if sibling >= 0 {
		e.pending.nodes.at(sibling).sibling = -1
		e.drop(sibling)
	}
}

// chainOf returns the chain of its owner in which a node waits.
func (e *Engine) chainOf(n *node) *chainEnds {
	if n.outer {
		return &e.outflows.at(n.owner).pending[n.slot]
	}
	return &e.flows.at(n.owner).pending[n.slot>>1][n.slot&1]
}

// addOutside counts packets of a tied flow on the WAN.
func (e *Engine) addOutside(f *flow, dir uint8, c Count) {
	if c.Packets == 0 {
		return
	}
	stage, sum := WANOut, &f.left
	if dir == back {
		stage, sum = WANIn, &f.came
	}
	sum.Packets += c.Packets
	sum.Bytes += c.Bytes
	e.stages[stage].Packets += c.Packets
	e.stages[stage].Bytes += c.Bytes
	cl := e.clientAt(f.client)
	cl.stages[stage].Packets += c.Packets
	cl.stages[stage].Bytes += c.Bytes
}

// takeBack undoes the count of a packet on the WAN that turned out to belong to
// another flow.
func (e *Engine) takeBack(f *flow, dir uint8, length uint64) {
	stage, sum := WANOut, &f.left
	if dir == back {
		stage, sum = WANIn, &f.came
	}
	cl := e.clientAt(f.client)
	for _, c := range [3]*Count{sum, &e.stages[stage], &cl.stages[stage]} {
		c.Packets--
		c.Bytes -= length
	}
}
