package host

import (
	"net/netip"
	"strings"
)

// SourcePF marks translation rules of pf.
const SourcePF = "pf"

// parsePF reads the translation rules that "pfctl -s nat" prints (pf.conf(5)):
// the first that matches wins. Others says that rules stand in anchors which were
// not asked for.
func parsePF(out string, asked ...string) (rules []Rule, others bool) {
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		switch {
		case f[0] == "nat-anchor":
			name := strings.Trim(strings.Join(f[1:2], ""), `"`)
			known := false
			for _, a := range asked {
				known = known || a == name
			}
			others = others || !known
		case f[0] == "nat", f[0] == "no" && len(f) > 1 && f[1] == "nat":
			rules = append(rules, pfRule(f))
		}
	}
	return rules, others
}

// pfRule reads "nat on en0 inet from 10.8.0.0/24 to any -> (en0) round-robin".
func pfRule(f []string) Rule {
	r := Rule{Verdict: VerdictTranslate, Target: "nat"}
	if f[0] == "no" {
		r.Verdict, r.Target, f = VerdictAccept, "", f[1:]
	}
	not := false
	for i := 1; i < len(f); i++ {
		next := ""
		if i+1 < len(f) {
			next = f[i+1]
		}
		switch f[i] {
		case "->":
			return r
		case "on":
			i++
			if next == "!" && i+1 < len(f) {
				i++
				not, next = true, f[i]
			}
			r.Matches = append(r.Matches, Match{Field: FieldOut, Not: not, Values: []string{next}})
			not = false
		case "inet":
			r.Matches = append(r.Matches, Match{Field: FieldFamily, Values: []string{"ipv4"}})
		case "inet6":
			r.Matches = append(r.Matches, Match{Field: FieldFamily, Values: []string{"ipv6"}})
		case "from", "to":
			field := FieldSource
			if f[i] == "to" {
				field = FieldDest
			}
			i++
			if next == "!" && i+1 < len(f) {
				i++
				not, next = true, f[i]
			}
			switch {
			case next == "any" && !not:
			case isAddrText(next):
				r.Matches = append(r.Matches, Match{Field: field, Not: not, Values: []string{next}})
			default:
				r.Unclear = true // a table, or the networks of an adapter
			}
			not = false
		case "all":
		default:
			r.Unclear = true
		}
	}
	return r
}

func isAddrText(s string) bool {
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}
