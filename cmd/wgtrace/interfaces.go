package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/spf13/cobra"

	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/netns"
	"github.com/wgtrace/wgtrace/internal/text"
	"github.com/wgtrace/wgtrace/report"
)

func interfacesCommand(s streams) *cobra.Command {
	var asJSON bool
	var lang string
	cmd := &cobra.Command{
		Use:   "interfaces [FILE...]",
		Short: "List the adapters of this host, or the interfaces in files",
		Long: `List the adapters of this host, which of them is the tunnel and which the WAN,
and why; as root also those of containers with a WireGuard adapter. With files:
the interfaces inside them, with what they hold.`,
		Example: `  wgtrace interfaces
  wgtrace interfaces tunnel.pcap wan.pcap     as "wgtrace read" would take them
  wgtrace interfaces run.pcapng --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkLang(lang); err != nil {
				return err
			}
			if asJSON {
				lang = "en" // what programs read is the same everywhere
			}
			words, err := text.For(lang)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				return fileInterfaces(args, asJSON, words, s)
			}
			return hostInterfaces(cmd.Context(), asJSON, words, s)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	registerLang(cmd.Flags(), &lang)
	return cmd
}

// nameWidth is how much of an interface's name a table shows, in columns: the
// names that Windows gives to capture libraries are 50 long.
const nameWidth = 20

// hostInterfaces lists the adapters of this host.
func hostInterfaces(ctx context.Context, asJSON bool, words *text.Catalog, s streams) error {
	if ctx == nil {
		ctx = context.Background()
	}
	facts, err := host.Read(ctx)
	if err != nil {
		return &failure{exitNoCapture, err.Error(), ""}
	}
	rows := facts.Rows() // never nil: an empty list is [] in JSON
	for _, i := range allInside(ctx) {
		for _, r := range i.facts.Rows() {
			r.Namespace, r.Place = netns.Prefix+i.ns.Spec(), i.place
			rows = append(rows, r)
		}
	}
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
		name, why := report.Shorten(r.Name, nameWidth), reasonIn(words, r.Why)
		if r.Namespace != "" {
			name = r.Namespace + "/" + name // as --tunnel takes it
			if r.Role == "tunnel" {
				why = whyInside(words, r.Place)
			}
		}
		table = append(table, []string{name, string(r.Kind), words.Word(state, nil), strings.Join(addrs, "\n"), roleWithWhy(words, r.Role, why)})
	}
	return report.Table{Columns: columns(words, "adapter", "kind", "state", "addresses", "role"), Rows: table}.Write(s.out, width(s.out))
}

// columns are the headings of a table.
func columns(words *text.Catalog, ids ...string) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = words.Word("col-"+id, nil)
	}
	return list
}

// reasonIn says in a language why an adapter has its role, as far as that
// language has the reason.
func reasonIn(words *text.Catalog, why string) string {
	id := "why-" + strings.Join(strings.FieldsFunc(strings.ToLower(why), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), "-")
	if !words.HasWord(id) {
		return why
	}
	return words.Word(id, nil)
}

// whyInside says that an adapter is the tunnel of a container, or of a namespace
// that is none.
func whyInside(words *text.Catalog, place string) string {
	if name, ok := strings.CutPrefix(place, placeContainer); ok {
		return words.Word("why-container", map[string]any{"name": name})
	}
	return words.Word("why-namespace", map[string]any{"name": place})
}

func roleWithWhy(words *text.Catalog, role, why string) string {
	if role != "" {
		role = words.Word("role-"+role, nil)
	}
	switch {
	case role != "" && why != "":
		return role + ": " + why
	case role != "":
		return role
	}
	return why
}

// writeJSON writes v for programs, and so that it can be looked at: encoding/json
// leaves the control characters from DEL on as they are, and a terminal would
// obey them.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	var out strings.Builder
	for _, r := range b.String() {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, hi, lo)
		}
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	return nil
}
