package capture

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/klauspost/compress/zstd"
)

// TestCompressed reads the same capture through each compression, whole and in
// readers that hand out single octets.
func TestCompressed(t *testing.T) {
	plain := cat(le.pcapHead(pcapMagicMicro, 96, 101), repeat(le.record(5, 6, frameA), 3000))
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	z.Write(plain)
	z.Close()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for format, data := range map[string][]byte{"pcap": plain, "pcap, gzip": gz.Bytes(), "pcap, zstd": enc.EncodeAll(plain, nil)} {
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
			f, err := NewFile("x", r)
			if err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			packets, _, _, err := drain(f)
			if err != nil || len(packets) != 3000 || f.Format() != format {
				t.Errorf("%s: %d packets, format %q, error %v", format, len(packets), f.Format(), err)
			}
			if last := packets[2999]; last.Offset != int64(24+2999*(16+len(frameA))) {
				t.Errorf("%s: the last packet stands at %d", format, last.Offset)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
		// Cut short: what came through is delivered, then damage is told.
		var packets []Packet
		f, err := NewFile("x", bytes.NewReader(data[:len(data)*2/3]))
		if err == nil {
			packets, _, _, err = drain(f)
			f.Close()
		}
		var damage *DamageError
		if !errors.As(err, &damage) || damage.Frame != uint64(len(packets)) || len(packets) == 3000 {
			t.Errorf("%s cut short: %d packets, error %v", format, len(packets), err)
		}
	}
}

// TestOpen opens what people name by mistake.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	z.Close()
	var wide bytes.Buffer
	enc, err := zstd.NewWriter(&wide, zstd.WithWindowSize(2*maxZstdWindow))
	if err != nil {
		t.Fatal(err)
	}
	enc.Write(frameA)
	enc.Flush() // so that the frame does not state its size
	enc.Close()
	etl := make([]byte, 128)
	etl[72], etl[74], etl[75] = 2, 1, 0xc0
	erf := cat(make([]byte, 4), le.w32(1_600_000_000), []byte{2, 4}, b16(96, 0, 80), make([]byte, 80))
	for _, c := range []struct{ path, reason, hint string }{
		{filepath.Join(dir, "absent.pcap"), "no such file", "path"},
		{dir, "is a directory", "name a capture file"},
		{write("empty.pcap", nil), "is empty", "record again"},
		{write("empty.pcap.gz", gz.Bytes()), "is empty", "record again"},
		{write("broken.gz", []byte{0x1f, 0x8b, 8, 0xff}), "broken gzip file", "copy"},
		{write("wide.zst", wide.Bytes()), "window size exceeded", "--long"},
		{write("a.pcap", []byte("10:00:00 IP 10.0.0.1.22 > 10.0.0.2.40000: Flags [P.]\n")), "looks like text", "-w"},
		{write("b.snoop", []byte("snoop\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04")), "Solaris snoop", "editcap"},
		{write("c.bin", etl), "Windows event trace", "pktmon etl2pcap"},
		{write("d.ETL", count(100)), "Windows event trace", "etl2pcapng"},
		{write("e.erf", erf), "Endace ERF", "editcap"},
		{write("f.zip", []byte("PK\x03\x04....")), "zip archive", "unpack"},
		{write("g.pcap", count(90)), "neither pcap nor pcapng", "editcap"},
		{write("h.pcap", []byte{0xd4}), "neither pcap nor pcapng", "editcap"},
		{write("i.pcap", cat(le.w32(pcapMagicMicro), le.w16(3, 0), make([]byte, 16))), "pcap version 3.0 is not supported", "2.4"},
		{write("j.pcapng", le.block(blockSection, le.w32(sectionMagic), le.w16(2, 0), le.w64(0))), "pcapng version 2.0 is not supported", "1.0"},
	} {
		f, err := Open(c.path)
		if err == nil {
			f.Close()
		}
		var open *OpenError
		if !errors.As(err, &open) || !strings.Contains(open.Reason, c.reason) || !strings.Contains(open.Hint, c.hint) ||
			err.Error() != c.path+": "+open.Reason || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %q", filepath.Base(c.path), err, c.reason)
		}
	}
	if _, err := Open(filepath.Join(dir, "absent.pcap")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file does not unwrap to fs.ErrNotExist: %v", err)
	}
	f, err := Open(write("k.txt", cat(le.pcapHead(pcapMagicMicro, 96, 101), le.record(5, 6, frameA))))
	if err != nil {
		t.Fatalf("a capture with another extension: %v", err)
	}
	if packets, _, _, err := drain(f); err != nil || len(packets) != 1 {
		t.Errorf("%d packets, error %v", len(packets), err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestInterrupt stops a capture that is piped in while the reader waits for
// more. What has arrived must come through.
func TestInterrupt(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	data := cat(le.pcapHead(pcapMagicMicro, 96, 101), repeat(le.record(5, 6, frameA), 3))
	if _, err := w.Write(cat(data, le.w32(1))); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not poll pipes: a read ends only with the writer")
	}
	f, err := newFile("-", r, r.Close)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type result struct {
		packets []Packet
		err     error
	}
	done := make(chan result, 1)
	go func() {
		packets, _, _, err := drain(f)
		done <- result{packets, err}
	}()
	select {
	case got := <-done:
		t.Fatalf("ended before it was interrupted: %d packets, error %v", len(got.packets), got.err)
	case <-time.After(20 * time.Millisecond):
	}
	f.Interrupt()
	select {
	case got := <-done:
		if len(got.packets) != 3 || got.err != nil {
			t.Errorf("%d packets, error %v", len(got.packets), got.err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the reader was not woken")
	}
}

// TestStdin runs this test again in a child process whose standard input is a
// pipe that stays open.
func TestStdin(t *testing.T) {
	const key = "WGTRACE_TEST_STDIN"
	if os.Getenv(key) != "" {
		f, err := Open("-")
		if err != nil {
			fmt.Println(err)
			return
		}
		time.AfterFunc(50*time.Millisecond, f.Interrupt)
		packets, _, _, err := drain(f)
		fmt.Println("packets", len(packets), "error", err, "close", f.Close())
		return
	}
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not poll pipes: a read ends only with the writer")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStdin$")
	cmd.Env = append(os.Environ(), key+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := in.Write(cat(le.pcapHead(pcapMagicMicro, 96, 101), repeat(le.record(5, 6, frameA), 3))); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(10*time.Second, func() { in.Close() })
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), "packets 3 error <nil> close <nil>") {
		t.Errorf("child: %q, error %v", out, err)
	}
	if !watchdog.Stop() {
		t.Error("the reader was not woken: it ended with the writer")
	}
}
