package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// TestReadRefuses: what cannot be read or is not meant gives exit status 2, one
// line that says what is wrong, one that says what to do, and no report.
func TestReadRefuses(t *testing.T) {
	inFolder(t)
	for _, c := range []struct {
		args, line, hint string
	}{
		{"", "no capture file given", "wgtrace read tunnel.pcap wan.pcap"},
		{"nope.pcap wan.pcap", "nope.pcap: no such file", "check the path"},
		{"tunnel.pcap folder", "folder: is a directory", "name a capture file in it"},
		{"empty.pcap wan.pcap", "empty.pcap: is empty", "record again"},
		{"text.pcap wan.pcap", "text.pcap: unsupported format: looks like text", "tcpdump -w"},
		{"random.pcap wan.pcap", "random.pcap: unsupported format: neither pcap nor pcapng", "Wireshark"},
		{"tunnel.pcap cut-header.pcap", "cut-header.pcap: damaged at offset 0, after 0 packets: cut short in the middle of the file header", "record or copy the file again"},
		{"tunnel.pcap cut-early.pcap", "cut-early.pcap: damaged at offset 24, after 0 packets: cut short in the middle of a packet", "record or copy the file again"},
		{"cut-block.pcapng", "cut-block.pcapng: damaged at offset 28, after 0 packets: cut short in the middle of a block", "record or copy the file again"},
		{"\x1b[31mred.pcap", "?[31mred.pcap: damaged", "again"},

		{"tunnel.pcap tunnel.pcap", "the same file was given twice: tunnel.pcap", "FILE#NAME"},
		{"tunnel.pcap ./tunnel.pcap", "the same file was given twice: ./tunnel.pcap", "FILE#NAME"},
		{"tunnel.pcap soft.pcap", "the same file was given twice: soft.pcap", "FILE#NAME"},
		{"tunnel.pcap hard.pcap", "the same file was given twice: hard.pcap", "FILE#NAME"},
		{"--tunnel tunnel.pcap --wan tunnel.pcap", "the same file was given twice: tunnel.pcap", "FILE#NAME"},
		{"both.pcapng both.pcapng#0", "the same file was given twice: both.pcapng", "FILE#NAME"},
		{"both.pcapng#0 both.pcapng#0", "the same file was given twice: both.pcapng#0", "FILE#NAME"},
		{"both.pcapng#0 both.pcapng#wg0", `both.pcapng: "0" and "wg0" are the same interface`, "two different interfaces"},
		{"both.pcapng#0 both.pcapng#1 both.pcapng#1", `both.pcapng: "1" and "1" are the same interface`, "two different interfaces"},
		{"- -", "standard input was given twice, and can be read only once", "name a file"},
		{"--tunnel - --wan -", "standard input was given twice, and can be read only once", "name a file"},
		{"- wan.pcap", "standard input: is empty", "record again"},

		{"tunnel.pcap wan.pcap healthy-wan.pcap", "name them with --tunnel and --wan: tunnel.pcap, wan.pcap, healthy-wan.pcap", "wgtrace read --tunnel FILE --wan FILE"},
		{"both.pcapng#7", `both.pcapng: has no interface "7"; there are: 0 (wg0), 1 (eth0)`, "wgtrace interfaces both.pcapng"},
		{"both.pcapng#-1", `both.pcapng: has no interface "-1"; there are: 0 (wg0), 1 (eth0)`, "wgtrace interfaces both.pcapng"},
		{"both.pcapng#wg1 wan.pcap", `both.pcapng: has no interface "wg1"; there are: 0 (wg0), 1 (eth0)`, "wgtrace interfaces"},
		{"--tunnel both.pcapng#wlan0 --wan both.pcapng#eth0", `has no interface "wlan0"`, "wgtrace interfaces"},
		{"tunnel.pcap#0 wan.pcap", `tunnel.pcap: has no interface "0", it describes none`, "leave out #0"},
		{"any.pcap#-1", `any.pcap: has no interface "-1"; there are: 2, 3`, "wgtrace interfaces any.pcap"},
		{"nope.pcap#0", "nope.pcap: no such file", "check the path"},

		{"strict tunnel.pcap wan.pcap", "strict: no such file", "--redact=strict"},
		{"standard tunnel.pcap wan.pcap", "standard: no such file", "--redact=standard"},
		{"--redact=secret tunnel.pcap wan.pcap", `unknown mode of redaction "secret"`, "--redact=none"},
		{"--frobnicate tunnel.pcap", "unknown flag: --frobnicate", "wgtrace read --help"},
		{"--format yaml tunnel.pcap wan.pcap", `unknown format "yaml"`, "--format text or --format markdown"},
		{"--os beos tunnel.pcap wan.pcap", `unknown system "beos"`, "--os linux, windows"},
		{"--lang tlh tunnel.pcap wan.pcap", `language "tlh": not known`, "--lang en"},
		{"--client ten tunnel.pcap wan.pcap", "--client ten: not an address or prefix", "--client 10.8.0.2"},
		{"--client 10.8.0.0/33 tunnel.pcap wan.pcap", "--client 10.8.0.0/33: not an address or prefix", "--client 10.8.0.2"},
		{"--wan-address x tunnel.pcap wan.pcap", "--wan-address x: not an address", "--wan-address"},
		{"--wg-port 99999 tunnel.pcap wan.pcap", "--wg-port 99999: must lie between 1 and 65535", "--wg-port 51820"},
		{"--wg-port 0 tunnel.pcap wan.pcap", "--wg-port 0: must lie between 1 and 65535", "--wg-port 51820"},
		{"--window 1h tunnel.pcap wan.pcap", "must lie between 10ms and 1m", "--window 2s"},
		{"--clock-offset soon tunnel.pcap wan.pcap", "must be a duration", "wgtrace read --help"},
		{"--max-flows 1 tunnel.pcap wan.pcap", "out of range", "--max-flows 64"},

		{"-o no/such/report.json tunnel.pcap wan.pcap", "cannot write no/such/report.json: no such folder", "make the folder first"},
		{"-o folder tunnel.pcap wan.pcap", "cannot write folder: is a directory", "name a file in it"},
		{"-o tunnel.pcap tunnel.pcap wan.pcap", "-o tunnel.pcap would overwrite the capture", "-o report.txt"},
		{"-o soft.pcap tunnel.pcap wan.pcap", "-o soft.pcap would overwrite the capture", "-o report.txt"},
		{"-o both.pcapng both.pcapng#0 both.pcapng#1", "-o both.pcapng would overwrite the capture", "-o report.txt"},
		{"--output= tunnel.pcap wan.pcap", "-o: an empty file name", "-o report.txt"},
	} {
		t.Run(c.args, func(t *testing.T) {
			got := wgtrace(nil, append([]string{"read"}, strings.Fields(c.args)...)...)
			if got.status != exitUsage || got.stdout != "" {
				t.Errorf("status %d, report %q", got.status, got.stdout)
			}
			said := lines(got.stderr)
			if len(said) != 2 || !strings.HasPrefix(said[0], "wgtrace: ") || !strings.HasPrefix(said[1], "wgtrace: hint: ") {
				t.Fatalf("said %q, want a line and a hint", got.stderr)
			}
			if !strings.Contains(said[0], c.line) || !strings.Contains(said[1], c.hint) {
				t.Errorf("said\n%s\n%s\nwant %q and the hint %q", said[0], said[1], c.line, c.hint)
			}
			if strings.HasSuffix(said[0], ".") {
				t.Errorf("%q ends with a full stop", said[0])
			}
			checkTerminal(t, got.stderr)
		})
	}
	for _, name := range []string{"tunnel.pcap", "both.pcapng"} {
		if got := wgtrace(nil, "interfaces", name); got.status != exitHealthy {
			t.Errorf("%s did not survive: %s", name, got.stderr)
		}
	}
}

