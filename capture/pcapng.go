package capture

import (
	"io"
)

// Block types (draft-ietf-opsawg-pcapng section 4).
const (
	blockSection    = 0x0a0d0d0a // a palindrome: the same in both octet orders
	blockInterface  = 1
	blockPacket     = 2 // obsolete, still found
	blockSimple     = 3
	blockStatistics = 5
	blockEnhanced   = 6
	blockCustom     = 0xbad // may be copied to other files

	sectionMagic = 0x1a2b3c4d
)

const (
	// maxInterfaces bounds the interfaces of a file. Each packet names its
	// interface in 32 bits; captures of hosts full of containers have hundreds.
	maxInterfaces = 16384

	// maxStats bounds the statistics in one batch.
	maxStats = 1024

	// maxBarren bounds the blocks without a packet that one batch steps over,
	// so that a reader of a file full of them can still be stopped.
	maxBarren = 1 << 16
)

// pcapngFile reads the blocks of a pcapng file.
type pcapngFile struct {
	f       *File
	order   order
	section int
	os      string            // shb_os of the section
	ifaces  []pcapngInterface // of the section; packets refer to them by position
	blocks  int               // interface blocks so far, over all sections
}

type pcapngInterface struct {
	row   int32
	link  LinkType
	snap  uint32
	clock clock
	begun uint16 // the kind of frames that an Ethernet began with, see mixedRow
}

// startPcapng reads the first section header, so that a file of an unsupported
// version is refused when it is opened.
func startPcapng(f *File) (records, error) {
	r := &pcapngFile{f: f, section: -1}
	f.format = "pcapng"
	if err := r.startSection(); err != nil {
		if damage, ok := err.(*DamageError); ok && damage.Hint == versionHint {
			return nil, &OpenError{Source: f.name, Reason: damage.Reason, Hint: damage.Hint}
		}
		return nil, err
	}
	return r, nil
}

const versionHint = "record with a current Wireshark or tcpdump, which write version 1.0"

// startSection reads the section header block at the current place.
func (r *pcapngFile) startSection() error {
	c := r.f.in
	offset := c.offset()
	if !c.need(28) {
		return r.f.short(offset, "a section header")
	}
	h := c.buf[c.pos:]
	switch {
	case littleEndian.u32(h[8:]) == sectionMagic:
		r.order = littleEndian
	case bigEndian.u32(h[8:]) == sectionMagic:
		r.order = bigEndian
	default:
		return r.f.damage(offset, "the section header has no byte-order magic")
	}
	// Version 1.2 was written by mistake and means 1.0 (draft, section 4.1).
	if major, minor := r.order.u16(h[12:]), r.order.u16(h[14:]); major != 1 || minor != 0 && minor != 2 {
		err := r.f.damage(offset, "pcapng version %d.%d is not supported", major, minor)
		err.Hint = versionHint
		return err
	}
	total, err := r.block(offset)
	if err != nil {
		return err
	}
	if total < 28 {
		return r.f.damage(offset, "a section header of %d octets cannot be", total)
	}
	r.section++
	r.ifaces = r.ifaces[:0]
	r.os = ""
	o := options{rest: c.buf[c.pos+24 : c.pos+total-4], order: r.order}
	for {
		code, v, ok := o.next()
		if !ok {
			break
		}
		if code == optSHBOS {
			r.os = text(v, maxText)
		}
	}
	if o.bad {
		return r.f.damage(offset, "an option of the section header reaches past its end")
	}
	c.pos += total
	return nil
}

// block makes the whole block at the current place available and returns its
// length. Both copies of the length must agree.
func (r *pcapngFile) block(offset int64) (int, error) {
	c := r.f.in
	length := r.order.u32(c.buf[c.pos+4:])
	if length < 12 || length > maxRecord {
		return 0, r.f.damage(offset, "a block of %d octets cannot be", length)
	}
	// Early writers left the padding out of the length; Wireshark rounds up
	// too (wiretap/pcapng.c).
	total := int(length+3) &^ 3
	if !c.need(total) {
		return 0, r.f.short(offset, "a block")
	}
	if last := r.order.u32(c.buf[c.pos+total-4:]); last != length {
		return 0, r.f.damage(offset, "a block's two lengths differ: %d and %d", length, last)
	}
	return total, nil
}

func (r *pcapngFile) fill(b *Batch) error {
	c := r.f.in
	for barren := 0; len(b.Packets) < cap(b.Packets); {
		if len(b.Stats) >= maxStats || barren >= maxBarren {
			return nil
		}
		if len(b.Packets) > 0 && c.end-c.pos < 12 {
			return nil // whoever watches a pipe wants what there is now
		}
		offset := c.offset()
		if !c.need(12) {
			if c.end == c.pos && c.err == io.EOF {
				return io.EOF
			}
			return r.f.short(offset, "a block")
		}
		typ := r.order.u32(c.buf[c.pos:])
		switch typ {
		case blockEnhanced, blockPacket, blockSimple, blockInterface, blockStatistics:
		case blockCustom:
			if err := r.custom(offset); err != nil {
				return err
			}
			barren++
			continue
		case blockSection:
			if err := r.startSection(); err != nil {
				return err
			}
			barren++
			continue
		default:
			if err := r.skipBlock(offset); err != nil {
				return err
			}
			barren++
			continue
		}
		total, err := r.block(offset)
		if err != nil {
			return err
		}
		body := c.buf[c.pos+8 : c.pos+total-4 : c.pos+total-4]
		switch typ {
		case blockEnhanced:
			err = r.enhanced(b, body, offset)
		case blockPacket:
			err = r.obsolete(b, body, offset)
		case blockSimple:
			err = r.simple(b, body, offset)
		case blockInterface:
			err = r.describe(body, offset)
			barren++
		case blockStatistics:
			err = r.statistics(b, body, offset)
			barren++
		}
		if err != nil {
			return err
		}
		c.pos += total
	}
	return nil
}

// skipBlock steps over a block of another type, which may be larger than a
// record may.
func (r *pcapngFile) skipBlock(offset int64) error {
	c := r.f.in
	length := r.order.u32(c.buf[c.pos+4:])
	if length < 12 {
		return r.f.damage(offset, "a block of %d octets cannot be", length)
	}
	if !c.skip((int64(length)+3)&^3-4) || !c.need(4) {
		return r.f.short(offset, "a block")
	}
	if last := r.order.u32(c.buf[c.pos:]); last != length {
		return r.f.damage(offset, "a block's two lengths differ: %d and %d", length, last)
	}
	c.pos += 4
	return nil
}

// iface returns the section's interface by its number.
func (r *pcapngFile) iface(number uint32, offset int64) (*pcapngInterface, error) {
	if int64(number) >= int64(len(r.ifaces)) {
		return nil, r.f.damage(offset, "a block names interface %d of a section that has described %d", number, len(r.ifaces))
	}
	return &r.ifaces[number], nil
}
