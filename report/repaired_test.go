package report

import (
	"maps"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
)

// TestBriefKeep: who repairs by a command that takes itself back must see on the screen
// how to keep it.
func TestBriefKeep(t *testing.T) {
	s := natMissingSample()
	if got := Build(s.ev, s.d, s.info).Brief(0); len(got.Command) == 0 || got.Keep != "" {
		t.Fatalf("without a self-undo: %q, to keep %q", got.Command, got.Keep)
	}
	fix := &s.d.Findings[0].Fixes[0]
	fix.Notes, fix.Args = append(fix.Notes, "self-undo"), maps.Clone(fix.Args)
	fix.Args["keep"], fix.Args["undo_seconds"] = `kill "$WGTRACE_UNDO"`, 120
	if got := Build(s.ev, s.d, s.info).Brief(0).Keep; !strings.Contains(got, `kill "$WGTRACE_UNDO"`) {
		t.Errorf("it says %q", got)
	}
}

// TestRepairedRun: a run that a fault was repaired in does not say that none was seen,
// and counts what was tried since.
func TestRepairedRun(t *testing.T) {
	s := healthySample()
	mid := s.ev.Started + (s.ev.Ended-s.ev.Started)/2
	before, since := correlate.Ledger{Started: s.ev.Started}, correlate.Ledger{Started: mid}
	before.Fates[correlate.FateUntranslated].Count, since.Fates[correlate.FateAnswered].Count = 20, 7
	s.ev.Clients[0].Families[0].Ledgers = []correlate.Ledger{before, since}
	healthy := s.d.Episodes[0]
	healthy.Started = mid
	for _, c := range []struct {
		name     string
		episodes []diagnose.EpisodeVerdict
		want     string
		saw      bool
	}{
		{"repaired", []diagnose.EpisodeVerdict{{Started: s.ev.Started, Ended: mid, Status: diagnose.StatusFault, Finding: "nat-missing"}, healthy},
			"It works now: 7 of 7 tries were answered in the last", true},
		{"nothing was wrong before", []diagnose.EpisodeVerdict{{Started: s.ev.Started, Ended: mid, Status: diagnose.StatusInconclusive, Finding: "no-traffic"}, healthy},
			"All 37 connections were answered, and no fault was seen in", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.d.Episodes = c.episodes
			r := Build(s.ev, s.d, s.info)
			if got := r.Verdict.Headline; !strings.HasPrefix(got, c.want) || strings.Contains(got, "Before that: Packets leave with the phone's private address.") != c.saw {
				t.Errorf("it says %q", got)
			}
		})
	}
}
