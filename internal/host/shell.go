package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Shell runs a script in the Bourne shell of another machine. Scripts hold no
// single quote, no line break and no exclamation mark, so that they can be handed
// on as one quoted word, and neither do arguments; script argument $1 is whatever
// the caller puts there, the given ones follow. An error means that nothing was
// run.
type Shell func(ctx context.Context, script string, args ...string) (Answer, error)

// Answer is what a script did.
type Answer struct {
	Out  []byte
	Said string // on standard error; possibly hostile
	Code int    // its exit status
}

// surveyScript prints what is read of a machine, each part behind a line with
// the token $2, which what is printed cannot know. Private and preshared keys
// are never asked for, or do not leave the machine. $3 and those that follow are
// clients, as address@adapter.
const surveyScript = `t=$2; shift 2; h() { echo "@$t $1"; }; ` +
	`h system; uname -s; ` +
	`h links; ip -d -o link 2>/dev/null || ip -o link; h addrs; ip -o addr; ` +
	`for v in 4 6; do h default$v; ip -$v route show default 2>/dev/null; done; ` +
	`h get4; ip -4 route get 1.1.1.1 2>/dev/null; h get6; ip -6 route get 2606:4700::1 2>/dev/null; ` +
	`h wg-error; wg show interfaces 2>&1 >/dev/null; ` +
	`for k in public-key listen-port endpoints allowed-ips latest-handshakes transfer; do h wg-$k; wg show all $k 2>/dev/null; done; ` +
	`h wg-preshared; wg show all preshared-keys 2>/dev/null | awk "\$3 ~ /=\$/ {print \$1, \$2}"; ` +
	`h switches; cd /proc/sys/net; grep -s . /dev/null ipv4/ip_forward ipv4/conf/*/forwarding ipv4/conf/*/rp_filter ipv6/conf/*/forwarding netfilter/nf_conntrack_count netfilter/nf_conntrack_max; cd /; ` +
	`for f in snmp netstat snmp6 dev stat/nf_conntrack udp udp6 tcp tcp6 ip_tables_names ip6_tables_names; do if [ -r /proc/net/$f ]; then h proc-$f; cat /proc/net/$f; fi; done; ` +
	`h uptime; cat /proc/uptime; ` +
	`h offload; uci -q get "firewall.@defaults[0].flow_offloading"; h offload-hw; uci -q get "firewall.@defaults[0].flow_offloading_hw"; ` +
	`for c in "$@"; do a=${c%@*}; d=1.1.1.1; case $a in *:*) d=2606:4700::1;; esac; h "out-$c"; ip route get $d from "$a" iif "${c#*@}" 2>&1; h "back-$c"; ip route get "$a" 2>&1; done; ` +
	`h end`

// queryScript runs a command of this package's. 127 says that it is not there.
const queryScript = `shift; if command -v "$1" >/dev/null; then exec "$@"; fi; exit 127`

// plainName is what an adapter must be called to be asked about in a script.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,14}$`)

