package report

import "github.com/wgtrace/wgtrace/diagnose"

// Grades of certainty: what a person reads instead of a number. The words are
// in the catalog.
const (
	gradeProved   = "proved"
	gradeSettings = "settings"
	gradeLikely   = "likely"
	gradePossible = "possible"
	gradeRuledOut = "ruled-out"
)

// placeGrade grades where packets disappear. "Proved" must never be wrong, so
// it asks for packets that show it besides the confidence.
func placeGrade(f *Finding) string {
	switch {
	case f.Confidence >= 0.9 && len(f.Evidence) > 0:
		return gradeProved
	case f.Confidence >= 0.5:
		return gradeLikely
	}
	return gradePossible
}

// Proved reports whether packets prove where those of a fault disappear.
func (r *Report) Proved() bool {
	f := r.primary()
	return f != nil && r.Verdict.Status == diagnose.StatusFault.String() && placeGrade(f) == gradeProved
}

// causeGrade grades why they do. Packets alone prove a cause only where nothing
// else is left, as with a key that cryptography rules out.
func causeGrade(probability float64, basis string) string {
	switch {
	case basis == "packets" && probability >= 0.99:
		return gradeProved
	case basis != "packets" && basis != "" && probability == 0:
		return gradeRuledOut
	case basis != "packets" && probability >= 0.9:
		return gradeSettings
	case probability >= 0.5:
		return gradeLikely
	}
	return gradePossible
}

// firstFixes are the fixes to show at the top: those of the most probable
// cause that has any; one, or one per system while the system is not known.
func (r *Report) firstFixes(f *Finding) []*Fix {
	if f == nil || len(f.Fixes) == 0 {
		return nil
	}
	cause := f.Fixes[0].Cause
	for _, c := range f.Causes {
		if hasFix(f, c.ID) {
			cause = c.ID
			break
		}
	}
	var first []*Fix
	systems := map[string]bool{}
	for i := range f.Fixes {
		x := &f.Fixes[i]
		if x.Cause != cause || systems[x.OS] || len(first) > 0 && (r.subject.os != "" || x.OS == "") {
			continue
		}
		systems[x.OS] = true
		first = append(first, x)
	}
	return first
}

func hasFix(f *Finding, cause string) bool {
	for i := range f.Fixes {
		if f.Fixes[i].Cause == cause {
			return true
		}
	}
	return false
}

// nextCause is the one to try when the first fixes did not help, with its fix
// if it has one that differs from them.
func (r *Report) nextCause(f *Finding, tried []*Fix) (*Cause, *Fix) {
	if f == nil || len(tried) == 0 {
		return nil, nil
	}
	for i := range f.Causes {
		c := &f.Causes[i]
		if c.ID == tried[0].Cause || causeGrade(c.Probability, c.Basis) == gradeRuledOut {
			continue
		}
		var fix *Fix
		for j := range f.Fixes {
			x := &f.Fixes[j]
			if x.Cause == c.ID && len(x.Commands) > 0 && (r.subject.os == "" || x.OS == r.subject.os || x.OS == "") {
				fix = x
				break
			}
		}
		if fix != nil && sameCommands(fix, tried) {
			continue // the same cure under another name was just tried
		}
		return c, fix
	}
	return nil, nil
}

func sameCommands(fix *Fix, tried []*Fix) bool {
	for _, x := range tried {
		if len(x.Commands) != len(fix.Commands) {
			continue
		}
		same := true
		for i := range x.Commands {
			same = same && x.Commands[i] == fix.Commands[i]
		}
		if same {
			return true
		}
	}
	return false
}
