package capture

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"runtime"
	"testing"
	"time"
)

func records3000() []byte {
	return cat(le.pcapHead(pcapMagicMicro, 96, 101), repeat(le.record(5, 6, frameA), 3000*5))
}

func TestStream(t *testing.T) {
	data := records3000()
	for _, c := range []struct {
		name    string
		data    []byte
		packets uint64
		damaged bool
	}{
		{"whole", data, 15000, false},
		{"cut short", data[:len(data)-1], 14999, true},
		{"without packets", data[:24], 0, false},
	} {
		f, err := NewFile(c.name, bytes.NewReader(c.data))
		if err != nil {
			t.Fatal(err)
		}
		s := Start(t.Context(), f)
		var next uint64 = 1
		mark := int64(NoWatermark)
		for b := range s.C() {
			for i := range b.Packets {
				if b.Packets[i].Frame != next {
					t.Fatalf("%s: frame %d, want %d", c.name, b.Packets[i].Frame, next)
				}
				next++
			}
			mark = b.Watermark
			s.Recycle(b)
		}
		var damage *DamageError
		if next != c.packets+1 || mark != math.MaxInt64 || errors.As(s.Err(), &damage) != c.damaged || !c.damaged && s.Err() != nil {
			t.Errorf("%s: %d packets, watermark %d, error %v", c.name, next-1, mark, s.Err())
		}
	}
}

// TestStreamCancelled ends a stream whose consumer has gone away, and one whose
// source waits.
func TestStreamCancelled(t *testing.T) {
	before := runtime.NumGoroutine()
	f, err := NewFile("x", bytes.NewReader(cat(records3000(), repeat(le.record(5, 6, frameA), 20000))))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := Start(ctx, f)
	<-s.C() // and never again
	// Cancelled while it reads, a file ends regularly; what is meant here is a
	// stream that waits for its batches.
	for deadline := time.Now().Add(5 * time.Second); len(s.C()) < streamBatches-1; {
		if time.Now().After(deadline) {
			t.Fatalf("%d batches wait", len(s.C()))
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	finish(t, s)
	if !errors.Is(s.Err(), context.Canceled) {
		t.Errorf("error %v", s.Err())
	}

	ctx, cancel = context.WithCancel(t.Context())
	s = Start(ctx, &waiting{stop: make(chan struct{})})
	cancel()
	finish(t, s)
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(time.Millisecond)
	}
}

func finish(t *testing.T, s *Stream) {
	t.Helper()
	timeout := time.After(5 * time.Second)
	for {
		select {
		case _, ok := <-s.C():
			if !ok {
				return
			}
		case <-timeout:
			t.Fatal("the stream does not end")
		}
	}
}

// waiting is a source without data until it is interrupted.
type waiting struct{ stop chan struct{} }

func (w *waiting) Name() string      { return "waiting" }
func (w *waiting) Close() error      { return nil }
func (w *waiting) Interrupt()        { close(w.stop) }
func (w *waiting) Next(*Batch) error { <-w.stop; return io.EOF }

// TestNextDoesNotWait: what a pipe has brought is handed over at once, whole
// packets only.
func TestNextDoesNotWait(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	record := le.record(5, 6, frameA)
	wrote := make(chan error, 1)
	go func() {
		_, err := w.Write(cat(le.pcapHead(pcapMagicMicro, 96, 101), record, record, record[:7]))
		wrote <- err
	}()
	f, err := NewFile("x", r)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBatch()
	if err := f.Next(b); err != nil || len(b.Packets) != 2 {
		t.Fatalf("%d packets, error %v, want 2", len(b.Packets), err)
	}
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	go w.Write(record[7:])
	if err := f.Next(b); err != nil || len(b.Packets) != 1 {
		t.Fatalf("%d packets, error %v, want 1", len(b.Packets), err)
	}
}
