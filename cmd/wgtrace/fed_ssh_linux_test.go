package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// sshPort is where the ssh server of a lab listens.
const sshPort = 2222

// sshServer is an ssh server on the lab's server, with keys of its own, and an
// ssh for those who are to reach it.
type sshServer struct {
	cmd *exec.Cmd
	at  netip.Addr
	bin string // a folder for PATH, with that ssh in it
	log bytes.Buffer
}

// newSSHServer starts an ssh server on a machine of the lab. Lines in config are
// added to its configuration.
func newSSHServer(t *testing.T, n *lab.Node, at netip.Addr, config ...string) *sshServer {
	t.Helper()
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		sshd = "/usr/sbin/sshd" // not in the PATH of everybody
	}
	if _, err := os.Stat(sshd); err != nil {
		t.Skip("no ssh server is installed (Debian: apt-get install openssh-server)")
	}
	// sshd hands its privileges over in this folder and refuses to start
	// without it (Debian, /run/sshd).
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, key := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	host, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	s := &sshServer{at: at, bin: filepath.Join(dir, "bin")}
	lines := append([]string{
		fmt.Sprintf("Port %d", sshPort), "ListenAddress " + at.String(), "HostKey " + filepath.Join(dir, "host"),
		"AuthorizedKeysFile " + filepath.Join(dir, "user.pub"), "StrictModes no", "UsePAM no", "PidFile none",
		"PermitRootLogin yes", "PasswordAuthentication no", "PrintMotd no",
	}, config...)
	conf := file("sshd.conf", strings.Join(lines, "\n")+"\n", 0o600)
	known := file("known", fmt.Sprintf("[%s]:%d %s", at, sshPort, host), 0o600)
	client := file("ssh.conf", "UserKnownHostsFile "+known+"\nGlobalKnownHostsFile /dev/null\nIdentityFile "+filepath.Join(dir, "user")+"\nIdentitiesOnly yes\nBatchMode yes\n", 0o600)
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("no ssh is installed (Debian: apt-get install openssh-client)")
	}
	if err := os.Mkdir(s.bin, 0o700); err != nil {
		t.Fatal(err)
	}
	file("bin/ssh", "#!/bin/sh\nexec "+ssh+" -F "+client+" \"$@\"\n", 0o700)

	s.cmd = n.Command(context.Background(), sshd, "-D", "-e", "-f", conf)
	s.cmd.Stderr = &s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err = lab.Wait(ctx, "the ssh server", func() (bool, error) {
		return n.Command(ctx, s.bin+"/ssh", "-p", fmt.Sprint(sshPort), "root@"+at.String(), "true").Run() == nil, nil
	})
	if err != nil {
		t.Fatalf("%v: %s", err, s.log.String())
	}
	return s
}

// target names the server as wgtrace takes it.
func (s *sshServer) target(adapter string) string {
	name := "ssh://root@" + net.JoinHostPort(s.at.String(), fmt.Sprint(sshPort))
	if adapter != "" {
		name += "/" + adapter
	}
	return name
}

// watchFar starts wgtrace on a machine of the lab, with the ssh that reaches the
// server first in PATH, and returns when both taps are open.
func (s *sshServer) watchFar(t *testing.T, n *lab.Node, args ...string) *liveRun {
	t.Helper()
	dir := t.TempDir()
	r := &liveRun{pcap: filepath.Join(dir, "run.pcapng")}
	ready := filepath.Join(dir, "ready")
	r.cmd = selfOn(t, context.Background(), n, nil, append(args, "--format", "json", "-w", r.pcap, "--ready-file", ready)...)
	s.use(r.cmd)
	r.start(t, ready, 20*time.Second)
	return r
}

// use makes a command find the ssh of this server.
func (s *sshServer) use(cmd *exec.Cmd) {
	cmd.Env = append(cmd.Env, "PATH="+s.bin+":"+os.Getenv("PATH"))
}

// leftBehind returns the capturing programs in a machine's network namespace.
func leftBehind(t *testing.T, n *lab.Node) []string {
	t.Helper()
	var list []string
	home, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", n.PID()))
	if err != nil {
		t.Fatal(err)
	}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		name, err := os.ReadFile(dir + "/comm")
		if ns, _ := os.Readlink(dir + "/ns/net"); err == nil && ns == home && strings.Contains("tcpdump dumpcap", strings.TrimSpace(string(name))) {
			list = append(list, dir)
		}
	}
	return list
}

// sshPackets counts the packets of ssh in a recording.
func sshPackets(t *testing.T, pcap string) int {
	t.Helper()
	out, err := exec.Command("tshark", "-r", pcap, "-Y", fmt.Sprintf("tcp.port == %d", sshPort)).Output()
	if err != nil {
		t.Errorf("tshark: %v", err)
	}
	return bytes.Count(out, []byte("\n"))
}

