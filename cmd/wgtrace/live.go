package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/capture/feed"
	"github.com/wgtrace/wgtrace/capture/live"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/privilege"
	"github.com/wgtrace/wgtrace/report"
)

// bareDuration is how long wgtrace without arguments watches where nobody can
// press Ctrl-C.
const bareDuration = 60 * time.Second

// liveOptions are those of wgtrace live.
type liveOptions struct {
	analysis  analysisOptions
	output    outputOptions
	tunnel    string
	wan       string   // the first of all; chosen if none is named
	wans      []string // as named
	lines     []string // further adapters to the internet, watched too
	adapters  []string // as -i names them, their roles to be found
	duration  time.Duration
	count     uint64
	write     string
	readyFile string
	snapLen   int
	withFacts bool
	bare      bool // wgtrace without arguments
	force     bool // capture although the router's flow offload speaks against it
	testURL   string

	without []capture.Connection // by which the person watches, left out of every tap

	inside    *inside // the namespace of the tunnel, where it is another one; nil
	published uint16  // the port of this host that leads to the tunnel there; 0: not known
}

func liveCommand(s streams) *cobra.Command {
	o := &liveOptions{}
	cmd := &cobra.Command{
		Use:   "live [ssh://HOST] [FILTER]",
		Short: "Watch tunnel and WAN of this host while the phone tries",
		Long: `Watch the tunnel and the WAN adapter of this host at the same time while the
phone tries, and say where its packets disappear. Both adapters are found by
themselves. A terminal shows the steps on the phone, the path and the verdict so
far; q or Ctrl-C ends the watch and prints the report, a second one aborts.
FILTER, such as "host 1.1.1.1 and not port 53", says which of the phone's
connections are listed; everything is captured and judged.

Capturing needs privileges: run it with sudo, or give the program the right once:
  sudo setcap cap_net_raw,cap_net_admin+eip $(which wgtrace)`,
		Example: `  sudo wgtrace live
  sudo wgtrace live -d 30s -w run.pcapng -o report.txt -o report.json
  sudo wgtrace live --tunnel wg0 --wan eth0 -c 100
  wgtrace live ssh://root@router        both taps there, by its tcpdump`,
		Args: o.words,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(o.output.check(), o.output.proof.check(cmd.Flags(), o.output.files), o.analysis.check(cmd.Flags()), o.check(cmd.Flags()), checkTestURL(o.testURL)); err != nil {
				return err
			}
			return o.run(cmd.Context(), s)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.tunnel, "tunnel", "", "tunnel `ADAPTER` (default: WireGuard's), or netns:PID/wg0, ssh://HOST/wg0, a named pipe, -")
	f.StringArrayVar(&o.wans, "wan", nil, "WAN `ADAPTER` (repeatable; default: by the default routes)")
	f.StringArrayVarP(&o.adapters, "interface", "i", nil, "tunnel or WAN `ADAPTER` (repeatable)")
	f.DurationVarP(&o.duration, "duration", "d", 0, "stop after this `TIME` (default: Ctrl-C)")
	f.Uint64VarP(&o.count, "count", "c", 0, "stop after `N` packets of the phone")
	f.StringVarP(&o.write, "write", "w", "", "save what was captured to `FILE`.pcapng")
	f.IntVarP(&o.snapLen, "snapshot-length", "s", live.DefaultSnapLen, "keep `N` octets of each frame")
	f.BoolVar(&o.withFacts, "with-host-facts", false, "with -w: save the host's settings too")
	f.BoolVar(&o.force, "force", false, "capture beside hardware flow offload: it may reset routers")
	f.StringVar(&o.testURL, "test-url", defaultTest, "page that the phone is asked to open, as a `URL`")
	f.StringVar(&o.readyFile, "ready-file", "", "create this file when both taps are open")
	_ = f.MarkHidden("ready-file")
	o.analysis.register(f)
	o.output.register(f)
	o.output.proof.register(f)
	return cmd
}

