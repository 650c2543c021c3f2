package capture

import (
	"bytes"
	"errors"
	"testing"
)

func TestSummarize(t *testing.T) {
	cutFrame := le.block(blockEnhanced, le.w32(1, 0, 4, uint32(len(frameB)), 1500), padded(frameB))
	data := cat(
		le.shb(), le.idb(LinkTypeRaw, 0), le.idb(LinkTypeEthernet, 0), le.idb(147, 0),
		le.epb(1, 9, frameB), le.epb(1, 2, frameB), cutFrame, le.epb(2, 7, frameA),
		le.block(blockSimple, le.w32(uint32(len(frameA))), frameA),
	)
	n := uint64(len(frameB))
	want := []Summary{
		{Packets: 1, Bytes: uint64(len(frameA))},
		{Packets: 3, Bytes: 2*n + 1500, Truncated: 1, First: 2000, Last: 9000, HasTimes: true},
		{Packets: 1, Bytes: uint64(len(frameA)), Undecoded: 1, First: 7000, Last: 7000, HasTimes: true},
	}
	for _, damaged := range []bool{false, true} {
		if damaged {
			data = append(data, 1, 2, 3)
		}
		f, err := NewFile("x", bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := Summarize(f)
		var damage *DamageError
		if errors.As(err, &damage) != damaged || !damaged && err != nil || damaged && damage.Frame != 5 {
			t.Errorf("error %v", err)
		}
		if len(rows) != len(want) {
			t.Fatalf("%d rows", len(rows))
		}
		for i, row := range rows {
			if row.Interface.Index != i {
				t.Errorf("row %d is interface %d", i, row.Interface.Index)
			}
			row.Interface = Interface{}
			if row.Packets != want[i].Packets || row.Bytes != want[i].Bytes || row.Truncated != want[i].Truncated ||
				row.Undecoded != want[i].Undecoded || row.First != want[i].First || row.Last != want[i].Last || row.HasTimes != want[i].HasTimes {
				t.Errorf("row %d: %+v, want %+v", i, row, want[i])
			}
		}
	}
}
