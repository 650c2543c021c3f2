package host

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// privateNamespace moves the test into an empty network namespace of its own.
// The thread is never unlocked: the runtime ends it with the goroutine, and the
// namespace goes with it.
func privateNamespace(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		if errors.Is(err, unix.EPERM) {
			t.Skipf("a network namespace of its own needs CAP_SYS_ADMIN: %v", err)
		}
		t.Fatal(err)
	}
}

func ip(t *testing.T, args string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", args, err, out)
	}
}

// uapi answers like userspace WireGuard for one device (wireguard.com/xplatform,
// "get"), in a directory that stands in for /var/run/wireguard.
func uapi(t *testing.T, name, answer string) {
	t.Helper()
	l := listen(t, name)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for s := bufio.NewScanner(conn); s.Scan() && s.Text() != ""; {
				}
				fmt.Fprint(conn, answer)
			}()
		}
	}()
}

func listen(t *testing.T, name string) net.Listener {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(socketDir, name+".sock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// eth0 (veth, 192.0.2.2/24, default route) ── veth peer
// wg0, wg1, wg2, tun9 (TUN): answers, hangs, dead socket, no socket
func TestReadLinux(t *testing.T) {
	privateNamespace(t)
	ip(t, "link set lo up")
	ip(t, "link add eth0 type veth peer name far0")
	ip(t, "addr add 192.0.2.2/24 dev eth0")
	ip(t, "link set eth0 up")
	ip(t, "link set far0 up")
	ip(t, "link add br0 type bridge")
	ip(t, "route add default via 192.0.2.1 dev eth0 metric 50")
	for _, name := range []string{"wg0", "wg1", "wg2", "tun9"} {
		tun(t, name)
		ip(t, "link set "+name+" up")
	}
	ip(t, "addr add 10.8.0.1/24 dev wg0")

	s := read(t)
	for name, want := range map[string]struct {
		kind Kind
		up   bool
	}{
		"lo": {KindLoopback, true}, "eth0": {KindVeth, true}, "br0": {KindBridge, false},
		"wg0": {KindTun, true}, "tun9": {KindTun, true},
	} {
		a := s.Adapter(name)
		if a == nil || a.Kind != want.kind || a.Up != want.up || a.MTU == 0 || a.Index == 0 {
			t.Errorf("%s: got %+v, want %+v", name, a, want)
		}
	}
	if a := s.Adapter("eth0"); len(a.MAC) != 17 || len(a.Addrs) == 0 || a.Addrs[0] != netip.MustParsePrefix("192.0.2.2/24") {
		t.Errorf("eth0: %+v", a)
	}
	route := Route{Family: 4, Adapter: "eth0", Gateway: netip.MustParseAddr("192.0.2.1"), Metric: 50, Chosen: true}
	if len(s.DefaultRoutes) != 1 || s.DefaultRoutes[0] != route {
		t.Errorf("default routes %+v, want %+v", s.DefaultRoutes, route)
	}
	if c, err := s.WAN(); err != nil || c.Name != "eth0" {
		t.Errorf("WAN: %+v, %v", c, err)
	}

	t.Run("routes", func(t *testing.T) { testRoutes(t) })
}

func testRoutes(t *testing.T) {
	// Subtests run on goroutines of their own, and so on other threads.
	privateNamespace(t)
	ip(t, "link add eth0 type veth peer name far0")
	ip(t, "addr add 192.0.2.2/24 dev eth0")
	ip(t, "addr add 2001:db8::2/64 dev eth0 nodad")
	ip(t, "link set far0 up")
	ip(t, "link set eth0 up")
	tun(t, "wg0")
	ip(t, "addr add 10.8.0.1/24 dev wg0")
	ip(t, "link set wg0 up")
	ip(t, "route add default via 192.0.2.1")
	ip(t, "route add 0.0.0.0/1 dev wg0")
	ip(t, "route add 128.0.0.0/1 dev wg0")
	ip(t, "route add unreachable default metric 9000")
	ip(t, "-6 route add default via 2001:db8::1 dev eth0 metric 7")

	s := read(t)
	var got []string
	for _, r := range s.DefaultRoutes {
		got = append(got, fmt.Sprintf("%d %s %s %d %v", r.Family, r.Adapter, r.Gateway, r.Metric, r.Chosen))
	}
	want := []string{"4 eth0 192.0.2.1 0 false", "4 wg0 invalid IP 0 true", "6 eth0 2001:db8::1 7 true"}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if c, err := s.WAN(); err != nil || c.Name != "eth0" {
		t.Errorf("WAN: %+v, %v", c, err)
	}
}

func TestReadWireGuardSockets(t *testing.T) {
	privateNamespace(t)
	// The client library looks in /var/run/wireguard, one directory for all
	// namespaces of the machine, so the names must be unique.
	if err := os.MkdirAll(socketDir, 0o700); err != nil {
		t.Skipf("%s cannot be made: %v", socketDir, err)
	}
	id := os.Getpid()
	answers, hangs, dead, foreign, other := name("wga", id), name("wgh", id), name("wgd", id), name("wgf", id), name("tun", id)
	for _, n := range []string{answers, hangs, dead, other} {
		tun(t, n)
		ip(t, "link set "+n+" up")
	}
	ip(t, "addr add 10.8.0.1/24 dev "+answers)
	const public = "0102030000000000000000000000000000000000000000000000000000000000"
	answer := "private_key=" + public + "\nlisten_port=51820\npublic_key=" + public +
		"\nendpoint=203.0.113.5:4711\nallowed_ip=10.8.0.2/32\nlast_handshake_time_sec=1000000000\nlast_handshake_time_nsec=1\nrx_bytes=5\ntx_bytes=6\nerrno=0\n\n"
	uapi(t, answers, answer)
	uapi(t, foreign, answer) // a device of another namespace: no adapter here

	s := read(t)
	if s.WireGuardRead != FactYes || len(s.WireGuard) != 1 {
		t.Fatalf("read %v (%s), devices %+v", s.WireGuardRead, s.WireGuardWhy, s.WireGuard)
	}
	d := s.Device(answers)
	if d == nil || d.ListenPort != 51820 || len(d.Peers) != 1 || d.Peers[0].Endpoint.String() != "203.0.113.5:4711" ||
		d.Peers[0].RxBytes != 5 || d.Peers[0].LastHandshake.Unix() != 1e9 {
		t.Errorf("got %+v", d)
	}
	if c, err := s.Tunnel(); err != nil || c.Name != answers {
		t.Errorf("Tunnel: %+v, %v", c, err)
	}

	listen(t, hangs) // accepts in its backlog and never answers
	l := listen(t, dead)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	path := l.Addr().String()
	t.Cleanup(func() { os.Remove(path) })
	l.Close()

	begin := time.Now()
	s = read(t)
	if took := time.Since(begin); took > 2*socketTimeout {
		t.Errorf("a silent socket held the reading up for %v", took)
	}
	if s.WireGuardRead != FactUnknown || s.WireGuardWhy == "" || s.Device(answers) == nil {
		t.Errorf("read %v (%q), devices %+v", s.WireGuardRead, s.WireGuardWhy, s.WireGuard)
	}
}

func name(prefix string, id int) string { return fmt.Sprintf("%s%d", prefix, id) }

func read(t *testing.T) *Snapshot {
	t.Helper()
	s, err := Read(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tun makes a TUN adapter and holds it open until the test ends, as the process
// of a userspace WireGuard does.
func tun(t *testing.T, name string) {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("TUN adapters are not available: %v", err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	req, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
		t.Fatalf("make %s: %v", name, err)
	}
}
