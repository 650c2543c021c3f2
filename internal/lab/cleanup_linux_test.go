package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// envVictim makes the test program build a lab, tell about it, and wait to be
// killed.
const envVictim = "WGTRACE_LAB_VICTIM"

// footprint is what a lab could leave behind.
type footprint struct {
	PIDs   []int
	Socket string

	namespaces []string
}

func footprintOf(l *Lab) footprint {
	f := footprint{Socket: l.socket()}
	for _, n := range l.nodes {
		f.PIDs = append(f.PIDs, n.PID())
	}
	return f
}

// watch notes the namespaces of the lab and holds them, so that their numbers
// are not given to those of another lab that starts meanwhile.
func (f *footprint) watch(t *testing.T) {
	t.Helper()
	for _, pid := range f.PIDs {
		path := "/proc/" + strconv.Itoa(pid) + "/ns/net"
		held, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { held.Close() })
		ns, err := os.Readlink(path)
		if err != nil {
			t.Fatal(err)
		}
		f.namespaces = append(f.namespaces, ns)
	}
	if len(f.left()) < 2*len(f.PIDs)+1 {
		t.Errorf("the lab runs, but only this is seen of it: %q", f.left())
	}
}

// left names what of the footprint is still there.
func (f footprint) left() []string {
	var left []string
	for _, pid := range f.PIDs {
		if syscall.Kill(pid, 0) == nil {
			left = append(left, "process "+strconv.Itoa(pid))
		}
	}
	if _, err := os.Lstat(f.Socket); err == nil {
		left = append(left, f.Socket)
	}
	holders, _ := filepath.Glob("/proc/[0-9]*/ns/net")
	for _, h := range holders {
		ns, err := os.Readlink(h)
		if err != nil {
			continue // that process has ended meanwhile
		}
		for _, ours := range f.namespaces {
			if ns == ours {
				left = append(left, h+" "+ns)
			}
		}
	}
	return left
}

func (f footprint) wantGone(t *testing.T, limit time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	err := Wait(ctx, "the lab to vanish", func() (bool, error) { return len(f.left()) == 0, nil })
	if err != nil {
		t.Errorf("%v; left: %q", err, f.left())
	}
}

func adapters(t *testing.T) map[string]bool {
	t.Helper()
	list, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, i := range list {
		names[i.Name] = true
	}
	return names
}

func TestCloseLeavesNothing(t *testing.T) {
	before := adapters(t)
	l := newLab(t, Config{SecondClient: true})
	f := footprintOf(l)
	f.watch(t)
	run(t, l, First, Run{Workload: Probe})
	for name := range adapters(t) {
		if !before[name] {
			t.Errorf("the lab made adapter %s on the host", name)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	f.wantGone(t, 2*time.Second)
	if _, err := l.Run(t.Context(), First, Run{Workload: Probe}); err == nil {
		t.Error("a closed lab runs a workload")
	}
}

// TestKilledLabLeavesNothing kills the process that holds a lab in the middle
// of a workload, with a signal that lets it do nothing about it.
func TestKilledLabLeavesNothing(t *testing.T) {
	newLab(t, Config{}).Close() // skips where no lab can be built

	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), envVictim+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var f footprint
	if err := json.Unmarshal(line, &f); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	f.watch(t)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // it was killed; there is no other outcome
	f.wantGone(t, 5*time.Second)
}

// victim builds a lab, prints its footprint and keeps it busy for ever.
func victim() error {
	ctx := context.Background()
	l, err := New(ctx, Config{SecondClient: true})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(footprintOf(l)); err != nil {
		return err
	}
	for {
		if _, err := l.Run(ctx, First, Run{Workload: Laptop}); err != nil {
			return err
		}
	}
}

// TestSweep wants the socket of a lab gone that was killed with all its nodes,
// and everybody else's to stay.
func TestSweep(t *testing.T) {
	if err := os.MkdirAll(socketDir, 0o755); errors.Is(err, os.ErrPermission) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	listen := func(name string) (string, *net.UnixListener) {
		path := filepath.Join(socketDir, name+".sock")
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
		if errors.Is(err, os.ErrPermission) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		t.Cleanup(func() { l.Close(); os.Remove(path) })
		return path, l
	}
	dead, l := listen(tunnelPrefix + "00000dead")
	l.Close()
	alive, _ := listen(tunnelPrefix + "0000alive")
	foreign, l := listen("wgother00")
	l.Close()
	bound, l := listen(tunnelPrefix + "0000begun")
	l.Close() // as between bind and listen
	old := time.Now().Add(-time.Hour)
	for _, path := range []string{dead, alive, foreign} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	sweepSockets()
	for path, stays := range map[string]bool{dead: false, alive: true, foreign: true, bound: true} {
		if _, err := os.Lstat(path); (err == nil) != stays {
			t.Errorf("%s is there: %v, want %v", path, err == nil, stays)
		}
	}
}

// TestChildNeedsOwnNamespace: with the variable set by mistake, a program must
// not obey its standard input on the host's network.
func TestChildNeedsOwnNamespace(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), envNode+"=server")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Fatalf("got %v: %s; want exit status 2", err, out)
	}
}
