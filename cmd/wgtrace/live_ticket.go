package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/term"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/privilege"
	"github.com/wgtrace/wgtrace/internal/text"
	"github.com/wgtrace/wgtrace/report"
)

// offerTicket asks under the report whether the packets that show it are to be
// saved, and does it. Without that key nothing is written.
func (o *liveOptions) offerTicket(s streams, words *text.Catalog, ev *correlate.Evidence, d *diagnose.Diagnosis, info report.Info) error {
	in, ok := s.in.(*os.File)
	if !ok {
		return nil
	}
	fmt.Fprintf(s.out, "\n%s\n", words.Word("live-save", nil))
	key, err := readKey(in)
	if err != nil || key != 's' && key != 'S' {
		return nil // nobody asked for it
	}
	out := o.output
	out.formats, out.files, out.verbose = []string{"text", "markdown", "json", "html"}, nil, true
	out.redact = report.RedactStandard
	if info, err = out.complete(info); err != nil {
		return err
	}
	r := report.Build(ev, d, info)
	// A run cannot be had again: where this folder takes nothing, another one does.
	for _, folder := range []string{"", os.TempDir()} {
		err = privilege.Writing(func() (err error) {
			out.proof.bundle, err = freeName(filepath.Join(folder, "ticket"), ".zip")
			return err
		})
		if err != nil {
			err = usage("", "cannot write ticket.zip: %s", cause(err))
		} else if err = out.proof.publish(&out, r, ev, d, info); err == nil {
			fmt.Fprintln(s.out, words.Word("live-saved", map[string]any{"name": out.proof.bundle}))
			return nil
		}
	}
	return err
}

// readKey waits for one key.
func readKey(in *os.File) (byte, error) {
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return 0, err
	}
	defer func() { _ = term.Restore(int(in.Fd()), before) }()
	var key [1]byte
	_, err = in.Read(key[:])
	return key[0], err
}

// freeName returns a name that nothing has yet.
func freeName(stem, ending string) (string, error) {
	name := stem + ending
	for n := 2; ; n++ {
		_, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
		name = fmt.Sprintf("%s-%d%s", stem, n, ending)
	}
}
