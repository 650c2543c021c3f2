package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/netns"
	"github.com/wgtrace/wgtrace/report"
)

// checkOptions are those of wgtrace check.
type checkOptions struct {
	analysis analysisOptions
	output   outputOptions
	tunnel   string
	wan      string
	hostFile string
	phone    phoneOptions
	asJSON   bool
	watch    time.Duration // how long counters are watched; 0: they are not
}

func checkCommand(s streams) *cobra.Command {
	o := &checkOptions{output: outputOptions{formats: []string{"text", "json"}}}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say what the settings of this host promise, without packets",
		Long: `Read the settings of this host that a tunnel needs, change nothing, and say of
each whether it is right: the tunnel, passing packets on, address translation,
names. Where the tunnel is in a container, its settings and those of the host
around it are judged. What cannot be read is said to be not known. Settings that are right do
not prove that packets get through: that is what wgtrace live is for.

With --phone also the configuration that a phone was given, the file behind its
QR code, is compared with the server. Private keys in it are read to derive the
public one, and neither kept nor shown. With --config the server is what its own
file says, and this host is not looked at.

With -d the packets that the host counts meanwhile are judged too, without looking
into any: that finds a place, and never says that all is well (0).

Most of it needs root. Exit status: 0 right, 1 something is wrong, 3 not known.`,
		Example: `  sudo wgtrace check
  sudo wgtrace check --format json > server.json
  wgtrace check --host-facts server.json           read elsewhere
  sudo wgtrace check --phone phone.conf
  wgtrace check --phone phone.conf --config wg0.conf`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.asJSON {
				o.output.format = "json"
			}
			if err := o.output.check(); err != nil {
				return err
			}
			switch set := cmd.Flags().Changed("duration"); {
			case set && o.watch <= 0:
				return usage("-d 10s", "-d %s: must be more than 0", o.watch)
			case set && (o.hostFile != "" || o.phone.server != ""):
				return usage("wgtrace check -d 10s", "-d: packets are counted on this host alone")
			}
			return o.run(cmd.Context(), s)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.tunnel, "tunnel", "", "tunnel `adapter`, netns:PID/wg0 in a container (default: the WireGuard adapter)")
	f.StringVar(&o.wan, "wan", "", "WAN `adapter` (default: that of the default route)")
	f.StringVar(&o.hostFile, "host-facts", "", "judge the settings in a `FILE` instead of this host's")
	f.StringVar(&o.phone.file, "phone", "", "compare a phone's configuration `FILE` with the server")
	f.StringVar(&o.phone.server, "config", "", "with --phone: the server's configuration `FILE` instead of its device")
	f.DurationVarP(&o.watch, "duration", "d", 0, "count packets for this `TIME` too, while the phone tries")
	f.BoolVar(&o.asJSON, "json", false, "as --format json")
	o.output.register(f)
	return cmd
}

func (o *checkOptions) run(ctx context.Context, s streams) error {
	if ctx == nil {
		ctx = context.Background()
	}
	if err := o.phone.read(); err != nil {
		return err
	}
	facts, in, err := o.facts(ctx)
	if err != nil {
		return err
	}
	system := o.output.system(facts.OS)
	asked := report.Info{Live: facts.OS != "" && o.hostFile == "", OSChoice: system}
	server := facts // whose tunnel it is
	if in != nil {
		asked.Container = in.row()
		server = in.facts
	}
	if o.tunnel == "" {
		o.tunnel = o.phone.device(server)
	}
	var checks []diagnose.Check
	dc := o.analysis.context(system)
	if in == nil {
		addFacts(&dc, facts, o.tunnel, o.wan)
		checks = diagnose.Checks(dc)
	} else {
		base := dc
		dc = in.context(base, o.tunnel)
		around := in.outer(base, dc, facts, o.wan)
		dc.Around = &around
		checks = append(diagnose.Checks(dc), diagnose.Checks(around)...)
		if !o.output.quiet && o.hostFile == "" {
			fmt.Fprintf(s.err, "wgtrace: tunnel %s (inside %s)\n", printable(dc.Tunnel), in.place)
		}
	}
	checks = append(checks, o.phone.checks(dc)...)
	counted, err := o.judge(ctx, s, server, in, dc, checks)
	if err != nil {
		return err
	}
	asked.HostJSON = factsJSON(facts)
	info, err := o.output.complete(asked)
	if err != nil {
		return err
	}
	c := report.BuildCheck(checks, counted, facts.Taken, info)
	err = o.output.each(s.out, func(w io.Writer, format string, color bool) error {
		if format == "json" {
			return writeJSON(w, c)
		}
		return report.CheckText(w, c, report.TextOptions{Width: width(w), Color: color, Location: time.Local})
	})
	if err != nil {
		return err
	}
	return verdictStatus(report.StatusExit(c.Verdict.Status))
}

// facts are those of this host and of the container with its tunnel, nil if there
// is none; or what a file has of both. None are known where two configurations
// are compared: nothing says that one of them is this host's.
func (o *checkOptions) facts(ctx context.Context) (*host.Snapshot, *inside, error) {
	switch {
	case o.hostFile != "":
		return loadFacts(o.hostFile)
	case o.phone.config != nil:
		return &host.Snapshot{}, nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, factsTimeout)
	defer cancel()
	s, err := host.ReadAll(ctx)
	if err != nil {
		return nil, nil, &failure{exitInconclusive, err.Error(), ""}
	}
	in, err := o.inside(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range []string{o.tunnel, o.wan} {
		if name != "" && s.Adapter(name) == nil && (in == nil || name != o.tunnel) {
			return nil, nil, usage("wgtrace interfaces lists the adapters of this host", "no adapter %s here", printable(name))
		}
	}
	if in == nil || !in.addr().IsValid() {
		return s, in, nil
	}
	// The host's clients are those of the container, by the container's address.
	if s, err = host.ReadAll(ctx, host.Client{Addr: in.addr(), Tunnel: adapterTowards(s, in.addr())}); err != nil {
		return nil, nil, &failure{exitInconclusive, err.Error(), ""}
	}
	return s, in, nil
}

// inside reads the container of the tunnel: the one that --tunnel names, or else
// the only one that there is where this host has no tunnel itself; nil otherwise.
func (o *checkOptions) inside(ctx context.Context, here *host.Snapshot) (in *inside, err error) {
	if spec, adapter, ok := netns.Split(o.tunnel); ok {
		in, err = namedInside(ctx, spec, adapter)
		o.tunnel = adapter
	} else if o.tunnel == "" && len(here.Tunnels()) == 0 {
		in, _, err = onlyInside(ctx)
	}
	if in == nil || err != nil {
		return nil, err
	}
	return look(in.ns, func() (*host.Snapshot, error) { return host.ReadAll(ctx) })
}
