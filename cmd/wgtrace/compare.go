package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wgtrace/wgtrace/report"
)

// reportLimit bounds a report that is read, in octets. Ten outcomes of 10,000
// flows with some 1,500 octets each stay below it.
const reportLimit = 256 << 20

func compareCommand(s streams) *cobra.Command {
	o := &outputOptions{formats: []string{"text", "markdown", "json"}}
	cmd := &cobra.Command{
		Use:   "compare BEFORE.json AFTER.json",
		Short: "Say what changed between two runs",
		Long: `Say what changed between two runs, by the reports that -o FILE.json wrote: the
verdict, what is gone, new and still there, what passes the six places, times
that moved a lot, and devices that are judged in another way.

Exit status: that of the later run.`,
		Example: `  wgtrace read before.pcapng -o before.json
  wgtrace read after.pcapng -o after.json
  wgtrace compare before.json after.json`,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if len(args) != 2 {
				return usage("wgtrace compare before.json after.json", "compare takes two reports, the earlier one first")
			}
			return o.compare(s, args[0], args[1])
		},
	}
	o.registerForm(cmd.Flags())
	return cmd
}

func (o *outputOptions) compare(s streams, before, after string) error {
	if err := o.spare([]named{{path: before}, {path: after}}); err != nil {
		return err
	}
	b, err := loadReport(before)
	if err != nil {
		return err
	}
	a, err := loadReport(after)
	if err != nil {
		return err
	}
	info, err := o.complete(report.Info{})
	if err != nil {
		return err
	}
	c := report.Compare(b, a, [2]string{filepath.Base(before), filepath.Base(after)}, info)
	err = o.each(s.out, func(w io.Writer, format string, color bool) error {
		switch format {
		case "json":
			return writeJSON(w, c)
		case "markdown":
			return report.CompareMarkdown(w, c)
		}
		return report.CompareText(w, c, report.TextOptions{Width: width(w), Color: color})
	})
	if err != nil {
		return err
	}
	return verdictStatus(report.ExitCode(a))
}

// loadReport reads a report; what is none is wrong use.
func loadReport(path string) (*report.Report, error) {
	const hint = "a report to compare is written by -o FILE.json"
	f, err := os.Open(path)
	if err != nil {
		return nil, usage(hint, "%s: %s", path, cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, reportLimit+1))
	switch {
	case err != nil:
		return nil, usage(hint, "%s: %s", path, cause(err))
	case len(data) > reportLimit:
		return nil, usage(hint, "%s is larger than a report can be", path)
	}
	r, err := report.Decode(data)
	var other *report.SchemaError
	switch {
	case errors.As(err, &other) && other.Newer():
		return nil, usage("a newer version of wgtrace reads it", "%s", fmt.Errorf("%s %w", path, err))
	case err != nil:
		return nil, usage(hint, "%s", fmt.Errorf("%s %w", path, err))
	}
	return r, nil
}
