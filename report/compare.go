package report

import (
	"math"
	"strings"

	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/text"
)

// CompareSchema is the version of the answer of wgtrace compare.
const CompareSchema = "wgtrace.compare/1"

// Comparison says what changed between two runs. Text in it is harmless on a
// terminal.
type Comparison struct {
	Schema   string          `json:"schema"`
	Tool     Tool            `json:"tool"`
	Before   ComparedRun     `json:"before"`
	After    ComparedRun     `json:"after"`
	Change   string          `json:"change"` // the status before and after, as "fault-healthy"; "fault-other" is another fault
	Headline string          `json:"headline"`
	Stages   []StageChange   `json:"stages"`
	Findings []FindingChange `json:"findings"`
	Times    []TimeChange    `json:"latencies"` // those that moved a lot
	Clients  []ClientChange  `json:"clients"`   // those whose verdict changed
	Notes    []string        `json:"notes"`

	words *text.Catalog
}

// ComparedRun is one of the two runs.
type ComparedRun struct {
	Source  string  `json:"source"` // name of the file
	Started Time    `json:"started"`
	Ended   Time    `json:"ended"`
	Verdict Verdict `json:"verdict"`
}

// StageChange is what passed a place in each run; null is not observed.
type StageChange struct {
	Stage  string  `json:"stage"`
	Before *uint64 `json:"before"` // packets
	After  *uint64 `json:"after"`
	Change *string `json:"change"` // fixed, passes, ended; null where packets passed in both or in none
}

// FindingChange is a finding of either run.
type FindingChange struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Change string `json:"change"` // gone, new, still
}

// TimeChange is the middle of the times that a leg took, in microseconds.
type TimeChange struct {
	Leg    string  `json:"leg"` // forward, remote, return
	Before float64 `json:"before_us"`
	After  float64 `json:"after_us"`
}

// ClientChange is a device whose verdict is another one, or that is in one of
// the runs only (null).
type ClientChange struct {
	Addresses []string      `json:"addresses"`
	Before    *ShortVerdict `json:"before"`
	After     *ShortVerdict `json:"after"`
}

// Compare says what changed from one decoded report to a later one; names are
// those of their files.
func Compare(before, after *Report, names [2]string, info Info) *Comparison {
	words, err := text.ForFiles(info.Lang)
	if err != nil {
		words, err = text.ForFiles("en")
		if err != nil {
			panic(err) // the catalog is part of the program, and its tests compile it
		}
	}
	c := &Comparison{
		Schema: CompareSchema, Tool: (&builder{info: info, words: words}).tool(),
		Before: comparedRun(before, names[0]), After: comparedRun(after, names[1]),
		Change: changeOf(before, after),
		Stages: stageChanges(before, after), Findings: findingChanges(words, before, after), Times: timeChanges(before, after),
		Clients: []ClientChange{}, Notes: []string{}, words: words,
	}
	c.Headline = words.Word("change-"+c.Change, nil)
	note := func(id string, holds bool) {
		if holds {
			c.Notes = append(c.Notes, words.Word(id, nil))
		}
	}
	note("change-swapped", before.Started.Known && after.Started.Known && after.Started.NS < before.Started.NS)
	redacted := before.Redaction != RedactNone || after.Redaction != RedactNone
	note("change-redacted", redacted)
	if !redacted {
		c.Clients = clientChanges(before, after)
	}
	note("change-listed", len(c.Times) > 0 && before.Totals.FlowsNotListed+after.Totals.FlowsNotListed > 0)
	return c
}

func comparedRun(r *Report, name string) ComparedRun {
	v := r.Verdict
	v.Headline, v.Advice = sanitize(v.Headline), sanitize(v.Advice)
	v.Basis = sanitize(v.Basis)
	for _, p := range []**string{&v.Finding, &v.StoppedAfter, &v.StoppedBefore} {
		if *p != nil {
			*p = some(sanitize(**p))
		}
	}
	return ComparedRun{Source: sanitize(name), Started: r.Started, Ended: r.Ended, Verdict: v}
}

// changeOf names the change of the verdict.
func changeOf(before, after *Report) string {
	fault := diagnose.StatusFault.String()
	if before.Verdict.Status == fault && after.Verdict.Status == fault {
		id := or(before.Verdict.Finding, "")
		for i := range after.Findings {
			if f := &after.Findings[i]; f.ID == id && f.Severity == diagnose.SeverityFault.String() {
				return "fault-fault"
			}
		}
		return "fault-other"
	}
	return before.Verdict.Status + "-" + after.Verdict.Status
}

