package correlate

import (
	"net/netip"

	"github.com/wgtrace/wgtrace/capture"
)

// Tally counts packets of one kind and keeps a few of them to point at.
type Tally struct {
	Count       uint64
	First, Last int64 // nanoseconds since 1970, tunnel clock
	Samples     []Sighting
}

// Refusal is one way in which somebody said no: an ICMP error of one type and
// code from one address, or TCP resets.
type Refusal struct {
	Speaker    netip.Addr // invalid for a reset: it bears the name of the other end
	Type, Code uint8      // ICMP or ICMPv6; 0 for a reset
	Reset      bool
	// Beyond: it came in on the WAN and was passed on. Otherwise the host made it.
	Beyond bool
	// Outward: the host said it to the remote, about what came back from there.
	Outward bool
	Tally
}

// maxRefusals bounds how many refusals are kept apart for one client, and
// maxSignSamples how many packets of each sign.
const (
	maxRefusals    = 8
	maxSignSamples = 3
)

// signs are packets beside requests and replies that show what the host did
// with them. Most clients have none.
type signs struct {
	turned, leaked, looped, otherLine Tally
	refusals                          []Refusal
}

func (y *Tally) add(s Sighting, t int64) {
	if y.Count++; y.Count == 1 {
		y.First = t
	}
	y.Last = max(y.Last, t)
	if len(y.Samples) < maxSignSamples {
		y.Samples = append(y.Samples, s)
	}
}

// signsOf returns the signs of the client that a flow belongs to.
func (e *Engine) signsOf(f *flow) *signs {
	s := &e.clientAt(f.client).families[familyIndex(family(e.innerAddr(f)))].signs
	if *s == nil {
		*s = &signs{}
	}
	return *s
}

// refuse notes a refusal that concerns a flow.
func (e *Engine) refuse(f *flow, p *capture.Packet, t int64, c *capturePoint, beyond, outward bool) {
	r := Refusal{Beyond: beyond, Outward: outward, Reset: p.Kind == capture.KindTCP}
	stage := TunnelOut
	if outward {
		stage = WANOut
	}
	if !r.Reset {
		r.Speaker, r.Type, r.Code = p.Src.Netip(), p.ICMPType, p.ICMPCode
	}
	y := e.signsOf(f)
	for i := range y.refusals {
		o := &y.refusals[i]
		if o.Speaker == r.Speaker && o.Type == r.Type && o.Code == r.Code && o.Reset == r.Reset && o.Beyond == beyond && o.Outward == outward {
			o.add(sighting(c, p, stage), t)
			return
		}
	}
	if len(y.refusals) < maxRefusals {
		r.add(sighting(c, p, stage), t)
		y.refusals = append(y.refusals, r)
	}
}

// turnedBack reports whether a packet of the client's is one that the host sends
// into the tunnel again: out of the adapter that it came in by, or, where the
// capture does not say, with one hop less than the flow's packets have.
func (f *flow) turnedBack(p *capture.Packet) bool {
	switch p.Direction {
	case capture.DirectionOut:
		return true
	case capture.DirectionUnknown:
		// Traceroutes alone mix the hops of a flow.
		if p.TTL > maxTraceTTL && f.ttl != 0 && p.TTL+1 == f.ttl {
			return true
		}
	}
	f.ttl = p.TTL
	return false
}

// turn notes a packet that the host turned back into the tunnel. To another
// client that is delivery.
func (e *Engine) turn(f *flow, p *capture.Packet, t int64, c *capturePoint) {
	f.turned++
	if !f.local {
		e.signsOf(f).turned.add(sighting(c, p, TunnelOut), t)
	}
}

// astray takes a packet at the WAN of a flow's direction dir and reports whether
// it went the other way: a reply that the host sends out again, or a packet of
// the client's that somebody sent back to the host. A mark alone is no proof (a
// mirror port marks everything as incoming): the packet must have passed the WAN
// the right way before, with more hops left.
func (e *Engine) astray(f *flow, p *capture.Packet, t int64, c *capturePoint, dir uint8, facing int8) bool {
	if facing < 0 || uint8(facing) == dir {
		f.wanTTL[dir] = p.TTL
		return false
	}
	if p.TTL >= f.wanTTL[dir] {
		return false
	}
	if dir == back {
		e.signsOf(f).leaked.add(sighting(c, p, WANOut), t)
	} else {
		e.signsOf(f).looped.add(sighting(c, p, WANIn), t)
	}
	return true
}

// noteLeak notes a packet that leaves the WAN for a client's own address,
// though its conversation is not one that goes untranslated.
func (e *Engine) noteLeak(p *capture.Packet, t int64, c *capturePoint) {
	i, ok := e.clientIndex[p.Dst]
	if !ok || !e.clients[i].confirmed || e.own[p.Src] {
		return
	}
	fam := &e.clients[i].families[familyIndex(family(p.Dst))]
	if fam.signs == nil {
		fam.signs = &signs{}
	}
	fam.signs.leaked.add(sighting(c, p, WANOut), t)
}

// noteOtherLine compares the captures that show how a request left, at time t, and
// where its first reply came in.
func (e *Engine) noteOtherLine(f *flow, left int, t int64, reply *Sighting) {
	if left == reply.Capture {
		return
	}
	by, in := e.captures[left], e.captures[reply.Capture]
	if by.iface.Name != "" && by.iface.Name == in.iface.Name {
		return
	}
	// The next file of a rotation begins behind what left in the one before.
	one := by.input == in.input && by.iface.Section == in.iface.Section
	if one || e.opts.Live || in.first != unset && in.line.tunnel(in.first) < t {
		e.signsOf(f).otherLine.add(*reply, in.line.tunnel(reply.Time))
	}
}

// snapshot copies the signs into the evidence.
func (y *signs) snapshot(to *FamilyEvidence) {
	if y == nil {
		return
	}
	own := func(t Tally) Tally { t.Samples = append([]Sighting(nil), t.Samples...); return t }
	to.Turned, to.Leaked, to.Looped, to.OtherLine = own(y.turned), own(y.leaked), own(y.looped), own(y.otherLine)
	for _, r := range y.refusals {
		r.Tally = own(r.Tally)
		to.Refusals = append(to.Refusals, r)
	}
}
