//go:build unix

package feed

import (
	"context"
	"os/exec"
)

// shared says that one connection can carry several sessions: one password, and
// one connection to leave out.
const shared = true

// sshCommand keeps Ctrl-C from ssh: the terminal sends it to every program in
// the foreground, where ssh must stay to ask for a password. What is ignored at
// the start of ssh stays ignored (OpenSSH clientloop.c, client_loop).
func sshCommand(ctx context.Context, path string, args []string) *exec.Cmd {
	words := append([]string{"-c", `trap "" INT HUP; exec "$@"`, "sh", path}, args...)
	return exec.CommandContext(ctx, "/bin/sh", words...)
}
