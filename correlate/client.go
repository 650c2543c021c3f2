package correlate

import (
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/capture"
)

// maxClients bounds how many inner addresses are followed: the tunnel side of a
// hostile capture can name millions.
const maxClients = 4096

// maxEpisodes bounds the spans that are kept apart for one client; more changes
// than that are a flapping path, and the oldest spans are merged.
const maxEpisodes = 16

// passesToSplit is how many requests in a row must pass a stage at which all
// had died before, so that something was fixed.
const passesToSplit = 3

// client is one inner address.
type client struct {
	addr      capture.Addr
	confirmed bool // known to be a client, not only guessed from a packet
	stages    [NumStages]Count
	first     int64
	last      int64
	attempts  uint64
	families  [2]familyState
	peerVotes []peerVote
	resolvers []*resolver
	asked     asked
	acked     [2]uint32  // by direction: the largest TCP packet whose beginning was acknowledged, of large ones
	mss       uint16     // the largest that it offered
	stalls    []Sighting // third repetitions of large segments
	glued     bool       // merged segments at tunnel_in: sizes do not tell messages apart
}

type peerVote struct {
	peer  int32
	votes uint32
}

// familyState is what a client did in one family.
type familyState struct {
	ledgers      []*ledger
	replies      uint64
	replyToInner uint64
	unroutable   uint64
	localAnswers uint64
	wanAddrs     []capture.Addr
	signs        *signs
}

// ledger counts requests by fate.
type ledger struct {
	started, ended int64
	fates          [NumFates]*fateCount
	kinds          [NumRequestKinds][NumFates]uint64
	private        uint64  // answered requests to private addresses
	tail           *ledger // passes since the last death, if all before died at one stage
	passes         int
}

type fateCount struct {
	count       uint64
	first, last int64
	targets     []capture.Addr // up to maxTargets
	tries       []uint64
	samples     []Sighting
}

const (
	maxTargets = 16
	maxSamples = 6
)

func familyIndex(f Family) int {
	if f == IPv6 {
		return 1
	}
	return 0
}

// clientAt returns a client by index.
func (e *Engine) clientAt(i int32) *client { return e.clients[i] }

// clientOf returns the index of the client with an address, made if needed.
// When there are too many, all the rest share one without an address, which is
// never confirmed nor listed: it must not speak for anybody.
func (e *Engine) clientOf(a capture.Addr, t int64) int32 {
	if i, ok := e.clientIndex[a]; ok {
		c := e.clients[i]
		if c.first == unset || t < c.first {
			c.first = t
		}
		c.last = max(c.last, t)
		return i
	}
	i := int32(len(e.clients))
	if i > maxClients {
		e.evicted++
		return maxClients
	}
	if i == maxClients {
		e.evicted++
		a = capture.Addr{} // that of nobody, under which the rest is summed up
	}
	e.clients = append(e.clients, &client{addr: a, first: t, last: t, confirmed: e.givenClient(a)})
	e.clientIndex[a] = i
	return i
}

// confirmClient notes that packets proved an address to be a client.
func (e *Engine) confirmClient(i int32) { e.clients[i].confirmed = i < maxClients }

// isClient reports whether an address is known to be a client.
func (e *Engine) isClient(a capture.Addr) bool {
	if i, ok := e.clientIndex[a]; ok {
		return e.clients[i].confirmed
	}
	return e.givenClient(a)
}

// givenClient reports whether the person or the settings name a as a client.
func (e *Engine) givenClient(a capture.Addr) bool {
	if len(e.opts.Clients) == 0 || e.own[a] {
		return false
	}
	ip := a.Netip()
	return slices.ContainsFunc(e.opts.Clients, func(p netip.Prefix) bool { return p.Contains(ip) })
}

func (c *client) noteWANAddr(a capture.Addr, fam Family) {
	f := &c.families[familyIndex(fam)]
	if len(f.wanAddrs) < 8 && !slices.Contains(f.wanAddrs, a) {
		f.wanAddrs = append(f.wanAddrs, a)
	}
}

// add enters a request. When every request so far died at one stage and then
// passesToSplit in a row got past it, the passes begin a new ledger: something
// was repaired in between, and a verdict speaks of now.
func (f *familyState) add(r *request, fate Fate) {
	if len(f.ledgers) == 0 {
		f.ledgers = append(f.ledgers, &ledger{started: r.time})
	}
	l := f.ledgers[len(f.ledgers)-1]
	if dead, ok := l.deadAt(); ok && past(fate, dead) {
		if l.tail == nil {
			l.tail = &ledger{started: r.time}
		}
		l.tail.enter(r, fate)
		l.passes++
		if l.passes >= passesToSplit {
			fresh := l.tail
			l.tail, l.passes = nil, 0
			f.ledgers = append(f.ledgers, fresh)
			if len(f.ledgers) > maxEpisodes {
				f.ledgers[1].absorb(f.ledgers[0])
				f.ledgers = f.ledgers[1:]
			}
		}
		return
	}
	if l.tail != nil && fate != FatePending && fate != FateUnobservable {
		l.absorb(l.tail)
		l.tail, l.passes = nil, 0
	}
	l.enter(r, fate)
}

