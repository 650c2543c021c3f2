package main

import (
	"archive/zip"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
)

// unzip writes the files of an archive into a folder and returns their names.
func unzip(t *testing.T, path, dir string) []string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var names []string
	for _, f := range z.File {
		if f.Name != filepath.Base(f.Name) {
			t.Fatalf("%q would be written elsewhere", f.Name)
		}
		names = append(names, f.Name)
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// addressesIn returns every address in the packets of a capture, also in quotes
// and in ARP.
func addressesIn(t *testing.T, path string) map[netip.Addr]bool {
	t.Helper()
	f, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := make(map[netip.Addr]bool)
	f.Watch(func(s capture.Seen) {
		all[s.Packet.Src.Netip()], all[s.Packet.Dst.Netip()] = true, true
		if s.Quote != nil {
			all[s.Quote.Src.Netip()], all[s.Quote.Dst.Netip()] = true, true
		}
	})
	for b := capture.NewBatch(); err == nil; {
		err = f.Next(b)
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	return all
}

// everybodys reports whether an address says nothing about anybody.
func everybodys(a netip.Addr) bool {
	return !a.IsValid() || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// TestBundle: a bundle of every recorded case holds its packets and its verdict
// without any of its addresses, and unpacked it is a case that gives the verdict
// of the whole recording.
func TestBundle(t *testing.T) {
	_, err := exec.LookPath("tshark")
	withTshark := err == nil
	for dir, files := range cases(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			out := t.TempDir()
			ticket := filepath.Join(out, "ticket.zip")
			whole := readBack(t, files...)
			got := wgtrace(nil, append([]string{"read", "-q", "--redact=strict", "--bundle", ticket, "-o", filepath.Join(out, "side.json")}, files...)...)
			if got.stderr != "" {
				t.Fatal(got.stderr)
			}
			names := unzip(t, ticket, out)
			for _, want := range []string{"report.txt", "report.md", "report.json", "evidence.pcapng", "want.json", "README.txt"} {
				if !slices.Contains(names, want) {
					t.Errorf("%s is missing among %s", want, names)
				}
			}
			evidence := filepath.Join(out, "evidence.pcapng")
			if again := readBack(t, evidence); again.verdict != whole.verdict {
				t.Errorf("the packets of the bundle give %+v, all packets %+v", again.verdict, whole.verdict)
			}
			about, err := os.ReadFile(filepath.Join(out, "README.txt"))
			if err != nil || !strings.Contains(strings.Join(strings.Fields(string(about)), " "), "give the same verdict") {
				t.Errorf("README.txt says %v\n%s", err, about)
			}
			secret := make(map[netip.Addr]bool)
			for _, f := range files {
				for a := range addressesIn(t, f) {
					secret[a] = !everybodys(a)
				}
			}
			for a := range addressesIn(t, evidence) {
				if secret[a] {
					t.Errorf("%s is still in the packets", a)
				}
			}
			for _, name := range names {
				if name == "evidence.pcapng" {
					continue
				}
				data, err := os.ReadFile(filepath.Join(out, name))
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range addressPattern.FindAllString(string(data), -1) {
					if a, err := netip.ParseAddr(m); err == nil && secret[a] {
						t.Errorf("%s is still in %s", m, name)
					}
				}
				if strings.Contains(string(data), filepath.Dir(files[0])) {
					t.Errorf("a folder of the captures stands in %s", name)
				}
			}
			if withTshark {
				checkWithTshark(t, evidence)
			}
		})
	}
}

var addressPattern = regexp.MustCompile(`[0-9a-f]*(?::[0-9a-f]*){2,}|\d+(?:\.\d+){3}`)

// checkWithTshark: another program reads the packets without complaint, finds
// every checksum right that can be computed, and shows the comments.
func checkWithTshark(t *testing.T, path string) {
	t.Helper()
	args := []string{"-r", path, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
		"-T", "fields", "-e", "frame.comment", "-e", "_ws.malformed", "-e", "ip.checksum.status", "-e", "tcp.checksum.status",
		"-e", "udp.checksum.status", "-e", "icmp.checksum.status", "-e", "icmpv6.checksum.status"}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	commented := 0
	for i, line := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		f := strings.Split(line, "\t")
		if f[0] != "" {
			commented++
		}
		for _, status := range f[1:] {
			// 0 is "bad" (epan/proto.h, PROTO_CHECKSUM_E_BAD); a field may stand there more than once.
			if slices.Contains(strings.Split(status, ","), "0") {
				t.Errorf("tshark finds frame %d wrong: %s", i+1, line)
			}
		}
	}
	if commented == 0 {
		t.Error("tshark shows no comment")
	}
}

