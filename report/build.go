package report

import (
	"encoding/json"
	"slices"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/filter"
	"github.com/wgtrace/wgtrace/internal/text"
)

// Info is what a report says beside evidence and diagnosis.
type Info struct {
	Name, Version  string // of the tool; Name "" is "wgtrace"
	OS, Arch       string // that the tool ran on, as Go names them
	CaptureLibrary string // "" where none was used

	Lang     string            // of the sentences; "" or unknown is English
	HostJSON json.RawMessage   // facts of the host, or nil; what is no JSON is left out
	Attempts []Attempt         // that the person marked
	Verbose  bool              // say also of live captures why they have their role
	Filter   filter.Expression // of the connections that are listed
	Live     bool              // the host that was captured is the one that the tool ran on
	Redact   *Redactor         // hides names and addresses; nil: nothing
	OSChoice string            // whose fixes come first; "" or "auto": as diagnosis ordered them

	Container *Container // in which the tunnel is, nil if in none
}

// Build makes the report of a run. Nothing in it aliases ev or d.
func Build(ev *correlate.Evidence, d *diagnose.Diagnosis, info Info) *Report {
	language := text.ForFiles
	if info.Live {
		language = text.For
	}
	words, err := language(info.Lang)
	if err != nil {
		// A report in English beats none; the command line has refused an
		// unknown language before.
		words, err = language("en")
		if err != nil {
			panic(err) // the catalog is part of the program, and its tests compile it
		}
	}
	b := &builder{ev: ev, d: d, info: info, words: words}
	b.zeroIsTime = slices.ContainsFunc(ev.Captures, func(c correlate.Capture) bool {
		return c.Packets > c.TimeUnknown && c.First == 0
	})
	b.base = b.baseArgs()
	r := &Report{
		Schema:    Schema,
		Tool:      b.tool(),
		Started:   b.moment(ev.Started),
		Ended:     b.moment(ev.Ended),
		Redaction: "none",
		Captures:  b.captures(),
		Stages:    b.stages(),
		Findings:  b.findings(),
		Flows:     b.flows(),
		NAT:       b.mappings(),
		WireGuard: b.wireguard(),
		Clock:     b.clock(),
		Totals:    totals(ev.Totals),
		Clients:   b.clients(),
		Episodes:  b.episodes(),
		Attempts:  append([]Attempt{}, info.Attempts...),
		Caveats:   b.caveats(),
		words:     words,
		settings:  settingsOf(words, d.Settings),
	}
	if json.Valid(info.HostJSON) {
		r.Host = slices.Clone(info.HostJSON)
	}
	r.Filter = b.filter(r)
	r.Container = b.container()
	r.Verdict, r.subject = b.verdict()
	if x := info.Redact; x != nil {
		x.learnCaptures(ev)
		x.learnHost(r.Host)
		x.learnContainer(r.Container)
		x.report(r)
	}
	return r
}

// ExitCode returns the status that a command ends with: 0 healthy, 1 fault
// found, 3 inconclusive.
func ExitCode(r *Report) int { return StatusExit(r.Verdict.Status) }

// StatusExit is ExitCode for a status by itself.
func StatusExit(status string) int {
	switch status {
	case "healthy":
		return 0
	case "fault":
		return 1
	}
	return 3
}

type builder struct {
	ev    *correlate.Evidence
	d     *diagnose.Diagnosis
	info  Info
	words *text.Catalog
	base  map[string]any

	zeroIsTime bool // a capture begins at 1970-01-01T00:00:00 exactly, so 0 is a time
}

// moment takes 0 for unknown, unless the captures' clock really began there.
func (b *builder) moment(ns int64) Time {
	return Time{NS: ns, Known: ns > 0 || ns == 0 && b.zeroIsTime}
}

func (b *builder) tool() Tool {
	t := Tool{Name: b.info.Name, Version: b.info.Version, OS: b.info.OS, Arch: b.info.Arch,
		CaptureLibrary: known(sanitize(b.info.CaptureLibrary))}
	if t.Name == "" {
		t.Name = "wgtrace"
	}
	return t
}

func totals(t correlate.Totals) Totals {
	return Totals{
		Flows: t.Flows, FlowsAnswered: t.Answered,
		FlowsNotListed: t.FlowsNotListed, NATNotListed: t.NATNotListed,
		MatchedPackets: t.MatchedPackets, MatchedPairs: t.MatchedPairs,
		LostPackets: t.LostPackets, Unobservable: t.Unobservable,
		Ambiguous: t.Ambiguous, Duplicates: t.Duplicates, Evicted: t.Evicted,
	}
}

func (b *builder) stages() Stages {
	at := func(s correlate.Stage) *Count {
		c := b.ev.Stages[s]
		if !c.Observed || c.Packets == 0 && b.untied(s) {
			return nil
		}
		return &Count{Packets: c.Packets, Bytes: c.Bytes}
	}
	return Stages{
		OuterIn: at(correlate.OuterIn), TunnelIn: at(correlate.TunnelIn), WANOut: at(correlate.WANOut),
		WANIn: at(correlate.WANIn), TunnelOut: at(correlate.TunnelOut), OuterOut: at(correlate.OuterOut),
	}
}

// untied reports whether a stage could not be counted for want of the tunnel:
// what leaves and comes on the WAN counts only once it is tied to a client's
// flow, so that 0 would claim what nobody looked at.
func (b *builder) untied(s correlate.Stage) bool {
	return (s == correlate.WANOut || s == correlate.WANIn) && b.ev.Coverage.WAN && !b.ev.Coverage.Tunnel
}

