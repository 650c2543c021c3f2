package main

import (
	"context"
	"os"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
)

// endOn calls stop when something ends a run: the person, its time, ctx, or ended,
// which may be nil. A second signal calls abort and leaves at once. Whoever sees the
// run's end calls done.
func (o *liveOptions) endOn(ctx context.Context, signals <-chan os.Signal, ended <-chan struct{}, stop, abort func()) (done func()) {
	over := make(chan struct{})
	var timer <-chan time.Time
	if o.duration > 0 {
		timer = time.After(o.duration)
	}
	go func() {
		select {
		case <-signals:
		case <-timer:
		case <-ctx.Done():
		case <-ended:
		case <-over:
			return
		}
		stop()
		select {
		case <-signals:
			abort()
			os.Exit(exitAborted)
		case <-over:
		}
	}()
	return func() { close(over) }
}

// progress is the line that counts on a terminal where no view shows the run.
func (o *liveOptions) progress(s streams, v *view) *progress {
	on := v == nil && isTerminal(s.err) && !o.output.quiet && os.Getenv("TERM") != "dumb"
	return newProgress(s.err, on, o.duration)
}

// tell says a line on stderr, or on the screen where that has the terminal.
func (o *liveOptions) tell(s streams, v *view, line string) {
	if v != nil && v.onScreen {
		v.notice(line)
		return
	}
	o.note(s.err, "%s", line)
}

// attend shows the run of an engine that is still to be made, and returns what ends
// that; v may be nil.
func (v *view) attend(ctx context.Context, s streams, signals chan<- os.Signal, opts *correlate.Options, engine func() *correlate.Engine) (end func()) {
	if v == nil {
		return func() {}
	}
	lookAfter(opts, engine, &v.changed[0], v.offer)
	return v.open(ctx, s, signals)
}

// restore is deferred: after a panic the terminal must not stay as the screen needs
// it. v may be nil.
func (v *view) restore() {
	if p := recover(); p != nil {
		v.abort()
		panic(p)
	}
}
