package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/capture/feed"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/netns"
)

// fed reports whether a tap is named that other programs feed: standard input, a
// named pipe, or another machine.
func fed(name string) bool {
	if name == stdinName || feed.IsTarget(name) {
		return true
	}
	st, err := os.Stat(name)
	return err == nil && st.Mode()&os.ModeNamedPipe != 0
}

// words takes what stands behind the flags of live: a machine, and a filter.
func (o *liveOptions) words(cmd *cobra.Command, args []string) (err error) {
	if len(args) > 0 && feed.IsTarget(args[0]) {
		if err := o.farOnly(cmd, args[:1]); err != nil {
			return err
		}
		args = args[1:]
	}
	o.output.filter, err = parseFilter(args)
	return err
}

// farOnly takes the one argument that live may have: the machine whose adapters
// are to be found there.
func (o *liveOptions) farOnly(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || !feed.IsTarget(args[0]) {
		return noArgs(cmd, args)
	}
	if o.tunnel != "" || len(o.wans) > 0 {
		return usage("wgtrace live --tunnel "+feed.Scheme+"HOST/wg0 --wan "+feed.Scheme+"HOST/eth0", "%s is named beside --tunnel or --wan", printable(args[0]))
	}
	o.tunnel, o.wan, o.wans = args[0], args[0], args[:1]
	return nil
}

// tapEnd is one of the two taps of a run that is fed.
type tapEnd struct {
	given   string
	role    capture.Role
	far     *feed.Target // nil if it is here
	pipe    bool         // a pipe or standard input
	adapter string       // "" of a pipe
	facts   *host.Snapshot
	why     string
}

// fedRun is a run of which at least one tap is fed by others.
type fedRun struct {
	o        *liveOptions
	s        streams
	ends     [2]tapEnd // tunnel, WAN
	sessions map[feed.Target]*feed.Session
	settings map[feed.Target]*host.Snapshot
	here     *host.Snapshot // of this machine, where a tap is here
	taps     *taps
	sources  [2]tapSource

	readLast *host.Snapshot // of the one machine of both taps; by one goroutine at a time
	readAt   time.Time
}

// runFed is run where others feed a tap.
func (o *liveOptions) runFed(ctx context.Context, s streams) error {
	r := &fedRun{o: o, s: s, sessions: map[feed.Target]*feed.Session{}, settings: map[feed.Target]*host.Snapshot{}, taps: &taps{}}
	if err := r.parse(); err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endSignals()...)
	defer signal.Stop(signals)
	defer r.close()
	// Until everything is open, a signal gives up: ssh may be asking for a
	// password, and a named pipe waits for whoever is to write it.
	opening, giveUp := context.WithCancelCause(ctx)
	opened := make(chan struct{})
	go func() {
		select {
		case <-signals:
			giveUp(verdictStatus(exitAborted))
		case <-opened:
		}
	}()
	err := r.open(opening)
	if opening.Err() != nil {
		return context.Cause(opening)
	}
	close(opened)
	if err != nil {
		return err
	}
	o.note(s.err, "%s", r.chosen())
	if o.readyFile != "" {
		if err := os.WriteFile(o.readyFile, nil, 0o644); err != nil {
			return usage("", "--ready-file: %s", err)
		}
	}
	return r.run(ctx, signals)
}

// parse understands what was named. One far machine is enough for both taps.
func (r *fedRun) parse() error {
	names := [2]string{r.o.tunnel, r.o.wan}
	for i, name := range names {
		if name == "" && feed.IsTarget(names[1-i]) {
			t, err := feed.ParseTarget(names[1-i])
			if err == nil {
				names[i] = t.Machine().String()
			}
		}
	}
	for i, role := range []capture.Role{capture.RoleTunnel, capture.RoleWAN} {
		e := &r.ends[i]
		*e = tapEnd{given: names[i], role: role, why: "as named"}
		switch {
		case e.given == "":
			return usage(fmt.Sprintf("wgtrace live --tunnel %s --wan eth0", names[1-i]), "--%s is missing: what is fed does not say where it comes from", role)
		case strings.HasPrefix(e.given, netns.Prefix):
			return usage("", "--%s %s: a tap in a container goes with adapters of its host alone", role, printable(e.given))
		case feed.IsTarget(e.given):
			t, err := feed.ParseTarget(e.given)
			if err != nil {
				return usage(fmt.Sprintf("--%s ssh://user@host:port/adapter", role), "--%s %s: %s", role, printable(e.given), err)
			}
			e.far, e.adapter = &t, t.Adapter
		case fed(e.given):
			e.pipe = true
		default:
			e.adapter = e.given
		}
	}
	if names[0] == names[1] && !(r.ends[0].far != nil && r.ends[0].adapter == "") {
		return sameAdapter(names[0])
	}
	if r.o.count > 0 && !r.oneMachine() {
		return usage("-d 30s", "-c: two clocks are compared before packets are counted, which only happens at the end")
	}
	if r.o.withFacts && !r.oneMachine() {
		return usage("", "--with-host-facts: a recording holds the settings of one host, and these taps need not be on one")
	}
	return nil
}

// oneMachine reports whether both taps are on one machine, for certain: then
// they share its clock, and its settings explain what happens between them.
func (r *fedRun) oneMachine() bool {
	a, b := r.ends[0].far, r.ends[1].far
	return a != nil && b != nil && a.Machine() == b.Machine()
}

