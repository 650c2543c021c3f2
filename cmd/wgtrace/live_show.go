package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/screen"
	"github.com/wgtrace/wgtrace/internal/text"
	"github.com/wgtrace/wgtrace/report"
)

// shower is who a run is shown to.
type shower uint8

const (
	showNobody shower = iota
	showLines         // line by line, on stderr
	showScreen        // on a screen of its own
)

// attended reports whether somebody sits at a terminal.
func attended(s streams) bool { return isTerminalIn(s.in) && isTerminal(s.out) }

// shows says how a run is shown: on a screen of its own, in lines to a terminal
// that cannot move its cursor and to the log of a guided run.
func (o *liveOptions) shows(s streams) shower {
	switch {
	case o.output.quiet:
		return showNobody
	case attended(s) && os.Getenv("TERM") != "dumb":
		return showScreen
	case attended(s), o.bare:
		return showLines
	}
	return showNobody
}

// watched makes the view of a run, nil if nobody looks.
func (o *liveOptions) watched(s streams, how shower, facts *host.Snapshot, settings *runFacts, system string) (*view, error) {
	if how == showNobody {
		return nil, nil
	}
	words, err := text.For(o.output.lang)
	if err != nil {
		return nil, err
	}
	info, err := o.output.complete(report.Info{})
	if err != nil {
		return nil, err
	}
	guide := newGuide(words, o.testURL, o.tunnel, o.home(facts), facts)
	guide.mute = how != showScreen
	v := &view{
		o: o, words: words, redact: info.Redact, settings: settings, system: system, begun: time.Now(), onScreen: how == showScreen,
		guide: guide, looks: make(chan *correlate.Evidence, 1), answers: make(chan bool, 4),
	}
	return v, nil
}

// open begins to show the run and returns what ends that. What the person wants
// comes as a signal, as it does without a screen.
func (v *view) open(ctx context.Context, s streams, signals chan<- os.Signal) (end func()) {
	ask := func() {
		select {
		case signals <- os.Interrupt:
		default: // there is one already
		}
	}
	if v.onScreen {
		keys := func(k screen.Key) {
			switch k {
			case screen.KeyEnd:
				v.left.Store(true)
				ask()
			case screen.KeyLoaded, screen.KeyFailed:
				select {
				case v.answers <- k == screen.KeyLoaded:
				default: // the screen must not wait for a verdict
				}
			}
		}
		v.screen = screen.Open(s.in, s.out, v.o.output.color(s.out), v.state(v.begun), keys)
		v.show = func(state screen.State, _ *diagnose.Diagnosis) { v.screen.Show(state) }
	} else {
		v.show = (&lineShow{w: s.err, note: v.o.note}).show
	}
	if v.o.bare && !attended(s) {
		v.certain = ask
	}
	ctx, cancel := context.WithCancel(ctx)
	v.run(ctx)
	if v.onScreen {
		go func() {
			select {
			case <-v.screen.Done():
				ask() // it failed, and took the person's keys with it
			case <-ctx.Done():
			}
		}()
	}
	return func() {
		cancel()
		v.done.Wait()
		if v.screen == nil {
			return
		}
		if err := v.screen.Close(); err != nil {
			v.o.note(s.err, "the screen ended: %s", printable(err.Error()))
		}
		for _, n := range v.notices {
			v.o.note(s.err, "%s", n)
		}
		if v.gone != "" {
			v.o.note(s.err, "%s", v.gone)
		}
		if keep := v.reminder(time.Now()); keep != "" {
			v.o.note(s.err, "%s", keep)
		}
	}
}

// maxNotices bounds what is kept for the end of the run.
const maxNotices = 64

// notice shows on the screen what is said on stderr elsewhere, and keeps it.
func (v *view) notice(line string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.notices = append(v.notices, time.Now().Format(time.TimeOnly)+" "+line); len(v.notices) > maxNotices {
		v.notices = v.notices[1:]
	}
}

// abort gives the terminal back at once; v may be nil.
func (v *view) abort() {
	if v != nil && v.screen != nil {
		v.screen.Abort()
	}
}

// lineShow tells a run line by line: each thing once, when it changes.
type lineShow struct {
	w    io.Writer
	note func(io.Writer, string, ...any)

	said    map[string]bool
	verdict string
}

func (l *lineShow) show(s screen.State, d *diagnose.Diagnosis) {
	if l.said == nil {
		l.said = map[string]bool{}
		for i, step := range s.Steps {
			l.once(fmt.Sprintf("step %d: %s", i+1, step.Alone))
		}
	}
	for i, step := range s.Steps {
		if step.Done {
			l.once(fmt.Sprintf("step %d: ok", i+1))
		}
		if step.Hint != "" {
			l.once(step.Hint)
		}
	}
	verdict := d.Status.String() + " " + d.Finding
	if verdict != l.verdict && d.Status != diagnose.StatusInconclusive {
		l.note(l.w, "%s %s", s.Elapsed, s.Brief.Headline)
		if s.Fixed != "" {
			l.note(l.w, "%s", s.Fixed)
		}
		if s.Keep != "" {
			l.note(l.w, "%s", s.Keep)
		}
	}
	l.verdict = verdict
}

// once says a line that was not said before.
func (l *lineShow) once(line string) {
	if !l.said[line] {
		l.said[line] = true
		l.note(l.w, "%s", line)
	}
}
