package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
	"github.com/wgtrace/wgtrace/report"
)

// terminal is a tmux session with one command in it, on a server of its own.
type terminal struct {
	t      *testing.T
	socket string
}

// newTerminal runs a command in a terminal of width times height, in dir.
func newTerminal(t *testing.T, width, height int, dir string, env []string, argv ...string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed (Debian: tmux)")
	}
	term := &terminal{t: t, socket: filepath.Join(t.TempDir(), "tmux")}
	words := make([]string, len(argv))
	for i, a := range argv {
		words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	// What is left on the screen is looked at after the program has ended, also if
	// that was by Ctrl-C, which the shell gets too.
	script := "trap : INT; " + strings.Join(env, " ") + " " + strings.Join(words, " ") + `; echo "[exit status $?]"; exec sleep 600`
	cmd := term.command("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "-c", dir, script)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "SHELL=/bin/sh")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = term.command("kill-server").Run() })
	return term
}

func (x *terminal) command(args ...string) *exec.Cmd {
	return exec.Command("tmux", append([]string{"-S", x.socket}, args...)...)
}

// text is what the terminal shows, with what has scrolled away before it.
func (x *terminal) text() string {
	x.t.Helper()
	out, err := x.command("capture-pane", "-p", "-S", "-200").CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux: %v: %s", err, out)
	}
	return string(out)
}

func (x *terminal) keys(keys ...string) {
	x.t.Helper()
	if out, err := x.command(append([]string{"send-keys"}, keys...)...).CombinedOutput(); err != nil {
		x.t.Fatalf("tmux: %v: %s", err, out)
	}
}

// wait returns what is shown as soon as all words stand in it.
func (x *terminal) wait(limit time.Duration, words ...string) string {
	x.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		shown := x.text()
		missing := ""
		for _, w := range words {
			if !strings.Contains(shown, w) {
				missing = w
			}
		}
		if missing == "" {
			return shown
		}
		if time.Now().After(end) {
			x.t.Fatalf("%q is not shown:\n%s", missing, shown)
		}
	}
}

// resize gives the terminal another size.
func (x *terminal) resize(width, height int) {
	x.t.Helper()
	if out, err := x.command("resize-window", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height)).CombinedOutput(); err != nil {
		x.t.Fatalf("tmux: %v: %s", err, out)
	}
}

// page is what the phone is asked to open: no workload opens it by itself.
const page = "198.18.7.7"

// watchScreen starts wgtrace live on the lab's server in a terminal.
func watchScreen(t *testing.T, l *lab.Lab, dir string, args ...string) *terminal {
	t.Helper()
	return watchScreenBy(t, l, dir, nil, args...)
}

// watchScreenBy starts it by the command in the words before.
func watchScreenBy(t *testing.T, l *lab.Lab, dir string, before []string, args ...string) *terminal {
	t.Helper()
	cmd := selfOn(t, t.Context(), l.Server(), before, append([]string{"live", "--test-url", "http://" + page}, args...)...)
	env := []string{envRun + "=1", "LC_ALL=C.UTF-8", "TERM=tmux-256color", fmt.Sprintf("SUDO_UID=%d", nobody), fmt.Sprintf("SUDO_GID=%d", nobody)}
	return newTerminal(t, 80, 24, dir, env, cmd.Args...)
}

