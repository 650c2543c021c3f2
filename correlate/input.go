package correlate

import (
	"context"
	"math"
	"sync"

	"github.com/wgtrace/wgtrace/capture"
)

// headPackets is how many records of a source are looked at before anything is
// decided: roles, the WireGuard port, clients and the clock offset are settled
// on them.
const headPackets = 1 << 16

// input is one source being read.
type input struct {
	number     int
	given      Input
	stream     *capture.Stream
	head       []*capture.Batch // copies of the first batches, not used yet
	batch      *capture.Batch   // in hand
	pos        int
	owned      bool // batch came from the stream and goes back to it
	mark       int64
	at         int64
	ended      bool
	begun      bool // one of its packets has been taken
	want       bool // the next batch may be waited for
	faces      []*capturePoint
	narrowed   bool              // interfaces of it were left out, and so are those that appear later
	legs       map[legPair]int32 // the sides that its only capture is split into, by link addresses; nil: none
	forward    int64             // nanoseconds that its clock was set forward since the head began
	ahead      ahead             // of the batch in hand
	folding    bool              // some of its captures show every packet several times
	undirected bool              // its direction marks say nothing
	err        error
}

func newInput(ctx context.Context, number int, given Input) *input {
	return &input{number: number, given: given, stream: capture.Start(ctx, given.Source), mark: math.MinInt64, want: true}
}

// fillHeads reads the heads of what need not be judged while it is captured, side
// by side. Of taps that run at the same time none may be left waiting: the kernel
// keeps little for a reader that does not come. So theirs are read until one head
// is full or one tap has ended.
func (e *Engine) fillHeads() {
	if e.opts.Live {
		return
	}
	enough, done := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var all sync.WaitGroup
	for _, in := range e.inputs {
		all.Go(func() {
			in.fillHead(enough)
			if e.opts.Taps {
				once.Do(func() { close(enough) })
			}
		})
	}
	go func() {
		all.Wait()
		close(done)
	}()
	for {
		select {
		case <-e.opts.Tick:
			if e.opts.OnTick != nil {
				e.opts.OnTick(e.progress())
			}
		case <-done:
			return
		}
	}
}

// fillHead reads the head of the source, or less once enough is closed.
func (in *input) fillHead(enough <-chan struct{}) {
	n := 0
	for n < headPackets {
		var b *capture.Batch
		var ok bool
		select {
		case b, ok = <-in.stream.C():
		case <-enough:
			return
		}
		if !ok {
			in.ended = true
			return
		}
		c := &capture.Batch{
			Packets: append([]capture.Packet(nil), b.Packets...),
			Extras: capture.Extras{
				Quotes:     append([]capture.Quote(nil), b.Quotes...),
				Handshakes: append([]capture.Handshake(nil), b.Handshakes...),
			},
			Stats:      append([]capture.InterfaceStats(nil), b.Stats...),
			Interfaces: b.Interfaces,
			Ordered:    b.Ordered,
			Watermark:  b.Watermark,
		}
		n += len(b.Packets)
		in.stream.Recycle(b)
		sortBatch(c)
		in.head = append(in.head, c)
	}
}

// maxDisorder is how far a record may stand behind a later one to be put in its
// place, nanoseconds; a larger step back is one of the clock.
const maxDisorder = int64(100e6)

// sortBatch puts records that stand a little out of order in the order of their
// times: drivers deliver what came together in any order, and a packet taken
// before one that came earlier could be tied to the wrong twin. Disorder across
// the border of two batches stays; matching tolerates it.
func sortBatch(b *capture.Batch) {
	if b.Ordered {
		return
	}
	list := b.Packets
	for i := 1; i < len(list); i++ {
		if list[i].Time >= list[i-1].Time || list[i-1].Time-list[i].Time > maxDisorder {
			continue
		}
		p := list[i]
		j := i
		for ; j > 0 && list[j-1].Time > p.Time && list[j-1].Time-p.Time <= maxDisorder; j-- {
			list[j] = list[j-1]
		}
		list[j] = p
	}
}

// holds reports whether a packet is in hand that is surely used.
func (in *input) holds() bool {
	return in.batch != nil && in.pos < len(in.batch.Packets) && len(in.given.Picks) == 0
}

// ready makes the input hold its next packet, if it can have one: it waits for
// the source when nothing is in hand.
func (e *Engine) ready(in *input) {
	for {
		e.fetch(in)
		if !e.skipUnused(in) {
			return
		}
	}
}

// skipUnused passes over packets of interfaces that were not picked, which must
// not hold up or push on the others; it reports whether the batch is used up.
func (e *Engine) skipUnused(in *input) bool {
	if len(in.given.Picks) == 0 || in.batch == nil {
		return false
	}
	for ; in.pos < len(in.batch.Packets); in.pos++ {
		p := &in.batch.Packets[in.pos]
		c := e.captureOf(in, p.Iface, in.batch)
		if !c.unused {
			return false
		}
		c.count(p)
		e.total++
	}
	return true
}

