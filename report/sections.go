package report

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wgtrace/wgtrace/internal/text"
)

// sections are the tables below the picture, in the order in which they are
// read. One that has nothing to say is left out.
func (t *printer) sections() []table {
	all := []table{t.others(), t.causeTable()}
	if t.opts.Verbose {
		all = append(all, t.fixTable())
	}
	all = append(all, t.stageTable(), t.clientTable(), t.flowTable(), t.natTable(),
		t.wireguardTable(), t.settingsTable(), t.evidenceTable(), t.captureTable(), t.caveatTable())
	return slices.DeleteFunc(all, func(s table) bool {
		return len(s.rows) == 0 && len(s.after) == 0 && len(s.blocks) == 0
	})
}

// others lists findings beside the one that the verdict names.
func (t *printer) others() table {
	s := table{title: t.word("section-findings", nil)}
	primary := t.r.primary()
	for i := range t.r.Findings {
		f := &t.r.Findings[i]
		if f == primary {
			continue
		}
		who := ""
		if f.Scope.Client != nil {
			who = " (" + *f.Scope.Client + ")"
		}
		s.after = append(s.after, "- "+text.Sentences(t.word("severity-"+f.Severity, nil)+": "+t.sentence(f.Title+who), f.Summary))
	}
	return s
}

func (t *printer) causeTable() table {
	s := table{title: t.word("section-causes", nil),
		columns: []string{t.word("col-cause", nil), t.word("col-grade", nil), t.word("col-settled", nil)}}
	f := t.r.primary()
	if f == nil || len(f.Causes) < 2 && !t.opts.Verbose {
		return s
	}
	var out []string
	for _, c := range f.Causes {
		title := c.Title
		// What is out of the question needs no command that decides.
		if causeGrade(c.Probability, c.Basis) == gradeRuledOut && !t.opts.Verbose {
			out = append(out, title)
			continue
		}
		if t.opts.Verbose && c.Why != "" {
			title = text.Sentences(t.sentence(title), c.Why)
		}
		s.rows = append(s.rows, []string{title, t.word("grade-"+causeGrade(c.Probability, c.Basis), nil), c.SettledBy})
	}
	if len(out) > 0 {
		s.after = append(s.after, t.word("ruled-out", map[string]any{"name": strings.Join(out, "; ")}))
	}
	return s
}

// fixTable lists every fix; as text, because commands must not be cut into
// cells.
func (t *printer) fixTable() table {
	s := table{title: t.word("section-fixes", nil)}
	f := t.r.primary()
	if f == nil {
		return s
	}
	for i := range f.Fixes {
		x := &f.Fixes[i]
		s.blocks = append(s.blocks, block{lead: t.fixLead(x), os: x.OS, commands: x.Commands, undo: x.Undo})
	}
	return s
}

// fix prints one of the fixes that the section on them lists.
func (t *printer) fix(b block) {
	t.print(item("- "+b.lead, t.opts.Width)...)
	list := func(commands []string) {
		for _, c := range commands {
			t.print(wrapCommand(c, b.os, "    ", t.opts.Width)...)
		}
	}
	list(b.commands)
	if len(b.undo) > 0 {
		t.print("  " + t.word("undo", nil))
		list(b.undo)
	}
}

func (t *printer) stageTable() table {
	s := table{title: t.word("section-stages", nil),
		columns: []string{t.word("col-number", nil), t.word("col-place", nil), t.word("col-packets", nil), t.word("col-octets", nil)},
		right:   []bool{true, false, true, true}}
	for i, place := range stageOrder {
		stage := place.String()
		n := t.r.Stages.at(stage)
		packets, octets := t.word("not-seen", nil), "-"
		if n != nil {
			packets, octets = grouped(n.Packets), grouped(n.Bytes)
		}
		s.rows = append(s.rows, []string{strconv.Itoa(i + 1), t.r.words.Stage(stage), packets, octets})
	}
	return s
}

func (t *printer) clientTable() table {
	s := table{title: t.word("section-clients", nil),
		columns: []string{t.word("col-device", nil), t.word("col-path", nil), t.word("col-verdict", nil)}}
	if len(t.r.Clients) < 2 {
		return s
	}
	for i := range t.r.Clients {
		if i == t.rows {
			s.more = len(t.r.Clients) - t.rows
			break
		}
		c := &t.r.Clients[i]
		verdict := t.word("status-"+c.Verdict.Status, nil)
		if c.Verdict.Finding != nil {
			f, _ := t.r.words.Finding(*c.Verdict.Finding, map[string]any{"os": t.r.subject.os})
			verdict += ": " + f.Title
		}
		counts := make([]string, len(c.packets))
		for j, n := range c.packets {
			counts[j] = grouped(n)
		}
		device := strings.Join(c.Addresses, "\n")
		if c.Endpoint != nil {
			device += "\n" + t.word("calls-from", nil) + glue + *c.Endpoint
		}
		s.rows = append(s.rows, []string{device, strings.Join(counts, " >"+glue), verdict})
	}
	return s
}

