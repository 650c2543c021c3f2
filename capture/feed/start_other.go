//go:build !unix

package feed

import (
	"context"
	"os/exec"
)

// shared: OpenSSH for Windows carries one session in a connection
// (PowerShell/Win32-OpenSSH, "ControlMaster is not supported").
const shared = false

func sshCommand(ctx context.Context, path string, args []string) *exec.Cmd {
	return exec.CommandContext(ctx, path, args...)
}
