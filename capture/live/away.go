package live

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/wgtrace/wgtrace/capture"
)

// Absence is a stretch in which nothing could be captured.
type Absence struct {
	Kind  AbsenceKind
	Since time.Time // everything that was captured before has been handed over
	Until time.Time // zero: it goes on
}

// AbsenceKind says what was away.
type AbsenceKind uint8

// Kinds of Absence.
const (
	AbsenceUnknown AbsenceKind = iota
	AdapterGone                // it was deleted or unplugged
	AdapterDown                // it is there, and switched off or without a carrier
	Asleep                     // the machine slept, or its clock was set ahead
)

// Pauses between two tries to open an adapter that is away. Whether it exists is
// asked often, because what it carries before it is opened is missed; opening one
// that cannot be opened yet costs more, and so does one whose name the system does
// not know (Npcap's own).
const (
	firstPause = 100 * time.Millisecond
	maxPause   = time.Second
)

// An adapter that can be opened and then fails (a driver that is broken, a tunnel
// whose program restarts without end) would be said to come and go several times a
// second. Each time that it does not last the pause before it is opened doubles.
const (
	lasting = 5 * time.Second // for this long after it was opened
	maxHold = 8 * time.Second
)

// sleepLeast is by how much the clock on the wall must run ahead of the one that
// stands still while a machine sleeps. A clock that is corrected in small steps
// stays below.
const sleepLeast = time.Second

// maxOwn bounds how many addresses a handle takes for the host's.
const maxOwn = 256

// keeper is what a handle needs to outlive its adapter.
type keeper struct {
	opts   Options
	mark   int64  // everything earlier has been handed over, nanoseconds since 1970
	since  int64  // when the adapter went away; 0: it is there
	down   bool   // it is there, and lets nothing through
	index  int    // by which the system knows it; 0: not known
	lost   bool   // it is gone, or another one has its name
	frame  uint64 // the last one, and the time, when the adapter was last looked at
	seen   time.Time
	own    []netip.Addr
	pause  time.Duration
	opened time.Time     // when it came back; zero: it was never away
	hold   time.Duration // for how long it is left alone after it went
	next   time.Time     // of the next look for it
	blind  time.Time     // of the next try to open it whether it is seen or not
	last   time.Time     // of the last call, by the clock that stands still in sleep
	wall   int64         // and by the one of time stamps, nanoseconds since 1970
}

func newKeeper(opts Options, ifc capture.Interface, now time.Time) *keeper {
	k := &keeper{opts: opts, mark: now.UnixNano(), last: now, wall: now.UnixNano(), seen: now, own: slices.Clone(opts.Own)}
	for _, p := range ifc.Addrs {
		k.own = append(k.own, p.Addr())
	}
	if opts.Enter == nil {
		if ni, err := net.InterfaceByName(ifc.Name); err == nil {
			k.index = ni.Index
		}
	}
	return k
}

// tell reports an absence that began or ended.
func (h *Handle) tell(kind AbsenceKind, until time.Time) {
	h.keep.opts.Watch(Absence{Kind: kind, Since: time.Unix(0, h.keep.since), Until: until})
}

// appendAway notes in b that nothing could be captured since the adapter went.
func (h *Handle) appendAway(b *capture.Batch, now time.Time) {
	s := h.meter.stats(now.UnixNano())
	s.AwaySince = h.keep.since
	b.Stats = append(b.Stats, s)
}

// leaves lets go of an adapter that ended with err; false if it is not away but
// broken.
func (h *Handle) leaves(b *capture.Batch, now time.Time, err error) bool {
	if err = h.failure(err); !errors.Is(err, ErrGone) && !errors.Is(err, ErrNotUp) {
		return false
	}
	h.readMeter()
	h.eng.close()
	h.eng = nil
	k := h.keep
	for _, p := range b.Packets {
		k.mark = max(k.mark, p.Time)
	}
	if !k.down {
		k.since = min(k.mark, now.UnixNano())
		h.tell(AdapterGone, time.Time{})
	}
	if now.Sub(k.opened) < lasting {
		k.hold = min(2*k.hold, maxHold)
	} else {
		k.hold = firstPause
	}
	k.down, k.pause, k.next, k.blind = false, firstPause, now.Add(k.hold), now.Add(maxPause)
	h.appendAway(b, now)
	b.Watermark = now.UnixNano()
	return true
}

