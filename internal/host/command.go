package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Bounds of the commands whose answers are read: all of them answer within
// milliseconds on a healthy machine, PowerShell within a few seconds.
const (
	commandTimeout = 10 * time.Second
	maxOutput      = 16 << 20 // octets
)

var errNotInstalled = errors.New("is not installed")

// query runs a command that only reads and returns what it printed. Commands are
// constants of this package; nothing from outside enters one.
func query(ctx context.Context, name string, args ...string) ([]byte, error) {
	path := lookup(name)
	if path == "" {
		return nil, fmt.Errorf("%s %w", name, errNotInstalled)
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "LANG=C")
	cmd.WaitDelay = time.Second
	var stderr bytes.Buffer
	out := &bounded{left: maxOutput}
	cmd.Stdout, cmd.Stderr = out, &bounded{b: &stderr, left: 4096}
	err := cmd.Run()
	switch said := strings.TrimSpace(stderr.String()); {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s gave no answer within %v", name, commandTimeout)
	case out.over:
		return nil, fmt.Errorf("%s printed more than %d octets", name, maxOutput)
	case err != nil && refused(said):
		return nil, fmt.Errorf("%s: %w", name, os.ErrPermission)
	case err != nil:
		line, _, _ := strings.Cut(said, "\n")
		return nil, fmt.Errorf("%s: %w: %s", name, err, plain(cut(line)))
	}
	return out.bytes(), nil
}

// refused reports whether a command says that it needs more rights.
func refused(said string) bool {
	return strings.Contains(said, "not permitted") || strings.Contains(said, "ermission denied") || strings.Contains(said, "must be root")
}

// lookup returns the path of a program, "" if it is not there. A relative entry
// of PATH is not followed (exec.ErrDot).
func lookup(name string) string {
	for _, dir := range commandDirs {
		path := filepath.Join(dir, name)
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && (executable == 0 || st.Mode()&executable != 0) {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}

// bounded keeps the first octets that are written to it and swallows the rest.
type bounded struct {
	b    *bytes.Buffer
	left int
	over bool
}

func (w *bounded) Write(p []byte) (int, error) {
	if w.b == nil {
		w.b = &bytes.Buffer{}
	}
	n := min(len(p), w.left)
	w.over = w.over || n < len(p)
	w.left -= n
	w.b.Write(p[:n])
	return len(p), nil
}

func (w *bounded) bytes() []byte {
	if w.b == nil {
		return nil
	}
	return w.b.Bytes()
}

// plain replaces what a terminal would obey.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}

// reason says in a few words why something could not be read.
func reason(err error) string {
	if errors.Is(err, os.ErrPermission) {
		return "it needs administrator rights"
	}
	return plain(err.Error())
}
