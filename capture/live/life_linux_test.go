package live

import (
	"context"
	"errors"
	"io"
	"math"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
)

// Stop from another goroutine: what was sent before it arrives, and the end
// comes soon, on a quiet tap and on a busy one.
func TestStopLive(t *testing.T) {
	for _, busy := range []bool{false, true} {
		w := newWire(t)
		h := open(t, w.near, Options{})
		ctx, cancel := context.WithCancel(context.Background())
		sender := make(chan struct{})
		go func() {
			defer close(sender)
			f := frame(w.nearMAC, w.farMAC, 8)
			for busy && ctx.Err() == nil {
				sendFrame(t, w.fd, f)
				time.Sleep(200 * time.Microsecond)
			}
		}()
		type result struct {
			packets int
			at      time.Time
			err     error
		}
		ended := make(chan result, 1)
		go func() {
			var r result
			b := capture.NewBatch()
			for r.err == nil {
				r.err = h.Next(b)
				r.packets += len(b.Packets)
			}
			r.at = time.Now()
			ended <- r
		}()
		time.Sleep(120 * time.Millisecond)
		if !busy {
			w.send(t, 1) // lies in a block that the kernel still holds
		}
		stopped := time.Now()
		h.Stop()
		r := <-ended
		cancel()
		<-sender
		if r.err != io.EOF || r.packets == 0 {
			t.Errorf("busy %v: %d packets, %v", busy, r.packets, r.err)
		}
		if took := r.at.Sub(stopped); took > 250*time.Millisecond {
			t.Errorf("busy %v: the end came %v after Stop", busy, took)
		}
	}
}

