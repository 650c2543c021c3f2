package live

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wgtrace/wgtrace/capture"
)

func ip(t testing.TB, args string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", args, err, out)
	}
}

var pairs int

// wire is a veth pair: frames sent at far arrive at near, and nothing else does.
type wire struct {
	near, far string
	nearMAC   net.HardwareAddr
	farMAC    net.HardwareAddr
	fd        int // packet socket on far
}

func newWire(t testing.TB) *wire {
	t.Helper()
	needsNamespace(t)
	pairs++
	w := &wire{near: fmt.Sprintf("near%d", pairs), far: fmt.Sprintf("far%d", pairs)}
	ip(t, "link add "+w.near+" type veth peer name "+w.far)
	t.Cleanup(func() { exec.Command("ip", "link", "del", w.near).Run() })
	for _, name := range []string{w.near, w.far} {
		// Without IPv6 an adapter stays silent: no router solicitations.
		ip(t, "link set "+name+" addrgenmode none")
		ip(t, "link set "+name+" up")
	}
	near, far := adapter(t, w.near), adapter(t, w.far)
	w.nearMAC, w.farMAC = near.HardwareAddr, far.HardwareAddr
	w.fd = packetSocket(t, far.Index)
	return w
}

func adapter(t testing.TB, name string) *net.Interface {
	t.Helper()
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return ifi
}

func packetSocket(t testing.TB, ifindex int) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: ifindex}); err != nil {
		t.Fatal(err)
	}
	return fd
}

// send puts one frame on the wire, far to near, with n octets of UDP payload.
func (w *wire) send(t testing.TB, n int) {
	t.Helper()
	sendFrame(t, w.fd, frame(w.nearMAC, w.farMAC, n))
}

func sendFrame(t testing.TB, fd int, f []byte) {
	t.Helper()
	if _, err := unix.Write(fd, f); err != nil {
		t.Fatal(err)
	}
}

func frame(dst, src net.HardwareAddr, n int) []byte {
	f := append(append([]byte{}, dst...), src...)
	f = binary.BigEndian.AppendUint16(f, 0x0800)
	return append(f, udpPacket(n)...)
}

