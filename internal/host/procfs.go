package host

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Files of Linux's /proc/net (proc(5)), read from text so that they can be held
// against recorded ones on any system.

// parsePairs reads /proc/net/snmp and /proc/net/netstat: a line of names and a
// line of values for each prefix, into "Prefix.Name".
func parsePairs(text string, into map[string]uint64) {
	var names []string
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(names) != len(f) || names[0] != f[0] {
			names = f
			continue
		}
		for i, v := range f[1:] {
			// Tcp.MaxConn is -1: no counter.
			if n, err := strconv.ParseUint(v, 10, 64); err == nil {
				into[strings.TrimSuffix(names[0], ":")+"."+names[i+1]] = n
			}
		}
		names = nil
	}
}

// parseLines reads /proc/net/snmp6: a name and a value on each line.
func parseLines(text string, into map[string]uint64) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 2 {
			continue
		}
		if n, err := strconv.ParseUint(f[1], 10, 64); err == nil {
			into[f[0]] = n
		}
	}
}

// devColumns are the columns of /proc/net/dev that tell something of losses, and the octets
// that say what kind of packets they are, by their place (net/core/net-procfs.c, dev_seq_printf_stats).
var devColumns = map[int]string{
	0: "rx_bytes", 1: "rx_packets", 2: "rx_errors", 3: "rx_dropped", 5: "rx_frame_errors",
	9: "tx_packets", 10: "tx_errors", 11: "tx_dropped", 14: "tx_carrier_errors",
}

// parseDev reads /proc/net/dev into "dev.NAME.COLUMN" for the adapters named.
func parseDev(text string, adapters []string, into map[string]uint64) {
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(line, ":")
		name = strings.TrimSpace(name)
		if !ok || !slices.Contains(adapters, name) {
			continue
		}
		for i, v := range strings.Fields(rest) {
			column := devColumns[i]
			if n, err := strconv.ParseUint(v, 10, 64); err == nil && column != "" {
				into["dev."+name+"."+column] = n
			}
		}
	}
}

// parseConntrackStat reads /proc/net/stat/nf_conntrack: a line of names, then
// one of hexadecimal values for each processor, summed into "conntrack.NAME".
func parseConntrackStat(text string, into map[string]uint64) {
	var names []string
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if names == nil {
			names = f
			continue
		}
		for i, v := range f {
			// The first column is the table's size, the same on every line.
			if n, err := strconv.ParseUint(v, 16, 64); err == nil && i > 0 && i < len(names) {
				into["conntrack."+names[i]] += n
			}
		}
	}
}

// Socket states of /proc/net/udp and /proc/net/tcp (include/net/tcp_states.h): a
// UDP socket that is not connected, and a TCP socket that listens.
var listening = map[string]string{"udp": "07", "tcp": "0A"}

// parseSockets reads /proc/net/udp, udp6, tcp or tcp6 and returns the sockets
// that wait on one of the ports; all, if there are none.
func parseSockets(text, protocol string, wanted []uint16) []Socket {
	var list []Socket
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 4 || f[3] != listening[protocol] {
			continue
		}
		host, port, ok := strings.Cut(f[1], ":")
		n, err := strconv.ParseUint(port, 16, 16)
		addr, valid := procAddr(host)
		if !ok || err != nil || !valid || !slices.Contains(wanted, uint16(n)) {
			continue
		}
		if k := (Socket{protocol, addr, uint16(n)}); !slices.Contains(list, k) {
			list = append(list, k)
		}
	}
	return list
}

// procAddr reads an address that the kernel prints as 32-bit words in host order,
// which is little-endian on every machine that this program is built for.
func procAddr(s string) (netip.Addr, bool) {
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != 4 && len(raw) != 16 {
		return netip.Addr{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		slices.Reverse(raw[i : i+4])
	}
	a, ok := netip.AddrFromSlice(raw)
	return a.Unmap(), ok
}
