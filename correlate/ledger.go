package correlate

import (
	"slices"

	"github.com/wgtrace/wgtrace/capture"
)

// Ledger counts the requests of one client in one family by fate, over a span
// in which nothing changed.
type Ledger struct {
	Started, Ended int64 // nanoseconds since 1970
	Fates          [NumFates]FateCount
	Kinds          [NumRequestKinds][NumFates]uint64 // the same counts by kind
	// AnsweredPrivate counts the answered requests to private addresses.
	AnsweredPrivate uint64

	// Served is in how many networks (/24, of IPv6 /48) those were that had
	// answered before it began, of the last 32 of them.
	Served int

	Trigger Trigger
	// Changed names what the episode began with: settings, as Engine.Mark was
	// told, or for TriggerPackets the stage that requests began to reach or no
	// longer reach, as the JSON report names stages.
	Changed []string
	// Stages is what the client had at the inner stages in it, up to the first
	// request of the next.
	Stages [NumStages]Count
}

// Judgeable reports whether enough came of its requests to say something: one
// was answered, or three of them ended otherwise.
func (l *Ledger) Judgeable() bool {
	known := uint64(0)
	for f := range l.Fates {
		if fate := Fate(f); fate != FatePending && fate != FateUnobservable {
			known += l.Fates[f].Count
		}
	}
	return known >= 3 || l.Fates[FateAnswered].Count+l.Fates[FateLocal].Count > 0
}

// Now returns the last ledger that can be judged, which is the one that a verdict
// is about; where none can be, the last one; nil without any.
func (f *FamilyEvidence) Now() *Ledger {
	var now *Ledger
	for i := len(f.Ledgers) - 1; i >= 0; i-- {
		if now == nil || f.Ledgers[i].Judgeable() {
			now = &f.Ledgers[i]
		}
		if f.Ledgers[i].Judgeable() {
			break
		}
	}
	return now
}

// maxEpisodes bounds the spans that are kept apart for one client; more changes
// than that are a flapping path, and the oldest spans are merged.
const maxEpisodes = 16

// passesToSplit is how many requests in a row must pass a stage at which all
// had died before, so that something was fixed.
const passesToSplit = 3

// ledger counts requests by fate.
type ledger struct {
	started, ended int64
	fates          [NumFates]*fateCount
	kinds          [NumRequestKinds][NumFates]uint64
	private        uint64           // answered requests to private addresses
	served         int              // as in Ledger
	trigger        Trigger          // why it began
	changed        []string         // and with what
	base           [NumStages]Count // what the client had at each stage by then
	tail           *ledger          // what may be the next one: requests that all ended otherwise than before
	passes         int              // in tail, of a path that was dead
}

type fateCount struct {
	count       uint64
	first, last int64
	targets     []capture.Addr // up to maxTargets
	known       []bool         // of each: it had answered before
	tries       []uint64
	samples     []Sighting
}

const (
	maxTargets = 16
	maxSamples = 6
)

// add enters a request. Two things begin a new ledger, because a verdict speaks
// of now: every request so far died at one stage, and then passesToSplit in a
// row got past it; or a path that worked broke.
func (f *familyState) add(r *request, fate Fate, marks []mark, now *[NumStages]Count) {
	f.heed(marks, r, now)
	if len(f.ledgers) == 0 {
		f.ledgers = append(f.ledgers, &ledger{started: r.time, trigger: TriggerStart})
	}
	l := f.ledgers[len(f.ledgers)-1]
	known := f.known.has(r)
	if fate == FateAnswered && !known {
		f.remember(r)
	}
	if fate == FatePending || fate == FateUnobservable {
		l.enter(r, fate, known)
		return
	}
	dead := l.deadAt()
	switch {
	case dead > 0 && past(fate, dead):
		f.suspect(r, now, pastStage[dead])
		l.tail.enter(r, fate, known)
		if l.passes++; l.passes >= passesToSplit {
			f.part()
		}
	case dead == 0 && f.breaks(r, fate, known):
		f.suspect(r, now, pastStage[rank(fate)])
		l.tail.enter(r, fate, known)
		if f.broke(rank(fate)) {
			f.part()
		}
	default:
		f.rejoin()
		l.enter(r, fate, known)
	}
}