// await waits for the adapter for as long as one read would, and opens it again.
func (h *Handle) await(b *capture.Batch, now time.Time, stop *time.Time) {
	k := h.keep
	if stop != nil {
		h.finish(b, now, io.EOF)
		return
	}
	b.Watermark = now.UnixNano()
	if now.Before(k.next) {
		time.Sleep(min(h.wait, k.next.Sub(now)))
		h.appendAway(b, now)
		return
	}
	if now.Before(k.blind) && !h.exists() {
		k.next = now.Add(firstPause)
		h.appendAway(b, now)
		return
	}
	k.blind = now.Add(maxPause)
	eng, list, err := h.reopen()
	switch now = time.Now(); {
	case err == nil:
		h.eng = eng
		h.meter.restart()
		h.readMeter()
		h.appendAway(b, now)
		h.learn(b, list, now)
		h.tell(AdapterGone, now)
		h.nextStats = now
		k.since, k.seen, k.last, k.opened, k.index = 0, now, now, now, 0
		k.mark, k.wall = now.UnixNano(), now.UnixNano()
	case errors.Is(err, ErrNoDevice), errors.Is(err, ErrNotUp), errors.Is(err, ErrGone), !h.exists():
		k.pause = min(2*k.pause, maxPause)
		k.next = now.Add(k.pause)
		h.appendAway(b, now)
	default:
		h.finish(b, now, err)
	}
}

// reopen opens the adapter of the same name again. Addresses and hardware address
// may be new; packets of another kind of link would be another capture.
func (h *Handle) reopen() (engine, []netip.Prefix, error) {
	opts := h.keep.opts
	opts.Interface.MAC, opts.Interface.Addrs = capture.MAC{}, nil
	eng, link, err := opts.open(h.name)
	if err != nil {
		return nil, nil, err
	}
	if link == capture.LinkTypeRawDLT || link == capture.LinkTypeRawBSD {
		link = capture.LinkTypeRaw
	}
	if link != h.link {
		eng.close()
		return nil, nil, &Error{Device: h.name, Err: errors.New("the adapter came back as another kind of link")}
	}
	if !opts.Interface.MAC.IsZero() {
		h.compass.mac = opts.Interface.MAC
	}
	return eng, opts.Interface.Addrs, nil
}

// noteSleep notes a stretch in which the machine slept: the clock of time stamps
// goes on then, and the other one stands (clock_gettime(2), CLOCK_MONOTONIC).
func (h *Handle) noteSleep(b *capture.Batch, now time.Time) {
	k := h.keep
	ahead := time.Duration(now.UnixNano()-k.wall) - now.Sub(k.last)
	k.last, k.wall = now, now.UnixNano()
	if ahead < sleepLeast || k.since != 0 {
		return
	}
	k.since = k.mark
	h.appendAway(b, now)
	h.tell(Asleep, now)
	k.mark, k.since = now.UnixNano(), 0
}

// look asks whether the adapter lets packets through, and for its addresses.
func (h *Handle) look(b *capture.Batch, now time.Time) {
	k := h.keep
	if k == nil || k.opts.Enter != nil {
		// Elsewhere it would take another thread each time. What goes away
		// there says so itself.
		return
	}
	ni, err := net.InterfaceByName(h.ifaces[0].Name)
	if k.lost = k.index != 0 && (err != nil || ni.Index != k.index); k.lost || err != nil {
		return // without an index it is no adapter of the system's
	}
	k.index = ni.Index
	silent, seen := h.frame == k.frame, k.seen
	k.frame, k.seen = h.frame, now
	switch off := ni.Flags&net.FlagUp == 0 || ni.Flags&net.FlagRunning == 0; {
	case off && silent && !k.down:
		k.down, k.since = true, seen.UnixNano()
		h.appendAway(b, now)
		h.tell(AdapterDown, time.Time{})
	case k.down && off && silent:
		h.appendAway(b, now)
	case k.down:
		h.appendAway(b, now)
		h.tell(AdapterDown, now)
		k.down, k.since = false, 0
	}
	if addrs, err := ni.Addrs(); err == nil {
		h.learn(b, networks(addrs), now)
	}
}

// learn takes over addresses that the adapter got since.
func (h *Handle) learn(b *capture.Batch, list []netip.Prefix, now time.Time) {
	for _, p := range list {
		a := p.Addr()
		if len(h.keep.own) >= maxOwn || slices.Contains(h.keep.own, a) {
			continue
		}
		h.keep.own = append(h.keep.own, a)
		h.compass.own = append(h.compass.own, capture.AddrFromNetip(a))
		b.Stats = append(b.Stats, capture.InterfaceStats{Time: now.UnixNano(), Addr: a})
	}
}

// exists reports whether the operating system knows the adapter, where it is.
func (h *Handle) exists() (found bool) {
	look := func() error {
		found = exists(h.ifaces[0].Name, h.name)
		return nil
	}
	if h.keep != nil && h.keep.opts.Enter != nil {
		return h.keep.opts.Enter(look) == nil && found
	}
	_ = look()
	return found
}
