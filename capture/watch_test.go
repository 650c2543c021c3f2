package capture

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// TestRecordTo: what is recorded into any writer is read back with the octets of
// each packet, and comments stand beside them.
func TestRecordTo(t *testing.T) {
	var out bytes.Buffer
	r, err := RecordTo(&out, "buffer", RecorderInfo{Application: "wgtrace test"})
	if err != nil {
		t.Fatal(err)
	}
	n, err := r.AddInterface(Interface{Name: "eth0", LinkType: LinkTypeEthernet})
	if err != nil {
		t.Fatal(err)
	}
	comments := []string{"left no trace", "", "两侧"}
	for i, c := range comments {
		if err := r.WriteCommented(n, int64(i+1), len(frameA)+i, frameA, Direction(i), c); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.WritePacket(n, 9, 1, frameA, DirectionIn); err == nil {
		t.Error("a closed recording takes packets")
	}
	raw := bytes.Clone(out.Bytes())
	f, err := NewFile("buffer", &out)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	f.Watch(func(s Seen) {
		if !bytes.Equal(s.Frame, frameA) || s.Packet.Direction != Direction(seen) || s.Interface.Name != "eth0" ||
			s.Packet.WireLen != uint32(len(frameA)+seen) || s.Packet.Time != int64(seen+1) || s.Quote != nil {
			t.Errorf("packet %d: %+v of %s", seen, s.Packet, s.Interface.Name)
		}
		seen++
	})
	for b := NewBatch(); err == nil; {
		err = f.Next(b)
	}
	if seen != len(comments) {
		t.Errorf("%d packets were seen: %v", seen, err)
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark, which shows the comments, is not installed")
	}
	cmd := exec.Command("tshark", "-r", "-", "-T", "fields", "-e", "frame.comment")
	cmd.Stdin = bytes.NewReader(raw)
	shown, err := cmd.Output()
	if err != nil || string(shown) != strings.Join(comments, "\n")+"\n" {
		t.Errorf("tshark shows %q, %v", shown, err)
	}
}