// TestReadJudges: what can be read is judged, whatever limits it, and the exit
// status is that of the verdict.
func TestReadJudges(t *testing.T) {
	inFolder(t)
	for _, c := range []struct {
		args    string
		status  int
		finding string
		caveat  string // of the report; "" needs none
		said    string // on stderr, all of it
	}{
		{"tunnel.pcap wan.pcap", 1, "nat-missing", "", ""},
		{"wan.pcap tunnel.pcap", 1, "nat-missing", "", ""},
		{"--tunnel tunnel.pcap --wan wan.pcap", 1, "nat-missing", "", ""},
		{"--tunnel tunnel.pcap wan.pcap", 1, "nat-missing", "", ""},
		{"healthy-tunnel.pcap healthy-wan.pcap", 0, "", "", ""},
		{"any.pcap", 1, "nat-missing", "", ""},
		{"both.pcapng", 1, "nat-missing", "", ""},
		{"both.pcapng#0 both.pcapng#1", 1, "nat-missing", "", ""},
		{"both.pcapng#eth0 both.pcapng#wg0", 1, "nat-missing", "", ""},
		{"--tunnel both.pcapng#wg0 --wan both.pcapng#1", 1, "nat-missing", "", ""},
		{"both.pcapng#wg0 wan.pcap", 1, "nat-missing", "", ""},
		{"both#odd.pcapng", 1, "nat-missing", "", ""},
		{"both#odd.pcapng#0 both#odd.pcapng#1", 1, "nat-missing", "", ""},
		{"--redact=none tunnel.pcap wan.pcap", 1, "nat-missing", "", ""},
		// Captures that are repeated belong to one point.
		{"--tunnel tunnel.pcap --tunnel none-tunnel.pcap --wan wan.pcap --wan none-wan.pcap", 1, "nat-missing", "", ""},

		{"tunnel.pcap cut-wan.pcap", 1, "nat-missing", "cut-wan.pcap: damaged at offset",
			"wgtrace: cut-wan.pcap: damaged at offset 20165, after 138 packets: cut short in the middle of a packet; what stands before it was used\n"},
		{"-q tunnel.pcap cut-wan.pcap", 1, "nat-missing", "damaged at offset",
			"wgtrace: cut-wan.pcap: damaged at offset 20165, after 138 packets: cut short in the middle of a packet; what stands before it was used\n"},

		{"none-tunnel.pcap wan.pcap", 3, "capture-one-sided", "", ""},
		{"tunnel.pcap none-wan.pcap", 3, "capture-one-sided", "WAN side was not captured", ""},
		{"none-tunnel.pcap none-wan.pcap", 3, "too-little-evidence", "", ""},
		{"tunnel.pcap", 3, "capture-one-sided", "WAN side was not captured", ""},
		{"wan.pcap", 3, "capture-one-sided", "tunnel side was not captured", ""},
		{"tunnel.pcap healthy-wan.pcap", 3, "captures-unrelated", "do not overlap in time", ""},
		{"--clock-offset 18s healthy-tunnel.pcap wan.pcap", 3, "", "", ""}, // overlap, and share nothing
		{"tunnel.pcap copy.pcap", 3, "too-little-evidence", "order in which they were given", ""},
		{"--tunnel second-wan.pcap --wan second-tunnel.pcap", 3, "too-little-evidence", "named as the tunnel side, but its packets look like the other one",
			"wgtrace: second-wan.pcap was named with --tunnel, but looks like the other side\nwgtrace: hint: exchange --tunnel and --wan, or leave both out\n"},
		{"--tunnel wan.pcap --wan tunnel.pcap", 3, "", "wan.pcap: named as the tunnel side, but its packets look like the other one",
			"wgtrace: wan.pcap was named with --tunnel, but looks like the other side\nwgtrace: hint: exchange --tunnel and --wan, or leave both out\n"},
	} {
		t.Run(c.args, func(t *testing.T) {
			got := wgtrace(nil, append([]string{"read", "--format", "json"}, strings.Fields(c.args)...)...)
			if got.status != c.status || got.stderr != c.said {
				t.Errorf("status %d, said %q; want %d, %q", got.status, got.stderr, c.status, c.said)
			}
			var r struct {
				Verdict struct{ Finding *string }
				Caveats []string
			}
			if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
				t.Fatal(err)
			}
			if c.finding != "" && deref(r.Verdict.Finding) != c.finding {
				t.Errorf("finding %q, want %q", deref(r.Verdict.Finding), c.finding)
			}
			if c.caveat != "" && !strings.Contains(strings.Join(r.Caveats, "\n"), c.caveat) {
				t.Errorf("caveats %q, want one with %q", r.Caveats, c.caveat)
			}
		})
	}
}

