package live

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

// inside marks the process that runs in a network namespace of its own.
const inside = "WGTRACE_LIVE_TEST_INSIDE"

// TestMain runs the tests in a child process with an empty network namespace:
// captures need adapters, and every thread of the process must see the same
// ones. The namespace goes with the child.
func TestMain(m *testing.M) {
	if os.Getenv(inside) != "" {
		os.Exit(m.Run())
	}
	runtime.LockOSThread() // Pdeathsig goes by the thread that made the child
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	err := cmd.Start()
	if errors.Is(err, syscall.EPERM) {
		noNamespace = fmt.Sprintf("a network namespace of its own needs CAP_SYS_ADMIN: %v", err)
		os.Exit(m.Run())
	}
	if err == nil {
		err = cmd.Wait()
	}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(max(exit.ExitCode(), 1))
	case err != nil:
		fmt.Fprintln(os.Stderr, "run the tests in a network namespace:", err)
		os.Exit(1)
	}
}

// noNamespace is why the tests on adapters cannot run; "" if they can.
var noNamespace string

func needsNamespace(t testing.TB) {
	t.Helper()
	if noNamespace != "" {
		t.Skip(noNamespace)
	}
}
