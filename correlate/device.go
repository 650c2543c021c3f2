package correlate

// devices returns for each endpoint the first one that is known of the same
// device: by the sessions that it took along, or by its key.
func (e *Engine) devices() []int32 {
	peers := e.outerSide.peers
	first := make([]int32, len(peers))
	named := make(map[int32]int32)
	for i, pr := range peers {
		first[i] = int32(i)
		if from := pr.cameFrom; from >= 0 && int(from) < i {
			first[i] = first[from]
		}
		if pr.name < 0 {
			continue
		}
		if same, ok := named[pr.name]; ok {
			first[i] = same
		} else {
			named[pr.name] = first[i]
		}
	}
	return first
}

// homeOf returns the endpoint that a client's packets come through; of a device
// that moved, the one that it was heard from last; -1 if it is not known.
func (e *Engine) homeOf(c *client, devices []int32) int32 {
	var sums []peerVote
	for _, v := range c.peerVotes {
		sums = count(sums, devices[v.peer], v.votes)
	}
	home := majority(sums)
	last := int32(-1)
	for _, v := range c.peerVotes {
		if devices[v.peer] == home && (last < 0 || e.outerSide.peers[v.peer].lastIn > e.outerSide.peers[last].lastIn) {
			last = v.peer
		}
	}
	return last
}

// outerOf sums up what a device sent and got on its endpoints.
func (e *Engine) outerOf(device int32, devices []int32) (in, out Count) {
	for i, pr := range e.outerSide.peers {
		if devices[i] == device {
			in.Packets, in.Bytes = in.Packets+pr.packetsIn, in.Bytes+pr.bytesIn
			out.Packets, out.Bytes = out.Packets+pr.packetsOut, out.Bytes+pr.bytesOut
		}
	}
	return in, out
}

func (c *client) vote(pi int32) { c.peerVotes = count(c.peerVotes, pi, 1) }

// maxHomes bounds how many endpoints a client's packets are tied to.
const maxHomes = 8

// count adds votes for a peer.
func count(list []peerVote, pi int32, n uint32) []peerVote {
	for i := range list {
		if list[i].peer == pi {
			list[i].votes += n
			return list
		}
	}
	if len(list) < maxHomes {
		list = append(list, peerVote{pi, n})
	}
	return list
}

// homePeer returns the peer that a client's packets come through, once three
// ties agree and outnumber all others by half; -1 before.
func (c *client) homePeer() int32 { return majority(c.peerVotes) }

func majority(list []peerVote) int32 {
	best, sum := peerVote{-1, 0}, uint32(0)
	for _, v := range list {
		sum += v.votes
		if v.votes > best.votes {
			best = v
		}
	}
	if best.votes < 3 || 3*best.votes < 2*sum {
		return -1
	}
	return best.peer
}