// deadAt returns the fate that all judged requests of a ledger share, if it is
// a death and there are enough of them to say so.
func (l *ledger) deadAt() (Fate, bool) {
	dead, n := FatePending, uint64(0)
	for fate, c := range l.fates {
		if c == nil || Fate(fate) == FatePending || Fate(fate) == FateUnobservable {
			continue
		}
		if dead != FatePending {
			return 0, false
		}
		dead, n = Fate(fate), c.count
	}
	return dead, n >= passesToSplit && dead != FateAnswered && dead != FateLocal
}

// past reports whether a request with one fate got further than where others died.
func past(fate, dead Fate) bool {
	if fate == FateAnswered || fate == FateLocal {
		return true
	}
	return rank(fate) > rank(dead)
}

// rank orders the deaths by how far the request came; 0 says nothing.
func rank(f Fate) int {
	switch f {
	case FateNoEgress, FateRejected:
		return 1
	case FateUntranslated:
		return 2
	case FateNoReply:
		return 3
	case FateReplyLost:
		return 4
	}
	return 0
}

func (l *ledger) enter(r *request, fate Fate) {
	c := l.fates[fate]
	if c == nil {
		c = &fateCount{first: r.time}
		l.fates[fate] = c
	}
	c.count++
	c.last = r.time
	l.ended = r.time
	l.kinds[kindOf(r.kind)][fate]++
	if fate == FateAnswered && !routable(r.target) {
		l.private++
	}
	if i := slices.Index(c.targets, r.target); i >= 0 {
		c.tries[i]++
	} else if len(c.targets) < maxTargets {
		c.targets = append(c.targets, r.target)
		c.tries = append(c.tries, 1)
	}
	if len(c.samples) < maxSamples {
		c.samples = append(c.samples, r.sighting)
		if r.beyond.Frame != 0 && len(c.samples) < maxSamples {
			c.samples = append(c.samples, r.beyond)
		}
	}
}

// absorb adds what another ledger counted.
func (l *ledger) absorb(o *ledger) {
	l.started = min(l.started, o.started)
	l.ended = max(l.ended, o.ended)
	l.private += o.private
	for k := range l.kinds {
		for fate := range l.kinds[k] {
			l.kinds[k][fate] += o.kinds[k][fate]
		}
	}
	for fate, oc := range o.fates {
		if oc == nil {
			continue
		}
		c := l.fates[fate]
		if c == nil {
			l.fates[fate] = oc
			continue
		}
		c.count += oc.count
		c.first, c.last = min(c.first, oc.first), max(c.last, oc.last)
		for i, a := range oc.targets {
			if j := slices.Index(c.targets, a); j >= 0 {
				c.tries[j] += oc.tries[i]
			} else if len(c.targets) < maxTargets {
				c.targets = append(c.targets, a)
				c.tries = append(c.tries, oc.tries[i])
			}
		}
		for _, s := range oc.samples {
			if len(c.samples) < maxSamples {
				c.samples = append(c.samples, s)
			}
		}
	}
}

// reopen makes deaths of the given fates unobservable if they fall into a span
// of time.
func (l *ledger) reopen(fates []Fate, s span) {
	if l.tail != nil {
		l.absorb(l.tail)
		l.tail, l.passes = nil, 0
	}
	for _, fate := range fates {
		c := l.fates[fate]
		if c == nil || c.first > s.to || c.last < s.from {
			continue
		}
		l.fates[fate] = nil
		moved := &ledger{started: l.started, ended: l.ended}
		for k := range l.kinds {
			moved.kinds[k][FateUnobservable] = l.kinds[k][fate]
			l.kinds[k][fate] = 0
		}
		moved.fates[FateUnobservable] = c
		l.absorb(moved)
	}
}

// snapshot returns the ledger as evidence.
func (l *ledger) snapshot() Ledger {
	whole := l
	if l.tail != nil {
		whole = &ledger{started: l.started}
		whole.absorb(l)
		for i, c := range whole.fates {
			if c != nil {
				clone := *c
				clone.targets, clone.tries = slices.Clone(c.targets), slices.Clone(c.tries)
				clone.samples = slices.Clone(c.samples)
				whole.fates[i] = &clone
			}
		}
		whole.absorb(l.tail)
	}
	out := Ledger{Started: whole.started, Ended: whole.ended, Kinds: whole.kinds, AnsweredPrivate: whole.private}
	for fate, c := range whole.fates {
		if c == nil {
			continue
		}
		tries := uint64(0)
		for _, n := range c.tries {
			tries = max(tries, n)
		}
		out.Fates[fate] = FateCount{
			Count: c.count, Targets: len(c.targets), MaxTries: tries,
			First: c.first, Last: c.last, Samples: slices.Clone(c.samples),
		}
	}
	return out
}

// routable reports whether the internet can send to an address: not private
// (RFC 1918, RFC 4193), shared (RFC 6598), loopback, link-local or unspecified.
func routable(a capture.Addr) bool {
	ip := a.Netip()
	return ip.IsValid() && !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() &&
		!ip.IsMulticast() && !ip.IsUnspecified() && !sharedSpace.Contains(ip)
}

// sharedSpace is the address block of carrier-grade NAT (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
