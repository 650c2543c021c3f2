package report

import (
	"crypto/sha256"
	_ "embed" // the template and the style of the page
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"
)

var (
	//go:embed page/page.css
	htmlStyle string
	//go:embed page/page.gohtml
	htmlSource string

	htmlTemplate = template.Must(template.New("page").Parse(htmlSource))

	// htmlPolicy lets the page do nothing but show itself in its own style
	// (Content Security Policy Level 3).
	htmlPolicy = func() string {
		sum := sha256.Sum256([]byte(htmlStyle))
		return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	}()
)

// htmlRows bounds the tables of the page, so that a browser on a phone still
// scrolls it.
const htmlRows = 500

// HTML writes the report as one page that needs nothing else: no script, no
// file beside it, no network. It follows the reader's choice of light and dark
// and prints on paper. Times are in loc; nil is UTC.
func HTML(w io.Writer, r *Report, loc *time.Location) error {
	if loc == nil {
		loc = time.UTC
	}
	t := &printer{r: r, rows: htmlRows, opts: TextOptions{Verbose: true, Location: loc}}
	if err := htmlTemplate.Execute(w, t.page()); err != nil {
		return fmt.Errorf("write html report: %w", err)
	}
	return nil
}

// htmlPage is what the template shows.
type htmlPage struct {
	Lang               string
	Policy             string
	Style              template.CSS // our own, as it stands in the program
	Status, StatusWord string
	Hidden             string
	Headline, Counts   string
	Points             []htmlPoint
	PathTitle, Legend  string
	Path               htmlPath
	Timeline, Latency  *htmlChart
	Details            string
	Sections           []htmlSection
	Origin             string
}

type htmlPoint struct {
	Label, Text string
	Blocks      []htmlBlock
}

type htmlBlock struct {
	Lead, Commands, UndoWord, Undo string
}

type htmlSection struct {
	Title     string
	Frames    bool
	Columns   []htmlCell
	Rows      [][]htmlCell
	Sentences []string // in front of Items
	Items     []string
	Notes     []string // behind them
	Blocks    []htmlBlock
}

type htmlCell struct {
	Text   string
	Number bool
}

func (t *printer) page() htmlPage {
	r := t.r
	_, counts := t.short()
	p := htmlPage{
		Lang: r.words.Lang(), Policy: htmlPolicy, Style: template.CSS(htmlStyle),
		Status: r.Verdict.Status, StatusWord: t.word("status-"+r.Verdict.Status, nil),
		Hidden: r.hidden, Headline: r.Verdict.Headline, Counts: counts,
		PathTitle: t.pathTitle(), Path: t.drawPath(), Timeline: t.drawTimeline(), Latency: t.drawLatency(),
		Details: t.word("section-details", nil), Origin: t.origin(),
	}
	if needsLegend(r.picture()) {
		p.Legend = t.word("legend", nil)
	}
	for _, x := range t.points() {
		if x.text != "" {
			p.Points = append(p.Points, htmlPoint{t.word(x.label, nil), x.text, t.htmlBlocks(x.blocks)})
		}
	}
	for _, s := range t.sections() {
		p.Sections = append(p.Sections, t.htmlSection(&s))
	}
	return p
}

func (t *printer) htmlBlocks(blocks []block) []htmlBlock {
	var list []htmlBlock
	for _, b := range blocks {
		list = append(list, htmlBlock{b.lead, strings.Join(b.commands, "\n"), t.word("undo", nil), strings.Join(b.undo, "\n")})
	}
	return list
}

func (t *printer) htmlSection(s *table) htmlSection {
	h := htmlSection{Title: s.title, Frames: s.frames, Blocks: t.htmlBlocks(s.blocks)}
	row := func(cells []string) []htmlCell {
		list := make([]htmlCell, len(cells))
		for i, c := range cells {
			list[i] = htmlCell{c, i < len(s.right) && s.right[i]}
		}
		return list
	}
	h.Columns = row(s.columns)
	for _, cells := range s.rows {
		h.Rows = append(h.Rows, row(cells))
	}
	after := s.after
	if s.more > 0 {
		after = slices.Insert(slices.Clone(after), s.endOfList(), t.more(s.more))
	}
	for _, sentence := range after {
		item, ok := strings.CutPrefix(sentence, "- ")
		switch {
		case sentence == "":
		case ok:
			h.Items = append(h.Items, item)
		case len(h.Items) == 0:
			h.Sentences = append(h.Sentences, sentence)
		default:
			h.Notes = append(h.Notes, sentence)
		}
	}
	return h
}
