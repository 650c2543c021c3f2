package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/lab"
)

const docs = "../../docs"

// jsonLines reads a file of measurements.
func jsonLines[T any](t *testing.T, name string) (list []T) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(docs, "data", name))
	if err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(bytes.NewReader(raw)); s.Scan(); {
		var v T
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, v)
	}
	return list
}

// measured is what the runs of a scenario said.
type measured struct {
	runs, right int
	sight       labResult // the least sure of the runs with the fault of the whole server
	kernel      string    // "yes" where a run with WireGuard in the kernel was right, "wrong" where none was
}

// measure sums up the runs of a scenario. Where the fault hits one client alone
// a rule stands in for some switches, so that those runs name another cause.
func measure(t *testing.T, sc lab.Scenario, user, kernel []labResult) measured {
	var m measured
	name, chosen := sc.Name, false
	told := verdict{Status: sc.Expect.Status, Finding: sc.Expect.Finding}.short()
	for _, r := range user {
		if r.Scenario != name || !strings.HasPrefix(r.Test, "TestLive/") {
			continue
		}
		m.runs++
		if r.Seen {
			m.right++
		}
		if r.Expected != told {
			continue // a tunnel fault beside a client that works
		}
		better := m.sight.Beside && !r.Beside || m.sight.Beside == r.Beside && (r.Sure < m.sight.Sure || r.Place < m.sight.Place)
		if !chosen || better {
			chosen, m.sight = true, r
		}
	}
	if !chosen {
		t.Errorf("scenario %s was not measured with its verdict %q: make verdicts", name, told)
	}
	for _, r := range kernel {
		if r.Scenario != name || r.Expected != told || m.kernel == "yes" {
			continue
		}
		if m.kernel = "wrong"; r.Seen {
			m.kernel = "yes"
		}
	}
	return m
}

// TestVerdicts keeps docs/verdicts.md in step with the scenarios, the findings,
// the causes and the measurements.
func TestVerdicts(t *testing.T) {
	user, kernel := jsonLines[labResult](t, "userspace-wireguard.jsonl"), jsonLines[labResult](t, "kernel-wireguard.jsonl")
	fixes := jsonLines[fixOutcome](t, "fixes.jsonl")
	var b strings.Builder
	b.WriteString(verdictsHead)
	told := make(map[string]string) // findings and causes to a scenario that shows them
	cell := func(s sight) string {
		if s.Cause == "" {
			return "| |"
		}
		return fmt.Sprintf("| `%s` %.2f |", s.Cause, s.Sure)
	}
	for _, sc := range lab.Scenarios() {
		m := measure(t, sc, user, kernel)
		if m.right < m.runs {
			t.Errorf("%s: %d of %d runs were as expected", sc.Name, m.right, m.runs)
		}
		for _, id := range []string{sc.Expect.Finding, sc.Warning, sc.Cause, trueCauses[sc.Name]} {
			told[id] = sc.Name
		}
		verdict, place := sc.Expect.Status, ""
		if id := sc.Expect.Finding; id != "" {
			verdict += " `" + id + "`"
		}
		if sc.Warning != "" {
			verdict += ", warning `" + sc.Warning + "`"
		}
		if m.sight.Place > 0 {
			place = fmt.Sprintf("%.2f", m.sight.Place)
		}
		seen := "userspace"
		if m.kernel == "yes" {
			seen += ", kernel"
		}
		fmt.Fprintf(&b, "| `%s`: %s | %s | %s %s%s %d of %d | %s |\n", sc.Name, sc.Summary, verdict, place,
			cell(m.sight.Alone), strings.TrimPrefix(cell(m.sight.sight), "|"), m.right, m.runs, seen)
	}
	b.WriteString(verdictsContainer)
	for _, sc := range containerScenarios {
		writeContainerRow(t, &b, sc, user, cell)
	}
	b.WriteString(verdictsRest)
	known := make(map[string]bool)
	row := func(finding, id string) {
		known[id] = true
		if told[id] != "" {
			return
		}
		e, ok := elseSeen[id]
		if !ok {
			t.Errorf("%s of %s has neither a scenario nor a word on why not", id, finding)
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", finding, id, e.seen, e.why)
	}
	for _, k := range diagnose.Kinds() {
		row(k.ID, k.ID)
		for _, c := range k.Causes {
			if c != k.ID {
				row(k.ID, c)
			}
		}
	}
	for id := range elseSeen {
		if !known[id] || told[id] != "" {
			t.Errorf("%s is told of by a scenario, or is no finding and no cause", id)
		}
	}
	b.WriteString(verdictsUntold)
	writeFixRows(&b, fixes)
	page := filepath.Join(docs, "verdicts.md")
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Errorf("docs/verdicts.md is not what is measured; make verdicts makes it anew\n%s", firstDifference([]byte(b.String()), have))
	}
}