// TestScreen follows the steps of the screen as a person does, over a path
// without translation.
func TestScreen(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	l := newLab(t, lab.Config{NoIPv6: true})
	if err := l.Apply(ctx, lab.Fault{Name: "nat-missing"}); err != nil {
		t.Fatal(err)
	}
	surf := func() {
		t.Helper()
		if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Phone}); err != nil {
			t.Fatal(err)
		}
	}
	// The folder of the person who runs sudo, which nobody else may look into.
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(dir, 0o700), os.Chown(dir, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	x := watchScreen(t, l, dir)
	x.wait(40*time.Second, "tunnel "+l.Plan().Tunnel+", WAN "+l.Plan().WAN, "> 1 Wi-Fi off on the phone",
		"2 WireGuard app: off, count to three, on.", page, "4 Open example.com", "▄▄▄▄▄ █",
		"phone .> |          0 |", "No verdict yet", "y: it loaded, n: it did not, q: end, with the report")
	if err := l.Reconnect(ctx, lab.First); err != nil {
		t.Fatal(err)
	}
	surf()
	x.wait(40*time.Second, "✓ 1 ✓ 2 > 3 Type "+page, "Packets leave with the phone's private address",
		"Why    The place: proved.", "Do     Put this computer's address", "nft add table ip wgtrace", "Then   Run it in another window",
		"y: it loaded, n: it did not")
	open := "exec 3<>/dev/tcp/" + page + "/443"
	if err := l.Phone(lab.First).Command(ctx, "timeout", "1", "bash", "-c", open).Run(); err == nil {
		t.Fatal("the page came although the path is broken")
	}
	x.wait(40*time.Second, "✓ 1 ✓ 2 ✓ 3 > 4 Open example.com")
	x.keys("n")
	x.wait(40*time.Second, "> 4 It did not load. Press y when it does.")
	x.keys("C-c")
	x.wait(40*time.Second, "For programs: --format json", "s: save ticket.zip")
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("%q was written before anybody asked", left)
	}
	x.keys("s")
	x.wait(40*time.Second, "Saved ticket.zip.", "[exit status 1]")
	st, err := os.Stat(filepath.Join(dir, "ticket.zip"))
	if err != nil {
		t.Fatal(err)
	}
	if st.Mode().Perm() != 0o600 || st.Sys().(*syscall.Stat_t).Uid != nobody {
		t.Errorf("the ticket has mode %v and belongs to %d", st.Mode(), st.Sys().(*syscall.Stat_t).Uid)
	}
	unzip(t, filepath.Join(dir, "ticket.zip"), dir)
	again := readBack(t, filepath.Join(dir, "evidence.pcapng"), "--host-facts", filepath.Join(dir, "host.json"))
	if again.verdict.Finding != "nat-missing" {
		t.Errorf("the ticket says %+v\n%s", again.verdict, again.text(t))
	}

	said := filepath.Join(t.TempDir(), "run.json")
	y := watchScreen(t, l, dir, "--lang", "zh", "-o", "-", "-o", said)
	y.wait(40*time.Second, "隧道", "> 1 手机关闭 Wi-Fi")
	if err := l.Reconnect(ctx, lab.First); err != nil {
		t.Fatal(err)
	}
	surf()
	shown := y.wait(40*time.Second, "nft add table ip wgtrace", "然后")
	_, fix, _ := strings.Cut(shown, "nft add table")
	fix, _, _ = strings.Cut(fix, "\n然后")
	fix, _, _ = strings.Cut(fix, "\n撤销")
	if out, err := l.Server().Command(ctx, "bash", "-ec", "nft add table"+fix).CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v: %s", fix, err, out)
	}
	surf()
	y.wait(40*time.Second, "已修复", "个得到应答")
	y.resize(60, 15)
	y.wait(40*time.Second, "已修复")
	y.keys("y")
	y.wait(40*time.Second, "✓ 1 ✓ 2 ✓ 3 ✓ 4")
	y.keys("q")
	if shown := y.wait(40*time.Second, "[exit status 0]"); strings.Contains(shown, "ticket.zip") {
		t.Errorf("a ticket is offered where nothing is wrong:\n%s", shown)
	}
	raw, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	var run struct {
		Attempts []report.Attempt
		Episodes []report.Episode
	}
	if err := json.Unmarshal(raw, &run); err != nil {
		t.Fatal(err)
	}
	if len(run.Attempts) != 1 || !run.Attempts[0].Loaded {
		t.Errorf("the attempts are %+v", run.Attempts)
	}
	if n := len(run.Episodes); n < 2 || run.Episodes[0].Verdict.Status != "fault" || run.Episodes[n-1].Verdict.Status != "healthy" {
		t.Errorf("the episodes are %+v", run.Episodes)
	}
}

// TestScreenSilent: nothing of the phone arrives, and its person says that it tried.
func TestScreenSilent(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	l := newLab(t, lab.Config{NoIPv6: true})
	if err := l.Apply(ctx, lab.Fault{Name: "port-forward-missing"}); err != nil {
		t.Fatal(err)
	}
	x := watchScreen(t, l, t.TempDir())
	x.wait(40*time.Second, "> 1 Wi-Fi off on the phone")
	if err := l.Reconnect(ctx, lab.First); err != nil {
		t.Fatal(err)
	}
	x.wait(40*time.Second, "No phone is calling yet", "No verdict yet")
	x.keys("n")
	x.wait(40*time.Second, "> 4 It did not load.", "Nothing from the phone reaches this computer.", "phone =X", "Do     Forward WireGuard's port")
}

