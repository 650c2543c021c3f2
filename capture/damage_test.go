package capture

import (
	"bytes"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// TestDamage reads files that are broken at one place. What stands before must
// be delivered, then the place named.
func TestDamage(t *testing.T) {
	classic := cat(le.pcapHead(pcapMagicMicro, 96, 101), repeat(le.record(5, 6, frameA), 3))
	ng := cat(le.shb(), le.idb(LinkTypeRaw, 0), repeat(le.epb(0, 7, frameA), 3))
	n := len(frameA)
	badTrailer := le.epb(0, 7, frameA)
	badTrailer[len(badTrailer)-1] = 9
	hugeBlock := le.w32(blockEnhanced, 1<<30, 0, 0)
	tooMany := cat(le.shb(), repeat(le.idb(LinkTypeRaw, 0), maxInterfaces+1))
	for _, c := range []struct {
		name    string
		data    []byte
		packets int
		offset  int
		reason  string
	}{
		{"classic: in the file header", classic[:20], 0, 0, "cut short in the middle of the file header"},
		{"classic: in a record header", classic[:len(classic)-n-3], 2, 24 + 2*(16+n), "cut short in the middle of a packet"},
		{"classic: in the last record", classic[:len(classic)-1], 2, 24 + 2*(16+n), "cut short in the middle of a packet"},
		{"classic: a record of 2 GiB", cat(classic, le.w32(1, 1, 1<<31, 1<<31), frameA), 3, len(classic), "a packet of 2147483648 octets cannot be"},
		{"classic: reserved bits", le.pcapHead(pcapMagicMicro, 96, 0x00300001), 0, 20, "reserved bits"},
		{"pcapng: in a block", ng[:len(ng)-1], 2, len(ng) - 32 - n - (-n & 3), "cut short in the middle of a block"},
		{"pcapng: in a block's header", cat(ng, le.w32(blockEnhanced)), 3, len(ng), "cut short in the middle of a block"},
		{"pcapng: in the section header", ng[:20], 0, 0, "cut short in the middle of a section header"},
		{"pcapng: no byte-order magic", cat(le.w32(blockSection, 28), make([]byte, 20)), 0, 0, "byte-order magic"},
		{"pcapng: a section header of 12 octets", cat(le.w32(blockSection, 12, sectionMagic), le.w16(1, 0), le.w64(0), le.w32(28)), 0, 0, "two lengths differ"},
		{"pcapng: lengths that differ", cat(ng, badTrailer, ng), 3, len(ng), "two lengths differ"},
		{"pcapng: a block of 1 GiB", cat(ng, hugeBlock), 3, len(ng), "a block of 1073741824 octets cannot be"},
		{"pcapng: an unknown block of 1 GiB", cat(ng, le.w32(0x0bad, 1<<30, 0, 0)), 3, len(ng), "cut short in the middle of a block"},
		{"pcapng: a block of 8 octets", cat(ng, le.w32(0x0bad, 8, 8)), 3, len(ng), "a block of 8 octets cannot be"},
		{"pcapng: an interface that is not there", cat(ng, le.epb(1, 7, frameA)), 3, len(ng), "interface 1 of a section that has described 1"},
		{"pcapng: an interface of the section before", cat(ng, le.shb(), le.epb(0, 7, frameA)), 3, len(ng) + 28, "interface 0 of a section that has described 0"},
		{"pcapng: a packet beyond its block", cat(ng, le.block(blockEnhanced, le.w32(0, 0, 7, 100, 100), make([]byte, 96))), 3, len(ng), "does not fit its block"},
		{"pcapng: a packet of nearly 4 GiB", cat(ng, le.block(blockEnhanced, le.w32(0, 0, 7, math.MaxUint32-2, 100), make([]byte, 96))), 3, len(ng), "does not fit its block"},
		{"pcapng: a simple packet that does not fill its block", cat(ng, le.block(blockSimple, le.w32(40), make([]byte, 96))), 3, len(ng), "does not fill its block"},
		{"pcapng: a simple packet without an interface", cat(le.shb(), le.block(blockSimple, le.w32(4), make([]byte, 4))), 0, 28, "interface 0"},
		{"pcapng: short packet block", cat(ng, le.block(blockEnhanced, le.w32(0, 0))), 3, len(ng), "a packet block of 20 octets cannot be"},
		{"pcapng: short old packet block", cat(ng, le.block(blockPacket, le.w32(0, 0))), 3, len(ng), "a packet block of 20 octets cannot be"},
		{"pcapng: short interface block", cat(ng, le.block(blockInterface)), 3, len(ng), "an interface description of 12 octets cannot be"},
		{"pcapng: short statistics block", cat(ng, le.block(blockStatistics)), 3, len(ng), "a statistics block of 12 octets cannot be"},
		{"pcapng: an option beyond its interface block", cat(ng, le.idb(1, 0, le.w16(2, 100))), 3, len(ng), "reaches past its end"},
		{"pcapng: an option beyond its section header", cat(ng, le.shb(le.w16(2, 100))), 3, len(ng), "reaches past its end"},
		{"pcapng: a later section of another version", cat(ng, le.block(blockSection, le.w32(sectionMagic), le.w16(2, 0), le.w64(0))), 3, len(ng), "version 2.0 is not supported"},
		{"pcapng: too many interfaces", tooMany, 0, 28 + maxInterfaces*20, "more than 16384 interfaces"},
	} {
		f, err := NewFile("cap", bytes.NewReader(c.data))
		var packets []Packet
		if err == nil {
			packets, _, _, err = drain(f)
		}
		var damage *DamageError
		if !errors.As(err, &damage) {
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		if len(packets) != c.packets || damage.Frame != uint64(c.packets) || damage.Offset != int64(c.offset) ||
			damage.Source != "cap" || !strings.Contains(damage.Reason, c.reason) || damage.Hint == "" {
			t.Errorf("%s: %d packets, error %v; want %d packets, offset %d, %q", c.name, len(packets), err, c.packets, c.offset, c.reason)
		}
		if f != nil {
			if again := f.Next(NewBatch()); again != err {
				t.Errorf("%s: after the damage: %v", c.name, again)
			}
		}
	}
}

// TestReadError tells a device that fails from a file that ends.
func TestReadError(t *testing.T) {
	classic := cat(le.pcapHead(pcapMagicMicro, 96, 101), le.record(5, 6, frameA))
	failing := errors.New("input/output error")
	f, err := NewFile("disk", io.MultiReader(bytes.NewReader(classic), iotest.ErrReader(failing)))
	if err != nil {
		t.Fatal(err)
	}
	packets, _, _, err := drain(f)
	var damage *DamageError
	if !errors.As(err, &damage) || len(packets) != 1 || !strings.Contains(damage.Reason, "reading failed: input/output error") {
		t.Errorf("%d packets, error %v", len(packets), err)
	}
	if _, err := NewFile("stuck", stuck{}); err == nil || !strings.Contains(err.Error(), "multiple Read calls") {
		t.Errorf("a reader that never delivers: %v", err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// TestPacketOptionsBroken keeps a packet whose options are broken.
func TestPacketOptionsBroken(t *testing.T) {
	packets, _, _ := drainBytes(t, cat(le.shb(), le.idb(LinkTypeRaw, 0), le.epb(0, 7, frameA, le.w16(optEPBFlags, 900), le.w32(1))))
	if len(packets) != 1 || packets[0].Kind != KindUDP || packets[0].Direction != DirectionUnknown {
		t.Errorf("%+v", packets)
	}
}

// TestFalseLengthMemory checks that lengths which the file does not back up cost
// no memory.
func TestFalseLengthMemory(t *testing.T) {
	data := cat(le.pcapHead(pcapMagicMicro, 96, 101), le.w32(1, 1, maxRecord, maxRecord), frameA)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := NewFile("x", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := drain(f); err == nil {
		t.Error("no error")
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d octets allocated for a file of %d", got, len(data))
	}
}