// writeContainerRow writes what was measured of a server in a container.
func writeContainerRow(t *testing.T, b *strings.Builder, sc containerScenario, user []labResult, cell func(sight) string) {
	runs, right := 0, 0
	var least labResult
	for _, r := range user {
		if r.Scenario != sc.scenario || !strings.HasPrefix(r.Test, "TestContainer/") {
			continue
		}
		if runs++; r.Seen {
			right++
		}
		if runs == 1 || r.Sure < least.Sure || r.Place < least.Place {
			least = r
		}
	}
	if runs == 0 || right < runs {
		t.Errorf("%s in a container: %d of %d runs were as expected; make verdicts", sc.scenario, right, runs)
	}
	told, place := sc.want.Status, ""
	if sc.want.Finding != "" {
		told += " `" + sc.want.Finding + "`"
		place = fmt.Sprintf("%.2f", least.Place)
	}
	fmt.Fprintf(b, "| `%s`: %s | %s | %s | %s %s%s %d of %d | userspace |\n", sc.scenario, sc.summary, told, least.Segment, place,
		cell(least.Alone), strings.TrimPrefix(cell(least.sight), "|"), right, runs)
}

// writeFixRows writes what is known of every fix of the book.
func writeFixRows(b *strings.Builder, outcomes []fixOutcome) {
	type fix struct{ id, os string }
	causes := make(map[fix][]string)
	for _, k := range diagnose.Kinds() {
		for _, c := range k.Causes {
			for _, f := range diagnose.FixesOf(c) {
				if x := (fix{f.ID, f.OS}); !slices.Contains(causes[x], c) {
					causes[x] = append(causes[x], c)
				}
			}
		}
	}
	all := slices.SortedFunc(maps.Keys(causes), func(a, b fix) int { return strings.Compare(a.os+" "+a.id, b.os+" "+b.id) })
	for _, x := range all {
		var cured, undone, why []string
		for _, o := range outcomes {
			switch {
			case o.Fix != x.id || o.OS != x.os:
			case !o.Executed || !o.Cured:
				if o.Why != "" && !slices.Contains(why, o.Why) {
					why = append(why, o.Why)
				}
			case o.Undone:
				undone = append(undone, "`"+o.Scenario+"`")
			default:
				cured = append(cured, "`"+o.Scenario+"`")
			}
		}
		var parts []string
		if len(undone) > 0 {
			parts = append(parts, "cured, undone and broken again: "+strings.Join(slices.Compact(undone), ", "))
		}
		if len(cured) > 0 {
			parts = append(parts, "cured: "+strings.Join(slices.Compact(cured), ", "))
		}
		seen := strings.Join(parts, "; ")
		if seen == "" {
			seen = "documented only"
			if len(why) > 0 {
				seen += ": " + strings.Join(why, "; ")
			}
		}
		fmt.Fprintf(b, "| `%s` | %s | `%s` | %s |\n", x.id, x.os, strings.Join(causes[x], "`, `"), seen)
	}
}
