package screen

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/wgtrace/wgtrace/report"
)

// Colours are the sixteen of the terminal itself, which its owner chose to be
// readable; where there are none, bold and the words remain.
var (
	bold  = lipgloss.NewStyle().Bold(true)
	faint = lipgloss.NewStyle().Faint(true)
	good  = lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Green)
	bad   = lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Red)
	open  = lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Yellow)
	paper = lipgloss.NewStyle().Foreground(lipgloss.BrightWhite).Background(lipgloss.Black)
)

// pictureWidth is that of the path of a report, columns.
const pictureWidth = 79

// Render draws the screen into a terminal of width times height. What does not
// fit is left out, the least important first; nothing is wider than width.
func Render(s State, width, height int) string {
	r := renderer{s: s, width: width, height: height}
	return strings.Join(r.lines(), "\n")
}

type renderer struct {
	s             State
	width, height int
}

// lines puts the parts one below the other. Those that can do with less are
// made smaller until all fit; flows take what room is left.
func (r *renderer) lines() []string {
	head, foot := r.head(), r.foot()
	room := max(r.height-len(head)-len(foot), 0)
	body := r.guided(room)
	if body == nil {
		body = r.judged(room)
	}
	body = append(body, r.flows(room-len(body))...)
	body = body[:min(len(body), room)]
	for len(body) < room {
		body = append(body, "")
	}
	all := slices.Concat(head, body, foot)
	for i, l := range all {
		all[i] = lipgloss.NewStyle().MaxWidth(r.width).Render(l)
	}
	return all[:min(len(all), r.height)]
}

// guiding reports whether the steps are what the person looks at: until a fault
// is found.
func (r *renderer) guiding() bool {
	return r.s.Link != "" && r.s.Fixed == "" && r.s.Brief.Status != "fault"
}

// guided shows the steps first, with the square beside them; nil where that is
// over, or where there is no room for it.
func (r *renderer) guided(room int) []string {
	if !r.guiding() {
		return nil
	}
	code, wide := square(r.s.Link)
	const gap = 3
	left := r.width - wide - gap
	if code == nil || left < 30 {
		return nil
	}
	beside := append(r.steps(left), "")
	beside = append(beside, r.verdict(left, "")...)
	var top []string
	for i := range max(len(beside), len(code)) {
		line := ""
		if i < len(beside) {
			line = beside[i]
		}
		if i < len(code) {
			line += strings.Repeat(" ", max(r.width-wide-lipgloss.Width(line), 1)) + paper.Render(code[i])
		}
		top = append(top, line)
	}
	top = append(top, "")
	for _, path := range []func() []string{r.picture, r.small, r.short, r.nothing} {
		if p := path(); len(top)+len(p) <= room {
			return append(top, p...)
		}
	}
	return nil
}

// judged shows the path and the verdict first.
func (r *renderer) judged(room int) []string {
	steps := r.step()
	if r.guiding() {
		steps = append(r.steps(r.width), "")
	}
	var body []string
	for _, size := range []struct {
		path   func() []string
		answer int
	}{
		{r.picture, 3}, {r.small, 3}, {r.short, 3}, {r.small, 2}, {r.short, 2}, {r.small, 1}, {r.short, 1}, {r.nothing, 1}, {r.nothing, 0},
	} {
		if body = slices.Concat(size.path(), r.answer(size.answer), steps); len(body) <= room {
			break
		}
	}
	return body
}

func (r *renderer) head() []string {
	left, right := "wgtrace  "+r.s.Title, r.s.Elapsed
	gap := r.width - report.Columns(left) - report.Columns(right)
	if gap < 2 {
		left = report.Shorten(left, max(r.width-report.Columns(right)-2, 10))
		gap = max(r.width-report.Columns(left)-report.Columns(right), 1)
	}
	return []string{bold.Render(left) + strings.Repeat(" ", gap) + faint.Render(right), ""}
}

func (r *renderer) foot() []string {
	var lines []string
	for _, n := range r.s.Notices {
		lines = append(lines, styled(open, report.Wrap(n, r.width))...)
	}
	return append(lines, styled(faint, report.Wrap(r.s.Labels.Keys, r.width))...)
}

// steps lists all of them, with all that is to be said about the one that is
// waited for.
func (r *renderer) steps(width int) []string {
	var lines []string
	for i, s := range r.s.Steps {
		style, text := faint, s.Text
		if s.Now {
			style = bold
		}
		if s.Done {
			style = lipgloss.NewStyle()
		}
		if width == r.width {
			text = s.Alone
		}
		lines = append(lines, hanging(s.mark(i), style, text, width)...)
		if s.Now && s.Hint != "" {
			lines = append(lines, hanging("    ", open, s.Hint, width)...)
		}
	}
	return lines
}

// step is the one that is waited for, behind the marks of those that are done.
func (r *renderer) step() []string {
	lead := ""
	for i, s := range r.s.Steps {
		if s.Done {
			lead += s.mark(i)
		}
	}
	for i, s := range r.s.Steps {
		if !s.Now {
			continue
		}
		text, style := s.Alone, lipgloss.NewStyle()
		if s.Hint != "" {
			text, style = s.Hint, open
		}
		return append(hanging(lead+s.mark(i), style, text, r.width), "")
	}
	if lead == "" {
		return nil
	}
	return []string{good.Render(strings.TrimSpace(lead)), ""}
}

// mark says how far a step is, and its number.
func (s Step) mark(i int) string {
	number := string(rune('1'+i)) + " "
	switch {
	case s.Done:
		return "✓ " + number
	case s.Now:
		return "> " + number
	}
	return "  " + number
}

