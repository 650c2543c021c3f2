package main

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// envRun makes the test binary be wgtrace itself, so that tests drive the real
// program in other processes and network namespaces.
const envRun = "WGTRACE_TEST_RUN"

func TestMain(m *testing.M) {
	lab.Child()
	if os.Getenv(envRun) != "" {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	// What the tests expect is English, whatever the machine speaks.
	_ = os.Setenv("LC_ALL", "C")
	os.Exit(m.Run())
}

// selfCommand is the program as a process of its own.
func selfCommand(t *testing.T, ctx context.Context, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), envRun+"=1")
	return cmd
}
