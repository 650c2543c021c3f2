package live

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
)

// script is an engine that plays what a test wrote down; real adapters are in
// net_linux_test.go, this is for what they cannot be made to do.
type script struct {
	steps  []scene
	quiet  time.Duration // how long a read without a packet takes
	counts [][3]uint32   // one per reading of the counters; the last one stays
	why    string
	closed bool
}

// scene is one read: a packet, or an error.
type scene struct {
	ns  int64
	err error
}

func (s *script) read() ([]byte, int64, int, error) {
	if len(s.steps) == 0 {
		time.Sleep(s.quiet)
		return nil, 0, 0, errTimeout
	}
	next := s.steps[0]
	s.steps = s.steps[1:]
	return udpPacket(1), next.ns, 300, next.err
}

func (s *script) stats() (uint32, uint32, uint32, error) {
	if len(s.counts) == 0 {
		return 0, 0, 0, errors.New("no statistics")
	}
	c := s.counts[0]
	if len(s.counts) > 1 {
		s.counts = s.counts[1:]
	}
	return c[0], c[1], c[2], nil
}

func (s *script) reason() string { return s.why }
func (s *script) close()         { s.closed = true }

// udpPacket is a raw IPv4 packet, 192.0.2.1:1000 to 192.0.2.2:2000, with n
// octets of payload.
func udpPacket(n int) []byte {
	b := make([]byte, 28+n)
	b[0], b[8], b[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	copy(b[12:], []byte{192, 0, 2, 1, 192, 0, 2, 2})
	binary.BigEndian.PutUint16(b[20:], 1000)
	binary.BigEndian.PutUint16(b[22:], 2000)
	binary.BigEndian.PutUint16(b[24:], uint16(8+n))
	return b
}

func scripted(s *script, o Options) *Handle {
	o, err := o.withDefaults()
	if err != nil {
		panic(err)
	}
	if o.Interface.Name == "" {
		o.Interface.Name = "no-such-adapter"
	}
	return newHandle(o.Interface.Name, s, capture.LinkTypeRawDLT, o)
}

func TestNextFillsAndPromises(t *testing.T) {
	now := time.Now().UnixNano()
	s := &script{quiet: 20 * time.Millisecond}
	for i := range capture.BatchSize + 3 {
		s.steps = append(s.steps, scene{ns: now - int64(time.Millisecond) + int64(i)})
	}
	h := scripted(s, Options{Timeout: 20 * time.Millisecond, Own: []netip.Addr{netip.MustParseAddr("192.0.2.1")}})
	b := capture.NewBatch()
	if err := h.Next(b); err != nil || len(b.Packets) != capture.BatchSize {
		t.Fatalf("got %d packets, %v", len(b.Packets), err)
	}
	last := b.Packets[len(b.Packets)-1]
	if last.Frame != capture.BatchSize || last.Offset != -1 || last.WireLen != 300 || last.CapLen != 29 ||
		last.Kind != capture.KindUDP || last.SrcPort != 1000 || last.Direction != capture.DirectionOut {
		t.Errorf("last packet %+v", last)
	}
	if b.Watermark != last.Time-int64(margin) {
		t.Errorf("a full batch promises %d after its last packet", b.Watermark-last.Time)
	}
	if i := b.Interfaces[0]; i.LinkType != capture.LinkTypeRaw || i.SnapLen != DefaultSnapLen || i.OS == "" {
		t.Errorf("interface %+v", i)
	}
	before := time.Now().UnixNano()
	if err := h.Next(b); err != nil || len(b.Packets) != 3 {
		t.Fatalf("got %d packets, %v", len(b.Packets), err)
	}
	// Whatever the time that the last packet promises, or the clock: the later.
	if lag := before - b.Watermark; lag > int64(3*h.wait+margin) || b.Watermark > time.Now().UnixNano()-int64(margin) {
		t.Errorf("the watermark is %v behind", time.Duration(lag))
	}
}

// Stamps from a broken clock must neither hold packets back nor promise times
// that lie ahead.
func TestNextWithBrokenStamps(t *testing.T) {
	now := time.Now().UnixNano()
	for _, tt := range []struct {
		name string
		ns   []int64
		want int // packets in the first batch
	}{
		{"a trickle", []int64{now, now + 15e6, now + 25e6, now + 30e6}, 3},
		{"a step back", []int64{now, now - 3600e9, now}, 2},
		{"the future", []int64{now, now + 3600e9, now}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{quiet: time.Millisecond}
			for _, ns := range tt.ns {
				s.steps = append(s.steps, scene{ns: ns})
			}
			h := scripted(s, Options{Timeout: 20 * time.Millisecond})
			b := capture.NewBatch()
			if err := h.Next(b); err != nil || len(b.Packets) != tt.want {
				t.Fatalf("got %d packets, %v; want %d", len(b.Packets), err, tt.want)
			}
			if b.Watermark > time.Now().UnixNano()-int64(margin) {
				t.Errorf("the watermark lies %v ahead", time.Duration(b.Watermark-time.Now().UnixNano()))
			}
		})
	}
}

