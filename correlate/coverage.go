package correlate

import (
	"math"
	"time"

	"github.com/wgtrace/wgtrace/capture"
)

const (
	unset   = math.MinInt64
	maxTime = math.MaxInt64

	epochBack = int64(2 * time.Second) // a larger step back than this is not disorder
	epochGap  = int64(time.Hour)

	// sweepEvery is how often waiting packets are looked at. It bounds how late
	// a verdict is and keeps the check off the path of a single packet.
	sweepEvery = int64(10 * time.Millisecond)

	minResidence    = int64(50 * time.Millisecond)
	residenceFactor = 20
)

// residenceLimit is how long a packet may stay inside the host before its
// missing twin counts as lost: the larger of 50 ms and 20 times the median.
func (e *Engine) residenceLimit() int64 {
	if e.now < e.residenceUntil {
		return e.residenceCached
	}
	limit := minResidence
	if e.residence.n >= 8 {
		limit = max(limit, residenceFactor*e.residence.latency(0).Median)
	}
	limit = min(limit, e.opts.Window.Nanoseconds())
	e.residenceCached, e.residenceUntil = limit, e.now+int64(time.Second)
	return limit
}

// span is a stretch of time, nanoseconds, both ends included.
type span struct{ from, to int64 }

// point is one side of the join: all captures with its role.
type point struct {
	present   bool
	from      int64 // first moment covered; unset while unknown
	to        int64 // last moment covered so far
	open      bool  // the capture goes on
	cut       bool  // a tap of it broke off while the run went on
	whole     bool  // the start is known to cover the run (live, or one source)
	drops     []span
	away      []span // of drops, those in which the adapter itself was away
	steps     []span // around jumps of its clock
	dropped   uint64
	packets   uint64
	blurred   bool    // packets were cut too short to be identified
	doubled   bool    // some packets were recorded more than once: one without a twin may be a copy
	cutTCP    [2]bool // by family: TCP headers were cut off, what they belong to is not to be seen
	cutErrors [2]bool // by family: so were ICMP errors, what they quote is not to be seen
}

// covers reports whether the point would have shown a packet that passed it
// between from and to. Where a tap dropped packets, slack is how far the clocks
// may disagree on when.
func (p *point) covers(from, to, slack int64) bool {
	if !p.present || !p.whole && (p.from == unset || from < p.from) {
		return false
	}
	if !p.open && to > p.to {
		return false
	}
	return !p.droppedIn(from-slack, to+slack)
}

// droppedIn reports whether packets that passed the point between from and to
// may have been dropped by its tap.
func (p *point) droppedIn(from, to int64) bool {
	return overlaps(p.drops, from, to) || overlaps(p.steps, from, to)
}

// overlaps reports whether a stretch of a list, ascending, has something of
// another one.
func overlaps(list []span, from, to int64) bool {
	for i := len(list) - 1; i >= 0; i-- {
		if s := list[i]; from <= s.to && to >= s.from {
			return true
		}
	}
	return false
}

// maxDropSpans bounds the list of stretches in which a tap lost packets; the
// two oldest are merged beyond it, which only makes the judgement milder.
const maxDropSpans = 512

func (p *point) addDrop(s span, n uint64) {
	p.dropped += n
	p.drops = addSpan(p.drops, s)
}

// addSpan adds a stretch to a list, bounded.
func addSpan(list []span, s span) []span {
	if k := len(list); k > 0 && s.from <= list[k-1].to {
		list[k-1].to = max(list[k-1].to, s.to)
		return list
	}
	list = append(list, s)
	if len(list) > maxDropSpans {
		list[1].from = list[0].from
		list = list[1:]
	}
	return list
}

// capturePoint is one interface of one source with its role.
type capturePoint struct {
	index   int // in Evidence.Captures; -1: the other reading of the recording lists it
	role    capture.Role
	roleWhy string
	source  string
	input   int
	iface   capture.Interface
	unused  bool     // the person picked others
	line    timeline // how its times are turned into the tunnel's

	folder *folder // nil unless the capture shows every packet several times

	packets, bytes, truncated, undecoded, rewritten, timeless uint64
	offload                                                   uint64 // segments larger than any link carries
	away                                                      []span // while its adapter was away, by its own clock
	first, last                                               int64

	headFirst    int64 // time of the first packet of the head; unset if none
	dropped      uint64
	dropBase     int64 // time of the last statistics
	droppedKnown bool
}

