package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// TestOwnSession: a person who watches over ssh, by sudo, is in no capture; the
// ssh of anybody else is.
func TestOwnSession(t *testing.T) {
	t.Parallel()
	l := newLab(t, lab.Config{})
	server := newSSHServer(t, l.Server(), l.Plan().Server.Addr4.Addr())
	dir := t.TempDir()
	self := selfCommand(t, context.Background(), "live", "-d", "3s", "-w", dir+"/run.pcapng")
	// What sudo does to the environment.
	far := "env -i " + envRun + "=1 PATH=/usr/sbin:/usr/bin:/sbin:/bin " + strings.Join(self.Args, " ")
	far += "; " + far[:strings.Index(far, " -d ")] + " -d 2s -w " + dir + "/noise.pcapng & for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 0.2; done; wait"
	ssh := func(command string) *exec.Cmd {
		cmd := l.Router().Command(t.Context(), server.bin+"/ssh", "-p", fmt.Sprint(sshPort), "root@"+server.at.String(), command)
		server.use(cmd)
		return cmd
	}
	if out, err := ssh(far).CombinedOutput(); err != nil && !strings.Contains(string(out), "No verdict yet") {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"run", "noise"} {
		if n := sshPackets(t, dir+"/"+name+".pcapng"); n > 0 {
			t.Errorf("%s: %d packets of the person's own session were captured", name, n)
		}
	}
	here := startLive(t, l)
	if out, err := ssh("echo hello").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	time.Sleep(200 * time.Millisecond)
	here.stop(t)
	if sshPackets(t, here.pcap) == 0 {
		t.Error("the session of somebody else was left out")
	}
}
