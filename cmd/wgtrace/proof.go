package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/report"
)

// proofOptions say where the packets go that show the verdict.
type proofOptions struct {
	evidence string
	bundle   string
	offered  bool // a bundle may be asked for afterwards

	// frames hands out the packets of the run once more.
	frames func(add func(source string, s capture.Seen)) error
}

func (o *proofOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.evidence, "evidence", "", "write the packets that show it to `FILE`.pcapng")
	f.StringVar(&o.bundle, "bundle", "", "write a ticket: report and packets, to `FILE`.zip")
}

// wanted reports whether packets are asked for.
func (o *proofOptions) wanted() bool { return o.evidence != "" || o.bundle != "" }

// keeps reports whether packets must be kept.
func (o *proofOptions) keeps() bool { return o.wanted() || o.offered }

// check refuses what could only fail after the work is done.
func (o *proofOptions) check(f *pflag.FlagSet, outputs []string) error {
	for _, out := range []struct{ flag, name, example string }{
		{"evidence", o.evidence, "--evidence proof.pcapng"}, {"bundle", o.bundle, "--bundle ticket.zip"},
	} {
		switch fl := f.Lookup(out.flag); {
		case fl == nil || !fl.Changed:
			continue
		case out.name == "" || out.name == stdinName:
			return usage(out.example, "--%s needs a file", out.flag)
		}
		if slices.ContainsFunc(outputs, func(other string) bool { return filepath.Clean(other) == filepath.Clean(out.name) }) {
			return usage(out.example, "--%s %s would overwrite another output", out.flag, out.name)
		}
		if err := writable(out.name); err != nil {
			return err
		}
	}
	if o.evidence != "" && filepath.Clean(o.evidence) == filepath.Clean(o.bundle) {
		return usage("--evidence proof.pcapng --bundle ticket.zip", "--evidence and --bundle name the same file")
	}
	return nil
}

// publish writes what was asked for.
func (o *proofOptions) publish(out *outputOptions, r *report.Report, ev *correlate.Evidence, d *diagnose.Diagnosis, info report.Info) error {
	if !o.wanted() {
		return nil
	}
	proof := report.NewProof(r, ev, d, info)
	if o.frames != nil {
		if err := o.frames(proof.Add); err != nil {
			return usage("", "cannot read the packets once more: %s", err)
		}
	}
	var failed error
	write := func(name string, fill func(io.Writer) error) {
		if name == "" {
			return
		}
		if err := writeFile(name, fill); err != nil {
			failed = errors.Join(failed, usage("", "cannot write %s: %s", name, cause(err)))
		}
	}
	write(o.evidence, proof.Write)
	write(o.bundle, func(w io.Writer) error { return out.writeBundle(w, r, proof) })
	return failed
}

// readAgain hands out the packets of files once more. What cannot be read twice
// was kept in rings while it was read.
func readAgain(paths []string, rings []*report.Ring) func(func(string, capture.Seen)) error {
	return func(add func(string, capture.Seen)) error {
		for _, r := range rings {
			r.Each(add)
		}
		b := capture.NewBatch()
		for _, path := range paths {
			f, err := capture.Open(path)
			if err != nil {
				return err
			}
			f.Watch(func(s capture.Seen) { add(path, s) })
			for err == nil {
				err = f.Next(b) // damage was told when it was read first
			}
			f.Close()
		}
		return nil
	}
}

// keep makes each source that cannot be read twice fill a ring, and returns how
// to get at the packets of all.
func (s *sources) keep() func(func(string, capture.Seen)) error {
	var paths []string
	var rings []*report.Ring
	for _, f := range s.files {
		name := f.Name()
		if st, err := os.Stat(name); name != stdinName && err == nil && st.Mode().IsRegular() {
			paths = append(paths, name)
			continue
		}
		ring := &report.Ring{} // sources are read side by side
		rings = append(rings, ring)
		f.Watch(func(seen capture.Seen) { ring.Keep(name, seen) })
	}
	return readAgain(paths, rings)
}
