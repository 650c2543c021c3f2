// Package live captures on adapters of this machine with libpcap or Npcap: it
// opens them, reads packets into batches with watermarks, counts what the
// kernel dropped, and puts failures into words with their remedy. It is the only
// importer of gopacket/pcap. It knows no flows and changes no adapter.
package live

import (
	"errors"
	"io"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wgtrace/wgtrace/capture"
)

// margin is how late a packet may be for reasons that no timeout covers: the
// kernel's block timer is rounded up to a tick and fires up to one tick late
// (two ticks of 10 ms at CONFIG_HZ=100), and a stamp is taken a little before
// the packet is put into the ring.
const margin = 20 * time.Millisecond

// statsInterval is how often the kernel's counters are read.
const statsInterval = time.Second

// drainLimit ends a handle that was stopped whatever its time stamps say.
const drainLimit = 2 * time.Second

// clockEvery is after how many packets the clock is looked at. With one read of
// it per packet the clock would cost as much as the decoding.
const clockEvery = 8

var _ capture.Source = (*Handle)(nil)

// Handle captures on one adapter. Next is called by one goroutine; Stop, Close
// and Stats by any.
type Handle struct {
	name    string
	eng     engine
	tee     func(iface int32, timeNS int64, wireLen int, data []byte, dir capture.Direction)
	tap     int32
	link    capture.LinkType
	wait    time.Duration // the read timeout
	without capture.Connections
	ifaces  []capture.Interface

	stop atomic.Pointer[time.Time] // when Stop was called

	mu        sync.Mutex // held by Next; guards what follows
	keep      *keeper    // nil: the capture ends with its adapter
	dec       capture.Decoder
	compass   compass
	frame     uint64
	meter     meter
	nextStats time.Time
	end       error // what Next returns from now on
	closed    bool
}

// Open starts capturing on device: the name of an adapter as Devices lists it,
// or as the capture library does. Packets are kept from then on. The error is an
// *Error.
func Open(device string, opts Options) (*Handle, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, &Error{Device: device, Err: err}
	}
	eng, link, err := opts.open(device)
	if err != nil {
		return nil, err
	}
	return newHandle(device, eng, link, opts), nil
}

// open opens device where it is, and asks what it says of itself.
func (o *Options) open(device string) (eng engine, link capture.LinkType, err error) {
	open := func() error {
		eng, link, err = openEngine(device, *o)
		if err == nil {
			o.describe(device)
		}
		return err
	}
	if o.Enter == nil {
		return eng, link, open()
	}
	err = o.Enter(open)
	return eng, link, err
}

func newHandle(device string, eng engine, link capture.LinkType, opts Options) *Handle {
	ifc := opts.Interface
	// The numbers of live raw IP differ by system and stand for nothing in
	// files (pcap/dlt.h).
	if link == capture.LinkTypeRawDLT || link == capture.LinkTypeRawBSD {
		link = capture.LinkTypeRaw
	}
	ifc.LinkType = link
	ifc.SnapLen = uint32(opts.SnapLen)
	if ifc.OS == "" {
		ifc.OS = runtime.GOOS
	}
	h := &Handle{
		name: device, eng: eng, tee: opts.Tee, tap: int32(ifc.Index), link: link, wait: opts.Timeout,
		ifaces:  []capture.Interface{ifc},
		without: capture.NewConnections(opts.Without),
		compass: newCompass(ifc.MAC, opts.Own, ifc.Addrs),
	}
	h.readMeter()
	now := time.Now()
	h.nextStats = now.Add(statsInterval)
	if opts.Watch != nil {
		h.keep = newKeeper(opts, ifc, now)
	}
	return h
}

// Name returns the adapter as it was named to Open.
func (h *Handle) Name() string { return h.name }

// Interface describes the tap, as in the batches.
func (h *Handle) Interface() capture.Interface { return h.ifaces[0] }

