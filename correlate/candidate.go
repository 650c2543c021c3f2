package correlate

// tieSpread is how far apart in time two candidates for one packet must be for
// the nearer one to decide, nanoseconds: two packets of the same content that
// entered within it may have been forwarded in either order. On a slow host it
// is tieFactor times the usual residence.
const (
	tieSpread = int64(5e6)
	tieFactor = 10
)

// candidate finds the packet with key that waits at the given side. tied says
// that packets of several flows fit equally well: then it is the oldest of them
// and proves no mapping, nor do the others, whatever of them is left.
func (e *Engine) candidate(key uint64, n *node, side uint8) (best int32, tied bool) {
	best = -1
	bestRank, bestGap := -1, int64(0)
	found, scanned := 0, 0
	for i := e.pending.bucket(key); i >= 0 && scanned < maxScan; scanned++ {
		c := e.pending.nodes.at(i)
		if rank, gap, ok := e.fits(c, n, key, side); ok {
			found++
			if rank > bestRank || rank == bestRank && gap < bestGap {
				best, bestRank, bestGap = i, rank, gap
			}
		}
		i = c.down
	}
	if found <= 1 {
		return best, best >= 0 && e.pending.nodes.at(best).vague
	}
	spread := max(tieSpread, tieFactor*e.residence.latency(0).Median)
	nearest := e.pending.nodes.at(best)
	tied, scanned = nearest.vague, 0
	first := best
	for i := e.pending.bucket(key); i >= 0 && scanned < maxScan; scanned++ {
		c := e.pending.nodes.at(i)
		if rank, gap, ok := e.fits(c, n, key, side); ok && rank == bestRank {
			switch same := c.owner == nearest.owner && c.outer == nearest.outer; {
			case same || gap <= bestGap+spread:
				tied = tied || !same || c.vague
				if c.time < e.pending.nodes.at(first).time {
					first = i
				}
			}
		}
		i = c.down
	}
	if tied {
		e.blur(key, n, side, bestRank, bestGap+spread)
	}
	return first, tied
}

// blur marks all that could be the twin of n: once one of them is taken for it,
// the last one that remains is no surer than the first.
func (e *Engine) blur(key uint64, n *node, side uint8, rank int, gap int64) {
	scanned := 0
	for i := e.pending.bucket(key); i >= 0 && scanned < maxScan; scanned++ {
		c := e.pending.nodes.at(i)
		if r, g, ok := e.fits(c, n, key, side); ok && r == rank && g <= gap {
			c.vague = true
		}
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
	if e.early(entry.time, exit.time) {
		return 0, 0, false
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
