package main

import (
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
		if sc.Healthy && len(got.report.Findings) == 0 {
			t.Logf("caveat: %s", c)
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
