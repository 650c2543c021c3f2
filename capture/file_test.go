package capture

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
)

// drain reads a source to its end and copies everything.
func drain(src Source) (packets []Packet, stats []InterfaceStats, ifaces []Interface, err error) {
	b := NewBatch()
	for {
		err = src.Next(b)
		packets = append(packets, b.Packets...)
		stats = append(stats, b.Stats...)
		ifaces = b.Interfaces
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return packets, stats, ifaces, err
		}
	}
}

func drainBytes(t *testing.T, data []byte) ([]Packet, []InterfaceStats, []Interface) {
	t.Helper()
	f, err := NewFile("test", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packets, stats, ifaces, err := drain(f)
	if err != nil {
		t.Fatal(err)
	}
	return packets, stats, ifaces
}

var (
	frameA = ip4(17, phone, site, udp(4000, 5000, count(10)))
	frameB = eth(0x0800, ip4(17, "192.0.2.9", site, udp(4000, 5000, count(11))))
)

func TestPcapVariants(t *testing.T) {
	modified := func(w writer, packetType byte) []byte {
		n := uint32(len(frameA))
		return cat(w.pcapHead(pcapMagicModified, 96, 101), w.w32(5, 6, n, n), w.w32(3), w.w16(0x800), []byte{packetType, 0}, frameA)
	}
	old := func(minor uint16, captured, wire uint32) []byte {
		return cat(le.w32(pcapMagicMicro), le.w16(2, minor), le.w32(0, 0, 96, 101), le.w32(5, 6, captured, wire), frameA)
	}
	n := uint32(len(frameA))
	for _, c := range []struct {
		name   string
		data   []byte
		time   int64
		wire   uint32
		format string
		dir    Direction
	}{
		{"micro, little-endian", cat(le.pcapHead(pcapMagicMicro, 96, 101), le.record(5, 6, frameA)), 5_000006_000, n, "pcap", 0},
		{"micro, big-endian", cat(be.pcapHead(pcapMagicMicro, 96, 101), be.record(5, 6, frameA)), 5_000006_000, n, "pcap", 0},
		{"nano, little-endian", cat(le.pcapHead(pcapMagicNano, 96, 101), le.record(5, 6, frameA)), 5_000000_006, n, "pcap with nanoseconds", 0},
		{"nano, big-endian", cat(be.pcapHead(pcapMagicNano, 96, 101), be.record(5, 6, frameA)), 5_000000_006, n, "pcap with nanoseconds", 0},
		{"modified, little-endian", modified(le, 4), 5_000006_000, n, "modified pcap", DirectionOut},
		{"modified, big-endian", modified(be, 0), 5_000006_000, n, "modified pcap", DirectionIn},
		{"a second and more of microseconds", cat(le.pcapHead(pcapMagicMicro, 96, 101), le.record(5, 2_000001, frameA)), 7_000001_000, n, "pcap", 0},
		{"the last second", cat(le.pcapHead(pcapMagicMicro, 96, 101), le.record(math.MaxUint32, 0, frameA)), math.MaxUint32 * 1e9, n, "pcap", 0},
		{"longer than the snap length", cat(le.pcapHead(pcapMagicMicro, 16, 101), le.record(5, 6, frameA)), 5_000006_000, n, "pcap", 0},
		{"frame check sequence length", cat(le.pcapHead(pcapMagicMicro, 96, 101|0x44000000), le.record(5, 6, frameA)), 5_000006_000, n, "pcap", 0},
		{"version 2.2: lengths swapped", old(2, 200, n), 5_000006_000, 200, "pcap", 0},
		{"version 2.3: lengths swapped", old(3, 200, n), 5_000006_000, 200, "pcap", 0},
		{"version 2.3: lengths in order", old(3, n, 200), 5_000006_000, 200, "pcap", 0},
	} {
		f, err := NewFile(c.name, bytes.NewReader(c.data))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		packets, _, ifaces, err := drain(f)
		if err != nil || len(packets) != 1 || len(ifaces) != 1 {
			t.Errorf("%s: %d packets, %d interfaces, error %v", c.name, len(packets), len(ifaces), err)
			continue
		}
		p := packets[0]
		if p.Time != c.time || p.CapLen != n || p.WireLen != c.wire || p.Kind != KindUDP || p.PayloadLen != 10 ||
			p.Frame != 1 || p.Offset != 24 || p.Direction != c.dir {
			t.Errorf("%s: %+v", c.name, p)
		}
		if f.Format() != c.format || ifaces[0].Index != -1 || ifaces[0].LinkType != LinkTypeRaw {
			t.Errorf("%s: format %q, interface %+v", c.name, f.Format(), ifaces[0])
		}
	}
}

// TestPcapng reads two sections of different octet order, with interfaces of
// different link types and clocks, every kind of packet block and blocks that
// must be stepped over.
func TestPcapng(t *testing.T) {
	const sec = 1_700_000_000
	section := func(w writer) []byte {
		return cat(
			w.shb(w.opt(optSHBOS, []byte("Linux 6.1"))),
			w.idb(LinkTypeRaw, 256,
				w.opt(optIfName, []byte("wg0\x00")), w.opt(optIfDescr, []byte("the tunnel")),
				w.opt(optIfIPv4, []byte{10, 8, 0, 1, 255, 255, 255, 0}),
				w.opt(optIfIPv6, cat(wire("fd00:8::1"), []byte{64})),
				w.opt(optIfFilter, []byte("\x00host 10.8.0.2")), w.opt(optIfTSResol, []byte{9}),
				w.opt(optCustomText, cat(w.w32(wgtracePEN), []byte("wgtrace:role=tunnel;port=51820;later=1"))), w.opt(optEnd, nil)),
			w.block(0x0bad, []byte("custom")),
			w.idb(LinkTypeEthernet, 0, w.opt(optIfMAC, macA[:]), w.opt(optIfOS, []byte("other")),
				w.opt(optIfTSOffset, w.w64(uint64(1<<64-100))),
				w.opt(optCustomText, cat(w.w32(9), []byte("wgtrace:role=tunnel")))),
			w.epb(0, sec*1e9+7, frameA, w.opt(optComment, []byte("hello")), w.opt(optEPBFlags, w.w32(1)), w.opt(optEnd, nil)),
			w.epb(1, (sec+100)*1e6, frameB, w.opt(optEPBFlags, w.w32(2))),
			w.block(blockSimple, w.w32(uint32(len(frameA))), frameA),
			w.block(blockPacket, w.w16(1, 0), w.w32(uint32((sec+101)*1000000>>32), uint32((sec+101)*1000000&math.MaxUint32), uint32(len(frameB)), 1500), frameB),
			w.block(blockStatistics, w.w32(0, uint32((sec*1000000000+8)>>32), uint32((sec*1000000000+8)&math.MaxUint32)),
				w.opt(optISBIfRecv, w.w64(1000)), w.opt(optISBIfDrop, w.w64(3)), w.opt(optISBOSDrop, w.w64(4))),
		)
	}
	packets, stats, ifaces := drainBytes(t, cat(section(le), section(be)))

	tunnel := Interface{Name: "wg0", Description: "the tunnel", LinkType: LinkTypeRaw, SnapLen: 256, OS: "Linux 6.1",
		Filter: "host 10.8.0.2", Addrs: []netip.Prefix{netip.MustParsePrefix("10.8.0.1/24"), netip.MustParsePrefix("fd00:8::1/64")},
		Role: RoleTunnel, WGPort: 51820}
	wan := Interface{Index: 1, LinkType: LinkTypeEthernet, OS: "other", MAC: macA}
	want := []Interface{tunnel, wan, tunnel, wan}
	for i := range want {
		want[i].Index, want[i].Section = i, i/2
	}
	if !reflect.DeepEqual(ifaces, want) {
		t.Errorf("interfaces %+v\nwant       %+v", ifaces, want)
	}
	if len(packets) != 8 || len(stats) != 2 {
		t.Fatalf("%d packets, %d statistics", len(packets), len(stats))
	}
	for i, p := range packets {
		w := []struct {
			iface   int32
			time    int64
			dir     Direction
			wire    int
			payload uint32
		}{
			{0, sec*1e9 + 7, DirectionIn, len(frameA), 10},
			{1, sec * 1e9, DirectionOut, len(frameB), 11},
			{0, 0, 0, len(frameA), 10},
			{1, (sec + 1) * 1e9, 0, 1500, 11},
		}[i%4]
		w.iface += int32(i / 4 * 2)
		if p.Iface != w.iface || p.Time != w.time || p.Direction != w.dir || int(p.WireLen) != w.wire || p.Kind != KindUDP ||
			p.PayloadLen != w.payload || p.Frame != uint64(i+1) || p.Has(FlagTimeUnknown) != (w.time == 0) {
			t.Errorf("packet %d: %+v\nwant %+v", i, p, w)
		}
	}
	for i, s := range stats {
		if want := (InterfaceStats{Iface: int32(2 * i), Time: sec*1e9 + 8, Received: 1000, Dropped: 7, HasReceived: true, HasDropped: true}); s != want {
			t.Errorf("statistics %+v, want %+v", s, want)
		}
	}
}

// TestStatistics checks which counters are believed.
func TestStatistics(t *testing.T) {
	for _, c := range []struct {
		name    string
		options []byte
		want    InterfaceStats
	}{
		{"nothing said", nil, InterfaceStats{}},
		{"accepted by the filter", le.opt(optISBAccepted, le.w64(9)), InterfaceStats{Received: 9, HasReceived: true}},
		{"drops not known", le.opt(optISBIfDrop, le.w64(math.MaxUint64)), InterfaceStats{}},
		{"slightly negative drops", le.opt(optISBIfDrop, le.w64(4294965006)), InterfaceStats{}},
		{"zero drops", le.opt(optISBIfDrop, le.w64(0)), InterfaceStats{HasDropped: true}},
		{"a counter of the wrong size", le.opt(optISBIfDrop, le.w32(5)), InterfaceStats{}},
	} {
		_, stats, _ := drainBytes(t, cat(le.shb(), le.idb(LinkTypeRaw, 0), le.block(blockStatistics, le.w32(0, 0, 0), c.options)))
		if len(stats) != 1 || stats[0] != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, stats, c.want)
		}
	}
}

