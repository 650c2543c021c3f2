package main

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// TestFedByPipes: taps that another program feeds, by standard input and by a
// named pipe, alone and beside one of our own, give the verdict of our own.
func TestFedByPipes(t *testing.T) {
	for _, c := range []struct {
		fault string
		both  bool // the WAN comes by a named pipe, too
	}{
		{"none", false}, {"nat-missing", true}, {"forwarding-off", false},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			l := newLab(t, lab.Config{})
			if err := l.Apply(ctx, lab.Fault{Name: c.fault}); err != nil {
				t.Fatal(err)
			}
			wan := l.Plan().WAN
			if c.both {
				wan = filepath.Join(t.TempDir(), "wan")
				if err := unix.Mkfifo(wan, 0o600); err != nil {
					t.Fatal(err)
				}
				feedPipe(t, l, l.Plan().WAN, func() (*os.File, error) { return os.OpenFile(wan, os.O_WRONLY, 0) })
			}
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			feedPipe(t, l, l.Plan().Tunnel, func() (*os.File, error) { return w, nil })
			here := startLive(t, l)
			ready := filepath.Join(t.TempDir(), "ready")
			fed := &liveRun{cmd: selfOn(t, context.Background(), l.Server(), nil,
				"live", "--tunnel", "-", "--wan", wan, "--format", "json", "--ready-file", ready)}
			fed.cmd.Stdin, fed.cmd.Stdout, fed.cmd.Stderr = r, &fed.stdout, &fed.stderr
			if err := fed.cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if fed.cmd.ProcessState == nil {
					_ = fed.cmd.Process.Kill()
					_ = fed.cmd.Wait()
				}
			})
			err = lab.Wait(ctx, "both taps", func() (bool, error) {
				_, err := os.Stat(ready)
				return err == nil, nil
			})
			if err != nil {
				t.Fatalf("%v: %s", err, fed.stderr.String())
			}
			if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Laptop, Bulk: 20_000}); err != nil {
				t.Fatal(err)
			}
			// Until then an answer can come, and tcpdump hands over its last
			// packets after a second.
			time.Sleep(7 * time.Second)
			got, want := fed.stop(t), here.stop(t)
			if got.verdict != want.verdict {
				t.Errorf("fed: %+v, by our own taps: %+v\n%s\n%s", got.verdict, want.verdict, fed.stderr.String(), got.text(t))
			}
			if h := string(got.report.Host); h != "" && h != "null" {
				t.Error("settings of this host are told of captures that need not be of it")
			}
		})
	}
}

// feedPipe runs tcpdump on the lab's server into what open opens.
func feedPipe(t *testing.T, l *lab.Lab, adapter string, open func() (*os.File, error)) {
	t.Helper()
	cmd := l.Server().Command(context.Background(), "tcpdump", "-i", adapter, "-p", "-U", "-s", "256", "-w", "-")
	done := make(chan struct{})
	started := make(chan bool, 1)
	go func() {
		defer close(done)
		out, err := open() // of a named pipe: waits for its reader
		if err == nil {
			cmd.Stdout = out
			err = cmd.Start()
			out.Close()
		}
		started <- err == nil
		if err == nil {
			_ = cmd.Wait() // ended by the signal below, or by the pipe
		}
	}()
	t.Cleanup(func() {
		select {
		case ok := <-started:
			if ok {
				_ = cmd.Process.Signal(syscall.SIGTERM)
			}
			<-done
		case <-time.After(time.Second): // its reader never came
			t.Errorf("nobody read the capture of %s", adapter)
		}
	})
}
