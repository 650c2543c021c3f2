package capture

import (
	"bytes"
	"math"
	"net/netip"
	"reflect"
	"testing"
)

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
