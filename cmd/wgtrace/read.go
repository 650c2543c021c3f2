package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/report"
)

// readOptions are those of wgtrace read.
type readOptions struct {
	analysis analysisOptions
	output   outputOptions
	tunnel   []string
	wan      []string
}

func readCommand(s streams) *cobra.Command {
	o := &readOptions{}
	cmd := &cobra.Command{
		Use:   "read FILE... | --tunnel FILE --wan FILE",
		Short: "Judge saved captures (pcap, pcapng, also .gz and .zst; - is stdin)",
		Long: `Judge saved captures: two files, one of the tunnel and one of the WAN, or one
file that holds both. Which is which is found out and printed; --tunnel and --wan
say it. FILE#NAME or FILE#N picks one interface of a file. No privileges needed.`,
		Example: `  wgtrace read tunnel.pcap wan.pcap
  wgtrace read --tunnel wg0.pcap --wan eth0.pcapng -o report.json
  wgtrace read any.pcapng                      made by tcpdump -i any
  wgtrace read 'run.pcapng#wg0' 'run.pcapng#eth0'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, args, s)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.tunnel, "tunnel", nil, "capture of the tunnel adapter: `FILE`, FILE#NAME or FILE#N (repeatable)")
	f.StringArrayVar(&o.wan, "wan", nil, "capture of the WAN adapter (repeatable)")
	f.DurationVar(&o.analysis.clockOffset, "clock-offset", 0, "WAN clock minus tunnel clock (default: estimated)")
	o.analysis.register(f)
	o.output.register(f)
	return cmd
}

// named is a source as it was given.
type named struct {
	path, selector string
	role           capture.Role
}

func (o *readOptions) run(cmd *cobra.Command, args []string, s streams) error {
	if err := errors.Join(o.output.check(), o.analysis.check(cmd.Flags())); err != nil {
		return err
	}
	sources := o.sources(args)
	if len(sources) == 0 {
		return usage("wgtrace read tunnel.pcap wan.pcap", "no capture file given")
	}
	inputs, closeAll, err := openSources(sources, s.in)
	if err != nil {
		return err
	}
	defer closeAll()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	engine := correlate.New(o.analysis.engine())
	ev, err := engine.Run(ctx, inputs)
	if err != nil {
		return err
	}
	if err := o.reportDamage(engine, ev, s.err); err != nil {
		return err
	}
	system := o.output.os
	if system == "auto" {
		system = guessOS(ev)
	}
	d := diagnose.Run(ev, o.analysis.context(system))
	return o.output.publish(s, ev, d, report.Info{OSChoice: system})
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

// splitSelector takes FILE#NAME apart. A file that is really called so wins.
func splitSelector(arg string) (path, selector string) {
	if _, err := os.Stat(arg); err == nil {
		return arg, ""
	}
	if i := strings.LastIndexByte(arg, '#'); i > 0 {
		return arg[:i], arg[i+1:]
	}
	return arg, ""
}

// openSources opens each file once. A file that is named twice is used twice
// only for different interfaces of it.
func openSources(list []named, stdin io.Reader) (inputs []correlate.Input, closeAll func(), err error) {
	var opened []*capture.File
	closeAll = func() {
		for _, f := range opened {
			f.Close()
		}
	}
	defer func() {
		if err != nil {
			closeAll()
		}
	}()
	picks := make(map[int]int)
	for i, n := range list {
		if j := sameSource(list[:i], n); j >= 0 {
			if n.selector == "" || list[j].selector == "" || n.selector == list[j].selector {
				return nil, closeAll, usage("name the capture of the tunnel and that of the WAN; FILE#NAME picks an interface of one file",
					"the same file was given twice: %s", n.path)
			}
			in := &inputs[picks[j]]
			picks[i] = picks[j]
			in.Picks = append(in.Picks, correlate.Pick{Interface: n.selector, Role: n.role})
			continue
		}
		var f *capture.File
		if n.path == "-" {
			f, err = capture.NewFile("-", stdin)
		} else {
			f, err = capture.Open(n.path)
		}
		if err != nil {
			return nil, closeAll, err
		}
		opened = append(opened, f)
		picks[i] = len(inputs)
		inputs = append(inputs, correlate.Input{Source: f, Picks: []correlate.Pick{{Interface: n.selector, Role: n.role}}})
	}
	return inputs, closeAll, nil
}

// sameSource returns the index of an earlier name of the same file, or -1.
func sameSource(list []named, n named) int {
	for j, o := range list {
		if o.path == n.path {
			return j
		}
		a, errA := os.Stat(o.path)
		b, errB := os.Stat(n.path)
		if errA == nil && errB == nil && os.SameFile(a, b) && a.Mode().IsRegular() {
			return j
		}
	}
	return -1
}

// reportDamage says on stderr what could not be read, and fails when a source
// gave nothing at all.
func (o *readOptions) reportDamage(engine *correlate.Engine, ev *correlate.Evidence, stderr io.Writer) error {
	for _, err := range engine.Damage() {
		var d *capture.DamageError
		if !errors.As(err, &d) {
			return err
		}
		if d.Frame == 0 {
			return usage(d.Hint, "%s", d)
		}
		fmt.Fprintf(stderr, "wgtrace: %s; what stands before it was used\n", printable(d.Error()))
		if d.Hint != "" {
			fmt.Fprintf(stderr, "wgtrace: hint: %s\n", printable(d.Hint))
		}
	}
	return nil
}
