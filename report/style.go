package report

import "strings"

// ECMA-48 "select graphic rendition" codes. Nothing else is ever sent, so the
// report also reads on a terminal that knows only these.
const (
	bold   = "1"
	red    = "1;31"
	green  = "1;32"
	yellow = "1;33"
)

func (t *printer) style(code, s string) string {
	if !t.opts.Color || strings.TrimSpace(s) == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// cross marks the X of a picture. No word of a picture has a capital X.
func (t *printer) cross(line string) string {
	if !t.opts.Color {
		return line
	}
	return strings.ReplaceAll(line, "X", t.style(red, "X"))
}

func statusStyle(status string) string {
	switch status {
	case "healthy":
		return green
	case "fault":
		return red
	}
	return yellow
}
