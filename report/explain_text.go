package report

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/text"
)

// Text writes the explanation for a terminal.
func (e *Explanation) Text(w io.Writer, opts TextOptions) error {
	opts.Width = max(opts.Width, 80)
	t := &printer{r: &Report{words: e.words}, opts: opts, w: w}
	for _, l := range wrap(e.ID+": "+e.Title, opts.Width) {
		t.print(t.style(bold, l))
	}
	if e.Search != "" {
		t.print(wrap(e.Search, opts.Width)...)
	}
	for _, s := range e.sections {
		t.heading(s.heading)
		for _, p := range s.parts {
			t.part(p)
		}
	}
	return t.err
}

func (t *printer) part(p part) {
	for _, c := range p.commands {
		t.print(wrapCommand(c, p.os, "    ", t.opts.Width)...)
	}
	if p.sentence == "" {
		return
	}
	indent := ""
	if p.item != "" {
		indent = strings.Repeat(" ", len(p.item)+1)
	}
	for i, l := range wrap(p.sentence, t.opts.Width-len(indent)) {
		if i == 0 && p.item != "" {
			t.print(p.item + " " + l)
			continue
		}
		t.print(indent + l)
	}
}

// Topic is something that can be explained.
type Topic struct {
	ID, Title string
	Layer     int // 0..5; 0 says why there is no verdict
}

// Topics returns what can be explained in a language: findings by layer, then
// the causes that are not findings too. An unknown language has none.
func Topics(lang string) (findings, causes []Topic) {
	words, err := text.ForFiles(lang)
	if err != nil {
		return nil, nil
	}
	kinds := diagnose.Kinds()
	seen := map[string]bool{}
	for _, k := range kinds {
		t, _ := words.Finding(k.ID, nil)
		findings = append(findings, Topic{k.ID, t.Title, k.Layer})
		seen[k.ID] = true
	}
	for _, k := range kinds {
		for _, id := range k.Causes {
			if !seen[id] {
				seen[id] = true
				t, _ := words.Cause(id, nil)
				causes = append(causes, Topic{id, t.Title, k.Layer})
			}
		}
	}
	return findings, causes
}

// TopicsText lists the findings that can be explained, by layer.
func TopicsText(w io.Writer, lang string, opts TextOptions) error {
	opts.Width = max(opts.Width, 80)
	words, err := text.ForFiles(lang)
	if err != nil {
		return err
	}
	t := &printer{r: &Report{words: words}, opts: opts, w: w}
	findings, _ := Topics(lang)
	widest := 0
	for _, f := range findings {
		widest = max(widest, len(f.ID))
	}
	for layer := range 6 {
		list := slices.DeleteFunc(slices.Clone(findings), func(f Topic) bool { return f.Layer != layer })
		if layer > 0 {
			t.print("")
		}
		t.print(t.style(bold, t.word("layer-"+strconv.Itoa(layer), nil)))
		for _, f := range list {
			for i, l := range wrap(f.Title, opts.Width-widest-4) {
				id := ""
				if i == 0 {
					id = f.ID
				}
				t.print("  " + pad(id, widest+2) + l)
			}
		}
	}
	t.print("")
	t.print(wrap(t.word("explain-more", nil), opts.Width)...)
	return t.err
}
