package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CompareText writes a comparison for a person.
func CompareText(w io.Writer, c *Comparison, opts TextOptions) error {
	t := c.printer(opts, textRows)
	t.w = w
	for _, l := range wrap(c.Headline, t.opts.Width) {
		t.print(t.style(statusStyle(c.After.Verdict.Status), l))
	}
	t.print("")
	for _, l := range c.lead() {
		t.print("  " + l)
	}
	if len(c.lead()) > 0 {
		t.print("")
	}
	t.labelled("label-before", c.run(&c.Before))
	t.labelled("label-after", c.run(&c.After))
	for _, s := range c.sections(t) {
		t.section(&s)
	}
	if len(c.Notes) > 0 {
		t.print("")
	}
	for _, n := range c.Notes {
		t.print(wrap(n, t.opts.Width)...)
	}
	return t.err
}

// CompareMarkdown writes a comparison for a ticket; Markdown says what that is.
func CompareMarkdown(w io.Writer, c *Comparison) error {
	m := &markdownWriter{printer: c.printer(TextOptions{}, markdownRows)}
	m.line("## " + markdown(c.Headline))
	if lead := c.lead(); len(lead) > 0 {
		m.line("")
		m.line(fenced("text", lead...)...)
	}
	for _, run := range []struct {
		label string
		run   *ComparedRun
	}{{"label-before", &c.Before}, {"label-after", &c.After}} {
		m.line("", "**"+c.word(run.label)+":** "+markdownWithin(c.run(run.run)+" ("+run.run.Source+")", markdownText))
	}
	for _, s := range c.sections(m.printer) {
		m.section(s)
	}
	for _, n := range c.Notes {
		m.line("", markdown(n))
	}
	if _, err := io.WriteString(w, m.out.String()); err != nil {
		return fmt.Errorf("write markdown comparison: %w", err)
	}
	return nil
}

func (c *Comparison) printer(opts TextOptions, rows int) *printer {
	opts.Width = max(opts.Width, 80)
	opts.Location = time.UTC
	return &printer{r: &Report{words: c.words}, opts: opts, rows: rows, labels: []string{"label-before", "label-after"}}
}

// sections are the tables of a comparison; one without rows is left out.
func (c *Comparison) sections(t *printer) []table {
	findings := table{title: c.word("section-changes"), columns: []string{c.word("col-finding"), c.word("col-change")}}
	for _, f := range c.Findings {
		findings.rows = append(findings.rows, []string{f.Title, c.word("change-" + f.Change)})
	}
	stages := table{title: c.word("section-stages"), right: []bool{true, false, true, true},
		columns: []string{c.word("col-number"), c.word("col-place"), c.word("col-before"), c.word("col-after"), c.word("col-change")}}
	number := func(n *uint64) string {
		if n == nil {
			return c.word("not-seen")
		}
		return grouped(*n)
	}
	for i, s := range c.Stages {
		change := ""
		if s.Change != nil {
			change = c.word("change-" + *s.Change)
		}
		stages.rows = append(stages.rows, []string{strconv.Itoa(i + 1), c.words.Stage(s.Stage), number(s.Before), number(s.After), change})
	}
	times := table{title: c.word("section-latencies"), right: []bool{false, true, true},
		columns: []string{c.word("col-leg"), c.word("col-before"), c.word("col-after")}}
	for _, x := range c.Times {
		times.rows = append(times.rows, []string{c.word("leg-" + x.Leg), microsecondsShort(x.Before), microsecondsShort(x.After)})
	}
	clients := table{title: c.word("section-clients"), columns: []string{c.word("col-device"), c.word("col-before"), c.word("col-after")}}
	for _, x := range c.Clients {
		clients.rows = append(clients.rows, []string{strings.Join(x.Addresses, "\n"), c.short(x.Before), c.short(x.After)})
	}
	all := []table{findings, stages, clients, times}
	for i := range all {
		if s := &all[i]; len(s.rows) > t.rows {
			s.more, s.rows = len(s.rows)-t.rows, s.rows[:t.rows]
		}
	}
	return slices.DeleteFunc(all, func(s table) bool { return len(s.rows) == 0 })
}

// short is the verdict on a device in a few words.
func (c *Comparison) short(v *ShortVerdict) string {
	if v == nil {
		return c.word("not-seen")
	}
	s := c.word("status-" + v.Status)
	if v.Finding != nil {
		f, _ := c.words.Finding(*v.Finding, nil)
		s += ": " + f.Title
	}
	return s
}
