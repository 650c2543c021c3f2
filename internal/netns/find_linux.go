package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/wgtrace/wgtrace/internal/privilege"
)

// Bounds of a search: what a person could still read, and what a machine full
// of processes may cost.
const (
	maxProcesses  = 1 << 16
	maxNamespaces = 512
)

// List returns the network namespaces of this machine beside the caller's own,
// at most 512. What may not be looked into is left out, and so are processes
// that end meanwhile; an error means that nothing could be listed.
func List() ([]Namespace, error) {
	own, err := inodeOf("/proc/thread-self/ns/net")
	if err != nil {
		return nil, fmt.Errorf("list network namespaces: %w", err)
	}
	return system.list(own)
}

func (r roots) list(own uint64) ([]Namespace, error) {
	var found []Namespace
	at := map[uint64]int{}
	add := func(inode uint64) *Namespace {
		i, known := at[inode]
		if !known {
			if inode == own || len(found) == maxNamespaces {
				return nil
			}
			i = len(found)
			at[inode] = i
			found = append(found, Namespace{Inode: inode})
		}
		return &found[i]
	}
	pids, err := r.processes()
	if err != nil {
		return nil, fmt.Errorf("list network namespaces: %w", err)
	}
	for _, pid := range pids {
		inode, err := inodeOf(filepath.Join(r.proc, strconv.Itoa(pid), "ns/net"))
		if err != nil {
			continue
		}
		if n := add(inode); n != nil && n.PID == 0 {
			n.PID = pid
			n.Container = r.container(strconv.Itoa(pid))
			n.Command = strings.TrimSpace(string(readFile(filepath.Join(r.proc, strconv.Itoa(pid), "comm"))))
		}
	}
	names, err := os.ReadDir(r.named)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && len(found) == 0 {
		return nil, fmt.Errorf("list network namespaces: %w", err)
	}
	for _, e := range names {
		inode, err := inodeOf(filepath.Join(r.named, e.Name()))
		if err != nil {
			continue
		}
		if n := add(inode); n != nil && n.Name == "" {
			n.Name = e.Name()
		}
	}
	return found, nil
}

// processes returns the process ids in ascending order.
func (r roots) processes() ([]int, error) {
	d, err := os.Open(r.proc)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(maxProcesses)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, n := range names {
		if pid, err := strconv.Atoi(n); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// inodeOf follows the links under /proc/PID/ns, and the mounts of ip-netns(8),
// to the namespace itself (namespaces(7)).
func inodeOf(path string) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return st.Ino, nil
}

// Find returns the namespace of that name under /run/netns, or of that process,
// or of the container of that name.
func Find(spec string) (Namespace, error) {
	all, err := List()
	if err != nil {
		return Namespace{}, err
	}
	inode := uint64(0)
	if pid, err := strconv.Atoi(spec); err == nil {
		if inode, err = inodeOf(filepath.Join(system.proc, strconv.Itoa(pid), "ns/net")); err != nil {
			return Namespace{}, fmt.Errorf("find the network namespace of process %d: %w", pid, err)
		}
	}
	for _, n := range all {
		if n.Inode == inode || n.Name == spec || n.Container == spec {
			return n, nil
		}
	}
	if inode != 0 {
		return Namespace{}, fmt.Errorf("process %s has no network namespace of its own", spec)
	}
	return Namespace{}, fmt.Errorf("no network namespace %q", spec)
}

// open returns the namespace's file, if it is still the same one.
func (n Namespace) open() (*os.File, error) {
	path := filepath.Join(system.named, n.Name)
	if n.PID != 0 {
		path = filepath.Join(system.proc, strconv.Itoa(n.PID), "ns/net")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil || st.Ino != n.Inode {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return f, nil
}

// Do runs f inside the namespace, on a thread of its own that ends with it:
// sockets that f opens stay there (setns(2)), everything else goes on where it
// is. f must not start goroutines that are to run inside. The error of entering
// wraps fs.ErrPermission without CAP_SYS_ADMIN.
func (n Namespace) Do(f func() error) error {
	done := make(chan error, 1)
	go func() {
		// Never unlocked: the thread ends with the goroutine, so that nothing
		// else can run in the namespace by accident.
		runtime.LockOSThread()
		if err := privilege.Entering(n.enter); err != nil {
			done <- fmt.Errorf("enter network namespace %s: %w", n.Spec(), err)
			return
		}
		done <- f()
	}()
	return <-done
}

// enter moves the calling thread into the namespace.
func (n Namespace) enter() error {
	file, err := n.open()
	if err != nil {
		return err
	}
	defer file.Close()
	return unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
}

// Ports returns the adapters of the caller's namespace that are cabled to this
// one, as the host's ends of a container's veth pairs are.
func (n Namespace) Ports() ([]string, error) {
	file, err := n.open()
	if err != nil {
		return nil, fmt.Errorf("look for cables to network namespace %s: %w", n.Spec(), err)
	}
	defer file.Close()
	id, err := netlink.GetNetNsIdByFd(int(file.Fd()))
	if err != nil || id < 0 {
		return nil, err // nobody has given it a number here: there is no cable
	}
	links, err := netlink.LinkList()
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, fmt.Errorf("look for cables to network namespace %s: %w", n.Spec(), err)
	}
	var ports []string
	for _, l := range links {
		if l.Attrs().NetNsID == id {
			ports = append(ports, l.Attrs().Name)
		}
	}
	return ports, nil
}
