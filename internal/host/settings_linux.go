package host

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// sysctlRoot holds the kernel's switches of the reader's own network namespace.
const sysctlRoot = "/proc/sys/net"

// thisMachine is the one that the program runs on.
var thisMachine = linux{query: query, proc: procNet}

func readSettings(ctx context.Context, s *Snapshot, ask []Client) {
	root, err := os.OpenRoot(sysctlRoot) // adapter names cannot lead out of it
	if err != nil {
		s.unread("switches", reason(err))
	} else {
		readSwitches(func(name string) (uint64, bool) { return number(root, name) }, s)
		root.Close()
	}
	readProbes(s, ask)
	thisMachine.readFirewall(ctx, s)
	thisMachine.readListeners(s)
	readCounters(s)
	if raw, err := os.ReadFile("/proc/uptime"); err == nil {
		s.UptimeSeconds = parseUptime(string(raw))
	}
}

func readCounters(s *Snapshot) { thisMachine.readCounters(s) }

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
