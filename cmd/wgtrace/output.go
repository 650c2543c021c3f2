package main

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/wgtrace/wgtrace/capture/live"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/filter"
	"github.com/wgtrace/wgtrace/report"
)

// outputOptions say where the report goes and how it looks.
type outputOptions struct {
	formats []string // that the command can write; nil is all of them
	format  string
	files   []string
	lang    string
	os      string
	redact  string
	noColor bool
	verbose bool
	quiet   bool
	utc     bool // times say nothing of where the person lives

	filter filter.Expression // of the connections that are listed
	proof  proofOptions
}

func (o *outputOptions) register(f *pflag.FlagSet) {
	o.registerForm(f)
	f.StringVar(&o.os, "os", "auto", "`SYSTEM` of the fixes: "+strings.Join(fixSystems, " "))
	f.StringVar(&o.redact, "redact", "", "hide addresses: `MODE` standard, strict, none")
	f.Lookup("redact").NoOptDefVal = report.RedactStandard
	f.BoolVarP(&o.verbose, "verbose", "v", false, "all causes and fixes")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no notes on stderr")
}

// registerForm adds the flags that say where an answer goes and how it looks.
func (o *outputOptions) registerForm(f *pflag.FlagSet) {
	o.os = "auto"
	if o.formats == nil {
		o.formats = []string{"text", "markdown", "json", "html"}
	}
	f.StringVar(&o.format, "format", "text", "of stdout: `FORMAT` "+strings.Join(o.formats, ", "))
	_ = f.SetAnnotation("format", valuesOf, o.formats)
	f.StringArrayVarP(&o.files, "output", "o", nil, "write to `FILE` ("+strings.Join(o.endings(), " ")+", or -; repeatable)")
	registerLang(f, &o.lang)
	f.BoolVar(&o.noColor, "no-color", false, "no colours (NO_COLOR does the same)")
}

// textOnly sets what a command that registers no flags of output stands by.
func (o *outputOptions) textOnly() {
	o.formats, o.format, o.os, o.redact = []string{"text"}, "text", "auto", "none"
}

// fixSystems are those that fixes are known for.
var fixSystems = []string{"linux", "windows", "macos", "freebsd", "openwrt", "routeros"}

// check refuses what could only fail after the work is done.
func (o *outputOptions) check() error {
	if err := o.checkFormat(o.format); err != nil {
		return err
	}
	for _, f := range o.files {
		if f == stdinName {
			continue
		}
		if f == "" {
			return usage("-o report.txt", "-o: an empty file name")
		}
		if err := o.checkFormat(formatOf(f, o.format)); err != nil {
			return err
		}
		if err := writable(f); err != nil {
			return err
		}
	}
	if err := checkLang(o.lang); err != nil {
		return err
	}
	if o.os != "auto" && !slices.Contains(fixSystems, o.os) {
		return usage("--os "+strings.Join(fixSystems, ", ")+" or auto", "unknown system %q", o.os)
	}
	if o.redact == "" && o.proof.bundle != "" {
		o.redact = report.RedactStandard // it is made for others to read
	}
	if o.redact == "" {
		o.redact = report.RedactNone
	}
	if o.redact != report.RedactNone && !slices.Contains(redactWords, o.redact) {
		return usage("--redact=standard, --redact=strict or --redact=none", "unknown mode of redaction %q", o.redact)
	}
	return nil
}

// spare refuses to write a report over one of the captures that it is made of.
func (o *outputOptions) spare(list []named) error {
	outputs := []struct{ flag, name string }{{"--evidence", o.proof.evidence}, {"--bundle", o.proof.bundle}}
	for _, name := range o.files {
		outputs = append(outputs, struct{ flag, name string }{"-o", name})
	}
	for _, out := range outputs {
		for _, n := range list {
			if out.name != "" && out.name != stdinName && n.path != stdinName && sameFile(out.name, n.path) {
				return usage("-o report.txt", "%s %s would overwrite the capture", out.flag, out.name)
			}
		}
	}
	return nil
}

// publish writes the report everywhere it was asked for and returns the status
// of its verdict.
func (o *outputOptions) publish(s streams, ev *correlate.Evidence, d *diagnose.Diagnosis, info report.Info) error {
	info, err := o.complete(info)
	if err != nil {
		return err
	}
	if info.Live {
		info.CaptureLibrary = live.Library()
	}
	r := report.Build(ev, d, info)
	err = o.each(s.out, func(w io.Writer, format string, color bool) error { return o.render(w, r, format, color) })
	if err := errors.Join(err, o.proof.publish(o, r, ev, d, info)); err != nil {
		return err
	}
	return verdictStatus(report.ExitCode(r))
}

// complete adds to what an answer is made of the program that gives it and what
// the person wants of it.
func (o *outputOptions) complete(info report.Info) (_ report.Info, err error) {
	info.Name, info.Version = "wgtrace", toolVersion()
	info.OS, info.Arch = runtime.GOOS, runtime.GOARCH
	info.Lang, info.Verbose, info.Filter = o.lang, o.verbose, o.filter
	if o.redact != report.RedactNone && o.redact != "" {
		info.Redact, err = report.NewRedactor(o.redact)
	}
	return info, err
}

// system returns whose fixes to print: those of the system that was named, or
// else of the one found, by its name in Go.
func (o *outputOptions) system(found string) string {
	switch {
	case o.os != "auto":
		return o.os
	case found == "darwin":
		return "macos"
	}
	return found
}

// renderer writes an answer in one format.
type renderer func(w io.Writer, format string, color bool) error

// each writes an answer everywhere it was asked for.
func (o *outputOptions) each(stdout io.Writer, render renderer) error {
	outputs := slices.Clone(o.files)
	if len(outputs) == 0 {
		outputs = []string{stdinName}
	}
	slices.Sort(outputs)
	var failed error
	for _, name := range slices.Compact(outputs) {
		if err := o.write(stdout, name, render); err != nil {
			failed = errors.Join(failed, usage("", "cannot write the report to %s: %s", outputName(name), cause(err)))
		}
	}
	return failed
}

// outputName is what an output is called in messages.
func outputName(name string) string {
	if name == stdinName {
		return "standard output"
	}
	return name
}

// write writes an answer to one of its outputs.
func (o *outputOptions) write(stdout io.Writer, name string, render renderer) error {
	if name == stdinName {
		return render(stdout, o.format, o.color(stdout))
	}
	return writeFile(name, func(w io.Writer) error { return render(w, formatOf(name, o.format), false) })
}
