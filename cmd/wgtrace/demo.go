package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/lab"
	"github.com/wgtrace/wgtrace/internal/text"
	"github.com/wgtrace/wgtrace/report"
	"github.com/wgtrace/wgtrace/testdata/pcaps"
)

// demoOptions are those of wgtrace demo.
type demoOptions struct {
	output   outputOptions
	live     bool
	scenario string
	seed     int64
	list     bool

	words *text.Catalog
}

func demoCommand(s streams) *cobra.Command {
	o := &demoOptions{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show a sample run: NAT is missing, the verdict, the fix, healthy",
		Long: `Show what wgtrace does, on captures that come with it: a phone whose packets
leave a server untranslated, and the same phone after the fix. With --live the
same happens for real: a phone, a router, a server and a website in network
namespaces, userspace WireGuard, and wgtrace live in between (Linux, root).
Nothing on this host is changed.`,
		Example: `  wgtrace demo
  sudo wgtrace demo --live
  sudo wgtrace demo --live --scenario forward-policy-drop
  wgtrace demo --list`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.output.check(); err != nil {
				return err
			}
			words, err := text.For(o.output.lang)
			if err != nil {
				return err
			}
			o.words = words
			switch {
			case o.list:
				return o.print(s)
			case o.live:
				return o.runLive(cmd.Context(), s)
			}
			return o.runPackaged(s)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.live, "live", false, "build the lab and capture in it (Linux, root; about 20 s)")
	f.StringVar(&o.scenario, "scenario", "", "show this `case` instead (--list names them)")
	f.Int64Var(&o.seed, "seed", 0, "with --live: draw addresses, ports and order from this `number` (default: a new one, printed)")
	f.BoolVar(&o.list, "list", false, "list the cases")
	f.BoolVar(&o.output.noColor, "no-color", false, "no colours (NO_COLOR does the same)")
	registerLang(f, &o.output.lang)
	o.output.textOnly()
	return cmd
}

// want is the truth of a packaged case.
type want struct {
	Status  string  `json:"status"`
	Finding *string `json:"finding"`
	After   *string `json:"stopped_after"`
	Before  *string `json:"stopped_before"`
}

func (o *demoOptions) print(s streams) error {
	fmt.Fprintln(s.out, o.words.Word("demo-cases", nil))
	for _, name := range packaged() {
		w, err := truthOf(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "  %-28s %s\n", name, w)
	}
	fmt.Fprintln(s.out, "\n"+o.words.Word("demo-scenarios", nil))
	for _, sc := range lab.Scenarios() {
		fmt.Fprintf(s.out, "  %-28s %s\n", sc.Name, sc.Summary)
	}
	return nil
}

func (w want) String() string {
	if w.Finding == nil {
		return w.Status
	}
	return w.Status + ": " + *w.Finding
}

// packaged lists the recorded cases by name.
func packaged() []string {
	entries, err := fs.ReadDir(pcaps.Files, ".")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

func truthOf(name string) (want, error) {
	var w want
	raw, err := fs.ReadFile(pcaps.Files, path.Join(name, "want.json"))
	if err != nil {
		return w, err
	}
	return w, json.Unmarshal(raw, &w)
}

// runPackaged judges recorded captures.
func (o *demoOptions) runPackaged(s streams) error {
	cases := []string{"nat-missing-phone", "healthy-phone"}
	if o.scenario != "" {
		if !slices.Contains(packaged(), o.scenario) {
			return usage("wgtrace demo --list", "no packaged case %q", o.scenario)
		}
		cases = []string{o.scenario}
	}
	for i, name := range cases {
		switch {
		case len(cases) == 1:
			o.heading(s, "demo-recorded", map[string]any{"name": name})
		case i == 0:
			o.heading(s, "demo-broken", nil)
		default:
			o.heading(s, "demo-cured", nil)
		}
		if err := o.showPackaged(s, name); err != nil {
			return err
		}
	}
	return nil
}

func (o *demoOptions) showPackaged(s streams, name string) error {
	truth, err := truthOf(name)
	if err != nil {
		return err
	}
	entries, err := fs.ReadDir(pcaps.Files, name)
	if err != nil {
		return err
	}
	var inputs []correlate.Input
	for _, e := range entries {
		if !strings.HasPrefix(path.Ext(e.Name()), ".pcap") {
			continue
		}
		raw, err := fs.ReadFile(pcaps.Files, path.Join(name, e.Name()))
		if err != nil {
			return err
		}
		f, err := capture.NewFile(path.Join(name, e.Name()), bytes.NewReader(raw))
		if err != nil {
			return err
		}
		defer f.Close()
		inputs = append(inputs, correlate.Input{Source: f})
	}
	ev, err := correlate.New(correlate.Options{}).Run(context.Background(), inputs)
	if err != nil {
		return err
	}
	d := diagnose.Run(ev, diagnose.Context{OS: "linux"})
	if err := o.show(s, ev, d, report.Info{OSChoice: "linux"}); err != nil {
		return err
	}
	return agree(name, verdictOf(d), truth.String())
}

// show prints a report without turning its verdict into an exit status.
func (o *demoOptions) show(s streams, ev *correlate.Evidence, d *diagnose.Diagnosis, info report.Info) error {
	err := o.output.publish(s, ev, d, info)
	if _, ok := err.(verdictStatus); ok {
		return nil
	}
	return err
}

func verdictOf(d *diagnose.Diagnosis) string {
	if d.Finding == "" {
		return d.Status.String()
	}
	return d.Status.String() + ": " + d.Finding
}

// agree fails when a run did not end as its scenario must.
func agree(name, got, expected string) error {
	if got != expected {
		return &failure{exitFault, fmt.Sprintf("demo %s: the verdict is %q, it should be %q", name, got, expected), ""}
	}
	return nil
}

// heading sets the story apart from the reports.
func (o *demoOptions) heading(s streams, id string, args map[string]any) {
	line := o.words.Word(id, args)
	if o.output.color(s.out) {
		fmt.Fprintf(s.out, "\n\x1b[1m### %s\x1b[0m\n\n", line)
		return
	}
	fmt.Fprintf(s.out, "\n### %s\n\n", line)
}
