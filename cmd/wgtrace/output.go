package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/wgtrace/wgtrace/capture/live"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/text"
	"github.com/wgtrace/wgtrace/report"
)

// outputOptions say where the report goes and how it looks.
type outputOptions struct {
	format  string
	files   []string
	lang    string
	os      string
	noColor bool
	verbose bool
	quiet   bool
}

func (o *outputOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.format, "format", "text", "text or json, for stdout and names without a known ending")
	f.StringArrayVarP(&o.files, "output", "o", nil, "write the report to `FILE` (.txt, .json); stdout stays empty unless -o -")
	f.StringVar(&o.lang, "lang", "en", "language of the sentences: "+strings.Join(text.Languages(), ", "))
	f.StringVar(&o.os, "os", "auto", "whose fixes to print: "+strings.Join(fixSystems, ", ")+" or auto")
	f.BoolVar(&o.noColor, "no-color", false, "no colours (NO_COLOR does the same)")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "all causes and fixes, and why captures have their role")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no notes on stderr")
}

// fixSystems are those that fixes are known for.
var fixSystems = []string{"linux", "windows", "macos", "freebsd", "openwrt", "routeros"}

// check refuses what could only fail after the work is done.
func (o *outputOptions) check() error {
	if err := checkFormat(o.format); err != nil {
		return err
	}
	for _, f := range o.files {
		if f == "-" {
			continue
		}
		if _, err := formatOf(f, o.format); err != nil {
			return err
		}
		if st, err := os.Stat(f); err == nil && st.IsDir() {
			return usage("name a file in it", "%s is a directory", f)
		}
		if st, err := os.Stat(filepath.Dir(f)); err != nil || !st.IsDir() {
			return usage("make the folder first", "cannot write %s: no such folder", f)
		}
	}
	if _, err := text.For(o.lang); err != nil {
		return usage("--lang "+strings.Join(text.Languages(), " or --lang "), "%s", err)
	}
	if o.os != "auto" && !contains(fixSystems, o.os) {
		return usage("--os "+strings.Join(fixSystems, ", ")+" or auto", "unknown system %q", o.os)
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func checkFormat(f string) error {
	switch f {
	case "text", "json":
		return nil
	case "markdown", "html":
		return usage("--format text or --format json", "this version writes no %s yet", f)
	}
	return usage("--format text or --format json", "unknown format %q", f)
}

// formatOf returns the format of a file by its ending.
func formatOf(name, fallback string) (string, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json":
		return "json", nil
	case ".txt":
		return "text", nil
	case ".md":
		return "", checkFormat("markdown")
	case ".html":
		return "", checkFormat("html")
	}
	return fallback, nil
}

// publish writes the report everywhere it was asked for and returns the status
// of its verdict.
func (o *outputOptions) publish(s streams, ev *correlate.Evidence, d *diagnose.Diagnosis, info report.Info) error {
	info.Name, info.Version = "wgtrace", toolVersion()
	info.OS, info.Arch = runtime.GOOS, runtime.GOARCH
	info.Lang, info.Verbose = o.lang, o.verbose
	if info.Live {
		info.CaptureLibrary = live.Library()
	}
	r := report.Build(ev, d, info)
	outputs := o.files
	if len(outputs) == 0 {
		outputs = []string{"-"}
	}
	for _, name := range outputs {
		if name == "-" {
			if err := o.render(s.out, r, o.format, o.color(s.out)); err != nil {
				return fmt.Errorf("write the report: %w", err)
			}
			continue
		}
		format, err := formatOf(name, o.format)
		if err != nil {
			return err
		}
		if err := writeFile(name, func(w io.Writer) error { return o.render(w, r, format, false) }); err != nil {
			return usage("", "write %s: %s", name, err)
		}
	}
	return verdictStatus(report.ExitCode(r))
}

func (o *outputOptions) render(w io.Writer, r *report.Report, format string, color bool) error {
	if format == "json" {
		return report.JSON(w, r)
	}
	return report.Text(w, r, report.TextOptions{Width: width(w), Color: color, Verbose: o.verbose})
}

// color reports whether a writer is a terminal that wants colours.
func (o *outputOptions) color(w io.Writer) bool {
	return !o.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// maxWidth is as wide as lines of prose stay readable.
const maxWidth = 100

// width returns how wide a report may be: the terminal's width within reason,
// 80 columns elsewhere.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil {
			return min(n, maxWidth)
		}
	}
	return 80
}

// writeFile writes a file under a temporary name and renames it, so that a name
// never stands for half a report.
func writeFile(name string, fill func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := fill(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil && runtime.GOOS != "windows" {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
