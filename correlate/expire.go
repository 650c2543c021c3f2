package correlate

// advance moves the engine's clock to t (nanoseconds, tunnel clock) and judges
// whatever has waited its time.
func (e *Engine) advance(t int64) {
	if t <= e.now {
		if e.now-t > epochBack {
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
	q := &e.pending.byTime
	for q.size > 0 {
		d := q.at(0)
		n := e.pending.nodes.at(d.node)
		if n.gen == d.gen {
			if n.time >= limit {
				return
			}
			e.resolve(d.node)
		}
		q.pop()
		if e.pending.late > 0 {
			e.pending.late--
		}
	}
}

// resolve judges one packet that found no twin, or not for all of it.
func (e *Engine) resolve(i int32) {
	n := e.pending.nodes.at(i)
	if !n.outer {
		f := e.flows.at(n.owner)
		if entrySide(n.dir) == n.side {
			e.resolveEntry(f, n)
		} else if n.side == inside && !f.local && n.octets > 0 && e.observable(n) {
			// At tunnel_out without a twin on the WAN: made by the host itself.
			f.gotUntied++
		}
	}
	if n.sibling >= 0 {
		e.pending.nodes.at(n.sibling).sibling = -1
	}
	e.pending.unlink(e.chainOf(n), i)
	e.pending.release(i)
}

// resolveEntry counts a packet that entered the join and did not leave it, or
// only in part.
func (e *Engine) resolveEntry(f *flow, n *node) {
	if f.local {
		return
	}
	if n.octets > 0 && n.unpaid < n.octets {
		f.matched++
	}
	if !e.observable(n) {
		f.unobserved++
		if n.request >= 0 {
			e.requests.at(n.request).blind = true
		}
		return
	}
	missing := n.unpaid
	if n.octets == 0 || !n.tcp {
		missing = 1
	}
	f.lost[n.dir] += f.segments(missing)
	f.late = true
	if n.request >= 0 {
		e.requests.at(n.request).missed = true
	}
}

// observable reports whether the other point would have shown the twin of n:
// it was captured then, to the end of the residence limit, and dropped nothing.
func (e *Engine) observable(n *node) bool {
	pt := &e.points[1-n.side]
	return !e.blindAll && pt.covers(n.time+e.slack, n.time+e.residenceLimit())
}

// lookAtOverdue looks for the twin of packets of tied flows that are overdue:
// the translation may have changed, so that their twin stands in an outside
// flow that is tied to nothing.
func (e *Engine) lookAtOverdue(limit int64) {
	q := &e.pending.byTime
	for e.pending.late < q.size {
		d := q.at(e.pending.late)
		n := e.pending.nodes.at(d.node)
		if n.gen == d.gen {
			if n.time >= limit {
				return
			}
			e.overdue(d.node)
		}
		e.pending.late++
	}
}

func (e *Engine) overdue(i int32) {
	n := e.pending.nodes.at(i)
	if n.outer || n.side != inside || n.index != 0 || n.basis == BasisNone || n.unpaid != n.octets {
		return
	}
	f := e.flows.at(n.owner)
	if f.local || f.out < 0 {
		return
	}
	addr, port := f.remote()
	key := remoteKey(n.ident, addr, port, n.dir, f.key.proto)
	c, tied := e.candidate(key, n, outside)
	if c < 0 || tied {
		e.pending.index(i, key)
		return
	}
	w := e.pending.nodes.at(c)
	if !w.outer {
		return
	}
	oi, fi, basis, t := w.owner, n.owner, n.basis, n.time
	e.untie(fi, t)
	e.tie(fi, oi, basis, t)
}

// evictOldest makes room for a packet by judging the oldest one early.
func (e *Engine) evictOldest() {
	q := &e.pending.byTime
	for q.size > 0 {
		d := q.pop()
		if e.pending.late > 0 {
			e.pending.late--
		}
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
			if n.request >= 0 {
				e.requests.at(n.request).blind = true
			}
		}
		e.drop(d.node)
		return
	}
}

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
