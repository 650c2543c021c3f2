package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxAncestors bounds the programs that are asked: a shell, sudo, a terminal
// multiplexer and sshd are a handful.
const maxAncestors = 32

// maxEnviron bounds what is read of each, in octets (MAX_ARG_STRLEN is 128 KiB
// for one variable).
const maxEnviron = 1 << 20

// inherited returns a variable from the nearest of those who started this
// program that has it, "" if none has, or none lets us look (proc(5), environ
// and stat).
func inherited(name string) string {
	pid := os.Getppid()
	for range maxAncestors {
		if pid <= 1 {
			break
		}
		if f, err := os.Open(fmt.Sprintf("/proc/%d/environ", pid)); err == nil {
			raw, err := io.ReadAll(io.LimitReader(f, maxEnviron))
			f.Close()
			for v := range bytes.SplitSeq(raw, []byte{0}) {
				if value, ok := strings.CutPrefix(string(v), name+"="); ok && err == nil {
					return value
				}
			}
		}
		pid = parentOf(pid)
	}
	return ""
}

// parentOf returns the parent of a process, 0 if it has ended. Its name, in
// parentheses, may hold anything.
func parentOf(pid int) (parent int) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	rest := raw[bytes.LastIndexByte(raw, ')')+1:]
	var state string
	if _, err := fmt.Sscan(string(rest), &state, &parent); err != nil {
		return 0
	}
	return parent
}
