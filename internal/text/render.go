package text

import (
	"strings"
	"text/template"
)

// Lang returns the language tag of the catalog.
func (c *Catalog) Lang() string { return c.lang.tag }

// Finding returns the sentences of a finding. Args are the fields that
// FindingArgs names; what is absent counts as unknown. An unknown id gives a
// plain fallback that names it, and false.
func (c *Catalog) Finding(id string, args map[string]any) (FindingText, bool) {
	source, ok := c.lang.findings[id]
	if !ok {
		return FindingText{
			Title:    spoken(id),
			Headline: c.Word("unknown-finding", nil) + " " + id,
		}, false
	}
	data := complete(FindingArgs, args)
	key := "finding/" + id + "/"
	return FindingText{
		Title:    c.fill(key+"title", source.Title, data),
		Headline: c.fill(key+"headline", source.Headline, data),
		Summary:  c.fill(key+"summary", source.Summary, data),
		Advice:   c.fill(key+"advice", source.Advice, data),
		Worked:   c.fill(key+"worked", source.Worked, data),
		Fine:     c.fill(key+"fine", source.Fine, data),
	}, true
}

// Explain returns what is to be said of a finding without a case at hand, and
// whether there is anything.
func (c *Catalog) Explain(id string) (ExplainText, bool) {
	source, ok := c.lang.explain[id]
	key := "explain/" + id + "/"
	return ExplainText{
		Search: c.fill(key+"search", source.Search, nil),
		Signs:  c.fill(key+"signs", source.Signs, nil),
		Alike:  c.fill(key+"alike", source.Alike, nil),
	}, ok
}

// Cause returns the sentences of a cause; Args as for Finding.
func (c *Catalog) Cause(id string, args map[string]any) (CauseText, bool) {
	source, ok := c.lang.causes[id]
	if !ok {
		return CauseText{Title: spoken(id)}, false
	}
	data := complete(FindingArgs, args)
	key := "cause/" + id + "/"
	return CauseText{
		Title:     c.fill(key+"title", source.Title, data),
		Why:       c.fill(key+"why", source.Why, data),
		SettledBy: c.fill(key+"settled-by", source.SettledBy, data),
	}, true
}

// Fix returns the sentences of a fix; Args as for Finding.
func (c *Catalog) Fix(id string, args map[string]any) (FixText, bool) {
	source, ok := c.lang.fixes[id]
	if !ok {
		return FixText{Title: spoken(id)}, false
	}
	data := complete(FindingArgs, args)
	key := "fix/" + id + "/"
	return FixText{
		Title:   c.fill(key+"title", source.Title, data),
		Changes: c.fill(key+"changes", source.Changes, data),
	}, true
}

// Note returns a remark on a fix; Args as for Finding. An unknown id gives the
// id in words.
func (c *Catalog) Note(id string, args map[string]any) string {
	return c.sentence("note", c.lang.notes, id, complete(FindingArgs, args))
}

// Caveat returns the sentence of a caveat, with the fields that CaveatArgs
// names for it.
func (c *Catalog) Caveat(id string, args map[string]any) string {
	return c.sentence("caveat", c.lang.caveats, id, complete(CaveatArgs[id], args))
}

// Check returns what the settings say of a point: its name for a bare id, what was
// found for "id/state" or "id/state/reason"; Args as for Finding.
func (c *Catalog) Check(id string, args map[string]any) string {
	return c.sentence("check", c.lang.checks, id, complete(FindingArgs, args))
}

// HasCheck reports whether there is a sentence under that id.
func (c *Catalog) HasCheck(id string) bool { return c.lang.checks[id] != "" }

// HasWord reports whether there is a word of that id.
func (c *Catalog) HasWord(id string) bool { return c.lang.words[id] != "" }

// Role returns why a capture was taken for the tunnel or the WAN.
func (c *Catalog) Role(id string) string { return c.sentence("role", c.lang.roles, id, nil) }

// Port returns how the WireGuard port was learned.
func (c *Catalog) Port(id string) string { return c.sentence("port", c.lang.ports, id, nil) }

// Clock returns how the clocks of the captures were compared.
func (c *Catalog) Clock(id string) string { return c.sentence("clock", c.lang.clocks, id, nil) }

// Stage returns a stage in everyday words, by its name in the JSON report.
func (c *Catalog) Stage(id string) string { return c.sentence("stage", c.lang.stages, id, nil) }

// Word returns a heading or label of the report, with the fields that WordArgs
// names.
func (c *Catalog) Word(id string, args map[string]any) string {
	return c.sentence("word", c.lang.words, id, complete(WordArgs, args))
}

func (c *Catalog) sentence(group string, sentences map[string]string, id string, data map[string]any) string {
	if id == "" {
		return ""
	}
	source, ok := sentences[id]
	if !ok {
		return spoken(id)
	}
	return c.fill(group+"/"+id, source, data)
}

// fill never fails in front of a person: a sentence that cannot be filled is
// left out, because half a sentence with a Go error in it helps nobody. The
// tests of this package use execute and see the error.
func (c *Catalog) fill(key, source string, data map[string]any) string {
	s, err := c.execute(key, source, data)
	if err != nil {
		return ""
	}
	return s
}

func (c *Catalog) execute(key, source string, data map[string]any) (string, error) {
	t := c.templates[key]
	if t == nil {
		return source, nil
	}
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", err
	}
	return b.String(), nil
}

// spoken turns an id into words.
func spoken(id string) string { return strings.ReplaceAll(id, "-", " ") }

// functions are what templates may call. They are bound to the catalog,
// because "this computer" is a word of the language.
func (c *Catalog) functions() template.FuncMap {
	return template.FuncMap{
		// host names the machine in the middle of a sentence.
		"host": func(os string) string {
			if os == "windows" {
				return c.lang.words["host-windows"]
			}
			return c.lang.words["host"]
		},
		// Host is host at the start of a sentence.
		"Host": func(os string) string {
			if os == "windows" {
				return c.lang.words["Host-windows"]
			}
			return c.lang.words["Host"]
		},
		// n counts: n .arrived "packet" "packets".
		"n": func(count int64, one, many string) string {
			if count == 1 {
				return "1 " + one
			}
			return Grouped(count) + " " + many
		},
		"num": Grouped,
		// size is a number without its sign.
		"size": func(n int64) int64 { return max(n, -n) },
		// span writes microseconds, without their sign, in the unit that fits.
		"span": c.span,
		// time writes seconds as people say them.
		"time": c.time,
		// reason says why there is no verdict; an id without a sentence says nothing.
		"reason": func(id string) string {
			if _, ok := c.lang.reasons[id]; !ok {
				return ""
			}
			return c.sentence("reason", c.lang.reasons, id, nil)
		},
		// point names the side of a capture ("tunnel", "wan").
		"point": func(id string) string { return c.lang.words["point-"+id] },
		// spell gives the place for a name that is not known. In Chinese only a
		// name is set off with spaces: lead does so where a sentence begins with
		// it, tail where one ends, mid between two words.
		"spell": func(name, placeholder string) string { return spell("", name, "", placeholder) },
		"lead":  func(name, placeholder string) string { return spell("", name, " ", placeholder) },
		"mid":   func(name, placeholder string) string { return spell(" ", name, " ", placeholder) },
		"tail":  func(name, placeholder string) string { return spell(" ", name, "", placeholder) },
	}
}

func spell(before, name, after, placeholder string) string {
	if name == "" {
		return placeholder
	}
	return before + name + after
}
