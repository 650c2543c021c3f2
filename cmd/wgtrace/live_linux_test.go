package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nobody is the user that owns nothing (systemd.io/UIDS-GIDS).
const nobody = 65534

// watch are flags of a watch of the namespace's adapters that ends by itself.
var watch = []string{"--tunnel", tapInside, "--wan", tapOutside, "-d", "300ms"}

// ends starts a run in the calling thread's namespace and waits for its end.
func (c *child) ends(t *testing.T) program {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c.finish(t)
}

// TestLiveRefuses: what cannot be captured is exit status 4, and says what there
// is and what to do.
func TestLiveRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("half.pcapng.part", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	adapters(t, func() {
		for _, c := range []struct {
			args       string
			status     int
			line, hint string
		}{
			{"", 4, "no WireGuard adapter found; adapters that are up: ", "--tunnel NAME"},
			{"live -d 1s", 4, "no WireGuard adapter found; adapters that are up: ", "--tunnel NAME"},
			{"live -d 1s --tunnel nosuch", 4, `capture on "nosuch": no such adapter; there are: `, "name one of the adapters that exist"},
			{"live -d 1s --tunnel inside0 --wan nosuch -w run.pcapng", 4, `capture on "nosuch": no such adapter; there are: `, "name one of the adapters that exist"},
			{"live -d 1s --tunnel outside0", 2, "tunnel and WAN are the same adapter: outside0", "wgtrace interfaces"},
			{"live -d 1s --tunnel inside0 -w half.pcapng", 2, "half.pcapng.part: exists already", "another run is writing it"},
		} {
			got := newChild(t, strings.Fields(c.args)...).ends(t)
			said := lines(got.stderr)
			if got.status != c.status || got.stdout != "" || len(said) != 2 {
				t.Errorf("%q: status %d, stdout %q, stderr %q", c.args, got.status, got.stdout, got.stderr)
				continue
			}
			if !strings.HasPrefix(said[0], "wgtrace: "+c.line) || !strings.Contains(said[1], c.hint) {
				t.Errorf("%q said\n%s\nwant %q and %q", c.args, got.stderr, c.line, c.hint)
			}
			if strings.HasSuffix(c.line, ": ") && (!strings.Contains(said[0], tapInside) || !strings.Contains(said[0], tapOutside)) {
				t.Errorf("%q does not list the adapters: %s", c.args, said[0])
			}
		}
	})
	if left, _ := filepath.Glob("run*"); len(left) > 0 {
		t.Errorf("a run that did not start left %q", left)
	}
}

// TestLivePermission: without the right to capture, the remedy is a line to
// copy, whether or not there is a tunnel.
func TestLivePermission(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	path := copyProgram(t)
	dir := filepath.Dir(path)
	adapters(t, func() {
		as := func(args ...string) program {
			c := newChild(t, args...)
			c.Path = path
			c.Dir = dir
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			return c.ends(t)
		}
		remedy := "wgtrace: hint: run it with sudo, or once: sudo setcap cap_net_raw,cap_net_admin+eip " + path
		for _, args := range [][]string{nil, {"live"}, append([]string{"live"}, watch...)} {
			got := as(args...)
			said := lines(got.stderr)
			if got.status != exitNoCapture || len(said) != 2 || !strings.Contains(said[0], "permission denied") || said[1] != remedy {
				t.Errorf("%q: status %d, said\n%s\nwant\n%s", args, got.status, got.stderr, remedy)
			}
		}
		got := as(append([]string{"live", "-w", "run.pcapng"}, watch...)...)
		if got.status != exitUsage || !strings.Contains(got.stderr, "cannot write run.pcapng: permission denied") {
			t.Errorf("a folder of root's: status %d, %s", got.status, got.stderr)
		}
		got = as(append([]string{"live", "-o", "report.txt"}, watch...)...)
		if got.status != exitUsage || !strings.Contains(got.stderr, "cannot write report.txt: permission denied") {
			t.Errorf("a folder of root's: status %d, %s", got.status, got.stderr)
		}
		if got := as("interfaces"); got.status != exitHealthy || !strings.Contains(got.stdout, tapInside) {
			t.Errorf("interfaces: status %d, %s%s", got.status, got.stdout, got.stderr)
		}
	})
}

