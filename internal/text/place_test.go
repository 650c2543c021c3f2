package text

import (
	"strings"
	"testing"
)

// TestForFiles: with files no sentence may send a person to the machine that they
// sit at, because commands that are run as root follow.
func TestForFiles(t *testing.T) {
	for _, tag := range Languages() {
		files, err := ForFiles(tag)
		if err != nil {
			t.Fatal(err)
		}
		live := catalog(t, tag)
		here := []string{live.lang.words["host"], live.lang.words["Host"], live.lang.words["host-windows"], live.lang.words["Host-windows"]}
		changed := 0
		files.each(func(key, source string) {
			// Roles and ports that were read from the host exist live alone.
			if key == "role/host" || key == "port/host" || strings.HasPrefix(key, "word/") {
				return
			}
			for _, os := range []string{"", "linux", "windows"} {
				data := filled(dataFor(key), 7)
				if _, ok := data["os"]; ok {
					data["os"] = os
				}
				got, err := files.execute(key, source, data)
				if err != nil {
					t.Fatal(err)
				}
				for _, word := range here {
					if strings.Contains(got, word) {
						t.Errorf("%s %s: %q says %q", tag, key, got, word)
					}
				}
				if was, err := live.execute(key, source, data); err == nil && was != got {
					changed++
				}
			}
		})
		if changed < 20 {
			t.Errorf("%s: only %d sentences differ from those for a live run", tag, changed)
		}
	}
	if _, err := ForFiles("tlh"); err == nil {
		t.Error("an unknown language is no error")
	}
}

func TestClockSentence(t *testing.T) {
	c := catalog(t, "en")
	for _, k := range []struct {
		offset, uncertainty int64
		want                string
	}{
		{0, 2, "The clocks of the two captures agree to 2 microseconds."},
		{-3, 4, "The clocks of the two captures agree to 4 microseconds."},
		{1500, 13, "that of the WAN is 1.5 ms ahead of that of the tunnel, give or take 13 microseconds."},
		{-2_500_000, 1, "that of the WAN is 2.5 s behind that of the tunnel, give or take 1 microsecond."},
		{7_200_000_000, 0, "that of the WAN is 2 h ahead of that of the tunnel. Times"},
	} {
		got := c.Caveat("clock-estimated", map[string]any{"offset_us": k.offset, "uncertainty_us": k.uncertainty})
		if !strings.Contains(got, k.want) {
			t.Errorf("%d +- %d: %q, want %q", k.offset, k.uncertainty, got, k.want)
		}
	}
}

// TestTooLittle: advice must fit the reason; opening more websites does not help
// where nobody knows which capture is which.
func TestTooLittle(t *testing.T) {
	c := catalog(t, "en")
	for reason, want := range map[string][2]string{
		"roles-tied":   {"which capture is the tunnel", "--tunnel FILE --wan FILE"},
		"filtered":     {"recorded with a filter", "without a filter"},
		"no-capture":   {"no packet to judge", "Capture again"},
		"no-client":    {"too little was seen", "--client"},
		"pending":      {"too little was seen", "go on for 10 s"},
		"few-requests": {"too little was seen", "two different websites"},
		"":             {"too little was seen", "two different websites"},
	} {
		got, _ := c.Finding("too-little-evidence", map[string]any{"reason": reason, "requests": 51, "arrived": 61, "targets": 5})
		if !strings.Contains(got.Headline, want[0]) || !strings.Contains(got.Advice, want[1]) {
			t.Errorf("%q: %q, %q", reason, got.Headline, got.Advice)
		}
		if strings.Contains(got.Summary, "A verdict needs three") {
			t.Errorf("%q: asks for three attempts after 51: %q", reason, got.Summary)
		}
	}
}
