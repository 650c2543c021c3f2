package correlate

import "math"

// tieSpread is how far apart in time two candidates for one packet must be for
// the nearer one to decide, nanoseconds: two packets of the same content that
// entered within it may have been forwarded in either order. On a slow host it
// is tieFactor times the usual residence.
const (
	tieSpread = int64(5e6)
	tieFactor = 10
)

// outOfOrder is more than all that can speak for a candidate together: one that
// entered after its twin left is looked at only where there is no other.
const outOfOrder = 8

// match is what candidate found.
type match struct {
	node  int32 // the twin; -1: none waits
	tied  bool  // packets of several flows fit equally well, so that it proves no mapping
	rank  int   // of the best of them
	reach int64 // how far apart in time the best of them may be
}

// candidate finds the packet with key that waits at the given side: of several
// that fit equally well the oldest.
func (e *Engine) candidate(key uint64, n *node, side uint8) match {
	m := match{node: -1, rank: math.MinInt}
	found, scanned := 0, 0
	i := e.pending.bucket(key)
	for ; i >= 0 && scanned < maxScan; scanned++ {
		c := e.pending.nodes.at(i)
		if rank, gap, ok := e.fits(c, n, key, side); ok {
			found++
			if rank > m.rank || rank == m.rank && gap < m.reach {
				m.node, m.rank, m.reach = i, rank, gap
			}
		}
		i = c.down
	}
	if found == 0 {
		return m
	}
	nearest := e.pending.nodes.at(m.node)
	// Who has not looked at all of them does not know whether there is another.
	m.tied = nearest.vague || i >= 0
	if found == 1 {
		return m
	}
	// By the doubt about the order of the clocks the true one can seem the further.
	m.reach += max(tieSpread, tieFactor*e.residence.latency(0).Median) + e.doubt
	scanned = 0
	for i = e.pending.bucket(key); i >= 0 && scanned < maxScan; scanned++ {
		c := e.pending.nodes.at(i)
		if e.among(m, c, n, key, side) {
			m.tied = m.tied || c.vague || c.owner != nearest.owner || c.outer != nearest.outer
			if c.time < e.pending.nodes.at(m.node).time {
				m.node = i
			}
		}
		i = c.down
	}
	return m
}

// among reports whether c is one of those that fit n best.
func (e *Engine) among(m match, c, n *node, key uint64, side uint8) bool {
	rank, gap, ok := e.fits(c, n, key, side)
	return ok && rank == m.rank && gap <= m.reach
}

// blur marks all that could be the twin of n: once one of them is taken for it,
// the last one that remains is no surer than the first.
func (e *Engine) blur(m match, key uint64, n *node) {
	scanned := 0
	for i := e.pending.bucket(key); i >= 0 && scanned < maxScan; scanned++ {
		c := e.pending.nodes.at(i)
		c.vague = c.vague || e.among(m, c, n, key, 1-n.side)
		i = c.down
	}
}

// fits reports whether waiting packet c can be the twin of n, how much speaks
// for it (the same time stamp, source port, IP identification), and how far apart
// the two are in time.
func (e *Engine) fits(c, n *node, key uint64, side uint8) (rank int, gap int64, ok bool) {
	if c.index != key || c.side != side || c.ident != n.ident || c.tcp != n.tcp {
		return 0, 0, false
	}
	// What waits outside of a flow that is tied already is first of all that
	// flow's own.
	if side == outside && !c.outer && !e.reassign {
		return 0, 0, false
	}
	if !c.tcp && c.ident64 != 0 && n.ident64 != 0 && c.ident64 != n.ident64 &&
		(c.octets == n.octets || min(c.octets, n.octets) >= longPrefix) {
		return 0, 0, false
	}
	entry, exit := c, n
	if entrySide(n.dir) == n.side {
		entry, exit = n, c
	}
	if e.early(entry.time, exit.time) || !e.reassign && exit.time-entry.time > e.residenceLimit() {
		return 0, 0, false
	}
	if exit.time < entry.time-e.doubt {
		rank -= outOfOrder
	}
	if c.tcp && c.hasTS && n.hasTS && c.tsval == n.tsval {
		rank += 4
	}
	if c.srcPort == n.srcPort {
		rank += 2
	}
	if c.fragID != 0 && c.fragID == n.fragID {
		rank++
	}
	gap = exit.time - entry.time
	if gap < 0 {
		gap = -gap
	}
	return rank, gap, true
}
