package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// le is the byte order of every file that these tests make.
var le = binary.LittleEndian

// program is one run of wgtrace.
type program struct {
	status         int
	stdout, stderr string
}

// wgtrace runs the program in this process.
func wgtrace(stdin []byte, args ...string) program {
	var stdout, stderr bytes.Buffer
	status := run(args, bytes.NewReader(stdin), &stdout, &stderr)
	return program{status, stdout.String(), stderr.String()}
}

// frame is one record of a capture file.
type frame struct {
	micros uint64 // since 1970
	wire   uint32
	data   []byte
	id     uint64 // of pktmon, with the mark "received" that its converter writes; 0: no options
}

// recordedFrames takes one of the recorded captures apart (pcap, little endian,
// microseconds: draft-ietf-opsawg-pcap).
func recordedFrames(t *testing.T, name string) (link uint32, frames []frame) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(recorded, name))
	if err != nil {
		t.Fatal(err)
	}
	if le.Uint32(raw) != 0xa1b2c3d4 {
		t.Fatalf("%s: not a little-endian pcap of microseconds", name)
	}
	link = le.Uint32(raw[20:])
	for b := raw[24:]; len(b) > 0; {
		n := le.Uint32(b[8:])
		frames = append(frames, frame{micros: uint64(le.Uint32(b))*1e6 + uint64(le.Uint32(b[4:])), wire: le.Uint32(b[12:]), data: b[16 : 16+n]})
		b = b[16+n:]
	}
	return link, frames
}

// ngInterface is one interface of a pcapng file and what it saw.
type ngInterface struct {
	name   string
	link   uint32
	frames []frame
}

// pcapng builds a file of one section (draft-ietf-opsawg-pcapng).
func pcapng(interfaces ...ngInterface) []byte {
	var b []byte
	block := func(typ uint32, body []byte) {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		b = le.AppendUint32(b, typ)
		b = le.AppendUint32(b, uint32(len(body)+12))
		b = append(b, body...)
		b = le.AppendUint32(b, uint32(len(body)+12))
	}
	section := le.AppendUint32(nil, 0x1a2b3c4d)
	section = le.AppendUint16(section, 1)
	section = le.AppendUint16(section, 0)
	block(0x0a0d0d0a, le.AppendUint64(section, ^uint64(0)))
	for _, i := range interfaces {
		body := le.AppendUint16(nil, uint16(i.link))
		body = le.AppendUint16(body, 0)
		body = le.AppendUint32(body, 0)
		if i.name != "" { // if_name is option 2
			body = le.AppendUint16(body, 2)
			body = le.AppendUint16(body, uint16(len(i.name)))
			body = append(body, i.name...)
			for len(body)%4 != 0 {
				body = append(body, 0)
			}
		}
		block(1, append(body, 0, 0, 0, 0))
	}
	type sighting struct {
		iface int
		frame
	}
	var all []sighting
	for n, i := range interfaces {
		for _, f := range i.frames {
			all = append(all, sighting{n, f})
		}
	}
	slices.SortStableFunc(all, func(x, y sighting) int { return cmp.Compare(x.micros, y.micros) })
	for _, s := range all {
		body := le.AppendUint32(nil, uint32(s.iface))
		body = le.AppendUint32(body, uint32(s.micros>>32))
		body = le.AppendUint32(body, uint32(s.micros))
		body = le.AppendUint32(body, uint32(len(s.data)))
		body = le.AppendUint32(body, s.wire)
		body = append(body, s.data...)
		if s.id != 0 {
			for len(body)%4 != 0 {
				body = append(body, 0)
			}
			body = le.AppendUint32(le.AppendUint32(body, 2|4<<16), 1)    // epb_flags
			body = le.AppendUint64(le.AppendUint32(body, 5|8<<16), s.id) // epb_packetid
		}
		block(6, body)
	}
	return b
}

// inFolder fills a fresh folder with captures to read, well and badly made, and
// works there, so that messages hold plain names:
//
//	tunnel.pcap, wan.pcap   a recorded run in which NAT is missing
//	healthy-*.pcap          a healthy run from another lab
//	both.pcapng             the first two as interfaces wg0 and eth0
//	cut-*.pcap              cut short in a record, and in the file header
//	none-*.pcap             nothing but file headers
func inFolder(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	get := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(recorded, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	tunnel, wan := get("nat-missing-phone/tunnel.pcap"), get("nat-missing-phone/wan.pcap")
	put("tunnel.pcap", tunnel)
	put("wan.pcap", wan)
	put("copy.pcap", tunnel)
	put("healthy-tunnel.pcap", get("healthy-phone/tunnel.pcap"))
	put("healthy-wan.pcap", get("healthy-phone/wan.pcap"))
	put("second-tunnel.pcap", get("nat-missing-second-healthy/tunnel.pcap"))
	put("second-wan.pcap", get("nat-missing-second-healthy/wan.pcap"))
	put("any.pcap", get("nat-missing-any/any.pcap"))
	inside, insideFrames := recordedFrames(t, "nat-missing-phone/tunnel.pcap")
	outside, outsideFrames := recordedFrames(t, "nat-missing-phone/wan.pcap")
	both := []ngInterface{{"wg0", inside, insideFrames}, {"eth0", outside, outsideFrames}}
	put("both.pcapng", pcapng(both...))
	put("both#odd.pcapng", pcapng(both...))
	put("cut-wan.pcap", wan[:len(wan)-5])
	put("cut-early.pcap", wan[:24+16+5])
	put("cut-header.pcap", wan[:10])
	put("cut-block.pcapng", pcapng(both...)[:40])
	put("none-tunnel.pcap", tunnel[:24])
	put("none-wan.pcap", wan[:24])
	put("empty.pcap", nil)
	put("text.pcap", []byte("12:00:00 IP 10.0.0.1 > 10.0.0.2: ICMP echo request\n"))
	put("random.pcap", bytes.Repeat([]byte{0x93, 0x01, 0xfe, 0x7a}, 64))
	put("\x1b[31mred.pcap", tunnel[:10])
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "tunnel.pcap"), filepath.Join(dir, "hard.pcap")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("tunnel.pcap", filepath.Join(dir, "soft.pcap")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
}

// lines splits output, without an empty last line.
func lines(s string) []string {
	s = strings.TrimSuffix(s, "\n")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// checkTerminal reports what must never reach a terminal.
func checkTerminal(t *testing.T, s string) {
	t.Helper()
	for _, r := range s {
		if r != '\n' && (r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x202e || r == 0x200b) {
			t.Errorf("the character %U would reach the terminal in %q", r, s)
			return
		}
	}
}
