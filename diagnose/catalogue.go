package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wgtrace/wgtrace/correlate"
)

// Kind describes what a finding can be, without a case at hand.
type Kind struct {
	ID       string
	Layer    int // 0..5; 0 says why there is no verdict
	Severity Severity
	After    correlate.Stage // the packets are seen here
	Before   correlate.Stage // and not here
	Causes   []string        // ids, the likeliest first
}

// inconclusive are the reasons why there is no verdict: settle decides on them,
// no rule.
var inconclusive = []string{
	"no-traffic", "too-little-evidence", "capture-lossy", "capture-one-sided", "captures-unrelated", "wrong-capture-adapter",
}

// Kinds returns everything that can be found, by layer and in the order in which
// it is looked for.
func Kinds() []Kind {
	var all []Kind
	for _, id := range inconclusive {
		all = append(all, Kind{ID: id, Severity: SeverityInfo})
	}
	rules := slices.Concat(wayRules, peerRules, oddRules, peerRemarks, partialRules, clientRules, upperRules, clientWarnings, []*rule{&phoneSide})
	for _, r := range rules {
		i := slices.IndexFunc(all, func(k Kind) bool { return k.ID == r.id })
		if i < 0 {
			i = len(all)
			all = append(all, Kind{ID: r.id, Layer: r.layer, Severity: r.severity, After: r.after, Before: r.before})
		}
		for _, c := range r.possible() {
			if !slices.Contains(all[i].Causes, c) {
				all[i].Causes = append(all[i].Causes, c)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Kind) int { return cmp.Compare(a.Layer, b.Layer) })
	return all
}

// possible returns the causes that a rule can name: its own list, or those that
// it ranks where the evidence says nothing, system by system.
func (r *rule) possible() []string {
	if r.causes == nil || r.named != nil {
		return r.named
	}
	nothing := &subject{
		ev: &correlate.Evidence{}, ctx: &Context{}, peer: &correlate.Peer{}, odd: &correlate.Oddity{},
		client: &correlate.Client{}, family: &correlate.FamilyEvidence{}, ledger: &correlate.Ledger{},
	}
	var ids []string
	for _, os := range []string{"", osLinux, osWindows} {
		for _, c := range r.causes(nothing, os) {
			if !slices.Contains(ids, c.ID) {
				ids = append(ids, c.ID)
			}
		}
	}
	return ids
}

// FixesOf returns the fixes of a cause for every system, with placeholders where
// a case would fill in its names and addresses.
func FixesOf(cause string) []Fix {
	family := correlate.IPv4
	if strings.HasPrefix(cause, "ipv6-") {
		family = correlate.IPv6
	}
	var fixes []Fix
	for _, r := range book[cause] {
		f := r.fill(cause, Values{}, max(r.family, family))
		// It says that an address was filled in for want of a subnet.
		f.Notes = slices.DeleteFunc(f.Notes, func(note string) bool { return note == "your-tunnel-subnet" })
		fixes = append(fixes, f)
	}
	return fixes
}
