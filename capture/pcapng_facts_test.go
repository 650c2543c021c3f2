package capture

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Host facts come back as they were written, the last ones count, and neither
// they nor another program's custom block disturb the packets.
func TestHostFacts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.pcapng")
	r, err := NewRecorder(path, RecorderInfo{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.AddInterface(Interface{Name: "wg0", LinkType: LinkTypeRaw}); err != nil {
		t.Fatal(err)
	}
	facts := []string{`{"os":"linux"}`, `{"os":"linux","text":"` + strings.Repeat("x", 300_001) + `"}`}
	for _, f := range facts {
		if err := r.WriteHostFacts([]byte(f)); err != nil {
			t.Fatal(err)
		}
		if err := r.WritePacket(0, 1, 20, make([]byte, 20), DirectionIn); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.WriteHostFacts(make([]byte, maxFacts)); err == nil {
		t.Error("a file that nobody reads was written")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	foreign := bytes.ReplaceAll(raw, []byte(factsPrefix), []byte("another:host-facts="))
	for _, tt := range []struct {
		raw  []byte
		want string
	}{{raw, facts[1]}, {foreign, ""}} {
		f, err := NewFile("x", bytes.NewReader(tt.raw))
		if err != nil {
			t.Fatal(err)
		}
		b, packets := NewBatch(), 0
		for {
			if err = f.Next(b); err != nil {
				break
			}
			packets += len(b.Packets)
		}
		if err != io.EOF || packets != 2 || string(f.HostFacts()) != tt.want {
			t.Errorf("%d packets, %v, facts of %d octets, want %d", packets, err, len(f.HostFacts()), len(tt.want))
		}
	}
}
