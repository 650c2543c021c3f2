package host

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Connections returns the TCP connections of a process and of those that it
// started, each by its two ends. Nothing can be read of what is another user's.
func Connections(pid int) (list [][2]netip.AddrPort) {
	inodes := map[string]bool{}
	for _, p := range family(pid, 4) {
		dir := fmt.Sprintf("/proc/%d/fd", p)
		fds, err := os.ReadDir(dir)
		if err != nil {
			continue // it has ended
		}
		for _, fd := range fds {
			to, err := os.Readlink(dir + "/" + fd.Name())
			if inode, ok := strings.CutPrefix(to, "socket:["); ok && err == nil {
				inodes[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	for _, file := range []string{"tcp", "tcp6"} {
		text, err := procNet(file)
		if err != nil {
			continue // a kernel without IPv6
		}
		for line := range strings.Lines(text) {
			// sl local rem st queues tr:when retrnsmt uid timeout inode (proc(5))
			f := strings.Fields(line)
			if len(f) < 10 || !inodes[f[9]] {
				continue
			}
			one, ok1 := procEnd(f[1])
			other, ok2 := procEnd(f[2])
			if ok1 && ok2 {
				list = append(list, [2]netip.AddrPort{one, other})
			}
		}
	}
	return list
}

// procEnd reads address and port of a socket.
func procEnd(s string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(s, ":")
	addr, ok := procAddr(host)
	n, err := strconv.ParseUint(port, 16, 16)
	return netip.AddrPortFrom(addr, uint16(n)), ok && err == nil
}

// family returns a process and its descendants, so many generations at most
// (proc(5), task/TID/children).
func family(pid, generations int) []int {
	list := []int{pid}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil || generations == 0 {
		return list
	}
	for word := range bytes.FieldsSeq(raw) {
		if child, err := strconv.Atoi(string(word)); err == nil {
			list = append(list, family(child, generations-1)...)
		}
	}
	return list
}
