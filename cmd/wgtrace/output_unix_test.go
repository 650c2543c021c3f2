//go:build unix

package main

import (
	"encoding/json"
	"io"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestOutputIntoSpecialFile: a device or pipe is written into; replacing it by a
// file would break the machine when root says -o /dev/null.
func TestOutputIntoSpecialFile(t *testing.T) {
	inFolder(t)
	if err := syscall.Mkfifo("pipe.json", 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan []byte, 1)
	go func() {
		f, err := os.Open("pipe.json")
		if err != nil {
			got <- nil
			return
		}
		defer f.Close()
		data, _ := io.ReadAll(f)
		got <- data
	}()
	if p := wgtrace(nil, "read", "tunnel.pcap", "wan.pcap", "-o", "pipe.json"); p.status != exitFault {
		t.Fatalf("status %d, %s", p.status, p.stderr)
	}
	select {
	case data := <-got:
		if !json.Valid(data) {
			t.Errorf("the pipe brought %.80q", data)
		}
	case <-time.After(10 * time.Second):
		t.Error("the pipe brought nothing")
	}
	if st, err := os.Lstat("pipe.json"); err != nil || st.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe was replaced: %v, %v", st, err)
	}
}

// TestOutputBelongsToPerson: what sudo wrote is for the person who ran it.
func TestOutputBelongsToPerson(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	inFolder(t)
	owner := func(name string) (uid, gid uint32) {
		t.Helper()
		st, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		s := st.Sys().(*syscall.Stat_t)
		return s.Uid, s.Gid
	}
	for _, tt := range []struct {
		uid, gid         string
		wantUID, wantGID uint32
	}{{"1234", "5678", 1234, 5678}, {"", "", 0, 0}, {"-1", "x", 0, 0}, {"99999999999", "1", 0, 0}} {
		t.Setenv("SUDO_UID", tt.uid)
		t.Setenv("SUDO_GID", tt.gid)
		if p := wgtrace(nil, "read", "tunnel.pcap", "wan.pcap", "-o", "mine.json"); p.status != exitFault {
			t.Fatalf("status %d, %s", p.status, p.stderr)
		}
		if uid, gid := owner("mine.json"); uid != tt.wantUID || gid != tt.wantGID {
			t.Errorf("SUDO_UID=%s SUDO_GID=%s: it belongs to %d:%d", tt.uid, tt.gid, uid, gid)
		}
	}
}
