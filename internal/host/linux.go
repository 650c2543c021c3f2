package host

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"
)

// linux answers what is read of a Linux machine by commands and from files:
// this one, or another one over a shell. Both functions only read.
type linux struct {
	// query runs a command and returns what it printed.
	query func(ctx context.Context, name string, args ...string) ([]byte, error)
	// proc reads a file of /proc/net; fs.ErrNotExist if there is none.
	proc func(name string) (string, error)
}

// readSwitches reads the kernel's switches below /proc/sys/net, by a function that
// says that there is none of a name, or none that is a number.
func readSwitches(number func(name string) (uint64, bool), s *Snapshot) {
	on := func(name string) Fact {
		n, ok := number(name)
		if !ok {
			return FactUnknown
		}
		return FactOf(n != 0) // 2 is in use for IPv6 (ip-sysctl, forwarding)
	}
	s.Settings.Forwarding4, s.Settings.Forwarding6 = on("ipv4/ip_forward"), on("ipv6/conf/all/forwarding")
	all, allKnown := number("ipv4/conf/all/rp_filter")
	for i := range s.Adapters {
		a := &s.Adapters[i]
		if strings.ContainsAny(a.Name, "/") || a.Name == ".." {
			continue
		}
		a.Forwarding4, a.Forwarding6 = on("ipv4/conf/"+a.Name+"/forwarding"), on("ipv6/conf/"+a.Name+"/forwarding")
		// The larger of the two is in force (ip-sysctl, rp_filter).
		if own, ok := number("ipv4/conf/" + a.Name + "/rp_filter"); ok && allKnown {
			v := int(min(max(own, all), 2))
			a.RPFilter = &v
		}
	}
	if n, ok := number("netfilter/nf_conntrack_count"); ok {
		s.Conntrack.Count = &n
	}
	if n, ok := number("netfilter/nf_conntrack_max"); ok {
		s.Conntrack.Max = &n
	}
}

// readListeners looks for name servers and for WireGuard's own sockets.
func (m linux) readListeners(s *Snapshot) {
	l := &s.Listeners
	l.Ports = []uint16{53}
	for _, d := range s.WireGuard {
		if d.ListenPort != 0 {
			l.Ports = append(l.Ports, d.ListenPort)
		}
	}
	l.Read = FactYes
	for _, file := range []string{"udp", "udp6", "tcp", "tcp6"} {
		text, err := m.proc(file)
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

// readCounters reads what the kernel counts.
func (m linux) readCounters(s *Snapshot) {
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
		text, err := m.proc(file)
		switch {
		case err == nil:
			parse(text)
		case !errors.Is(err, fs.ErrNotExist): // no module, no counters
			s.unread("counters", reason(err))
		}
	}
	keepCounters(s.Counters)
}

// parseUptime reads /proc/uptime (proc(5)); 0 if it is not understood.
func parseUptime(text string) int64 {
	seconds, _, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// maxCounted bounds the adapters whose counters are kept: a container host has
// hundreds.
const maxCounted = 64

// choose marks the route that the kernel takes, and adds it if it is new.
func (s *Snapshot) choose(family int, adapter string, gateway netip.Addr) {
	if adapter == "" {
		return
	}
	for i := range s.DefaultRoutes {
		r := &s.DefaultRoutes[i]
		if r.Family == family && r.Adapter == adapter && r.Gateway == gateway {
			r.Chosen = true
			return
		}
	}
	s.DefaultRoutes = append(s.DefaultRoutes, Route{Family: family, Adapter: adapter, Gateway: gateway, Chosen: true})
}