func (t *printer) evidenceTable() table {
	s := table{title: t.word("section-evidence", nil), frames: true,
		columns: []string{t.word("col-where", nil), t.word("col-time", nil), t.word("col-packet", nil)}}
	f := t.r.primary()
	if f == nil {
		return s
	}
	for i := range f.Evidence {
		if i == t.rows {
			s.more = len(f.Evidence) - t.rows
			break
		}
		e := &f.Evidence[i]
		where := t.point(e.Point) + " " + base(e.Source) + " #" + strconv.FormatUint(e.Frame, 10)
		s.rows = append(s.rows, []string{where, e.Time.clock(t.opts.Location, 3), strings.ReplaceAll(e.Text, " > ", " >"+glue)})
	}
	return s
}

func (t *printer) captureTable() table {
	s := table{title: t.word("section-captures", nil),
		columns: []string{t.word("col-capture", nil), t.word("col-point", nil), t.word("col-packets", nil), t.word("col-lost", nil), t.word("col-span", nil)},
		right:   []bool{false, false, true, true}}
	var notes []string
	points := map[string]bool{}
	for _, c := range t.r.shownCaptures() {
		points[or(c.Point, "")] = true
		if len(s.rows) == t.rows {
			continue
		}
		name := c.Source
		if i := or(c.Interface, ""); i != "" && i != c.Source {
			name += " " + i
		}
		for _, n := range c.Notes {
			notes = append(notes, "- "+name+": "+n)
		}
		lost := t.word("unknown", nil)
		if c.Dropped != nil {
			lost = grouped(*c.Dropped)
		}
		span := t.span(c.First, c.Last, 3)
		if !c.First.Known {
			span = "-"
		}
		point := t.point(c.Point)
		if c.Point == nil && c.Namespace != nil {
			point = t.word("point-uplink", nil)
		}
		s.rows = append(s.rows, []string{name, point, grouped(c.Packets), lost, span})
	}
	if len(t.r.Captures) > t.rows {
		s.more = len(t.r.Captures) - t.rows
	}
	s.after = append(s.after, notes...)
	s.after = append(s.after, t.word("times-in", map[string]any{"name": t.zone()}))
	if points["tunnel"] && points["wan"] {
		s.after = append(s.after, t.word("clock", map[string]any{"name": t.r.words.Clock(t.r.Clock.Basis)}))
	}
	return s
}

// shownCaptures are the captures in the order in which they are shown: those
// that were used first, because a file can describe thousands of interfaces.
func (r *Report) shownCaptures() []*Capture {
	var used, rest []*Capture
	for i := range r.Captures {
		if c := &r.Captures[i]; c.Point != nil {
			used = append(used, c)
		} else {
			rest = append(rest, c)
		}
	}
	return append(used, rest...)
}

// zone names the time zone that times are in, as it was when the run began. An
// abbreviation alone would not do: IST is three of them, and many zones have none.
func (t *printer) zone() string {
	name, offset := time.Unix(0, t.r.Started.NS).In(t.opts.Location).Zone()
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	utc := fmt.Sprintf("UTC%c%02d:%02d", sign, offset/3600, offset/60%60)
	switch {
	case offset == 0 && (name == "UTC" || name == ""):
		return "UTC"
	case name == "" || strings.ContainsAny(name[:1], "+-"):
		return utc
	}
	return name + " (" + utc + ")"
}

func (t *printer) caveatTable() table {
	s := table{title: t.word("section-caveats", nil)}
	for i, c := range t.r.Caveats {
		if i == t.rows {
			s.more = len(t.r.Caveats) - t.rows
			break
		}
		s.after = append(s.after, "- "+c)
	}
	return s
}

func (t *printer) point(p *string) string {
	return t.word("point-"+or(p, "unknown"), nil)
}

// more says how many rows a table leaves out.
func (t *printer) more(count int) string {
	return t.word("more-rows", map[string]any{"count": count})
}

// base is the last element of a path; live adapters have one.
func base(source string) string {
	if strings.Contains(source, `:\`) || strings.HasPrefix(source, `\\`) {
		return source[strings.LastIndexByte(source, '\\')+1:]
	}
	return path.Base(source)
}

func grouped(n uint64) string { return text.Grouped(int64(min(n, 1<<63-1))) }
