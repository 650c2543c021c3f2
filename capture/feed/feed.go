// Package feed reads captures that other programs write while they are read:
// from standard input, from a named pipe, or from tcpdump on another machine,
// which the system's ssh starts there. It captures nothing itself and knows no
// flows.
package feed

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wgtrace/wgtrace/capture"
)

const (
	// pause is how long Next waits for packets before it says that there are
	// none.
	pause = 100 * time.Millisecond
	// transit is how long a packet may be on its way from the far tap to here:
	// tcpdump asks the kernel for blocks that it gives up after a second
	// (tcpdump.c, "timeout = 1000"), the far clock is told in whole seconds, and
	// the rest is for the machine and the line.
	transit = 4 * time.Second
)

// Options describe what is fed.
type Options struct {
	// Interface tells what the capture does not say: role, WireGuard port,
	// addresses, hardware address; a name replaces the one that it gives.
	Interface capture.Interface
	// Watch is called with every packet, in the goroutine of a reader; nil: not.
	Watch func(capture.Seen)
}

// Feed is a capture that goes on. It implements capture.Source.
type Feed struct {
	name   string
	file   *capture.File
	stream *capture.Stream
	cancel context.CancelFunc
	given  capture.Interface
	halt   func()                                 // asks the writer to end
	after  func() (capture.InterfaceStats, error) // waits for it, says what it dropped and why it ended
	close  func()

	beat    *beat // nil: the writer does not tell its time
	stopped atomic.Bool

	seen    []capture.Interface // as the file gave them
	ifaces  []capture.Interface // as described
	mark    int64               // promised
	last    int64               // time of the latest packet
	late    uint64              // packets that came after their time
	lateNow uint64              // of them, those that were told

	mu    sync.Mutex
	stats capture.InterfaceStats // final
	end   error                  // what Next returns from now on; nil while it goes on
}

var _ capture.Source = (*Feed)(nil)

// New reads on in file, and closes it in the end.
func New(file *capture.File, opts Options) *Feed {
	f := &Feed{name: file.Name(), halt: file.Interrupt}
	f.start(file, opts)
	return f
}

func (f *Feed) start(file *capture.File, opts Options) {
	f.file, f.given, f.mark, f.last = file, opts.Interface, capture.NoWatermark, capture.NoWatermark
	if opts.Watch != nil {
		file.Watch(func(s capture.Seen) {
			if s.Interface.Index <= 0 {
				described := f.describe(*s.Interface)
				s.Interface = &described
			}
			opts.Watch(s)
		})
	}
	var ctx context.Context
	ctx, f.cancel = context.WithCancel(context.Background())
	f.stream = capture.Start(ctx, file)
}

// Name returns the source as the person named it.
func (f *Feed) Name() string { return f.name }

// Interface describes the capture, once its file header has come.
func (f *Feed) Interface() capture.Interface {
	var first capture.Interface
	if list := f.file.Interfaces(); len(list) > 0 {
		first = list[0]
	}
	return f.describe(first)
}

// describe adds what is known to what the capture says.
func (f *Feed) describe(i capture.Interface) capture.Interface {
	g := f.given
	g.Section, g.LinkType, g.SnapLen, g.IfIndex, g.ARPHRD, g.Filter = i.Section, i.LinkType, i.SnapLen, i.IfIndex, i.ARPHRD, i.Filter
	g.Index = max(i.Index, 0)
	if g.Name == "" {
		g.Name = i.Name
	}
	if g.Description == "" {
		g.Description = i.Description
	}
	if g.OS == "" {
		g.OS = i.OS
	}
	if g.MAC.IsZero() {
		g.MAC = i.MAC
	}
	if g.Addrs == nil {
		g.Addrs = i.Addrs
	}
	if g.WGPort == 0 {
		g.WGPort = i.WGPort
	}
	return g
}

// Next implements capture.Source. It returns an empty batch when nothing has
// come for a while. It promises a watermark only where the far side tells its
// time: silence of a pipe can mean that there is nothing, or that what carries
// it is stuck. Packets that come against the promise are left out and counted as
// dropped. After Stop it hands over what still comes.
func (f *Feed) Next(b *capture.Batch) error {
	if err := f.ended(); err != nil {
		b.Reset()
		b.Interfaces, b.Watermark = f.ifaces, math.MaxInt64
		return err
	}
	b.Reset()
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case got, ok := <-f.stream.C():
		if !ok {
			f.finish(b)
			return nil
		}
		*b, *got = *got, *b
		f.stream.Recycle(got)
		b.Watermark = capture.NoWatermark // the end is told by finish
		f.adopt(b)
	case <-timer.C:
	}
	if told, ok := f.beat.at(); ok {
		f.mark = max(f.mark, told-int64(transit))
	}
	b.Interfaces, b.Watermark = f.ifaces, f.mark
	return nil
}

// adopt takes in the batch in hand.
func (f *Feed) adopt(b *capture.Batch) {
	if len(b.Interfaces) != len(f.seen) {
		f.seen = b.Interfaces
		f.ifaces = append([]capture.Interface(nil), b.Interfaces...)
		if len(f.ifaces) == 1 {
			f.ifaces[0] = f.describe(f.ifaces[0])
		}
	}
	kept := b.Packets[:0]
	for i := range b.Packets {
		p := &b.Packets[i]
		if !p.Has(capture.FlagTimeUnknown) && p.Time < f.mark {
			f.late++
			continue
		}
		f.last = max(f.last, p.Time)
		kept = append(kept, *p)
	}
	b.Packets = kept
	if f.late > f.lateNow {
		f.lateNow = f.late
		b.Stats = append(b.Stats, capture.InterfaceStats{Time: max(f.last, f.mark), Dropped: f.late, HasDropped: true})
	}
}

// finish makes b the last batch.
func (f *Feed) finish(b *capture.Batch) {
	end := f.stream.Err()
	var stats capture.InterfaceStats
	if f.after != nil {
		var err error
		if stats, err = f.after(); err != nil {
			end = err
		}
	}
	if f.stopped.Load() && isCut(end) {
		end = nil // the writer was ended in the middle of a packet
	}
	if end == nil {
		end = io.EOF
	}
	stats.Dropped += f.late
	stats.Time = f.last
	if told, ok := f.beat.at(); ok && end == io.EOF {
		stats.Time = max(stats.Time, told) // it watched until it said so
	}
	if stats.HasDropped && stats.Time > 0 {
		b.Stats = append(b.Stats, stats)
	}
	f.mu.Lock()
	f.stats, f.end = stats, end
	f.mu.Unlock()
	b.Interfaces, b.Watermark = f.ifaces, math.MaxInt64
}

// isCut reports whether a capture ended within a record.
func isCut(err error) bool {
	var damage *capture.DamageError
	return errors.As(err, &damage)
}

func (f *Feed) ended() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end
}

// Stats returns what was dropped, as far as the writer has said.
func (f *Feed) Stats() capture.InterfaceStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

// Stop asks the writer to end; what it still writes is handed over. It may be
// called at any time and more than once.
func (f *Feed) Stop() {
	if f.stopped.CompareAndSwap(false, true) {
		f.halt()
	}
}

// Interrupt is Stop for capture.Start.
func (f *Feed) Interrupt() { f.Stop() }

// Close ends the feed. Next must not be running.
func (f *Feed) Close() error {
	f.Stop()
	f.cancel()
	if f.close != nil {
		f.close()
	}
	for b := range f.stream.C() {
		f.stream.Recycle(b)
	}
	return f.file.Close()
}
