package capture

import (
	"bytes"
	"io"
	"math"
	"testing"
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
		if b.Watermark != NoWatermark || b.Packets[0].Frame != uint64(i*BatchSize+1) {
			t.Errorf("batch %d: watermark %d, first frame %d", i, b.Watermark, b.Packets[0].Frame)
		}
	}
	for range 2 {
		if err := f.Next(b); err != io.EOF || len(b.Packets) != 0 || len(b.Interfaces) != 1 || b.Watermark != math.MaxInt64 {
			t.Errorf("after the end: %d packets, error %v", len(b.Packets), err)
		}
	}
}