// Next returns packets as soon as the batch is full, a read timeout has passed
// since the call, or the tap is quiet; then the batch may be empty. After Stop
// it hands over what was captured before, a last batch with the final
// counters and the watermark of the end, and then io.EOF. If the adapter
// disappears it ends in the same way with an *Error that wraps ErrGone. Packets
// cost no allocation.
func (h *Handle) Next(b *capture.Batch) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	b.Reset()
	b.Interfaces = h.ifaces
	if h.end != nil {
		b.Watermark = math.MaxInt64
		return h.end
	}
	if cap(b.Packets) == 0 {
		b.Packets = make([]capture.Packet, 0, capture.BatchSize)
	}

	begin := time.Now()
	stop := h.stop.Load()
	if h.keep != nil {
		if h.eng == nil {
			h.await(b, begin, stop)
			return nil
		}
		h.noteSleep(b, begin)
		if h.keep.lost && stop == nil {
			// Between its going down and its going a reader may hear of the first alone.
			h.keep.lost = false
			if h.leaves(b, begin, ErrGone) {
				return nil
			}
		}
	}
	how, err := h.fill(b, begin, stop)
	now := time.Now()

	switch {
	case err != nil && h.keep != nil && stop == nil && h.leaves(b, now, err):
		return nil
	case err != nil:
		h.finish(b, now, h.failure(err))
		return nil
	case stop != nil && h.drained(how, now.Sub(*stop)):
		h.finish(b, now, io.EOF)
		return nil
	}
	b.Watermark = h.watermark(b, how, begin, now)
	if !now.Before(h.nextStats) {
		h.nextStats = now.Add(statsInterval)
		h.appendStats(b, now)
		h.look(b, now)
	} else if h.keep != nil && h.keep.down {
		h.look(b, now)
	}
	if h.keep != nil {
		h.keep.mark = max(h.keep.mark, b.Watermark)
	}
	if how == quiet && len(b.Packets) == 0 {
		// An adapter in a bad state can make every read return at once; a
		// loop over empty batches would take a whole processor.
		if spent := now.Sub(begin); spent < h.wait/2 {
			time.Sleep(h.wait - spent)
		}
	}
	return nil
}

// ending says why fill stopped.
type ending uint8

const (
	full   ending = iota // the batch, or its time
	quiet                // nothing was ready
	beyond               // a packet came that is later than Stop
)

// fill reads packets into b.
func (h *Handle) fill(b *capture.Batch, begin time.Time, stop *time.Time) (ending, error) {
	cut := int64(math.MaxInt64)
	if stop != nil {
		cut = stop.UnixNano()
	}
	var first int64
	for n := 0; n < cap(b.Packets); n++ {
		data, timeNS, wireLen, err := h.eng.read()
		if err != nil {
			if err == errTimeout {
				return quiet, nil
			}
			return quiet, err
		}
		if timeNS > cut {
			return beyond, nil
		}
		h.add(b, data, timeNS, wireLen)
		if n == 0 {
			first = timeNS
		}
		// A trickle of packets keeps every read from timing out. Their own
		// stamps tell at no cost that time has passed, and the clock does
		// where stamps stand still (libpcap issue 1219).
		if d := timeNS - first; d >= int64(h.wait) || d <= -int64(h.wait) {
			return full, nil
		}
		if n%clockEvery == clockEvery-1 && time.Since(begin) >= h.wait {
			return full, nil
		}
	}
	return full, nil
}

// add decodes one frame where it lies; nothing of it is kept.
func (h *Handle) add(b *capture.Batch, data []byte, timeNS int64, wireLen int) {
	n := len(b.Packets)
	b.Packets = b.Packets[:n+1]
	p := &b.Packets[n]
	h.dec.Decode(p, h.link, data, wireLen, &b.Extras)
	if h.without.Hold(p) {
		b.Packets = b.Packets[:n]
		return
	}
	h.frame++
	p.Time, p.Frame, p.Offset = timeNS, h.frame, -1
	if p.Direction == capture.DirectionUnknown {
		p.Direction = h.compass.point(p)
	}
	if h.tee != nil {
		h.tee(h.tap, timeNS, wireLen, data, p.Direction)
	}
}

