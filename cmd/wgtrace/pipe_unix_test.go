//go:build unix

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// child is wgtrace in a process of its own: signals and pipes are the process's.
type child struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
}

// newChild prepares a run; it is killed with the test at the latest.
func newChild(t *testing.T, args ...string) *child {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	c := &child{Cmd: selfCommand(t, ctx, args...)}
	c.Stdout, c.Stderr = &c.stdout, &c.stderr
	return c
}

// finish waits for the end and returns what the program said.
func (c *child) finish(t *testing.T) program {
	t.Helper()
	_ = c.Wait() // a status other than 0 is an error here, and no failure
	return program{c.ProcessState.ExitCode(), c.stdout.String(), c.stderr.String()}
}

// piped starts wgtrace with a pipe as its standard input, hands it data, and
// waits until all of it has been taken out of the pipe.
func piped(t *testing.T, data []byte, args ...string) (*child, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	c := newChild(t, args...)
	c.Stdin = r
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // nothing tells that the reader waits for more
	return c, w
}

// TestInterruptedPipe: Ctrl-C ends a capture that is piped in, and what came
// until then is judged; a record that is half there is no damage.
func TestInterruptedPipe(t *testing.T) {
	inFolder(t)
	wan, err := os.ReadFile("wan.pcap")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		signal syscall.Signal
		cut    int
	}{
		{"Ctrl-C", syscall.SIGINT, 0},
		{"Ctrl-C in a record", syscall.SIGINT, 7},
		{"terminated", syscall.SIGTERM, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := piped(t, wan[:len(wan)-c.cut], "read", "tunnel.pcap", "-")
			if err := p.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			got := p.finish(t)
			if got.status != exitFault || !strings.HasPrefix(got.stdout, "Packets leave with the phone's private address") {
				t.Errorf("status %d\n%s%s", got.status, got.stdout, got.stderr)
			}
			if got.stderr != "wgtrace: ending; the report speaks of what was read until now\n" {
				t.Errorf("said %q", got.stderr)
			}
		})
	}
}

// TestInterruptedLastPackets: the program before us in the pipe gets the same
// Ctrl-C and then writes out what it still holds.
func TestInterruptedLastPackets(t *testing.T) {
	inFolder(t)
	wan, err := os.ReadFile("wan.pcap")
	if err != nil {
		t.Fatal(err)
	}
	p, w := piped(t, wan[:24], "read", "--format", "json", "tunnel.pcap", "-")
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	if _, err := w.Write(wan[24:]); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if got := p.finish(t); got.status != exitFault || !strings.Contains(got.stdout, `"packets": 139`) {
		t.Errorf("status %d\n%.2000s%s", got.status, got.stdout, got.stderr)
	}
}

// TestInterruptedTwice: the second Ctrl-C aborts, and so does the first where
// not even a file header has come.
func TestInterruptedTwice(t *testing.T) {
	inFolder(t)
	wan, err := os.ReadFile("wan.pcap")
	if err != nil {
		t.Fatal(err)
	}
	p, _ := piped(t, wan, "read", "tunnel.pcap", "-")
	for range 2 {
		if err := p.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if got := p.finish(t); got.status != exitAborted || got.stdout != "" {
		t.Errorf("twice: status %d\n%s%s", got.status, got.stdout, got.stderr)
	}
	p, _ = piped(t, nil, "read", "tunnel.pcap", "-")
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := p.finish(t); got.status != exitAborted || got.stdout != "" {
		t.Errorf("no header: status %d\n%s%s", got.status, got.stdout, got.stderr)
	}
}

// TestFIFO: a named pipe is read as what it brings.
func TestFIFO(t *testing.T) {
	inFolder(t)
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	feed := func() {
		data, err := os.ReadFile("wan.pcap")
		if err != nil {
			return
		}
		f, err := os.OpenFile("pipe", os.O_WRONLY, 0)
		if err != nil {
			return
		}
		defer f.Close()
		_, _ = f.Write(data)
	}
	for _, args := range [][]string{{"tunnel.pcap", "pipe"}, {"--tunnel", "tunnel.pcap", "--wan", "pipe"}} {
		go feed()
		if got := wgtrace(nil, append([]string{"read"}, args...)...); got.status != exitFault || got.stderr != "" {
			t.Errorf("%q: status %d, %s", args, got.status, got.stderr)
		}
	}
	go feed()
	rows, got := interfaceRows(t, "pipe")
	if got.status != 0 || len(rows) != 1 || rows[0].Packets != 139 || rows[0].Role != nil {
		t.Errorf("status %d, %+v %s", got.status, rows, got.stderr)
	}
}

// TestClosedStdout: whoever reads the report may stop in the middle of it, and
// hears no complaint.
func TestClosedStdout(t *testing.T) {
	inFolder(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	p := newChild(t, "read", "tunnel.pcap", "wan.pcap")
	p.Stdout = w
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	got := p.finish(t)
	ended, ok := p.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !ended.Signaled() || ended.Signal() != syscall.SIGPIPE || got.stderr != "" {
		t.Errorf("ended with %v, said %q", p.ProcessState, got.stderr)
	}
}

// TestStdinTerminal is about the file that a terminal is: /dev/ptmx opens one.
func TestStdinTerminal(t *testing.T) {
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal can be opened here: %v", err)
	}
	defer tty.Close()
	var said bytes.Buffer
	if status := run([]string{"read", "-"}, tty, io.Discard, &said); status != exitUsage || !strings.Contains(said.String(), "standard input is a terminal") {
		t.Errorf("status %d, %s", status, &said)
	}
}
