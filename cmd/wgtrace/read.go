package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/report"
)

// readOptions are those of wgtrace read.
type readOptions struct {
	analysis analysisOptions
	output   outputOptions
	tunnel   []string
	wan      []string
	hostFile string
	files    []string // of -r
}

func readCommand(s streams) *cobra.Command {
	o := &readOptions{}
	cmd := &cobra.Command{
		Use:   "read FILE... | --tunnel FILE --wan FILE",
		Short: "Judge saved captures (pcap, pcapng, .gz, .zst; - is stdin)",
		Long: `Judge saved captures: two files, one of the tunnel and one of the WAN, or one
file that holds both. Which is which is found out and printed; --tunnel and
--wan say it. FILE#NAME or FILE#N picks one interface of a file, as "wgtrace
interfaces FILE" lists them. Needs no privileges.`,
		Example: `  wgtrace read tunnel.pcap wan.pcap
  wgtrace read --tunnel wg0.pcap --wan eth0.pcapng -o report.json
  wgtrace read any.pcapng                         made by tcpdump -i any
  wgtrace read 'run.pcapng#wg0' 'run.pcapng#eth0'
  wgtrace read -r tunnel.pcap -r wan.pcap host 1.1.1.1 and not port 53
  tcpdump -i any -U -w - | wgtrace read -         Ctrl-C ends it`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(o.files) > 0 { // as tcpdump has it: what follows is a filter
				var err error
				if o.output.filter, err = parseFilter(args); err != nil {
					return err
				}
				args = o.files
			}
			return o.run(cmd, args, s)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.tunnel, "tunnel", nil, "capture of the tunnel adapter: `FILE`, FILE#NAME or FILE#N (repeatable)")
	f.StringArrayVarP(&o.files, "read", "r", nil, "capture `FILE` (repeatable); other words are then a filter, as in live")
	f.StringArrayVar(&o.wan, "wan", nil, "capture of the WAN adapter: `FILE`, likewise (repeatable)")
	f.DurationVar(&o.analysis.clockOffset, "clock-offset", 0, "WAN clock minus tunnel clock, a `time` (default: estimated)")
	f.StringVar(&o.hostFile, "host-facts", "", "settings of the captured server: a `FILE` made there by \"wgtrace check --format json\"")
	o.analysis.register(f)
	o.output.register(f)
	o.output.proof.register(f)
	return cmd
}

func (o *readOptions) run(cmd *cobra.Command, args []string, s streams) error {
	if err := errors.Join(o.output.check(), o.output.proof.check(cmd.Flags(), o.output.files), o.analysis.check(cmd.Flags())); err != nil {
		return err
	}
	list := o.sources(args)
	if len(list) == 0 {
		return usage("wgtrace read tunnel.pcap wan.pcap", "no capture file given")
	}
	if err := o.output.spare(list); err != nil {
		return err
	}
	ending := watchEnding(s.err, o.output.quiet)
	defer ending.stop()
	src, err := openSources(list, s.in)
	if err != nil {
		return err
	}
	defer src.close()
	if o.output.proof.wanted() {
		o.output.proof.frames = src.keep()
	}
	ending.interrupts(src)

	opts := o.analysis.engine()
	show := showReading(s.err, isTerminal(s.err) && !o.output.quiet, src, &opts)
	engine := correlate.New(opts)
	ev, err := engine.Run(context.Background(), src.inputs)
	show.stop()
	if err != nil {
		return err
	}
	if engine.Apart() && len(list) > 0 && list[0].path != "-" {
		again, err := o.readApart(list[0].path, ev)
		if err != nil {
			return err
		}
		if again != nil {
			ev = again
		}
	}
	ending.stop()
	if err := errors.Join(reportDamage(engine, s.err), src.checkPicks()); err != nil {
		return err
	}
	facts, in, err := o.facts(src, s.err)
	if err != nil {
		return err
	}
	inner, in, err := o.readInner(ev, in)
	if err != nil {
		return err
	}
	found := guessOS(ev)
	if facts != nil {
		found = facts.OS
	}
	system := o.output.system(found)
	dc := o.analysis.context(system)
	wrong := o.contradicted(ev, list)
	info := report.Info{OSChoice: system, HostJSON: factsJSON(facts)}
	var d *diagnose.Diagnosis
	if in != nil {
		info.Container = in.row()
		d = in.judge(ev, inner, dc, facts, "", "")
	} else {
		addFacts(&dc, facts, "", "")
		d = diagnose.Run(ev, dc)
	}
	if d.Status != diagnose.StatusHealthy {
		contradict(ev, wrong, s.err)
	}
	return o.output.publish(s, ev, d, info)
}