// copyProgram puts the test binary where another user can run it: its own folder
// is closed.
func copyProgram(t *testing.T) (path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "wgtrace-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "wgtrace")
	in, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLiveQuiet: a watch without traffic ends in time, says what it chose, and
// is no fault; its recording is judged the same.
func TestLiveQuiet(t *testing.T) {
	t.Chdir(t.TempDir())
	adapters(t, func() {
		got := newChild(t, append([]string{"live", "-w", "run.pcapng", "-o", "report.json", "-o", "-"}, watch...)...).ends(t)
		if got.status != exitInconclusive || !strings.HasPrefix(got.stdout, "No verdict yet: the phone sent nothing") {
			t.Errorf("status %d\n%s", got.status, got.stdout)
		}
		if want := "wgtrace: tunnel inside0 (as named), WAN outside0 (as named)\n"; got.stderr != want {
			t.Errorf("said %q, want %q", got.stderr, want)
		}
		if got := newChild(t, append([]string{"live", "-q"}, watch...)...).ends(t); got.stderr != "" || got.status != exitInconclusive {
			t.Errorf("-q: status %d, said %q", got.status, got.stderr)
		}
	})
	if st, err := os.Stat("run.pcapng"); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the recording: %v, %v", st, err)
	}
	if _, err := os.Stat("report.json"); err != nil {
		t.Error(err)
	}
	rows, _ := interfaceRows(t, "run.pcapng")
	if len(rows) != 2 || deref(rows[0].Role) != "tunnel" || deref(rows[1].Role) != "wan" || deref(rows[0].Name) != tapInside {
		t.Errorf("the recording holds %+v", rows)
	}
	if got := wgtrace(nil, "read", "run.pcapng"); got.status != exitInconclusive || !strings.HasPrefix(got.stdout, "No verdict yet: the phone sent nothing") {
		t.Errorf("read: status %d\n%s%s", got.status, got.stdout, got.stderr)
	}
}

// TestLiveCount: -c ends the watch after so many packets of the phone.
func TestLiveCount(t *testing.T) {
	t.Chdir(t.TempDir())
	adapters(t, func() {
		c := newChild(t, "live", "--tunnel", tapInside, "--wan", tapOutside, "--client", "10.8.0.2", "-c", "5", "--format", "json")
		if err := c.Start(); err != nil {
			t.Error(err)
			return
		}
		p := newPhone(t)
		stop := time.Now().Add(15 * time.Second)
		for c.running() && time.Now().Before(stop) {
			if err := p.ask(); err != nil {
				t.Error(err)
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		got := c.finish(t)
		o := parseOutcome(t, []byte(got.stdout), got.stderr)
		if n := o.report.Stages["tunnel_in"]; n == nil || n.Packets < 5 || n.Packets > uint64(p.sent) {
			t.Errorf("tunnel_in %+v of %d packets sent", n, p.sent)
		}
		if time.Now().After(stop) {
			t.Error("it did not end")
		}
	})
}

// running reports whether the process has not ended yet.
func (c *child) running() bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(c.Process.Pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// TestLiveSignals: Ctrl-C, a termination and a hang-up end the watch with its
// report and recording; a second Ctrl-C aborts and keeps what was recorded.
func TestLiveSignals(t *testing.T) {
	t.Chdir(t.TempDir())
	adapters(t, func() {
		start := func() *child {
			c := newChild(t, "live", "--tunnel", tapInside, "--wan", tapOutside, "-w", "run.pcapng", "--ready-file", "ready")
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			for c.running() {
				if os.Remove("ready") == nil {
					return c
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Errorf("it ended early: %+v", c.finish(t))
			return nil
		}
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
			c := start()
			if c == nil {
				return
			}
			if err := c.Process.Signal(s); err != nil {
				t.Error(err)
			}
			got := c.finish(t)
			if got.status != exitInconclusive || got.stdout == "" {
				t.Errorf("%v: status %d, %s%s", s, got.status, got.stdout, got.stderr)
			}
			if err := os.Remove("run.pcapng"); err != nil {
				t.Errorf("%v: %v", s, err)
			}
		}
		c := start()
		if c == nil {
			return
		}
		for c.running() {
			if err := c.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Error(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		if got := c.finish(t); got.status != exitAborted || got.stdout != "" {
			t.Errorf("twice: status %d, %s%s", got.status, got.stdout, got.stderr)
		}
		if rows, _ := interfaceRows(t, "run.pcapng.part"); len(rows) != 2 {
			t.Errorf("the recording that was kept holds %+v", rows)
		}
		if _, err := os.Stat("run.pcapng"); err == nil {
			t.Error("a recording that was aborted has the name of a whole one")
		}
	})
}

// TestStatic: a build without a C compiler needs no library to capture, and reads
// files.
func TestStatic(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program once more")
	}
	path := filepath.Join(t.TempDir(), "wgtrace")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(args ...string) program {
		c := newChild(t, args...)
		c.Path = path
		return c.ends(t)
	}
	if got := run("live", "--tunnel", "lo", "--wan", "nosuch"); got.status != exitNoCapture || !strings.Contains(got.stderr, `capture on "nosuch": no such adapter; there are: lo`) {
		t.Errorf("live: status %d, %s", got.status, got.stderr)
	}
	if got := run("read", filepath.Join(recorded, "nat-missing-phone/tunnel.pcap"), filepath.Join(recorded, "nat-missing-phone/wan.pcap")); got.status != exitFault {
		t.Errorf("read: status %d, %s", got.status, got.stderr)
	}
	if got := run("version"); !strings.Contains(got.stdout, "TPACKET_V3") {
		t.Errorf("version says %q", got.stdout)
	}
}
