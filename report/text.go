package report

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/wgtrace/wgtrace/diagnose"
)

// TextOptions says how a text report is laid out.
type TextOptions struct {
	Width    int            // columns; 80 is the least, because the picture is that wide
	Color    bool           // with ANSI colours (ECMA-48 SGR)
	Verbose  bool           // all causes and fixes, and notes on captures
	Location *time.Location // of times; nil is UTC
}

// textRows bounds the longer tables: a person reads the worst, a program reads
// the JSON.
const textRows = 20

// Text writes the report for a person: five plain lines, the picture of the
// six places, then tables. No line is wider than opts.Width, except a command
// with a word that no shell could join again.
func Text(w io.Writer, r *Report, opts TextOptions) error {
	opts.Width = max(opts.Width, 80)
	if opts.Location == nil {
		opts.Location = time.UTC
	}
	t := &printer{r: r, opts: opts, rows: textRows, w: w, labels: pointLabels}
	t.lines()
	t.path()
	for _, s := range t.sections() {
		t.section(&s)
	}
	t.print("", t.word("tip-json", nil))
	return t.err
}

// section prints a table under its title.
func (t *printer) section(s *table) {
	t.heading(s.title)
	if s.more > 0 {
		s.after = slices.Insert(s.after, s.endOfList(), t.more(s.more))
	}
	if t.err == nil {
		t.err = s.write(t.w, t.opts.Width)
	}
	for _, b := range s.blocks {
		t.fix(b)
	}
}

// printer carries the first error, so that the layout reads as a list.
type printer struct {
	r    *Report
	opts TextOptions
	rows int // of the longer tables
	w    io.Writer
	err  error

	labels []string // of the texts at the top
}

func (t *printer) word(id string, args map[string]any) string { return t.r.words.Word(id, args) }

// sentence ends what is a title elsewhere.
func (t *printer) sentence(title string) string {
	return t.word("sentence", map[string]any{"name": title})
}

func (t *printer) print(lines ...string) {
	if t.err == nil {
		t.err = writeLines(t.w, lines)
	}
}

// hidden says first what redaction has replaced: a reader must not take an
// address for the real one.
func (t *printer) hidden(sentence string) {
	if sentence != "" {
		t.print(wrap(sentence, t.opts.Width)...)
		t.print("")
	}
}

func (t *printer) heading(title string) {
	t.print("", t.style(bold, title))
}

// The five lines: verdict, picture, reason, command, and how to know.
func (t *printer) lines() {
	r := t.r
	t.hidden(r.hidden)
	for _, l := range wrap(r.Verdict.Headline, t.opts.Width) {
		t.print(t.style(statusStyle(r.Verdict.Status), l))
	}
	t.print("")
	switch picture, counts := t.short(); {
	case counts == "":
		t.print("  " + t.cross(picture))
	case columns(picture)+4+columns(counts)+2 <= t.opts.Width:
		t.print("  " + t.cross(picture) + "    " + counts)
	default:
		t.print("  "+t.cross(picture), "  "+counts)
	}
	t.print("")
	for _, p := range t.points() {
		t.labelled(p.label, p.text)
		for _, b := range p.blocks {
			t.commands(b)
		}
	}
}

// short is the path in one line, and the two numbers that show the break.
func (t *printer) short() (picture, counts string) {
	r := t.r
	at := breakOf(r.Verdict.StoppedAfter, r.Verdict.StoppedBefore)
	return shortPicture(at, r.Verdict.Status == diagnose.StatusHealthy.String(), r.words, r.subject.os), t.counts(at)
}

// primary is the finding that the verdict names, or nil.
func (r *Report) primary() *Finding {
	for i := range r.Findings {
		if r.Verdict.Finding != nil && r.Findings[i].ID == *r.Verdict.Finding {
			return &r.Findings[i]
		}
	}
	return nil
}

// layerUpper is the first layer above a path that works: names, IPv6, sizes.
const layerUpper = 4

