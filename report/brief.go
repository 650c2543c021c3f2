package report

import (
	"slices"
	"strings"

	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/text"
)

// Brief is what a report says in the few lines that a screen has, while the run
// goes on.
type Brief struct {
	Status   string // healthy, fault, inconclusive
	Grade    string // how sure the place is, in a word; "" without a fault
	Headline string
	Short    string // the path in one line, with the two numbers that show the break
	Path     []string
	Why      string // the reason and how sure it is, or what was seen
	Do       string // what to do; the command does it, where there is one
	Command  []string
	Undo     []string
	Keep     string // how to keep a command that takes itself back, "" for others
	System   string // whose commands they are
	Then     string // how to know that it worked
	Flows    []FlowLine
}

// FlowLine is one conversation in a line.
type FlowLine struct {
	Name    string // with the client's end where there are several
	Counts  string // packets at the four inner stages
	Outcome string // a word of the JSON report
	Result  string // the same for a person
}

// Brief sums up the report, with at most flows conversations, the latest first.
func (r *Report) Brief(flows int) Brief {
	t := &printer{r: r}
	b := Brief{Status: r.Verdict.Status, Headline: r.Verdict.Headline, Path: r.picture(), Do: r.Verdict.Advice, Then: r.subject.worked}
	var counts string
	if b.Short, counts = t.short(); counts != "" {
		b.Short += "   " + counts
	}
	primary := r.primary()
	b.Why = r.subject.summary
	if r.Verdict.Status == diagnose.StatusFault.String() && primary != nil {
		b.Why, b.Grade = t.why(primary), t.word("grade-"+placeGrade(primary), nil)
	}
	if fixes := r.firstFixes(primary); len(fixes) == 1 {
		f := fixes[0]
		b.Do, b.Command, b.Undo, b.System = text.Sentences(t.sentence(f.Title), f.changes), f.Commands, f.Undo, f.OS
		b.Keep = f.keep
	}
	latest := slices.Clone(r.Flows)
	slices.SortStableFunc(latest, func(x, y Flow) int { return int(min(max(y.Last.NS-x.Last.NS, -1), 1)) })
	for i := range latest[:min(len(latest), flows)] {
		f := &latest[i]
		name := or(f.Remote, "?")
		if len(r.Clients) > 1 {
			name = plainGlue(pair(f.Client, f.Remote))
		}
		b.Flows = append(b.Flows, FlowLine{
			Name: f.Protocol + " " + name, Counts: plainGlue(way(f.Packets)),
			Outcome: f.Outcome, Result: t.word("outcome-"+f.Outcome, nil),
		})
	}
	return b
}

// plainGlue prints what glue joins as wrap does.
func plainGlue(s string) string { return strings.ReplaceAll(s, glue, " ") }

// Wrap breaks a sentence into lines of at most width columns, as a report does.
func Wrap(s string, width int) []string { return wrap(s, width) }

// WrapCommand breaks a command of a system, as Fix.OS names it, into lines that
// can still be pasted as they stand.
func WrapCommand(command, os, indent string, width int) []string {
	return wrapCommand(command, os, indent, width)
}

// Columns is how wide a text is on a terminal.
func Columns(s string) int { return columns(s) }