// Close while Next waits: it must neither hang nor pull the memory away from
// under the reader.
func TestCloseWhileReading(t *testing.T) {
	before := runtime.NumGoroutine()
	w := newWire(t)
	h := open(t, w.near, Options{})
	ended := make(chan error, 1)
	go func() {
		b := capture.NewBatch()
		for {
			if err := h.Next(b); err != nil {
				ended <- err
				return
			}
		}
	}()
	time.Sleep(30 * time.Millisecond)
	begin := time.Now()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != io.EOF {
		t.Errorf("Next after Close: %v", err)
	}
	if took := time.Since(begin); took > 300*time.Millisecond {
		t.Errorf("Close took %v", took)
	}
	if err := h.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

func TestAdapterGoes(t *testing.T) {
	w := newWire(t)
	h := open(t, w.near, Options{})
	w.send(t, 1)
	collect(t, h, 1)
	ip(t, "link del "+w.near)
	b := capture.NewBatch()
	for begin := time.Now(); ; {
		err := h.Next(b)
		if errors.Is(err, ErrGone) {
			if !strings.Contains(err.Error(), w.near) {
				t.Errorf("%q does not name the adapter", err)
			}
			t.Log(err)
			break
		}
		if err != nil {
			t.Fatalf("got %v, want ErrGone", err)
		}
		if time.Since(begin) > time.Second {
			t.Fatal("the adapter is gone for a second and nobody noticed")
		}
	}
	if err := h.Next(b); !errors.Is(err, ErrGone) {
		t.Errorf("afterwards: %v", err)
	}
}

// An adapter that goes down for a while is no end: captures go on when it is
// back.
func TestAdapterDownAndUp(t *testing.T) {
	w := newWire(t)
	h := open(t, w.near, Options{})
	b := capture.NewBatch()
	ip(t, "link set "+w.near+" down")
	begin, calls := time.Now(), 0
	for time.Since(begin) < 200*time.Millisecond {
		if err := h.Next(b); err != nil {
			t.Fatalf("while it is down: %v", err)
		}
		calls++
	}
	if calls > 10 {
		t.Errorf("%d calls in 200 ms: Next spins", calls)
	}
	ip(t, "link set "+w.near+" up")
	for begin := time.Now(); len(b.Packets) == 0; {
		w.send(t, 1)
		if err := h.Next(b); err != nil {
			t.Fatal(err)
		}
		if time.Since(begin) > 2*time.Second {
			t.Fatal("nothing was captured after it came back")
		}
	}
}

// TestAdapterComesBack deletes a watched adapter and makes it anew: the capture
// goes on with the new one, says how long nothing was seen, counts on, and knows
// its new hardware address and its new IP address.
func TestAdapterComesBack(t *testing.T) {
	w := newWire(t)
	var told []Absence
	h := open(t, w.near, Options{Watch: func(a Absence) { told = append(told, a) }})
	w.send(t, 1)
	collect(t, h, 1)
	b := capture.NewBatch()
	var away []capture.InterfaceStats
	var addrs []netip.Addr
	mark := int64(math.MinInt64)
	next := func() {
		t.Helper()
		if err := h.Next(b); err != nil {
			t.Fatal(err)
		}
		for _, p := range b.Packets {
			if p.Time < mark {
				t.Errorf("a packet is %v earlier than was promised", time.Duration(mark-p.Time))
			}
		}
		mark = max(mark, b.Watermark)
		for _, s := range b.Stats {
			if s.AwaySince != 0 {
				away = append(away, s)
			}
			if s.Addr.IsValid() {
				addrs = append(addrs, s.Addr)
			}
		}
	}
	before := time.Now()
	ip(t, "link del "+w.near)
	for time.Since(before) < 400*time.Millisecond {
		next()
	}
	if s := h.Stats(); s.AwaySince == 0 || s.Received != 1 {
		t.Errorf("while it is away the counters are %+v", s)
	}
	ip(t, "link add "+w.near+" address 02:00:00:00:00:99 type veth peer name "+w.far)
	for _, name := range []string{w.near, w.far} {
		ip(t, "link set "+name+" addrgenmode none")
		ip(t, "link set "+name+" up")
	}
	ip(t, "addr add 192.0.2.77/24 dev "+w.near)
	w.nearMAC, w.farMAC, w.fd = adapter(t, w.near).HardwareAddr, adapter(t, w.far).HardwareAddr, packetSocket(t, adapter(t, w.far).Index)
	for len(told) < 2 && time.Since(before) < 5*time.Second {
		next()
	}
	w.send(t, 1)
	for b.Reset(); len(b.Packets) == 0 && time.Since(before) < 5*time.Second; {
		next()
	}
	if len(b.Packets) != 1 || b.Packets[0].Direction != capture.DirectionIn || b.Packets[0].Frame != 2 {
		t.Errorf("after it came back: %+v", b.Packets)
	}
	if s := h.Stats(); s.AwaySince != 0 {
		t.Errorf("after it came back the counters are %+v", s)
	}
	if len(told) != 2 || told[0].Kind != AdapterGone || !told[0].Until.IsZero() || told[1].Until.Before(told[1].Since.Add(300*time.Millisecond)) {
		t.Errorf("told %+v", told)
	}
	if len(away) == 0 || away[len(away)-1].AwaySince > before.UnixNano()+int64(100*time.Millisecond) || away[len(away)-1].Time < before.Add(400*time.Millisecond).UnixNano() {
		t.Errorf("away %+v, deleted at %d", away, before.UnixNano())
	}
	if !slices.Contains(addrs, netip.MustParseAddr("192.0.2.77")) {
		t.Errorf("addresses %v", addrs)
	}
}

// TestAdapterStaysAway: a capture whose adapter does not return ends when it is
// told to, and says that it was away to the end.
func TestAdapterStaysAway(t *testing.T) {
	w := newWire(t)
	h := open(t, w.near, Options{Watch: func(Absence) {}})
	ip(t, "link del "+w.near)
	b := capture.NewBatch()
	var err error
	for begin := time.Now(); err == nil; {
		if time.Since(begin) > 300*time.Millisecond {
			h.Stop()
		}
		if time.Since(begin) > 3*time.Second {
			t.Fatal("it does not end")
		}
		last := capture.InterfaceStats{}
		if err = h.Next(b); err == nil {
			last = b.Stats[len(b.Stats)-1]
		}
		if err == nil && b.Watermark == math.MaxInt64 && last.AwaySince == 0 {
			t.Errorf("the last word is %+v", last)
		}
	}
	if err != io.EOF {
		t.Error(err)
	}
}

func TestOpenUnknown(t *testing.T) {
	w := newWire(t)
	_, err := Open("no-such-if", Options{})
	var e *Error
	if !errors.Is(err, ErrNoDevice) || !errors.As(err, &e) || errors.Is(err, ErrPermission) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "no-such-if") || !strings.Contains(err.Error(), w.near) || e.Hint == "" {
		t.Errorf("%q does not name the adapter and the choices; hint %q", err, e.Hint)
	}
}

