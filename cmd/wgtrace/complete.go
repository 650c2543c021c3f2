package main

import (
	"net"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wgtrace/wgtrace/report"
)

// fixedValues are the flags that take one of a few words.
var fixedValues = map[string][]string{
	"os":     append([]string{"auto"}, fixSystems...),
	"lang":   {"en", "zh"},
	"redact": append([]string{report.RedactNone}, redactWords...),
}

// valuesOf annotates a flag with the words that it takes.
const valuesOf = "wgtrace_values"

// explainFlags lets a shell complete the values of flags, and a mistyped flag be
// answered with the one that was meant.
func explainFlags(root *cobra.Command) {
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		hint := cmd.CommandPath() + " --help"
		if near := nearFlag(cmd, err.Error()); near != "" {
			hint = "did you mean: " + near + "?"
		}
		return usage(hint, "%s", err)
	})
	for _, cmd := range root.Commands() {
		for name, values := range fixedValues {
			if cmd.Flags().Lookup(name) != nil {
				_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
			}
		}
		if f := cmd.Flags().Lookup("format"); f != nil {
			_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(f.Annotations[valuesOf], cobra.ShellCompDirectiveNoFileComp))
		}
		if cmd.Name() != "live" {
			continue
		}
		for _, name := range []string{"tunnel", "wan", "interface"} {
			_ = cmd.RegisterFlagCompletionFunc(name, completeAdapters)
		}
	}
}

// completeAdapters completes the names of the adapters of this host.
func completeAdapters(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for i := range all {
		if all[i].Flags&net.FlagUp != 0 {
			names = append(names, all[i].Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// nearFlag finds the flag that a message of pflag says is unknown among those
// that there are, by the rules by which cobra suggests commands.
func nearFlag(cmd *cobra.Command, message string) string {
	name, unknown := strings.CutPrefix(message, "unknown flag: --")
	if !unknown {
		return ""
	}
	name, _, _ = strings.Cut(name, "=")
	flags := &cobra.Command{SuggestionsMinimumDistance: 2}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			flags.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
		}
	})
	if near := flags.SuggestionsFor(name); len(near) > 0 {
		return "--" + strings.Join(near, ", --")
	}
	return ""
}
