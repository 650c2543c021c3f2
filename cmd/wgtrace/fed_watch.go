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
		if o.output.proof.keeps() {
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
	if o.output.proof.keeps() {
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
func (r *fedRun) run(ctx context.Context, signals chan os.Signal) error {
	o := r.o
	settings := r.startFacts()
	var v *view
	if how := o.shows(r.s); settings != nil {
		var err error
		if v, err = o.watched(r.s, how, r.ends[0].facts, settings, o.output.system(r.ends[0].facts.OS)); err != nil {
			return err
		}
	}
	ev, err := r.watch(ctx, signals, v)
	if err != nil {
		return err
	}
	var facts *host.Snapshot
	found := guessOS(ev)
	if settings != nil {
		r.readAt = time.Time{} // once more, whenever that was
		settings.look(context.WithoutCancel(ctx), ev, o.tunnel)
		if facts, _, _ = settings.latest(); facts == nil {
			facts = r.ends[0].facts // the session may have broken, and the run with it
		}
		found = facts.OS
		if facts.FlowOffload != host.OffloadUnknown {
			ev.Caveats = append(ev.Caveats, correlate.Caveat{ID: "flow-offload"})
		}
	}
	if t := r.taps; t.recorder != nil {
		if o.withFacts {
			err = t.recorder.WriteHostFacts(factsJSON(facts))
		}
		if closed := t.save(); closed != nil {
			err = usage("what was captured until then stands in the .part file", "%s", closed)
		}
	}
	system := o.output.system(found)
	tried := v.tried()
	info := report.Info{OSChoice: system, HostJSON: factsJSON(facts), Attempts: attemptsOf(tried)}
	d := o.diagnose(ev, nil, system, facts, nil, tried)
	err = errors.Join(err, o.output.publish(r.s, ev, d, info))
	if v != nil && v.left.Load() && d.Status != diagnose.StatusHealthy && !o.output.proof.wanted() {
		err = errors.Join(err, o.offerTicket(r.s, v.words, ev, d, info))
	}
	return err
}

// farSettingsEvery is how often the settings of another machine are read while it
// is watched: it costs a small router some ten processes.
const farSettingsEvery = 10 * time.Second

// startFacts returns the settings of the one machine of both taps, which were
// read to find its adapters; nil where there is no one machine, or it cannot be
// read.
func (r *fedRun) startFacts() *runFacts {
	if !r.oneMachine() || r.ends[0].facts.OS == "" {
		return nil
	}
	f := &runFacts{read: r.readFar, ready: make(chan struct{}), before: [2]*host.Snapshot{r.ends[0].facts}}
	f.keep(f.before, time.Now())
	close(f.ready)
	r.readLast, r.readAt = r.ends[0].facts, time.Now()
	return f
}

// readFar reads them, unless that was a moment ago.
func (r *fedRun) readFar(ctx context.Context, clients []host.Client) *host.Snapshot {
	if time.Since(r.readAt) < farSettingsEvery {
		again := *r.readLast // whoever has it still reads it
		return &again
	}
	for _, a := range r.ends[0].facts.Clients(r.ends[0].adapter) {
		clients = append(clients, host.Client{Addr: a, Tunnel: r.ends[0].adapter})
	}
	ctx, cancel := context.WithTimeout(ctx, factsTimeout)
	defer cancel()
	now, err := host.ReadShell(ctx, r.shell(r.ends[0].far.Machine()), clients...)
	if err != nil {
		return nil
	}
	r.readLast, r.readAt = now, time.Now()
	return now
}

// watch runs both taps until something ends it: the person, the time, or one of
// the taps, without which the other proves nothing.
// v shows the run meanwhile, nil if nobody looks, or two clocks are still to be
// compared.
func (r *fedRun) watch(ctx context.Context, signals chan os.Signal, v *view) (*correlate.Evidence, error) {
	o := r.o
	var once sync.Once
	ended := make(chan struct{})
	end := func() { once.Do(func() { close(ended) }) }
	stop := func() {
		for _, src := range r.sources {
			src.Stop()
		}
	}
	done := o.endOn(ctx, signals, ended, stop, func() {
		v.abort()
		r.close() // nothing stays behind on another machine
	})
	defer done()
	opts := r.engineOptions()
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	opts.Tick = ticker.C
	show := o.progress(r.s, v)
	opts.OnTick = func(p correlate.Progress) {
		for _, line := range r.taps.news.take() {
			show.clear()
			o.tell(r.s, v, line)
		}
		show.update(p)
		if r.taps.recorder != nil {
			_ = r.taps.recorder.Flush()
		}
		if o.count > 0 && p.Stages[correlate.TunnelIn].Packets >= o.count {
			end()
		}
	}
	var engine *correlate.Engine
	closeView := v.attend(ctx, r.s, signals, &opts, func() *correlate.Engine { return engine })
	defer v.restore()
	engine = correlate.New(opts)
	inputs := make([]correlate.Input, len(r.sources))
	for i, src := range r.sources {
		inputs[i] = correlate.Input{Source: endingSource{src, end}, Picks: []correlate.Pick{{Role: r.ends[i].role}}}
	}
	ev, err := engine.Run(context.WithoutCancel(ctx), inputs)
	show.clear()
	closeView()
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
	facts := tunnel.facts
	if facts == nil {
		facts = &host.Snapshot{}
	}
	opts := r.o.engineOptions(facts)
	if r.oneMachine() {
		return opts
	}
	opts.Live, opts.Taps = false, true
	opts.Tunnel = facts.Device(tunnel.adapter) != nil
	return opts
}
