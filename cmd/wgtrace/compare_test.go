package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompareRuns: the status is that of the later run, and every format says
// what changed.
func TestCompareRuns(t *testing.T) {
	dir := t.TempDir()
	runs := map[string]int{"forwarding-off": exitFault, "healthy-phone": exitHealthy, "idle": exitInconclusive}
	file := func(name string) string { return filepath.Join(dir, name+".json") }
	for name, status := range runs {
		folder := filepath.Join(recorded, name)
		p := wgtrace(nil, "read", filepath.Join(folder, "tunnel.pcap"), filepath.Join(folder, "wan.pcap"), "-o", file(name))
		if p.status != status {
			t.Fatalf("%s: status %d, %s", name, p.status, p.stderr)
		}
	}
	for name, status := range runs {
		if p := wgtrace(nil, "compare", file("forwarding-off"), file(name)); p.status != status || p.stdout == "" || p.stderr != "" {
			t.Errorf("to %s: status %d, want %d; %s", name, p.status, status, p.stderr)
		}
	}
	args := []string{"compare", file("forwarding-off"), file("healthy-phone"), "--lang", "en"}
	if p := wgtrace(nil, args...); !strings.HasPrefix(p.stdout, "Fixed: ") || !strings.Contains(p.stdout, "  wan_out 0 -> 114: fixed\n") {
		t.Errorf("it says\n%s", p.stdout)
	}
	if p := wgtrace(nil, append(args, "--format", "markdown")...); !strings.HasPrefix(p.stdout, "## Fixed: ") {
		t.Errorf("the ticket says\n%s", p.stdout)
	}
	var c struct{ Schema, Change string }
	if p := wgtrace(nil, append(args, "-o", filepath.Join(dir, "change.json"), "-o", "-")...); !strings.HasPrefix(p.stdout, "Fixed: ") {
		t.Errorf("it says\n%s", p.stdout)
	}
	data, err := os.ReadFile(filepath.Join(dir, "change.json"))
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil || c.Schema != "wgtrace.compare/1" || c.Change != "fault-healthy" {
		t.Errorf("change.json: %+v, %v", c, err)
	}
}

// TestCompareRefuses: one clear line, with the name of the file.
func TestCompareRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{
		"good.json":  `{"schema": "wgtrace.report/1", "verdict": {"status": "healthy"}}`,
		"later.json": `{"schema": "wgtrace.report/2"}`,
		"check.json": `{"schema": "wgtrace.check/1"}`,
		"text.json":  "Packets leave",
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ args, says, hint string }{
		{"", "compare takes two reports", "wgtrace compare before.json after.json"},
		{"good.json", "compare takes two reports", "wgtrace compare before.json after.json"},
		{"good.json none.json", "none.json: no such file", "-o FILE.json"},
		{"text.json good.json", "text.json is no report of wgtrace", "-o FILE.json"},
		{"good.json check.json", `check.json holds "wgtrace.check/1", not "wgtrace.report/1"`, "-o FILE.json"},
		{"good.json later.json", `later.json holds "wgtrace.report/2"`, "a newer version of wgtrace"},
		{"good.json good.json --format html", "this command writes no html", "--format markdown"},
		{"good.json good.json -o good.json", "would overwrite", "-o report.txt"},
		{"good.json .", ".: is a directory", "-o FILE.json"},
	} {
		p := wgtrace(nil, append([]string{"compare"}, strings.Fields(tt.args)...)...)
		if p.status != exitUsage || !strings.Contains(p.stderr, tt.says) || !strings.Contains(p.stderr, tt.hint) || p.stdout != "" {
			t.Errorf("%s: status %d\n%s%s\nwant %q and the hint %q", tt.args, p.status, p.stdout, p.stderr, tt.says, tt.hint)
		}
	}
	if p := wgtrace(nil, "compare", "good.json", "good.json"); p.status != exitHealthy {
		t.Errorf("a report with nothing but a verdict: status %d, %s", p.status, p.stderr)
	}
}
