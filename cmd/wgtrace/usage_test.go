package main

import (
	"strings"
	"testing"
)

// TestHelp: the help of every command is one screen of 80 columns with examples,
// on stdout.
func TestHelp(t *testing.T) {
	for _, c := range []struct {
		args  []string
		wants []string
	}{
		{nil, []string{"where do my packets disappear?", "Exit status: 0 healthy, 1 fault found, 2 wrong use or unreadable input,\n3 inconclusive, 4 cannot capture.", "  live ", "  read "}},
		{[]string{"live"}, []string{"sudo wgtrace live", "setcap cap_net_raw,cap_net_admin+eip", "Ctrl-C", "--tunnel", "-w, --write FILE", "to FILE.pcapng"}},
		{[]string{"read"}, []string{"wgtrace read tunnel.pcap wan.pcap", "FILE#NAME", "tcpdump", "--clock-offset"}},
		{[]string{"interfaces"}, []string{"wgtrace interfaces run.pcapng --json", "--json"}},
		{[]string{"version"}, []string{"wgtrace version"}},
	} {
		help := wgtrace(nil, append(c.args, "--help")...)
		word := wgtrace(nil, append([]string{"help"}, c.args...)...)
		if help.status != 0 || help.stderr != "" || word.status != 0 || word.stdout != help.stdout {
			t.Errorf("%q: --help and help differ or fail: %d %d %s%s", c.args, help.status, word.status, help.stderr, word.stderr)
		}
		for _, want := range append(c.wants, "Usage:\n  wgtrace", "Flags:") {
			if !strings.Contains(help.stdout, want) {
				t.Errorf("%q: %q is missing in\n%s", c.args, want, help.stdout)
			}
		}
		said := lines(help.stdout)
		if len(said) > 68 {
			t.Errorf("%q: %d lines are more than two screens of old terminals", c.args, len(said))
		}
		for _, l := range said {
			if len(l) > 80+2 { // the setcap line is to be copied whole
				t.Errorf("%q: %d columns: %s", c.args, len(l), l)
			}
			if strings.Contains(l, "[=true") {
				t.Errorf("%q: %s", c.args, l)
			}
		}
	}
}

// TestWrongUse: what no command understands is exit status 2 and a hint.
func TestWrongUse(t *testing.T) {
	for _, c := range []struct{ args, line, hint string }{
		{"frob", `unknown command "frob"`, "wgtrace --help lists the commands"},
		{"redd", `unknown command "redd"`, "did you mean: wgtrace read?"},
		{"help frob", `unknown command "frob"`, "wgtrace --help lists the commands"},
		{"version now", `wgtrace version takes no argument "now"`, "wgtrace version --help"},
		{"interfaces --frob", "unknown flag: --frob", "wgtrace interfaces --help"},
		{"read --tunel x", "unknown flag: --tunel", "did you mean: --tunnel?"},
		{"--wna eth0", "unknown flag: --wna", "did you mean: --wan?"},
		{"/dev/null", `unknown command "/dev/null"`, "wgtrace read /dev/null"},
		{"live ports 53", `filter "ports 53": "ports" is not understood`, "nothing is kept out"},
		{"-r nosuch.pcap port x", `"x" is no port number`, "host 1.1.1.1"},
		{"completion tcsh", `unknown shell "tcsh"`, "bash, zsh, fish or powershell"},
		{"completion", "name a shell", "bash, zsh, fish or powershell"},
		{"interfaces - -", "standard input was given twice", "name a file"},
		{"live -d 0", "-d 0s: must be more than 0", "-d 30s"},
		{"live -d -3s", "-d -3s: must be more than 0", "-d 30s"},
		{"live -d 30", "must be a duration", "wgtrace live --help"},
		{"live -c 0", "-c 0: must be more than 0", "-c 100"},
		{"live -c -1", "non-negative", "wgtrace live --help"},
		{"live -s 10", "-s 10: must lie between 96 and 262144", "-s 256"},
		{"live -s 262145", "-s 262145: must lie between 96 and 262144", "-s 256"},
		{"live -w -", "-w -: a recording needs a file", "tcpdump"},
		{"live -w no/run.pcapng", "cannot write no/run.pcapng: no such folder", "make the folder first"},
		{"live -w /dev/null", "-w /dev/null exists already", "name another file"},
		{"live -w tunnel.pcap", "-w tunnel.pcap exists already", "name another file"},
		{"live -w run.pcapng -o ./run.pcapng", "-o ./run.pcapng would overwrite the recording", "-o report.txt"},
		{"live -o folder", "cannot write folder: is a directory", "name a file in it"},
		{"live --tunnel lo --wan lo", "tunnel and WAN are the same adapter: lo", "wgtrace interfaces"},
	} {
		t.Run(c.args, func(t *testing.T) {
			inFolder(t)
			got := wgtrace(nil, strings.Fields(c.args)...)
			said := lines(got.stderr)
			if got.status != exitUsage || got.stdout != "" || len(said) != 2 {
				t.Fatalf("status %d, stdout %q, stderr %q", got.status, got.stdout, got.stderr)
			}
			if !strings.Contains(said[0], "wgtrace: ") || !strings.Contains(said[0], c.line) || !strings.Contains(said[1], c.hint) {
				t.Errorf("said\n%s\n%s\nwant %q and %q", said[0], said[1], c.line, c.hint)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	long, short := wgtrace(nil, "version"), wgtrace(nil, "--version")
	if long.status != 0 || !strings.HasPrefix(long.stdout, "wgtrace ") || len(lines(long.stdout)) != 1 {
		t.Errorf("version: %d %q", long.status, long.stdout)
	}
	if short.status != 0 || !strings.HasPrefix(long.stdout, strings.TrimSuffix(short.stdout, "\n")) {
		t.Errorf("--version: %d %q", short.status, short.stdout)
	}
}
