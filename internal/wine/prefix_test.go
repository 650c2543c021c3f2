//go:build wine

package wine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const root = "../.."

// work holds the Wine prefix, in which Windows keeps its disk, and what was
// built. One Wine serves all tests: to begin one takes ten seconds.
var work string

// Wine's own libraries unless a test wants those of testdata: without "n" the
// one that Wine brings is taken, whatever lies in its folder.
const (
	asIs     = "mscoree=;mshtml="
	noNpcap  = asIs + ";wpcap=;iphlpapi=n;powershell.exe=n"
	replayed = asIs + ";wpcap=n;iphlpapi=n;powershell.exe=n"
)

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	var err error
	if work, err = os.MkdirTemp("", "wgtrace-wine-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(work)
	defer func() { _, _, _ = command(asIs, "wineserver", "-k", "-w") }()
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// prepare makes the disk and builds what the tests run.
func prepare() error {
	// The server outlives each program, so that the next one need not start
	// the services of Windows again.
	if err := os.Mkdir(filepath.Join(work, "prefix"), 0o700); err != nil {
		return err
	}
	for _, c := range [][]string{{"wineserver", "-p"}, {"wineboot", "-i"}} {
		if out, code, err := command(asIs, c[0], c[1:]...); code != 0 || err != nil {
			return fmt.Errorf("%s: status %d, %v: %s", strings.Join(c, " "), code, err, out.all())
		}
	}
	for _, lib := range []struct {
		to   string
		args []string
	}{
		{"Npcap/wpcap.dll", []string{"-shared", "testdata/wpcap.c"}},
		{"iphlpapi.dll", []string{"-shared", "testdata/iphlpapi.c", "testdata/iphlpapi.def"}},
		{"bcryptprimitives.dll", []string{"-shared", "-nostdlib", "-Wl,-e,0", "testdata/bcryptprimitives.def"}},
		{"WindowsPowerShell/v1.0/powershell.exe", []string{"testdata/powershell.c"}},
	} {
		if err := compile(system32(lib.to), lib.args...); err != nil {
			return err
		}
	}
	if err := build("linux", "build", "-o", filepath.Join(work, "wgtrace"), "./cmd/wgtrace"); err != nil {
		return err
	}
	return build("windows", "build", "-o", filepath.Join(work, "wgtrace.exe"), "./cmd/wgtrace")
}

func system32(name string) string {
	return filepath.Join(work, "prefix", "drive_c", "windows", "system32", name)
}

func compile(to string, args ...string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	args = append([]string{"-O2", "-Wall", "-Wextra", "-Werror", "-s", "-o", to}, args...)
	if out, err := exec.Command("x86_64-w64-mingw32-gcc", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("compile %s: %w: %s", filepath.Base(to), err, out)
	}
	return nil
}

// build runs a go command for a system, as a release is built.
func build(goos string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s for %s: %w: %s", strings.Join(args, " "), goos, err, out)
	}
	return nil
}

// output is what a program printed.
type output struct{ out, err string }

func (o output) all() string { return o.out + o.err }

// command runs a program of Wine's or one of Windows. The error is one of
// starting it; extra are lines of environment.
func command(overrides, name string, args ...string) (output, int, error) {
	return commandIn("", overrides, nil, name, args...)
}

func commandIn(dir, overrides string, extra []string, name string, args ...string) (o output, code int, err error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+work, "WINEPREFIX="+filepath.Join(work, "prefix"), "WINEARCH=win64",
		"WINEDEBUG=-all", "WINEDLLOVERRIDES="+overrides, "LANG=C.UTF-8", "LC_ALL=C.UTF-8",
		"WGTRACE_LAB=") // the lab is of Linux: there it is required elsewhere
	cmd.Env = append(cmd.Env, extra...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // services that Wine starts keep the pipes open
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) || errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return output{stdout.String(), stderr.String()}, cmd.ProcessState.ExitCode(), err
}

// wgtrace runs the Windows program.
func wgtrace(t *testing.T, dir, overrides string, args ...string) (output, int) {
	t.Helper()
	extra := []string{`WGTRACE_FAKE=Z:` + strings.ReplaceAll(dir, "/", `\`)}
	o, code, err := commandIn(dir, overrides, extra, "wine", append([]string{filepath.Join(work, "wgtrace.exe")}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return o, code
}
