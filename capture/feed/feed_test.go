package feed

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
)

// header begins a classic capture of raw IP packets with microseconds
// (draft-ietf-opsawg-pcap section 4).
func header() []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, 256)
	return binary.LittleEndian.AppendUint32(b, 101)
}

// record is a UDP packet without payload from 10.8.0.2 to 1.1.1.1.
func record(seconds uint32) []byte {
	frame := []byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 8, 0, 2, 1, 1, 1, 1, 0x30, 0x39, 0, 53, 0, 8, 0, 0}
	b := binary.LittleEndian.AppendUint32(nil, seconds)
	b = append(b, 0, 0, 0, 0, byte(len(frame)), 0, 0, 0, byte(len(frame)), 0, 0, 0)
	return append(b, frame...)
}

// piped is a feed that reads what the test writes.
func piped(t *testing.T, opts Options, b *beat) (*Feed, *io.PipeWriter) {
	t.Helper()
	r, w := io.Pipe()
	go w.Write(header())
	file, err := capture.NewFile("pipe", r)
	if err != nil {
		t.Fatal(err)
	}
	f := &Feed{name: "pipe", halt: func() { w.Close() }, beat: b}
	f.start(file, opts)
	t.Cleanup(func() {
		w.Close()
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f, w
}

// next returns the next batch with packets or the end.
func next(t *testing.T, f *Feed) *capture.Batch {
	t.Helper()
	b := capture.NewBatch()
	for range 50 {
		if err := f.Next(b); err != nil {
			t.Fatal(err)
		}
		if len(b.Packets) > 0 || b.Watermark == math.MaxInt64 {
			return b
		}
	}
	t.Fatal("nothing came")
	return nil
}

// TestFeed: packets come as they are written, described by what is known; without
// a clock nothing is promised; the end of the writer is that of the feed.
func TestFeed(t *testing.T) {
	var watched []string
	f, w := piped(t, Options{
		Interface: capture.Interface{Name: "wg0", Role: capture.RoleTunnel, OS: "linux"},
		Watch:     func(s capture.Seen) { watched = append(watched, s.Interface.Name) },
	}, nil)
	begun := time.Now()
	b := capture.NewBatch()
	if err := f.Next(b); err != nil || len(b.Packets) > 0 || b.Watermark != capture.NoWatermark {
		t.Errorf("quiet: %d packets, watermark %d, %v", len(b.Packets), b.Watermark, err)
	}
	if d := time.Since(begun); d < pause/2 || d > 20*pause {
		t.Errorf("Next waited %v", d)
	}
	go w.Write(append(record(1000), record(1001)...))
	b = next(t, f)
	if len(b.Packets) != 2 || b.Packets[0].Time != 1000e9 || b.Watermark != capture.NoWatermark {
		t.Errorf("%d packets, watermark %d", len(b.Packets), b.Watermark)
	}
	if len(b.Interfaces) != 1 || b.Interfaces[0].Name != "wg0" || b.Interfaces[0].LinkType != capture.LinkTypeRaw || b.Interfaces[0].Role != capture.RoleTunnel {
		t.Errorf("interfaces %+v", b.Interfaces)
	}
	w.Close()
	if b = next(t, f); len(b.Packets) != 0 || b.Watermark != math.MaxInt64 {
		t.Errorf("the end: %d packets, watermark %d", len(b.Packets), b.Watermark)
	}
	for range 2 {
		if err := f.Next(b); err != io.EOF {
			t.Errorf("after the end: %v", err)
		}
	}
	if strings.Join(watched, " ") != "wg0 wg0" {
		t.Errorf("watched %q", watched)
	}
}

// TestFeedBeats: a far clock makes promises, and what comes against them is left
// out and counted as dropped.
func TestFeedBeats(t *testing.T) {
	clock := new(beat)
	f, w := piped(t, Options{}, clock)
	clock.tell(2000)
	b := capture.NewBatch()
	if err := f.Next(b); err != nil || b.Watermark != 2000e9-int64(transit) {
		t.Errorf("watermark %d, %v", b.Watermark, err)
	}
	go w.Write(append(record(1990), record(1999)...))
	b = next(t, f)
	if len(b.Packets) != 1 || b.Packets[0].Time != 1999e9 {
		t.Fatalf("%d packets, want the one in time", len(b.Packets))
	}
	if len(b.Stats) != 1 || b.Stats[0].Dropped != 1 || !b.Stats[0].HasDropped {
		t.Errorf("statistics %+v, want one dropped", b.Stats)
	}
	for _, hostile := range []int64{-5, 0, math.MaxInt64} {
		clock.tell(hostile)
	}
	if err := f.Next(b); err != nil || b.Watermark != 2000e9-int64(transit) {
		t.Errorf("after nonsense: watermark %d, %v", b.Watermark, err)
	}
}

// TestFeedCut: a writer that dies in the middle of a packet is damage, unless it
// was asked to end.
func TestFeedCut(t *testing.T) {
	for _, asked := range []bool{false, true} {
		f, w := piped(t, Options{}, nil)
		go func() {
			w.Write(append(record(1), record(2)[:20]...))
			if asked {
				f.Stop()
			} else {
				w.Close()
			}
		}()
		next(t, f)
		b := next(t, f)
		if b.Watermark != math.MaxInt64 {
			t.Errorf("asked %v: no end", asked)
		}
		var damage *capture.DamageError
		if err := f.Next(b); asked && err != io.EOF || !asked && !errors.As(err, &damage) {
			t.Errorf("asked %v: %v", asked, err)
		}
	}
}

// TestPipe: Stop wakes a reader of a named pipe whose writer says nothing.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := mkfifo(path); err != nil {
		t.Skip("no named pipes here: ", err)
	}
	wrote := make(chan *os.File, 1)
	go func() {
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = w.Write(header())
		}
		if err != nil {
			t.Error(err)
		}
		wrote <- w
	}()
	file, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	f := New(file, Options{})
	defer (<-wrote).Close()
	time.AfterFunc(50*time.Millisecond, f.Stop)
	if b := next(t, f); b.Watermark != math.MaxInt64 {
		t.Errorf("watermark %d", b.Watermark)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
