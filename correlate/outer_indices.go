package correlate

// maxIndices bounds how many session indices are remembered over all endpoints;
// a session lives 180 s, and a busy server sees a few per second.
const maxIndices = 1 << 16

// indices remembers which endpoint an index was issued to or by. Those of a
// device that moved on stay with the endpoint that the handshake came from,
// which is what tells a device that moved from two that share a key. Of more
// than maxIndices the older half is forgotten.
type indices struct{ young, old map[uint32]int32 }

func (x *indices) note(index uint32, peer int32) {
	if len(x.young) >= maxIndices/2 || x.young == nil {
		x.young, x.old = make(map[uint32]int32), x.young
	}
	x.young[index] = peer
}

// owner returns the endpoint that an index belongs to; -1 if it is not known.
func (x *indices) owner(index uint32) int32 {
	if i, ok := x.young[index]; ok {
		return i
	}
	if i, ok := x.old[index]; ok {
		return i
	}
	return -1
}

// crossIn notes data from endpoint i under a session that the server gave to
// another endpoint: the device that greeted there has moved here.
func (e *Engine) crossIn(pr *peer, i int32, receiver uint32) {
	if receiver == pr.lastGranted && pr.grantedKnown {
		return
	}
	pr.lastGranted, pr.grantedKnown = receiver, true
	if o := e.outerSide.granted.owner(receiver); o >= 0 && o != i {
		other := e.outerSide.peers[o]
		pr.moved, other.moved = true, true
		pr.cameFrom = o
		if pr.name < 0 {
			pr.name = other.name
		}
	}
}

// crossOut notes data to endpoint i under a session that another endpoint
// greeted for. It happens once when a device moves, and over and over when two
// devices with one key push each other out: the server keeps one session for the
// key and answers wherever it heard from last (white paper, sections 2.1 and 6).
func (e *Engine) crossOut(pr *peer, i int32, receiver uint32, t int64) {
	if receiver != pr.lastClaimed || !pr.claimedKnown {
		pr.lastClaimed, pr.claimedKnown = receiver, true
		pr.crossing = e.outerSide.claimed.owner(receiver)
		if pr.crossing == i {
			pr.crossing = -1
		}
	}
	if pr.crossing < 0 {
		return
	}
	other := e.outerSide.peers[pr.crossing]
	pr.crossed++
	if other.lastIn > pr.lastCross || pr.lastCross == unset {
		pr.crossTurns++
		pr.crossedWith = pr.crossing
	}
	pr.lastCross = t
}
