package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/text"
)

// Explanation says what a finding or a cause means, without a case at hand. Its
// sentences are those of the reports.
type Explanation struct {
	ID       string
	Title    string
	Search   string // what people type who have it; "" for a cause
	sections []passage
	words    *text.Catalog
}

// passage is a part of an explanation under a heading.
type passage struct {
	heading string
	parts   []part
}

// part is a paragraph, an item of a list, or commands.
type part struct {
	sentence string
	item     string // "1." or "-" in front of the sentence
	commands []string
	os       string // of the commands
}

// Explain explains the finding or cause with that id in a language; false if
// there is none.
func Explain(id, lang string) (*Explanation, bool) {
	words, err := text.ForFiles(lang)
	if err != nil {
		return nil, false
	}
	e := &Explanation{ID: id, words: words}
	kinds := diagnose.Kinds()
	if i := slices.IndexFunc(kinds, func(k diagnose.Kind) bool { return k.ID == id }); i >= 0 {
		e.finding(&kinds[i])
		return e, true
	}
	var of []string
	for _, k := range kinds {
		if slices.Contains(k.Causes, id) {
			of = append(of, k.ID)
		}
	}
	if of == nil {
		return nil, false
	}
	e.cause(of)
	return e, true
}

func (e *Explanation) word(id string) string { return e.words.Word(id, nil) }

// add appends a passage unless it has nothing to say.
func (e *Explanation) add(heading string, parts ...part) {
	parts = slices.DeleteFunc(parts, func(p part) bool { return p.sentence == "" && p.commands == nil })
	if len(parts) > 0 {
		e.sections = append(e.sections, passage{e.word(heading), parts})
	}
}

func (e *Explanation) finding(k *diagnose.Kind) {
	t, _ := e.words.Finding(k.ID, nil)
	x, _ := e.words.Explain(k.ID)
	e.Title, e.Search = t.Title, x.Search
	means := []part{{sentence: t.Headline}, {sentence: t.Advice}}
	if k.Layer == 0 && k.ID != "phone-side" {
		means = append(means, part{sentence: e.word("explain-no-fault")})
	}
	e.add("explain-means", means...)
	e.add("explain-signs", part{sentence: text.Sentences(e.place(k), x.Signs)})
	e.add("explain-alike", part{sentence: x.Alike})
	var causes []part
	for i, id := range k.Causes {
		c, _ := e.words.Cause(id, nil)
		causes = append(causes, part{item: strconv.Itoa(i+1) + ".", sentence: text.Sentences(
			e.words.Word("sentence", map[string]any{"name": c.Title + " (" + id + ")"}), c.Why, e.word("settled-by"), c.SettledBy)})
	}
	e.add("explain-causes", causes...)
	e.fixes(k.Causes)
	e.add("explain-worked", part{sentence: t.Worked})
	e.add("explain-fine", part{sentence: t.Fine})
}

// place says between which places the packets stop.
func (e *Explanation) place(k *diagnose.Kind) string {
	name := func(s correlate.Stage) string {
		if s == correlate.StageNone {
			return ""
		}
		return strconv.Itoa(slices.Index(stageOrder, s)+1) + " (" + e.words.Stage(s.String()) + ")"
	}
	args := map[string]any{"name": name(k.After), "why": name(k.Before)}
	switch none := correlate.StageNone; {
	case k.Layer == 0 || k.After == none && k.Before == none:
		return ""
	case k.After == none:
		return e.words.Word("explain-before", args)
	case k.Before == none:
		return e.words.Word("explain-after", args)
	}
	return e.words.Word("explain-seen", args)
}

// stageOrder numbers the places as the picture does.
var stageOrder = []correlate.Stage{
	correlate.OuterIn, correlate.TunnelIn, correlate.WANOut, correlate.WANIn, correlate.TunnelOut, correlate.OuterOut,
}

func (e *Explanation) cause(of []string) {
	c, _ := e.words.Cause(e.ID, nil)
	e.Title = c.Title
	e.add("explain-means", part{sentence: c.Why})
	e.add("explain-settled", part{sentence: c.SettledBy})
	var names []part
	for _, id := range of {
		t, _ := e.words.Finding(id, nil)
		names = append(names, part{item: "-", sentence: id + ": " + t.Title})
	}
	e.add("explain-of", names...)
	e.fixes([]string{e.ID})
}

// fixes lists how to repair each of some causes, every fix once, with the causes
// that it cures where there are several.
func (e *Explanation) fixes(causes []string) {
	var list []diagnose.Fix
	cures := map[string][]string{} // by what is to be typed: systems and families share ids
	key := func(f *diagnose.Fix) string { return f.ID + "\n" + f.OS + "\n" + strings.Join(f.Commands, "\n") }
	for _, id := range causes {
		for _, f := range diagnose.FixesOf(id) {
			k := key(&f)
			if cures[k] == nil {
				list = append(list, f)
			}
			cures[k] = append(cures[k], id)
		}
	}
	var parts []part
	blanks := false
	for i, row := range (&builder{words: e.words}).fixesOf(list, map[string]any{}) {
		f := &list[i]
		title := row.Title
		if len(cures[key(f)]) < len(causes) {
			title += " (" + strings.Join(cures[key(f)], ", ") + ")"
		}
		system := osName(f.OS)
		if system == "" {
			system = e.word("explain-any-system")
		}
		if f.Args["family"] == correlate.IPv6.String() {
			system += ", IPv6"
		}
		said := append([]string{e.words.Word("sentence", map[string]any{"name": title})}, row.Notes...)
		parts = append(parts, part{item: "-", sentence: system + ": " + text.Sentences(said...)}, part{commands: row.Commands, os: f.OS})
		if len(row.Undo) > 0 {
			parts = append(parts, part{item: " ", sentence: e.word("undo")}, part{commands: row.Undo, os: f.OS})
		}
		blanks = blanks || len(row.Commands) > 0
	}
	if blanks {
		parts = append([]part{{sentence: e.word("explain-blanks")}}, parts...)
	}
	parts = slices.DeleteFunc(parts, func(p part) bool { return p.sentence == "" && len(p.commands) == 0 })
	e.add("explain-fixes", parts...)
}
