// Package text holds every sentence that a person reads, in one catalog per
// language: findings, causes, fixes, caveats and the words of the report.
// Sentences are found by id and filled with named fields. It holds no logic
// beyond that: what is true, and which sentence applies, is decided elsewhere.
package text

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/template"
)

// FindingText is what a person reads about a finding. In a language it holds
// templates, from a Catalog the finished sentences.
type FindingText struct {
	Title    string // a few words
	Headline string // the verdict in one plain sentence
	Summary  string // what was seen, with counts and names
	Advice   string // what to do now, one plain sentence
	Worked   string // how to know that it worked
	Fine     string // what is proved fine, so that people stop touching it; may be empty
}

// ExplainText is what a person reads about a kind of fault without a case at
// hand.
type ExplainText struct {
	Search string // what people type who have this fault
	Signs  string // how it looks in packets, by the places of the picture
	Alike  string // what looks like it, and what tells them apart
}

// CauseText is what a person reads about a possible cause.
type CauseText struct {
	Title     string // completes "the cause is:"
	Why       string // why the packets look as they do
	SettledBy string // the read-only command or fact that decides
}

// FixText is what a person reads about a fix; its commands come from diagnosis.
type FixText struct {
	Title   string // what to do, in the imperative
	Changes string // what running it changes on the machine
}

// language is the source of a catalog. Every string is a text/template over
// the fields that args.go names.
type language struct {
	tag      string
	findings map[string]FindingText
	explain  map[string]ExplainText // by finding
	causes   map[string]CauseText
	fixes    map[string]FixText
	notes    map[string]string // remarks on fixes
	caveats  map[string]string
	reasons  map[string]string // why a verdict could not be reached
	roles    map[string]string // why a capture was taken for the tunnel or the WAN
	ports    map[string]string // how the WireGuard port was learned
	clocks   map[string]string // how the clocks were compared
	stages   map[string]string // the six places, in everyday words
	words    map[string]string // headings and labels of the report
	checks   map[string]string // what the settings promise, point by point
}

// join puts the parts of a language together that stand in files of their own.
func join[T any](parts ...map[string]T) map[string]T {
	all := map[string]T{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

// languages lists what For accepts. A new language is one more entry, and the
// test of this package names every sentence that it lacks.
var languages = map[string]*language{
	"en": &english,
	"zh": &chinese,
}

// Languages returns the tags that For accepts, sorted.
func Languages() []string {
	tags := make([]string, 0, len(languages))
	for tag := range languages {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return tags
}

// Catalog gives out the finished sentences of one language. It is immutable
// and safe for concurrent use.
type Catalog struct {
	lang      *language
	templates map[string]*template.Template
}

var (
	catalogsMu sync.Mutex
	catalogs   = map[catalogKey]*Catalog{}
)

// For returns the catalog of a language tag ("en"). An unknown tag is an error
// that lists the known ones.
func For(tag string) (*Catalog, error) { return find(tag, false) }

// ForFiles is For where the machine that was captured need not be the one that
// the person sits at: its sentences say "the server" instead of "this computer",
// because they tell where to run commands as root.
func ForFiles(tag string) (*Catalog, error) { return find(tag, true) }

func find(tag string, files bool) (*Catalog, error) {
	l, ok := languages[tag]
	if !ok {
		return nil, fmt.Errorf("language %q: not known; there are: %s", tag, strings.Join(Languages(), ", "))
	}
	key := catalogKey{tag, files}
	catalogsMu.Lock()
	defer catalogsMu.Unlock()
	if c, ok := catalogs[key]; ok {
		return c, nil
	}
	if files {
		l = l.ofServer()
	}
	c, err := compile(l)
	if err != nil {
		return nil, err
	}
	catalogs[key] = c
	return c, nil
}

// ofServer returns the language with "the server" for "this computer".
func (l *language) ofServer() *language {
	other := *l
	other.words = maps.Clone(l.words)
	for _, id := range []string{"host", "Host"} {
		other.words[id] = l.words[id+"-server"]
		other.words[id+"-windows"] = l.words[id+"-server"]
	}
	return &other
}

type catalogKey struct {
	tag   string
	files bool
}

func compile(l *language) (*Catalog, error) {
	c := &Catalog{lang: l, templates: map[string]*template.Template{}}
	var failed error
	c.each(func(key, source string) {
		if !strings.Contains(source, "{{") || failed != nil {
			return
		}
		t, err := template.New(key).Option("missingkey=error").Funcs(c.functions()).Parse(source)
		if err != nil {
			failed = fmt.Errorf("language %q: sentence %s: %w", l.tag, key, err)
			return
		}
		c.templates[key] = t
	})
	return c, failed
}

// each calls f with the key and the source of every sentence of the language.
func (c *Catalog) each(f func(key, source string)) {
	for id, t := range c.lang.findings {
		f("finding/"+id+"/title", t.Title)
		f("finding/"+id+"/headline", t.Headline)
		f("finding/"+id+"/summary", t.Summary)
		f("finding/"+id+"/advice", t.Advice)
		f("finding/"+id+"/worked", t.Worked)
		f("finding/"+id+"/fine", t.Fine)
	}
	for id, t := range c.lang.explain {
		f("explain/"+id+"/search", t.Search)
		f("explain/"+id+"/signs", t.Signs)
		f("explain/"+id+"/alike", t.Alike)
	}
	for id, t := range c.lang.causes {
		f("cause/"+id+"/title", t.Title)
		f("cause/"+id+"/why", t.Why)
		f("cause/"+id+"/settled-by", t.SettledBy)
	}
	for id, t := range c.lang.fixes {
		f("fix/"+id+"/title", t.Title)
		f("fix/"+id+"/changes", t.Changes)
	}
	for _, group := range c.groups() {
		for id, source := range group.sentences {
			f(group.name+"/"+id, source)
		}
	}
}

type group struct {
	name      string
	sentences map[string]string
}

// groups lists the parts of a language that are plain maps of sentences.
func (c *Catalog) groups() []group {
	l := c.lang
	return []group{
		{"note", l.notes}, {"caveat", l.caveats}, {"reason", l.reasons}, {"role", l.roles},
		{"port", l.ports}, {"clock", l.clocks}, {"stage", l.stages}, {"word", l.words}, {"check", l.checks},
	}
}
