package diagnose

import (
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/text"
)

// TestFixesHaveSentences: a fix without a title is a list of commands that
// nobody dares to run.
func TestFixesHaveSentences(t *testing.T) {
	catalog, err := text.For("en")
	if err != nil {
		t.Fatal(err)
	}
	for cause := range book {
		for _, system := range allSystems {
			for _, family := range []correlate.Family{correlate.IPv4, correlate.IPv6} {
				v := goodValues(family)
				v.Remote = true
				for _, f := range fixesFor(cause, v, system) {
					if got, ok := catalog.Fix(f.ID, f.Args); !ok || got.Title == "" || got.Changes == "" {
						t.Errorf("fix %s: text %+v, known %v", f.ID, got, ok)
					}
					for _, note := range f.Notes {
						// An unknown note comes back as its id in words.
						got := catalog.Note(note, f.Args)
						if strings.HasSuffix(got, strings.ReplaceAll(note, "-", " ")) || strings.Contains(got, "<no value>") {
							t.Errorf("fix %s: note %s has no sentence: %q", f.ID, note, got)
						}
					}
				}
			}
		}
	}
}
