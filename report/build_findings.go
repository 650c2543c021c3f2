package report

import (
	"cmp"
	"maps"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
)

// healthyID names the sentences for a healthy run. It is no finding of the
// contract: on a healthy run verdict.finding is null.
const healthyID = "healthy"

func (b *builder) findings() []Finding {
	rows := make([]Finding, 0, len(b.d.Findings))
	for i := range b.d.Findings {
		f := &b.d.Findings[i]
		if f.ID == healthyID {
			continue
		}
		args := b.args(f)
		t, _ := b.words.Finding(f.ID, args)
		rows = append(rows, Finding{
			ID:         f.ID,
			Scope:      scope(f.Scope),
			Layer:      f.Layer,
			Severity:   severityOf(f.Severity),
			Segment:    known(f.Segment.String()),
			Confidence: unit(f.Confidence),
			Title:      t.Title,
			Summary:    b.placed(t.Summary, f),
			Evidence:   b.evidence(f.Evidence),
			Causes:     b.causes(f, args),
			Fixes:      b.fixesOf(f.Fixes, args),
		})
	}
	return rows
}

// severityOf keeps to the three of the contract: a rule that says nothing about
// severity raises no alarm.
func severityOf(s diagnose.Severity) string {
	if s == diagnose.SeverityUnknown {
		s = diagnose.SeverityInfo
	}
	return s.String()
}

func scope(s diagnose.Scope) Scope {
	who := address(s.Client)
	if who == nil {
		who = endpoint(s.Peer)
	}
	return Scope{Client: who, Family: known(s.Family.String())}
}

// causes lists them as diagnosis ranked them, the most probable first.
func (b *builder) causes(f *diagnose.Finding, args map[string]any) []Cause {
	rows := make([]Cause, 0, len(f.Causes))
	for _, c := range f.Causes {
		t, _ := b.words.Cause(c.ID, args)
		basis := c.Basis
		if basis == "" {
			basis = "packets"
		}
		rows = append(rows, Cause{ID: c.ID, Probability: unit(c.Probability), Basis: basis, Title: t.Title, Why: t.Why, SettledBy: t.SettledBy})
	}
	slices.SortStableFunc(rows, func(x, y Cause) int { return cmp.Compare(y.Probability, x.Probability) })
	return rows
}

func (b *builder) fixesOf(fixes []diagnose.Fix, args map[string]any) []Fix {
	rows := make([]Fix, 0, len(fixes))
	for _, x := range fixes {
		data := maps.Clone(args)
		maps.Copy(data, sanitizeArgs(x.Args))
		t, _ := b.words.Fix(x.ID, data)
		row := Fix{ID: x.ID, Cause: x.Cause, OS: x.OS, Title: t.Title, Commands: []string{}, Undo: []string{}, Notes: []string{},
			changes: t.Changes}
		for _, c := range x.Commands {
			row.Commands = append(row.Commands, sanitize(c))
		}
		for _, c := range x.Undo {
			row.Undo = append(row.Undo, sanitize(c))
		}
		if t.Changes != "" {
			row.Notes = append(row.Notes, t.Changes)
		}
		for _, n := range x.Notes {
			row.Notes = append(row.Notes, b.words.Note(n, data))
			if n == "self-undo" {
				row.keep = row.Notes[len(row.Notes)-1]
			}
		}
		rows = append(rows, row)
	}
	if os := b.info.OSChoice; os != "" && os != "auto" {
		slices.SortStableFunc(rows, func(x, y Fix) int {
			return cmp.Compare(rank(x.OS != os), rank(y.OS != os))
		})
	}
	return rows
}

func rank(last bool) int {
	if last {
		return 1
	}
	return 0
}

