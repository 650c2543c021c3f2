package main

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/capture/feed"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/report"
)

// tapSource is a tap, here or fed.
type tapSource interface {
	capture.Source
	Stop()
	Interface() capture.Interface
	Stats() capture.InterfaceStats
}

// openTaps opens both taps and the recording.
func (r *fedRun) openTaps(ctx context.Context) (err error) {
	o := r.o
	if o.write != "" {
		system := runtime.GOOS
		if r.oneMachine() && r.ends[0].facts.OS != "" {
			system = r.ends[0].facts.OS
		}
		r.taps.recorder, err = capture.NewRecorder(o.write, capture.RecorderInfo{
			SnapLen: uint32(o.snapLen), OS: system, Application: "wgtrace " + toolVersion(), Created: giveBack,
		})
		if err != nil {
			return err
		}
	}
	var rings []*report.Ring
	for i := range r.ends {
		e := &r.ends[i]
		if e.far == nil && !e.pipe {
			continue
		}
		opts := feed.Options{Interface: r.describe(i)}
		var ring *report.Ring
		if o.output.proof.wanted() {
			ring = &report.Ring{}
			rings = append(rings, ring)
		}
		index, ready := 0, make(chan struct{}) // the recording knows the tap
		if r.taps.recorder != nil || ring != nil {
			name, recorder := e.place(), r.taps.recorder
			opts.Watch = func(s capture.Seen) {
				<-ready
				if recorder != nil {
					// A failed write is kept by the recorder and told at the
					// end: the diagnosis goes on.
					_ = recorder.WritePacket(index, s.Packet.Time, int(s.Packet.WireLen), s.Frame, s.Packet.Direction)
				}
				if ring != nil {
					ring.Keep(name, s)
				}
			}
		}
		f, err := r.openFeed(ctx, e, opts)
		if err == nil {
			r.sources[i] = f
			if r.taps.recorder != nil {
				if index, err = r.taps.recorder.AddInterface(f.Interface()); err != nil {
					err = usage("", "write %s: %s", o.write, err)
				}
				r.taps.recorded = append(r.taps.recorded, recordedTap{f, index})
			}
		}
		close(ready)
		if err != nil {
			return err
		}
	}
	// The last ones: the connections that carry the others are known now.
	for _, session := range r.sessions {
		if pid := session.Process(); pid != 0 {
			for _, ends := range host.Connections(pid) {
				o.without = append(o.without, capture.Connection{One: ends[0], Other: ends[1]})
			}
		}
	}
	for i := range r.ends {
		e := &r.ends[i]
		if e.far != nil || e.pipe {
			continue
		}
		h, err := o.tap(r.taps, e.facts, e.adapter, e.role, i)
		if err != nil {
			return err
		}
		r.sources[i] = h
	}
	if o.output.proof.wanted() {
		o.output.proof.frames = func(add func(string, capture.Seen)) error {
			for _, ring := range rings {
				ring.Each(add)
			}
			return r.taps.kept(add)
		}
	}
	return nil
}

func (r *fedRun) openFeed(ctx context.Context, e *tapEnd, opts feed.Options) (*feed.Feed, error) {
	if e.far != nil {
		return r.sessions[e.far.Machine()].Tap(ctx, e.adapter, r.o.snapLen, opts)
	}
	file, err := e.openPipe(ctx, r.s.in)
	if err != nil {
		return nil, err
	}
	return feed.New(file, opts), nil
}

// describe is what is known of a fed tap beside what it says itself.
func (r *fedRun) describe(i int) capture.Interface {
	e := &r.ends[i]
	ifc := capture.Interface{Index: i, Name: e.adapter, Role: e.role, WGPort: r.o.analysis.port}
	if e.facts == nil {
		return ifc
	}
	ifc.OS = e.facts.OS
	if a := e.facts.Adapter(e.adapter); a != nil {
		ifc.Addrs = a.Addrs
		if mac, err := net.ParseMAC(a.MAC); err == nil {
			copy(ifc.MAC[:], mac)
		}
	}
	if d := e.facts.Device(r.ends[0].adapter); d != nil && ifc.WGPort == 0 {
		ifc.WGPort = d.ListenPort
	}
	return ifc
}

