package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// Magic numbers of classic pcap in the writer's octet order
// (draft-ietf-opsawg-pcap section 4; libpcap, sf-pcap.c).
const (
	pcapMagicMicro    = 0xa1b2c3d4
	pcapMagicNano     = 0xa1b23c4d
	pcapMagicModified = 0xa1b2cd34 // Alexey Kuznetzov's patched libpcap: longer record headers
)

const pcapHeaderLen = 24

// order reads integers in either octet order without an interface call.
type order bool

const (
	littleEndian order = false
	bigEndian    order = true
)

func (o order) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if o == bigEndian {
		v = bits.ReverseBytes16(v)
	}
	return v
}

func (o order) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if o == bigEndian {
		v = bits.ReverseBytes32(v)
	}
	return v
}

// pcapFile reads the records of a classic capture.
type pcapFile struct {
	f        *File
	order    order
	scale    int64 // nanoseconds per unit of the fraction field
	header   int   // octets of a record header
	modified bool
	link     LinkType
	row      int32
	swap     lengthSwap
}

// lengthSwap says whether captured and original length stand in swapped order,
// as the first versions of the format had them (libpcap, sf-pcap.c).
type lengthSwap uint8

const (
	swapNever  lengthSwap = iota
	swapMaybe             // version 2.3 had both: the larger is the original length
	swapAlways            // before version 2.3, and version 543.0 of DG/UX
)

// pcapOrder reports whether b begins with a magic number of classic pcap, and
// in which octet order.
func pcapOrder(b []byte) (magic uint32, o order, ok bool) {
	for _, o := range []order{littleEndian, bigEndian} {
		switch m := o.u32(b); m {
		case pcapMagicMicro, pcapMagicNano, pcapMagicModified:
			return m, o, true
		}
	}
	return 0, littleEndian, false
}

// startPcap reads the file header.
func startPcap(f *File, magic uint32, o order) (records, error) {
	if !f.in.need(pcapHeaderLen) {
		return nil, f.short(f.in.offset(), "the file header")
	}
	h := f.in.buf[f.in.pos:]
	r := &pcapFile{f: f, order: o, scale: 1000, header: 16}
	f.format = "pcap"
	switch magic {
	case pcapMagicNano:
		r.scale = 1
		f.format = "pcap with nanoseconds"
	case pcapMagicModified:
		r.modified = true
		r.header = 24
		f.format = "modified pcap"
	}
	switch major, minor := o.u16(h[4:]), o.u16(h[6:]); {
	case major == 2 && minor < 3, major == 543 && minor == 0:
		r.swap = swapAlways
	case major == 2 && minor == 3:
		r.swap = swapMaybe
	case major == 2:
	default:
		return nil, &OpenError{
			Source: f.name,
			Reason: fmt.Sprintf("pcap version %d.%d is not supported", major, minor),
			Hint:   "record with a current tcpdump or Wireshark, which write version 2.4",
		}
	}
	// The upper bits of the link type tell the length of a frame check
	// sequence; those between are reserved and 0 (draft-ietf-opsawg-pcap
	// section 4; libpcap, pcap-int.h, LT_RESERVED1).
	link := o.u32(h[20:])
	if link&0x03ff0000 != 0 {
		return nil, f.damage(f.in.offset()+20, "the link type field 0x%08x has reserved bits set", link)
	}
	r.link = LinkType(link & 0xffff)
	snap := o.u32(h[16:])
	iface := Interface{Index: -1, LinkType: r.link, SnapLen: snap}
	if r.link == LinkTypeLinuxSLL2 {
		f.classic, r.row = iface, classicRow
	} else {
		f.ifaces = append(f.ifaces, iface)
	}
	f.in.pos += pcapHeaderLen
	return r, nil
}

func (r *pcapFile) fill(b *Batch) error {
	c := r.f.in
	for len(b.Packets) < cap(b.Packets) {
		if len(b.Packets) > 0 && c.end-c.pos < r.header {
			return nil // whoever watches a pipe wants what there is now
		}
		offset := c.offset()
		if !c.need(r.header) {
			if c.end == c.pos && c.err == io.EOF {
				return io.EOF
			}
			return r.f.short(offset, "a packet header")
		}
		h := c.buf[c.pos:]
		captured, wire := r.order.u32(h[8:]), r.order.u32(h[12:])
		if r.swap == swapAlways || r.swap == swapMaybe && captured > wire {
			captured, wire = wire, captured
		}
		if captured > maxRecord {
			return r.f.damage(offset, "a packet of %d octets cannot be", captured)
		}
		total := r.header + int(captured)
		if !c.need(total) {
			return r.f.short(offset, "a packet")
		}
		h = c.buf[c.pos:]
		// The fraction may hold a second or more: it is carried, as capinfos
		// does. The sum stays below 2^63 for any two 32-bit fields.
		time := int64(r.order.u32(h))*1e9 + int64(r.order.u32(h[4:]))*r.scale
		frame := h[r.header:total:total]
		p := r.f.add(b, r.row, r.link, time, true, frame, wire, offset)
		if r.modified {
			// Interface index, protocol, packet type as in cooked captures.
			setPacketType(p, uint16(h[22]))
		}
		r.f.show(b, p, frame)
		c.pos += total
	}
	return nil
}
