package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// sniffLen is how many octets are looked at to tell what a file is.
const sniffLen = 128

// maxZstdWindow bounds the memory that a zstd frame may ask for, however small
// it is. RFC 8878 section 3.1.1.1.2 recommends 8 MiB, what every level up to 19
// needs; this is level 20. Only --long and the last two levels need more.
const maxZstdWindow = 32 << 20

// start tells the format by its magic number and reads the file's header.
func (f *File) start() error {
	head := f.head()
	compression := ""
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		compression = "gzip"
		z, err := gzip.NewReader(f.in)
		if err != nil {
			return &OpenError{Source: f.name, Reason: fmt.Sprintf("broken gzip file: %v", err), Hint: "copy the file again", Err: err}
		}
		f.close = append(f.close, z.Close)
		f.in = newChunk(z)
	case isZstd(head):
		compression = "zstd"
		z, err := zstd.NewReader(f.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return &OpenError{Source: f.name, Reason: fmt.Sprintf("broken zstd file: %v", err), Hint: "copy the file again", Err: err}
		}
		f.close = append(f.close, func() error { z.Close(); return nil })
		f.in = newChunk(z)
	}
	if compression != "" {
		head = f.head()
	}
	if len(head) == 0 {
		switch f.in.err {
		case io.EOF:
		case io.ErrUnexpectedEOF:
			return f.short(0, "its first compressed block")
		default:
			err := openError(f.name, f.in.err)
			if errors.Is(f.in.err, zstd.ErrWindowSizeExceeded) {
				err.Hint = "unpack it first: zstd -d --long=31 FILE"
			}
			return err
		}
		return &OpenError{Source: f.name, Reason: "is empty", Hint: "the recording was stopped before anything was written: record again"}
	}
	var err error
	if f.records, err = f.startRecords(head); err != nil {
		return err
	}
	if compression != "" {
		f.format += ", " + compression
	}
	return nil
}

// head returns the first octets of the stream without consuming them: more than
// a magic number only where that is not ours, since a pipe that has brought its
// file header may bring nothing else for hours.
func (f *File) head() []byte {
	c := f.in
	if c.need(4) {
		b := c.buf[c.pos:]
		if _, _, ok := pcapOrder(b); ok || littleEndian.u32(b) == blockSection {
			return b[:4]
		}
	}
	c.need(sniffLen)
	return f.in.buf[f.in.pos:min(f.in.end, f.in.pos+sniffLen)]
}

func (f *File) startRecords(head []byte) (records, error) {
	if len(head) >= 4 {
		if magic, o, ok := pcapOrder(head); ok {
			return startPcap(f, magic, o)
		}
		if littleEndian.u32(head) == blockSection {
			return startPcapng(f)
		}
	}
	e := &OpenError{Source: f.name, Reason: "unsupported format: neither pcap nor pcapng", Hint: "convert it to pcapng with Wireshark or editcap"}
	what, hint := foreign(f.name, head)
	if what != "" {
		e.Reason = fmt.Sprintf("unsupported format: looks like %s, needs pcap or pcapng", what)
	}
	if hint != "" {
		e.Hint = hint
	}
	return nil, e
}

// isZstd reports whether head begins with a zstd frame or a skippable frame
// (RFC 8878 sections 3.1.1 and 3.1.2).
func isZstd(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	m := littleEndian.u32(head)
	return m == 0xfd2fb528 || m&^0xf == 0x184d2a50
}

// foreignMagics names formats that people hand in by mistake (Wireshark,
// wiretap/*.c, each format's open function).
var foreignMagics = []struct{ magic, what, hint string }{
	{"snoop\x00\x00\x00", "a Solaris snoop capture", ""},
	{"btsnoop\x00", "a Bluetooth snoop log", ""},
	{"GMBU", "a Microsoft Network Monitor capture", ""},
	{"RTSS", "a Microsoft Network Monitor 1 capture", ""},
	{"TRSNIFF data    \x1a", "a Sniffer capture", ""},
	{"iptrace 1.0", "an AIX iptrace", ""},
	{"iptrace 2.0", "an AIX iptrace", ""},
	{"\x1c\x00\x01\xac", "an IxVeriWave or IXIA pcap variant", ""},
	{"\xac\x01\x00\x1c", "an IXIA pcap variant", ""},
	{"\x12\xcb\xe2\xa1", "a Nokia pcap variant", ""},
	{"PK\x03\x04", "a zip archive", "unpack it first"},
	{"\xfd7zXZ\x00", "an xz file", "unpack it with xz -d first"},
	{"BZh", "a bzip2 file", "unpack it with bzip2 -d first"},
	{"\x04\x22\x4d\x18", "an lz4 file", "unpack it with lz4 -d first"},
	{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first"},
	{"\x1f\x8b", "a file compressed twice", "unpack it once"},
	{"\x28\xb5\x2f\xfd", "a file compressed twice", "unpack it once"},
	{"\x7fELF", "a program", "name a capture file"},
	{"%PDF", "a PDF document", "name a capture file"},
}

// foreign names what head looks like and what to do about it; "" if it looks
// like nothing known.
func foreign(name string, head []byte) (what, hint string) {
	for _, m := range foreignMagics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.what, m.hint
		}
	}
	switch {
	case isETL(head) || strings.EqualFold(filepath.Ext(name), ".etl"):
		return "a Windows event trace", "convert it with: pktmon etl2pcap FILE.etl, or with etl2pcapng if netsh recorded it"
	case isERF(head):
		return "an Endace ERF capture", ""
	case isText(head):
		return "text", "record with tcpdump -w FILE; what tcpdump prints cannot be read back"
	}
	return "", ""
}

// isETL reports whether head begins with a buffer of Windows event tracing: a
// 72-octet WMI_BUFFER_HEADER, then a SYSTEM_TRACE_HEADER of version 2 whose
// marker ends in 0xc0 (evntrace.h; geoffchappell.com, studies/windows/km/ntoskrnl/etw).
func isETL(head []byte) bool {
	return len(head) >= 76 && head[72] == 2 && head[73] == 0 && head[75] == 0xc0
}

// isERF reports whether head begins with an ERF record: 8 octets of time, a
// type up to 48, flags, and a record length that covers the header (Endace,
// "ERF types reference", section 1).
func isERF(head []byte) bool {
	if len(head) < 16 {
		return false
	}
	typ, length := head[8]&0x7f, be16(head[10:])
	seconds := littleEndian.u32(head[4:]) // the upper half of a fixed-point time
	return typ >= 1 && typ <= 48 && length >= 16 && length <= 2048 && seconds > 500_000_000
}

// isText reports whether head holds nothing but printable characters; the last
// may be cut.
func isText(head []byte) bool {
	runes := 0
	for ; len(head) > 0 && utf8.FullRune(head); runes++ {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		head = head[n:]
	}
	return runes >= 4
}