// TestEvidenceOfStream: what came from a pipe was kept while it was read, and
// without redaction the addresses are the real ones.
func TestEvidenceOfStream(t *testing.T) {
	out := filepath.Join(t.TempDir(), "proof.pcapng")
	files := []string{filepath.Join(recorded, "nat-missing-phone", "tunnel.pcap"), filepath.Join(recorded, "nat-missing-phone", "wan.pcap")}
	raw, err := os.ReadFile(files[1])
	if err != nil {
		t.Fatal(err)
	}
	whole := readBack(t, files...)
	got := wgtrace(raw, "read", "-q", "--tunnel", files[0], "--wan", "-", "--evidence", out)
	if got.stderr != "" {
		t.Fatal(got.stderr)
	}
	if again := readBack(t, out); again.verdict != whole.verdict {
		t.Errorf("the packets that were kept give %+v, all packets %+v", again.verdict, whole.verdict)
	}
	real := addressesIn(t, files[0])
	for a := range addressesIn(t, files[1]) {
		real[a] = true
	}
	found := addressesIn(t, out)
	for a := range found {
		if !real[a] {
			t.Errorf("%s is in no capture", a)
		}
	}
	if len(found) < 5 {
		t.Errorf("only the addresses %v", found)
	}
	if st, err := os.Stat(out); err != nil || st.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("others may read it: %v %v", st.Mode(), err)
	}
}

// TestProofFlags: what could only fail after the work is done fails before it.
func TestProofFlags(t *testing.T) {
	inFolder(t)
	for _, c := range []struct{ args, line string }{
		{"--bundle tunnel.pcap", "would overwrite the capture"},
		{"--evidence wan.pcap", "would overwrite the capture"},
		{"--evidence -", "--evidence needs a file"},
		{"--bundle nowhere/ticket.zip", "no such folder"},
		{"--bundle a.zip --evidence a.zip", "name the same file"},
		{"--evidence a.txt -o ./a.txt", "would overwrite another output"},
	} {
		got := wgtrace(nil, append([]string{"read", "tunnel.pcap", "wan.pcap"}, strings.Fields(c.args)...)...)
		if got.status != exitUsage || got.stdout != "" || !strings.Contains(got.stderr, c.line) {
			t.Errorf("%s: status %d, %s", c.args, got.status, got.stderr)
		}
	}
	if got := wgtrace(nil, "read", "-q", "tunnel.pcap", "wan.pcap", "--bundle", "a.zip", "--redact=none", "-o", "a.json"); got.stderr != "" {
		t.Fatal(got.stderr)
	}
	dir := t.TempDir()
	unzip(t, "a.zip", dir)
	raw, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil || !strings.Contains(string(raw), `"redaction": "none"`) {
		t.Errorf("--redact=none was said: %v", err)
	}
	if got := wgtrace(nil, "read", "-q", "tunnel.pcap", "wan.pcap", "--bundle", "a.zip"); !strings.HasPrefix(got.stdout, "Redacted: ") {
		t.Errorf("a bundle alone is not redacted:\n%s", got.stdout[:min(len(got.stdout), 200)])
	}
}
