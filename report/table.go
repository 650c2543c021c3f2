package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// table is a section of the report in rows and columns.
type table struct {
	title   string
	columns []string
	right   []bool // columns of numbers; shorter than columns: the rest is left
	rows    [][]string
	more    int  // rows that were left out
	frames  bool // the rows are packets
	after   []string
	blocks  []block
}

// endOfList is the place among the sentences at which stands what was left out:
// right below the rows, or at the end of a list of sentences.
func (t *table) endOfList() int {
	if len(t.rows) > 0 {
		return 0
	}
	return len(t.after)
}

// columnGap is what stands between two columns.
const columnGap = 2

// write prints the table in at most width columns. Rows have no lines between
// them: the report is read on terminals of 80 columns, where lines cost more
// than they show.
func (t *table) write(w io.Writer, width int) error {
	if len(t.rows) > 0 {
		if err := t.writeRows(w, width); err != nil {
			return err
		}
	}
	for _, s := range t.after {
		if s == "" {
			continue
		}
		if err := writeLines(w, item(s, width)); err != nil {
			return err
		}
	}
	return nil
}

// item wraps a sentence; one that begins with a dash hangs behind it.
func item(s string, width int) []string {
	rest, ok := strings.CutPrefix(s, "- ")
	if !ok {
		return wrap(s, width)
	}
	lines := wrap(rest, width-2)
	for i := range lines {
		lines[i] = "  " + lines[i]
	}
	lines[0] = "- " + lines[0][2:]
	return lines
}

func (t *table) writeRows(w io.Writer, width int) error {
	widths := t.fit(width)
	alignment := make([]tw.Align, len(t.columns))
	for i := range alignment {
		alignment[i] = tw.AlignLeft
		if i < len(t.right) && t.right[i] {
			alignment[i] = tw.AlignRight
		}
	}
	cells := tw.CellConfig{
		// Cells are broken by fit, which knows where addresses have joints.
		Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
		Alignment:  tw.CellAlignment{PerColumn: alignment},
		Padding:    tw.CellPadding{Global: tw.Padding{Left: "", Right: " ", Overwrite: true}},
	}
	var b bytes.Buffer
	out := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			// ASCII: box-drawing characters are two columns wide in East
			// Asian fonts (Unicode UAX 11, "ambiguous") and break the columns.
			Symbols: tw.NewSymbolCustom("plain").WithRow("-").WithColumn(" ").WithCenter(" ").WithHeaderMid(" "),
			Settings: tw.Settings{
				Separators: tw.Separators{BetweenColumns: tw.On, BetweenRows: tw.Off, ShowHeader: tw.On},
				Lines:      tw.Lines{ShowHeaderLine: tw.On},
			},
		})),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithConfig(tablewriter.Config{Header: cells, Row: cells}),
	)
	out.Header(broken(t.columns, widths))
	for _, row := range t.rows {
		if err := out.Append(broken(row, widths)); err != nil {
			return fmt.Errorf("table %q: %w", t.title, err)
		}
	}
	if err := out.Render(); err != nil {
		return fmt.Errorf("table %q: %w", t.title, err)
	}
	return writeLines(w, strings.Split(strings.TrimRight(b.String(), "\n"), "\n"))
}

// shortCell is the width up to which a Chinese cell stays whole: it could break
// behind each character, and characters below each other are hard to read.
const shortCell = 8

// fit shares the width out: every column gets what it needs; if that is too
// much, the widest one that can still break at spaces gives way, and only at
// last words are broken.
func (t *table) fit(width int) []int {
	n := len(t.columns)
	room := max(width-columnGap*n+1, n)
	need, least := make([]int, n), make([]int, n)
	sum := 0
	for i := range n {
		cell := func(s string) {
			w := widest(s)
			need[i] = max(need[i], w)
			least[i] = max(least[i], longestWord(s))
			if strings.ContainsFunc(s, wide) {
				least[i] = max(least[i], min(w, shortCell))
			}
		}
		cell(t.columns[i])
		for _, row := range t.rows {
			cell(row[i])
		}
		sum += need[i]
	}
	for ; sum > room; sum-- {
		give := -1
		for i := range n {
			if need[i] > least[i] && (give < 0 || need[i] > need[give]) {
				give = i
			}
		}
		if give < 0 {
			for i := range n {
				if give < 0 || need[i] > need[give] {
					give = i
				}
			}
		}
		need[give]--
	}
	return need
}

// broken breaks the cells of a row to the widths of their columns.
func broken(row []string, widths []int) []string {
	cells := make([]string, len(row))
	for i, cell := range row {
		cells[i] = strings.Join(wrap(cell, widths[i]), "\n")
	}
	return cells
}

func writeLines(w io.Writer, lines []string) error {
	for _, l := range lines {
		if _, err := io.WriteString(w, strings.TrimRight(l, " ")+"\n"); err != nil {
			return fmt.Errorf("write text report: %w", err)
		}
	}
	return nil
}