// hanging puts a text behind a lead, its lines below each other.
func hanging(lead string, style lipgloss.Style, text string, width int) []string {
	lines := report.Wrap(text, width-report.Columns(lead))
	for i, l := range lines {
		if i == 0 {
			lines[i] = strings.ReplaceAll(lead, "✓", good.Render("✓")) + style.Render(l)
			continue
		}
		lines[i] = strings.Repeat(" ", report.Columns(lead)) + style.Render(l)
	}
	return lines
}

// picture is the path as reports draw it.
func (r *renderer) picture() []string {
	if r.width < pictureWidth {
		return r.short()
	}
	return append(r.crossed(r.s.Brief.Path), "")
}

// small is the picture without the lines of its boxes.
func (r *renderer) small() []string {
	p := r.s.Brief.Path
	if r.width < pictureWidth {
		return r.short()
	}
	var lines []string
	for i, l := range p {
		if frame := strings.HasPrefix(strings.TrimSpace(l), "+"); i > 0 && (!frame || strings.Contains(l, "X")) {
			lines = append(lines, l)
		}
	}
	return append(r.crossed(lines), "")
}

// short is the path in a line or two.
func (r *renderer) short() []string {
	return append(r.crossed(report.Wrap(r.s.Brief.Short, r.width)), "")
}

func (r *renderer) nothing() []string { return nil }

// crossed marks the X of a picture. No word of one has a capital X.
func (r *renderer) crossed(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = strings.ReplaceAll(l, "X", bad.Render("X"))
	}
	return out
}

// verdict is its first line with how sure it is, or the line that says that the
// fault is gone.
func (r *renderer) verdict(width int, grade string) []string {
	b := r.s.Brief
	if r.s.Fixed != "" {
		return append(styled(good, report.Wrap(r.s.Fixed, width)), styled(open, report.Wrap(r.s.Keep, width))...)
	}
	style := open
	switch b.Status {
	case "healthy":
		style = good
	case "fault":
		style = bad
	}
	headline := b.Headline
	if grade != "" {
		headline += " (" + grade + ")"
	}
	return styled(style, report.Wrap(headline, width))
}

// answer is the verdict so far: 3 with everything, 2 without what can be read
// afterwards, 1 without its reason, 0 with the command alone.
func (r *renderer) answer(size int) []string {
	b := r.s.Brief
	grade := b.Grade
	if size > 1 {
		grade = "" // the reason names it
	}
	lines := r.verdict(r.width, grade)
	if b.Status != "fault" {
		if size > 1 && b.Why != "" {
			lines = append(lines, report.Wrap(b.Why, r.width)...)
		}
		return append(lines, "")
	}
	if size > 1 {
		lines = append(lines, r.labelled(r.s.Labels.Why, b.Why)...)
	}
	if size > 0 {
		lines = append(lines, r.labelled(r.s.Labels.Do, b.Do)...)
	}
	lines = append(lines, r.commands(b.Command)...)
	if size > 2 && len(b.Undo) > 0 {
		undo := r.commands(b.Undo)
		undo[0] = bold.Render(pad(r.s.Labels.Undo, r.indent())) + strings.TrimPrefix(undo[0], strings.Repeat(" ", r.indent()))
		lines = append(lines, undo...)
	}
	if len(b.Command) > 0 {
		lines = append(lines, r.labelled(r.s.Labels.Then, r.s.Labels.Again)...)
		lines = append(lines, r.labelled("", b.Keep)...)
	}
	return append(lines, "")
}

func (r *renderer) commands(list []string) []string {
	var lines []string
	for _, c := range list {
		lines = append(lines, report.WrapCommand(c, r.s.Brief.System, strings.Repeat(" ", r.indent()), r.width)...)
	}
	return lines
}

// indent is the width of the labels' column.
func (r *renderer) indent() int {
	n := 0
	for _, l := range []string{r.s.Labels.Why, r.s.Labels.Do, r.s.Labels.Undo, r.s.Labels.Then} {
		n = max(n, report.Columns(l))
	}
	return n + 2
}

func (r *renderer) labelled(label, text string) []string {
	if text == "" {
		return nil
	}
	var lines []string
	for i, l := range report.Wrap(text, r.width-r.indent()) {
		if i > 0 {
			label = ""
		}
		lines = append(lines, bold.Render(pad(label, r.indent()))+l)
	}
	return lines
}

// flows lists the last conversations in what room is left.
func (r *renderer) flows(room int) []string {
	list := r.s.Brief.Flows
	n := min(len(list), room-2) // a title above, and air below
	if n < 1 {
		return nil
	}
	name, counts := 0, report.Columns(r.s.Labels.FlowCounts)
	for _, f := range list[:n] {
		name, counts = max(name, report.Columns(f.Name)), max(counts, report.Columns(f.Counts))
	}
	name = min(max(name, report.Columns(r.s.Labels.Flows)), max(r.width-counts-26, 20))
	row := func(a, b, c string) string { return pad(report.Shorten(a, name), name+2) + pad(b, counts+2) + c }
	lines := []string{bold.Render(row(r.s.Labels.Flows, r.s.Labels.FlowCounts, ""))}
	for _, f := range list[:n] {
		result := f.Result
		switch f.Outcome {
		case "answered":
			result = good.Render(result)
		case "no-egress", "untranslated-no-reply", "no-reply", "reply-lost", "rejected":
			result = bad.Render(result)
		default:
			result = faint.Render(result)
		}
		lines = append(lines, row(f.Name, f.Counts, result))
	}
	return lines
}

// pad fills a text up with spaces to a width in columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-report.Columns(s), 0))
}

func styled(s lipgloss.Style, lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = s.Render(l)
	}
	return out
}
