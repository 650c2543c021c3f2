package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/screen"
	"github.com/wgtrace/wgtrace/internal/text"
	"github.com/wgtrace/wgtrace/report"
)

const (
	// lookEvery is how often a run is judged while it goes on. A verdict shows
	// within 2 s of the packets that allow it, which leaves room for a slow look.
	lookEvery = 500 * time.Millisecond
	// lookShare is how many times as long as a look took the next one waits: on a
	// busy server looking must not cost the packets that it is about.
	lookShare = 20
	// settingsEvery is how often the host's settings are read while it is watched.
	settingsEvery = 2 * time.Second
)

// view judges a run while it goes on and shows it to whoever watches.
type view struct {
	o        *liveOptions
	words    *text.Catalog
	guide    *guide
	settings *runFacts
	system   string
	begun    time.Time
	redact   *report.Redactor // one for the whole run: what an address is replaced by must not change
	onScreen bool
	screen   *screen.Screen // nil until it is open
	left     atomic.Bool    // the person ended the run there
	show     func(screen.State, *diagnose.Diagnosis)
	// certain is called once, when the verdict will not change any more; nil
	// where the run goes on.
	certain func()

	looks   chan *correlate.Evidence // the latest one only
	answers chan bool                // whether the page loaded
	inner   atomic.Pointer[correlate.Evidence]
	last    atomic.Pointer[correlate.Evidence]
	done    sync.WaitGroup

	changed [2]changes // for the run as a whole, and for that inside a container

	mu       sync.Mutex
	notices  []string // said while the screen was open
	attempts []diagnose.Attempt
	states   map[string]diagnose.State // of the settings, where they are known
	steady   steady
	broken   bool      // a fault was seen that is not known to be gone
	fixed    time.Time // when it was found to be gone; zero: there is none, or it is back
	gone     string    // says so
	keep     string    // what keeps the command that was shown last, where it takes itself back
}

// changes are settings that were found changed and that a run was not told of.
type changes struct {
	mu   sync.Mutex
	list []change
}

type change struct {
	at   int64 // nanoseconds since 1970
	what []string
}

func (c *changes) add(x change) {
	c.mu.Lock()
	c.list = append(c.list, x)
	c.mu.Unlock()
}

func (c *changes) tell(e *correlate.Engine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.list {
		e.Mark(x.at, correlate.TriggerSettings, x.what...)
	}
	c.list = nil
}

// lookAfter makes a run call keep with what it has seen so far, again and again,
// and tells it of changed settings.
func lookAfter(opts *correlate.Options, engine func() *correlate.Engine, changed *changes, keep func(*correlate.Evidence)) {
	before, next := opts.OnTick, time.Time{}
	opts.OnTick = func(p correlate.Progress) {
		if before != nil {
			before(p)
		}
		changed.tell(engine())
		begun := time.Now()
		if begun.Before(next) {
			return
		}
		keep(engine().Snapshot())
		next = time.Now().Add(max(lookEvery, lookShare*time.Since(begun)))
	}
}

// offer hands over what was seen so far; what was not judged yet is old.
func (v *view) offer(ev *correlate.Evidence) {
	select {
	case <-v.looks:
	default:
	}
	v.looks <- ev
}

// run judges until ctx is done.
func (v *view) run(ctx context.Context) {
	v.done.Go(func() { v.readSettings(ctx) })
	v.done.Go(func() {
		for {
			select {
			case ev := <-v.looks:
				begun := time.Now()
				v.look(ev, begun)
				select {
				case <-time.After(lookShare * time.Since(begun)):
				case <-ctx.Done():
				}
			case loaded := <-v.answers:
				v.answer(loaded)
			case <-ctx.Done():
				return
			}
		}
	})
}

// readSettings reads the settings of the host again and again: the person may
// be repairing it.
func (v *view) readSettings(ctx context.Context) {
	ticker := time.NewTicker(settingsEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if ev := v.last.Load(); ev != nil {
			v.settings.look(ctx, ev, v.o.tunnel)
		}
	}
}

// answer takes the person's word on whether the page loaded.
func (v *view) answer(loaded bool) {
	v.mu.Lock()
	v.attempts = append(v.attempts, diagnose.Attempt{Time: time.Now().UnixNano(), Loaded: loaded})
	v.guide.answer(loaded)
	v.mu.Unlock()
	if ev := v.last.Load(); ev != nil {
		v.look(ev, time.Now())
	}
}

// attemptsOf writes them as a report does.
func attemptsOf(tried []diagnose.Attempt) []report.Attempt {
	var list []report.Attempt
	for _, a := range tried {
		list = append(list, report.Attempt{Time: report.Time{NS: a.Time, Known: true}, Loaded: a.Loaded})
	}
	return list
}

// tried returns the attempts so far; v may be nil.
func (v *view) tried() []diagnose.Attempt {
	if v == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.attempts)
}

// look judges what was seen so far and shows it.
func (v *view) look(ev *correlate.Evidence, now time.Time) {
	v.last.Store(ev)
	facts, within, at := v.settings.latest()
	d := v.o.diagnose(ev, v.inner.Load(), v.system, facts, within, v.tried())

	v.mu.Lock()
	defer v.mu.Unlock()
	info := report.Info{Live: !v.o.analysis.remote, OSChoice: v.system, Lang: v.o.output.lang, Redact: v.redact}
	if v.redact != nil {
		info.HostJSON = factsJSON(facts) // for the names in it
	}
	r := report.Build(ev, d, info)
	v.compare(d.Settings, at)
	v.guide.look(ev, now)
	state := v.state(now)
	v.gone = v.repaired(ev, d, now)
	state.Brief, state.Fixed = r.Brief(briefFlows), v.gone
	if d.Status == diagnose.StatusFault {
		v.keep = state.Brief.Keep
	}
	state.Keep = v.reminder(now)
	v.show(state, d)
	if v.certain != nil && v.steady.sure(ev, d, r) {
		v.certain()
		v.certain = nil
	}
}

