// Package diagnose says why packets disappear and what to do: rules over the
// evidence, ranked causes, and which fix applies. It reads no packets, runs no
// commands and holds no sentences: those are in internal/text, found by id.
package diagnose

import (
	"fmt"
	"net/netip"

	"github.com/wgtrace/wgtrace/correlate"
)

// Severity says what a finding does to the verdict.
type Severity uint8

// Severities.
const (
	SeverityUnknown Severity = iota
	SeverityInfo             // worth knowing
	SeverityWarning          // wrong, but not what stops this client
	SeverityFault            // the path is broken here
)

// String returns the severity as the JSON report names it.
func (s Severity) String() string {
	switch s {
	case SeverityInfo:
		return "info"
	case SeverityWarning:
		return "warning"
	case SeverityFault:
		return "fault"
	}
	return fmt.Sprintf("Severity(%d)", uint8(s))
}

// Status is the verdict in one word.
type Status uint8

// Statuses.
const (
	StatusInconclusive Status = iota
	StatusHealthy
	StatusFault
)

// String returns the status as the JSON report names it.
func (s Status) String() string {
	switch s {
	case StatusInconclusive:
		return "inconclusive"
	case StatusHealthy:
		return "healthy"
	case StatusFault:
		return "fault"
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// Scope says whom a finding concerns; zero fields mean everybody.
type Scope struct {
	Client netip.Addr // inner address, or
	Peer   netip.AddrPort
	Family correlate.Family
}

// Cause is one possible reason of a finding. Title, why and what would settle
// it are sentences of internal/text under the cause's id.
type Cause struct {
	ID          string
	Probability float64 // 0..1; the causes of a finding add up to at most 1
	// Basis is what settled it: "settings" or "counters" where facts of the host
	// proved or refuted it, "" where packets alone speak.
	Basis string
}

// Fix is a set of commands that a person runs. Every value in it has been
// checked by type before it was filled in; what could not be is a visible
// placeholder. Title and notes are sentences of internal/text under ID.
type Fix struct {
	ID       string // key in internal/text
	OS       string // "linux", "windows", "macos", "freebsd", "openwrt", "routeros"
	Cause    string // the cause that it cures
	Commands []string
	Undo     []string
	Notes    []string // keys of internal/text
	Args     map[string]any
}

// Finding is a class of fault that packets prove, with its ranked causes.
type Finding struct {
	ID         string
	Layer      int // 0..5
	Severity   Severity
	Scope      Scope
	Confidence float64 // that the packets stop at this place, 0..1
	After      correlate.Stage
	Before     correlate.Stage
	Segment    Segment // of the primary finding of RunChain; unknown elsewhere
	Evidence   []correlate.Sighting
	Causes     []Cause
	Fixes      []Fix
	Args       map[string]any // what its sentences name: counts, addresses, adapters
}

// ClientVerdict is the verdict of one client.
type ClientVerdict struct {
	Client  int // index in Evidence.Clients
	Status  Status
	Finding string // id, or "" when healthy
}

// EpisodeVerdict is the verdict over a span in which nothing changed.
type EpisodeVerdict struct {
	Started, Ended int64
	Trigger        correlate.Trigger
	Changed        []string                             // as correlate.Ledger has it
	Stages         [correlate.NumStages]correlate.Count // of this client; the inner stages alone
	Status         Status
	Finding        string
}

// Diagnosis is the opinion on a run.
type Diagnosis struct {
	Status   Status
	Finding  string // id of the primary finding; "" when healthy
	Basis    string // "packets", "counters" or "settings"
	Findings []Finding
	Clients  []ClientVerdict
	Episodes []EpisodeVerdict
	Headline int // index in Evidence.Clients of the client that the verdict is about; -1: none
	Caveats  []correlate.Caveat
	Settings []Check // what the host's settings say, in the order of the path; nil if they are not known

	// Inner is the join inside the container with the tunnel, nil if nobody
	// watched one.
	Inner *correlate.Evidence
}

// Primary returns the finding that the verdict names, or nil.
func (d *Diagnosis) Primary() *Finding {
	for i := range d.Findings {
		if d.Findings[i].ID == d.Finding {
			return &d.Findings[i]
		}
	}
	return nil
}
