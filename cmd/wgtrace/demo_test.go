package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// TestDemoPackaged shows every packaged case: each must end as its truth says.
func TestDemoPackaged(t *testing.T) {
	for _, name := range append([]string{""}, packaged()...) {
		t.Run(name, func(t *testing.T) {
			args := []string{"demo"}
			if name != "" {
				args = append(args, "--scenario", name)
			}
			var stdout, stderr bytes.Buffer
			if code := run(args, nil, &stdout, &stderr); code != 0 {
				t.Errorf("exit status %d: %s", code, stderr.String())
			}
			if stdout.Len() < 1000 {
				t.Errorf("said only %q", stdout.String())
			}
		})
	}
}

func TestDemoUnknown(t *testing.T) {
	for _, args := range [][]string{{"demo", "--scenario", "nope"}, {"demo", "--live", "--scenario", "nope"}, {"demo", "nope"}} {
		var stdout, stderr bytes.Buffer
		if code := run(args, nil, &stdout, &stderr); code != exitUsage || stdout.Len() > 0 {
			t.Errorf("%v: exit status %d, stdout %q, stderr %q", args, code, stdout.String(), stderr.String())
		}
	}
}

func TestDemoList(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run([]string{"demo", "--list"}, nil, &stdout, &stderr); code != 0 {
		t.Fatalf("exit status %d: %s", code, stderr.String())
	}
	for _, name := range []string{"nat-missing-phone", "forward-policy-drop", "psk-mismatch"} {
		if !strings.Contains(stdout.String(), name) {
			t.Errorf("does not list %s", name)
		}
	}
}

// TestDemoLive runs the whole story in the lab, which is promised to take less
// than 30 seconds: nothing translated, the printed command, healthy.
func TestDemoLive(t *testing.T) {
	probe, err := lab.New(t.Context(), lab.Config{})
	if errors.Is(err, lab.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := probe.Close(); err != nil {
		t.Fatal(err)
	}
	out := runSelf(t, 60*time.Second, "demo", "--live")
	if out.code != 0 {
		t.Fatalf("exit status %d\n%s%s", out.code, out.stdout, out.stderr)
	}
	for _, want := range []string{"nft add rule ip wgtrace postrouting", "Found, repaired and proved"} {
		if !strings.Contains(out.stdout, want) {
			t.Errorf("the story lacks %q", want)
		}
	}
	if out.took > 30*time.Second {
		t.Errorf("took %v", out.took)
	}
}

// selfRun is a run of the program in a process of its own.
type selfRun struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

// runSelf runs the program as a process: the lab starts it again by its path.
func runSelf(t *testing.T, limit time.Duration, args ...string) selfRun {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := selfCommand(t, ctx, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begun := time.Now()
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return selfRun{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), time.Since(begun)}
}
