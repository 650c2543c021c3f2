package report

import (
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/text"
)

// point is one of the labelled texts at the top of a report: what is so, or
// what to do, with the commands to copy.
type point struct {
	label  string // a word
	text   string
	blocks []block
}

// pointLabels are the labels that points can have.
var pointLabels = []string{"label-why", "label-seen", "label-now", "label-then", "label-fine"}

// block is a set of commands to copy, and the way back.
type block struct {
	lead     string // says what they do; "" where the text above has said it
	os       string
	commands []string
	undo     []string
}

// points are the reason, the repair, what comes then, and what is proved fine.
// One without a text has nothing to say.
func (t *printer) points() []point {
	r := t.r
	primary := r.primary()
	first := point{label: "label-why", text: t.why(primary)}
	if r.Verdict.Status == diagnose.StatusHealthy.String() {
		first = point{label: "label-seen", text: r.subject.summary}
	}
	fixes := r.firstFixes(primary)
	now := point{label: "label-now", text: t.now(fixes)}
	for _, f := range fixes {
		b := block{os: f.OS, commands: f.Commands, undo: f.Undo}
		if len(fixes) > 1 {
			b.lead = t.fixLead(f)
		}
		now.blocks = append(now.blocks, b)
	}
	next, nextFix := r.nextCause(primary, fixes)
	then := point{label: "label-then", text: t.then(next, nextFix)}
	if nextFix != nil {
		then.blocks = []block{{os: nextFix.OS, commands: nextFix.Commands}}
	}
	return []point{first, now, then, {label: "label-fine", text: r.subject.fine}}
}

// fixLead says for which system a fix is, and what it does.
func (t *printer) fixLead(f *Fix) string {
	if f.OS == "" {
		return t.fixText(f)
	}
	return osName(f.OS) + ": " + t.fixText(f)
}

// why says how sure place and reason are, and what would settle the reason.
func (t *printer) why(f *Finding) string {
	r := t.r
	if f == nil || r.Verdict.Status != diagnose.StatusFault.String() {
		return r.subject.summary
	}
	parts := []string{t.word("place-is", map[string]any{"name": t.word("grade-"+placeGrade(f), nil)})}
	if len(f.Causes) == 0 || causeGrade(f.Causes[0].Probability, f.Causes[0].Basis) == gradeRuledOut {
		return text.Sentences(append(parts, t.word("no-cause", nil))...)
	}
	c := f.Causes[0]
	grade := causeGrade(c.Probability, c.Basis)
	parts = append(parts, t.word("reason-is", map[string]any{"name": c.Title, "grade": t.word("grade-"+grade, nil)}))
	if settled := c.SettledBy; settled != "" && grade != gradeProved && grade != gradeSettings {
		parts = append(parts, t.word("settled-by", nil), settled)
	}
	return text.Sentences(parts...)
}

// now says what to do: the fix with what it changes and what it needs, or the
// advice where no command helps.
func (t *printer) now(fixes []*Fix) string {
	if len(fixes) == 0 {
		return t.r.Verdict.Advice
	}
	if len(fixes) == 1 {
		return t.fixText(fixes[0])
	}
	return t.r.Verdict.Advice
}

func (t *printer) fixText(f *Fix) string {
	return text.Sentences(append([]string{t.sentence(f.Title)}, f.Notes...)...)
}

func (t *printer) then(next *Cause, fix *Fix) string {
	parts := []string{t.r.subject.worked}
	if next != nil {
		grade := causeGrade(next.Probability, next.Basis)
		parts = append(parts, t.word("if-not", map[string]any{"name": next.Title, "grade": t.word("grade-"+grade, nil)}))
		if fix == nil && next.SettledBy != "" {
			parts = append(parts, t.word("settled-by", nil), next.SettledBy)
		}
		if fix != nil {
			parts = append(parts, t.word("leads-to", map[string]any{"name": fix.Title}))
		}
	}
	return text.Sentences(parts...)
}