func (b *builder) verdict() (Verdict, subject) {
	d := b.d
	v := Verdict{
		Status: d.Status.String(),
		Basis:  d.Basis,
	}
	if v.Basis == "" {
		v.Basis = "packets"
	}
	s := subject{stages: b.subjectStages(), os: osOf(b.base)}
	if c := b.headline(); c != nil {
		s.name = clientName(c)
	}

	id, args := d.Finding, b.base
	primary := d.Primary()
	if d.Status == diagnose.StatusHealthy {
		id, v.Confidence = healthyID, 1
		primary = nil
		for i := range d.Findings {
			if d.Findings[i].ID == healthyID {
				args = b.args(&d.Findings[i])
			}
		}
		args = b.since(args)
	} else {
		v.Finding = known(id)
	}
	if primary != nil {
		args = b.args(primary)
		v.Confidence = unit(primary.Confidence)
		v.StoppedAfter = known(primary.After.String())
		v.StoppedBefore = known(primary.Before.String())
		s.layer = primary.Layer
		s.os = osOf(args)
	}
	if id == "" {
		id = "too-little-evidence"
	}
	t, _ := b.words.Finding(id, args)
	v.Headline, v.Advice = b.placed(t.Headline, primary), t.Advice
	s.summary, s.worked, s.fine = t.Summary, t.Worked, t.Fine
	return v, s
}

// since makes the sentences for a healthy run speak of the time after the last
// fault: that no fault was seen would not be true of a run that one was repaired in.
func (b *builder) since(args map[string]any) map[string]any {
	now := len(b.d.Episodes) - 1
	for i := now - 1; i >= 0; i-- {
		e := &b.d.Episodes[i]
		if e.Status != diagnose.StatusFault {
			continue
		}
		args = maps.Clone(args)
		was, _ := b.words.Finding(e.Finding, b.base)
		args["was"] = was.Title
		args["seconds"] = float64(b.d.Episodes[now].Ended-e.Ended) / float64(time.Second)
		if c := b.headline(); c != nil {
			args["requests"], args["answered"], _ = attempts(c)
		}
		break
	}
	return args
}

func osOf(args map[string]any) string {
	os, _ := args["os"].(string)
	return os
}

// headline returns the client that the verdict is about, or nil.
func (b *builder) headline() *correlate.Client {
	if b.d.Headline < 0 || b.d.Headline >= len(b.ev.Clients) {
		return nil
	}
	return &b.ev.Clients[b.d.Headline]
}

// subjectStages are the counts of the headline client where a stage was
// observed; the outer ones are everybody's where its endpoint is not known.
func (b *builder) subjectStages() Stages {
	all := b.stages()
	c := b.headline()
	if c == nil {
		return all
	}
	mine := func(s correlate.Stage, everybody *Count) *Count {
		outer := s == correlate.OuterIn || s == correlate.OuterOut
		if everybody == nil || outer && c.Peer < 0 {
			return everybody
		}
		return &Count{Packets: c.Stages[s].Packets, Bytes: c.Stages[s].Bytes}
	}
	return Stages{
		OuterIn: mine(correlate.OuterIn, all.OuterIn), TunnelIn: mine(correlate.TunnelIn, all.TunnelIn),
		WANOut: mine(correlate.WANOut, all.WANOut), WANIn: mine(correlate.WANIn, all.WANIn),
		TunnelOut: mine(correlate.TunnelOut, all.TunnelOut), OuterOut: mine(correlate.OuterOut, all.OuterOut),
	}
}

func clientName(c *correlate.Client) string {
	for _, a := range c.Addrs {
		if a.IsValid() {
			return *address(a)
		}
	}
	return ""
}

// unit keeps a probability in 0..1: the contract promises it, and NaN would
// make the whole report unwritable as JSON.
func unit(p float64) float64 {
	if math.IsNaN(p) || p < 0 {
		return 0
	}
	return min(p, 1)
}

// finite replaces what JSON cannot write.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// prefixOf is the client's own address as a prefix, which is always right,
// if narrow.
func prefixOf(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	a = plain(a)
	return netip.PrefixFrom(a, a.BitLen()).String()
}
