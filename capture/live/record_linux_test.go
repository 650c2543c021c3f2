package live

import (
	"context"
	"io"
	"math"
	"path/filepath"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
)

// A live run with both taps, as a user's: a stream for each, one recording. What
// is read back must be what was handed out live.
func TestTwoTapsRecorded(t *testing.T) {
	w := newWire(t)
	path := filepath.Join(t.TempDir(), "run.pcapng")
	rec, err := capture.NewRecorder(path, capture.RecorderInfo{SnapLen: DefaultSnapLen, OS: "linux", Application: "test"})
	if err != nil {
		t.Fatal(err)
	}
	roles := []capture.Role{capture.RoleTunnel, capture.RoleWAN}
	var taps []*Handle
	for i, name := range []string{w.far, w.near} {
		h := open(t, name, Options{
			Peers:     []string{w.far, w.near},
			Interface: capture.Interface{Index: i, Role: roles[i], WGPort: 51820},
			Tee: func(iface int32, ns int64, wire int, data []byte, dir capture.Direction) {
				if err := rec.WritePacket(int(iface), ns, wire, data, dir); err != nil {
					t.Error(err)
				}
			},
		})
		if n, err := rec.AddInterface(h.Interface()); err != nil || n != i {
			t.Fatalf("interface %d became %d: %v", i, n, err)
		}
		taps = append(taps, h)
	}

	const sent = 3000
	var streams []*capture.Stream
	for _, h := range taps {
		streams = append(streams, capture.Start(context.Background(), h))
	}
	for i := range sent {
		w.send(t, i%900)
	}
	for _, h := range taps {
		h.Stop()
	}
	var seen [2][]capture.Packet
	for i, s := range streams {
		mark := int64(capture.NoWatermark)
		for b := range s.C() {
			seen[i] = append(seen[i], b.Packets...)
			for _, st := range b.Stats {
				if err := rec.WriteStats(i, st); err != nil {
					t.Error(err)
				}
			}
			mark = b.Watermark
			s.Recycle(b)
		}
		if err := s.Err(); err != nil || mark != math.MaxInt64 {
			t.Errorf("tap %d ended with %v, watermark %d", i, err, mark)
		}
		if st := taps[i].Stats(); len(seen[i]) != sent || st.Dropped != 0 {
			t.Errorf("tap %d saw %d of %d packets, %d dropped", i, len(seen[i]), sent, st.Dropped)
		}
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}

	file, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var next [2]int
	b := capture.NewBatch()
	for {
		err := file.Next(b)
		for i := range b.Packets {
			got := b.Packets[i]
			n := got.Iface
			if next[n] == len(seen[n]) {
				t.Fatalf("more packets of tap %d in the file than were seen live", n)
			}
			want := seen[n][next[n]]
			next[n]++
			got.Frame, got.Offset, got.Iface = want.Frame, want.Offset, want.Iface
			if got != want {
				t.Fatalf("packet %d of tap %d\nfile %+v\nlive %+v", next[n], n, got, want)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, iface := range file.Interfaces() {
		if next[i] != sent || iface.Role != roles[i] || iface.WGPort != 51820 || iface.LinkType != capture.LinkTypeEthernet {
			t.Errorf("tap %d: %d packets in the file, interface %+v", i, next[i], iface)
		}
	}
}
