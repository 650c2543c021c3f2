package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
	"github.com/wgtrace/wgtrace/report"
)

// TestCounted runs wgtrace without arguments, and wgtrace check -d, as a user
// without the right to capture, while a phone tries: after the remedy they name what settings
// and counters tell, and never say that all is well.
func TestCounted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	l := newLab(t, lab.Config{NoIPv6: true})
	path := copyProgram(t)
	dir := filepath.Dir(path)
	user := strconv.Itoa(nobody)
	weak := []string{"--reuid=" + user, "--regid=" + user, "--clear-groups", "--inh-caps=-all", path}
	command := func(args ...string) *exec.Cmd {
		cmd := l.Server().Command(ctx, "setpriv", slices.Concat(weak, args)...)
		cmd.Env, cmd.Dir = selfCommand(t, ctx).Env, dir
		return cmd
	}
	start := func(args ...string) (finish func() (status int, stdout, stderr string)) {
		cmd := command(args...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return func() (int, string, string) {
			_ = cmd.Wait() // its exit status is looked at
			return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
		}
	}
	number := func(n *uint64) uint64 {
		if n == nil {
			t.Error("a counter is not known")
			return 0
		}
		return *n
	}
	for _, c := range []struct {
		fault         string // of the lab; "" is none
		bare, checked int    // exit statuses
		basis         string
		says          string // the headline
		setting       string // that must be wrong
		after         string // the stage that is named
	}{
		{"", exitNoCapture, exitInconclusive, "counters", "Packets go both ways", "", ""},
		{"forwarding-off", exitFault, exitFault, "counters", "passed on none of them", "forwarding", "tunnel_in"},
		// The firewall can be read by nobody but root.
		{"nat-missing", exitNoCapture, exitInconclusive, "counters", "went back into the tunnel", "", ""},
	} {
		if c.fault != "" {
			if err := l.Apply(ctx, lab.Fault{Name: c.fault}); err != nil {
				t.Fatal(err)
			}
		}
		bare, check := start(), start("check", "-d", "10s", "--json")
		time.Sleep(time.Second) // until both count
		if _, err := l.Keep(ctx, lab.First, lab.Run{Workload: lab.Phone}, 5*time.Second); err != nil {
			t.Fatal(err)
		}
		status, stdout, stderr := bare()
		if status != c.bare || !strings.Contains(stdout, c.says) {
			t.Errorf("%q: status %d, want %d and %q\n%s", c.fault, status, c.bare, c.says, stdout)
		}
		said := lines(stderr)
		if len(said) != 3 || !strings.Contains(said[0], "permission denied") || !strings.Contains(said[1], "setcap") || !strings.Contains(said[2], "open "+defaultTest) {
			t.Errorf("%q: it says\n%s", c.fault, stderr)
		}
		checkTerminal(t, stdout)

		status, stdout, _ = check()
		var got report.Check
		if err := json.Unmarshal([]byte(stdout), &got); err != nil {
			t.Fatal(err)
		}
		v := got.Verdict
		wrong := ""
		for _, s := range got.Settings {
			if s.State == "wrong" {
				wrong += s.ID
			}
		}
		if status != c.checked || v.Basis != c.basis || wrong != c.setting || (v.StoppedAfter == nil) != (c.after == "") || v.StoppedAfter != nil && *v.StoppedAfter != c.after {
			t.Errorf("%q: status %d, wrong %q, %s", c.fault, status, wrong, stdout)
		}
		if n := got.Counters; number(n.TunnelIn) < 10 || (number(n.Forwarded) == 0) != (c.after != "") {
			t.Errorf("%q: counted %s", c.fault, stdout)
		}
		if c.fault != "" {
			if err := l.Clear(ctx, c.fault); err != nil {
				t.Fatal(err)
			}
		}
	}

	// On a terminal what is counted is shown meanwhile, and Ctrl-C ends it early.
	x := newTerminal(t, 90, 50, t.TempDir(), []string{envRun + "=1", "LC_ALL=C.UTF-8", "TERM=tmux-256color"}, command().Args...)
	x.wait(10*time.Second, "It takes 30 s.")
	x.wait(10*time.Second, "tunnel +0 in, forwarded +")
	x.keys("C-c")
	x.wait(10*time.Second, "exit status 4")
}
