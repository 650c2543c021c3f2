package report

import (
	"io"
	"strings"
	"time"

	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/text"
)

// TextOptions says how a text report is laid out.
type TextOptions struct {
	Width    int            // columns; 80 is the least, because the picture is that wide
	Color    bool           // with ANSI colours (ECMA-48 SGR)
	Verbose  bool           // all causes and fixes, and notes on captures
	Location *time.Location // of times; nil is UTC
}

// Text writes the report for a person: five plain lines, the picture of the
// six places, then tables. No line is wider than opts.Width, except a command
// with a word that no shell could join again.
func Text(w io.Writer, r *Report, opts TextOptions) error {
	opts.Width = max(opts.Width, 80)
	if opts.Location == nil {
		opts.Location = time.UTC
	}
	t := &printer{r: r, opts: opts, w: w}
	t.lines()
	t.path()
	for _, section := range t.sections() {
		if t.err != nil {
			break
		}
		if len(section.rows) == 0 && len(section.after) == 0 {
			continue
		}
		t.heading(section.title)
		if t.err == nil {
			t.err = section.write(w, opts.Width)
		}
	}
	t.print("", t.word("tip-json", nil))
	return t.err
}

// printer carries the first error, so that the layout reads as a list.
type printer struct {
	r    *Report
	opts TextOptions
	w    io.Writer
	err  error
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
	at := breakOf(r.Verdict.StoppedAfter, r.Verdict.StoppedBefore)
	picture := shortPicture(at, r.Verdict.Status == diagnose.StatusHealthy.String(), r.words, r.subject.os)
	switch counts := t.counts(at); {
	case counts == "":
		t.print("  " + t.cross(picture))
	case columns(picture)+4+columns(counts)+2 <= t.opts.Width:
		t.print("  " + t.cross(picture) + "    " + counts)
	default:
		t.print("  "+t.cross(picture), "  "+counts)
	}
	t.print("")
	primary := r.primary()
	if r.Verdict.Status == diagnose.StatusHealthy.String() {
		t.labelled("label-seen", r.subject.summary)
	} else {
		t.labelled("label-why", t.why(primary))
	}
	fixes := r.firstFixes(primary)
	t.labelled("label-now", t.now(fixes))
	for _, f := range fixes {
		t.commands(f)
	}
	next, nextFix := r.nextCause(primary, fixes)
	t.labelled("label-then", t.then(next, nextFix))
	if nextFix != nil {
		t.commandLines(nextFix.Commands, nextFix.OS)
	}
	t.labelled("label-fine", r.subject.fine)
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

// why says how sure place and reason are, and what would settle the reason.
func (t *printer) why(f *Finding) string {
	r := t.r
	if f == nil || r.Verdict.Status != diagnose.StatusFault.String() {
		return r.subject.summary
	}
	parts := []string{t.word("place-is", map[string]any{"name": t.word("grade-"+placeGrade(f), nil)})}
	if len(f.Causes) == 0 || causeGrade(f.Causes[0].Probability, f.Causes[0].Basis) == gradeRuledOut {
		return text.Sentences(append(parts, t.word("no-cause", nil))...)
	}
	c := f.Causes[0]
	grade := causeGrade(c.Probability, c.Basis)
	parts = append(parts, t.word("reason-is", map[string]any{"name": c.Title, "grade": t.word("grade-"+grade, nil)}))
	if settled := c.SettledBy; settled != "" && grade != gradeProved && grade != gradeSettings {
		parts = append(parts, t.word("settled-by", nil), settled)
	}
	return text.Sentences(parts...)
}

// now says what to do: the fix with what it changes and what it needs, or the
// advice where no command helps.
func (t *printer) now(fixes []*Fix) string {
	if len(fixes) == 0 {
		return t.r.Verdict.Advice
	}
	if len(fixes) == 1 {
		return t.fixText(fixes[0])
	}
	return t.r.Verdict.Advice
}

func (t *printer) fixText(f *Fix) string {
	return text.Sentences(append([]string{t.sentence(f.Title)}, f.Notes...)...)
}

func (t *printer) then(next *Cause, fix *Fix) string {
	parts := []string{t.r.subject.worked}
	if next != nil {
		grade := causeGrade(next.Probability, next.Basis)
		parts = append(parts, t.word("if-not", map[string]any{"name": next.Title, "grade": t.word("grade-"+grade, nil)}))
		if fix == nil && next.SettledBy != "" {
			parts = append(parts, t.word("settled-by", nil), next.SettledBy)
		}
		if fix != nil {
			parts = append(parts, fix.Title+":")
		}
	}
	return text.Sentences(parts...)
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
	for _, id := range []string{"label-why", "label-seen", "label-now", "label-then", "label-fine"} {
		n = max(n, columns(t.word(id, nil)))
	}
	return n + 2
}

// commands prints a fix as it is to be copied, with the way back.
func (t *printer) commands(f *Fix) {
	several := len(t.r.firstFixes(t.r.primary())) > 1
	if several {
		for _, l := range wrap(osName(f.OS)+": "+t.fixText(f), t.opts.Width-t.indent()) {
			t.print(strings.Repeat(" ", t.indent()) + l)
		}
	}
	t.commandLines(f.Commands, f.OS)
	if len(f.Undo) > 0 {
		t.print(strings.Repeat(" ", t.indent()) + t.word("undo", nil))
		t.commandLines(f.Undo, f.OS)
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
	of := t.word("path-of-all", nil)
	if t.r.subject.name != "" {
		of = t.word("path-of", map[string]any{"name": t.r.subject.name})
	}
	t.heading(t.word("section-path", nil) + " (" + of + ")")
	picture := t.r.picture()
	for _, l := range picture {
		t.print(t.cross(l))
	}
	if all := strings.Join(picture, ""); strings.ContainsAny(all, "X?") {
		t.print(t.word("legend", nil))
	}
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
