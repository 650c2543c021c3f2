package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
	"github.com/wgtrace/wgtrace/report"
)

// checkFinds names what the settings alone say where that is not the cause of the
// scenario: "" is nothing.
var checkFinds = map[string]string{
	"peer-allowedips-stolen": "allowed-ips",
	// Whether somebody routes the subnet is not in the settings.
	"healthy-routed-no-nat": "nat-missing",
	// These lie with the phone, or beyond the server.
	"server-unknown-client-key": "", "server-allowedips-missing": "", "client-wrong-server-key": "",
	"dns-blocked-upstream": "", "dns-lan-resolver-unreachable": "", "mtu-outer-blackhole": "",
	// How a resolver behaves, and whether the phone asks it, does not show.
	"dns-no-listener": "", "dns-dnsmasq-local-service": "", "dns-refused": "", "dns-wrong-source": "",
	"v6-no-default-route":         "forward-policy-drop", // a rule stands in for the missing route
	"v6-blackhole-no-forward":     "ip-forwarding-off",
	"v6-blackhole-forward-no-nat": "nat-missing",
}

// TestCheck asks wgtrace check on the server of the lab, fault by fault, without
// any traffic, and judges what it stored once more elsewhere.
func TestCheck(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	l := newLab(t, lab.Config{})
	for _, sc := range lab.Scenarios() {
		t.Run(sc.Name, func(t *testing.T) {
			if err := l.Apply(ctx, lab.Fault{Name: sc.Name}); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := l.Clear(ctx, sc.Name); err != nil {
					t.Error(err)
				}
			}()
			status, raw := checkInLab(t, l)
			var c report.Check
			if err := json.Unmarshal(raw, &c); err != nil {
				t.Fatalf("%v: %s", err, raw)
			}
			wrong := map[string]bool{}
			for _, s := range c.Settings {
				if s.State == "unknown" && sc.Name != "drop-n" { // its rule has a limit
					t.Errorf("%s is not known: %s", s.ID, s.Found)
				}
				if s.State != "wrong" {
					continue
				}
				wrong[s.ID] = true
				if s.Cause != nil {
					wrong[*s.Cause] = true
					if len(s.Fixes) == 0 {
						t.Errorf("%s: no way to repair it", *s.Cause)
					}
				}
			}
			want, fault := sc.Cause, exitFault
			if other, ok := checkFinds[sc.Name]; ok {
				want = other
			}
			switch {
			case sc.Name == "drop-n":
				fault = exitInconclusive
			case want == "":
				fault = exitHealthy
			}
			if status != fault || want != "" && !wrong[want] || want == "" && len(wrong) > 0 || c.Verdict.Basis != "settings" {
				t.Errorf("exit status %d, %+v, wrong: %v; want %q", status, c.Verdict, wrong, want)
			}
			file := filepath.Join(t.TempDir(), "facts.json")
			if err := os.WriteFile(file, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			again := wgtrace(nil, "check", "--host-facts", file)
			if again.status != status || again.stderr != "" {
				t.Errorf("judged elsewhere: %d, %s%s", again.status, again.stdout, again.stderr)
			}
			checkTerminal(t, again.stdout)
		})
	}
}

func checkInLab(t *testing.T, l *lab.Lab) (status int, stdout []byte) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := l.Server().Command(t.Context(), self, "check", "--json")
	cmd.Env = append(os.Environ(), envRun+"=1")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out
}
