package report

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/text"
)

// Setting is what the settings of a host say of one point.
type Setting struct {
	ID     string  `json:"id"`
	Layer  string  `json:"layer"`  // tunnel, forwarding, nat, dns, phone
	Place  *string `json:"place"`  // container, host: whose settings they are where the tunnel is in a container; null where it is not
	State  string  `json:"state"`  // ok, wrong, unknown, note
	Client *string `json:"client"` // of whom it is true; null is everybody
	Cause  *string `json:"cause"`  // id, where the settings prove one
	Title  string  `json:"title"`  // what was looked at
	Found  string  `json:"found"`  // what was found, or why it is not known
	Fixes  []Fix   `json:"fixes"`
}

// settingsOf fills in the sentences of checks.
func settingsOf(words *text.Catalog, checks []diagnose.Check) []Setting {
	rows := make([]Setting, 0, len(checks))
	b := builder{words: words}
	for i := range checks {
		c := &checks[i]
		args := sanitizeArgs(c.Args)
		row := Setting{
			ID: c.ID, Layer: c.Layer, Place: known(c.Place), State: c.State.String(), Client: address(c.Client), Cause: known(c.Cause),
			Title: words.Check(c.ID, args), Fixes: b.fixesOf(c.Fixes, args),
		}
		reason, _ := args["reason"].(string)
		state := c.ID + "/" + row.State
		switch {
		case reason != "" && words.HasCheck(state+"/"+reason):
			row.Found = words.Check(state+"/"+reason, args)
		case c.Cause != "":
			t, _ := words.Cause(c.Cause, args)
			row.Found = t.Title
		case words.HasCheck(state):
			row.Found = words.Check(state, args)
		case c.Why != "":
			row.Found = words.Word("check-unread", map[string]any{"name": sanitize(c.Why)})
		default:
			row.Found = words.Word("check-not-clear", nil)
		}
		rows = append(rows, row)
	}
	return rows
}

// settingsTable shows them as a section of the report; how to repair what is
// wrong stands with the finding.
func (t *printer) settingsTable() table {
	s := table{title: t.word("section-settings", nil),
		columns: []string{t.word("col-setting", nil), "", t.word("col-found", nil)}}
	for i := range t.r.settings {
		x := &t.r.settings[i]
		s.rows = append(s.rows, []string{t.placed(x.Title, x.Place), t.word("state-"+x.State, nil), x.Found})
	}
	return s
}

// placed adds to a title whose settings it stands over.
func (t *printer) placed(title string, place *string) string {
	if place == nil {
		return title
	}
	return t.word("place-"+*place, map[string]any{"name": title})
}

// CheckSchema is the version of the answer of wgtrace check.
const CheckSchema = "wgtrace.check/1"

// Check is the answer of wgtrace check: settings, and counters where they were
// watched, never packets.
type Check struct {
	Schema   string          `json:"schema"`
	Tool     Tool            `json:"tool"`
	Taken    *time.Time      `json:"taken"` // when the settings were read
	Verdict  CheckVerdict    `json:"verdict"`
	Settings []Setting       `json:"settings"`
	Host     json.RawMessage `json:"host"`
	Counters *Counters       `json:"counters"` // null where none were watched
	// Container is the one with the tunnel, null if it is in none.
	Container *Container `json:"container"`

	words  *text.Catalog
	hidden string // what redaction has replaced, "" if nothing
}

// CheckVerdict is the answer in short.
type CheckVerdict struct {
	Status string `json:"status"` // healthy (settings alone), fault, inconclusive
	Basis  string `json:"basis"`  // settings, counters
	// Between which stages packets end, where counters say it; null otherwise.
	StoppedAfter  *string  `json:"stopped_after"`
	StoppedBefore *string  `json:"stopped_before"`
	Confidence    *float64 `json:"confidence"` // 0..1; null of settings alone
	Headline      string   `json:"headline"`
}