// suspect begins what may become the next ledger, if it has not begun.
func (f *familyState) suspect(r *request, now *[NumStages]Count, changed Stage) {
	if l := f.ledgers[len(f.ledgers)-1]; l.tail == nil {
		l.tail = &ledger{started: r.time, trigger: TriggerPackets, changed: []string{changed.String()}, base: r.before.whole(now), served: f.known.networks()}
	}
}

// part makes the suspicion the last ledger.
func (f *familyState) part() {
	l := f.ledgers[len(f.ledgers)-1]
	fresh := l.tail
	l.tail, l.passes = nil, 0
	f.open(fresh)
}

// open begins a ledger. The oldest two become one when there are too many.
func (f *familyState) open(l *ledger) {
	f.ledgers = append(f.ledgers, l)
	if len(f.ledgers) > maxEpisodes {
		f.ledgers[0].absorb(f.ledgers[1])
		f.ledgers = slices.Delete(f.ledgers, 1, 2)
	}
}

// rejoin counts what looked like a change as part of the last ledger.
func (f *familyState) rejoin() {
	if l := f.ledgers[len(f.ledgers)-1]; l.tail != nil {
		l.absorb(l.tail)
		l.tail, l.passes = nil, 0
	}
}

// deadAt returns the rank of the deaths that all judged requests of a ledger
// died, if there are enough of them to say so; else 0.
func (l *ledger) deadAt() int {
	dead, n := 0, uint64(0)
	for i, c := range l.fates {
		fate := Fate(i)
		if c == nil || fate == FatePending || fate == FateUnobservable {
			continue
		}
		if rank(fate) == 0 || dead != 0 && rank(fate) != dead {
			return 0
		}
		dead, n = rank(fate), n+c.count
	}
	if n < passesToSplit {
		return 0
	}
	return dead
}

// past reports whether a request with one fate got further than where others died.
func past(fate Fate, dead int) bool {
	return fate == FateAnswered || fate == FateLocal || rank(fate) > dead
}

// Ranks of deaths.
const (
	rankNoEgress = 1 + iota
	rankUntranslated
	rankNoReply
	rankReplyLost
)

// rank orders the deaths by how far the request came; 0 is none.
func rank(f Fate) int {
	switch f {
	case FateNoEgress, FateRejected:
		return rankNoEgress
	case FateUntranslated:
		return rankUntranslated
	case FateNoReply:
		return rankNoReply
	case FateReplyLost:
		return rankReplyLost
	}
	return 0
}

// pastStage is the stage that a request which dies at a rank does not reach.
var pastStage = [...]Stage{rankNoEgress: WANOut, rankUntranslated: WANIn, rankNoReply: WANIn, rankReplyLost: TunnelOut}

// enter counts a request; known says that who was asked had answered before.
func (l *ledger) enter(r *request, fate Fate, known bool) {
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
		c.known[i] = c.known[i] || known
	} else if len(c.targets) < maxTargets {
		c.targets = append(c.targets, r.target)
		c.tries = append(c.tries, 1)
		c.known = append(c.known, known)
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
				c.known[j] = c.known[j] || oc.known[i]
			} else if len(c.targets) < maxTargets {
				c.targets = append(c.targets, a)
				c.tries = append(c.tries, oc.tries[i])
				c.known = append(c.known, oc.known[i])
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
				clone.targets, clone.tries, clone.known = slices.Clone(c.targets), slices.Clone(c.tries), slices.Clone(c.known)
				clone.samples = slices.Clone(c.samples)
				whole.fates[i] = &clone
			}
		}
		whole.absorb(l.tail)
	}
	out := Ledger{
		Started: whole.started, Ended: whole.ended, Kinds: whole.kinds, AnsweredPrivate: whole.private,
		Served: l.served, Trigger: l.trigger, Changed: slices.Clone(l.changed),
	}
	for fate, c := range whole.fates {
		if c == nil {
			continue
		}
		tries := uint64(0)
		for _, n := range c.tries {
			tries = max(tries, n)
		}
		out.Fates[fate] = FateCount{
			Count: c.count, Targets: len(c.targets), Networks: c.networks(false), Known: c.networks(true), MaxTries: tries,
			First: c.first, Last: c.last, Samples: slices.Clone(c.samples),
		}
	}
	return out
}

// networks returns in how many networks the targets are, or those of them that
// had answered.
func (c *fateCount) networks(known bool) int {
	n := networks{}
	for i, a := range c.targets {
		if c.known[i] || !known {
			n.add(a)
		}
	}
	return len(n)
}