func (o *liveOptions) run(ctx context.Context, s streams) error {
	if ctx == nil {
		ctx = context.Background()
	}
	if o.bare {
		o.output.textOnly()
		o.output.lang = systemLang()
		o.analysis.window, o.snapLen, o.testURL = correlate.DefaultWindow, live.DefaultSnapLen, defaultTest
		if !attended(s) {
			o.duration = bareDuration
		}
	}
	o.without = ownSession()
	if fed(o.tunnel) || fed(o.wan) {
		return o.runFed(ctx, s)
	}
	how := o.shows(s)
	o.output.proof.offered = how == showScreen
	if _, err := live.Devices(); errors.Is(err, live.ErrNoLibrary) {
		return err
	}
	facts, err := host.Read(ctx)
	if err != nil && o.tunnel != "" && o.wan != "" {
		facts, err = &host.Snapshot{}, nil // nothing needs to be chosen
	}
	if err != nil {
		return &failure{exitNoCapture, err.Error(), "name both adapters: wgtrace live --tunnel ADAPTER --wan ADAPTER"}
	}
	if err := o.sortAdapters(facts); err != nil {
		return err
	}
	why, err := o.choose(ctx, facts)
	if err != nil {
		return mayCapture(facts, err)
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endSignals()...)
	defer signal.Stop(signals)
	t, err := o.open(facts, s.err)
	if err != nil {
		return err
	}
	defer t.close()
	if err := privilege.Drop(o.needs()); err != nil {
		return &failure{exitNoCapture, err.Error(), ""}
	}
	o.note(s.err, "%s", why)
	if o.readyFile != "" {
		ready := func() error { return os.WriteFile(o.readyFile, nil, 0o644) }
		if err := privilege.Writing(ready); err != nil {
			return usage("", "--ready-file: %s", err)
		}
	}

	system := o.output.system(runtime.GOOS)
	settings := startFacts(ctx, o.inside)
	v, err := o.watched(s, how, facts, settings, system)
	if err != nil {
		return err
	}
	ev, inner, runErr := o.watch(ctx, s, facts, t, signals, v)
	if runErr == nil {
		settings.look(context.WithoutCancel(ctx), ev, o.tunnel)
		now, within, _ := settings.latest()
		if now != nil {
			facts = now
		}
		if within != nil {
			o.inside.facts = within
		}
	}
	var failed error
	if t.recorder != nil {
		if o.withFacts && runErr == nil {
			failed = t.recorder.WriteHostFacts(storedFacts(facts, o.inside))
		}
		if err := privilege.Writing(t.save); err != nil {
			failed = usage("what was captured until then stands in the .part file", "%s", err)
		}
	}
	if runErr != nil {
		return runErr
	}
	tried := v.tried()
	info := report.Info{Live: true, OSChoice: system, HostJSON: factsJSON(facts), Attempts: attemptsOf(tried)}
	d := o.diagnose(ev, inner, system, facts, nil, tried)
	if o.inside != nil {
		info.Container = o.inside.row()
	}
	err = o.output.publish(s, ev, d, info)
	if v != nil && v.left.Load() && d.Status != diagnose.StatusHealthy && !o.output.proof.wanted() {
		failed = errors.Join(failed, o.offerTicket(s, v.words, ev, d, info))
	}
	return errors.Join(failed, err)
}

// check refuses what could only fail after the watch.
func (o *liveOptions) check(f *pflag.FlagSet) error {
	if len(o.wans) > 0 {
		o.wan, o.lines = o.wans[0], o.wans[1:]
	}
	switch {
	case o.duration < 0, f.Changed("duration") && o.duration == 0:
		return usage("-d 30s", "-d %s: must be more than 0", o.duration)
	case f.Changed("count") && o.count == 0:
		return usage("-c 100", "-c 0: must be more than 0")
	case o.snapLen < minSnapLen || o.snapLen > maxSnapLen:
		return usage("-s 256", "-s %d: must lie between %d and %d", o.snapLen, minSnapLen, maxSnapLen)
	case o.tunnel == stdinName && o.wan == stdinName:
		return usage("name a pipe for the other one", "standard input was given twice, and can be read only once")
	case o.tunnel != "" && slices.Contains(o.wans, o.tunnel) && !feed.IsTarget(o.tunnel):
		return sameAdapter(o.tunnel)
	case slices.Contains(o.wans, ""):
		return usage("--wan eth0", "--wan: an empty name")
	case len(slices.Compact(slices.Sorted(slices.Values(o.wans)))) < len(o.wans):
		return usage("--wan eth0 --wan eth1", "--wan: the same adapter twice")
	case len(o.wans) > 1 && (fed(o.tunnel) || slices.ContainsFunc(o.wans, fed)):
		return usage("name the WAN that packets leave by", "--wan: several go with adapters of this machine alone")
	case o.withFacts && o.write == "":
		return usage("wgtrace live -w run.pcapng --with-host-facts", "--with-host-facts: nothing is recorded without -w")
	case f.Changed("write") && o.write == "":
		return usage("-w run.pcapng", "-w: an empty file name")
	case o.write == "":
		return nil
	case o.write == stdinName:
		return usage("tcpdump -i any -w - writes to stdout", "-w -: a recording needs a file")
	}
	// Packets cannot be recorded a second time, and what a rename replaces could
	// be a device.
	if _, err := os.Lstat(o.write); err == nil {
		return usage("name another file, or move that one away", "-w %s exists already", o.write)
	}
	for _, out := range o.output.files {
		if filepath.Clean(out) == filepath.Clean(o.write) {
			return usage("-o report.txt", "-o %s would overwrite the recording", out)
		}
	}
	return writable(o.write)
}