func (b *builder) captures() []Capture {
	rows := make([]Capture, 0, len(b.ev.Captures))
	for i := range b.ev.Captures {
		c := &b.ev.Captures[i]
		if b.split(c) {
			continue
		}
		row := Capture{
			Namespace:     known(sanitize(c.Interface.Namespace)),
			Point:         known(c.Role.String()),
			Source:        sanitize(c.Source),
			Interface:     known(sanitize(c.Interface.Name)),
			LinkType:      c.Interface.LinkType.String(),
			Packets:       c.Packets,
			Bytes:         c.Bytes,
			Truncated:     c.Truncated,
			Undecoded:     c.Undecoded,
			ClockOffsetUS: microseconds(c.OffsetNS),
			Notes:         b.captureNotes(c),
		}
		if c.Packets > c.TimeUnknown {
			row.First, row.Last = Time{c.First, c.First >= 0}, Time{c.Last, c.Last >= 0}
		}
		if c.DroppedKnown {
			row.Dropped = some(c.Dropped)
		}
		rows = append(rows, row)
	}
	return rows
}

// split reports whether an interface of Linux cooked v2 lives on in the rows
// that its packets were split into, one for each interface index.
func (b *builder) split(c *correlate.Capture) bool {
	if c.Packets > 0 || c.Interface.LinkType != capture.LinkTypeLinuxSLL2 || c.Interface.IfIndex != 0 {
		return false
	}
	return slices.ContainsFunc(b.ev.Captures, func(o correlate.Capture) bool {
		return o.Source == c.Source && o.Interface.Index == c.Interface.Index && o.Interface.IfIndex != 0
	})
}

func (b *builder) captureNotes(c *correlate.Capture) []string {
	notes := []string{}
	note := func(id string, args map[string]any) { notes = append(notes, b.words.Word(id, args)) }
	// In files the roles were worked out; live, they were chosen before.
	if c.Role.String() != "" && c.RoleWhy != "" && (b.info.Verbose || !b.info.Live) {
		point := b.words.Word("point-"+c.Role.String(), nil)
		why := b.words.Role(sanitize(c.RoleWhy))
		note("note-role", map[string]any{"name": point, "why": why})
	}
	if d := c.Interface.Description; d != "" && d != c.Interface.Name {
		note("note-description", map[string]any{"name": sanitize(d)})
	}
	if c.Interface.Namespace != "" {
		note("note-namespace", map[string]any{"name": sanitize(c.Interface.Namespace)})
	}
	if c.Interface.Filter != "" {
		note("note-filter", map[string]any{"name": sanitize(c.Interface.Filter)})
	}
	if c.TimeUnknown > 0 {
		note("note-time-unknown", map[string]any{"count": c.TimeUnknown})
	}
	if c.Rewritten > 0 {
		note("note-rewritten", map[string]any{"count": c.Rewritten})
	}
	return notes
}

func (b *builder) clients() []Client {
	rows := make([]Client, 0, len(b.ev.Clients))
	for i := range b.ev.Clients {
		c := &b.ev.Clients[i]
		row := Client{Addresses: []string{}, Verdict: ShortVerdict{Status: diagnose.StatusInconclusive.String()}}
		for _, a := range c.Addrs {
			if a.IsValid() {
				row.Addresses = append(row.Addresses, *address(a))
			}
		}
		if c.Peer >= 0 && c.Peer < len(b.ev.WireGuard.Peers) {
			p := &b.ev.WireGuard.Peers[c.Peer]
			row.Endpoint, row.PublicKey = endpoint(p.Endpoint), known(p.PublicKey.String())
		}
		for j, s := range innerStages {
			row.packets[j] = c.Stages[s].Packets
		}
		for _, v := range b.d.Clients {
			if v.Client == i {
				row.Verdict = ShortVerdict{Status: v.Status.String(), Finding: known(v.Finding)}
			}
		}
		rows = append(rows, row)
	}
	return rows
}

var innerStages = [4]correlate.Stage{correlate.TunnelIn, correlate.WANOut, correlate.WANIn, correlate.TunnelOut}

func (b *builder) episodes() []Episode {
	rows := make([]Episode, 0, len(b.d.Episodes))
	for _, e := range b.d.Episodes {
		rows = append(rows, Episode{
			Started: b.moment(e.Started),
			Ended:   b.moment(e.Ended),
			Trigger: e.Trigger.String(),
			Changed: changed(e.Changed),
			Stages:  b.episodeStages(&e),
			Verdict: ShortVerdict{Status: e.Status.String(), Finding: known(e.Finding)},
		})
	}
	return rows
}

// episodeStages counts at the inner stages; the encrypted side is not counted by
// episodes.
func (b *builder) episodeStages(e *diagnose.EpisodeVerdict) Stages {
	at := func(s correlate.Stage) *Count {
		if c := e.Stages[s]; b.ev.Stages[s].Observed && !b.untied(s) {
			return &Count{Packets: c.Packets, Bytes: c.Bytes}
		}
		return nil
	}
	return Stages{TunnelIn: at(correlate.TunnelIn), WANOut: at(correlate.WANOut), WANIn: at(correlate.WANIn), TunnelOut: at(correlate.TunnelOut)}
}

// changed makes names that came from outside safe to show.
func changed(names []string) []string {
	rows := make([]string, 0, len(names))
	for _, n := range names {
		rows = append(rows, sanitize(n))
	}
	return rows
}

// caveats are those of the evidence and then those of the diagnosis, each
// sentence once.
func (b *builder) caveats() []string {
	rows := []string{}
	for _, c := range slices.Concat(b.ev.Caveats, b.d.Caveats) {
		s := b.words.Caveat(sanitize(c.ID), sanitizeArgs(c.Args))
		if s != "" && !slices.Contains(rows, s) {
			rows = append(rows, s)
		}
	}
	return rows
}
