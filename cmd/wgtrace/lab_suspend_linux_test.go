package main

import (
	"context"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// TestScreenSuspended repairs the host in the only window that there is: Ctrl-Z, the
// command, fg. The program is stopped meanwhile, and what came is judged all the same.
func TestScreenSuspended(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
	defer cancel()
	l := newLab(t, lab.Config{NoIPv6: true})
	if err := l.Apply(ctx, lab.Fault{Name: "forwarding-off"}); err != nil {
		t.Fatal(err)
	}
	surf := func() {
		t.Helper()
		if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Phone}); err != nil {
			t.Fatal(err)
		}
	}
	// A shell with job control: it goes on with the next command once one is stopped.
	const shell = `set -m; "$@"; echo "[stopped]"; read -r; fg`
	x := watchScreenBy(t, l, t.TempDir(), []string{"bash", "-c", shell, "bash"})
	x.wait(10*time.Second, "> 1 Wi-Fi off on the phone")
	surf()
	x.wait(10*time.Second, "does not pass", "Do     Switch forwarding on")
	x.keys("C-z")
	x.wait(5*time.Second, "[stopped]")
	if out, err := l.Server().Command(ctx, "sysctl", "-w", "net.ipv4.ip_forward=1").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	surf()
	x.keys("Enter")
	x.wait(5*time.Second, "wgtrace  tunnel "+l.Plan().Tunnel)
	surf()
	x.wait(20*time.Second, "FIXED")
	x.keys("q")
	x.wait(10*time.Second, "[exit status 0]")
}
