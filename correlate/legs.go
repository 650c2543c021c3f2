package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// Some captures hold both sides of a router in one interface: taps of both its
// cables that were merged into a file without interfaces, or a mirror of a whole
// switch. Their frames are told apart by the link addresses between which they
// travel, if packets show that one pair of addresses is forwarded to another.

// legPair is two link addresses that exchange frames, in a fixed order, and
// their VLAN.
type legPair struct {
	a, b capture.MAC
	vlan uint16
}

func pairOf(p *capture.Packet) legPair {
	l := legPair{p.LinkSrc, p.LinkDst, p.VLAN}
	for i := range l.a {
		if l.a[i] != l.b[i] {
			if l.a[i] > l.b[i] {
				l.a, l.b = l.b, l.a
			}
			break
		}
	}
	return l
}

// The interfaces that a capture of both sides is split into.
const (
	legOutside = iota // stays with the capture's own
	legInside
	legElse
)

// maxLegPairs bounds the pairs of link addresses that are looked at.
const maxLegPairs = 4096

// splitLegs splits the only capture of a run into the two sides of a router, if
// it holds both; false: it does not, or the person said what it is.
func (e *Engine) splitLegs() bool {
	if e.opts.Live || len(e.inputs) != 1 || len(e.captures) != 1 {
		return false
	}
	in, c := e.inputs[0], e.captures[0]
	for _, p := range in.given.Picks {
		if p.Role != capture.RoleUnknown || p.Interface != "" || p.Exact != nil {
			return false
		}
	}
	if c.iface.LinkType != capture.LinkTypeEthernet {
		return false
	}
	in.legs = in.forwardings().sides()
	if in.legs == nil {
		return false
	}
	c.role, c.roleWhy = capture.RoleWAN, "matched-packets"
	for leg := legInside; leg <= legElse; leg++ {
		part := &capturePoint{
			index: e.listed, source: c.source, iface: c.iface,
			first: unset, last: unset, dropBase: unset, headFirst: unset,
		}
		if leg == legInside {
			part.role, part.roleWhy = capture.RoleTunnel, "matched-packets"
		}
		e.listed++
		in.faces = append(in.faces, part)
		e.captures = append(e.captures, part)
	}
	for _, b := range in.head {
		in.split(b)
	}
	return true
}

// split gives each packet of a batch to the side that it was seen on.
func (in *input) split(b *capture.Batch) {
	if in.legs == nil {
		return
	}
	for i := range b.Packets {
		p := &b.Packets[i]
		// An interface that appears only now is none of the sides.
		if leg, ok := in.legs[pairOf(p)]; ok && p.Iface == 0 {
			p.Iface = leg
		} else {
			p.Iface = legElse
		}
	}
}

// noteSide lets the other side of a capture of both hear what the engine dropped:
// it may have come from either.
func (e *Engine) noteSide(in *input, s capture.InterfaceStats) {
	if in.legs != nil && s.Iface == 0 {
		e.noteStats(in.faces[legInside], s)
	}
}

// forwardings are what the head of a capture shows to be passed on from one pair
// of link addresses to another.
type forwardings struct {
	pairs   map[legPair]*legVotes
	clients map[capture.Addr]bool // senders of first packets, as they entered
	passed  []passage
}

// legVotes are the packets that place a pair on one side.
type legVotes struct{ inside, outside int }

// passage is a packet seen twice.
type passage struct {
	from, to *legVotes
	src, dst capture.Addr // as it entered, and as it left
}

// forwardings looks for packets that were seen a second time with a lower TTL,
// one end kept, between other link addresses.
func (in *input) forwardings() *forwardings {
	f := &forwardings{pairs: make(map[legPair]*legVotes), clients: make(map[capture.Addr]bool)}
	type sight struct {
		p    *capture.Packet
		pair legPair
	}
	first := make(map[uint64]sight)
	for _, b := range in.head {
		for i := range b.Packets {
			p := &b.Packets[i]
			if p.WG.Type != 0 {
				return nil // WireGuard's own packets: this is the WAN of a server
			}
			if p.LinkSrc.IsZero() || p.LinkDst.IsGroup() || !telling(p) {
				continue
			}
			pair := pairOf(p)
			if f.pairs[pair] == nil {
				if len(f.pairs) >= maxLegPairs {
					return nil
				}
				f.pairs[pair] = &legVotes{}
			}
			key := content(p)
			one, ok := first[key]
			if !ok || p.Time-one.p.Time > minResidence || one.pair == pair {
				first[key] = sight{p, pair}
				continue
			}
			if p.TTL >= one.p.TTL || p.Src != one.p.Src && p.Dst != one.p.Dst {
				continue
			}
			delete(first, key)
			f.passed = append(f.passed, passage{f.pairs[one.pair], f.pairs[pair], one.p.Src, p.Dst})
			switch {
			case opens(p):
				f.clients[one.p.Src] = true
			case answers(p):
				f.clients[p.Dst] = true
			}
		}
	}
	return f
}

// sides returns the leg of each pair of link addresses, or nil if packets do not
// prove that there are two.
func (f *forwardings) sides() map[legPair]int32 {
	if f == nil || len(f.passed) < minVotes {
		return nil
	}
	for _, p := range f.passed {
		switch sent, got := f.clients[p.src], f.clients[p.dst]; {
		case sent && !got:
			p.from.inside++
			p.to.outside++
		case got && !sent:
			p.from.outside++
			p.to.inside++
		}
	}
	legs := make(map[legPair]int32)
	macs := [2]map[capture.MAC]bool{make(map[capture.MAC]bool), make(map[capture.MAC]bool)}
	count := [2]int{}
	for pair, v := range f.pairs {
		leg := int32(legElse)
		switch {
		case v.inside > 0 && v.inside >= 9*v.outside:
			leg = legInside
		case v.outside > 0 && v.outside >= 9*v.inside:
			leg = legOutside
		case v.inside+v.outside > 0:
			return nil // forwarded either way: neither side is the inner one
		default:
			continue
		}
		legs[pair] = leg
		count[leg]++
		macs[leg][pair.a], macs[leg][pair.b] = true, true
	}
	if count[legInside] == 0 || count[legOutside] == 0 {
		return nil
	}
	for pair := range f.pairs {
		if _, ok := legs[pair]; ok {
			continue
		}
		switch in, out := macs[legInside][pair.a] || macs[legInside][pair.b], macs[legOutside][pair.a] || macs[legOutside][pair.b]; {
		case in && !out:
			legs[pair] = legInside
		case out && !in:
			legs[pair] = legOutside
		}
	}
	return legs
}
