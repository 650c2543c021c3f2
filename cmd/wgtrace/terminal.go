package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// color reports whether a writer is a terminal that wants colours.
func (o *outputOptions) color(w io.Writer) bool {
	return !o.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// isTerminalIn reports whether somebody types at a reader.
func isTerminalIn(r io.Reader) bool {
	f, ok := r.(*os.File)
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
