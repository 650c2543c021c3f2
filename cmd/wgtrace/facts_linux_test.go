package main

import (
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// checkCause holds the first cause of a finding against the lab's truth: with the
// settings of the server, live or stored in the recording, it must be the true
// one.
func checkCause(t *testing.T, sc lab.Scenario, second bool, got outcome) {
	t.Helper()
	want := sc.Cause
	switch sc.Name {
	case "forwarding-off", "forwarding-off-tunnel", "legacy-drop-nft-accept", "docker-forward-drop":
		if !second {
			break
		}
		want = "forward-policy-drop" // for one client alone a rule stands in for the switch
	}
	if second && sc.Name == "v6-blackhole-no-forward" {
		want = "ipv6-forward-drop"
	}
	if string(got.report.Host) == "null" {
		t.Error("the settings of the server were not read")
	}
	for _, c := range got.report.Caveats {
		// Routed without translation, and IPv6 that a rule refuses, do look wrong.
		looksWrong := sc.Name == "healthy-routed-no-nat" || sc.Breaks == lab.BreaksIPv6
		if sc.Healthy && !looksWrong && strings.HasPrefix(c, "Packets get through, although") {
			t.Errorf("settings of a healthy server: %s", c)
		}
	}
	for _, f := range got.report.Findings {
		if f.ID != sc.Expect.Finding || want == "" {
			continue
		}
		if len(f.Causes) == 0 || f.Causes[0].ID != want {
			t.Errorf("%s: the first cause must be %s: %+v", f.ID, want, f.Causes)
			return
		}
		t.Logf("%s: %s %.2f by %s", f.ID, want, f.Causes[0].Probability, f.Causes[0].Basis)
	}
}
