package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textLimit bounds a text from a file in a report, in octets. Paths are at
// most 4,096 octets on Linux (PATH_MAX); pcapng options may be 65,535.
const textLimit = 4096

// marksLimit bounds combining marks on one letter: written languages need two
// or three (and macOS stores file names decomposed), a stack of hundreds only
// paints over the lines around it.
const marksLimit = 3

// sanitize makes text from packets and files harmless on a terminal, in
// Markdown and in JSON: everything that does not print (control characters,
// ESC, the C1 range, bidirectional overrides, zero-width characters, line
// separators) and octets that are no UTF-8 become visible escapes, so that the
// text can neither move the cursor nor pose as something else.
func sanitize(s string) string {
	if len(s) > textLimit {
		s = s[:textLimit]
		for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
		if r, n := utf8.DecodeLastRuneInString(s); r == utf8.RuneError && n == 1 {
			s = s[:len(s)-1]
		}
		s += "..."
	}
	var b strings.Builder
	marks := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if unicode.In(r, unicode.Mn, unicode.Me) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
			n = 1
		case unicode.IsPrint(r) && marks <= marksLimit:
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}

// sanitizeLines is sanitize for a text whose line breaks are ours.
func sanitizeLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = sanitize(lines[i])
	}
	return strings.Join(lines, "\n")
}

// sanitizeArgs copies the fields of a sentence with every text made harmless.
// Numbers stay numbers, because sentences count with them.
func sanitizeArgs(args map[string]any) map[string]any {
	clean := make(map[string]any, len(args))
	for name, value := range args {
		switch value.(type) {
		case nil, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
			clean[name] = value
		default:
			clean[name] = sanitize(fmt.Sprint(value))
		}
	}
	return clean
}