// TestFar: by ssh from another machine wgtrace finds both adapters there, and its
// verdict is that of a run on the server; its own connection, which crosses the
// WAN that is captured, is in no capture; nothing stays behind.
func TestFar(t *testing.T) {
	for _, fault := range []string{"none", "nat-missing", "forwarding-off"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			l := newLab(t, lab.Config{})
			if err := l.Apply(ctx, lab.Fault{Name: fault}); err != nil {
				t.Fatal(err)
			}
			server := newSSHServer(t, l.Server(), l.Plan().Server.Addr4.Addr())
			here := startLive(t, l)
			far := server.watchFar(t, l.Router(), "live", server.target(""), "--with-host-facts")
			if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Laptop, Bulk: 20_000}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second) // until then an answer can come
			got, want := far.stop(t), here.stop(t)
			if got.verdict != want.verdict {
				t.Errorf("from afar: %+v, on the server: %+v\n%s\n%s", got.verdict, want.verdict, far.stderr.String(), got.text(t))
			}
			if again := readBack(t, far.pcap); again.verdict != want.verdict {
				t.Errorf("read of the recording: %+v, want %+v", again.verdict, want.verdict)
			}
			if fault == "none" {
				for stage, n := range want.report.Stages {
					if m := got.report.Stages[stage]; n == nil || m == nil || m.Packets != n.Packets {
						t.Errorf("%s: %+v from afar, %+v on the server", stage, m, n)
					}
				}
			} else if len(got.report.Findings[0].Causes) == 0 || got.report.Findings[0].Causes[0].ID != want.report.Findings[0].Causes[0].ID {
				t.Errorf("causes %+v, on the server %+v", got.report.Findings[0].Causes, want.report.Findings[0].Causes)
			}
			if n := sshPackets(t, far.pcap); n > 0 {
				t.Errorf("%d packets of its own connection were captured", n)
			}
			if sshPackets(t, here.pcap) == 0 {
				t.Error("that connection did not cross the WAN, so that nothing was checked")
			}
			if left := leftBehind(t, l.Server()); len(left) > 0 {
				t.Errorf("still capturing there: %q", left)
			}
			if want := "wgtrace: tunnel " + server.target(l.Plan().Tunnel); !strings.Contains(far.stderr.String(), want) {
				t.Errorf("said %q, want %q", far.stderr.String(), want)
			}
		})
	}
}

// TestFarBreaks: a capture that breaks off is told, what was read is judged, and
// what the dead tap did not show is no loss.
func TestFarBreaks(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	l := newLab(t, lab.Config{})
	server := newSSHServer(t, l.Server(), l.Plan().Server.Addr4.Addr())
	far := server.watchFar(t, l.Router(), "live", server.target(""))
	if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Laptop, Bulk: 20_000}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	// Each of the two is ended behind the back of whoever started it.
	for _, dir := range leftBehind(t, l.Server()) {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(dir), "%d", &pid); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	done := make(chan error, 1)
	go func() { done <- far.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("it did not end")
	}
	got := parseOutcome(t, far.stdout.Bytes(), far.stderr.String())
	if got.verdict.Status != "healthy" {
		t.Errorf("%+v\n%s", got.verdict, got.text(t))
	}
	if got.report.Totals.LostPackets != 0 {
		t.Errorf("%d packets lost", got.report.Totals.LostPackets)
	}
	if said := far.stderr.String(); !strings.Contains(said, "the capture broke off") {
		t.Errorf("said %q", said)
	}
}

// TestFarRefuses: what stands in the way over there is exit status 4, one line and
// what to do.
func TestFarRefuses(t *testing.T) {
	t.Parallel()
	l := newLab(t, lab.Config{})
	at := l.Plan().Server.Addr4.Addr()
	server := newSSHServer(t, l.Server(), at)
	var hide []string
	for _, name := range []string{"tcpdump", "dumpcap"} {
		if path, err := exec.LookPath(name); err == nil {
			hide = append(hide, path)
		}
	}
	bare := newSSHServer(t, l.Site(), l.Plan().Site.Addr4.Addr(),
		"ForceCommand unshare -m sh -c 'for f in "+strings.Join(hide, " ")+"; do mount --bind /dev/null $f; done; exec sh -c \"$SSH_ORIGINAL_COMMAND\"'")
	for _, c := range []struct {
		name         string
		by           *sshServer // whose ssh is used
		target       string
		line, remedy string
	}{
		{"no such adapter", server, server.target("nosuch0"), "there is no such adapter", "ip link"},
		{"no WireGuard", bare, bare.target(""), "no WireGuard adapter found", "--tunnel ssh://"},
		{"no tcpdump", bare, bare.target("lo"), "tcpdump is not installed there", "install tcpdump"},
		{"unknown host key", bare, server.target(""), "ssh does not know the host key", "compare the key"},
		{"nobody there", server, fmt.Sprintf("ssh://root@%s:%d", at, sshPort+1), "nothing answers to ssh there", "sshd or dropbear"},
		{"no such machine", server, "ssh://nowhere.invalid", "there is no machine of that name", "check the name"},
	} {
		cmd := selfOn(t, context.Background(), l.Router(), nil, "live", "--tunnel", c.target, "-d", "5s")
		if strings.HasSuffix(c.target, "/lo") {
			cmd.Args = append(cmd.Args, "--wan", strings.TrimSuffix(c.target, "lo")+"eth0")
		}
		c.by.use(cmd)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run() // its status is looked at
		said := lines(stderr.String())
		if code := cmd.ProcessState.ExitCode(); code != exitNoCapture || len(said) != 2 || stdout.Len() > 0 {
			t.Errorf("%s: status %d, said\n%s", c.name, code, stderr.String())
			continue
		}
		if !strings.Contains(said[0], c.line) || !strings.Contains(said[1], "hint: ") || !strings.Contains(said[1], c.remedy) {
			t.Errorf("%s: said\n%s\nwant %q and %q", c.name, stderr.String(), c.line, c.remedy)
		}
	}
}

