package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

const (
	minScouted = 50   // packets on which it is decided at least
	scoutSize  = 4096 // packets after which most would have shown a copy
)

// scout counts how often the packets of a capture were recorded: on its head,
// before anything is followed.
type scout struct {
	total  uint64
	groups map[uint64]*group
	apart  [maxCopies + 1]uint64 // packets in groups of that size that were recorded at different places
	clones map[uint64]*clone
	cloned uint64 // packets that others repeat between other addresses
}

// group is the sightings of one packet.
type group struct {
	time  int64
	place uint64 // of the first of them
	sent  sender
	n     int
	apart bool // another one was recorded elsewhere
	loop  bool // it came back
}

// clone is the first packet of its content.
type clone struct {
	time     int64
	src, dst capture.Addr
	counted  bool
}

// mixed reports whether a capture is a part of an interface that held Ethernet
// frames and bare IP: several adapters, written as one.
func mixed(c *capturePoint) bool {
	return c.iface.LinkType == capture.LinkTypeEthernet && c.iface.ARPHRD != 0
}

func (in *input) scout(c *capturePoint) *scout {
	s := &scout{groups: make(map[uint64]*group), clones: make(map[uint64]*clone)}
	// A cooked capture without interface indices cannot tell its copies apart, and
	// neither can one that holds several adapters as one.
	blind := c.iface.LinkType == capture.LinkTypeLinuxSLL || mixed(c)
heads:
	for _, b := range in.head {
		for i := range b.Packets {
			p := &b.Packets[i]
			if in.faces[p.Iface] != c || !telling(p) {
				continue
			}
			s.add(p, blind)
			s.clone(p)
			if s.total == scoutSize && s.hopeless() {
				break heads
			}
		}
	}
	for _, g := range s.groups {
		s.close(g)
	}
	return s
}

// hopeless reports whether most packets were alone so far.
func (s *scout) hopeless() bool {
	return uint64(len(s.groups))*3 > s.total*2 && s.cloned*2 < s.total
}

func (s *scout) add(p *capture.Packet, blind bool) {
	s.total++
	key, place := sameness(p), whereabouts(p)
	g := s.groups[key]
	if g == nil || p.Time-g.time > copySpread {
		if g != nil {
			s.close(g)
		}
		g = &group{time: p.Time, place: place, sent: senderOf(p), apart: blind}
		s.groups[key] = g
	}
	g.n++
	g.loop = g.loop || g.sent.returned(p)
	g.apart = g.apart || g.place != place || g.n > 1 && p.RecordID != 0
}

// close notes how often a packet was recorded.
func (s *scout) close(g *group) {
	if g.apart && !g.loop && g.n <= maxCopies {
		s.apart[g.n] += uint64(g.n)
	}
}

// clone looks for a packet of the same content between two other addresses.
func (s *scout) clone(p *capture.Packet) {
	key := content(p)
	o := s.clones[key]
	if o == nil || p.Time-o.time > copySpread {
		s.clones[key] = &clone{time: p.Time, src: p.Src, dst: p.Dst}
		return
	}
	if o.src == p.Src || o.dst == p.Dst || o.src == p.Dst || o.dst == p.Src {
		return
	}
	s.cloned++
	if !o.counted {
		s.cloned, o.counted = s.cloned+1, true
	}
}

// copies returns how often each packet was recorded: 1 unless most of them come
// in as many copies and nine tenths in a multiple of that, as packets do that
// were repeated at once.
func (s *scout) copies() uint8 {
	if s.total < minScouted {
		return 1
	}
	for m := 2; m <= maxCopies; m++ {
		fit := uint64(0)
		for n := m; n <= maxCopies; n += m {
			fit += s.apart[n]
		}
		if s.apart[m]*2 > s.total && fit*10 >= s.total*9 {
			return uint8(m)
		}
	}
	return 1
}

// doubtful reports whether a good part of the packets was recorded more than once
// although the whole is not folded: there are too few of them, or some interfaces
// show more copies than others.
func (s *scout) doubtful() bool {
	again := uint64(0)
	for n := 2; n <= maxCopies; n++ {
		again += s.apart[n]
	}
	return s.copies() == 1 && again > 0 && again*5 >= s.total
}

// replayed reports whether nearly everything is repeated between other
// addresses, as when one recording is played several times with addresses of
// its own (tcpreplay --unique-ip).
func (s *scout) replayed() bool { return s.total >= minScouted && s.cloned*10 >= s.total*9 }