func TestOpenDown(t *testing.T) {
	w := newWire(t)
	ip(t, "link set "+w.near+" down")
	h, err := Open(w.near, Options{})
	if err == nil {
		h.Close()
		return // libpcap from 1.10 on waits for the adapter instead
	}
	if !errors.Is(err, ErrNotUp) {
		t.Errorf("got %v", err)
	}
}

// asked is the adapter that the process without capabilities tries to open.
const asked = "WGTRACE_LIVE_TEST_OPEN"

// TestOpenWithoutPermission runs this program again as a user without any
// capability, in the same namespace, so that the adapter does exist.
func TestOpenWithoutPermission(t *testing.T) {
	if name := os.Getenv(asked); name != "" {
		_, err := Open(name, Options{})
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, ErrPermission) || errors.Is(err, ErrNoDevice) {
			t.Fatalf("got %v", err)
		}
		if want := "sudo setcap cap_net_raw,cap_net_admin+eip '" + executable() + "'"; !strings.Contains(e.Hint, want) {
			t.Errorf("hint %q lacks %q", e.Hint, want)
		}
		return
	}
	w := newWire(t)
	// A copy where another user may run it: the build directory is closed, and
	// the advice for what lies there is another one.
	dir, err := os.MkdirTemp("", "wgtrace-live-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "live test")
	data, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(program, data, 0o755)
	}
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^TestOpenWithoutPermission$", "-test.v")
	cmd.Dir = "/"
	cmd.Env = []string{inside + "=1", asked + "=" + w.near}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skipf("changing the user needs CAP_SETUID: %v", err)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "--- PASS: TestOpenWithoutPermission") {
		t.Errorf("the child did not run the test:\n%s", out)
	}
}

func TestDevicesAndLibrary(t *testing.T) {
	w := newWire(t)
	devices, err := Devices()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]Device{}
	for _, d := range devices {
		seen[d.Name] = d
	}
	if d := seen[w.near]; d.PcapName != w.near || !d.Up || d.Loopback {
		t.Errorf("%s: %+v", w.near, d)
	}
	if _, ok := seen["any"]; ok || !seen["lo"].Loopback {
		t.Errorf("got %+v", devices)
	}
	if v := Library(); !strings.Contains(v, "libpcap") && !strings.Contains(v, "TPACKET_V3") {
		t.Errorf("library %q", v)
	}
}

// Packets must cost no memory: at 300,000 a second the collector would run all
// the time.
func TestNextDoesNotAllocate(t *testing.T) {
	w := newWire(t)
	h := open(t, w.near, Options{})
	const batches = 20
	f := frame(w.nearMAC, w.farMAC, 100)
	for range (batches + 2) * capture.BatchSize {
		sendFrame(t, w.fd, f)
	}
	time.Sleep(3 * h.wait) // until the kernel has handed over the last block
	b := capture.NewBatch()
	packets := 0
	allocs := testing.AllocsPerRun(batches, func() {
		if err := h.Next(b); err != nil {
			t.Fatal(err)
		}
		packets += len(b.Packets)
	})
	if packets < batches*capture.BatchSize/2 {
		t.Fatalf("only %d packets came", packets)
	}
	if allocs != 0 {
		t.Errorf("%v allocations for each batch of %d packets", allocs, packets/(batches+1))
	}
}

// BenchmarkNext reads what lies in the kernel's buffer, decoding included. The
// time of sending is left out, and so is the last batch of a round, which waits
// for company.
func BenchmarkNext(b *testing.B) {
	w := newWire(b)
	h := open(b, w.near, Options{Buffer: 64 << 20})
	f := frame(w.nearMAC, w.farMAC, 100)
	batch := capture.NewBatch()
	b.ReportAllocs()
	for n := 0; n < b.N; {
		b.StopTimer()
		round := min(b.N-n, 50*capture.BatchSize)
		for range round + capture.BatchSize {
			sendFrame(b, w.fd, f)
		}
		time.Sleep(2 * h.wait)
		b.StartTimer()
		for got := 0; got < round; {
			if err := h.Next(batch); err != nil {
				b.Fatal(err)
			}
			if len(batch.Packets) == 0 {
				b.Fatalf("%d of %d packets", got, round)
			}
			got += len(batch.Packets)
		}
		b.StopTimer()
		for len(batch.Packets) > 0 {
			if err := h.Next(batch); err != nil {
				b.Fatal(err)
			}
		}
		n += round
	}
}
