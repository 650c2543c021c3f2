package report

import "io"

// Table is a plain table for what a program prints beside a report.
type Table struct {
	Columns []string
	Rows    [][]string // as many cells as Columns; a cell may have several lines
	Right   []bool     // columns that hold numbers; shorter than Columns: the rest is left
}

// Write prints the table in at most width columns. Text from captures and paths
// is made harmless on a terminal first; line breaks in a cell are kept. Cells
// that do not fit are broken, at spaces if they can be.
func (t Table) Write(w io.Writer, width int) error {
	s := table{columns: t.Columns, right: t.Right}
	for _, row := range t.Rows {
		clean := make([]string, len(row))
		for i, cell := range row {
			clean[i] = sanitizeLines(cell)
		}
		s.rows = append(s.rows, clean)
	}
	return s.write(w, width)
}

// Shorten makes text from captures and paths harmless on a terminal and takes
// the middle out of it, so that it is at most width columns wide: the ends of a
// path, its volume and its name, tell more than what stands between.
func Shorten(s string, width int) string {
	const gap = "..."
	s = sanitize(s)
	if columns(s) <= width {
		return s
	}
	room := max(width-len(gap), 2)
	runes := []rune(s)
	head, used := 0, 0
	for used < room/3 && head < len(runes) {
		used += columns(string(runes[head]))
		head++
	}
	tail := len(runes)
	for tail > head && used+columns(string(runes[tail-1])) <= room {
		tail--
		used += columns(string(runes[tail]))
	}
	return string(runes[:head]) + gap + string(runes[tail:])
}
