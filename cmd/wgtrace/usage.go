package main

import (
	"os"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageTemplate is the help of every command: one screen, the examples before
// the flags, because an example answers more questions.
const usageTemplate = `Usage:
  {{if .Runnable}}{{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}{{if .Runnable}}
  {{end}}{{.CommandPath}} COMMAND [flags]{{end}}
{{if .HasExample}}
Examples:
{{.Example}}
{{end}}{{if .HasAvailableSubCommands}}
Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}
{{end}}{{if .HasAvailableLocalFlags}}
Flags:
{{flagUsages .LocalFlags}}{{end}}{{if .HasAvailableSubCommands}}
{{.CommandPath}} COMMAND --help explains a command.
{{end}}`

// usageWidth is the width of the help in columns.
const usageWidth = 80

// addUsageFunctions gives cobra what usageTemplate calls, once, because cobra
// keeps one unguarded table of functions for all commands of a process.
var addUsageFunctions = sync.OnceFunc(func() {
	cobra.AddTemplateFunc("flagUsages", flagUsages)
})

// explainUsage makes root and its commands explain themselves in our words.
func explainUsage(root *cobra.Command) {
	addUsageFunctions()
	root.SetUsageTemplate(usageTemplate)
	root.SetHelpCommand(&cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if cmd == nil || err != nil || len(rest) > 0 {
				return unknownCommand(root, strings.Join(args, " "))
			}
			cmd.InitDefaultHelpFlag()
			cmd.InitDefaultVersionFlag()
			return cmd.Help()
		},
	})
}

// explainCompletion makes the command that cobra adds refuse other shells.
func explainCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	cmd, _, err := root.Find([]string{"completion"})
	if err != nil || cmd == root {
		return
	}
	cmd.Short = "Print a script that completes commands in a shell"
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		const hint = "wgtrace completion bash, zsh, fish or powershell"
		if len(args) == 0 {
			return usage(hint, "name a shell")
		}
		return usage(hint, "unknown shell %q", args[0])
	}
}

// flagUsages lists the flags of a command. pflag's own list writes the values
// of switches, which nobody gives, and takes half of the line for the names.
func flagUsages(f *pflag.FlagSet) string {
	type row struct{ left, right string }
	var rows []row
	width := 0
	f.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden {
			return
		}
		value, about := pflag.UnquoteUsage(flag)
		left := "      --" + flag.Name
		if flag.Shorthand != "" {
			left = "  -" + flag.Shorthand + ", --" + flag.Name
		}
		if flag.Value.Type() != "bool" {
			if flag.NoOptDefVal != "" {
				left += "[=" + value + "]" // a word behind a space would be a file
			} else {
				left += " " + value
			}
			if flag.DefValue != "" && flag.DefValue != "0" && flag.DefValue != "0s" && flag.DefValue != "[]" {
				about += " (default " + flag.DefValue + ")"
			}
		}
		rows = append(rows, row{left, about})
		width = max(width, len(left))
	})
	var b strings.Builder
	for _, r := range rows {
		line := r.left + strings.Repeat(" ", width-len(r.left)+1)
		for _, word := range strings.Fields(r.right) {
			if len(line)+1+len(word) > usageWidth {
				b.WriteString(line + "\n")
				line = strings.Repeat(" ", width+1)
			}
			line += " " + word
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// noArgs refuses words that no command takes, with what was probably meant.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		return unknownCommand(cmd, args[0])
	}
	return usage(cmd.CommandPath()+" --help", "%s takes no argument %q", cmd.CommandPath(), args[0])
}

func unknownCommand(cmd *cobra.Command, name string) error {
	hint := "wgtrace --help lists the commands"
	if _, err := os.Stat(name); err == nil {
		hint = "to judge captures: wgtrace read " + name
	}
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		hint = "did you mean: wgtrace " + strings.Join(near, ", wgtrace ") + "?"
	}
	return usage(hint, "unknown command %q", name)
}