// watermark is the time before which nothing will come.
//
// On a quiet tap: Linux gives a block of its ring (TPACKET_V3) to the reader
// when it is full, or at the latest one timeout after its first packet (kernel
// Documentation/networking/packet_mmap.rst, tp_retire_blk_tov). BPF starts that
// timer when the reader begins to wait, so there it can be two (bpf(4),
// BIOCSRTIMEOUT). What was stamped before two timeouts and the margin was
// therefore ready when the read began that found nothing. The clock was read
// before that, so that a reader that was held up promises less, not too much.
//
// Otherwise: the ring is filled in the order of arrival, so what follows the
// last packet cannot be earlier by more than the margin. A stamp from the future
// promises nothing beyond now.
func (h *Handle) watermark(b *capture.Batch, how ending, begin, now time.Time) int64 {
	mark := int64(capture.NoWatermark)
	if how == quiet {
		mark = begin.UnixNano() - int64(2*h.wait+margin)
	}
	if n := len(b.Packets); n > 0 {
		last := min(b.Packets[n-1].Time, now.UnixNano()) - int64(margin)
		mark = max(mark, last)
	}
	return mark
}

// drained reports whether everything that was captured before Stop, since ago,
// has been handed over.
func (h *Handle) drained(how ending, since time.Duration) bool {
	switch how {
	case beyond:
		return true
	case quiet:
		return since >= h.wait+margin
	}
	return since >= drainLimit
}

// finish makes b the last batch.
func (h *Handle) finish(b *capture.Batch, now time.Time, end error) {
	h.appendStats(b, now)
	if h.keep != nil && h.keep.since != 0 {
		h.appendAway(b, now)
	}
	b.Watermark = math.MaxInt64
	h.end = end
}

func (h *Handle) appendStats(b *capture.Batch, now time.Time) {
	if h.readMeter() {
		b.Stats = append(b.Stats, h.meter.stats(now.UnixNano()))
	}
}

// readMeter reads the kernel's counters; false if it does not tell.
func (h *Handle) readMeter() bool {
	if h.eng == nil {
		return h.meter.started
	}
	received, dropped, ifDropped, err := h.eng.stats()
	if err != nil {
		return false
	}
	h.meter.read(received, dropped, ifDropped)
	return true
}

// failure puts an error of reading into words. Where the library does not say
// why, an adapter that no longer exists is reason enough.
func (h *Handle) failure(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	detail := h.eng.reason()
	kind := classify(err.Error(), detail)
	if kind == nil || kind == ErrNoDevice || kind == ErrNotUp {
		if kind = err; !h.exists() {
			kind = ErrGone
		}
	}
	return &Error{Device: h.name, Err: kind, Detail: detail, Hint: remedy(kind)}
}

// Stop ends the capture: what was captured before is still handed over, and
// Next returns io.EOF about two read timeouts after Stop if it is kept being
// called: one until the kernel gives up its last block, one until that is read.
// It may be called at any time and more than once. A stream whose context is
// cancelled instead loses what is left.
func (h *Handle) Stop() {
	now := time.Now()
	h.stop.CompareAndSwap(nil, &now)
}

// Stats returns the counters as they were read last: after the end of the
// capture, the final ones. It waits for a running Next.
func (h *Handle) Stats() capture.InterfaceStats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.meter.stats(time.Now().UnixNano())
	if h.keep != nil {
		s.AwaySince = h.keep.since
	}
	return s
}

// Close stops the capture, waits until a running Next has returned, and lets go
// of the adapter. Next returns io.EOF afterwards.
func (h *Handle) Close() error {
	h.Stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	h.closed = true
	h.readMeter()
	if h.eng != nil {
		h.eng.close()
	}
	if h.end == nil {
		h.end = io.EOF
	}
	return nil
}
