package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestReadme holds the runs that README shows against what the program says:
// every block that begins with "$ wgtrace read testdata/..." must be the
// beginning of the real output, up to a line of three dots.
func TestReadme(t *testing.T) {
	t.Chdir("../..")
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, block := range strings.Split(string(raw), "```")[1:] {
		line, rest, _ := strings.Cut(strings.TrimPrefix(block, "\n"), "\n")
		args, ok := strings.CutPrefix(line, "$ wgtrace read testdata/")
		if !ok {
			continue
		}
		shown++
		var stdout, stderr bytes.Buffer
		run(strings.Fields("read testdata/"+args), nil, &stdout, &stderr)
		want, _, _ := strings.Cut(rest, "\n...\n")
		if !strings.HasPrefix(stdout.String(), want) {
			t.Errorf("%s says something else now\n%s", line, firstDifference(stdout.Bytes(), []byte(want)))
		}
	}
	if shown == 0 {
		t.Error("README shows no run of a recorded case")
	}
}
