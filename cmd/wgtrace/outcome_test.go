package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/wgtrace/wgtrace/report"
)

// verdict is what a run must agree on.
type verdict struct {
	Status, Finding, After, Before string
}

func (w want) verdict() verdict {
	return verdict{w.Status, deref(w.Finding), deref(w.After), deref(w.Before)}
}

// besideHealthy is the verdict on a client where another one works: what stops
// its tunnel is then a warning, and silence says nothing.
func besideHealthy(v verdict) verdict {
	if v.Status == "inconclusive" || v.After == "outer_in" || v.Before == "outer_in" {
		return verdict{Status: "healthy"}
	}
	return v
}

// outcome is what one run of wgtrace said.
type outcome struct {
	verdict verdict
	report  *reportJSON
	raw     []byte
	stderr  string
}

// reportFinding is as much of a finding as the tests look at.
type reportFinding struct {
	ID, Severity string
	Confidence   float64
	Segment      *string
	Causes       []struct {
		ID, Basis   string
		Probability float64
	}
	Fixes []reportFix
}

// reportFix is as much of a fix as the tests look at.
type reportFix struct {
	ID, Cause, OS  string
	Commands, Undo []string
}

// reportJSON is as much of the report as the tests look at.
type reportJSON struct {
	Verdict  want
	Captures []report.Capture
	Stages   map[string]*report.Count
	Findings []reportFinding
	Host     json.RawMessage
	Caveats  []string
	Clock    report.Clock
	Totals   report.Totals
	Clients  []report.Client
	Episodes []report.Episode
	Peers    struct{ Peers []report.Peer } `json:"wireguard"`
	NAT      []struct{ Protocol, Inside, Outside, Remote string }
}

// found reports whether a finding stands in the report.
func (o outcome) found(id string) bool {
	for _, f := range o.report.Findings {
		if f.ID == id {
			return true
		}
	}
	return false
}

func (o outcome) text(t *testing.T) string {
	t.Helper()
	return string(o.raw) + o.stderr
}

func parseOutcome(t *testing.T, raw []byte, stderr string) outcome {
	t.Helper()
	o := outcome{raw: raw, stderr: stderr, report: &reportJSON{}}
	if err := json.Unmarshal(raw, o.report); err != nil {
		t.Fatalf("no report: %v\n%s%s", err, raw, stderr)
	}
	o.verdict = o.report.Verdict.verdict()
	return o
}

// readBack judges a recording with wgtrace read.
func readBack(t *testing.T, files ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	run(append([]string{"read", "--format", "json"}, files...), nil, &stdout, &stderr)
	return parseOutcome(t, stdout.Bytes(), stderr.String())
}
