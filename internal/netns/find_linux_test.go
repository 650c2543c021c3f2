package netns

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// tree writes files under a directory of the test.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestContainerNames(t *testing.T) {
	for _, c := range []struct{ name, group, want string }{
		{"docker with systemd", "0::/system.slice/docker-" + id + ".scope\n", "wg-easy"},
		{"docker with cgroupfs, old hierarchy", "12:pids:/docker/" + id + "\n11:cpu:/\n", "wg-easy"},
		{"a group below the container's", "0::/docker/" + id + "/init\n", "wg-easy"},
		{"podman", "0::/machine.slice/libpod-" + strings.Repeat("f", 64) + ".scope/container\n", "pod"},
		{"an engine whose files are not known", "0::/kubepods.slice/cri-containerd-" + strings.Repeat("a", 64) + ".scope\n", "aaaaaaaaaaaa"},
		{"lxc", "0::/lxc.payload.vpn-1/init.scope\n", "vpn-1"},
		{"nspawn", `0::/machine.slice/machine-home\x2dvpn.scope/payload`, "home-vpn"},
		{"no container", "0::/system.slice/ssh.service\n", ""},
		{"a user's session", "0::/user.slice/user-1000.slice/session-3.scope\n", ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := tree(t, map[string]string{
				"7/cgroup":                         c.group,
				"docker/" + id + "/config.v2.json": `{"ID":"` + id + `","Name":"/wg-easy","State":{}}`,
				"podman.json":                      `[{"id":"` + strings.Repeat("f", 64) + `","names":["pod"]}]`,
			})
			r := roots{proc: dir, docker: dir + "/docker", podman: dir + "/podman.json"}
			if got := r.container("7"); got != c.want {
				t.Errorf("container %q, want %q", got, c.want)
			}
		})
	}
}

// TestListSkips: processes that may not be looked at, or are gone, and files
// under /proc that are no processes, are no namespaces.
func TestListSkips(t *testing.T) {
	dir := tree(t, map[string]string{
		"1/ns/net": "own", "2/ns/net": "container", "2/comm": "wg-easy\n", "9/comm": "gone", "self/ns/net": "no number",
	})
	if err := os.Link(dir+"/2/ns/net", dir+"/9/net"); err != nil {
		t.Fatal(err)
	}
	own, err := inodeOf(dir + "/1/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	got, err := roots{proc: dir, named: dir + "/none"}.list(own)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].PID != 2 || got[0].Command != "wg-easy" {
		t.Errorf("namespaces %+v, want that of process 2 alone", got)
	}
	// One process in a namespace of a name has both.
	named := tree(t, nil)
	if err := os.Symlink(dir+"/2/ns/net", named+"/vpn"); err != nil {
		t.Fatal(err)
	}
	got, err = roots{proc: dir, named: named}.list(own)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].PID != 2 || got[0].Name != "vpn" {
		t.Errorf("namespaces %+v, want one with both", got)
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		in, spec, adapter string
		ok                bool
	}{
		{"netns:1234/wg0", "1234", "wg0", true},
		{"netns:vpn/wg0", "vpn", "wg0", true},
		{"wg0", "", "", false},
		{"netns:/wg0", "", "", false},
		{"netns:vpn/", "", "", false},
		{"netns:vpn", "", "", false},
	} {
		if spec, adapter, ok := Split(c.in); spec != c.spec || adapter != c.adapter || ok != c.ok {
			t.Errorf("%s: %q %q %v", c.in, spec, adapter, ok)
		}
	}
}

// TestEnter plugs a child's namespace into one of the test's own, and looks for
// the cable from both ends.
func TestEnter(t *testing.T) {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the namespace goes with the thread
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			enter(t)
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Skipf("a network namespace of its own needs CAP_SYS_ADMIN: %v", err)
	}
}

func enter(t *testing.T) {
	child, err := os.StartProcess("/bin/sleep", []string{"sleep", "30"}, &os.ProcAttr{
		Sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET},
	})
	if err != nil {
		t.Error(err)
		return
	}
	defer func() {
		_ = child.Kill()
		_, _ = child.Wait()
	}()
	n, err := Find(strconv.Itoa(child.Pid))
	if err != nil {
		t.Error(err)
		return
	}
	if ports, err := n.Ports(); err != nil || len(ports) != 0 {
		t.Errorf("before there is a cable: ports %v, %v", ports, err)
	}
	veth := netlink.NewVeth(netlink.LinkAttrs{Name: "port0", TxQLen: 100})
	veth.PeerName, veth.PeerNamespace = "eth7", netlink.NsPid(child.Pid)
	if err := netlink.LinkAdd(veth); err != nil {
		t.Error(err)
		return
	}
	if ports, err := n.Ports(); err != nil || !slices.Equal(ports, []string{"port0"}) {
		t.Errorf("ports %v, %v; want port0", ports, err)
	}
	err = n.Do(func() error {
		_, err := net.InterfaceByName("eth7")
		return err
	})
	if err != nil {
		t.Errorf("inside: %v", err)
	}
	if _, err := net.InterfaceByName("eth7"); err == nil {
		t.Error("the caller is inside as well")
	}
	_ = child.Kill()
	_, _ = child.Wait()
	if err := n.Do(func() error { return nil }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after its process has ended: %v, want ErrNotExist", err)
	}
}
