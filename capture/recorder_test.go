package capture

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
)

var recorded = []Interface{
	{Name: "wg0", Description: "WireGuard tunnel", LinkType: LinkTypeRaw, SnapLen: 96, OS: "Linux 6.1", Role: RoleTunnel, WGPort: 51820,
		Addrs: []netip.Prefix{netip.MustParsePrefix("10.8.0.1/24"), netip.MustParsePrefix("fd00:8::1/64")}},
	{Index: 1, Name: "eth0", LinkType: LinkTypeEthernet, SnapLen: 96, OS: "Linux 6.1", Role: RoleWAN, MAC: macA,
		Filter: "not port 22", Addrs: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("192.0.2.9/32")}},
	{Index: 2, LinkType: LinkTypeLinuxSLL2, SnapLen: 96, OS: "Linux 6.1", Uplink: true, Namespace: "container wg-easy"},
}

func newRecorder(t *testing.T) (*Recorder, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.pcapng")
	r, err := NewRecorder(path, RecorderInfo{SnapLen: 96, OS: "Linux 6.1", Application: "wgtrace test", Comment: "one run"})
	if err != nil {
		t.Fatal(err)
	}
	for i, iface := range recorded {
		iface.SnapLen, iface.OS = 1, "" // not looked at; that of the section
		if n, err := r.AddInterface(iface); n != i || err != nil {
			t.Fatalf("interface %d: number %d, error %v", i, n, err)
		}
	}
	return r, path
}

