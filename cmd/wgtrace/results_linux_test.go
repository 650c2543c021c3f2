package main

import (
	"cmp"
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
	Read      string       `json:"read"`    // of the recording of that run
	Warning   string       `json:"warning"` // that must stand beside the verdict
	sight                  // of live, which knows the server's settings
	Alone     sight        `json:"packets_alone"`
	Segment   string       `json:"segment,omitempty"` // of a path through a container
	Lost      uint64       `json:"lost_packets"`
	Seen      bool         `json:"seen"` // everything that the test holds the run against was as expected
}

// sight is what a run says of a finding: how sure it is that the packets disappear
// there, the first cause, "" for none, and how sure it is of that one.
type sight struct {
	Place float64 `json:"place"`
	Cause string  `json:"cause"`
	Sure  float64 `json:"cause_sure"`
	Basis string  `json:"cause_basis"`
}

// sight returns what a run says of a finding.
func (o outcome) sight(id string) sight {
	for _, f := range o.report.Findings {
		if f.ID != id {
			continue
		}
		s := sight{Place: f.Confidence}
		if len(f.Causes) > 0 {
			s.Cause, s.Sure, s.Basis = f.Causes[0].ID, f.Causes[0].Probability, f.Causes[0].Basis
		}
		return s
	}
	return sight{}
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
	r.sight = live.sight(cmp.Or(live.verdict.Finding, r.Warning))
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
