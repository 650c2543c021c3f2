package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// SchemaError says that a file holds something else than a report.
type SchemaError struct{ Schema string } // what it says it holds, harmless on a terminal; "" if nothing

// Error returns the reason, to stand behind the name of the file.
func (e *SchemaError) Error() string {
	if e.Schema == "" {
		return "is no report of wgtrace"
	}
	return fmt.Sprintf("holds %q, not %q", e.Schema, Schema)
}

// Newer reports whether a later version of wgtrace has written it.
func (e *SchemaError) Newer() bool {
	return strings.HasPrefix(e.Schema, "wgtrace.report/") && e.Schema != Schema
}

// Decode reads what JSON wrote, and what later versions of the same schema add.
// It may come from anybody: every text in it is still as the file has it, and a
// *SchemaError says that it is something else. What renderers alone are given
// is not in the file, so that they do not show a decoded report.
func Decode(data []byte) (*Report, error) {
	var head struct {
		Schema json.RawMessage `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, &SchemaError{}
	}
	var schema string
	if err := json.Unmarshal(head.Schema, &schema); err != nil || schema != Schema {
		return nil, &SchemaError{Schema: cutText(sanitize(schema), 60)}
	}
	r := &Report{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("is damaged: %s", cutText(sanitize(err.Error()), 200))
	}
	if !slices.Contains([]string{"healthy", "fault", "inconclusive"}, r.Verdict.Status) {
		return nil, fmt.Errorf("is damaged: its verdict is %q", cutText(sanitize(r.Verdict.Status), 60))
	}
	return r, nil
}
