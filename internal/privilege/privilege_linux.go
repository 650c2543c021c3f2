package privilege

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// set is a set of capabilities (capabilities(7)), by their numbers.
type set uint64

func setOf(caps ...int) (s set) {
	for _, c := range caps {
		s |= 1 << c
	}
	return s
}

var (
	// always is for opening taps again, and for the settings of WireGuard and of
	// the firewall, which are read again and again.
	always = setOf(unix.CAP_NET_RAW, unix.CAP_NET_ADMIN)
	// entering is for setns(2), and for /proc/PID/ns of a process that has other
	// capabilities (ptrace(2), PTRACE_MODE_READ_FSCREDS).
	entering = setOf(unix.CAP_SYS_ADMIN, unix.CAP_SYS_PTRACE)
	// writing is for folders of another person, those in which only owners may
	// rename, and giving away files.
	writing = setOf(unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_CHOWN)
)

// aside is what Drop left to be taken back.
var aside atomic.Uint64

// Drop gives up, on all threads and for good, every capability but those to
// capture and to read settings; children can get no more either, whoever owns
// them. What later needs is permitted and not in effect. Without any capability
// it still sees to it that none is gained.
func Drop(needs Needs) error {
	now, err := current()
	if err != nil {
		return err
	}
	keep, later := now.permitted&always, set(0)
	if needs.Enter {
		later |= now.permitted & entering
	}
	if needs.Files {
		later |= now.permitted & writing
	}
	if now.effective&setOf(unix.CAP_SETPCAP) != 0 {
		if err := bound(keep); err != nil {
			return err
		}
	}
	for _, p := range []struct {
		what            string
		option, a, b, c uintptr
	}{
		{"ambient capabilities", unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0},
		{"no_new_privs", unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0},
	} {
		if _, _, errno := psx.Syscall6(unix.SYS_PRCTL, p.option, p.a, p.b, p.c, 0, 0); errno != 0 {
			return fmt.Errorf("set %s: %w", p.what, errno)
		}
	}
	header, data := request(sets{effective: keep, permitted: keep | later})
	_, _, errno := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(&data[0])), 0)
	runtime.KeepAlive(header)
	runtime.KeepAlive(data)
	if errno != 0 {
		return fmt.Errorf("drop capabilities: %w", errno)
	}
	aside.Store(uint64(later))
	return nil
}

// bound takes all others out of what a program of root's gets when it is started.
func bound(keep set) error {
	for c := range 64 {
		if keep&(1<<c) != 0 {
			continue
		}
		_, _, errno := psx.Syscall6(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0, 0)
		switch {
		case errors.Is(errno, syscall.EINVAL):
			return nil // beyond the last one that this kernel has
		case errno != 0:
			return fmt.Errorf("drop capability %d from the bounding set: %w", c, errno)
		}
	}
	return nil
}

// Entering runs f with what it takes to enter another namespace, as far as Drop
// set it aside; it stays on this thread.
func Entering(f func() error) error { return with(entering, f) }

// Writing runs f with what it takes to write for the person who ran sudo, as far as
// Drop set it aside; it stays on this thread.
func Writing(f func() error) error { return with(writing, f) }

func with(want set, f func() error) error {
	want &= set(aside.Load())
	if want == 0 {
		return f()
	}
	runtime.LockOSThread()
	before, err := current()
	if err == nil {
		raised := before
		raised.effective |= want
		err = raised.apply()
	}
	if err != nil {
		runtime.UnlockOSThread()
		return errors.Join(err, f()) // what it lacks, f says itself
	}
	err = f()
	if lowered := before.apply(); lowered != nil {
		return errors.Join(err, lowered) // still locked: the thread ends with the goroutine
	}
	runtime.UnlockOSThread()
	return err
}

// sets are the capabilities of a thread.
type sets struct{ effective, permitted set }

// current returns those of this thread.
func current() (sets, error) {
	header, data := request(sets{})
	if err := unix.Capget(header, &data[0]); err != nil {
		return sets{}, fmt.Errorf("read capabilities: %w", err)
	}
	return sets{
		effective: set(data[0].Effective) | set(data[1].Effective)<<32,
		permitted: set(data[0].Permitted) | set(data[1].Permitted)<<32,
	}, nil
}

// apply makes them those of this thread.
func (s sets) apply() error {
	header, data := request(s)
	if err := unix.Capset(header, &data[0]); err != nil {
		return fmt.Errorf("set capabilities: %w", err)
	}
	return nil
}

// request is what capget(2) and capset(2) take; nothing is inheritable.
func request(s sets) (*unix.CapUserHeader, *[2]unix.CapUserData) {
	return &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &[2]unix.CapUserData{
		{Effective: uint32(s.effective), Permitted: uint32(s.permitted)},
		{Effective: uint32(s.effective >> 32), Permitted: uint32(s.permitted >> 32)},
	}
}
