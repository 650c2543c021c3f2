package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// labResult is one run in the lab: a line of the file that WGTRACE_LAB_RESULTS
// names. Verdicts are written as "status" or "status finding".
type labResult struct {
	Scenario  string       `json:"scenario"`
	Test      string       `json:"test"`
	Workload  lab.Workload `json:"workload"`
	Beside    bool         `json:"beside_healthy"` // a healthy second client
	WireGuard string       `json:"wireguard"`      // "kernel" or "userspace"
	Kernel    string       `json:"kernel"`         // release of the machine's kernel
	Expected  string       `json:"expected"`
	Live      string       `json:"live"`
	Read      string       `json:"read"`  // of the recording of that run
	Cause     string       `json:"cause"` // the first one that live named, "" for none
	Lost      uint64       `json:"lost_packets"`
	Seen      bool         `json:"seen"` // everything that the test holds the run against was as expected
}

// noteResult adds a line when the test ends.
func noteResult(t *testing.T, r labResult, want verdict, live, again outcome) {
	t.Helper()
	name := os.Getenv("WGTRACE_LAB_RESULTS")
	if name == "" {
		return
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	r.Test, r.Kernel, r.WireGuard = t.Name(), strings.TrimSpace(string(release)), "userspace"
	if kernelWireGuard {
		r.WireGuard = "kernel"
	}
	r.Expected, r.Live, r.Read = want.short(), live.verdict.short(), again.verdict.short()
	r.Lost = live.report.Totals.LostPackets
	for _, f := range live.report.Findings {
		if f.ID == live.verdict.Finding && len(f.Causes) > 0 {
			r.Cause = f.Causes[0].ID
			break
		}
	}
	t.Cleanup(func() {
		r.Seen = !t.Failed()
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		// One write of an appending file is not torn by that of another test.
		_, err = f.Write(append(line, '\n'))
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if err != nil {
			t.Error(err)
		}
	})
}

func (v verdict) short() string { return strings.TrimSpace(v.Status + " " + v.Finding) }
