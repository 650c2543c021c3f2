package report

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/wgtrace/wgtrace/diagnose"
)

// container is what is said of the place of the tunnel, null if it is this host.
func (b *builder) container() *Container {
	c := b.info.Container
	if c == nil {
		return nil
	}
	row := Container{Name: sanitize(c.Name), Place: sanitize(c.Place)}
	if json.Valid(c.Facts) {
		row.Facts = slices.Clone(c.Facts)
	}
	return &row
}

// placed adds to what is said of a finding on which side of the container's
// uplink it stands, where that is known; f may be nil.
func (b *builder) placed(said string, f *diagnose.Finding) string {
	if f == nil || f.Segment == diagnose.SegmentUnknown {
		return said
	}
	name := ""
	if b.info.Container != nil {
		name = sanitize(b.info.Container.Name)
	}
	if !strings.HasSuffix(said, "。") { // Chinese sentences stand without spaces
		said += " "
	}
	return said + b.words.Word("segment-"+f.Segment.String(), map[string]any{"name": name})
}