func TestStop(t *testing.T) {
	now := time.Now().UnixNano()
	s := &script{quiet: 10 * time.Millisecond, counts: [][3]uint32{{5, 1, 0}, {9, 3, 1}}}
	h := scripted(s, Options{Timeout: 10 * time.Millisecond})
	s.steps = []scene{{ns: now - 5}, {ns: now - 4}, {ns: now + int64(time.Hour)}}
	h.Stop()
	h.Stop()
	b := capture.NewBatch()
	if err := h.Next(b); err != nil || len(b.Packets) != 2 {
		t.Fatalf("got %d packets, %v; want the 2 from before Stop", len(b.Packets), err)
	}
	want := capture.InterfaceStats{Received: 4, Dropped: 3, HasReceived: true, HasDropped: true}
	if len(b.Stats) != 1 || b.Watermark != math.MaxInt64 {
		t.Fatalf("last batch: stats %+v, watermark %d", b.Stats, b.Watermark)
	}
	got := b.Stats[0]
	if got.Time == 0 {
		t.Error("the final counters carry no time")
	}
	if got.Time = 0; got != want {
		t.Errorf("final counters %+v, want %+v", got, want)
	}
	for range 2 {
		if err := h.Next(b); err != io.EOF || len(b.Packets) != 0 || b.Watermark != math.MaxInt64 {
			t.Fatalf("after the end: %v, %d packets", err, len(b.Packets))
		}
	}
	if err := h.Close(); err != nil || !s.closed {
		t.Errorf("Close: %v, closed %v", err, s.closed)
	}
}

// A machine that slept: its wall clock is hours ahead of where the other clock
// says that it should be. What lies between was not watched.
func TestSleep(t *testing.T) {
	var told []Absence
	h := scripted(&script{quiet: 20 * time.Millisecond}, Options{Timeout: 20 * time.Millisecond, Watch: func(a Absence) { told = append(told, a) }})
	b := capture.NewBatch()
	next := func() {
		t.Helper()
		if err := h.Next(b); err != nil {
			t.Fatal(err)
		}
	}
	next()
	if len(told) != 0 {
		t.Fatalf("awake, and told %+v", told)
	}
	const nap = 3 * time.Hour
	h.keep.wall -= int64(nap) // as if it had stood there until now
	h.keep.mark -= int64(nap)
	next()
	if len(told) != 1 || told[0].Kind != Asleep || told[0].Until.Sub(told[0].Since) < nap {
		t.Fatalf("told %+v", told)
	}
	if len(b.Stats) == 0 || b.Stats[0].Time-b.Stats[0].AwaySince < int64(nap) {
		t.Errorf("statistics %+v", b.Stats)
	}
	next()
	if len(told) != 1 {
		t.Errorf("told again: %+v", told)
	}
}

// Packets that wait in the kernel when Stop is called are not left there.
func TestStopDrains(t *testing.T) {
	s := &script{quiet: 20 * time.Millisecond}
	h := scripted(s, Options{Timeout: 20 * time.Millisecond})
	h.Stop()
	stopped := time.Now()
	b := capture.NewBatch()
	if err := h.Next(b); err != nil || b.Watermark == math.MaxInt64 {
		t.Fatalf("ended with the first quiet read, %v after Stop", time.Since(stopped))
	}
	s.steps = []scene{{ns: stopped.Add(-time.Millisecond).UnixNano()}}
	total := 0
	for {
		err := h.Next(b)
		total += len(b.Packets)
		if err == io.EOF {
			break
		}
		if err != nil || time.Since(stopped) > time.Second {
			t.Fatalf("%v, %v after Stop", err, time.Since(stopped))
		}
	}
	if total != 1 {
		t.Errorf("%d packets after Stop, want 1", total)
	}
}

