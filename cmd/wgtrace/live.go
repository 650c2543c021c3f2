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
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/capture/live"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/netns"
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
	wan       string
	duration  time.Duration
	count     uint64
	write     string
	readyFile string
	snapLen   int
	withFacts bool
	bare      bool // wgtrace without arguments

	inside *inside // the namespace of the tunnel, where it is another one; nil
}

func liveCommand(s streams) *cobra.Command {
	o := &liveOptions{}
	cmd := &cobra.Command{
		Use:   "live",
		Short: "Watch tunnel and WAN of this host while the phone tries",
		Long: `Watch the tunnel and the WAN adapter of this host at the same time while the
phone tries, and say where its packets disappear. Both adapters are found by
themselves. Ctrl-C ends the watch and prints the report; a second one aborts.

Capturing needs privileges: run it with sudo, or give the program the right once:
  sudo setcap cap_net_raw,cap_net_admin+eip $(which wgtrace)`,
		Example: `  sudo wgtrace live
  sudo wgtrace live -d 30s -w run.pcapng -o report.txt -o report.json
  sudo wgtrace live --tunnel wg0 --wan eth0 -c 100`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(o.output.check(), o.output.proof.check(cmd.Flags(), o.output.files), o.analysis.check(cmd.Flags()), o.check(cmd.Flags())); err != nil {
				return err
			}
			return o.run(cmd.Context(), s)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.tunnel, "tunnel", "", "tunnel `adapter`, netns:PID/wg0 in a container (default: the WireGuard adapter)")
	f.StringVar(&o.wan, "wan", "", "WAN `adapter` (default: that of the default route)")
	f.DurationVarP(&o.duration, "duration", "d", 0, "stop after this `time` (default: Ctrl-C)")
	f.Uint64VarP(&o.count, "count", "c", 0, "stop after this many `packets` of the phone")
	f.StringVarP(&o.write, "write", "w", "", "save what was captured to `FILE.pcapng`")
	f.IntVarP(&o.snapLen, "snapshot-length", "s", live.DefaultSnapLen, "keep this many `octets` of each frame")
	f.BoolVar(&o.withFacts, "with-host-facts", false, "with -w: save the settings of this host too")
	f.StringVar(&o.readyFile, "ready-file", "", "create this file when both taps are open")
	_ = f.MarkHidden("ready-file")
	o.analysis.register(f)
	o.output.register(f)
	o.output.proof.register(f)
	return cmd
}

// taps are the open captures of a run.
type taps struct {
	tunnel, wan *live.Handle
	inner       []*live.Handle // the tunnel once more and the uplink of its container; nil without one
	recorder    *capture.Recorder
	index       [2]int     // of the recorder's interfaces
	tees        []*liveTee // one for each tap; none if nobody wants packets afterwards
}

func (o *liveOptions) run(ctx context.Context, s streams) error {
	if ctx == nil {
		ctx = context.Background()
	}
	if o.bare {
		o.output.textOnly()
		o.output.lang = systemLang()
		o.analysis.window, o.snapLen = correlate.DefaultWindow, live.DefaultSnapLen
		if !isTerminal(s.err) {
			o.duration = bareDuration
		}
	}
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
	o.note(s.err, "%s", why)
	if o.readyFile != "" {
		if err := os.WriteFile(o.readyFile, nil, 0o644); err != nil {
			return usage("", "--ready-file: %s", err)
		}
	}

	settings := startFacts(ctx, o.inside)
	ev, inner, runErr := o.watch(ctx, facts, t, signals, s.err)
	var within *host.Snapshot // what the container of the tunnel says
	if runErr == nil {
		now, there := settings.end(context.WithoutCancel(ctx), ev, o.tunnel)
		if within = there; now != nil {
			facts = now
		}
	}
	var failed error
	if t.recorder != nil {
		switch {
		case !o.withFacts || runErr != nil:
		case o.inside != nil:
			o.note(s.err, "the recording is without host facts: it holds those of one host, and the tunnel is in a container")
		default:
			failed = t.recorder.WriteHostFacts(factsJSON(facts))
		}
		if err := t.save(); err != nil {
			failed = usage("what was captured until then stands in the .part file", "%s", err)
		}
	}
	if runErr != nil {
		return runErr
	}
	system := o.output.os
	if system == "auto" {
		system = systemOf(runtime.GOOS)
	}
	info := report.Info{Live: true, OSChoice: system, HostJSON: factsJSON(facts)}
	d := o.diagnose(ev, inner, system, facts, within)
	if o.inside != nil {
		info.Container = &report.Container{Name: o.inside.ns.Container, Place: o.inside.label(), Facts: factsJSON(within)}
	}
	err = o.output.publish(s, ev, d, info)
	return errors.Join(failed, err)
}