// run watches both taps and publishes the verdict.
func (r *fedRun) run(ctx context.Context, signals <-chan os.Signal) error {
	o := r.o
	ev, err := r.watch(ctx, signals)
	if err != nil {
		return err
	}
	facts := r.factsAfter(ctx, ev)
	if t := r.taps; t.recorder != nil {
		if o.withFacts {
			err = t.recorder.WriteHostFacts(factsJSON(facts))
		}
		if closed := t.save(); closed != nil {
			err = usage("what was captured until then stands in the .part file", "%s", closed)
		}
	}
	if facts != nil && facts.FlowOffload != host.OffloadUnknown {
		ev.Caveats = append(ev.Caveats, correlate.Caveat{ID: "flow-offload"})
	}
	found := guessOS(ev)
	if facts != nil && facts.OS != "" {
		found = facts.OS
	}
	system := o.output.system(found)
	dc := o.analysis.context(system)
	if facts != nil {
		addFacts(&dc, facts, r.ends[0].adapter, r.ends[1].adapter)
	}
	dc.Remote = dc.Remote || r.ends[0].far != nil || r.ends[1].far != nil
	d := diagnose.Run(ev, dc)
	return errors.Join(err, o.output.publish(r.s, ev, d, report.Info{OSChoice: system, HostJSON: factsJSON(facts)}))
}

// factsAfter reads the settings of the one machine of both taps once more, with
// the ways of the clients that were seen; nil where there is no one machine.
func (r *fedRun) factsAfter(ctx context.Context, ev *correlate.Evidence) *host.Snapshot {
	if !r.oneMachine() {
		return nil
	}
	before := r.ends[0].facts
	if before.OS == "" {
		return nil
	}
	var clients []host.Client
	for _, a := range before.Clients(r.ends[0].adapter) {
		clients = append(clients, host.Client{Addr: a, Tunnel: r.ends[0].adapter})
	}
	for i := range ev.Clients {
		for _, a := range ev.Clients[i].Addrs {
			clients = append(clients, host.Client{Addr: a, Tunnel: r.ends[0].adapter})
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), factsTimeout)
	defer cancel()
	now, err := host.ReadShell(ctx, r.shell(r.ends[0].far.Machine()), clients...)
	if err != nil {
		return before // the session may have broken, and the run with it
	}
	now.CountersBefore = before.Counters
	return now
}

// watch runs both taps until something ends it: the person, the time, or one of
// the taps, without which the other proves nothing.
func (r *fedRun) watch(ctx context.Context, signals <-chan os.Signal) (*correlate.Evidence, error) {
	o := r.o
	var once sync.Once
	ended := make(chan struct{})
	end := func() { once.Do(func() { close(ended) }) }
	done := make(chan struct{})
	defer close(done)
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
		case <-done:
			return
		}
		for _, src := range r.sources {
			src.Stop()
		}
		select {
		case <-signals:
			r.close() // nothing stays behind on another machine
			os.Exit(exitAborted)
		case <-done:
		}
	}()
	opts := r.engineOptions()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	opts.Tick = ticker.C
	show := newProgress(r.s.err, isTerminal(r.s.err) && !o.output.quiet, o.duration)
	opts.OnTick = func(p correlate.Progress) {
		for _, line := range r.taps.news.take() {
			show.clear()
			o.note(r.s.err, "%s", line)
		}
		show.update(p)
		if r.taps.recorder != nil {
			_ = r.taps.recorder.Flush()
		}
		if o.count > 0 && p.Stages[correlate.TunnelIn].Packets >= o.count {
			end()
		}
	}
	engine := correlate.New(opts)
	inputs := make([]correlate.Input, len(r.sources))
	for i, src := range r.sources {
		inputs[i] = correlate.Input{Source: endingSource{src, end}, Picks: []correlate.Pick{{Role: r.ends[i].role}}}
	}
	ev, err := engine.Run(context.WithoutCancel(ctx), inputs)
	show.clear()
	if err != nil {
		return nil, err
	}
	for _, e := range engine.Damage() {
		o.note(r.s.err, "%s", printable(e.Error()))
		ev.Caveats = append(ev.Caveats, correlate.Caveat{ID: "early-end"})
	}
	return ev, nil
}

// endingSource says when a tap ends.
type endingSource struct {
	tapSource
	ended func()
}

// Next implements capture.Source.
func (s endingSource) Next(b *capture.Batch) error {
	err := s.tapSource.Next(b)
	if err != nil {
		s.ended()
	}
	return err
}

// engineOptions is what the machines of the taps tell correlate.
func (r *fedRun) engineOptions() correlate.Options {
	tunnel := &r.ends[0]
	named := *r.o
	named.tunnel, named.wan = tunnel.adapter, r.ends[1].adapter
	facts := tunnel.facts
	if facts == nil {
		facts = &host.Snapshot{}
	}
	opts := named.engineOptions(facts)
	if r.oneMachine() {
		return opts
	}
	opts.Live, opts.Taps = false, true
	opts.Tunnel = facts.Device(tunnel.adapter) != nil
	return opts
}
