//go:build unix

package main

import (
	"os"
	"strconv"
	"syscall"
)

// giveBack makes a file belong to the person who ran sudo, which says in
// SUDO_UID and SUDO_GID who that is (sudo(8), "Environment"). os.CreateTemp has
// made it readable for its owner alone.
func giveBack(f *os.File) {
	if uid, gid, ok := invoker(); ok {
		_ = f.Chown(uid, gid) // where files have no owners (vfat), a report of root's beats none
	}
}

// invoker is who ran sudo; not ok where nobody did.
func invoker() (uid, gid int, ok bool) {
	if os.Geteuid() != 0 {
		return 0, 0, false
	}
	id := func(name string) int {
		n, err := strconv.ParseInt(os.Getenv(name), 10, 32)
		if err != nil {
			return -1
		}
		return int(n)
	}
	uid, gid = id("SUDO_UID"), id("SUDO_GID")
	return uid, gid, uid >= 0 && gid >= 0
}

// ownFolder reports whether this user may write to a folder, and keep what they
// write, without the powers of root.
func ownFolder(name string) bool {
	if _, _, lent := invoker(); lent {
		return false // what is written there goes to the person who ran sudo
	}
	st, err := os.Stat(name)
	if err != nil {
		return false
	}
	owner, ok := st.Sys().(*syscall.Stat_t)
	return ok && (int(owner.Uid) == os.Geteuid() || st.Mode().Perm()&0o002 != 0)
}