// check refuses what could only fail after the watch.
func (o *liveOptions) check(f *pflag.FlagSet) error {
	switch {
	case o.duration < 0, f.Changed("duration") && o.duration == 0:
		return usage("-d 30s", "-d %s: must be more than 0", o.duration)
	case f.Changed("count") && o.count == 0:
		return usage("-c 100", "-c 0: must be more than 0")
	case o.snapLen < minSnapLen || o.snapLen > maxSnapLen:
		return usage("-s 256", "-s %d: must lie between %d and %d", o.snapLen, minSnapLen, maxSnapLen)
	case o.tunnel != "" && o.tunnel == o.wan:
		return sameAdapter(o.tunnel)
	case o.withFacts && strings.HasPrefix(o.tunnel, netns.Prefix):
		return usage("", "--with-host-facts: a recording holds the settings of one host, and the tunnel is in a container")
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

// mayCapture returns the error that stands in the way first: whoever may not
// capture cannot see a userspace tunnel's socket either, and would look for a
// tunnel that is there.
func mayCapture(facts *host.Snapshot, found error) error {
	var choice *host.ChoiceError
	if !errors.As(found, &choice) {
		return found
	}
	for i := range facts.Adapters {
		a := &facts.Adapters[i]
		if !a.Up {
			continue
		}
		h, err := live.Open(a.Name, live.Options{Buffer: probeBuffer})
		var tap *live.Error
		if errors.Is(err, live.ErrPermission) && errors.As(err, &tap) {
			tap.Device = "" // it holds for all of them
			return tap
		}
		if err == nil {
			h.Close()
		}
		break
	}
	return found
}

// probeBuffer is enough for a tap that is closed at once, in octets.
const probeBuffer = 1 << 20

// systemOf returns the name that fixes have for a system.
func systemOf(goos string) string {
	if goos == "darwin" {
		return "macos"
	}
	return goos
}

func (o *liveOptions) note(w io.Writer, format string, args ...any) {
	if !o.output.quiet {
		fmt.Fprintf(w, "wgtrace: "+format+"\n", args...)
	}
}

// choose fills in the adapters that were not named, and says why it took them.
func (o *liveOptions) choose(ctx context.Context, facts *host.Snapshot) (_ string, err error) {
	tunnelWhy, wanWhy := "as named", "as named"
	if spec, adapter, ok := netns.Split(o.tunnel); ok {
		if o.inside, err = namedInside(ctx, spec, adapter); err != nil {
			return "", err
		}
		o.tunnel, tunnelWhy = adapter, "inside "+o.inside.label()+", watched from here"
	}
	if o.tunnel == "" {
		c, err := facts.Tunnel()
		if err != nil && len(facts.Tunnels()) == 0 {
			o.inside, c, err = findInside(ctx, err)
		}
		if err != nil {
			return "", err
		}
		o.tunnel, tunnelWhy = c.Name, c.Why
	}
	if o.wan == "" {
		c, err := facts.WAN()
		if err != nil {
			return "", err
		}
		o.wan, wanWhy = c.Name, c.Why
	}
	if o.tunnel == o.wan && o.inside == nil {
		return "", sameAdapter(o.tunnel)
	}
	return fmt.Sprintf("tunnel %s (%s), WAN %s (%s)", printable(o.tunnel), tunnelWhy, printable(o.wan), wanWhy), nil
}

func sameAdapter(name string) error {
	return usage("wgtrace interfaces lists the adapters of this host", "tunnel and WAN are the same adapter: %s", name)
}

// open opens the taps and the recording.
func (o *liveOptions) open(facts *host.Snapshot, stderr io.Writer) (_ *taps, err error) {
	t := &taps{}
	if o.output.proof.wanted() {
		o.output.proof.frames = t.kept
	}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if o.write != "" {
		t.recorder, err = capture.NewRecorder(o.write, capture.RecorderInfo{
			SnapLen: uint32(o.snapLen), OS: runtime.GOOS, Application: "wgtrace " + toolVersion(),
		})
		if err != nil {
			return nil, err
		}
	}
	if t.tunnel, err = o.tap(t, o.home(facts), o.tunnel, capture.RoleTunnel, 0); err != nil {
		return nil, err
	}
	if t.wan, err = o.tap(t, facts, o.wan, capture.RoleWAN, 1); err != nil {
		return nil, err
	}
	if o.inside == nil {
		return t, nil
	}
	// The third place tells the container from the host; without it the two
	// ends still say whether there is a fault.
	if err := o.openInner(t); err != nil {
		o.note(stderr, "the container's own uplink is not watched: %s", printable(err.Error()))
	}
	return t, nil
}

// home is what the namespace says in which the tunnel is.
func (o *liveOptions) home(facts *host.Snapshot) *host.Snapshot {
	if o.inside != nil {
		return o.inside.facts
	}
	return facts
}

// tap opens one tap. The first two are recorded: n is their index.
func (o *liveOptions) tap(t *taps, facts *host.Snapshot, name string, role capture.Role, n int) (*live.Handle, error) {
	opts := live.Options{SnapLen: o.snapLen, Peers: []string{o.tunnel, o.wan}}
	opts.Interface = capture.Interface{Index: n, Name: name, Role: role, WGPort: o.portOf(facts)}
	within := o.inside != nil && facts == o.inside.facts
	if within {
		opts.Interface.Namespace = o.inside.label()
	}
	if a := facts.Adapter(name); a != nil {
		opts.Interface.Addrs, opts.Interface.Description = a.Addrs, a.Description
		if mac, err := parseMAC(a.MAC); err == nil {
			opts.Interface.MAC = mac
		}
		for _, p := range a.Addrs {
			opts.Own = append(opts.Own, p.Addr())
		}
	}
	recorded := t.recorder != nil && n < len(t.index)
	kept := t.tee(o.output.proof.wanted())
	if recorded || kept != nil {
		opts.Tee = func(_ int32, timeNS int64, wireLen int, data []byte, dir capture.Direction) {
			if recorded {
				// A failed write is kept by the recorder and told at the end: the
				// diagnosis goes on.
				_ = t.recorder.WritePacket(t.index[n], timeNS, wireLen, data, dir)
			}
			if kept != nil {
				kept.keep(timeNS, wireLen, data, dir)
			}
		}
	}
	var h *live.Handle
	err := o.enter(within, func() (err error) {
		h, err = live.Open(name, opts)
		return err
	})
	if err != nil {
		return nil, err
	}
	if kept != nil {
		kept.handle = h
	}
	if recorded {
		if t.index[n], err = t.recorder.AddInterface(h.Interface()); err != nil {
			h.Close()
			return nil, usage("", "write %s: %s", o.write, err)
		}
	}
	return h, nil
}

// portOf returns the listen port of the tunnel: the person's word, or the
// device's.
func (o *liveOptions) portOf(facts *host.Snapshot) uint16 {
	if o.analysis.port != 0 {
		return o.analysis.port
	}
	if o.inside != nil && facts != o.inside.facts {
		return 0 // what a host publishes need not be what the container listens on
	}
	if d := facts.Device(o.tunnel); d != nil {
		return d.ListenPort
	}
	return 0
}

// watch runs both taps until something ends it.
func (o *liveOptions) watch(ctx context.Context, facts *host.Snapshot, t *taps, signals <-chan os.Signal, stderr io.Writer) (ev, inner *correlate.Evidence, err error) {
	stop := func() {
		for _, h := range t.all() {
			h.Stop()
		}
	}
	recorder := t.recorder
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
		case <-done:
			return
		}
		stop()
		select {
		case <-signals:
			// The recording stays as it is, under its .part name.
			if recorder != nil {
				_ = recorder.Flush()
			}
			os.Exit(exitAborted)
		case <-done:
		}
	}()

	opts := o.engineOptions(facts)
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	opts.Tick = ticker.C
	show := newProgress(stderr, isTerminal(stderr) && !o.output.quiet, o.duration)
	ticks := 0
	opts.OnTick = func(p correlate.Progress) {
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
	engine := correlate.New(opts)
	second := o.watchInner(ctx, t)
	ev, err = engine.Run(context.WithoutCancel(ctx), []correlate.Input{
		{Source: t.tunnel, Picks: []correlate.Pick{{Role: capture.RoleTunnel}}},
		{Source: t.wan, Picks: []correlate.Pick{{Role: capture.RoleWAN}}},
	})
	show.clear()
	stop() // the second join ends with the first
	inner = <-second
	if err != nil {
		return nil, nil, err
	}
	for _, e := range engine.Damage() {
		o.note(stderr, "%s", printable(e.Error()))
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

// save completes the recording.
func (t *taps) save() error {
	t.writeStats()
	err := t.recorder.Close()
	t.recorder = nil
	return err
}

// writeStats records what the kernel says it dropped.
func (t *taps) writeStats() {
	for n, h := range []*live.Handle{t.tunnel, t.wan} {
		// A failed write is kept by the recorder and told at the end.
		_ = t.recorder.WriteStats(t.index[n], h.Stats())
	}
}

// all returns the taps that are open.
func (t *taps) all() []*live.Handle {
	var list []*live.Handle
	for _, h := range append([]*live.Handle{t.tunnel, t.wan}, t.inner...) {
		if h != nil {
			list = append(list, h)
		}
	}
	return list
}

func (t *taps) close() {
	for _, h := range t.all() {
		h.Close()
	}
	if t.recorder != nil {
		t.recorder.Abort()
	}
}

func parseMAC(s string) (capture.MAC, error) {
	var m capture.MAC
	n, err := fmt.Sscanf(s, "%02x:%02x:%02x:%02x:%02x:%02x", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5])
	if err != nil || n != 6 {
		return capture.MAC{}, fmt.Errorf("hardware address %q", s)
	}
	return m, nil
}