// BuildCheck makes the answer out of checks, in their order. Live in info says
// that they are those of the machine that the person sits at. With counted the
// verdict is that of counters and settings together; nil: none were watched.
func BuildCheck(checks []diagnose.Check, counted *diagnose.Counted, taken time.Time, info Info) *Check {
	language := text.ForFiles
	if info.Live {
		language = text.For
	}
	words, err := language(info.Lang)
	if err != nil {
		words, err = language("en")
		if err != nil {
			panic(err) // the catalog is part of the program, and its tests compile it
		}
	}
	b := builder{info: info, words: words}
	c := &Check{Schema: CheckSchema, Tool: b.tool(), Settings: settingsOf(words, checks), Host: info.HostJSON, words: words}
	c.Container = b.container()
	if !taken.IsZero() {
		c.Taken = &taken
	}
	counts := map[string]int{}
	for _, s := range c.Settings {
		counts[s.State]++
	}
	status, count := diagnose.StatusHealthy, 0
	switch {
	case counts["wrong"] > 0:
		status, count = diagnose.StatusFault, counts["wrong"]
	case counts["unknown"] > 0 || len(checks) == 0:
		status, count = diagnose.StatusInconclusive, counts["unknown"]
	}
	c.Verdict = CheckVerdict{Status: status.String(), Basis: "settings", Headline: words.Word("check-"+status.String(), map[string]any{"count": count})}
	if counted != nil {
		b.count(c, counted)
	}
	if info.Redact != nil {
		info.Redact.learnChecks(checks)
		info.Redact.check(c)
	}
	return c
}

// CheckText writes the answer for a person: a line for each point, under the
// layers of the path, and what to do about each that is wrong.
func CheckText(w io.Writer, c *Check, opts TextOptions) error {
	opts.Width = max(opts.Width, 80)
	t := &printer{r: &Report{words: c.words}, opts: opts, w: w}
	t.hidden(c.hidden)
	for _, l := range wrap(c.Verdict.Headline, opts.Width) {
		t.print(t.style(statusStyle(c.Verdict.Status), l))
	}
	basis := "check-basis"
	if c.Counters != nil {
		basis = "counted-basis"
		t.counters(c.Counters)
	}
	title, state := 0, 0
	for _, s := range c.Settings {
		title = max(title, columns(s.Title))
		state = max(state, columns(t.word("state-"+s.State, nil)))
	}
	indent := state + 2
	last := ""
	for i := range c.Settings {
		s := &c.Settings[i]
		if heading := t.placed(t.word("layer-"+s.Layer, nil), s.Place); heading != last {
			last = heading
			t.heading(heading)
		}
		found := s.Found
		if s.State == "wrong" && s.Client != nil && !strings.Contains(found, *s.Client) {
			found += " (" + *s.Client + ")"
		}
		word := pad(t.word("state-"+s.State, nil), indent)
		for n, l := range wrap(found, opts.Width-indent-title-2) {
			if n > 0 {
				t.print(strings.Repeat(" ", indent+title+2) + l)
				continue
			}
			t.print(t.style(stateStyle(s.State), word) + pad(s.Title, title+2) + l)
		}
		if s.State == "wrong" && len(s.Fixes) > 0 {
			t.repair(&s.Fixes[0], indent)
		}
	}
	t.print("")
	t.print(wrap(t.word(basis, nil), opts.Width)...)
	return t.err
}

// repair prints the first way to repair a setting.
func (t *printer) repair(f *Fix, indent int) {
	lead := strings.Repeat(" ", indent)
	for _, l := range wrap(text.Sentences(t.word("check-do", nil), t.fixText(f)), t.opts.Width-indent) {
		t.print(lead + l)
	}
	for _, c := range f.Commands {
		t.print(wrapCommand(c, f.OS, lead+"  ", t.opts.Width)...)
	}
	if len(f.Undo) > 0 {
		t.print(lead + t.word("undo", nil))
		for _, c := range f.Undo {
			t.print(wrapCommand(c, f.OS, lead+"  ", t.opts.Width)...)
		}
	}
}

// stateStyle colours a state as the verdict of the same kind.
func stateStyle(state string) string {
	switch state {
	case "ok":
		return statusStyle(diagnose.StatusHealthy.String())
	case "wrong":
		return statusStyle(diagnose.StatusFault.String())
	}
	return statusStyle(diagnose.StatusInconclusive.String())
}