func TestReadErrors(t *testing.T) {
	for _, tt := range []struct {
		name, why, adapter string
		err, want          error
	}{
		{"gone by its own word", "The interface disappeared", "lo", errors.New("Read Error"), ErrGone},
		{"gone by ours", "recvfrom: something", "no-such-adapter", errors.New("Read Error"), ErrGone},
		{"Windows", "PacketReceivePacket error: The device has been removed. ERROR_DEVICE_REMOVED", "lo", errors.New("Read Error"), ErrGone},
		{"no right", "read: Operation not permitted", "lo", errors.New("Read Error"), ErrPermission},
		{"end", "", "lo", io.EOF, io.EOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{steps: []scene{{ns: 1}, {err: tt.err}}, why: tt.why, counts: [][3]uint32{{1, 0, 0}}}
			h := scripted(s, Options{Interface: capture.Interface{Name: tt.adapter}})
			b := capture.NewBatch()
			if err := h.Next(b); err != nil || len(b.Packets) != 1 || len(b.Stats) != 1 {
				t.Fatalf("what was read before the error: %d packets, %d counters, %v", len(b.Packets), len(b.Stats), err)
			}
			if err := h.Next(b); !errors.Is(err, tt.want) || len(b.Packets) != 0 {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// A read that returns at once without a packet must not become a busy loop.
func TestQuietDoesNotSpin(t *testing.T) {
	h := scripted(&script{}, Options{Timeout: 10 * time.Millisecond})
	b := capture.NewBatch()
	begin := time.Now()
	for range 5 {
		if err := h.Next(b); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begin); took < 40*time.Millisecond {
		t.Errorf("5 quiet calls took %v", took)
	}
}

func TestMeter(t *testing.T) {
	for _, tt := range []struct {
		name           string
		readings       [][3]uint32
		received, lost uint64
	}{
		{"the first is the baseline", [][3]uint32{{100, 7, 3}}, 0, 0},
		{"differences add up", [][3]uint32{{100, 7, 3}, {150, 9, 4}, {160, 9, 4}}, 60, 3},
		{"a counter wraps", [][3]uint32{{math.MaxUint32 - 1, 0, 0}, {8, 0, 0}}, 10, 0},
		{"libpcap issue 994: the adapter's counter went back", [][3]uint32{{0, 0, 0}, {5, 0, 4294965006}}, 5, 0},
		{"and goes on from there", [][3]uint32{{0, 0, 0}, {5, 0, 4294965006}, {6, 0, 4294965008}}, 6, 2},
	} {
		var m meter
		for _, r := range tt.readings {
			m.read(r[0], r[1], r[2])
		}
		if m.received != tt.received || m.lost != tt.lost {
			t.Errorf("%s: received %d, lost %d; want %d, %d", tt.name, m.received, m.lost, tt.received, tt.lost)
		}
	}
}

func TestCompass(t *testing.T) {
	own, far, third := capture.MAC{2, 0, 0, 0, 0, 1}, capture.MAC{2, 0, 0, 0, 0, 2}, capture.MAC{2, 0, 0, 0, 0, 3}
	group := capture.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	a, b := capture.AddrFrom4([]byte{10, 8, 0, 1}), capture.AddrFrom4([]byte{10, 8, 0, 2})
	c := newCompass(own, nil, []netip.Prefix{netip.MustParsePrefix("10.8.0.1/24")})
	for _, tt := range []struct {
		name string
		p    capture.Packet
		want capture.Direction
	}{
		{"sent", capture.Packet{LinkSrc: own, LinkDst: far}, capture.DirectionOut},
		{"received", capture.Packet{LinkSrc: far, LinkDst: own}, capture.DirectionIn},
		{"broadcast received", capture.Packet{LinkSrc: far, LinkDst: group}, capture.DirectionIn},
		{"broadcast sent", capture.Packet{LinkSrc: own, LinkDst: group}, capture.DirectionOut},
		{"between others", capture.Packet{LinkSrc: far, LinkDst: third}, capture.DirectionUnknown},
		{"raw, sent", capture.Packet{Kind: capture.KindUDP, Src: a, Dst: b}, capture.DirectionOut},
		{"raw, received", capture.Packet{Kind: capture.KindUDP, Src: b, Dst: a}, capture.DirectionIn},
		{"raw, forwarded", capture.Packet{Kind: capture.KindUDP, Src: b, Dst: b}, capture.DirectionUnknown},
		{"raw, to itself", capture.Packet{Kind: capture.KindUDP, Src: a, Dst: a}, capture.DirectionUnknown},
		{"raw, not IP", capture.Packet{Kind: capture.KindNonIP}, capture.DirectionUnknown},
	} {
		if got := c.point(&tt.p); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	given := newCompass(capture.MAC{}, []netip.Addr{netip.MustParseAddr("10.8.0.2")}, []netip.Prefix{netip.MustParsePrefix("10.8.0.1/24")})
	if got := given.point(&capture.Packet{Kind: capture.KindUDP, Src: b, Dst: a}); got != capture.DirectionOut {
		t.Errorf("given addresses do not replace those of the interface: %v", got)
	}
}

// TestAdapterThatDoesNotLast: what fails each time soon after it was opened is
// opened less and less often, and at once again when it had lasted.
func TestAdapterThatDoesNotLast(t *testing.T) {
	h := scripted(&script{}, Options{Watch: func(Absence) {}})
	b, now := capture.NewBatch(), time.Now()
	leave := func(after time.Duration) time.Duration {
		t.Helper()
		now = now.Add(after)
		h.eng = &script{}
		if !h.leaves(b, now, ErrGone) {
			t.Fatal("it is not away")
		}
		hold := h.keep.next.Sub(now)
		now = h.keep.next
		h.keep.opened = now
		return hold
	}
	want := firstPause
	for i := range 10 {
		if got := leave(time.Millisecond); got != want {
			t.Errorf("time %d: opened again after %v, want %v", i+1, got, want)
		}
		want = min(2*want, maxHold)
	}
	if got := leave(lasting); got != firstPause {
		t.Errorf("after it lasted: opened again after %v, want %v", got, firstPause)
	}
}
