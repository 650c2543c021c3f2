//go:build unix

package screen

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stop stops all that the shell started in this line, as the terminal does on Ctrl-Z
// where it is not raw: sudo too must stop for the shell to go on. A process group that
// no shell looks after is not stopped (setpgid(2), SIGTSTP); that is what the time is for.
func stop() {
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	if syscall.Kill(0, syscall.SIGTSTP) != nil {
		return
	}
	select {
	case <-continued:
	case <-time.After(500 * time.Millisecond):
	}
}