// TestTwoMachines: the tunnel by ssh and the WAN by a tap of our own on the next
// router are joined although nothing says that their clocks agree, without the
// settings of either; the connection in between is in neither capture.
func TestTwoMachines(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	l := newLab(t, lab.Config{})
	server := newSSHServer(t, l.Server(), l.Plan().Server.Addr4.Addr())
	far := server.watchFar(t, l.Router(), "live", "--tunnel", server.target(l.Plan().Tunnel), "--wan", "server")
	if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Laptop, Bulk: 20_000}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Second)
	got := far.stop(t)
	if got.verdict.Status != "healthy" {
		t.Errorf("%+v\n%s\n%s", got.verdict, far.stderr.String(), got.text(t))
	}
	if len(got.report.NAT) == 0 || got.report.Clock.Basis != "matched-packets" {
		t.Errorf("%d mappings, clock %+v", len(got.report.NAT), got.report.Clock)
	}
	if h := string(got.report.Host); h != "" && h != "null" {
		t.Error("settings of one of two machines are told")
	}
	if n := sshPackets(t, far.pcap); n > 0 {
		t.Errorf("%d packets of its own connection were captured", n)
	}
}

// TestFarGuided: with nothing but a machine named, wgtrace ends by itself at the
// first certain verdict where nobody sits at a terminal.
func TestFarGuided(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 80*time.Second)
	defer cancel()
	l := newLab(t, lab.Config{})
	if err := l.Apply(ctx, lab.Fault{Name: "nat-missing"}); err != nil {
		t.Fatal(err)
	}
	server := newSSHServer(t, l.Server(), l.Plan().Server.Addr4.Addr())
	cmd := selfOn(t, ctx, l.Router(), nil, server.target(""))
	server.use(cmd)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begun := time.Now()
	tryWhile(t, cmd, func() error {
		_, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Phone})
		return err
	})
	if code := cmd.ProcessState.ExitCode(); code != exitFault || !strings.Contains(stdout.String(), "masquerade") {
		t.Errorf("status %d\n%s%s", code, stdout.String(), stderr.String())
	}
	if d := time.Since(begun); d > bareDuration {
		t.Errorf("it took %v", d)
	}
	if left := leftBehind(t, l.Server()); len(left) > 0 {
		t.Errorf("still capturing there: %q", left)
	}
}

// TestFarScreen: a run on another machine has the screen of one here; Ctrl-C ends
// it with the report, and ssh, which the terminal sends Ctrl-C too, does not break.
func TestFarScreen(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 80*time.Second)
	defer cancel()
	l := newLab(t, lab.Config{})
	if err := l.Apply(ctx, lab.Fault{Name: "nat-missing"}); err != nil {
		t.Fatal(err)
	}
	server := newSSHServer(t, l.Server(), l.Plan().Server.Addr4.Addr())
	cmd := selfOn(t, ctx, l.Router(), nil, "live", server.target(""))
	term := newTerminal(t, 80, 24, t.TempDir(), []string{envRun + "=1", "LC_ALL=C.UTF-8", "TERM=tmux-256color", "PATH=" + server.bin + ":" + os.Getenv("PATH")}, cmd.Args...)
	term.wait(20*time.Second, l.Plan().Tunnel, l.Plan().WAN)
	if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Laptop, Bulk: 20_000}); err != nil {
		t.Fatal(err)
	}
	term.wait(20*time.Second, "masquerade")
	term.keys("C-c")
	shown := term.wait(20*time.Second, "For programs: --format json", "s: save ticket.zip")
	if strings.Contains(shown, "broke off") {
		t.Errorf("Ctrl-C ended ssh:\n%s", shown)
	}
	term.keys("x")
	term.wait(10*time.Second, fmt.Sprintf("[exit status %d]", exitFault))
	if left := leftBehind(t, l.Server()); len(left) > 0 {
		t.Errorf("still capturing there: %q", left)
	}
}
