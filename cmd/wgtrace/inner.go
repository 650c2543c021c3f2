package main

import (
	"context"
	"errors"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/capture/live"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/host"
)

// errNoUplink is why there is no third tap.
var errNoUplink = errors.New("it has no default route")

// openInner opens the taps of the join inside the container. The tunnel is
// opened once more: each join reads at its own pace.
func (o *liveOptions) openInner(t *taps) error {
	if o.inside.uplink == "" {
		return errNoUplink
	}
	tunnel, err := o.tap(t, o.inside.facts, o.tunnel, capture.RoleTunnel, tapTunnelAgain)
	if err != nil {
		return err
	}
	uplink, err := o.tap(t, o.inside.facts, o.inside.uplink, capture.RoleWAN, tapUplink)
	if err != nil {
		tunnel.Close()
		return err
	}
	t.inner = []*live.Handle{tunnel, uplink}
	return nil
}

// watchInner runs the join inside the container until its taps are stopped. It
// gives nil where there is none, or where it fails: the path as a whole is
// judged without it. v, if any, sees it while it runs.
func (o *liveOptions) watchInner(ctx context.Context, t *taps, v *view) <-chan *correlate.Evidence {
	result := make(chan *correlate.Evidence, 1)
	if t.inner == nil {
		result <- nil
		return result
	}
	within := *o
	within.inside = nil
	within.analysis.port = 0 // what the host publishes need not be what the container listens on
	opts := within.engineOptions(o.inside.facts)
	var engine *correlate.Engine
	stop := func() {}
	if v != nil {
		ticker := time.NewTicker(tickEvery)
		opts.Tick, stop = ticker.C, ticker.Stop
		lookAfter(&opts, func() *correlate.Engine { return engine }, &v.changed[1], v.inner.Store)
	}
	engine = correlate.New(opts)
	go func() {
		defer stop()
		ev, err := engine.Run(context.WithoutCancel(ctx), []correlate.Input{
			{Source: t.inner[0], Picks: []correlate.Pick{{Role: capture.RoleTunnel}}},
			{Source: t.inner[1], Picks: []correlate.Pick{{Role: capture.RoleWAN}}},
		})
		if err != nil {
			ev = nil
		}
		result <- ev
	}()
	return result
}

// diagnose judges the run: facts are this host's, within those of the container
// with the tunnel if they are newer than the ones at hand, tried what the person did
// on the phone.
func (o *liveOptions) diagnose(ev, inner *correlate.Evidence, system string, facts, within *host.Snapshot, tried []diagnose.Attempt) *diagnose.Diagnosis {
	base := o.analysis.context(system)
	base.Attempts = tried
	if o.inside == nil {
		addFacts(&base, facts, o.tunnel, o.wan)
		return diagnose.Run(ev, base)
	}
	home := *o.inside
	if within != nil {
		home.facts = within
	}
	return home.judge(ev, inner, base, facts, o.tunnel, o.wan)
}
