package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
	"github.com/wgtrace/wgtrace/report"
)

// checkFinds names what the settings alone must say of a scenario: a cause, or the
// line that is wrong. Scenarios that are not listed lie with the phone, beyond the
// server, or in what no setting shows; of those that are healthy nothing may be
// wrong.
var checkFinds = map[string]string{
	"nat-missing": "nat-missing", "nat-wrong-out-interface": "nat-wrong-out-interface", "nat-wrong-subnet": "nat-wrong-subnet",
	"forwarding-off": "ip-forwarding-off", "forwarding-off-tunnel": "ip-forwarding-off",
	"forward-policy-drop": "forward-policy-drop", "forward-no-return-rule": "forward-return-path-blocked",
	"rpfilter-strict": "rp-filter-drop", "server-input-drop": "host-firewall-blocks-wg-port",
	"server-input-reject": "host-firewall-blocks-wg-port", "server-input-hostprohibit": "host-firewall-blocks-wg-port",
	"docker-forward-drop": "docker-forward-drop", "legacy-drop-nft-accept": "two-firewalls", "nft-two-tables": "two-firewalls",
	"no-return-route-leak": "route-back", "addr32-no-route": "route-back", "server-default-hijack": "route-out",
	"nat-reply-dropped-notrack": "tracking", "peer-allowedips-stolen": "allowed-ips", "dns-input-drop": "dns-host-firewall",
	"v6-blackhole-no-forward": "ip-forwarding-off", "v6-blackhole-forward-no-nat": "nat-missing",
	// Whether somebody routes the subnet is not in the settings.
	"healthy-routed-no-nat": "nat-missing",
	// A rule stands in for the missing route.
	"v6-no-default-route": "forward-policy-drop",
}

// TestCheck asks wgtrace check on the server of the lab, fault by fault, without
// any traffic, and judges what it stored once more elsewhere.
func TestCheck(t *testing.T) {
	inEveryScenario(t, func(t *testing.T, l *lab.Lab, sc lab.Scenario) {
		status, raw := checkInLab(t, l)
		var c report.Check
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatalf("%v: %s", err, raw)
		}
		wrong := map[string]bool{}
		for _, s := range c.Settings {
			// A rule with a limit, or one for a single caller, settles nothing.
			if s.State == "unknown" && (checkFinds[sc.Name] != "" || sc.Healthy && sc.Name != "drop-n") {
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
		want := checkFinds[sc.Name]
		if want != "" && (status != exitFault || !wrong[want]) || want == "" && sc.Healthy && len(wrong) > 0 || c.Verdict.Basis != "settings" {
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
		for _, s := range c.Settings {
			if s.State == "wrong" && s.Cause != nil && sc.Name != "v6-no-default-route" {
				checkFix(t, l, &s)
			}
		}
	})
}

func checkInLab(t *testing.T, l *lab.Lab, args ...string) (status int, stdout []byte) {
	t.Helper()
	cmd := selfOn(t, t.Context(), l.Server(), nil, append([]string{"check", "--json"}, args...)...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out
}

// isIPv6: a fix is for one family, and the line of another client comes up once
// the first is cured.
func isIPv6(client *string) bool { return client != nil && strings.Contains(*client, ":") }

// checkFix runs the first fix of a wrong setting on the lab's server, which must
// make it right, and then its undo, which must make it wrong again. What keeps a
// fix over a restart is written to the machine's own files, and not run.
func checkFix(t *testing.T, l *lab.Lab, s *report.Setting) {
	t.Helper()
	apply := func(commands []string) {
		for _, c := range commands {
			if strings.Contains(c, "/etc/") {
				continue
			}
			if out, err := l.Server().Command(t.Context(), "bash", "-c", c).CombinedOutput(); err != nil {
				t.Fatalf("%s: %s: %v: %s", *s.Cause, c, err, out)
			}
		}
	}
	wrong := func() bool {
		_, raw := checkInLab(t, l)
		var c report.Check
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}
		for _, o := range c.Settings {
			if o.ID == s.ID && o.State == "wrong" && isIPv6(o.Client) == isIPv6(s.Client) {
				return true
			}
		}
		return false
	}
	f := s.Fixes[0]
	apply(f.Commands)
	if wrong() {
		t.Errorf("%s: still wrong after %q", *s.Cause, f.Commands)
	}
	apply(f.Undo)
	if !wrong() {
		t.Errorf("%s: right after the undo %q", *s.Cause, f.Undo)
	}
}

// inEveryScenario calls judge in one lab with one fault after the other.
func inEveryScenario(t *testing.T, judge func(*testing.T, *lab.Lab, lab.Scenario)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	one := newLab(t, lab.Config{})
	for _, sc := range lab.Scenarios() {
		t.Run(sc.Name, func(t *testing.T) {
			l := one
			if sc.SecondUplink {
				l = newLab(t, lab.Config{SecondUplink: true})
			}
			if err := l.Apply(ctx, lab.Fault{Name: sc.Name}); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := l.Clear(ctx, sc.Name); err != nil {
					t.Error(err)
				}
			}()
			judge(t, l, sc)
		})
	}
}
