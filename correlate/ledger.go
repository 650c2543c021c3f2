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
	trigger        Trigger          // why it began
	changed        []string         // and with what
	base           [NumStages]Count // what the client had at each stage by then
	tail           *ledger          // passes since the last death, if all before died at one stage
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

// add enters a request. When every request so far died at one stage and then
// passesToSplit in a row got past it, the passes begin a new ledger: something
// was repaired in between, and a verdict speaks of now.
func (f *familyState) add(r *request, fate Fate, marks []mark, now *[NumStages]Count) {
	f.heed(marks, r, now)
	if len(f.ledgers) == 0 {
		f.ledgers = append(f.ledgers, &ledger{started: r.time, trigger: TriggerStart})
	}
	l := f.ledgers[len(f.ledgers)-1]
	if dead, ok := l.deadAt(); ok && past(fate, dead) {
		if l.tail == nil {
			l.tail = &ledger{started: r.time, trigger: TriggerPackets, base: r.before.whole(now)}
		}
		l.tail.enter(r, fate)
		l.passes++
		if l.passes >= passesToSplit {
			fresh := l.tail
			l.tail, l.passes = nil, 0
			f.open(fresh)
		}
		return
	}
	if fate != FatePending && fate != FateUnobservable {
		f.rejoin()
	}
	l.enter(r, fate)
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
	out := Ledger{
		Started: whole.started, Ended: whole.ended, Kinds: whole.kinds, AnsweredPrivate: whole.private,
		Trigger: l.trigger, Changed: slices.Clone(l.changed),
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
			Count: c.count, Targets: len(c.targets), MaxTries: tries,
			First: c.first, Last: c.last, Samples: slices.Clone(c.samples),
		}
	}
	return out
}
