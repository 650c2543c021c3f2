package capture

import (
	"context"
	"errors"
	"io"
	"math"
)

// streamBatches is how many batches a stream owns: enough that a reader works
// ahead while the consumer waits for another source, few enough that a slow
// consumer holds it back.
const streamBatches = 8

// recycleGroup is how many used batches go back at a time: a reader that is
// faster than its consumer sleeps until it has one, and waking it costs as much
// as a hundred packets.
const recycleGroup = streamBatches / 2

// Stream runs a source in a goroutine of its own.
type Stream struct {
	out  chan *Batch
	free chan *Batch
	used []*Batch // the consumer's: not given back yet
	err  error    // written before out is closed
}

// Start reads src until it ends, fails or ctx is done. The source must not be
// used or closed before C has been closed. If ctx is done while src waits for
// data, the stream ends when src returns; sources with a method Interrupt() are
// told.
func Start(ctx context.Context, src Source) *Stream {
	s := &Stream{
		out:  make(chan *Batch, streamBatches),
		free: make(chan *Batch, streamBatches),
	}
	for range streamBatches {
		s.free <- NewBatch()
	}
	go s.run(ctx, src)
	return s
}

// C returns the batches in order. The last one of a source that ended has the
// watermark math.MaxInt64; then the channel is closed.
func (s *Stream) C() <-chan *Batch { return s.out }

// Recycle gives a batch back. Its packets must not be used any more. It is for
// the goroutine that receives from C; a consumer that keeps more than half of the
// batches makes the stream wait.
func (s *Stream) Recycle(b *Batch) {
	if s.used = append(s.used, b); len(s.used) < recycleGroup {
		return
	}
	for _, b := range s.used {
		select {
		case s.free <- b:
		default: // not one of ours: let the garbage collector have it
		}
	}
	s.used = s.used[:0]
}

// Err returns why the source ended, once C is closed: nil at its regular end, a
// *DamageError where a file could not be read any further, the context's error
// if that ended first.
func (s *Stream) Err() error { return s.err }

func (s *Stream) run(ctx context.Context, src Source) {
	defer close(s.out)
	if i, ok := src.(interface{ Interrupt() }); ok {
		defer context.AfterFunc(ctx, i.Interrupt)()
	}
	for {
		var b *Batch
		select {
		case b = <-s.free:
		case <-ctx.Done():
			s.err = ctx.Err()
			return
		}
		err := src.Next(b)
		b.Ordered = ordered(b.Packets)
		if err != nil {
			b.Watermark = math.MaxInt64
		}
		if ctx.Err() != nil && !errors.Is(err, io.EOF) {
			s.err = ctx.Err()
			return
		}
		// Sent in every case, so that the consumer hears of the end and of
		// interfaces that came after the last packet.
		select {
		case s.out <- b:
		case <-ctx.Done():
			s.err = ctx.Err()
			return
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.err = err
			}
			return
		}
	}
}

// ordered reports whether no packet is earlier than the one before it.
func ordered(list []Packet) bool {
	for i := 1; i < len(list); i++ {
		if list[i].Time < list[i-1].Time {
			return false
		}
	}
	return true
}
