package host

import (
	"context"
	"path/filepath"

	"golang.org/x/sys/windows"
)

func readSettings(ctx context.Context, s *Snapshot, _ []Client) {
	out, err := query(ctx, "powershell.exe", "-NoProfile", "-NonInteractive", "-Command", windowsScript)
	if err == nil {
		err = parseWindows(out, s, FactOf(windows.GetCurrentProcessToken().IsElevated()))
	}
	if err != nil {
		s.unread("switches", reason(err))
		s.unread("net-nat", reason(err))
	}
	readCounters(s)
}

// commandDirs hold Windows's own programs; PATH comes after them.
var commandDirs = func() []string {
	dir, err := windows.GetSystemDirectory()
	if err != nil {
		return nil
	}
	return []string{filepath.Join(dir, "WindowsPowerShell", "v1.0"), dir}
}()

// executable: Windows has no such bit.
const executable = 0