// open reaches every machine, finds the adapters that were not named, and opens
// both taps.
func (r *fedRun) open(ctx context.Context) error {
	for i := range r.ends {
		e := &r.ends[i]
		var err error
		switch {
		case e.far != nil:
			e.facts, err = r.reach(ctx, e.far.Machine(), e.adapter == "")
		case !e.pipe:
			if r.here == nil {
				if r.here, err = host.Read(ctx); err != nil {
					r.here, err = &host.Snapshot{}, nil // the adapter is named
				}
			}
			e.facts = r.here
		}
		if err != nil {
			return err
		}
	}
	if err := r.pick(); err != nil {
		return err
	}
	r.o.tunnel, r.o.wan = r.ends[0].adapter, r.ends[1].adapter
	r.o.analysis.remote = r.ends[0].far != nil || r.ends[1].far != nil
	r.o.output.proof.offered = r.oneMachine() && r.o.shows(r.s) == showScreen
	if err := r.checkOffload(); err != nil {
		return err
	}
	return r.openTaps(ctx)
}

// reach returns what a machine says of itself; an empty snapshot where that is
// not understood, unless an adapter must be found by it.
func (r *fedRun) reach(ctx context.Context, machine feed.Target, needed bool) (*host.Snapshot, error) {
	if known := r.settings[machine]; known != nil && (known.OS != "" || !needed) {
		return known, nil
	}
	if r.sessions[machine] == nil {
		session, err := feed.Dial(ctx, machine)
		if err != nil {
			return nil, err
		}
		r.sessions[machine] = session
	}
	facts, err := host.ReadShell(ctx, r.shell(machine))
	var broken *feed.Error
	switch {
	case errors.As(err, &broken):
		return nil, err
	case err != nil && needed:
		return nil, &failure{exitNoCapture, machine.String() + ": " + err.Error(), fmt.Sprintf("name both adapters: --tunnel %s/ADAPTER --wan %s/ADAPTER", machine, machine)}
	case err != nil:
		facts = &host.Snapshot{}
	}
	r.settings[machine] = facts
	return facts, nil
}

// shell runs scripts of internal/host on a machine.
func (r *fedRun) shell(machine feed.Target) host.Shell {
	return func(ctx context.Context, script string, args ...string) (host.Answer, error) {
		a, err := r.sessions[machine].Run(ctx, script, args...)
		return host.Answer(a), err
	}
}

// pick finds the adapters that were not named, by what their machine says.
func (r *fedRun) pick() error {
	for i := range r.ends {
		e := &r.ends[i]
		if e.far == nil || e.adapter != "" {
			continue
		}
		find := e.facts.Tunnel
		if e.role == capture.RoleWAN {
			find = e.facts.WAN
		}
		c, err := find()
		if err != nil {
			var ce *host.ChoiceError
			if errors.As(err, &ce) {
				return &failure{exitNoCapture, e.far.Machine().String() + ": " + ce.Error(), fmt.Sprintf("name it: --%s %s/ADAPTER", e.role, e.far.Machine())}
			}
			return err
		}
		e.adapter, e.why = c.Name, c.Why
	}
	if a, b := &r.ends[0], &r.ends[1]; r.oneMachine() && a.adapter == b.adapter {
		return sameAdapter(a.adapter)
	}
	return nil
}

// place names a tap for a person.
func (e *tapEnd) place() string {
	switch {
	case e.far != nil:
		return e.far.Machine().String() + "/" + e.adapter
	case e.given == stdinName:
		return "standard input"
	}
	return e.given
}

// chosen says what is watched.
func (r *fedRun) chosen() string {
	a, b := &r.ends[0], &r.ends[1]
	return printable(fmt.Sprintf("tunnel %s (%s), WAN %s (%s)", a.place(), a.why, b.place(), b.why))
}

// checkOffload refuses to capture on a router that hands packets to its switch
// chip, where a tap sees the first packets of each flow at most, and where
// capturing has reset some models (OpenWrt issue 24459, mt7621).
func (r *fedRun) checkOffload() error {
	for i := range r.ends {
		e := &r.ends[i]
		if e.far != nil && e.facts.FlowOffload == host.OffloadHardware && !r.o.force {
			return &failure{exitNoCapture, e.far.Machine().String() + ": hardware flow offload is on: it hides packets from every capture, and capturing resets some routers",
				"switch it off there while you look (LuCI: Network, Firewall, Hardware flow offloading), or take the risk with --force"}
		}
	}
	return nil
}

// close ends everything that was opened.
func (r *fedRun) close() {
	for _, src := range r.sources {
		if src != nil {
			src.Close()
		}
	}
	if r.taps.recorder != nil {
		r.taps.recorder.Abort()
	}
	for _, s := range r.sessions {
		s.Close()
	}
}

// openPipe opens standard input or a named pipe, which waits for its writer.
func (e *tapEnd) openPipe(ctx context.Context, stdin io.Reader) (*capture.File, error) {
	if e.given == stdinName && isTerminalIn(stdin) {
		return nil, usage("tcpdump -i wg0 -U -w - | wgtrace live --tunnel - --wan eth0", "standard input is a terminal, not a capture")
	}
	type opened struct {
		file *capture.File
		err  error
	}
	begun := make(chan opened, 1)
	go func() {
		file, err := openSource(named{path: e.given}, stdin)
		begun <- opened{file, err}
	}()
	select {
	case o := <-begun:
		return o.file, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
