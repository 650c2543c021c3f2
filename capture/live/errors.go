package live

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// What callers branch on. An *Error wraps one of them, or another reason.
var (
	ErrPermission = errors.New("permission denied")
	ErrNoLibrary  = errors.New("no capture library")
	ErrNoDevice   = errors.New("no such adapter")
	ErrNotUp      = errors.New("the adapter is down")
	ErrGone       = errors.New("the adapter disappeared")
)

// Error says why there is nothing to capture, and what to do.
type Error struct {
	Device     string   // "" if it concerns all of them
	Err        error    // a sentinel of this package, or what else went wrong
	Detail     string   // what the capture library said; "" if nothing more
	Hint       string   // what to do, for this program on this system; "" if there is nothing to say
	Candidates []string // adapters that exist, if Err is ErrNoDevice
}

// Error returns one line without the hint.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Device == "" {
		b.WriteString("capture: ")
	} else {
		fmt.Fprintf(&b, "capture on %s: ", strconv.QuoteToGraphic(e.Device))
	}
	b.WriteString(e.Err.Error())
	if e.Detail != "" {
		fmt.Fprintf(&b, " (%s)", printable(e.Detail))
	}
	if len(e.Candidates) > 0 {
		b.WriteString("; there are: ")
		for i, c := range e.Candidates {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(printable(c))
		}
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// printable keeps escape sequences off the terminal: device names come from the
// system, and messages of the library quote them.
func printable(s string) string {
	q := strconv.QuoteToGraphic(s)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(q[1 : len(q)-1])
}

// classify finds the sentinel for what the capture library reported; nil if
// none fits. The texts are those of gopacket's activation errors and of
// libpcap's messages: the library hands out no codes.
func classify(text, detail string) error {
	both := strings.ToLower(text + "\n" + detail)
	switch {
	case strings.Contains(both, "wpcap.dll"):
		return ErrNoLibrary
	// Before "no such device": without the right to open a socket libpcap
	// cannot know which devices there are.
	case strings.Contains(both, "permission denied"), strings.Contains(both, "not permitted"),
		strings.Contains(both, "root privileges"), strings.Contains(both, "admin-only mode"):
		return ErrPermission
	case strings.Contains(both, "disappeared"), strings.Contains(both, "interface went down"),
		strings.Contains(both, "device_removed"):
		return ErrGone
	case strings.Contains(both, "no such device"), strings.Contains(both, "device not configured"),
		strings.Contains(both, "doesn't exist"):
		return ErrNoDevice
	case strings.Contains(both, "not up"):
		return ErrNotUp
	}
	return nil
}
