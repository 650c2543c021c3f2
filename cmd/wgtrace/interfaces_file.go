package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/text"
	"github.com/wgtrace/wgtrace/report"
)

// fileRow is one interface inside a capture file (docs/report.schema.json
// describes the report; this is the contract of wgtrace interfaces FILE --json).
type fileRow struct {
	Source    string  `json:"source"`
	Index     *int    `json:"index"`
	Name      *string `json:"name"`
	LinkType  *string `json:"link_type"`
	Packets   uint64  `json:"packets"`
	Bytes     uint64  `json:"bytes"`
	First     *string `json:"first"`
	Last      *string `json:"last"`
	Truncated uint64  `json:"truncated_packets"`
	Undecoded uint64  `json:"undecoded_packets"`
	Role      *string `json:"role"`
	Why       string  `json:"why"`
	Error     *string `json:"error"`

	damage  string // Error in a few words, for the table
	ifIndex uint32 // of Linux cooked v2, which names interfaces by nothing else; for the table
	arphrd  uint16 // of Linux cooked v1, which does not even do that; for the table
}

// fileInterfaces lists what is inside capture files. A damaged file keeps its
// rows, and the status says that something was damaged.
func fileInterfaces(paths []string, asJSON bool, words *text.Catalog, s streams) error {
	if i := slices.Index(paths, stdinName); i >= 0 && slices.Contains(paths[i+1:], stdinName) {
		return mayShare(named{}, named{path: stdinName})
	}
	roles, undecided := fileRoles(paths)
	rows := []fileRow{}
	var failed error
	for _, path := range paths {
		found, err := summarize(path, s.in)
		for i := range found {
			rows = append(rows, describe(path, &found[i], roles, undecided, words, err))
		}
		if err != nil {
			if len(found) == 0 {
				msg := err.Error()
				rows = append(rows, fileRow{Source: path, Error: &msg, damage: inShort(err)})
			}
			failed = errors.Join(failed, err)
		}
	}
	write := func() error { return writeFileTable(s.out, words, rows) }
	if asJSON {
		write = func() error { return writeJSON(s.out, rows) }
	}
	if err := write(); err != nil {
		return err
	}
	return damageOf(failed, s.err)
}

// damageOf prints each error with its hint and ends with status 2 if there was
// one.
func damageOf(err error, stderr io.Writer) error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			_ = damageOf(e, stderr)
		}
		return verdictStatus(exitUsage)
	}
	hint := ""
	var open *capture.OpenError
	var damage *capture.DamageError
	switch {
	case errors.As(err, &open):
		hint = open.Hint
	case errors.As(err, &damage):
		hint = damage.Hint
	}
	complain(stderr, exitUsage, err.Error(), hint)
	return verdictStatus(exitUsage)
}

func summarize(path string, stdin io.Reader) ([]capture.Summary, error) {
	f, err := openSource(named{path: path}, stdin)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return capture.Summarize(f)
}

// maxJudged is how many files are judged together: the beginnings of all of them
// are held in memory for it, some 16 MB each.
const maxJudged = 8

// fileRoles finds out which interface would be the tunnel and which the WAN, as
// read would with the same files. What is piped in cannot be looked at twice.
func fileRoles(paths []string) ([]correlate.Capture, error) {
	if len(paths) > maxJudged {
		return nil, &correlate.RolesError{Reason: fmt.Sprintf("more than %d files: name two to see their roles", maxJudged)}
	}
	var inputs []correlate.Input
	for i, path := range paths {
		if st, err := os.Stat(path); path == stdinName || err == nil && !st.Mode().IsRegular() && !st.IsDir() {
			return nil, nil
		}
		f, err := capture.Open(path)
		if err != nil {
			continue
		}
		defer f.Close()
		if !slices.Contains(paths[:i], path) {
			inputs = append(inputs, correlate.Input{Source: f})
		}
	}
	return correlate.Roles(context.Background(), inputs, correlate.Options{})
}

