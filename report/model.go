// Package report turns evidence and diagnosis into one report and renders it.
// The builder sorts everything once and fills in every sentence; a renderer
// sees the report alone. It decides nothing: what is wrong, and how sure that
// is, comes from diagnosis.
package report

import (
	"encoding/json"

	"github.com/wgtrace/wgtrace/internal/text"
)

// Schema is the version of the JSON report. Fields are added, never renamed.
const Schema = "wgtrace.report/1"

// Report is the JSON contract (docs/report.schema.json): null is unknown,
// arrays are never null, durations are microseconds. Text in it that came from
// packets or files has been made safe for a terminal by the builder. Fields
// without a JSON name serve the other renderers.
type Report struct {
	Schema    string          `json:"schema"`
	Tool      Tool            `json:"tool"`
	Started   Time            `json:"started"`
	Ended     Time            `json:"ended"`
	Redaction string          `json:"redaction"` // none, standard, strict
	Captures  []Capture       `json:"captures"`
	Verdict   Verdict         `json:"verdict"`
	Stages    Stages          `json:"stages"`
	Findings  []Finding       `json:"findings"` // the primary one first
	Flows     []Flow          `json:"flows"`    // the worst first
	NAT       []Mapping       `json:"nat"`
	WireGuard WireGuard       `json:"wireguard"`
	Clock     Clock           `json:"clock"`
	Totals    Totals          `json:"totals"`
	Clients   []Client        `json:"clients"` // the one that tried most first
	Episodes  []Episode       `json:"episodes"`
	Attempts  []Attempt       `json:"attempts"`
	Host      json.RawMessage `json:"host"`
	Container *Container      `json:"container"` // in which the tunnel is; null if in none
	Filter    *Filter         `json:"filter"`    // of what is listed; null: everything is
	Caveats   []string        `json:"caveats"`

	words    *text.Catalog
	subject  subject
	settings []Setting // what the host's settings say; empty if they are not known
	hidden   string    // what redaction has replaced, "" if nothing
}

// subject is whom and what the verdict is about, for renderers that draw it.
type subject struct {
	name   string // the headline client's address, "" if none
	os     string // of the host that was captured, "" if not known
	layer  int    // of the primary finding, 0 if none
	stages Stages // of the headline client, or of everybody
	// Sentences on the finding that the verdict names.
	summary, worked, fine string
}

// Hidden says in a sentence what redaction has replaced; "" if nothing.
func (r *Report) Hidden() string { return r.hidden }

// Tool says what made the report and where it ran.
type Tool struct {
	Name           string  `json:"name"`
	Version        string  `json:"version"`
	OS             string  `json:"os"`
	Arch           string  `json:"arch"`
	CaptureLibrary *string `json:"capture_library"` // null where none was used
}

// Container is the network namespace of a tunnel that is not this host's own.
type Container struct {
	Name  string          `json:"name"`  // "" if not known
	Place string          `json:"place"` // for a person
	Facts json.RawMessage `json:"facts"` // its settings, as host has those of this machine; null if not read
}

// Capture is one interface that was read.
type Capture struct {
	Point         *string  `json:"point"` // tunnel, wan
	Source        string   `json:"source"`
	Interface     *string  `json:"interface"`
	LinkType      string   `json:"link_type"`
	Packets       uint64   `json:"packets"` // all records, decoded or not
	Bytes         uint64   `json:"bytes"`
	First         Time     `json:"first"`
	Last          Time     `json:"last"`
	Dropped       *uint64  `json:"dropped"`
	Truncated     uint64   `json:"truncated_packets"`
	Undecoded     uint64   `json:"undecoded_packets"`
	ClockOffsetUS float64  `json:"clock_offset_us"`
	Namespace     *string  `json:"namespace"`
	Notes         []string `json:"notes"`
}

// Verdict is the answer.
type Verdict struct {
	Status        string  `json:"status"` // healthy, fault, inconclusive
	Finding       *string `json:"finding"`
	StoppedAfter  *string `json:"stopped_after"`
	StoppedBefore *string `json:"stopped_before"`
	Confidence    float64 `json:"confidence"` // 0..1
	Basis         string  `json:"basis"`      // packets, counters, settings
	Headline      string  `json:"headline"`
	Advice        string  `json:"advice"`
}

// Count is what passed a stage.
type Count struct {
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

// Stages holds the six places; one that was not observed is null.
type Stages struct {
	OuterIn   *Count `json:"outer_in"`
	TunnelIn  *Count `json:"tunnel_in"`
	WANOut    *Count `json:"wan_out"`
	WANIn     *Count `json:"wan_in"`
	TunnelOut *Count `json:"tunnel_out"`
	OuterOut  *Count `json:"outer_out"`
}

// at returns what passed a stage, by its name in the JSON report.
func (s Stages) at(stage string) *Count {
	switch stage {
	case "outer_in":
		return s.OuterIn
	case "tunnel_in":
		return s.TunnelIn
	case "wan_out":
		return s.WANOut
	case "wan_in":
		return s.WANIn
	case "tunnel_out":
		return s.TunnelOut
	case "outer_out":
		return s.OuterOut
	}
	return nil
}

// Finding is a class of fault that packets prove.
type Finding struct {
	ID         string     `json:"id"`
	Scope      Scope      `json:"scope"`
	Layer      int        `json:"layer"` // 0..5
	Severity   string     `json:"severity"`
	Segment    *string    `json:"segment"`    // container, host: on which side of the uplink of the container with the tunnel; null where there is none
	Confidence float64    `json:"confidence"` // that packets stop there, 0..1
	Title      string     `json:"title"`
	Summary    string     `json:"summary"`
	Evidence   []Evidence `json:"evidence"`
	Causes     []Cause    `json:"causes"` // the most probable first
	Fixes      []Fix      `json:"fixes"`
}

// Scope says whom a finding concerns; null is everybody, or both families.
type Scope struct {
	Client *string `json:"client"` // inner address, or the endpoint of an unknown device
	Family *string `json:"family"` // ipv4, ipv6
}

// Evidence is one packet that shows a finding.
type Evidence struct {
	Point  *string `json:"point"`
	Source string  `json:"source"`
	Frame  uint64  `json:"frame"` // as Wireshark counts
	Time   Time    `json:"time"`
	Text   string  `json:"text"`

	stage string // at which it was seen, "" if not known
}

// Cause is one possible reason of a finding.
type Cause struct {
	ID          string  `json:"id"`
	Probability float64 `json:"probability"`
	Basis       string  `json:"basis"` // packets; settings or counters where facts of the host proved or refuted it
	Title       string  `json:"title"`
	Why         string  `json:"why"`
	SettledBy   string  `json:"settled_by"`
}

// Fix is a set of commands. The first note says what they change.
type Fix struct {
	ID       string   `json:"id"`    // as "nat-linux-nft"
	Cause    string   `json:"cause"` // id of the cause that it cures
	OS       string   `json:"os"`
	Title    string   `json:"title"`
	Commands []string `json:"commands"`
	Undo     []string `json:"undo"`
	Notes    []string `json:"notes"`

	changes string
	keep    string // how to keep a change that takes itself back, "" for others
}
