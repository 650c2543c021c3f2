package correlate

// advance moves the engine's clock to t (nanoseconds, tunnel clock) and judges
// whatever has waited its time.
func (e *Engine) advance(t int64) {
	if t <= e.now {
		if e.now-t > epochBack {
			e.noteApart()
			e.newEpoch(t)
		}
		return
	}
	if e.now != unset && t-e.now > epochGap {
		e.newEpoch(t)
		return
	}
	e.now = t
	if t < e.nextSweep {
		return
	}
	e.nextSweep = t + sweepEvery
	e.end = t
	e.lookAtOverdue(t - e.residenceLimit())
	e.expire(t - e.opts.Window.Nanoseconds())
	e.settleRequests(t - AnswerTime.Nanoseconds())
	e.retireIdle()
}

// expire judges the packets that entered before limit.
func (e *Engine) expire(limit int64) {
	for _, q := range [2]*queue{&e.pending.overdue, &e.pending.fresh} {
		for q.size > 0 {
			d := q.first()
			n := e.pending.nodes.at(d.node)
			if n.gen == d.gen && n.time >= limit {
				return
			}
			if q.pop(); n.gen != d.gen {
				continue
			}
			e.touchDue(q)
			if e.overdue(d.node, true); n.gen == d.gen {
				e.resolve(d.node)
			}
		}
	}
}

// resolve judges one packet that found no twin, or not for all of it.
func (e *Engine) resolve(i int32) {
	n := e.pending.nodes.at(i)
	if n.outer {
		e.outflows.at(n.owner).past[n.slot].add(n, e.observable(n) && !n.vague)
	} else {
		f := e.flows.at(n.owner)
		switch {
		case entrySide(n.dir) == n.side:
			e.resolveEntry(f, n)
		case n.side == inside && !e.blindAll && e.points[outside].covers(n.time-e.residenceLimit(), n.time, e.slack):
			f.unbidden++
		}
	}
	if n.sibling >= 0 {
		e.pending.nodes.at(n.sibling).sibling = -1
	}
	e.pending.unlink(e.chainOf(n), i)
	e.pending.release(i)
}

// unclaimed is what went one way through an outside flow that nothing tied so far:
// if something does later, it was that flow's.
type unclaimed struct {
	Count
	lost, unobserved uint64 // of them, if they came in
}

// add takes over a packet that waited in vain.
func (p *unclaimed) add(n *node, observable bool) {
	if n.dir == forward && n.sibling >= 0 {
		return // counted by its other reading
	}
	p.Packets++
	p.Bytes += uint64(n.length)
	switch {
	case n.dir == forward:
	case !observable || n.refusal || n.first:
		p.unobserved++
	default:
		p.lost += uint64(max(n.length, 1)-1)/wholePacket + 1
	}
}

// resolveEntry counts a packet that entered the join and did not leave it, or
// only in part: once, as lost or as not observable. Of a merged packet the
// missing segments are lost. Which one of several equal ones is missing is not to
// be seen.
func (e *Engine) resolveEntry(f *flow, n *node) {
	if f.local {
		return
	}
	r := e.requestOf(n)
	e.noteAltered(f, n)
	if n.dir == forward && f.translated.IsZero() && !e.ours(f) && !e.unmatchable(f, n) && e.observable(n) {
		f.doubtful++
		if r != nil {
			r.blind = true
		}
		return
	}
	if !e.observable(n) || e.unmatchable(f, n) || e.torn(f, n) || n.vague || e.delivered(f, n) || e.answeredUnseen(f, r) {
		f.unobserved++
		if r != nil {
			r.blind = true
		}
		return
	}
	switch {
	case n.tcp && n.length > wholePacket:
		e.lose(f, n.dir, n.unpaid)
	case n.part > 0:
		f.lost[n.dir] += uint64((n.unpaid-1)/n.part) + 1
	default:
		f.lost[n.dir]++
	}
	if r != nil {
		r.missed = true
	}
}

// ours reports whether a flow is known, not only guessed, to be a client's.
func (e *Engine) ours(f *flow) bool { return f.oriented || e.clientAt(f.client).confirmed }

// settleDoubt decides on packets that were missing while nothing said whose flow
// they belonged to: what the client did since then may have told.
func (e *Engine) settleDoubt(f *flow) {
	if e.ours(f) {
		f.lost[forward] += f.doubtful
	} else {
		f.unobserved += f.doubtful
	}
	f.doubtful = 0
}

// unmatchable reports whether nothing could have tied the packet to its twin
// even if that was captured: a flow that no packet tied, and that is only
// guessed to begin at this end, whose numbers may have been translated, or whose
// packets carry too little to prove it.
func (e *Engine) unmatchable(f *flow, n *node) bool {
	if n.tcp && e.points[1-n.side].cutTCP[familyIndex(family(f.key.a))] {
		return true
	}
	if !f.translated.IsZero() {
		return false
	}
	switch {
	case f.altered:
		return true
	case n.basis == BasisNone, n.basis == BasisHeader:
		return true
	}
	return !n.tcp && e.points[1-n.side].blurred
}

// observable reports whether the other point would have shown the twin of n:
// it was captured then, to the end of the residence limit, and dropped nothing.
func (e *Engine) observable(n *node) bool {
	pt := &e.points[1-n.side]
	if pt.open && n.time+e.residenceLimit() > e.now {
		return false // judged before its time, to make room
	}
	if e.points[n.side].doubled {
		return false
	}
	return !e.blindAll && !(n.refusal && e.errorHidden(pt, n)) && !e.unrelated() && pt.covers(n.time, n.time+e.residenceLimit(), e.slack)
}

