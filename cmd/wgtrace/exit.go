package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/capture/feed"
	"github.com/wgtrace/wgtrace/capture/live"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
)

// Exit statuses (docs: README, "Exit status").
const (
	exitHealthy      = 0
	exitFault        = 1
	exitUsage        = 2
	exitInconclusive = 3
	exitNoCapture    = 4
)

// failure is an error that ends the program with a status, one line and a hint.
type failure struct {
	code int
	msg  string
	hint string
}

func (f *failure) Error() string { return f.msg }

func usage(hint, format string, args ...any) error {
	return &failure{exitUsage, fmt.Sprintf(format, args...), hint}
}

// verdictStatus ends a command that worked with the status of its verdict.
type verdictStatus int

func (verdictStatus) Error() string { return "" }

// finish turns what a command returned into an exit status, and says what went
// wrong.
func finish(err error, stderr io.Writer) int {
	var status verdictStatus
	var f *failure
	var open *capture.OpenError
	var damage *capture.DamageError
	var roles *correlate.RolesError
	var tap *live.Error
	var choice *host.ChoiceError
	var far *feed.Error
	switch {
	case err == nil:
		return exitHealthy
	case errors.As(err, &f):
		return complain(stderr, f.code, f.msg, f.hint)
	case errors.As(err, &open):
		return complain(stderr, exitUsage, open.Error(), open.Hint)
	case errors.As(err, &damage):
		return complain(stderr, exitUsage, damage.Error(), damage.Hint)
	case errors.As(err, &roles):
		return complain(stderr, exitUsage, roles.Error(), "wgtrace read --tunnel FILE --wan FILE; FILE#NAME picks one interface of a file")
	case errors.As(err, &tap):
		return complain(stderr, exitNoCapture, tap.Error(), tap.Hint)
	case errors.As(err, &far):
		return complain(stderr, exitNoCapture, far.Error(), far.Hint)
	case errors.As(err, &choice):
		return complain(stderr, exitNoCapture, choice.Error(), choice.Hint)
	case errors.As(err, &status): // the last: what failed beside a verdict must be told
		return int(status)
	}
	return complain(stderr, exitUsage, err.Error(), "")
}

// complain prints an error and its hint, and returns the exit status.
func complain(w io.Writer, code int, msg, hint string) int {
	fmt.Fprintf(w, "wgtrace: %s\n", printable(msg))
	if hint != "" {
		fmt.Fprintf(w, "wgtrace: hint: %s\n", printable(hint))
	}
	return code
}

// printable keeps control sequences in file names and messages off the terminal:
// everything that does not print, and octets that are no UTF-8, becomes "?".
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, s)
}