// cooked2 is a cooked v2 frame from an interface.
func cooked2(ifIndex uint32, arphrd uint16) []byte {
	return cat(b16(0x0800, 0), b32(ifIndex), b16(arphrd), []byte{0, 0}, make([]byte, 8), frameA)
}

func TestCookedRows(t *testing.T) {
	summary := func(data []byte) []Summary {
		t.Helper()
		f, err := NewFile("any", bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := Summarize(f)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	records := cat(le.record(1, 0, cooked2(2, 1)), le.record(2, 0, cooked2(7, 65534)), le.record(3, 0, cooked2(2, 1)))
	rows := summary(cat(le.pcapHead(pcapMagicMicro, 96, 276), records))
	if len(rows) != 2 || rows[0].Packets != 2 || rows[0].Interface.IfIndex != 2 || rows[1].Packets != 1 || rows[1].Interface.ARPHRD != 65534 || rows[1].Interface.Index != -1 {
		t.Errorf("classic: %+v", rows)
	}
	if rows := summary(le.pcapHead(pcapMagicMicro, 96, 276)); len(rows) != 1 || rows[0].Packets != 0 {
		t.Errorf("classic without packets: %+v", rows)
	}
	if rows := summary(cat(le.pcapHead(pcapMagicMicro, 96, 276), le.record(1, 0, count(5)))); len(rows) != 1 || rows[0].Packets != 1 || rows[0].Undecoded != 1 {
		t.Errorf("classic with a short frame: %+v", rows)
	}

	// In pcapng the interface's own row stands for the packets that could not
	// be told apart, and drops concern all.
	any := cat(le.shb(), le.idb(LinkTypeRaw, 0), le.idb(LinkTypeLinuxSLL2, 0, le.opt(optIfName, []byte("any"))))
	packets := cat(le.epb(1, 1, cooked2(2, 1)), le.epb(1, 2, cooked2(7, 65534)))
	rows = summary(cat(any, packets))
	if len(rows) != 3 || rows[0].Packets != 0 || rows[1].Interface.Index != 1 || rows[1].Interface.IfIndex != 2 || rows[2].Interface.IfIndex != 7 || rows[2].Interface.Name != "any" {
		t.Errorf("pcapng: %+v", rows)
	}
	rows = summary(cat(any, packets, le.epb(1, 3, count(5))))
	if len(rows) != 4 || rows[1].Packets != 1 || rows[1].Interface.IfIndex != 0 {
		t.Errorf("pcapng with a short frame: %+v", rows)
	}
	_, stats, _ := drainBytes(t, cat(any, packets, le.block(blockStatistics, le.w32(1, 0, 0), le.opt(optISBIfDrop, le.w64(5)), le.opt(optISBIfRecv, le.w64(9)))))
	if len(stats) != 3 || !stats[0].HasReceived || stats[1].HasReceived || stats[1].Dropped != 5 || stats[1].Iface != 2 || stats[2].Iface != 3 {
		t.Errorf("statistics: %+v", stats)
	}

	// An "any" capture that invents interfaces.
	var many [][]byte
	for i := range uint32(maxCookedRows + 100) {
		many = append(many, le.record(1, 0, cooked2(i+1, 1)))
	}
	rows = summary(cat(le.pcapHead(pcapMagicMicro, 96, 276), cat(many...)))
	if len(rows) != maxCookedRows+1 || rows[maxCookedRows].Packets != 100 || rows[maxCookedRows].Interface.IfIndex != 0 {
		t.Errorf("%d rows, the last %+v", len(rows), rows[len(rows)-1])
	}
}

func TestClock(t *testing.T) {
	for _, c := range []struct {
		resolution uint8
		offset     int64
		stamp      uint64
		want       int64
		known      bool
	}{
		{6, 0, 1_000001, 1_000001_000, true},
		{9, 0, 1_000000001, 1_000000001, true},
		{0, 0, 17, 17e9, true},
		{3, 0, 1500, 1_500_000_000, true},
		{12, 0, 1_500_000_000_999, 1_500_000_000, true},
		{19, 0, 15_000_000_000_000_000_000, 1_500_000_000, true},
		{22, 0, 15_000_000_000_000_000_000, 1_500_000, true},
		{40, 0, math.MaxUint64, 0, true},
		{127, 0, math.MaxUint64, 0, true},
		{0x80 | 1, 0, 3, 1_500_000_000, true},
		{0x80 | 32, 0, 3 << 31, 1_500_000_000, true},
		{0x80 | 63, 0, 3 << 62, 1_500_000_000, true},
		{0x80 | 64, 0, 1 << 63, 500_000_000, true},
		{0x80 | 127, 0, math.MaxUint64, 0, true},
		{6, -1, 500_000, 0, false},
		{6, -1, 1_500_000, 500_000_000, true},
		{6, 3600, 0, 3600e9, true},
		{9, 0, math.MaxInt64, 0, false},
		{9, 0, maxSeconds*1e9 + 999_999_999, maxSeconds*1e9 + 999_999_999, true},
		{9, -1e9, 10_000_000_000_000_000_000, 9_000_000_000_000_000_000, true},
		{6, 0, math.MaxUint64, 0, false},
		{0, 0, math.MaxUint64, 0, false},
		{0, math.MaxInt64, math.MaxInt64, 0, false},
		{0, math.MinInt64, 5, 0, false},
	} {
		got, known := clock{c.resolution, c.offset}.nanoseconds(c.stamp)
		if got != c.want && known || known != c.known {
			t.Errorf("resolution %#x, offset %d, stamp %d: %d, %v; want %d, %v", c.resolution, c.offset, c.stamp, got, known, c.want, c.known)
		}
	}
}

// TestCompressed reads the same capture through each compression, whole and in
// readers that hand out single octets.
func TestCompressed(t *testing.T) {
	plain := cat(le.pcapHead(pcapMagicMicro, 96, 101), repeat(le.record(5, 6, frameA), 3000))
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	z.Write(plain)
	z.Close()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for format, data := range map[string][]byte{"pcap": plain, "pcap, gzip": gz.Bytes(), "pcap, zstd": enc.EncodeAll(plain, nil)} {
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
			f, err := NewFile("x", r)
			if err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			packets, _, _, err := drain(f)
			if err != nil || len(packets) != 3000 || f.Format() != format {
				t.Errorf("%s: %d packets, format %q, error %v", format, len(packets), f.Format(), err)
			}
			if last := packets[2999]; last.Offset != int64(24+2999*(16+len(frameA))) {
				t.Errorf("%s: the last packet stands at %d", format, last.Offset)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
		// Cut short: what came through is delivered, then damage is told.
		var packets []Packet
		f, err := NewFile("x", bytes.NewReader(data[:len(data)*2/3]))
		if err == nil {
			packets, _, _, err = drain(f)
			f.Close()
		}
		var damage *DamageError
		if !errors.As(err, &damage) || damage.Frame != uint64(len(packets)) || len(packets) == 3000 {
			t.Errorf("%s cut short: %d packets, error %v", format, len(packets), err)
		}
	}
}

// TestLargeRecords makes the window grow and slide.
func TestLargeRecords(t *testing.T) {
	sizes := []int{100, 3 << 20, 1, 5 << 20, chunkSize, chunkSize - 16, 0}
	data := le.pcapHead(pcapMagicMicro, 0, 147)
	for _, n := range sizes {
		data = append(data, le.record(1, 1, make([]byte, n))...)
	}
	packets, _, _ := drainBytes(t, data)
	for i, n := range sizes {
		if int(packets[i].CapLen) != n {
			t.Errorf("record %d: %d octets, want %d", i, packets[i].CapLen, n)
		}
	}
}

func TestBatches(t *testing.T) {
	data := cat(le.pcapHead(pcapMagicMicro, 96, 101), repeat(le.record(5, 6, frameA), 2*BatchSize+5))
	f, err := NewFile("x", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := NewBatch()
	for i, want := range []int{BatchSize, BatchSize, 5} {
		if err := f.Next(b); err != nil || len(b.Packets) != want {
			t.Fatalf("batch %d: %d packets, error %v", i, len(b.Packets), err)
		}
		wantMark := int64(NoWatermark)
		if i == 2 {
			wantMark = math.MaxInt64
		}
		if b.Watermark != wantMark || b.Packets[0].Frame != uint64(i*BatchSize+1) {
			t.Errorf("batch %d: watermark %d, first frame %d", i, b.Watermark, b.Packets[0].Frame)
		}
	}
	for range 2 {
		if err := f.Next(b); err != io.EOF || len(b.Packets) != 0 || len(b.Interfaces) != 1 {
			t.Errorf("after the end: %d packets, error %v", len(b.Packets), err)
		}
	}
}

// TestOpen opens what people name by mistake.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	z.Close()
	etl := make([]byte, 128)
	etl[72], etl[74], etl[75] = 2, 1, 0xc0
	erf := cat(make([]byte, 4), le.w32(1_600_000_000), []byte{2, 4}, b16(96, 0, 80), make([]byte, 80))
	for _, c := range []struct{ path, reason, hint string }{
		{filepath.Join(dir, "absent.pcap"), "no such file", "path"},
		{dir, "is a directory", "name a capture file"},
		{write("empty.pcap", nil), "is empty", "record again"},
		{write("empty.pcap.gz", gz.Bytes()), "is empty", "record again"},
		{write("broken.gz", []byte{0x1f, 0x8b, 8, 0xff}), "broken gzip file", "copy"},
		{write("a.pcap", []byte("10:00:00 IP 10.0.0.1.22 > 10.0.0.2.40000: Flags [P.]\n")), "looks like text", "-w"},
		{write("b.snoop", []byte("snoop\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04")), "Solaris snoop", "editcap"},
		{write("c.bin", etl), "Windows event trace", "pktmon etl2pcap"},
		{write("d.ETL", count(100)), "Windows event trace", "etl2pcapng"},
		{write("e.erf", erf), "Endace ERF", "editcap"},
		{write("f.zip", []byte("PK\x03\x04....")), "zip archive", "unpack"},
		{write("g.pcap", count(90)), "neither pcap nor pcapng", "editcap"},
		{write("h.pcap", []byte{0xd4}), "neither pcap nor pcapng", "editcap"},
		{write("i.pcap", cat(le.w32(pcapMagicMicro), le.w16(3, 0), make([]byte, 16))), "pcap version 3.0 is not supported", "2.4"},
		{write("j.pcapng", le.block(blockSection, le.w32(sectionMagic), le.w16(2, 0), le.w64(0))), "pcapng version 2.0 is not supported", "1.0"},
	} {
		f, err := Open(c.path)
		if err == nil {
			f.Close()
		}
		var open *OpenError
		if !errors.As(err, &open) || !strings.Contains(open.Reason, c.reason) || !strings.Contains(open.Hint, c.hint) ||
			err.Error() != c.path+": "+open.Reason || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", filepath.Base(c.path), err, c.reason)
		}
	}
	if _, err := Open(filepath.Join(dir, "absent.pcap")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file does not unwrap to fs.ErrNotExist: %v", err)
	}
	f, err := Open(write("k.txt", cat(le.pcapHead(pcapMagicMicro, 96, 101), le.record(5, 6, frameA))))
	if err != nil {
		t.Fatalf("a capture with another extension: %v", err)
	}
	if packets, _, _, err := drain(f); err != nil || len(packets) != 1 {
		t.Errorf("%d packets, error %v", len(packets), err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
