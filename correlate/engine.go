package correlate

import (
	"context"
	"net/netip"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// Defaults of Options.
const (
	DefaultWindow     = 2 * time.Second
	DefaultMaxFlows   = 1 << 17
	DefaultMaxPending = 1 << 20
	DefaultMaxRows    = 10000
)

// Input is one source and what the person says of it.
type Input struct {
	Source capture.Source
	Picks  []Pick // empty: all interfaces, roles to be found out
}

// Pick selects interfaces of a source.
type Pick struct {
	Interface string             // number or name; "": all of them
	Exact     *capture.Interface // exactly this one, if set
	Role      capture.Role       // RoleUnknown: find out
	Why       string             // of the role; "": the person said so
}

// Options steer an Engine. The zero value is usable.
type Options struct {
	// Window is how long a packet waits for its twin at the other point.
	Window time.Duration
	// ClockOffset is WAN clock minus tunnel clock, if the person gave it.
	ClockOffset *time.Duration
	// WGPort is the server's listen port; 0: learn it.
	WGPort uint16
	// Clients are prefixes of inner addresses; empty: learn them.
	Clients []netip.Prefix
	// Own are addresses of the host itself, on any adapter.
	Own []netip.Addr
	// Live says that all inputs are taps of one running host: one clock, and
	// points that cover the run from its start.
	Live bool
	// Taps says that the inputs are taps that run at the same time, on clocks of
	// their own: none of them can wait until another one has been read.
	Taps bool
	// OneRecording says that all inputs are the same recording, read once for
	// each part: one clock, and points that cover the same time.
	OneRecording bool
	// ServerKeys are the host's own public keys, PeerKeys those of clients that
	// it knows; empty: handshakes cannot be held against them.
	ServerKeys, PeerKeys []wg.Key
	// Tunnel says that the inside is known to be a WireGuard tunnel.
	Tunnel bool

	MaxFlows   int // live flows on each side
	MaxPending int // packets that wait for their twin
	MaxRows    int // listed flows per outcome, and listed mappings

	// Tick, if set, makes Run call OnTick between packets each time it fires.
	Tick   <-chan time.Time
	OnTick func(Progress)
}

// Progress is what a run has counted so far.
type Progress struct {
	Stages  [NumStages]StageCount
	Packets uint64
	Now     int64 // nanoseconds since 1970, of the packets
}

// Engine follows packets through both points. It is used by one goroutine.
type Engine struct {
	opts   Options
	inputs []*input

	captures []*capturePoint
	listed   int           // how many of them Evidence lists
	cur      *capturePoint // of the packet in hand
	points   [2]point
	now      int64
	end      int64
	slack    int64 // how far clocks and two taps can disagree on order
	doubt    int64 // how far they usually do

	flows       slab[flow]
	outflows    slab[outflow]
	flowTable   table
	outTable    table
	expected    int32 // where the packet in hand will probably find its flow; -1: not known
	scratch     node
	restoring   bool   // the WAN shows replies with the clients' own addresses
	reassign    bool   // packets of tied outside flows may be given to others
	touched     uint64 // keeps lookAhead's loads from being optimised away
	pending     pending
	sketches    slab[sketch]
	larges      slab[larges]
	troubles    slab[[2]trouble]
	clients     []*client
	clientIndex map[capture.Addr]int32
	own         map[capture.Addr]bool
	unknownMAC  bool // of one of several lines
	ownMAC      []capture.MAC
	gateway     capture.MAC // the host's link address inside, where that has one
	outerSide   *outerState
	keys        *keyring
	neighbours  []Neighbour

	openings     openings
	fragments    *fragments
	requests     slab[request]
	requestQueue queue
	requestGen   uint32
	marks        []mark

	rows      rows
	clock     clock
	residence sketch
	stages    [NumStages]Count
	caveats   []Caveat

	residenceCached int64
	residenceUntil  int64
	nextSweep       int64
	sweepFlow       int32
	sweepOut        int32
	evictFrom       uint32
	inboundOther    uint64
	directions      [2]uint64 // packets on the WAN by direction
	inboundFirst    int64
	inboundLast     int64
	total           uint64
	epochs          int
	blindAll        bool
	related         uint64
	ambiguous       uint64
	evicted         uint64
	oneSource       bool
	apart           bool      // one source holds its interfaces one after the other
	stretch         [2]uint64 // packets of each point since the last step back
	rolesTied       bool
	settled         bool // roles have been assigned
	damage          []error
}

// New returns an engine.
func New(opts Options) *Engine {
	if opts.Window <= 0 {
		opts.Window = DefaultWindow
	}
	if opts.MaxFlows <= 0 {
		opts.MaxFlows = DefaultMaxFlows
	}
	if opts.MaxPending <= 0 {
		opts.MaxPending = DefaultMaxPending
	}
	if opts.MaxRows <= 0 {
		opts.MaxRows = DefaultMaxRows
	}
	e := &Engine{
		opts: opts, now: unset, nextSweep: unset, slack: int64(10 * time.Millisecond), doubt: int64(time.Millisecond),
		flows: newSlab[flow](opts.MaxFlows), outflows: newSlab[outflow](opts.MaxFlows),
		flowTable: newTable(), outTable: newTable(),
		pending: newPending(opts.MaxPending), sketches: newSlab[sketch](opts.MaxFlows), larges: newSlab[larges](opts.MaxFlows), troubles: newSlab[[2]trouble](opts.MaxFlows),
		clientIndex: make(map[capture.Addr]int32), own: make(map[capture.Addr]bool),
		outerSide: newOuterState(), fragments: new(fragments), keys: newKeyring(opts.ServerKeys, opts.PeerKeys),
		requests: newSlab[request](1 << 16), rows: newRows(opts.MaxRows),
		inboundFirst: unset, residenceUntil: unset, residenceCached: minResidence,
	}
	for i := range e.points {
		e.points[i].from = unset
		e.points[i].to = unset
	}
	for _, a := range opts.Own {
		e.own[capture.AddrFromNetip(a)] = true
	}
	e.outerSide.port = opts.WGPort
	for _, a := range opts.Own {
		if opts.WGPort != 0 {
			e.outerSide.addServer(netip.AddrPortFrom(a, opts.WGPort))
		}
	}
	return e
}

// Damage returns what ended a source early; what stood before it was used.
func (e *Engine) Damage() []error { return e.damage }

// Run reads all inputs to their end, or until ctx is done, and returns the
// evidence. The error is a *RolesError when the person must say which capture
// is which; damage of a source is no error (see Damage).
func (e *Engine) Run(ctx context.Context, inputs []Input) (*Evidence, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for i := range inputs {
		e.inputs = append(e.inputs, newInput(ctx, i, inputs[i]))
	}
	defer func() {
		cancel()
		for _, in := range e.inputs {
			in.drain()
		}
	}()
	e.oneSource = len(inputs) == 1 || e.opts.OneRecording
	e.fillHeads()
	if err := e.assign(); err != nil {
		return nil, err
	}
	e.merge()
	return e.finish(), nil
}

// merge takes packets of all inputs in the order of time. An input that has
// none at hand holds the others back to its watermark.
func (e *Engine) merge() {
	for {
		var first *input
		limit, mark := int64(maxTime), int64(maxTime)
		open := false
		for _, in := range e.inputs {
			if !in.holds() {
				e.ready(in)
			}
			next, ok := in.next()
			if !ok {
				if !in.finished() {
					open = true
					mark = min(mark, in.tunnel(in.mark))
				}
				continue
			}
			open = true
			in.at = in.tunnel(next)
			if first == nil || in.at < first.at {
				if first != nil {
					limit = min(limit, first.at)
				}
				first = in
			} else {
				limit = min(limit, in.at)
			}
		}
		if !open {
			return
		}
		if first != nil && first.at <= mark {
			limit = min(limit, mark)
			if limit >= e.nextSweep {
				e.reach()
			}
			e.take(first, limit)
			continue
		}
		if e.now != unset && mark > e.now && mark != maxTime {
			e.advance(mark)
			e.cover(mark)
		}
		for _, in := range e.inputs {
			in.want = true
		}
	}
}

// cover notes that live taps watched up to a moment at which nothing came.
func (e *Engine) cover(t int64) {
	for i := range e.points {
		if e.points[i].present && !e.points[i].cut {
			e.points[i].to = max(e.points[i].to, t)
		}
	}
}

// reach notes that a source which has begun and holds its next packet in hand
// watched up to that packet's time, however quiet it was in between.
func (e *Engine) reach() {
	for _, in := range e.inputs {
		if !in.begun {
			continue
		}
		if next, ok := in.next(); ok {
			c := in.faces[0]
			if i := in.batch.Packets[in.pos].Iface; int(i) < len(in.faces) {
				c = in.faces[i]
			}
			if c.role != capture.RoleUnknown {
				pt := &e.points[sideOf(c.role)]
				pt.to = max(pt.to, c.line.tunnel(next))
			}
		}
	}
}

// take processes the packets of one input up to the time at which another one
// has its next.
func (e *Engine) take(in *input, limit int64) {
	b := in.batch
	for ; in.pos < len(b.Packets) && in.tunnel(b.Packets[in.pos].Time) <= limit; in.pos++ {
		if in.pos >= in.ahead.end {
			e.lookAhead(in)
		}
		e.expected = in.ahead.at(in.pos)
		e.packet(in, &b.Packets[in.pos], b)
	}
}

// packet takes one record.
func (e *Engine) packet(in *input, p *capture.Packet, b *capture.Batch) {
	c := e.captureOf(in, p.Iface, b)
	c.count(p)
	e.total++
	in.begun = true
	if p.Flags&capture.FlagTimeUnknown != 0 || c.role == capture.RoleUnknown {
		return
	}
	t := c.line.tunnel(p.Time)
	side := sideOf(c.role)
	pt := &e.points[side]
	if c.packets == 1 && !e.oneSource && !e.opts.Live && pt.packets > 0 && t > pt.to {
		// The next file of a rotation: nothing watched between the two.
		pt.addDrop(span{pt.to, t}, 0)
	}
	// Before the clock moves on: that this packet was seen shows that the tap
	// watched up to it.
	pt.note(t, &e.points[1-side], e.oneSource)
	e.advance(t)
	e.stretch[side]++
	e.cur = c
	if p.Flags&capture.FlagTruncated != 0 {
		pt.blurred = pt.blurred || blurred(p)
		if p.Kind == capture.KindIP && p.Proto == protoTCP {
			pt.cutTCP[familyIndex(family(p.Dst))] = true
		}
	}
	if p.Kind == capture.KindICMPError && p.Flags&capture.FlagTruncated != 0 && cutQuote(p, b) {
		pt.cutErrors[familyIndex(family(p.Dst))] = true
	}
	if side == inside {
		e.tunnel(p, t, c, b)
		return
	}
	e.wan(p, t, c, b)
}

// cutQuote reports whether an ICMP error was cut before the ports of what it
// quotes.
func cutQuote(p *capture.Packet, b *capture.Batch) bool {
	if p.Ref < 0 || int(p.Ref) >= len(b.Quotes) {
		return true
	}
	q := &b.Quotes[p.Ref]
	return q.SrcPort == 0 && q.DstPort == 0
}

// blurred reports whether a packet was cut so short that what would identify it
// across the join is missing.
func blurred(p *capture.Packet) bool {
	switch p.Kind {
	case capture.KindUDP, capture.KindEchoRequest, capture.KindEchoReply:
		return p.Hash16 == 0 && p.WG.Type == 0
	}
	return false
}

// note extends what a point covers; points of one source cover the same.
func (p *point) note(t int64, other *point, shared bool) {
	p.packets++
	if t > p.to {
		p.to = t
		if shared && t > other.to {
			other.to = t
		}
	}
	if p.from == unset || t < p.from {
		p.from = t
	}
}