// ReadShell is ReadAll for another machine that runs Linux, over a shell that it
// offers. It fails with ErrUnsupported where another system answers, and where
// no ip(8) is there.
func ReadShell(ctx context.Context, run Shell, clients ...Client) (*Snapshot, error) {
	token := rand.Text()
	args := []string{token}
	var asked []Client
	for _, c := range clients {
		if plainName.MatchString(c.Tunnel) && c.Addr.IsValid() && c.Addr.Zone() == "" && len(asked) < maxClients {
			asked = append(asked, c)
			args = append(args, askedAs(c))
		}
	}
	a, err := run(ctx, surveyScript, args...)
	if err != nil {
		return nil, err
	}
	parts := splitParts(string(a.Out), token)
	if _, complete := parts["end"]; !complete {
		return nil, fmt.Errorf("read the settings there: %s", plain(cut(firstLine(a.Said))))
	}
	if system := strings.TrimSpace(parts["system"]); system != "Linux" {
		return nil, fmt.Errorf("%w: %s", ErrUnsupported, plain(cut(system)))
	}
	s := &Snapshot{OS: "linux", Taken: time.Now().UTC()}
	parseLinks(parts["links"], s)
	if len(s.Adapters) == 0 {
		return nil, errors.New("read the settings there: ip(8) lists no adapters")
	}
	parseAddrs(parts["addrs"], s)
	for _, family := range []int{4, 6} {
		n := strconv.Itoa(family)
		parseDefaults(parts["default"+n], family, s)
		if hop := parseHop(parts["get"+n]); hop.Problem == ProblemNone {
			s.choose(family, hop.Adapter, hop.Gateway)
		}
	}
	parseWireGuard(parts, s)
	readSwitches(switchesOf(parts["switches"]), s)
	for _, c := range asked {
		s.Probes = append(s.Probes, Probe{
			Client: c.Addr, Tunnel: c.Tunnel,
			Out: parseHop(parts["out-"+askedAs(c)]), Back: parseHop(parts["back-"+askedAs(c)]),
		})
	}
	s.unread("policy rules", "they are not asked for over ssh")
	there := linux{
		query: func(ctx context.Context, name string, args ...string) ([]byte, error) {
			return queryShell(ctx, run, name, args)
		},
		proc: func(name string) (string, error) {
			text, ok := parts["proc-"+name]
			if !ok {
				return "", fs.ErrNotExist
			}
			return text, nil
		},
	}
	there.readFirewall(ctx, s)
	there.readListeners(s)
	there.readCounters(s)
	s.UptimeSeconds = parseUptime(parts["uptime"])
	s.FlowOffload = offloadOf(parts)
	s.normalise()
	return s, nil
}

func askedAs(c Client) string { return c.Addr.String() + "@" + c.Tunnel }

// queryShell is query for another machine.
func queryShell(ctx context.Context, run Shell, name string, args []string) ([]byte, error) {
	a, err := run(ctx, queryScript, append([]string{name}, args...)...)
	switch {
	case err != nil:
		return nil, err
	case a.Code == 127:
		return nil, fmt.Errorf("%s %w", name, errNotInstalled)
	case a.Code != 0 && refused(a.Said):
		return nil, fmt.Errorf("%s: %w", name, os.ErrPermission)
	case a.Code != 0:
		return nil, fmt.Errorf("%s: exit status %d: %s", name, a.Code, plain(cut(firstLine(a.Said))))
	}
	return a.Out, nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// splitParts takes apart what surveyScript printed.
func splitParts(text, token string) map[string]string {
	parts := map[string]string{}
	mark := "@" + token + " "
	var name string
	var b strings.Builder
	for line := range strings.Lines(text) {
		if next, ok := strings.CutPrefix(line, mark); ok {
			if name != "" {
				parts[name] = b.String()
			}
			name = strings.TrimSpace(next)
			b.Reset()
			continue
		}
		b.WriteString(line)
	}
	if name != "" {
		parts[name] = b.String()
	}
	return parts
}

// switchesOf returns the switches that grep(1) printed, as name:value. The shell's
// own read would take them octet by octet, and the kernel gives all of a switch in
// the first (kernel/sysctl.c, do_proc_dointvec).
func switchesOf(text string) func(name string) (uint64, bool) {
	all := map[string]uint64{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		colon := strings.LastIndexByte(line, ':')
		if n, err := strconv.ParseUint(line[colon+1:], 10, 64); err == nil && colon > 0 {
			all[line[:colon]] = n
		}
	}
	return func(name string) (n uint64, ok bool) {
		n, ok = all[name]
		return n, ok
	}
}

// offloadOf says what OpenWrt's firewall is told of flow offload (OpenWrt wiki,
// firewall configuration, "flow_offloading").
func offloadOf(parts map[string]string) Offload {
	switch {
	case strings.TrimSpace(parts["offload"]) != "1":
		return OffloadUnknown
	case strings.TrimSpace(parts["offload-hw"]) == "1":
		return OffloadHardware
	}
	return OffloadSoftware
}