// errorHidden reports whether a point would not have shown an ICMP error: it cut
// those of its family before what they quote, or the flow that is quoted was not
// known inside when the error came.
func (e *Engine) errorHidden(pt *point, n *node) bool {
	if n.outer {
		return pt.cutErrors[familyIndex(family(e.outflows.at(n.owner).key.a))]
	}
	f := e.flows.at(n.owner)
	return pt.cutErrors[familyIndex(family(f.key.a))] || n.time < f.first
}

// unrelated reports whether nothing says so far that the two points show the
// same time: then what is missing at one of them proves nothing.
func (e *Engine) unrelated() bool { return e.clock.basis == clockAssumed && e.related == 0 }

// lookAtOverdue looks for the twin of packets of tied flows that are overdue:
// the translation may have changed, so that their twin stands in an outside
// flow that is tied to nothing.
func (e *Engine) lookAtOverdue(limit int64) {
	q := &e.pending.fresh
	for q.size > 0 {
		d := q.first()
		n := e.pending.nodes.at(d.node)
		if n.gen == d.gen && n.time >= limit {
			return
		}
		if q.pop(); n.gen != d.gen {
			continue
		}
		if e.overdue(d.node, false); n.gen == d.gen {
			e.pending.overdue.push(d)
		}
	}
}

// overdue looks elsewhere for the twin of a packet that has waited longer than
// it takes to be forwarded; final: for the last time. What left the host looks
// for what entered it, because only that way round one candidate is proof: all
// that left came in before, but not all that came in left.
func (e *Engine) overdue(i int32, final bool) {
	n := e.pending.nodes.at(i)
	exit := n.side != entrySide(n.dir)
	if exit && !n.outer {
		gen := n.gen
		if f := e.flows.at(n.owner); !f.local && f.out >= 0 {
			e.settleLate(f, i)
		}
		if n.gen != gen {
			return
		}
	}
	if n.basis == BasisNone || n.unpaid != n.octets {
		return
	}
	key := n.index
	if !n.outer && n.side == inside {
		f := e.flows.at(n.owner)
		if f.local {
			return
		}
		addr, port := f.remote()
		if key = remoteKey(n.ident, addr, port, n.dir, f.key.proto); n.index == 0 {
			e.pending.index(i, key)
		}
	}
	if key == 0 {
		return
	}
	if exit {
		if m := e.anywhere(key, n); m.node >= 0 {
			e.claim(i, m, key, final)
		}
		return
	}
	// An exit may be taken for the twin of another entry that is equal to this one,
	// which then has the next exit.
	for gen := n.gen; final && n.gen == gen; {
		m := e.anywhere(key, n)
		if m.node < 0 {
			return
		}
		w := e.pending.nodes.at(m.node)
		claimant := w.gen
		if e.overdue(m.node, true); w.gen == claimant {
			return
		}
	}
}

// anywhere finds the twin of an overdue packet also in flows that are tied.
func (e *Engine) anywhere(key uint64, n *node) match {
	e.reassign = true
	m := e.candidate(key, n, 1-n.side)
	e.reassign = false
	return m
}

// claim takes what m found for the twin of packet i, which left the host, where
// that says something new.
func (e *Engine) claim(i int32, m match, key uint64, final bool) {
	in, out := i, m.node
	if e.pending.nodes.at(i).side == outside {
		in, out = m.node, i
	}
	n, w := e.pending.nodes.at(in), e.pending.nodes.at(out)
	f := e.flows.at(n.owner)
	switch {
	case m.tied && final && w.outer && f.out < 0:
		e.blur(m, key, e.pending.nodes.at(i))
		alone := *n
		e.matchAlone(n.owner, &alone, out)
		e.drop(in)
	case m.tied:
	case w.outer:
		fi, basis, t := n.owner, n.basis, w.time
		if f.out >= 0 {
			e.untie(fi)
		}
		e.tie(fi, w.owner, basis, t)
	case w.owner != n.owner && e.flows.at(w.owner).out >= 0 && e.now-w.time > 2*e.slack:
		e.takeOver(n.owner, out, n.basis)
	}
}

// evictOldest makes room for a packet by judging the oldest one early.
func (e *Engine) evictOldest() {
	for {
		q := &e.pending.overdue
		if q.size == 0 {
			q = &e.pending.fresh
		}
		if q.size == 0 {
			return
		}
		d := q.pop()
		n := e.pending.nodes.at(d.node)
		if n.gen != d.gen {
			continue
		}
		e.evicted++
		if !n.outer && entrySide(n.dir) == n.side {
			f := e.flows.at(n.owner)
			if !f.local {
				f.unobserved++
			}
			if r := e.requestOf(n); r != nil {
				r.blind = true
			}
		}
		e.drop(d.node)
		return
	}
}

// noteApart looks at the stretch that a step back ends: where one point has all
// its packets and the other none, the source holds one interface after the
// other (mergecap -a does that), and nothing was really missing.
func (e *Engine) noteApart() {
	if e.points[inside].present && e.points[outside].present && e.inputs[0].legs == nil && (e.stretch[inside] == 0) != (e.stretch[outside] == 0) {
		e.apart = true
	}
	e.stretch = [2]uint64{}
}

// Apart reports whether the only source holds its interfaces one after the
// other, so that it must be read once for each of them (Options.OneRecording).
func (e *Engine) Apart() bool { return e.apart }

// newEpoch starts afresh at t after a step of the clock or a long gap: what
// waits cannot be judged.
func (e *Engine) newEpoch(t int64) {
	e.epochs++
	e.blindAll = true
	e.expire(maxTime)
	e.settleRequests(maxTime)
	e.blindAll = false
	e.now = t
	e.nextSweep = t
}
