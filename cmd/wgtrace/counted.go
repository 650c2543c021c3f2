package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/wgtrace/wgtrace/capture/live"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/text"
)

// How long wgtrace without arguments counts packets where it may not capture: with
// a person who picks up the phone first, and where nobody sits in front of it.
const (
	countAttended = 30 * time.Second
	countAlone    = 10 * time.Second
)

// runBare is wgtrace without arguments. Where nothing can be captured it says how
// that is repaired, and goes on with what can be read: settings and counters. A
// fault that they name ends it with the status of one; all else with that of a
// capture that was not possible, because that is what stands in the way of more.
func (o *liveOptions) runBare(ctx context.Context, s streams) error {
	if ctx == nil {
		ctx = context.Background()
	}
	err := o.run(ctx, s)
	if fed(o.tunnel) || !errors.Is(err, live.ErrPermission) && !errors.Is(err, live.ErrNoLibrary) {
		return err
	}
	facts, unread := host.Read(ctx)
	if unread != nil {
		return err
	}
	if _, none := facts.Tunnel(); none != nil {
		return err // counters of what?
	}
	finish(err, s.err)
	c := &checkOptions{output: o.output, watch: countAlone}
	if attended(s) {
		c.watch = countAttended
	}
	err = c.run(ctx, s)
	if err == error(verdictStatus(exitFault)) {
		return err
	}
	finish(err, s.err)
	return verdictStatus(exitNoCapture)
}

// count reads the counters of the machine with the tunnel before and after, while
// the person tries; an interrupt ends it early. It returns how long that was.
func (o *checkOptions) count(ctx context.Context, s streams, server *host.Snapshot, in *inside, tunnel string) (time.Duration, error) {
	words, err := text.For(o.output.lang)
	if err != nil {
		return 0, err
	}
	read := server.CountersNow
	if in != nil {
		read = func() (now map[string]uint64) {
			// A container that has ended counts nothing.
			_ = in.ns.Do(func() error {
				now = server.CountersNow()
				return nil
			})
			return now
		}
	}
	ctx, stop := signal.NotifyContext(ctx, endSignals()...)
	defer stop()
	shown := isTerminal(s.err) && !o.output.quiet && os.Getenv("TERM") != "dumb"
	if !o.output.quiet {
		fmt.Fprintf(s.err, "wgtrace: %s\n", words.Word("counted-watching", map[string]any{"name": defaultTest, "count": int64(o.watch.Round(time.Second) / time.Second)}))
	}
	ctx, cancel := context.WithTimeout(ctx, o.watch)
	defer cancel()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	begun := time.Now()
	server.CountersBefore = read()
	for watching := true; watching; {
		select {
		case <-ctx.Done():
			watching = false
		case <-ticker.C:
		}
		server.Counters = read()
		if shown {
			in, _ := server.Received(tunnel)
			on, _ := server.Forwarded()
			out, _ := server.Sent(tunnel)
			fmt.Fprintf(s.err, "\r\x1b[K%s", words.Word("counted-so-far", map[string]any{"arrived": in, "left": on, "returned": out}))
		}
	}
	if shown {
		fmt.Fprint(s.err, "\r\x1b[K")
	}
	return time.Since(begun), nil
}

// judge is what settings and counters say together; nil if none were to be watched,
// or there is no tunnel to count at.
func (o *checkOptions) judge(ctx context.Context, s streams, server *host.Snapshot, in *inside, dc diagnose.Context, checks []diagnose.Check) (*diagnose.Counted, error) {
	if o.watch == 0 || dc.Tunnel == "" {
		return nil, nil
	}
	took, err := o.count(ctx, s, server, in, dc.Tunnel)
	if err != nil {
		return nil, err
	}
	counted := diagnose.Judge(dc, checks, took)
	return &counted, nil
}
