package main

import (
	"slices"
	"strings"

	"github.com/wgtrace/wgtrace/internal/filter"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/netns"
)

// habitual puts the command in front of arguments as users of tcpdump and tshark
// type them: -r names files, -D lists adapters, anything else watches.
func habitual(args []string) []string {
	if len(args) == 0 || !strings.HasPrefix(args[0], "-") || args[0] == "-" ||
		slices.Contains([]string{"-h", "--help", "--version", "--"}, args[0]) {
		return args
	}
	has := func(short, long string) bool {
		return slices.ContainsFunc(args, func(a string) bool {
			return strings.HasPrefix(a, short) && !strings.HasPrefix(a, "--") || a == long || strings.HasPrefix(a, long+"=")
		})
	}
	switch {
	case has("-D", "--list-interfaces"):
		rest := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "-D" || a == "--list-interfaces" })
		return append([]string{"interfaces"}, rest...)
	case has("-r", "--read"):
		return append([]string{"read"}, args...)
	}
	return append([]string{"live"}, args...)
}

// parseFilter reads the words behind the flags of a command as one expression.
func parseFilter(words []string) (filter.Expression, error) {
	e, err := filter.Parse(strings.Join(words, " "))
	if err != nil {
		return e, usage(`wgtrace live host 1.1.1.1 and port 443; it says which connections are listed, and nothing is kept out of the capture`, "%s", err)
	}
	return e, nil
}

// sortAdapters gives the adapters of -i their roles: those of WireGuard, and
// those in containers, are tunnels.
func (o *liveOptions) sortAdapters(facts *host.Snapshot) error {
	tunnels := facts.Tunnels()
	for _, name := range o.adapters {
		inside := slices.Contains(tunnels, name) || strings.HasPrefix(name, netns.Prefix)
		switch {
		case inside && (o.tunnel == "" || o.tunnel == name):
			o.tunnel = name
		case inside:
			return usage("-i wg0 -i eth0: one adapter of WireGuard, and those towards the internet; --tunnel and --wan name any",
				"-i %s: the tunnel is %s already", name, o.tunnel)
		case slices.Contains(o.wans, name):
		default:
			o.wans = append(o.wans, name)
		}
	}
	if len(o.wans) > 0 {
		o.wan, o.lines = o.wans[0], o.wans[1:]
	}
	return nil
}