// compare notes settings that became right or wrong since they were last read at a
// moment: what the packets show from then on is judged by itself. What merely was
// not known before changes nothing.
func (v *view) compare(settings []diagnose.Check, at time.Time) {
	var what []string
	if v.states == nil {
		v.states = map[string]diagnose.State{}
	}
	for _, c := range settings {
		if c.State != diagnose.StateOK && c.State != diagnose.StateWrong {
			continue
		}
		key := c.ID + " " + c.Client.String()
		if was := v.states[key]; was != diagnose.StateUnknown && was != c.State && !slices.Contains(what, c.ID) {
			what = append(what, c.ID)
		}
		v.states[key] = c.State
	}
	for i := range v.changed {
		if len(what) > 0 {
			v.changed[i].add(change{at.UnixNano(), what})
		}
	}
}

// briefFlows is how many conversations a screen can hold at most.
const briefFlows = 40

// state is what a screen shows apart from the verdict.
func (v *view) state(now time.Time) screen.State {
	wans := strings.Join(append([]string{v.o.wan}, v.o.lines...), ", ")
	return screen.State{
		Title:   v.words.Word("live-title", map[string]any{"name": printable(v.o.tunnel), "why": printable(wans)}),
		Elapsed: v.elapsed(now),
		Steps:   v.guide.steps(v.words, now),
		Link:    v.guide.square(),
		Labels:  v.labels(),
		Notices: v.notices[max(len(v.notices)-shownNotices, 0):],
	}
}

func (v *view) elapsed(now time.Time) string {
	s := clockOf(now.Sub(v.begun))
	if v.o.duration > 0 {
		s += " / " + clockOf(v.o.duration)
	}
	return s
}

// shownNotices is how many of them a screen shows, the last ones.
const shownNotices = 2

// clockOf writes a time as minutes and seconds.
func clockOf(d time.Duration) string {
	n := int(d.Round(time.Second).Seconds())
	return fmt.Sprintf("%02d:%02d", n/60, n%60)
}

func (v *view) labels() screen.Labels {
	w := func(id string) string { return v.words.Word(id, nil) }
	// Also while nothing has come: that the phone tried is for the person to say.
	keys := "live-keys-ask"
	if v.guide.done[stepName] {
		keys = "live-keys"
	}
	return screen.Labels{Why: w("label-why"), Do: w("label-now"), Undo: w("undo"), Then: w("label-then"), Again: w("live-again"),
		Flows: w("live-flows"), FlowCounts: w("col-path"), Keys: w(keys)}
}

// repaired notes when a fault that was seen is gone, and says so.
func (v *view) repaired(ev *correlate.Evidence, d *diagnose.Diagnosis, now time.Time) string {
	switch d.Status {
	case diagnose.StatusFault:
		v.broken, v.fixed = true, time.Time{}
	case diagnose.StatusHealthy:
		if v.broken {
			v.broken, v.fixed = false, now
		}
	}
	if v.fixed.IsZero() {
		return ""
	}
	total, left, answered := passed(ev, d)
	return v.words.Word("live-fixed", map[string]any{
		"name": v.fixed.Format(time.TimeOnly), "total": total, "left": left, "count": answered,
	})
}

// remindFor is how long a repair that takes itself back after 2 min may be one that
// nobody has kept yet.
const remindFor = 150 * time.Second

// reminder says how to keep a repair, "" where there is nothing to keep.
func (v *view) reminder(now time.Time) string {
	if v.gone == "" || now.Sub(v.fixed) > remindFor {
		return ""
	}
	return v.keep
}

// passed counts the requests of the device that the verdict is about, since
// something last changed: those that are decided, that left, and that were
// answered.
func passed(ev *correlate.Evidence, d *diagnose.Diagnosis) (total, left, answered uint64) {
	if d.Headline < 0 {
		return 0, 0, 0
	}
	for i := range ev.Clients[d.Headline].Families {
		list := ev.Clients[d.Headline].Families[i].Ledgers
		if len(list) == 0 {
			continue
		}
		for fate, f := range list[len(list)-1].Fates {
			switch correlate.Fate(fate) {
			case correlate.FateAnswered:
				answered += f.Count
				left += f.Count
				total += f.Count
			case correlate.FateUntranslated, correlate.FateNoReply, correlate.FateReplyLost:
				left += f.Count
				total += f.Count
			case correlate.FateNoEgress, correlate.FateRejected:
				total += f.Count
			}
		}
	}
	return total, left, answered
}

// enoughAnswers is how many requests must be answered before a path that nobody
// watches any longer is called healthy.
const enoughAnswers = 3

// steady tells a verdict that stays from one that is still being made.
type steady struct {
	verdict string
	since   int64 // nanoseconds since 1970, of the packets
}

// sure reports whether a verdict will not change any more: a fault whose place
// is proved and that did not change for a second, or answers with nothing left
// open for as long as a request may take.
func (s *steady) sure(ev *correlate.Evidence, d *diagnose.Diagnosis, r *report.Report) bool {
	if v := d.Status.String() + d.Finding; v != s.verdict {
		s.verdict, s.since = v, ev.Ended
	}
	stood := time.Duration(ev.Ended - s.since)
	switch d.Status {
	case diagnose.StatusFault:
		return r.Proved() && stood >= time.Second
	case diagnose.StatusHealthy:
		_, _, answered := passed(ev, d)
		return answered >= enoughAnswers && stood >= correlate.AnswerTime
	}
	return false
}
