package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wgtrace/wgtrace/report"
)

func explainCommand(s streams) *cobra.Command {
	var o outputOptions
	cmd := &cobra.Command{
		Use:   "explain [ID]",
		Short: "Say what a finding means, how it looks and how to repair it",
		Long: `Explain a finding or a cause by the id that reports give it: what it means, how it
looks in packets, what looks like it, what can be the reason, how to repair it on
each system, and how to know that it worked. Without an id, list the findings.`,
		Example: `  wgtrace explain
  wgtrace explain nat-missing
  wgtrace explain ip-forwarding-off --lang zh`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var words []string
			for _, t := range topics(o.lang) {
				words = append(words, t.ID+"\t"+t.Title)
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkLang(o.lang); err != nil {
				return err
			}
			opts := report.TextOptions{Width: width(s.out), Color: o.color(s.out)}
			switch len(args) {
			case 0:
				return report.TopicsText(s.out, o.lang, opts)
			case 1:
				e, ok := report.Explain(args[0], o.lang)
				if !ok {
					return unknownTopic(args[0], o.lang)
				}
				return e.Text(s.out, opts)
			}
			return usage("wgtrace explain "+args[0], "explain takes one id, got %d", len(args))
		},
	}
	registerLang(cmd.Flags(), &o.lang)
	cmd.Flags().BoolVar(&o.noColor, "no-color", false, "no colours (NO_COLOR does the same)")
	return cmd
}

// topics is everything that can be explained.
func topics(lang string) []report.Topic {
	findings, causes := report.Topics(lang)
	return append(findings, causes...)
}

// unknownTopic says what was probably meant.
func unknownTopic(id, lang string) error {
	var near []string
	best := min(len(id)/3, 5) + 1 // a third of it mistyped is another word
	for _, t := range topics(lang) {
		switch d := distance(id, t.ID); {
		case d < best:
			best, near = d, []string{t.ID}
		case d == best:
			near = append(near, t.ID)
		}
	}
	if near == nil {
		for _, t := range topics(lang) {
			if id != "" && strings.Contains(t.ID, id) {
				near = append(near, t.ID)
			}
		}
	}
	hint := "wgtrace explain lists the findings"
	if len(near) > 0 {
		hint = "did you mean: " + strings.Join(near[:min(len(near), 4)], ", ") + "?"
	}
	return usage(hint, "unknown finding or cause %q", report.Shorten(id, 60))
}

// distance counts the letters to put in, take out or change to make one word of
// the other (Levenshtein). What is longer than any id is not looked at further.
func distance(a, b string) int {
	a = a[:min(len(a), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := slices.Clone(row)
		row[0] = i + 1
		for j := range len(b) {
			change := previous[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, previous[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
