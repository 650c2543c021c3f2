package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/report"
)

// writeBundle writes the zip archive for a ticket. Unpacked it is a recorded
// case, so that a wrong verdict becomes a test. All names in it are ours: none
// comes from packets or files.
func (o *outputOptions) writeBundle(w io.Writer, r *report.Report, proof *report.Proof) error {
	z := zip.NewWriter(w)
	var names []string
	add := func(name string, fill func(io.Writer) error) error {
		// Without a time: that of the run stands in the report.
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err != nil {
			return err
		}
		names = append(names, name)
		return fill(f)
	}
	reports := *o
	reports.utc, reports.verbose = true, true
	for _, format := range o.formats {
		err := add("report"+endings[format], func(w io.Writer) error { return reports.render(w, r, format, false) })
		if err != nil {
			return err
		}
	}
	var evidence bytes.Buffer
	if err := proof.Write(&evidence); err != nil {
		return err
	}
	if err := add("evidence.pcapng", func(w io.Writer) error { _, err := w.Write(evidence.Bytes()); return err }); err != nil {
		return err
	}
	var facts any = r.Host
	if r.Container != nil {
		facts = stored{r.Host, r.Container}
	}
	if r.Host != nil {
		if err := add("host.json", func(w io.Writer) error { return writeJSON(w, facts) }); err != nil {
			return err
		}
	}
	said := want{Status: r.Verdict.Status, Finding: r.Verdict.Finding, After: r.Verdict.StoppedAfter, Before: r.Verdict.StoppedBefore}
	if err := add("want.json", func(w io.Writer) error { return writeJSON(w, said) }); err != nil {
		return err
	}
	again := rejudge(evidence.Bytes())
	about := strings.Join(r.BundleText(names, again == said.String(), again), "\n")
	if err := add("README.txt", func(w io.Writer) error { _, err := fmt.Fprintln(w, about); return err }); err != nil {
		return err
	}
	return z.Close()
}

// rejudge returns the verdict on the packets of a bundle by themselves.
func rejudge(evidence []byte) string {
	f, err := capture.NewFile("evidence.pcapng", bytes.NewReader(evidence))
	if err != nil {
		return err.Error()
	}
	ev, err := correlate.New(correlate.Options{}).Run(context.Background(), []correlate.Input{{Source: f}})
	if err != nil {
		return err.Error()
	}
	d := diagnose.Run(ev, diagnose.Context{})
	if d.Finding == "" {
		return d.Status.String()
	}
	return want{Status: d.Status.String(), Finding: &d.Finding}.String()
}
