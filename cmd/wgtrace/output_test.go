package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestOutputs: every file gets the format of its name, and stdout stays empty
// unless it was asked for.
func TestOutputs(t *testing.T) {
	inFolder(t)
	read := func(args ...string) program {
		t.Helper()
		got := wgtrace(nil, append([]string{"read", "tunnel.pcap", "wan.pcap"}, args...)...)
		if got.status != exitFault || got.stderr != "" {
			t.Fatalf("%q: status %d, %s", args, got.status, got.stderr)
		}
		return got
	}
	isJSON := func(s string) bool { return json.Valid([]byte(s)) }
	file := func(name string) string {
		t.Helper()
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}

	text := read().stdout
	if isJSON(text) || !strings.HasPrefix(text, "Packets leave with the phone's private address") {
		t.Errorf("the report begins %.80q", text)
	}
	checkTerminal(t, text)
	for _, l := range lines(text) {
		if len(l) > 80 {
			t.Errorf("%d columns: %s", len(l), l)
		}
	}
	if got := read("--format", "json").stdout; !isJSON(got) {
		t.Errorf("--format json prints %.80q", got)
	}
	if got := read("-o", "a.json", "-o", "b.txt", "-o", "c.dat").stdout; got != "" {
		t.Errorf("stdout holds %.80q beside files", got)
	}
	if !isJSON(file("a.json")) || file("b.txt") != text || file("c.dat") != text {
		t.Error("a.json, b.txt and c.dat do not hold what their names say")
	}
	if read("--format", "json", "-o", "d.dat"); !isJSON(file("d.dat")) {
		t.Error("--format does not hold for a name without a known ending")
	}
	if read("--format", "json", "-o", "e.txt"); file("e.txt") != text {
		t.Error("--format json makes e.txt something else than text")
	}
	if got := read("-o", "-", "-o", "f.json", "-o", "f.json", "-o", "-").stdout; got != text || !isJSON(file("f.json")) {
		t.Errorf("-o - prints %.80q", got)
	}
	if got := read("--format", "markdown").stdout; !strings.HasPrefix(got, "## Packets leave with the phone's private address") {
		t.Errorf("--format markdown prints %.80q", got)
	}
	if read("-o", "g.md", "-o", "g.html"); !strings.HasPrefix(file("g.md"), "## ") || !strings.HasPrefix(file("g.html"), "<!doctype html>") {
		t.Errorf("g.md begins %.40q, g.html %.40q", file("g.md"), file("g.html"))
	}
	for _, mode := range []string{"a.json", "b.txt", "g.md", "g.html"} {
		if st, err := os.Stat(mode); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", mode, st.Mode(), err)
		}
	}
	if left, _ := filepath.Glob(".wgtrace-*"); len(left) > 0 {
		t.Errorf("temporary files are left: %q", left)
	}
}

// TestOutputThroughLink: the link stays one, and what it leads to is written.
func TestOutputThroughLink(t *testing.T) {
	inFolder(t)
	if err := os.Mkdir("elsewhere", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("elsewhere/report.json", []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("elsewhere/report.json", "link.json"); err != nil {
		t.Fatal(err)
	}
	if p := wgtrace(nil, "read", "tunnel.pcap", "wan.pcap", "-o", "link.json"); p.status != exitFault {
		t.Fatalf("status %d, %s", p.status, p.stderr)
	}
	if st, err := os.Lstat("link.json"); err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", st, err)
	}
	if data, err := os.ReadFile("elsewhere/report.json"); err != nil || !json.Valid(data) {
		t.Errorf("the file holds %.80q, %v", data, err)
	}
}

// fullDisk is a stdout that takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestOutputFails: a report that could not be written is no verdict, but the
// other outputs get theirs.
func TestOutputFails(t *testing.T) {
	inFolder(t)
	var said strings.Builder
	status := run([]string{"read", "tunnel.pcap", "wan.pcap", "-o", "-", "-o", "x.json"}, nil, fullDisk{}, &said)
	if status != exitUsage || !strings.HasPrefix(said.String(), "wgtrace: cannot write the report to standard output: ") {
		t.Errorf("status %d, %s", status, &said)
	}
	if data, err := os.ReadFile("x.json"); err != nil || !json.Valid(data) {
		t.Errorf("x.json: %v", err)
	}
	said.Reset()
	if status := run([]string{"interfaces", "wan.pcap"}, nil, fullDisk{}, &said); status != exitUsage || !strings.Contains(said.String(), "no space left") {
		t.Errorf("interfaces: status %d, %s", status, &said)
	}
}

// TestTimesAreLocal: a person compares them with the clock on the wall.
func TestTimesAreLocal(t *testing.T) {
	inFolder(t)
	old := time.Local
	t.Cleanup(func() { time.Local = old })
	time.Local = time.FixedZone("IST", 19800)
	got := wgtrace(nil, "read", "tunnel.pcap", "wan.pcap")
	if !strings.Contains(got.stdout, "Times are in IST (UTC+05:30).") {
		t.Errorf("the zone is not named in\n%s", got.stdout)
	}
	first := time.Date(2026, 11, 22, 19, 23, 51, 0, time.UTC).In(time.Local).Format("2006-01-02 15:04:05")
	if !strings.Contains(got.stdout, first) {
		t.Errorf("no capture begins at %s in\n%s", first, got.stdout)
	}
}

// TestRedact: nothing of what was hidden reaches an output, and the verdict is
// the same.
func TestRedact(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for _, name := range []string{"tunnel", "wan"} {
		path := filepath.Join(dir, "jane-doe-"+name+".pcap")
		raw, err := os.ReadFile(filepath.Join(recorded, "nat-missing-phone", name+".pcap"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	plain := wgtrace(nil, append([]string{"read", "--format", "json"}, files...)...)
	address := regexp.MustCompile(`\d{1,3}(\.\d{1,3}){3}`)
	for _, format := range []string{"text", "markdown", "html", "json"} {
		strict := wgtrace(nil, append([]string{"read", "--redact=strict", "--format", format}, files...)...)
		if strict.status != plain.status || strict.stderr != plain.stderr {
			t.Errorf("%s: status %d, %s", format, strict.status, strict.stderr)
		}
		for _, a := range append(address.FindAllString(plain.stdout, -1), "jane-doe", dir) {
			if a != "0.0.0.0" && strings.Contains(strict.stdout, a) {
				t.Errorf("%s: %s is still there", format, a)
			}
		}
		again := wgtrace(nil, append([]string{"read", "--redact=strict", "--format", format}, files...)...)
		if again.stdout == strict.stdout {
			t.Errorf("%s: two runs have the same mapping", format)
		}
	}
}
