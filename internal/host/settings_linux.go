package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// sysctlRoot holds the kernel's switches of the reader's own network namespace.
const sysctlRoot = "/proc/sys/net"

func readSettings(ctx context.Context, s *Snapshot, ask []Client) {
	root, err := os.OpenRoot(sysctlRoot) // adapter names cannot lead out of it
	if err != nil {
		s.unread("switches", reason(err))
	} else {
		readSwitches(root, s)
		root.Close()
	}
	readProbes(s, ask)
	readFirewall(ctx, s)
	readListeners(s)
	readCounters(s)
}

// number reads a switch; ok is false if it is not there or not a number.
func number(root *os.Root, name string) (n uint64, ok bool) {
	f, err := root.Open(name)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil {
		return 0, false
	}
	n, err = strconv.ParseUint(strings.TrimSpace(string(raw)), 10, 64)
	return n, err == nil
}

func readSwitches(root *os.Root, s *Snapshot) {
	on := func(name string) Fact {
		n, ok := number(root, name)
		if !ok {
			return FactUnknown
		}
		return FactOf(n != 0) // 2 is in use for IPv6 (ip-sysctl, forwarding)
	}
	s.Settings.Forwarding4, s.Settings.Forwarding6 = on("ipv4/ip_forward"), on("ipv6/conf/all/forwarding")
	all, allKnown := number(root, "ipv4/conf/all/rp_filter")
	for i := range s.Adapters {
		a := &s.Adapters[i]
		if strings.ContainsAny(a.Name, "/") || a.Name == ".." {
			continue
		}
		a.Forwarding4, a.Forwarding6 = on("ipv4/conf/"+a.Name+"/forwarding"), on("ipv6/conf/"+a.Name+"/forwarding")
		// The larger of the two is in force (ip-sysctl, rp_filter).
		if own, ok := number(root, "ipv4/conf/"+a.Name+"/rp_filter"); ok && allKnown {
			v := int(min(max(own, all), 2))
			a.RPFilter = &v
		}
	}
	if n, ok := number(root, "netfilter/nf_conntrack_count"); ok {
		s.Conntrack.Count = &n
	}
	if n, ok := number(root, "netfilter/nf_conntrack_max"); ok {
		s.Conntrack.Max = &n
	}
}

// readListeners looks for name servers and for WireGuard's own sockets.
func readListeners(s *Snapshot) {
	l := &s.Listeners
	l.Ports = []uint16{53}
	for _, d := range s.WireGuard {
		if d.ListenPort != 0 {
			l.Ports = append(l.Ports, d.ListenPort)
		}
	}
	l.Read = FactYes
	for _, file := range []string{"udp", "udp6", "tcp", "tcp6"} {
		text, err := procNet(file)
		if err != nil {
			if strings.HasSuffix(file, "6") && errors.Is(err, fs.ErrNotExist) {
				continue // a kernel without IPv6
			}
			l.Read = FactUnknown
			s.unread("listeners", reason(err))
			continue
		}
		l.Sockets = append(l.Sockets, parseSockets(text, strings.TrimSuffix(file, "6"), l.Ports)...)
	}
}

// maxProc bounds a file of /proc/net in octets: a socket takes 150, so that this
// is a server with a hundred thousand of them.
const maxProc = 16 << 20

// procNet reads a file of this network namespace; of the calling thread's, not
// of the process's first one, which may be in another.
func procNet(name string) (string, error) {
	f, err := os.Open("/proc/thread-self/net/" + name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxProc+1))
	if err == nil && len(raw) > maxProc {
		err = fmt.Errorf("/proc/net/%s is longer than %d octets", name, maxProc)
	}
	return string(raw), err
}

func readCounters(s *Snapshot) {
	s.Counters = map[string]uint64{}
	var names []string
	for _, a := range s.Adapters {
		if a.Up && len(names) < maxCounted {
			names = append(names, a.Name)
		}
	}
	for file, parse := range map[string]func(string){
		"snmp":              func(t string) { parsePairs(t, s.Counters) },
		"netstat":           func(t string) { parsePairs(t, s.Counters) },
		"snmp6":             func(t string) { parseLines(t, s.Counters) },
		"dev":               func(t string) { parseDev(t, names, s.Counters) },
		"stat/nf_conntrack": func(t string) { parseConntrackStat(t, s.Counters) },
	} {
		text, err := procNet(file)
		switch {
		case err == nil:
			parse(text)
		case !errors.Is(err, fs.ErrNotExist): // no module, no counters
			s.unread("counters", reason(err))
		}
	}
	keepCounters(s.Counters)
	if raw, err := os.ReadFile("/proc/uptime"); err == nil {
		seconds, _, _ := strings.Cut(string(raw), ".")
		if n, err := strconv.ParseInt(seconds, 10, 64); err == nil {
			s.UptimeSeconds = n
		}
	}
}

// maxCounted bounds the adapters whose counters are kept: a container host has
// hundreds.
const maxCounted = 64
