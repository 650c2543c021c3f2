package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes the report as indented JSON that ends with a line break. The
// same report always gives the same octets.
func JSON(w io.Writer, r *Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	// "TCP SYN a > b" should stay readable; the report is no part of a page.
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write json report: %w", err)
	}
	return nil
}
