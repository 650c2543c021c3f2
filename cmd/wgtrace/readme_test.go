package main

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// blocks returns what stands between fences in a file.
func blocks(t *testing.T, name string) []string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for i, b := range strings.Split(string(raw), "```") {
		if i%2 == 1 {
			list = append(list, strings.TrimPrefix(b, "\n"))
		}
	}
	return list
}

// TestReadme holds the runs that the READMEs show against what the program says:
// every block that begins with "$ wgtrace read testdata/..." must be the
// beginning of the real output, up to a line of three dots.
func TestReadme(t *testing.T) {
	t.Chdir("../..")
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		shown := 0
		for _, block := range blocks(t, name) {
			line, rest, _ := strings.Cut(block, "\n")
			args, ok := strings.CutPrefix(line, "$ wgtrace read testdata/")
			if !ok {
				continue
			}
			shown++
			var stdout, stderr bytes.Buffer
			run(strings.Fields("read testdata/"+args), nil, &stdout, &stderr)
			want, _, _ := strings.Cut(rest, "\n...\n")
			if !strings.HasPrefix(stdout.String(), want) {
				t.Errorf("%s: %s says something else now\n%s", name, line, firstDifference(stdout.Bytes(), []byte(want)))
			}
		}
		if shown == 0 {
			t.Errorf("%s shows no run of a recorded case", name)
		}
	}
}

var comment = regexp.MustCompile(`(?m) +# .*$`)

// TestReadmeCommands: whoever reads Chinese is told to type the same.
func TestReadmeCommands(t *testing.T) {
	t.Chdir("../..")
	typed := func(name string) []string {
		list := slices.DeleteFunc(blocks(t, name), func(b string) bool { return strings.HasPrefix(b, "$") })
		for i := range list {
			list[i] = comment.ReplaceAllString(list[i], "")
		}
		return list
	}
	english, chinese := typed("README.md"), typed("README.zh-CN.md")
	for _, b := range english {
		if !slices.Contains(chinese, b) {
			t.Errorf("README.zh-CN.md lacks\n%s", b)
		}
	}
	for _, b := range chinese {
		if !slices.Contains(english, b) {
			t.Errorf("README.md does not have what README.zh-CN.md says\n%s", b)
		}
	}
}
