package report

import (
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
	"time"
)

// Bounds of a Markdown report in octets. GitHub refuses the text of an issue
// with more than 65,536 characters; the rest is for the words around it.
const (
	markdownLimit   = 60_000
	markdownSection = 8_000 // of one section, so that none takes the room of the others
	markdownText    = 3_000 // of one text at the top
	markdownCell    = 800
	markdownRows    = 50
	markdownWidth   = 110 // columns of what stands as plain text
)

// Markdown writes the report for a ticket: the summary first, everything else
// folded, less than 60,000 octets whatever was captured. Lists that are cut say
// how much is left out. It shows the same on GitHub and GitLab, and text from
// packets and files stays text there. Times are in loc; nil is UTC.
func Markdown(w io.Writer, r *Report, loc *time.Location) error {
	if loc == nil {
		loc = time.UTC
	}
	m := &markdownWriter{printer: &printer{r: r, rows: markdownRows, opts: TextOptions{Verbose: true, Location: loc}}}
	m.top()
	for _, s := range m.sections() {
		m.section(s)
	}
	m.line("", "<sub>"+html.EscapeString(m.origin())+"</sub>")
	if _, err := io.WriteString(w, m.out.String()); err != nil {
		return fmt.Errorf("write markdown report: %w", err)
	}
	return nil
}

type markdownWriter struct {
	*printer
	out strings.Builder
}

func (m *markdownWriter) line(lines ...string) {
	for _, l := range lines {
		m.out.WriteString(l + "\n")
	}
}

// top is what stands unfolded.
func (m *markdownWriter) top() {
	if m.r.hidden != "" {
		m.line("> "+markdown(m.r.hidden), "")
	}
	m.line("## " + markdownWithin(m.r.Verdict.Headline, markdownText))
	picture, counts := m.short()
	m.line("")
	m.line(fenced("text", strings.TrimSpace(picture+"    "+counts))...)
	for _, p := range m.points() {
		if p.text == "" {
			continue
		}
		m.line("", "**"+m.word(p.label, nil)+":** "+markdownWithin(p.text, markdownText))
		room := markdownSection
		m.blocks(p.blocks, &room)
	}
	m.line("", "### "+markdown(m.pathTitle()), "")
	six := m.r.picture()
	m.line(fenced("text", six...)...)
	if needsLegend(six) {
		m.line("", markdown(m.word("legend", nil)))
	}
}

// blocks writes commands while there is room.
func (m *markdownWriter) blocks(blocks []block, room *int) {
	for i, b := range blocks {
		lines := m.block(b)
		if *room -= size(lines); *room < 0 {
			m.line("", markdown(m.more(len(blocks)-i)))
			return
		}
		m.line(lines...)
	}
}

func (m *markdownWriter) block(b block) []string {
	var lines []string
	if b.lead != "" {
		lines = append(lines, "", markdownWithin(b.lead, markdownText))
	}
	language := "sh"
	switch b.os {
	case "windows":
		language = "powershell"
	case "routeros":
		language = "text"
	}
	if len(b.commands) > 0 {
		lines = append(append(lines, ""), fenced(language, b.commands...)...)
	}
	if len(b.undo) > 0 {
		lines = append(lines, "", markdown(m.word("undo", nil)), "")
		lines = append(lines, fenced(language, b.undo...)...)
	}
	return lines
}

// section writes a folded section. Its rows, sentences and commands end where
// its room does.
func (m *markdownWriter) section(s table) {
	const around = 400 // octets for what stands around rows, and for the last line of the report
	room := min(markdownSection, markdownLimit-m.out.Len()-around)
	head := []string{"", "<details><summary>" + html.EscapeString(s.title) + "</summary>"}
	room -= size(head) + around
	if room < 0 {
		return
	}
	m.line(head...)
	left := s.more
	if s.frames {
		left += m.frames(&s, &room)
	} else {
		left += m.grid(&s, &room)
	}
	if left > 0 {
		s.after = slices.Insert(s.after, s.endOfList(), m.more(left))
	}
	m.after(s.after, &room)
	m.blocks(s.blocks, &room)
	m.line("", "</details>")
}

// grid writes a table and returns how many rows it left out.
func (m *markdownWriter) grid(s *table, room *int) int {
	if len(s.rows) == 0 {
		return 0
	}
	rule := "|"
	for i := range s.columns {
		if i < len(s.right) && s.right[i] {
			rule += " ---: |"
		} else {
			rule += " --- |"
		}
	}
	head := []string{"", cells(s.columns), rule}
	*room -= size(head)
	m.line(head...)
	for i, row := range s.rows {
		l := cells(row)
		if *room -= len(l) + 1; *room < 0 {
			return len(s.rows) - i
		}
		m.line(l)
	}
	return 0
}

func cells(row []string) string {
	var b strings.Builder
	b.WriteByte('|')
	for _, cell := range row {
		lines := strings.Split(cell, "\n")
		for i, l := range lines {
			lines[i] = markdownWithin(l, markdownCell)
		}
		b.WriteString(" " + strings.Join(lines, "<br>") + " |")
	}
	return b.String()
}

// frames writes packets as plain text, which can be searched for and pasted
// beside the listing of another program, and returns how many it left out.
func (m *markdownWriter) frames(s *table, room *int) int {
	all := s.rows
	for n := len(all); ; n /= 2 {
		s.rows = all[:n]
		var b strings.Builder
		if err := s.writeRows(&b, markdownWidth); err != nil {
			return len(all) // no table of ours fails: its cells are counted
		}
		lines := append([]string{""}, fenced("text", strings.Split(strings.TrimRight(b.String(), "\n"), "\n")...)...)
		if n == 0 || size(lines) <= *room {
			*room -= size(lines)
			m.line(lines...)
			return len(all) - n
		}
	}
}

// after writes sentences; those that begin with a dash are a list.
func (m *markdownWriter) after(sentences []string, room *int) {
	list := false
	for i, s := range sentences {
		rest, item := strings.CutPrefix(s, "- ")
		l := markdownWithin(rest, markdownText)
		if *room -= len(l) + 4; *room < 0 {
			m.line("", markdown(m.more(len(sentences)-i)))
			return
		}
		if !item || !list {
			m.line("")
		}
		if item {
			l = "- " + l
		}
		m.line(l)
		list = item
	}
}

// fenced quotes lines as they are (CommonMark 4.5), with more backticks than
// any of them has in a row.
func fenced(language string, lines ...string) []string {
	fence := "```"
	for _, l := range lines {
		fence += strings.Repeat("`", max(backticks(l)+1-len(fence), 0))
	}
	return append(append([]string{fence + language}, lines...), fence)
}

// size is how many octets lines take.
func size(lines []string) int {
	n := 0
	for _, l := range lines {
		n += len(l) + 1
	}
	return n
}
