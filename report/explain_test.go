package report

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/internal/text"
)

const findingPages = "../docs/findings"

// TestFindingPages holds docs/findings to what wgtrace explain says.
func TestFindingPages(t *testing.T) {
	pages := map[string][]byte{}
	for _, lang := range text.Languages() {
		var index bytes.Buffer
		if err := TopicsMarkdown(&index, lang); err != nil {
			t.Fatal(err)
		}
		pages[PageName("README", lang)] = index.Bytes()
		findings, _ := Topics(lang)
		for _, f := range findings {
			e, ok := Explain(f.ID, lang)
			if !ok {
				t.Fatalf("%s is not explained", f.ID)
			}
			var page bytes.Buffer
			if err := e.Markdown(&page); err != nil {
				t.Fatal(err)
			}
			pages[PageName(f.ID, lang)] = page.Bytes()
		}
	}
	if *update {
		if err := os.RemoveAll(findingPages); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(findingPages, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, page := range pages {
		path := filepath.Join(findingPages, name)
		if *update {
			if err := os.WriteFile(path, page, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, page) {
			t.Errorf("docs/findings/%s is not what wgtrace explain says: run make docs", name)
		}
	}
	there, err := filepath.Glob(filepath.Join(findingPages, "*"))
	if err != nil || len(there) != len(pages) {
		t.Errorf("docs/findings holds %d files instead of %d: run make docs", len(there), len(pages))
	}
}

// TestExplain explains every finding and cause in every language: nothing may be
// without sentences, wider than the screen, or filled in by nobody.
func TestExplain(t *testing.T) {
	hole := regexp.MustCompile(`\{[A-Z]+\}|<no value>|%!|  \.|\(\)`)
	for _, lang := range text.Languages() {
		findings, causes := Topics(lang)
		if len(findings) < 40 || len(causes) < 40 {
			t.Fatalf("%s: %d findings, %d causes", lang, len(findings), len(causes))
		}
		for _, topic := range slices.Concat(findings, causes) {
			e, ok := Explain(topic.ID, lang)
			if !ok {
				t.Errorf("%s: %s is not explained", lang, topic.ID)
				continue
			}
			var b bytes.Buffer
			if err := e.Text(&b, TextOptions{}); err != nil {
				t.Fatal(err)
			}
			out := b.String()
			if e.Title == strings.ReplaceAll(topic.ID, "-", " ") || len(e.sections) < 2 {
				t.Errorf("%s: %s says little:\n%s", lang, topic.ID, out)
			}
			if m := hole.FindString(strings.ReplaceAll(out, "DisableSharing()", "")); m != "" {
				t.Errorf("%s: %s leaves %q:\n%s", lang, topic.ID, m, out)
			}
			for _, line := range strings.Split(out, "\n") {
				if columns(line) > 80 && !strings.HasPrefix(line, "    ") {
					t.Errorf("%s: %s: %d columns: %s", lang, topic.ID, columns(line), line)
				}
			}
		}
	}
	if _, ok := Explain("no-such-id", "en"); ok {
		t.Error("an unknown id is explained")
	}
	if _, ok := Explain("nat-missing", "tlh"); ok {
		t.Error("an unknown language is spoken")
	}
}

// TestExplainLayout reads one page for its parts and their order.
func TestExplainLayout(t *testing.T) {
	e, _ := Explain("nat-missing", "en")
	var b bytes.Buffer
	if err := e.Text(&b, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	rest := b.String()
	for _, part := range []string{
		"nat-missing: Packets leave", "connected but no internet", "What it means", "How it looks in packets",
		"Last seen at 3", "missing at 4", "What looks like it", "not-forwarded", "What can be the reason", "1. no rule puts",
		"(nat-missing)", "Ways to repair it", "CAPITALS", "Linux: ", "nft add table", "  Undo:", "Windows: ", "New-NetNat", "How to know that it worked", "What it proves to be fine",
	} {
		i := strings.Index(rest, part)
		if i < 0 {
			t.Fatalf("%q is missing or in the wrong place:\n%s", part, b.String())
		}
		rest = rest[i:]
	}
}