func open(t testing.TB, device string, o Options) *Handle {
	t.Helper()
	h, err := Open(device, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// collect calls Next until want packets have come, and fails after two seconds.
func collect(t testing.TB, h *Handle, want int) (packets []capture.Packet, stats []capture.InterfaceStats) {
	t.Helper()
	b := capture.NewBatch()
	for begin := time.Now(); len(packets) < want; {
		if err := h.Next(b); err != nil {
			t.Fatalf("after %d packets: %v", len(packets), err)
		}
		packets = append(packets, b.Packets...)
		stats = append(stats, b.Stats...)
		if time.Since(begin) > 2*time.Second {
			t.Fatalf("%d of %d packets after 2 s", len(packets), want)
		}
	}
	return packets, stats
}

func TestEthernet(t *testing.T) {
	w := newWire(t)
	type teed struct {
		iface int32
		ns    int64
		wire  int
		data  []byte
		dir   capture.Direction
	}
	var tee []teed
	h := open(t, w.near, Options{
		Interface: capture.Interface{Index: 1, Role: capture.RoleWAN, WGPort: 51820},
		Tee: func(iface int32, ns int64, wire int, data []byte, dir capture.Direction) {
			tee = append(tee, teed{iface, ns, wire, bytes.Clone(data), dir})
		},
	})
	if i := h.Interface(); i.Name != w.near || i.LinkType != capture.LinkTypeEthernet || i.Role != capture.RoleWAN ||
		i.WGPort != 51820 || i.MAC.String() != w.nearMAC.String() || i.SnapLen != DefaultSnapLen {
		t.Errorf("interface %+v", i)
	}
	before := time.Now().UnixNano()
	w.send(t, 10)   // shorter than the snap length
	w.send(t, 1000) // longer
	out := packetSocket(t, adapter(t, w.near).Index)
	sendFrame(t, out, frame(w.farMAC, w.nearMAC, 20)) // sent by the captured end
	packets, _ := collect(t, h, 3)
	after := time.Now().UnixNano()

	for i, want := range []struct {
		wire, payload uint32
		dir           capture.Direction
	}{{52, 10, capture.DirectionIn}, {1042, 1000, capture.DirectionIn}, {62, 20, capture.DirectionOut}} {
		p := &packets[i]
		if p.WireLen != want.wire || p.CapLen != min(want.wire, DefaultSnapLen) || p.PayloadLen != want.payload ||
			p.Kind != capture.KindUDP || p.Direction != want.dir || p.Frame != uint64(i+1) {
			t.Errorf("packet %d: %+v, want %+v", i+1, p, want)
		}
		if p.Time < before || p.Time > after {
			t.Errorf("packet %d is stamped %v outside the time in which it was sent", i+1, time.Duration(p.Time-before))
		}
		if x := tee[i]; x.iface != 1 || x.ns != p.Time || x.wire != int(want.wire) || x.dir != want.dir || len(x.data) != int(p.CapLen) {
			t.Errorf("tee of packet %d: %+v", i+1, x)
		}
	}
	if !bytes.Equal(tee[0].data, frame(w.nearMAC, w.farMAC, 10)) {
		t.Errorf("teed octets %x", tee[0].data)
	}
	if packets[0].Time%1000 == 0 && packets[1].Time%1000 == 0 && packets[2].Time%1000 == 0 {
		t.Error("no stamp has nanoseconds")
	}
}

// The kernel hands the tag of a VLAN over beside the frame; it must be in it, or
// frames of all VLANs would look like untagged ones.
func TestVLANTag(t *testing.T) {
	w := newWire(t)
	h := open(t, w.near, Options{})
	tagged := frame(w.nearMAC, w.farMAC, 30)
	tagged = slices.Insert(tagged, 12, 0x81, 0x00, 0x00, 0x2a)
	sendFrame(t, w.fd, tagged)
	packets, _ := collect(t, h, 1)
	if p := &packets[0]; p.Kind != capture.KindUDP || p.PayloadLen != 30 || int(p.WireLen) != len(tagged) || int(p.CapLen) != len(tagged) || p.VLAN != 42 {
		t.Errorf("got %+v", p)
	}
}

// What a host sends to itself passes the loopback adapter twice.
func TestLoopbackOnce(t *testing.T) {
	needsNamespace(t)
	ip(t, "link set lo up")
	h := open(t, "lo", Options{SnapLen: maxSnapLen, Buffer: minBuffer})
	c, err := net.Dial("udp", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(make([]byte, 33)); err != nil {
		t.Fatal(err)
	}
	var sent int
	b := capture.NewBatch()
	for range 4 {
		if err := h.Next(b); err != nil {
			t.Fatal(err)
		}
		for n := range b.Packets {
			if p := &b.Packets[n]; p.Kind == capture.KindUDP && p.PayloadLen == 33 {
				sent++
			}
		}
	}
	if sent != 1 {
		t.Errorf("a packet was captured %d times", sent)
	}
}

// A WireGuard adapter has no link layer; a TUN adapter stands in for it.
func TestRawIP(t *testing.T) {
	needsNamespace(t)
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("TUN adapters are not available: %v", err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("tunraw0")
	if err != nil {
		t.Fatal(err)
	}
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
		t.Fatal(err)
	}
	ip(t, "addr add 192.0.2.2/24 dev tunraw0")
	ip(t, "link set tunraw0 up")
	h := open(t, "tunraw0", Options{})
	if h.Interface().LinkType != capture.LinkTypeRaw {
		t.Fatalf("link type %v, want 101", h.Interface().LinkType)
	}
	sendFrame(t, fd, udpPacket(40)) // 192.0.2.1 to 192.0.2.2, as the tunnel delivers it
	for {
		packets, _ := collect(t, h, 1)
		if packets[0].Proto != unix.IPPROTO_UDP {
			continue // the kernel's own IPv6 start-up
		}
		if p := packets[0]; p.WireLen != 68 || p.PayloadLen != 40 || p.Src.String() != "192.0.2.1" || p.Direction != capture.DirectionIn {
			t.Errorf("got %+v", p)
		}
		return
	}
}

func TestQuietTapAdvances(t *testing.T) {
	w := newWire(t)
	h := open(t, w.near, Options{})
	b := capture.NewBatch()
	last := int64(capture.NoWatermark)
	for begin := time.Now(); time.Since(begin) < 400*time.Millisecond; {
		if err := h.Next(b); err != nil {
			t.Fatal(err)
		}
		now := time.Now().UnixNano()
		if lag := time.Duration(now - b.Watermark); lag > 300*time.Millisecond || lag <= 0 {
			t.Fatalf("the watermark is %v behind", lag)
		}
		if b.Watermark <= last {
			t.Fatal("the watermark stands still")
		}
		last = b.Watermark
	}
}

// The promise itself: no packet comes that is earlier than a watermark.
func TestWatermarkHolds(t *testing.T) {
	w := newWire(t)
	h := open(t, w.near, Options{Timeout: 20 * time.Millisecond})
	done := make(chan struct{})
	go func() {
		defer close(done)
		f := frame(w.nearMAC, w.farMAC, 8)
		for i := range 400 {
			unix.Write(w.fd, f)
			time.Sleep(time.Duration(i%7) * 700 * time.Microsecond)
		}
	}()
	b := capture.NewBatch()
	mark, total := int64(capture.NoWatermark), 0
	for begin := time.Now(); total < 400; {
		if err := h.Next(b); err != nil {
			t.Fatal(err)
		}
		for i := range b.Packets {
			if b.Packets[i].Time < mark {
				t.Fatalf("packet %d is %v earlier than promised", b.Packets[i].Frame, time.Duration(mark-b.Packets[i].Time))
			}
		}
		mark = max(mark, b.Watermark)
		total += len(b.Packets)
		if time.Since(begin) > 5*time.Second {
			t.Fatalf("%d of 400 packets", total)
		}
	}
	<-done
}

func TestStatsAreReadEverySecond(t *testing.T) {
	w := newWire(t)
	h := open(t, w.near, Options{})
	for range 5 {
		w.send(t, 1)
	}
	b := capture.NewBatch()
	begin := time.Now()
	for {
		if err := h.Next(b); err != nil {
			t.Fatal(err)
		}
		if len(b.Stats) > 0 {
			break
		}
		if time.Since(begin) > 2*time.Second {
			t.Fatal("no counters after 2 s")
		}
	}
	if took := time.Since(begin); took < 800*time.Millisecond {
		t.Errorf("first counters after %v", took)
	}
	if s := b.Stats[0]; s.Received != 5 || s.Dropped != 0 || !s.HasReceived || !s.HasDropped || s.Time < begin.UnixNano() {
		t.Errorf("counters %+v", s)
	}
}

// A reader that stands still while more arrives than the buffer holds: the loss
// must be counted, exactly.
func TestDropsAreCounted(t *testing.T) {
	w := newWire(t)
	h := open(t, w.near, Options{Buffer: 256 << 10, Timeout: 10 * time.Millisecond})
	const sent = 20000
	f := frame(w.nearMAC, w.farMAC, 400)
	for range sent {
		sendFrame(t, w.fd, f)
	}
	h.Stop()
	got, stats := drain(t, h)
	if len(stats) == 0 {
		t.Fatal("no final counters")
	}
	s := stats[len(stats)-1]
	if s.Dropped == 0 || uint64(got)+s.Dropped != sent || s.Received != sent {
		t.Errorf("sent %d: %d read, counters %+v", sent, got, s)
	}
	if h.Stats().Dropped != s.Dropped {
		t.Errorf("Stats after the end: %+v, want %+v", h.Stats(), s)
	}
}

func drain(t testing.TB, h *Handle) (packets int, stats []capture.InterfaceStats) {
	t.Helper()
	b := capture.NewBatch()
	for begin := time.Now(); time.Since(begin) < 5*time.Second; {
		err := h.Next(b)
		if err == io.EOF {
			return packets, stats
		}
		if err != nil {
			t.Fatal(err)
		}
		packets += len(b.Packets)
		stats = append(stats, b.Stats...)
	}
	t.Fatal("no end within 5 s")
	return 0, nil
}