// TestReadCompressed: what is packed is told by its content, not by its name.
func TestReadCompressed(t *testing.T) {
	inFolder(t)
	raw, err := os.ReadFile("wan.pcap")
	if err != nil {
		t.Fatal(err)
	}
	var gz, zst bytes.Buffer
	g := gzip.NewWriter(&gz)
	z, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []interface {
		Write([]byte) (int, error)
		Close() error
	}{g, z} {
		if _, err := w.Write(raw); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range map[string][]byte{"packed": gz.Bytes(), "wan.pcap.zst": zst.Bytes(), "wan.pcap.gz": gz.Bytes()} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if got := wgtrace(nil, "read", "tunnel.pcap", name); got.status != exitFault || got.stderr != "" {
			t.Errorf("%s: status %d, %s", name, got.status, got.stderr)
		}
		if got := wgtrace(data, "read", "--tunnel", "tunnel.pcap", "--wan", "-"); got.status != exitFault || got.stderr != "" {
			t.Errorf("%s as standard input: status %d, %s", name, got.status, got.stderr)
		}
	}
	if err := os.WriteFile("cut.gz", gz.Bytes()[:gz.Len()-40], 0o644); err != nil {
		t.Fatal(err)
	}
	got := wgtrace(nil, "read", "tunnel.pcap", "cut.gz")
	if got.status == exitUsage || !strings.Contains(got.stderr, "cut.gz: damaged") || len(lines(got.stderr)) != 1 {
		t.Errorf("cut short: status %d, %s", got.status, got.stderr)
	}
}