// stageChanges compares what passed the six places.
func stageChanges(before, after *Report) []StageChange {
	rows := []StageChange{}
	packets := func(c *Count) *uint64 {
		if c == nil {
			return nil
		}
		return some(c.Packets)
	}
	for _, place := range stageOrder {
		stage := place.String()
		row := StageChange{Stage: stage, Before: packets(before.Stages.at(stage)), After: packets(after.Stages.at(stage))}
		if row.Before != nil && row.After != nil {
			switch healed := before.Verdict.Status == diagnose.StatusFault.String(); {
			case *row.Before == 0 && *row.After > 0 && healed &&
				(or(before.Verdict.StoppedBefore, "") == stage || after.Verdict.Status == diagnose.StatusHealthy.String()):
				row.Change = some("fixed")
			case *row.Before == 0 && *row.After > 0:
				row.Change = some("passes")
			case *row.Before > 0 && *row.After == 0:
				row.Change = some("ended")
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// findingChanges lists what is gone, what is new and what is still there.
func findingChanges(words *text.Catalog, before, after *Report) []FindingChange {
	rows := []FindingChange{}
	told := map[string]bool{}
	add := func(list, other []Finding, change string, both bool) {
		ids := map[string]bool{}
		for i := range other {
			ids[other[i].ID] = true
		}
		for i := range list {
			f := &list[i]
			if ids[f.ID] != both || told[f.ID] {
				continue
			}
			told[f.ID] = true
			title := sanitize(f.Title)
			if known, ok := words.Finding(f.ID, nil); ok {
				title = known.Title
			}
			rows = append(rows, FindingChange{sanitize(f.ID), title, change})
		}
	}
	add(before.Findings, after.Findings, "gone", false)
	add(after.Findings, before.Findings, "new", false)
	add(after.Findings, before.Findings, "still", true)
	return rows
}

// A time moved a lot when it is another one to a person who waits for it: twice
// or half, and by a millisecond, below which the scheduling of a busy host
// makes times what they are.
const (
	timesMoved = 2
	leastMoved = 1000 // microseconds
)

// timeChanges compares the middle of the times of each leg.
func timeChanges(before, after *Report) []TimeChange {
	rows := []TimeChange{}
	for _, leg := range legs {
		b, a := legMedian(before, leg), legMedian(after, leg)
		if b == nil || a == nil || math.Abs(*a-*b) < leastMoved || max(*a, *b) < timesMoved*min(*a, *b) {
			continue
		}
		rows = append(rows, TimeChange{leg.name, *b, *a})
	}
	return rows
}

// legMedian is the middle of what the listed connections took; nil without one.
func legMedian(r *Report, l leg) *float64 {
	var values []float64
	for i := range r.Flows {
		if x := l.of(&r.Flows[i].Latency); x != nil {
			values = append(values, x.Median)
		}
	}
	if len(values) == 0 {
		return nil
	}
	return some(median(values))
}

// clientChanges lists the devices whose verdict is another one.
func clientChanges(before, after *Report) []ClientChange {
	rows := []ClientChange{}
	index := func(list []Client) map[string]*Client {
		by := map[string]*Client{}
		for i := range list {
			for _, a := range list[i].Addresses {
				by[a] = &list[i]
			}
		}
		return by
	}
	find := func(by map[string]*Client, c *Client) *ShortVerdict {
		for _, a := range c.Addresses {
			if o := by[a]; o != nil {
				return shortVerdict(o)
			}
		}
		return nil
	}
	add := func(c *Client, b, a *ShortVerdict) {
		row := ClientChange{Addresses: []string{}, Before: b, After: a}
		for _, addr := range c.Addresses[:min(len(c.Addresses), maxAddresses)] {
			row.Addresses = append(row.Addresses, sanitize(addr))
		}
		rows = append(rows, row)
	}
	earlier, later := index(before.Clients), index(after.Clients)
	for i := range after.Clients {
		c := &after.Clients[i]
		b, a := find(earlier, c), shortVerdict(c)
		if b == nil || b.Status != a.Status || or(b.Finding, "") != or(a.Finding, "") {
			add(c, b, a)
		}
	}
	for i := range before.Clients {
		if c := &before.Clients[i]; find(later, c) == nil {
			add(c, shortVerdict(c), nil)
		}
	}
	return rows
}

// maxAddresses bounds the addresses of a device that are shown: a phone has two.
const maxAddresses = 8

func shortVerdict(c *Client) *ShortVerdict {
	v := ShortVerdict{Status: sanitize(c.Verdict.Status)}
	if c.Verdict.Finding != nil {
		v.Finding = some(sanitize(*c.Verdict.Finding))
	}
	return &v
}

func (c *Comparison) word(id string) string { return c.words.Word(id, nil) }

// lead says of the places at which something began or ceased to pass what that
// means: "wan_out 0 -> 14: fixed".
func (c *Comparison) lead() []string {
	var lines []string
	for _, s := range c.Stages {
		if s.Change != nil {
			lines = append(lines, s.Stage+" "+grouped(*s.Before)+" -> "+grouped(*s.After)+": "+c.word("change-"+*s.Change))
		}
	}
	return lines
}

// run says in a line how a run ended.
func (c *Comparison) run(r *ComparedRun) string {
	return strings.TrimSpace(c.word("status-"+r.Verdict.Status) + ": " + r.Verdict.Headline)
}