// count notes a record of the interface.
func (c *capturePoint) count(p *capture.Packet) {
	c.packets++
	c.bytes += uint64(p.WireLen)
	if p.Flags&(capture.FlagTruncated|capture.FlagRewrittenLink|capture.FlagTimeUnknown) != 0 {
		if p.Has(capture.FlagTruncated) {
			c.truncated++
		}
		if p.Has(capture.FlagRewrittenLink) {
			c.rewritten++
		}
		if p.Has(capture.FlagTimeUnknown) {
			c.timeless++
			return
		}
	}
	if p.Kind == capture.KindUndecoded {
		c.undecoded++
	}
	if c.first == unset || p.Time < c.first {
		c.first = p.Time
	}
	if p.Time > c.last {
		c.last = p.Time
	}
}

// add counts what was noted apart from the rest.
func (c *capturePoint) add(o *capturePoint) {
	c.packets += o.packets
	c.bytes += o.bytes
	c.truncated += o.truncated
	c.rewritten += o.rewritten
	if o.packets > o.timeless {
		if c.first == unset || o.first < c.first {
			c.first = o.first
		}
		c.last = max(c.last, o.last)
	}
}

// noteStats takes over what the capture engine says of its own losses. The
// stretch since the last word may have lost packets anywhere.
func (e *Engine) noteStats(c *capturePoint, s capture.InterfaceStats) {
	e.noteAway(c, s)
	e.learnAddr(s.Addr)
	if !s.HasDropped {
		return
	}
	since := c.dropBase
	if since == unset {
		since = c.began()
	}
	if since == unset {
		since = s.Time
	}
	at := max(s.Time, c.last)
	if s.Dropped > c.dropped && c.role != capture.RoleUnknown {
		side := sideOf(c.role)
		lossy := span{c.line.tunnel(since), c.line.tunnel(at)}
		e.points[side].addDrop(lossy, s.Dropped-c.dropped)
		if e.now != unset && lossy.from < e.now-e.opts.Window.Nanoseconds() {
			e.reopen(side, lossy)
		}
	}
	c.dropped = max(c.dropped, s.Dropped)
	c.droppedKnown = true
	c.dropBase = at
}

// began returns the time of the first packet of the capture, as far as it has
// been looked at.
func (c *capturePoint) began() int64 {
	if c.first == unset {
		return c.headFirst
	}
	return c.first
}

// reopen takes back what was judged by absence at a point before it was known
// that its tap dropped packets meanwhile: files say so late.
func (e *Engine) reopen(side int, s span) {
	dir, blind := forward, []Fate{FateNoEgress, FateUntranslated, FateNoReply}
	if side == inside {
		dir, blind = back, []Fate{FateReplyLost}
	}
	for _, c := range e.clients {
		c.reopenNames(side)
		for k := range c.families {
			for _, l := range c.families[k].ledgers {
				l.reopen(blind, s)
			}
		}
	}
	for i := range e.flows.used {
		if f := e.flows.at(i); f.live && f.first <= s.to && f.last >= s.from {
			f.unobserved += f.lost[dir]
			f.lost[dir] = 0
		}
	}
	e.rows.reopen(dir, s)
}

// sideOf returns the side of the join that a role stands for.
func sideOf(r capture.Role) int {
	if r == capture.RoleTunnel {
		return inside
	}
	return outside
}

// sighting describes a packet for a verdict to point at.
func sighting(c *capturePoint, p *capture.Packet, stage Stage) Sighting {
	return Sighting{
		Capture: c.index, Frame: p.Frame, Time: p.Time, Stage: stage, Kind: p.Kind, WGType: p.WG.Type,
		TCPFlags: p.TCPFlags, DNS: p.Flags&(capture.FlagDNSQuery|capture.FlagDNSResponse) != 0,
		ICMPType: p.ICMPType, ICMPCode: p.ICMPCode, Proto: p.Proto,
		Src: addrPort(p.Src, p.SrcPort), Dst: addrPort(p.Dst, p.DstPort), Length: p.IPLen,
	}
}