// counts are the two numbers that show the break; "" where one of them is not
// known.
func (t *printer) counts(at breakAt) string {
	if t.r.subject.layer >= layerUpper {
		return "" // a part of the packets dies, and these count all of them
	}
	s := t.r.subject.stages
	n := func(c *Count) uint64 { return or(c, Count{}).Packets }
	numbers := map[string]any{"arrived": n(s.TunnelIn), "left": n(s.WANOut), "replied": n(s.WANIn), "returned": n(s.TunnelOut)}
	switch at {
	case breakForwarding, breakInside:
		return t.word("counts-out", numbers)
	case breakOutside:
		return t.word("counts-reply", numbers)
	case breakReturning, breakEncrypting:
		return t.word("counts-back", numbers)
	case breakDecrypting:
		return t.word("counts-inner", map[string]any{"arrived": n(s.OuterIn), "left": n(s.TunnelIn)})
	case breakArrival, breakAnswering, breakToPhone:
		return t.word("counts-calls", map[string]any{"arrived": n(s.OuterIn), "returned": n(s.OuterOut)})
	}
	if s.TunnelIn == nil || s.TunnelOut == nil {
		return ""
	}
	return t.word("counts-all", numbers)
}

// labelled prints a text behind its label, the lines below each other.
func (t *printer) labelled(label, s string) {
	if s == "" {
		return
	}
	name := t.word(label, nil)
	for i, l := range wrap(s, t.opts.Width-t.indent()) {
		if i == 0 {
			t.print(t.style(bold, pad(name, t.indent())) + l)
			continue
		}
		t.print(strings.Repeat(" ", t.indent()) + l)
	}
}

// indent is the width of the labels' column.
func (t *printer) indent() int {
	n := 0
	for _, id := range t.labels {
		n = max(n, columns(t.word(id, nil)))
	}
	return n + 2
}

// commands prints commands as they are to be copied, with the way back.
func (t *printer) commands(b block) {
	if b.lead != "" {
		for _, l := range wrap(b.lead, t.opts.Width-t.indent()) {
			t.print(strings.Repeat(" ", t.indent()) + l)
		}
	}
	t.commandLines(b.commands, b.os)
	if len(b.undo) > 0 {
		t.print(strings.Repeat(" ", t.indent()) + t.word("undo", nil))
		t.commandLines(b.undo, b.os)
	}
}

func (t *printer) commandLines(commands []string, os string) {
	indent := strings.Repeat(" ", t.indent()+2)
	for _, c := range commands {
		t.print(wrapCommand(c, os, indent, t.opts.Width)...)
	}
}

// path draws the six places.
func (t *printer) path() {
	t.heading(t.pathTitle())
	picture := t.r.picture()
	for _, l := range picture {
		t.print(t.cross(l))
	}
	if needsLegend(picture) {
		t.print(t.word("legend", nil))
	}
}

// needsLegend reports whether a picture has signs that need a word.
func needsLegend(picture []string) bool {
	return strings.ContainsAny(strings.Join(picture, ""), "X?")
}

// origin says what made the report, where and of when the packets are.
func (t *printer) origin() string {
	r := t.r
	s := r.Tool.Name + " " + r.Tool.Version + " (" + r.Tool.OS + "/" + r.Tool.Arch + ")"
	if r.Started.Known && r.Ended.Known {
		s += ", " + t.span(r.Started, r.Ended, 0) + " " + t.zone()
	}
	return s
}

// span writes the time from one moment to another, with digits of the second.
func (t *printer) span(from, to Time, digits int) string {
	loc := t.opts.Location
	return from.date(loc) + " " + from.clock(loc, digits) + " " + t.word("until", nil) + glue + to.clock(loc, digits)
}

// pathTitle says whose packets the picture of the six places counts.
func (t *printer) pathTitle() string {
	of := t.word("path-of-all", nil)
	if t.r.subject.name != "" {
		of = t.word("path-of", map[string]any{"name": t.r.subject.name})
	}
	return t.word("section-path-of", map[string]any{"name": of})
}

// osName names a system as its users do.
func osName(os string) string {
	switch os {
	case "linux":
		return "Linux"
	case "windows":
		return "Windows"
	case "macos":
		return "macOS"
	case "freebsd":
		return "FreeBSD"
	case "openwrt":
		return "OpenWrt"
	case "routeros":
		return "RouterOS"
	}
	return os
}
