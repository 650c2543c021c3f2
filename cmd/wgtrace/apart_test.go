package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestReadApart reads recordings that hold one adapter after the other, as
// mergecap -a writes them: the same verdict as from two files. A pipe cannot be
// read twice, and then nothing must be concluded from what is missing.
func TestReadApart(t *testing.T) {
	mergecap, err := exec.LookPath("mergecap")
	if err != nil {
		t.Skip("mergecap is not installed (Debian: wireshark-common)")
	}
	for _, name := range []string{"nat-missing-phone", "forwarding-off", "healthy-phone"} {
		tunnel, wan := filepath.Join(recorded, name, "tunnel.pcap"), filepath.Join(recorded, name, "wan.pcap")
		want := readBack(t, tunnel, wan)
		for _, files := range [][]string{{tunnel, wan}, {wan, tunnel}} {
			merged := filepath.Join(t.TempDir(), "merged.pcapng")
			if out, err := exec.Command(mergecap, append([]string{"-a", "-w", merged}, files...)...).CombinedOutput(); err != nil {
				t.Fatalf("mergecap: %v\n%s", err, out)
			}
			got := readBack(t, merged)
			if got.verdict != want.verdict || got.report.Totals.MatchedPackets != want.report.Totals.MatchedPackets {
				t.Errorf("%s: %+v with %d matched, two files gave %+v with %d", name, got.verdict, got.report.Totals.MatchedPackets,
					want.verdict, want.report.Totals.MatchedPackets)
			}
			raw, err := os.ReadFile(merged)
			if err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			run([]string{"read", "--format", "json", "-"}, bytes.NewReader(raw), &stdout, &stderr)
			if piped := parseOutcome(t, stdout.Bytes(), stderr.String()); piped.verdict.Status == "fault" {
				t.Errorf("%s from a pipe: %+v", name, piped.verdict)
			}
		}
	}
}