func describe(path string, sum *capture.Summary, roles []correlate.Capture, undecided error, words *text.Catalog, damage error) fileRow {
	link := sum.Interface.LinkType.String()
	row := fileRow{
		Source: path, LinkType: &link, Packets: sum.Packets, Bytes: sum.Bytes,
		Truncated: sum.Truncated, Undecoded: sum.Undecoded,
		ifIndex: sum.Interface.IfIndex, arphrd: sum.Interface.ARPHRD,
	}
	if sum.Interface.Index >= 0 {
		row.Index = &sum.Interface.Index
	}
	if sum.Interface.Name != "" {
		row.Name = &sum.Interface.Name
	}
	if sum.HasTimes {
		first, last := stamp(sum.First), stamp(sum.Last)
		row.First, row.Last = &first, &last
	}
	role, why := correlate.RoleOf(roles, path, sum.Interface)
	if name := role.String(); name != "" {
		row.Role = &name
		row.Why = words.Role(why)
	} else if why == correlate.BothSides {
		row.Why = words.Word("why-both-sides", nil)
	} else {
		row.Why = whyNone(words, sum, roles, undecided)
	}
	if damage != nil {
		msg := damage.Error()
		row.Error, row.damage = &msg, inShort(damage)
	}
	return row
}

// whyNone says why an interface has no role.
func whyNone(words *text.Catalog, sum *capture.Summary, roles []correlate.Capture, undecided error) string {
	var open *correlate.RolesError
	switch {
	case sum.Packets == 0:
		return words.Word("why-no-packets", nil)
	case errors.As(undecided, &open):
		return open.Reason
	case len(roles) == 0:
		return words.Word("why-pipe", nil)
	}
	return words.Word("why-another-taken", nil)
}

// inShort is what is wrong with a file, without its name.
func inShort(err error) string {
	var open *capture.OpenError
	var damage *capture.DamageError
	switch {
	case errors.As(err, &open):
		return open.Reason
	case errors.As(err, &damage):
		return "damaged: " + damage.Reason
	}
	return err.Error()
}

// stamp writes a time as RFC 3339 with nanoseconds.
func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000000Z") }

// writeFileTable prints a table for each file, below its name.
func writeFileTable(w io.Writer, words *text.Catalog, rows []fileRow) error {
	for begin := 0; begin < len(rows); {
		end := begin + 1
		for end < len(rows) && rows[end].Source == rows[begin].Source {
			end++
		}
		if err := writeOneFile(w, words, rows[begin:end]); err != nil {
			return err
		}
		if begin = end; begin < len(rows) {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxLinkWidth is how much of the name of a link type is shown, in columns.
const maxLinkWidth = 15

func writeOneFile(w io.Writer, words *text.Catalog, rows []fileRow) error {
	table := report.Table{
		Columns: columns(words, "number", "interface", "link", "packets", "role"),
		Right:   []bool{true, false, false, true},
	}
	lines := []string{report.Shorten(rows[0].Source, width(w))}
	for _, r := range rows {
		if r.LinkType == nil {
			continue // nothing could be read
		}
		table.Rows = append(table.Rows, []string{
			number(r.Index), report.Shorten(r.label(), nameWidth), report.Shorten(*r.LinkType, maxLinkWidth),
			text.Grouped(int64(min(r.Packets, math.MaxInt64))), roleWithWhy(words, deref(r.Role), r.Why),
		})
	}
	if d := rows[0].damage; d != "" {
		lines = append(lines, report.Shorten(d, width(w)))
	}
	if _, err := io.WriteString(w, strings.Join(lines, "\n")+"\n"); err != nil {
		return err
	}
	return table.Write(w, width(w))
}

func number(n *int) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// label names an interface in the table.
func (r *fileRow) label() string {
	switch {
	case r.Name != nil:
		return *r.Name
	case r.ifIndex != 0:
		return fmt.Sprintf("index %d", r.ifIndex)
	case r.arphrd != 0:
		return fmt.Sprintf("type %d", r.arphrd)
	}
	return "-"
}
