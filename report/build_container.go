package report

import (
	"encoding/json"
	"slices"

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

// segment is the sentence on which side of the container's uplink a finding
// stands, with the space before it; "" where nothing is known of that.
func (b *builder) segment(f *diagnose.Finding) string {
	if f.Segment == diagnose.SegmentUnknown {
		return ""
	}
	name := ""
	if b.info.Container != nil {
		name = sanitize(b.info.Container.Name)
	}
	return " " + b.words.Word("segment-"+f.Segment.String(), map[string]any{"name": name})
}
