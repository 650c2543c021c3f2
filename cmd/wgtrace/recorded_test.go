package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden text and JSON of the recorded cases, never their truth")

const recorded = "../../testdata/pcaps"

// recordedTruth is what the kernel and the scenario say of a case.
type recordedTruth struct {
	want
	Port   uint16            `json:"wireguard_port"`
	Totals map[string]uint64 `json:"totals"`
	NAT    []struct {
		Protocol, Inside, Outside, Remote string
	} `json:"nat"`
}

func readTruth(t *testing.T, dir string) (truth recordedTruth) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "want.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &truth); err != nil {
		t.Fatal(err)
	}
	return truth
}

// exists reports whether there is such a file.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// cases returns the folders of the recorded cases and what wgtrace read is given
// of them: the captures, and facts of the host where there are any.
func cases(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(recorded, "*", "*.pcap*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded cases: %v", err)
	}
	out := make(map[string][]string)
	for _, f := range files {
		dir := filepath.Dir(f)
		out[dir] = append(out[dir], f)
	}
	for dir := range out {
		if facts := filepath.Join(dir, "host.json"); exists(facts) {
			out[dir] = append(out[dir], "--host-facts", facts)
		}
	}
	return out
}

// TestRecorded holds what read says of each recorded case against the truth of
// the kernel: verdict, packets at each stage, and the translation table.
func TestRecorded(t *testing.T) {
	for dir, files := range cases(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			want := readTruth(t, dir)
			got := readBack(t, files...)
			if expected := want.verdict(); got.verdict != expected {
				t.Errorf("verdict %+v, want %+v", got.verdict, expected)
			}
			for stage, n := range want.Totals {
				// Packets on the WAN count once they are tied to a client's
				// flow; a capture of all adapters holds merged packets.
				c := got.report.Stages[stage]
				if c == nil {
					if n > 0 {
						t.Errorf("%s was not observed, the kernel counted %d", stage, n)
					}
					continue
				}
				if c.Packets != n && !strings.HasSuffix(dir, "-any") {
					t.Errorf("%s: %d packets, the kernel counted %d", stage, c.Packets, n)
				}
			}
			if want.NAT != nil { // a case that came as a bundle does not know it
				compareNAT(t, got, want)
			}
		})
	}
}

// compareNAT wants each row of the kernel's table exactly once, and no other.
func compareNAT(t *testing.T, got outcome, want recordedTruth) {
	t.Helper()
	var ours, theirs []string
	for _, m := range got.report.NAT {
		ours = append(ours, strings.Join([]string{m.Protocol, m.Inside, m.Outside, m.Remote}, " "))
	}
	for _, m := range want.NAT {
		theirs = append(theirs, strings.Join([]string{m.Protocol, m.Inside, m.Outside, m.Remote}, " "))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	if slices.Equal(ours, theirs) {
		return
	}
	for _, r := range ours {
		if !slices.Contains(theirs, r) {
			t.Errorf("a translation that the kernel did not make: %s", r)
		}
	}
	for _, r := range theirs {
		if !slices.Contains(ours, r) {
			t.Errorf("a translation was not found: %s", r)
		}
	}
	if len(ours) != len(theirs) {
		t.Errorf("%d translations, the kernel has %d", len(ours), len(theirs))
	}
}

// toolLine is what differs between builds and machines in a JSON report.
var toolLine = regexp.MustCompile(`(?s)"tool": \{.*?\n  \},`)

// TestGolden shows every change of what people and programs read.
func TestGolden(t *testing.T) {
	old := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = old })
	for dir := range cases(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Chdir(dir)
			files, err := filepath.Glob("*.pcap*")
			if err != nil {
				t.Fatal(err)
			}
			if exists("host.json") {
				files = append(files, "--host-facts", "host.json")
			}
			for format, name := range map[string]string{"text": "golden.txt", "json": "golden.json"} {
				var stdout, stderr bytes.Buffer
				run(append([]string{"read", "--format", format}, files...), nil, &stdout, &stderr)
				got := toolLine.ReplaceAll(stdout.Bytes(), []byte(`"tool": {},`))
				if *update {
					if err := os.WriteFile(name, got, 0o644); err != nil {
						t.Fatal(err)
					}
					continue
				}
				want, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s differs; go test ./cmd/wgtrace -run TestGolden -update rewrites it\n%s%s", name, firstDifference(got, want), stderr.Bytes())
				}
			}
		})
	}
}

func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got:  " + g[i] + "\nwant: " + w[i] + "\n"
		}
	}
	return ""
}
