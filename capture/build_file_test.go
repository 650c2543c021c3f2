package capture

import (
	"encoding/binary"
	"math"
)

// writer puts capture files together in either octet order.
type writer struct{ binary.AppendByteOrder }

var (
	le = writer{binary.LittleEndian}
	be = writer{binary.BigEndian}
)

func (w writer) w16(vs ...uint16) []byte {
	var b []byte
	for _, v := range vs {
		b = w.AppendUint16(b, v)
	}
	return b
}

func (w writer) w32(vs ...uint32) []byte {
	var b []byte
	for _, v := range vs {
		b = w.AppendUint32(b, v)
	}
	return b
}

func (w writer) w64(v uint64) []byte { return w.AppendUint64(nil, v) }

// pcapHead is the header of a classic file of version 2.4.
func (w writer) pcapHead(magic uint32, snap, link uint32) []byte {
	return cat(w.w32(magic), w.w16(2, 4), w.w32(0, 0, snap, link))
}

// record is a classic record of the whole frame.
func (w writer) record(sec, frac uint32, frame []byte) []byte {
	return cat(w.w32(sec, frac, uint32(len(frame)), uint32(len(frame))), frame)
}

func padded(b []byte) []byte { return cat(b, make([]byte, -len(b)&3)) }

func (w writer) block(typ uint32, body ...[]byte) []byte {
	b := padded(cat(body...))
	n := uint32(len(b) + 12)
	return cat(w.w32(typ, n), b, w.w32(n))
}

func (w writer) opt(code uint16, value []byte) []byte {
	return cat(w.w16(code, uint16(len(value))), padded(value))
}

func (w writer) shb(options ...[]byte) []byte {
	return w.block(blockSection, w.w32(sectionMagic), w.w16(1, 0), w.w64(math.MaxUint64), cat(options...))
}

func (w writer) idb(link LinkType, snap uint32, options ...[]byte) []byte {
	return w.block(blockInterface, w.w16(uint16(link), 0), w.w32(snap), cat(options...))
}

func (w writer) epb(iface uint32, stamp uint64, frame []byte, options ...[]byte) []byte {
	n := uint32(len(frame))
	return w.block(blockEnhanced, w.w32(iface, uint32(stamp>>32), uint32(stamp), n, n), padded(frame), cat(options...))
}
