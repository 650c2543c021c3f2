package natsim

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// epoch is when every run begins: some day, nanoseconds since 1970.
const epoch = int64(1_750_000_000_000_000_000)

// line is something that a file holds: a record, or a word about drops.
type line struct {
	at      int64
	face    int
	frame   []byte
	wire    int
	dropped uint64
	stat    bool
}

// lines returns what a tap writes to its file.
func (t *tap) lines(face int) []line {
	var out []line
	for i := range t.records {
		r := &t.records[i]
		if r.Captured {
			out = append(out, line{at: t.stamp(r.At), face: face, frame: r.Frame, wire: r.Wire})
		}
	}
	if len(t.Drops) == 0 {
		return out
	}
	// Statistics every second, as recorders write them.
	dropped, at := 0, t.Start
	last := t.Start
	for i := range t.records {
		if t.records[i].Captured {
			last = t.records[i].At
		}
	}
	for at < last {
		at = (at/second + 1) * second
		for dropped < len(t.dropped) && t.dropped[dropped] <= at {
			dropped++
		}
		out = append(out, line{at: t.stamp(min(at, t.end)), face: face, dropped: uint64(dropped), stat: true})
	}
	slices.SortStableFunc(out, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	return out
}

// Files returns what was recorded: one pcapng file with two interfaces, or a
// file for the inside and one for the outside.
func (r *Result) Files() [][]byte {
	in, out := r.taps[Inside].lines(0), r.taps[Outside].lines(0)
	if !r.Config.One {
		if r.Config.Plain {
			return [][]byte{pcap(101, in), pcap(1, out)}
		}
		return [][]byte{pcapng([]face{insideFace}, in), pcapng([]face{outsideFace}, out)}
	}
	for i := range out {
		out[i].face = 1
	}
	all := append(in, out...)
	slices.SortStableFunc(all, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	return [][]byte{pcapng([]face{insideFace, outsideFace}, all)}
}

type face struct {
	name string
	link uint16
}

var insideFace, outsideFace = face{"wg0", 101}, face{"eth0", 1}

// pcap writes a classic capture file with nanoseconds (pcap-savefile(5)).
func pcap(link uint32, lines []line) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b23c4d)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = le.AppendUint32(b, 262144)
	b = le.AppendUint32(b, link)
	for _, l := range lines {
		if l.stat {
			continue
		}
		at := epoch + l.at
		b = le.AppendUint32(b, uint32(at/second))
		b = le.AppendUint32(b, uint32(at%second))
		b = le.AppendUint32(b, uint32(len(l.frame)))
		b = le.AppendUint32(b, uint32(l.wire))
		b = append(b, l.frame...)
	}
	return b
}

// pcapng writes a capture file with interfaces and statistics
// (draft-ietf-opsawg-pcapng).
func pcapng(faces []face, lines []line) []byte {
	le := binary.LittleEndian
	var b []byte
	block := func(kind uint32, body []byte) {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		n := uint32(12 + len(body))
		b = le.AppendUint32(b, kind)
		b = le.AppendUint32(b, n)
		b = append(b, body...)
		b = le.AppendUint32(b, n)
	}
	option := func(o []byte, code uint16, v []byte) []byte {
		o = le.AppendUint16(o, code)
		o = le.AppendUint16(o, uint16(len(v)))
		o = append(o, v...)
		for len(o)%4 != 0 {
			o = append(o, 0)
		}
		return o
	}
	head := le.AppendUint32(nil, 0x1a2b3c4d)
	head = le.AppendUint16(head, 1)
	head = le.AppendUint16(head, 0)
	block(0x0a0d0d0a, le.AppendUint64(head, ^uint64(0)))
	for _, f := range faces {
		o := le.AppendUint16(nil, f.link)
		o = append(o, 0, 0, 0, 0, 0, 0)
		o = option(o, 2, []byte(f.name))
		o = option(o, 9, []byte{9})
		block(1, append(o, 0, 0, 0, 0))
	}
	for _, l := range lines {
		at := uint64(epoch + l.at)
		o := le.AppendUint32(nil, uint32(l.face))
		o = le.AppendUint32(o, uint32(at>>32))
		o = le.AppendUint32(o, uint32(at))
		if l.stat {
			block(5, append(option(o, 5, le.AppendUint64(nil, l.dropped)), 0, 0, 0, 0))
			continue
		}
		o = le.AppendUint32(o, uint32(len(l.frame)))
		o = le.AppendUint32(o, uint32(l.wire))
		block(6, append(o, l.frame...))
	}
	return b
}