// Bounds of -s in octets: with less, the headers of an encapsulated packet are
// cut; libpcap allows no more (MAXIMUM_SNAPLEN).
const (
	minSnapLen = 96
	maxSnapLen = 262144
)

func (o *liveOptions) note(w io.Writer, format string, args ...any) {
	if !o.output.quiet {
		fmt.Fprintf(w, "wgtrace: "+format+"\n", args...)
	}
}

// tickEvery is how often a run takes notice of something else than packets.
const tickEvery = 200 * time.Millisecond

// watch runs both taps until something ends it; v shows it meanwhile, nil if
// nobody looks.
func (o *liveOptions) watch(ctx context.Context, s streams, facts *host.Snapshot, t *taps, signals chan os.Signal, v *view) (ev, inner *correlate.Evidence, err error) {
	stop := func() {
		for _, h := range t.all() {
			h.Stop()
		}
	}
	done := o.endOn(ctx, signals, nil, stop, func() {
		if t.recorder != nil { // the recording stays as it is, under its .part name
			_ = t.recorder.Flush()
		}
		v.abort()
	})
	defer done()

	opts := o.engineOptions(facts)
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	opts.Tick = ticker.C
	show := o.progress(s, v)
	ticks := 0
	opts.OnTick = func(p correlate.Progress) {
		for _, line := range t.news.take() {
			show.clear()
			o.tell(s, v, line)
		}
		show.update(p)
		if ticks++; t.recorder != nil && ticks%5 == 0 {
			_ = t.recorder.Flush()
			if ticks%50 == 0 {
				t.writeStats()
			}
		}
		if o.count > 0 && p.Stages[correlate.TunnelIn].Packets >= o.count {
			stop()
		}
	}
	var engine *correlate.Engine
	closeView := v.attend(ctx, s, signals, &opts, func() *correlate.Engine { return engine })
	defer v.restore()
	engine = correlate.New(opts)
	second := o.watchInner(ctx, t, v)
	inputs := []correlate.Input{{Source: t.tunnel, Picks: []correlate.Pick{{Role: capture.RoleTunnel}}}}
	for _, wan := range t.wans {
		inputs = append(inputs, correlate.Input{Source: wan, Picks: []correlate.Pick{{Role: capture.RoleWAN}}})
	}
	ev, err = engine.Run(context.WithoutCancel(ctx), inputs)
	show.clear()
	closeView()
	for _, line := range t.news.take() {
		o.note(s.err, "%s", line)
	}
	stop() // the second join ends with the first
	inner = <-second
	if err != nil {
		return nil, nil, err
	}
	for _, e := range engine.Damage() {
		o.note(s.err, "%s", printable(e.Error()))
		ev.Caveats = append(ev.Caveats, correlate.Caveat{ID: "early-end"})
	}
	return ev, inner, nil
}

// engineOptions is what the host's facts tell correlate.
func (o *liveOptions) engineOptions(facts *host.Snapshot) correlate.Options {
	opts := o.analysis.engine()
	opts.Live, opts.Tunnel = true, true
	opts.WGPort = o.portOf(facts)
	for _, a := range facts.Adapters {
		for _, p := range a.Addrs {
			opts.Own = append(opts.Own, p.Addr())
		}
	}
	home := o.home(facts)
	if a := home.Adapter(o.tunnel); a != nil && home != facts {
		for _, p := range a.Addrs {
			opts.Own = append(opts.Own, p.Addr())
		}
	}
	d := home.Device(o.tunnel)
	if d != nil {
		if !d.PublicKey.IsZero() {
			opts.ServerKeys = append(opts.ServerKeys, d.PublicKey)
		}
		for _, p := range d.Peers {
			opts.PeerKeys = append(opts.PeerKeys, p.PublicKey)
		}
	}
	if d != nil && len(opts.Clients) == 0 {
		for _, p := range d.Peers {
			for _, a := range p.AllowedIPs {
				if a.Bits() > 0 {
					opts.Clients = append(opts.Clients, a)
				}
			}
		}
	}
	return opts
}
