package report

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/wgtrace/wgtrace/internal/text"
)

// PageName is the file name of a finding's page in a language. English is the
// name that others link to.
func PageName(id, lang string) string {
	if lang == "zh" {
		return id + ".zh-CN.md"
	}
	return id + ".md"
}

// Markdown writes the explanation as a page, titled as people search for it.
func (e *Explanation) Markdown(w io.Writer) error {
	var b strings.Builder
	title := e.Search
	if title == "" {
		title = e.Title
	}
	lang := e.words.Lang()
	findings, _ := Topics(lang)
	fmt.Fprintf(&b, "# %s\n\n`%s`: %s\n\n", prose(title), e.ID, prose(e.words.Word("sentence", map[string]any{"name": e.Title})))
	fmt.Fprintf(&b, "[%s](%s) | [%s](%s)\n", e.word("explain-other"), PageName(e.ID, otherLang(lang)), e.word("explain-index"), PageName("README", lang))
	for _, s := range e.sections {
		fmt.Fprintf(&b, "\n## %s\n", s.heading)
		indent := ""
		for _, p := range s.parts {
			if len(p.commands) > 0 {
				block := strings.Join(fenced("", p.commands...), "\n")
				b.WriteString("\n" + indent + strings.ReplaceAll(block, "\n", "\n"+indent) + "\n")
				continue
			}
			lead := indent
			if p.item != "" {
				lead, indent = p.item+" ", strings.Repeat(" ", len(p.item)+1)
			}
			b.WriteString("\n" + lead + linked(prose(p.sentence), e.ID, lang, findings) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// TopicsMarkdown writes the index of the pages.
func TopicsMarkdown(w io.Writer, lang string) error {
	words, err := text.ForFiles(lang)
	if err != nil {
		return err
	}
	var b strings.Builder
	word := func(id string) string { return words.Word(id, nil) }
	fmt.Fprintf(&b, "# %s\n\n%s\n\n[%s](%s)\n", word("explain-index"), word("explain-index-about"),
		word("explain-other"), PageName("README", otherLang(lang)))
	findings, _ := Topics(lang)
	layer := -1
	for _, f := range findings {
		if f.Layer != layer {
			layer = f.Layer
			fmt.Fprintf(&b, "\n## %s\n\n", word("layer-"+strconv.Itoa(layer)))
		}
		x, _ := words.Explain(f.ID)
		fmt.Fprintf(&b, "- [%s](%s): %s `%s`\n", prose(x.Search), PageName(f.ID, lang), prose(words.Word("sentence", map[string]any{"name": f.Title})), f.ID)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// otherLang is the language that a page links to.
func otherLang(lang string) string {
	if lang == "zh" {
		return "en"
	}
	return "zh"
}

// prose writes a sentence of the catalog, in which what is typed or shown stands
// in quotation marks: that becomes code. What could be read as markup in the rest
// is escaped (CommonMark 0.31, sections 2.4 and 6). Unlike markdown it trusts its
// words, so that it reads better.
func prose(s string) string {
	var b strings.Builder
	for i, piece := range strings.Split(s, `"`) {
		switch {
		case i%2 == 1 && piece != "":
			b.WriteString(codeSpan(piece))
		default:
			b.WriteString(markup.Replace(piece))
		}
	}
	return b.String()
}

var markup = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", "&lt;", "[", `\[`, "`", "\\`")

var idInText = regexp.MustCompile(`[a-z0-9]+(?:-[a-z0-9]+)+`)

// linked turns the ids of other findings in a sentence into links.
func linked(s, self, lang string, findings []Topic) string {
	return idInText.ReplaceAllStringFunc(s, func(id string) string {
		for _, f := range findings {
			if f.ID == id && id != self {
				return "[`" + id + "`](" + PageName(id, lang) + ")"
			}
		}
		return id
	})
}
