package capture

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
)

// TestFileProgress: what was read is counted in octets of the file as it lies
// there, packed or not; what has no end has no size.
func TestFileProgress(t *testing.T) {
	const plain = "../testdata/pcaps/healthy-phone/wan.pcap"
	raw, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(t.TempDir(), "wan.pcap.gz")
	if err := os.WriteFile(packed, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{plain: len(raw), packed: b.Len()} {
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := drain(f); err != nil {
			t.Error(err)
		}
		if read, size := f.Progress(); read != int64(want) || size != int64(want) {
			t.Errorf("%s: %d of %d octets read, want %d", path, read, size, want)
		}
		f.Close()
	}
	f, err := NewFile("stream", bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if _, size := f.Progress(); size != 0 {
		t.Errorf("a stream has %d octets", size)
	}
}
