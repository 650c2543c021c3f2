package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"
	"github.com/spf13/cobra"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/text"
)

func interfacesCommand(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "interfaces [FILE...]",
		Short: "List the adapters of this host, or the interfaces inside capture files",
		Long: `List the adapters of this host, which of them is the tunnel and which the WAN,
and why. With files: the interfaces inside them, with what they hold.`,
		Example: `  wgtrace interfaces
  wgtrace interfaces run.pcapng --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fileInterfaces(args, asJSON, s)
			}
			return hostInterfaces(cmd.Context(), asJSON, s)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// hostInterfaces lists the adapters of this host.
func hostInterfaces(ctx context.Context, asJSON bool, s streams) error {
	if ctx == nil {
		ctx = context.Background()
	}
	facts, err := host.Read(ctx)
	if err != nil {
		return &failure{exitNoCapture, err.Error(), ""}
	}
	rows := facts.Rows()
	if asJSON {
		return writeJSON(s.out, rows)
	}
	var table [][]string
	for _, r := range rows {
		var addrs []string
		for _, a := range r.Addrs {
			addrs = append(addrs, a.String())
		}
		state := "down"
		if r.Up {
			state = "up"
		}
		table = append(table, []string{r.Name, string(r.Kind), state, strings.Join(addrs, "\n"), roleWithWhy(r.Role, r.Why)})
	}
	return writeTable(s.out, []string{"adapter", "kind", "state", "addresses", "role"}, table)
}

func roleWithWhy(role, why string) string {
	switch {
	case role != "" && why != "":
		return role + ": " + why
	case role != "":
		return role
	}
	return why
}

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
}

// fileInterfaces lists what is inside capture files. A damaged file keeps its
// rows, and the status says that something was damaged.
func fileInterfaces(paths []string, asJSON bool, s streams) error {
	words, err := text.For("en")
	if err != nil {
		return err
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
				rows = append(rows, fileRow{Source: path, Error: &msg})
			}
			failed = errors.Join(failed, err)
		}
	}
	if asJSON {
		err = writeJSON(s.out, rows)
	} else {
		err = writeFileTable(s.out, rows)
	}
	if err != nil {
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
	var f *capture.File
	var err error
	if path == "-" {
		f, err = capture.NewFile("-", stdin)
	} else {
		f, err = capture.Open(path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return capture.Summarize(f)
}

// fileRoles finds out which interface would be the tunnel and which the WAN, as
// read would with the same files. Standard input cannot be looked at twice.
func fileRoles(paths []string) ([]correlate.Capture, error) {
	var inputs []correlate.Input
	for _, path := range paths {
		if path == "-" {
			return nil, nil
		}
		f, err := capture.Open(path)
		if err != nil {
			continue
		}
		defer f.Close()
		inputs = append(inputs, correlate.Input{Source: f})
	}
	return correlate.Roles(context.Background(), inputs, correlate.Options{})
}

func describe(path string, sum *capture.Summary, roles []correlate.Capture, undecided error, words *text.Catalog, damage error) fileRow {
	link := sum.Interface.LinkType.String()
	row := fileRow{
		Source: path, LinkType: &link, Packets: sum.Packets, Bytes: sum.Bytes,
		Truncated: sum.Truncated, Undecoded: sum.Undecoded,
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
	} else if undecided != nil && sum.Packets > 0 {
		row.Why = undecided.Error()
	}
	if damage != nil {
		msg := damage.Error()
		row.Error = &msg
	}
	return row
}

// stamp writes a time as RFC 3339 with nanoseconds.
func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000000Z") }

func writeFileTable(w io.Writer, rows []fileRow) error {
	var table [][]string
	for _, r := range rows {
		table = append(table, []string{
			r.Source, number(r.Index), orDash(r.Name), orDash(r.LinkType), fmt.Sprint(r.Packets),
			roleWithWhy(deref(r.Role), r.Why),
		})
	}
	return writeTable(w, []string{"file", "no.", "interface", "link type", "packets", "role"}, table)
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

func orDash(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// writeTable prints rows as a table without lines, made safe for a terminal.
func writeTable(w io.Writer, head []string, rows [][]string) error {
	for _, r := range rows {
		for i := range r {
			lines := strings.Split(r[i], "\n")
			for n := range lines {
				lines[n] = printable(lines[n])
			}
			r[i] = strings.Join(lines, "\n")
		}
	}
	t := tablewriter.NewTable(w,
		tablewriter.WithRendition(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Lines: tw.LinesNone, Separators: tw.SeparatorsNone},
		}),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignment(tw.AlignLeft),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAutoFormat(tw.Off),
	)
	t.Header(head)
	if err := t.Bulk(rows); err != nil {
		return err
	}
	return t.Render()
}
