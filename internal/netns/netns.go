// Package netns finds the network namespaces of a Linux machine (containers, as
// a rule), says whose they are, and runs a function inside one. It changes
// nothing there and knows no adapters' roles.
package netns

import (
	"errors"
	"strconv"
	"strings"
)

// ErrUnsupported is returned on systems that have no network namespaces.
var ErrUnsupported = errors.New("network namespaces are Linux's")

// Prefix begins the name of an adapter in another namespace on the command
// line: netns:NAME/wg0 or netns:PID/wg0.
const Prefix = "netns:"

// Namespace is a network namespace other than the caller's.
type Namespace struct {
	Inode     uint64 // identifies it as long as it exists
	PID       int    // the lowest process in it; 0: none, it is held by its name alone
	Name      string // under /run/netns; "" if it has none
	Container string // the container's name, or the beginning of its id; "" if not known
	Command   string // the process's name, possibly hostile; "" if there is none
}

// Spec is the namespace as Find takes it: its name, else its process.
func (n Namespace) Spec() string {
	if n.Name != "" {
		return n.Name
	}
	return strconv.Itoa(n.PID)
}

// Adapter is an adapter of the namespace as the command line takes it.
func (n Namespace) Adapter(name string) string { return Prefix + n.Spec() + "/" + name }

// Enter is the beginning of a command that runs inside (nsenter(1), ip-netns(8)).
func (n Namespace) Enter() []string {
	if n.PID == 0 {
		return []string{"ip", "netns", "exec", n.Name}
	}
	return []string{"nsenter", "-t", strconv.Itoa(n.PID), "-n"}
}

// Split takes netns:SPEC/ADAPTER apart; ok is false if s is something else.
func Split(s string) (spec, adapter string, ok bool) {
	rest, ok := strings.CutPrefix(s, Prefix)
	if !ok {
		return "", "", false
	}
	i := strings.LastIndexByte(rest, '/')
	if i <= 0 || i == len(rest)-1 || len(rest)-i > 256 {
		return "", "", false
	}
	return rest[:i], rest[i+1:], true
}
