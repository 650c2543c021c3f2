package capture

import (
	"encoding/binary"
	"math"
	"net/netip"
)

// This file puts blocks together. Everything is little-endian: that is the
// order of nearly all machines that will read it.

// section writes the Section Header Block (draft, section 4.1).
func (r *Recorder) section(info RecorderInfo) {
	r.begin(blockSection)
	r.u32(sectionMagic)
	r.u16(1)
	r.u16(0)
	r.u32(math.MaxUint32) // section length: not known
	r.u32(math.MaxUint32)
	r.textOption(optComment, info.Comment)
	r.textOption(optSHBOS, info.OS)
	r.textOption(optSHBApp, info.Application)
	r.endOptions()
	r.end()
}

func (r *Recorder) begin(typ uint32) {
	r.block = binary.LittleEndian.AppendUint32(r.block[:0], typ)
	r.u32(0) // the length, once it is known
}

// end completes the block with its two lengths and writes it.
func (r *Recorder) end() {
	length := uint32(len(r.block) + 4)
	binary.LittleEndian.PutUint32(r.block[4:], length)
	r.u32(length)
	if _, err := r.w.Write(r.block); err != nil {
		r.err = recordError("write", r.path+partSuffix, err)
	}
}

func (r *Recorder) u16(v uint16) { r.block = binary.LittleEndian.AppendUint16(r.block, v) }
func (r *Recorder) u32(v uint32) { r.block = binary.LittleEndian.AppendUint32(r.block, v) }

// time writes nanoseconds since 1970 in the two halves of a time stamp.
func (r *Recorder) time(ns int64) {
	v := uint64(max(ns, 0))
	r.u32(uint32(v >> 32))
	r.u32(uint32(v))
}

func (r *Recorder) pad() {
	for len(r.block)%4 != 0 {
		r.block = append(r.block, 0)
	}
}

func (r *Recorder) option(code uint16, value []byte) {
	r.u16(code)
	r.u16(uint16(len(value)))
	r.block = append(r.block, value...)
	r.pad()
}

func (r *Recorder) textOption(code uint16, s string) {
	if s != "" {
		r.option(code, []byte(limit(s)))
	}
}

// ownOption writes our own option.
func (r *Recorder) ownOption(s string) {
	v := binary.LittleEndian.AppendUint32(nil, wgtracePEN)
	r.option(optCustomText, append(append(v, wgtracePrefix...), s...))
}

func (r *Recorder) endOptions() { r.u32(optEnd) }

// limit cuts s to what an option can hold, with room for a leading octet.
func limit(s string) string { return s[:min(len(s), math.MaxUint16-8)] }

func (r *Recorder) addressOption(p netip.Prefix) {
	switch {
	case !p.IsValid():
	case p.Addr().Is4():
		b := p.Addr().As4()
		mask := uint32(math.MaxUint32) << (32 - p.Bits())
		r.option(optIfIPv4, binary.BigEndian.AppendUint32(b[:], mask))
	default:
		b := p.Addr().As16()
		r.option(optIfIPv6, append(b[:], byte(p.Bits())))
	}
}
