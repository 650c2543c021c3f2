package main

import (
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/wgtrace/wgtrace/capture"
)

// sessionVariable holds the connection of an SSH session: address and port of the
// client, then of the server (sshd(8), ssh(1)).
const sessionVariable = "SSH_CONNECTION"

// ownSession returns the SSH connection by which the person works on this
// machine, none if they sit at it. sudo takes the variable away, so that those
// who started this program are asked too.
func ownSession() []capture.Connection {
	value, ok := os.LookupEnv(sessionVariable)
	if !ok {
		value = inherited(sessionVariable)
	}
	if c, ok := parseSession(value); ok {
		return []capture.Connection{c}
	}
	return nil
}

func parseSession(value string) (c capture.Connection, ok bool) {
	f := strings.Fields(value)
	if len(f) != 4 {
		return c, false
	}
	var ends [2]netip.AddrPort
	for i := range ends {
		addr, _, _ := strings.Cut(f[2*i], "%") // the zone of a link-local address
		a, err := netip.ParseAddr(addr)
		if err != nil {
			return c, false
		}
		port, err := strconv.ParseUint(f[2*i+1], 10, 16)
		if err != nil {
			return c, false
		}
		ends[i] = netip.AddrPortFrom(a.Unmap(), uint16(port))
	}
	return capture.Connection{One: ends[0], Other: ends[1]}, true
}