// facts are the settings of the machine that was captured: those of --host-facts,
// else those that a recording of ours holds. The settings of this machine are
// never read: it need not be the one.
func (o *readOptions) facts(src *sources, stderr io.Writer) (*host.Snapshot, *inside, error) {
	if o.hostFile != "" {
		return loadFacts(o.hostFile)
	}
	for _, f := range src.files {
		raw := f.HostFacts()
		if raw == nil {
			continue
		}
		s, in, err := decodeFacts(raw)
		if err != nil {
			complain(stderr, 0, printable(f.Name()+": "+err.Error()), "the packets are judged without the settings of the host")
			continue
		}
		return s, in, nil
	}
	return nil, nil, nil
}

// sources lists what was named, with the roles that flags give.
func (o *readOptions) sources(args []string) []named {
	var list []named
	add := func(arg string, role capture.Role) {
		path, selector := splitSelector(arg)
		list = append(list, named{path, selector, role})
	}
	for _, a := range o.tunnel {
		add(a, capture.RoleTunnel)
	}
	for _, a := range o.wan {
		add(a, capture.RoleWAN)
	}
	for _, a := range args {
		add(a, capture.RoleUnknown)
	}
	return list
}

// reportDamage says on stderr what could not be read, and fails when a source
// gave nothing at all.
func reportDamage(engine *correlate.Engine, stderr io.Writer) error {
	for _, err := range engine.Damage() {
		var d *capture.DamageError
		if !errors.As(err, &d) || d.Frame == 0 {
			return err
		}
		fmt.Fprintf(stderr, "wgtrace: %s; what stands before it was used\n", printable(d.Error()))
	}
	return nil
}

// strongRoles are reasons for a role that hold against a person's word. A link
// type alone is none: a WAN can be without a link layer (PPP), and the inside of
// a plain router has one.
var strongRoles = map[string]bool{"option": true, "outer-wireguard": true, "name": true, "no-link-layer": true}

// contradicted returns the captures that were named as one side and look like the
// other, and notes where both sides do: a person may know better what one adapter
// is, but does not mean to exchange two. It looks at the files once more.
func (o *readOptions) contradicted(ev *correlate.Evidence, list []named) (wrong []*correlate.Capture) {
	if len(o.tunnel)+len(o.wan) == 0 {
		return nil
	}
	free := make([]named, len(list))
	for i, n := range list {
		if st, err := os.Stat(n.path); err != nil || !st.Mode().IsRegular() {
			return nil // a pipe cannot be looked at twice
		}
		free[i] = named{path: n.path, selector: n.selector}
	}
	src, err := openSources(free, nil)
	if err != nil {
		return nil // it was read a moment ago, so that its damage has been told
	}
	defer src.close()
	// Roles that cannot be told contradict nobody.
	faces, _ := correlate.Roles(context.Background(), src.inputs, o.analysis.engine())
	flagged, opposite, proved := 0, 0, false
	for i := range ev.Captures {
		c := &ev.Captures[i]
		role, why := correlate.RoleOf(faces, c.Source, c.Interface)
		if c.RoleWhy != "flag" || role == capture.RoleUnknown {
			continue
		}
		flagged++
		if role == c.Role {
			continue
		}
		opposite++
		proved = proved || why == "outer-wireguard" || why == "option"
		if strongRoles[why] {
			wrong = append(wrong, c)
		}
	}
	ev.Coverage.Exchanged = proved && opposite > 1 && opposite == flagged
	return wrong
}

// contradict adds a caveat for each capture that looks like the other side.
func contradict(ev *correlate.Evidence, wrong []*correlate.Capture, stderr io.Writer) {
	for _, c := range wrong {
		ev.Caveats = append(ev.Caveats, correlate.Caveat{
			ID: "role-contradiction", Args: map[string]any{"source": c.Source, "point": c.Role.String()},
		})
		complain(stderr, 0, fmt.Sprintf("%s was named with --%s, but looks like the other side", c.Source, c.Role),
			"exchange --tunnel and --wan, or leave both out")
	}
}
