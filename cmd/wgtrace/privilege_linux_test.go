package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// Capabilities as /proc/PID/status shows them (capabilities(7)).
const (
	capsCapture = "0000000000003000" // CAP_NET_ADMIN and CAP_NET_RAW
	capsWriting = "000000000000300b" // and CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER
	capsNone    = "0000000000000000"
)

// threads calls check with what the kernel says of each thread of a process.
func threads(t *testing.T, pid int, check func(thread string, status map[string]string)) {
	t.Helper()
	list, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/status")
	if err != nil || len(list) < 3 {
		t.Fatalf("threads %v, %v", list, err)
	}
	for _, name := range list {
		raw, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		status := map[string]string{}
		for line := range strings.Lines(string(raw)) {
			key, value, _ := strings.Cut(line, ":")
			status[key] = strings.TrimSpace(value)
		}
		check(name, status)
	}
}

// TestLiveDropsPrivileges: while it watches, no thread of the program may do more
// than it needs, nothing that it starts may gain more, it is still the same user,
// and no adapter is made to listen to what is for others.
func TestLiveDropsPrivileges(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root has something to drop")
	}
	for _, c := range []struct {
		name      string
		env       []string
		permitted string
	}{
		{"root", nil, capsCapture},
		{"sudo", []string{"SUDO_UID=65534", "SUDO_GID=65534"}, capsWriting},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			if c.env != nil {
				if err := os.Chmod(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Chown(dir, nobody, nobody); err != nil {
					t.Fatal(err)
				}
			}
			adapters(t, func() {
				run := newChild(t, "live", "--tunnel", tapInside, "--wan", tapOutside, "--ready-file", "ready",
					"-w", "run.pcapng", "-o", "report.json", "--bundle", "ticket.zip")
				run.Env = append(run.Env, c.env...)
				if err := run.Start(); err != nil {
					t.Fatal(err)
				}
				for stop := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
					if _, err := os.Stat("ready"); err == nil {
						break
					}
					if !run.running() || time.Now().After(stop) {
						t.Errorf("it did not begin: %+v", run.finish(t))
						return
					}
				}
				for range 5 { // while settings are read
					threads(t, run.Process.Pid, func(thread string, s map[string]string) {
						if s["CapEff"] != capsCapture || s["CapPrm"] != c.permitted || s["CapBnd"] != capsCapture ||
							s["CapInh"] != capsNone || s["CapAmb"] != capsNone || s["NoNewPrivs"] != "1" || s["Uid"] != "0\t0\t0\t0" {
							t.Errorf("%s: %v", thread, s)
						}
					})
					time.Sleep(20 * time.Millisecond)
				}
				for _, name := range []string{tapInside, tapOutside} {
					if link, err := netlink.LinkByName(name); err != nil || link.Attrs().Promisc != 0 {
						t.Errorf("%s: promiscuous %+v, %v", name, link, err)
					}
				}
				if err := run.Process.Signal(syscall.SIGINT); err != nil {
					t.Error(err)
				}
				if got := run.finish(t); got.status != exitInconclusive {
					t.Errorf("status %d, %s", got.status, got.stderr)
				}
			})
			for _, name := range []string{"run.pcapng", "report.json", "ticket.zip"} {
				st, err := os.Stat(name)
				if err != nil {
					t.Error(err)
					continue
				}
				if uid := st.Sys().(*syscall.Stat_t).Uid; c.env != nil && uid != nobody {
					t.Errorf("%s belongs to %d", name, uid)
				}
			}
			raw, err := os.ReadFile("report.json")
			if err != nil {
				t.Fatal(err)
			}
			if s := string(raw); strings.Contains(s, "administrator rights") {
				t.Errorf("settings could not be read:\n%s", s[strings.Index(s, "unread"):])
			}
		})
	}
}