// fetch gets the next batch when none is in hand.
func (e *Engine) fetch(in *input) {
	for in.batch == nil || in.pos >= len(in.batch.Packets) {
		if in.batch != nil {
			e.endBatch(in)
		}
		if len(in.head) > 0 {
			in.batch, in.pos, in.owned, in.ahead.end = in.head[0], 0, false, 0
			in.head[0] = nil // a used batch is not held any longer
			in.head = in.head[1:]
			in.mark = max(in.mark, in.batch.Watermark)
			continue
		}
		if in.ended || !in.want {
			return
		}
		b := e.receive(in)
		if b == nil {
			in.ended = true
			e.breakOff(in)
			return
		}
		if in.forward != 0 {
			shiftBatch(b, 0, in.forward)
		}
		if !e.opts.Live {
			sortBatch(b)
		}
		in.clearDirections(b)
		in.split(b)
		e.foldBatch(in, b)
		in.batch, in.pos, in.owned, in.ahead.end = b, 0, true, 0
		in.mark = max(in.mark, b.Watermark)
		if len(b.Packets) == 0 {
			e.endBatch(in)
			in.want = in.mark == math.MinInt64
			if !in.want {
				return
			}
		}
	}
}

// receive waits for a batch and serves ticks meanwhile.
func (e *Engine) receive(in *input) *capture.Batch {
	for {
		select {
		case b, ok := <-in.stream.C():
			if !ok {
				return nil
			}
			return b
		case <-e.opts.Tick:
			if e.opts.OnTick != nil {
				e.opts.OnTick(e.progress())
			}
		}
	}
}

// breakOff notes that a live tap ended before the run did: what the others show
// from now on would have no twin for that reason alone.
func (e *Engine) breakOff(in *input) {
	if !e.opts.Live || in.stream.Err() == nil {
		return
	}
	for _, c := range in.faces {
		if c.role != capture.RoleUnknown {
			pt := &e.points[sideOf(c.role)]
			pt.open, pt.cut = false, true
		}
	}
}

// endBatch takes over the statistics of a used batch and hands it back.
func (e *Engine) endBatch(in *input) {
	b := in.batch
	for _, s := range b.Stats {
		c := e.captureOf(in, s.Iface, b)
		e.noteStats(c, s)
		e.noteSide(in, s)
		if !e.opts.Live && c.role != capture.RoleUnknown && s.Time > 0 {
			pt := &e.points[sideOf(c.role)]
			pt.to = max(pt.to, c.line.tunnel(s.Time))
		}
	}
	for i := len(in.faces); i < len(b.Interfaces); i++ {
		e.captureOf(in, int32(i), b)
	}
	if in.owned {
		in.stream.Recycle(b)
	}
	in.batch = nil
}

// next returns the time of the packet in hand.
func (in *input) next() (int64, bool) {
	if in.batch == nil || in.pos >= len(in.batch.Packets) {
		return 0, false
	}
	return in.batch.Packets[in.pos].Time, true
}

// finished reports whether the input has nothing more.
func (in *input) finished() bool { return in.ended && in.batch == nil && len(in.head) == 0 }

// tunnel turns a time of the source into one of the tunnel's clock, by which
// sources are merged.
func (in *input) tunnel(t int64) int64 {
	if len(in.faces) == 0 {
		return t
	}
	return in.faces[0].line.tunnel(t)
}

// drain empties the stream after the run has been stopped, so that its
// goroutine ends.
func (in *input) drain() {
	for b := range in.stream.C() {
		in.stream.Recycle(b)
	}
	if err := in.stream.Err(); err != nil {
		in.err = err
	}
}

// captureOf returns the state of an interface of an input, made when it is new.
func (e *Engine) captureOf(in *input, iface int32, b *capture.Batch) *capturePoint {
	for int(iface) >= len(in.faces) {
		c := &capturePoint{
			input: in.number, source: in.given.Source.Name(),
			first: unset, last: unset, dropBase: unset, headFirst: unset,
		}
		if n := len(in.faces); n < len(b.Interfaces) {
			c.iface = b.Interfaces[n]
		}
		in.faces = append(in.faces, c)
		e.captures = append(e.captures, c)
		e.introduce(in, c)
		if c.index = e.listed; c.unused && e.opts.OneRecording {
			c.index = -1
		} else {
			e.listed++
		}
	}
	return in.faces[iface]
}

func (e *Engine) progress() Progress {
	p := Progress{Packets: e.total, Now: e.now}
	for s := OuterIn; s <= OuterOut; s++ {
		p.Stages[s] = StageCount{Observed: e.observes(s), Count: e.stages[s]}
	}
	return p
}