// TestScreenContainer follows a tunnel inside a container from its host: what is
// wrong there is told as that, and that it was repaired.
func TestScreenContainer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	l := newLab(t, lab.Config{Container: true})
	if err := l.Apply(ctx, lab.Fault{Name: "forwarding-off"}); err != nil {
		t.Fatal(err)
	}
	surf := func() {
		t.Helper()
		if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Phone}); err != nil {
			t.Fatal(err)
		}
	}
	cmd := selfOn(t, ctx, l.Host(), nil, "live")
	x := newTerminal(t, 80, 24, t.TempDir(), []string{envRun + "=1", "LC_ALL=C.UTF-8", "TERM=tmux-256color"}, cmd.Args...)
	x.wait(40*time.Second, "WAN "+l.Plan().HostWAN, "No verdict yet")
	surf()
	x.wait(40*time.Second, "This happens inside the container.", "(read from the settings)", "-n sysctl -w net/ipv4/ip_forward=1")
	if err := l.Clear(ctx, "forwarding-off"); err != nil {
		t.Fatal(err)
	}
	surf()
	x.wait(40*time.Second, "FIXED", " left, ")
	x.keys("q")
	x.wait(40*time.Second, "wgtrace: FIXED", "[exit status 0]")
}

// TestGuidedAlone runs wgtrace without arguments where nobody sits in front of it:
// it says the steps and ends by itself once the verdict is certain.
func TestGuidedAlone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	l := newLab(t, lab.Config{NoIPv6: true})
	for _, c := range []struct {
		name   string
		set    func(context.Context, *lab.Lab) error
		status int
		words  string
	}{
		{"broken", func(ctx context.Context, l *lab.Lab) error { return l.Apply(ctx, lab.Fault{Name: "forwarding-off"}) }, exitFault, "does not pass"},
		{"repaired", func(ctx context.Context, l *lab.Lab) error { return l.Clear(ctx, "forwarding-off") }, exitHealthy, "no fault was seen"},
	} {
		if err := c.set(ctx, l); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr strings.Builder
		cmd := selfOn(t, ctx, l.Server(), nil)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		tryWhile(t, cmd, func() error {
			_, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Probe})
			return err
		})
		if code := cmd.ProcessState.ExitCode(); code != c.status || !strings.Contains(stdout.String(), c.words) {
			t.Errorf("%s: status %d\n%s%s", c.name, code, stdout.String(), stderr.String())
		}
		for _, want := range []string{"step 1: Wi-Fi off on the phone", "step 3: Type 1.1.1.1", "step 1: ok"} {
			if !strings.Contains(stderr.String(), "wgtrace: "+want) {
				t.Errorf("%s: it does not say %q:\n%s", c.name, want, stderr.String())
			}
		}
	}
}

// TestScreenPlain: without colours where none are wanted, and line by line on a
// terminal that cannot move its cursor.
func TestScreenPlain(t *testing.T) {
	t.Parallel()
	l := newLab(t, lab.Config{NoIPv6: true})
	live := selfOn(t, t.Context(), l.Server(), nil, "live")
	for _, c := range []struct {
		name string
		env  []string
		args []string
		want string
		not  []string
	}{
		{"colours", nil, nil, "No verdict yet", nil},
		{"NO_COLOR", []string{"NO_COLOR=1"}, nil, "No verdict yet", []string{"[33m", "[1;33m", "[97;40m"}},
		{"--no-color", nil, []string{"--no-color"}, "No verdict yet", []string{"[33m", "[1;33m", "[97;40m"}},
		{"dumb", []string{"TERM=dumb"}, nil, "wgtrace: step 2: WireGuard app", []string{"\x1b", "▄"}},
	} {
		x := newTerminal(t, 80, 24, t.TempDir(), append([]string{envRun + "=1", "LC_ALL=C.UTF-8", "TERM=tmux-256color"}, c.env...), append(live.Args, c.args...)...)
		x.wait(40*time.Second, c.want)
		out, err := x.command("capture-pane", "-p", "-e").CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		if c.not == nil && !strings.Contains(string(out), "33m") {
			t.Errorf("%s: there are none in %q", c.name, out)
		}
		for _, not := range c.not {
			if strings.Contains(string(out), not) {
				t.Errorf("%s: %q in %q", c.name, not, out)
			}
		}
		x.keys("C-c")
		if c.name != "dumb" {
			x.wait(40*time.Second, "s: save ticket.zip")
			x.keys("x")
		}
		x.wait(40*time.Second, "exit status 3")
	}
}
