package main

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// shell runs commands on the server of the lab as root would, in a mount
// namespace of its own: what they write below /etc lies in a layer above the
// machine's, which ends with the test.
type shell struct {
	t     *testing.T
	enter []string // that brings a command into both namespaces
}

// above is where the upper layer is mounted, inside the namespace alone.
const above = "/mnt"

func newShell(t *testing.T, server *lab.Node) *shell {
	t.Helper()
	script := "mount -t tmpfs tmpfs " + above + " && mkdir " + above + "/up " + above + "/work && " +
		"mount -t overlay overlay -o lowerdir=/etc,upperdir=" + above + "/up,workdir=" + above + "/work /etc && echo $$ && exec cat"
	cmd := server.Command(t.Context(), "unshare", "-m", "sh", "-c", script)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_, _ = io.Copy(io.Discard, out) // until it ends
		_ = cmd.Wait()
	})
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatalf("no mount namespace: %v: %s", err, stderr.String())
	}
	return &shell{t: t, enter: []string{"-t", fmt.Sprint(pid), "-n", "-m", "--", "bash", "-c"}}
}

// write puts a file there.
func (s *shell) write(path, content string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "nsenter", append(s.enter, "mkdir -p "+filepath.Dir(path)+" && umask 077 && cat >"+path)...)
	cmd.Stdin = strings.NewReader(content)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("write %s: %v: %s", path, err, out)
	}
}

// say runs one line and returns what it prints.
func (s *shell) say(line string) string {
	s.t.Helper()
	out, err := exec.CommandContext(s.t.Context(), "nsenter", append(s.enter, line)...).CombinedOutput()
	if err != nil {
		s.t.Errorf("%s: %v: %s", line, err, out)
	}
	return strings.TrimSpace(string(out))
}

// run runs the lines of a fix, with the person's words filled in.
func (s *shell) run(words *strings.Replacer, lines []string) {
	s.t.Helper()
	for _, line := range lines {
		line = words.Replace(line)
		if slices.ContainsFunc(wgQuickOnly, func(p string) bool { return strings.HasPrefix(line, p) }) {
			continue
		}
		s.t.Logf("# %s\n%s", line, s.say(line))
	}
}

// files names what lies in the upper layer, with its content; files that were
// removed again are not there.
func (s *shell) files() string {
	return s.say("cd " + above + "/up && find . -type f -exec sha256sum {} + | sort -k 2")
}
