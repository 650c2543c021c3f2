package capture

import (
	"bytes"
	"slices"
	"testing"
)

// cooked1 is a cooked v1 frame of a hardware type.
func cooked1(arphrd uint16) []byte {
	return cat(b16(0, arphrd, 0), make([]byte, 8), b16(0x0800), frameA)
}

// TestHardwareRows gives each hardware type in cooked v1 packets its row: one
// type keeps one row, and frames too short for a header stay with it.
func TestHardwareRows(t *testing.T) {
	for _, tt := range []struct {
		name  string
		types []uint16
		rows  []uint16 // hardware type of each row
		of    []int32  // row of each packet
	}{
		{"one type", []uint16{1, 1, 1}, []uint16{1}, []int32{0, 0, 0}},
		{"a tunnel, Ethernet and loopback", []uint16{65534, 1, 772, 1, 65534}, []uint16{65534, 1, 772}, []int32{0, 1, 2, 1, 0}},
		{"none", nil, []uint16{0}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := le.pcapHead(pcapMagicMicro, 96, uint32(LinkTypeLinuxSLL))
			for _, a := range tt.types {
				raw = cat(raw, le.record(1, 0, cooked1(a)))
			}
			f, err := NewFile("any", bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			b := NewBatch()
			var of []int32
			for f.Next(b) == nil {
				for i := range b.Packets {
					of = append(of, b.Packets[i].Iface)
				}
			}
			var rows []uint16
			for _, i := range f.Interfaces() {
				rows = append(rows, i.ARPHRD)
			}
			if !slices.Equal(rows, tt.rows) || !slices.Equal(of, tt.of) {
				t.Errorf("rows %v, packets in %v; want %v, %v", rows, of, tt.rows, tt.of)
			}
		})
	}
}
