package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// ticketSamples are those of which the whole Markdown is held: one with several
// systems to repair, and one that works.
var ticketSamples = []string{"nat-missing", "healthy"}

// TestGolden compares text and JSON of the samples with the files in testdata.
func TestGolden(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			r := Build(s.ev, s.d, s.info)
			var text, object bytes.Buffer
			if err := Text(&text, r, TextOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := JSON(&object, r); err != nil {
				t.Fatal(err)
			}
			compareGolden(t, s.name+".txt", text.Bytes())
			compareGolden(t, s.name+".json", object.Bytes())
			if slices.Contains(ticketSamples, s.name) {
				var ticket bytes.Buffer
				if err := Markdown(&ticket, r, nil); err != nil {
					t.Fatal(err)
				}
				compareGolden(t, s.name+".md", ticket.Bytes())
			}
			s.info.Lang = "zh"
			compareGolden(t, s.name+".zh.txt", []byte(render(t, s, TextOptions{})))
		})
	}
}

func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test ./report -update writes it", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from the report:\n%s", name, got)
	}
}