func TestRecorderRoundTrip(t *testing.T) {
	r, path := newRecorder(t)
	const start = 1_700_000_000_123456789
	long := ip4(17, phone, site, udp(4000, 5000, count(200)))
	stats := InterfaceStats{Time: start + 9, Received: 5, Dropped: 2, HasReceived: true, HasDropped: true}
	for _, err := range []error{
		r.WritePacket(0, start, len(frameA), frameA, DirectionIn),
		r.WritePacket(1, start+1, len(frameB), frameB, DirectionOut),
		r.WritePacket(0, start+2, 1400, long, DirectionUnknown),
		r.WriteStats(1, stats),
		r.Flush(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	// A reader of the unfinished file sees all that was flushed.
	part := openAndDrain(t, path+".part")
	if len(part) != 3 {
		t.Errorf("%d packets in the unfinished file", len(part))
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file has its name before it is closed: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if err := r.WritePacket(0, start, 1, nil, 0); err == nil {
		t.Error("a closed recording takes packets")
	}
	if _, err := os.Stat(path + ".part"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the .part file is still there: %v", err)
	}

	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packets, gotStats, ifaces, err := drain(f)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(ifaces, recorded) {
		t.Errorf("interfaces %+v\nwant       %+v", ifaces, recorded)
	}
	stats.Iface = 1
	if len(gotStats) != 1 || gotStats[0] != stats {
		t.Errorf("statistics %+v, want %+v", gotStats, stats)
	}
	var d Decoder
	for i, frame := range [][]byte{frameA, frameB, long[:96]} {
		var want Packet
		d.Decode(&want, recorded[i%2].LinkType, frame, []int{len(frameA), len(frameB), 1400}[i], nil)
		want.Time, want.Frame, want.Iface = start+int64(i), uint64(i+1), int32(i%2)
		want.Direction, want.Offset = []Direction{DirectionIn, DirectionOut, 0}[i], packets[i].Offset
		if packets[i] != want {
			t.Errorf("packet %d: %+v\nwant %+v", i, packets[i], want)
		}
	}
}

func openAndDrain(t *testing.T, path string) []Packet {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packets, _, _, err := drain(f)
	if err != nil {
		t.Fatal(err)
	}
	return packets
}

// TestRecorderForOthers has Wireshark's tools read a recording.
func TestRecorderForOthers(t *testing.T) {
	capinfos, err := exec.LookPath("capinfos")
	if err != nil {
		t.Skip("capinfos is not installed")
	}
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	r, path := newRecorder(t)
	for i := range 3 {
		if err := r.WritePacket(i%2, 1_700_000_000_123456789, 500, [][]byte{frameA, frameB}[i%2], DirectionOut); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.WriteStats(0, InterfaceStats{Time: 1, Dropped: 2, HasDropped: true}); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(capinfos, path).CombinedOutput()
	if err != nil {
		t.Fatalf("capinfos: %v\n%s", err, out)
	}
	for _, want := range []string{"Number of packets:   3", "one run", "wgtrace test", "Name = wg0", "Filter string = not port 22", "Number of interfaces in file: 3", "(9)"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("capinfos does not say %q:\n%s", want, out)
		}
	}
	cmd := exec.Command(tshark, "-n", "-r", path, "-T", "fields", "-e", "frame.interface_name", "-e", "frame.packet_flags_direction", "-e", "frame.time_epoch", "-e", "udp.length")
	fields, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	got := strings.Split(strings.TrimSpace(string(fields)), "\n")
	if len(got) != 3 || !strings.HasPrefix(got[0], "wg0\t") || !strings.Contains(got[1], "1700000000.123456789\t19") || !strings.Contains(got[1], "2") {
		t.Errorf("tshark: %q", got)
	}
}

func TestRecorderErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.pcapng")
	if err := os.WriteFile(path+".part", []byte("of an earlier run"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{path, path + ".part: exists already"},
		{dir, dir + ": is a directory"},
		{filepath.Join(dir, "no", "x.pcapng"), "create recording " + filepath.Join(dir, "no", "x.pcapng.part") + ": "},
	} {
		if _, err := NewRecorder(c.path, RecorderInfo{}); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.path, err, c.want)
		}
	}
	if b, _ := os.ReadFile(path + ".part"); string(b) != "of an earlier run" {
		t.Errorf("the earlier run's file was touched: %q", b)
	}

	r, path := newRecorder(t)
	for _, iface := range []int{-1, 3} {
		if err := r.WritePacket(iface, 0, 1, []byte{1}, 0); err == nil || !strings.Contains(err.Error(), "no interface") {
			t.Errorf("interface %d: %v", iface, err)
		}
	}
	if err := r.WritePacket(0, -5, 1, []byte{1}, 0); err != nil {
		t.Errorf("a time before 1970: %v", err)
	}
	// The name is taken by a folder meanwhile: the recording stays.
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), path+".part") {
		t.Errorf("closing: error %v, want one that names the .part file", err)
	}
	if got := openAndDrain(t, path+".part"); len(got) != 1 {
		t.Errorf("%d packets left", len(got))
	}

	r, path = newRecorder(t)
	r.Abort()
	r.Abort()
	if _, err := os.Stat(path + ".part"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Abort: %v", err)
	}
	if err := r.Flush(); err == nil {
		t.Error("an aborted recording can be flushed")
	}
}

// TestRecorderDiskFull writes to a device that is always full.
func TestRecorderDiskFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	r, path := newRecorder(t)
	r.file.Close()
	r.file = full
	r.w.Reset(full)
	if err := r.Flush(); err != nil {
		t.Fatalf("flushing nothing: %v", err)
	}
	for range 2000 {
		err = r.WritePacket(0, 1, 96, make([]byte, 96), 0)
	}
	if err == nil || !strings.HasPrefix(err.Error(), "write recording "+path+".part: ") {
		t.Errorf("writing: %v", err)
	}
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), path+".part") {
		t.Errorf("closing: %v", err)
	}
}

func TestRecorderConcurrent(t *testing.T) {
	r, path := newRecorder(t)
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			for n := range 1000 {
				if err := r.WritePacket(i, int64(n), len(frameA), frameA, DirectionIn); err != nil {
					t.Error(err)
				}
				if n%100 == 0 {
					r.Flush()
				}
			}
		})
	}
	wg.Wait()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if got := openAndDrain(t, path); len(got) != 2000 {
		t.Errorf("%d packets", len(got))
	}
}
