package diagnose

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
)

// TestCommandsParse has bash read every command for a Unix system without
// running it, filled in and with every value missing.
func TestCommandsParse(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	remote := goodValues(correlate.IPv4)
	remote.Remote = true
	for cause := range book {
		for _, system := range []string{osLinux, osMacOS, osFreeBSD, osOpenWrt} {
			for _, v := range []Values{goodValues(correlate.IPv4), goodValues(correlate.IPv6), remote, {}} {
				for _, f := range fixesFor(cause, v, system) {
					for _, line := range slices.Concat(f.Commands, f.Undo) {
						cmd := exec.Command(bash, "-n")
						cmd.Stdin = strings.NewReader(line + "\n")
						if out, err := cmd.CombinedOutput(); err != nil {
							t.Errorf("%s: %s: %v: %s", f.ID, line, err, out)
						}
					}
				}
			}
		}
	}
}

// inNamespace runs a script of bash in a network namespace of its own, which
// the kernel removes with the last process in it.
func inNamespace(t *testing.T, script string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "-n", "bash", "-c", script)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// needNamespace skips without the tools or the permission for a private network
// namespace, and fails instead where the lab is required.
func needNamespace(t *testing.T, tools ...string) {
	t.Helper()
	give := t.Skipf
	if os.Getenv("WGTRACE_LAB") == "required" {
		give = t.Fatalf
	}
	for _, tool := range append([]string{"bash", "unshare"}, tools...) {
		if _, err := exec.LookPath(tool); err != nil {
			give("%s is not installed", tool)
		}
	}
	if out, err := inNamespace(t, "true"); err != nil {
		give("no network namespace to try commands in: %v: %s", err, out)
	}
}

// only returns the lines that begin with one of the prefixes: the others would
// touch more than the namespace, or need a program that is not at hand.
func only(lines []string, prefixes ...string) []string {
	var out []string
	for _, l := range lines {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(l, p) }) {
			out = append(out, l)
		}
	}
	return out
}

// TestRulesApplyAndUndo gives every nft and iptables command of the book to the
// real programs and checks that the undo leaves the rules as they were.
func TestRulesApplyAndUndo(t *testing.T) {
	prefixes := []string{"nft ", `sh -c "nft `}
	docker := "" // and Docker's chain, where iptables writes into nft
	if out, err := exec.Command("iptables", "--version").Output(); err == nil && bytes.Contains(out, []byte("nf_tables")) {
		prefixes = append(prefixes, "iptables ", "ip6tables ")
		docker = `for i in iptables ip6tables; do
$i -N DOCKER-USER; $i -P INPUT ACCEPT; $i -A FORWARD -j REJECT; $i -t nat -P POSTROUTING ACCEPT; $i -t mangle -P FORWARD ACCEPT
done
`
	} else {
		t.Log("without iptables-nft: its commands are not tried")
	}
	needNamespace(t, "nft")
	// What a host would have: a chain that drops.
	const host = `set -e
nft 'add table inet DROPPING-TABLE'
nft 'add chain inet DROPPING-TABLE DROPPING-CHAIN { type filter hook forward priority 0; policy drop; }'
nft 'add rule inet DROPPING-TABLE DROPPING-CHAIN tcp dport 22 accept'
`
	tried := map[string]bool{}
	for cause := range book {
		for _, family := range []correlate.Family{correlate.IPv4, correlate.IPv6} {
			for _, f := range fixesFor(cause, goodValues(family), osLinux) {
				apply, undo := only(f.Commands, prefixes...), only(f.Undo, prefixes...)
				key := strings.Join(apply, "\n")
				if len(apply) == 0 || tried[key] {
					continue
				}
				tried[key] = true
				script := host + docker + "before=$(nft list ruleset)\n" +
					strings.Join(apply, "\n") + "\n" +
					"during=$(nft list ruleset)\n" +
					strings.Join(undo, "\n") + "\n" +
					"after=$(nft list ruleset)\n" +
					`[ "$during" != "$before" ] || { echo "nothing was applied"; exit 1; }` + "\n" +
					`[ "$after" = "$before" ] || { echo "left behind:"; diff <(echo "$before") <(echo "$after"); exit 1; }` + "\n"
				if out, err := inNamespace(t, script); err != nil {
					t.Errorf("%s: %v\n%s\n%s", f.ID, err, key, out)
				}
			}
		}
	}
	if len(tried) < 3 { // translation of both families and the filter, in nft alone
		t.Errorf("tried %d sets of commands, want at least 3", len(tried))
	}
}

// TestSysctlsApplyAndUndo runs the sysctl commands of the book on the loopback
// adapter of a namespace, whose switches are its own.
func TestSysctlsApplyAndUndo(t *testing.T) {
	needNamespace(t, "sysctl")
	for _, c := range []struct {
		cause  string
		family correlate.Family
		key    string
		want   string // before, during and after
	}{
		{"ip-forwarding-off", correlate.IPv4, "net/ipv4/ip_forward", "0 1 0"},
		{"ip-forwarding-off", correlate.IPv6, "net/ipv6/conf/all/forwarding", "0 1 0"},
		{"rp-filter-drop", correlate.IPv4, "net/ipv4/conf/lo/rp_filter", "1 2 1"},
	} {
		if _, err := os.Stat("/proc/sys/" + c.key); err != nil {
			t.Logf("this kernel has no %s", c.key)
			continue
		}
		v := goodValues(c.family)
		v.Tunnel, v.WAN = "lo", "lo"
		f := fixesFor(c.cause, v, osLinux)[0]
		apply, undo := only(f.Commands, "sysctl -w net/"), only(f.Undo, "sysctl -w net/")
		show := "sysctl -n " + c.key
		out, err := inNamespace(t, "set -e\nquiet() { \"$@\" >/dev/null; }\n"+
			"quiet sysctl -w "+c.key+"="+c.want[:1]+"\n"+
			show+"\nquiet "+strings.Join(apply, "\nquiet ")+
			"\n"+show+"\nquiet "+strings.Join(undo, "\nquiet ")+"\n"+show+"\n")
		if got := strings.Join(strings.Fields(out), " "); err != nil || got != c.want {
			t.Errorf("%s on %v: %s was %q, want %q: %v", f.ID, c.family, c.key, got, c.want, err)
		}
	}
}
