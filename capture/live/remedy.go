package live

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// remedy returns the hint for err on this machine.
func remedy(err error) string {
	return hint(err, system{
		os:   runtime.GOOS,
		path: executable(),
		root: os.Geteuid() == 0, // -1 on Windows
	})
}

// system is what the right advice depends on.
type system struct {
	os   string // as runtime.GOOS
	path string // of this program, symbolic links resolved; "" if not known
	root bool
}

// hint says what to do about err. It is a pure function of its arguments.
func hint(err error, s system) string {
	switch err {
	case ErrPermission:
		return permissionHint(s)
	case ErrNoLibrary:
		if s.os == "windows" {
			return "install Npcap from https://npcap.com with its default options; no restart is needed, but the network drops for some seconds, a remote desktop session too; reading capture files works without it"
		}
		return "this program was built without libpcap: build it again with CGO_ENABLED=1 and the libpcap headers (Debian, Ubuntu: apt install libpcap-dev); reading capture files works without it"
	case ErrNoDevice:
		return "name one of the adapters that exist"
	case ErrNotUp:
		return "start the tunnel or bring the adapter up first"
	case ErrGone:
		return "the tunnel was stopped or the adapter removed; start it and run this again"
	}
	return ""
}

func permissionHint(s system) string {
	switch s.os {
	case "linux":
		if s.root {
			// Root without the right is root in a container or a sandbox; sudo
			// and setcap change nothing there.
			return "this container or service may not capture: start it with --cap-add NET_RAW --cap-add NET_ADMIN (systemd: AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN)"
		}
		if s.path == "" {
			return "run it with sudo"
		}
		if strings.Contains(s.path, "/go-build") {
			return "build it with go build ./cmd/wgtrace and run that with sudo"
		}
		// setcap(8) takes regular files only, hence the resolved path;
		// file capabilities are lost when the file is replaced.
		return "run it with sudo, or once: sudo setcap cap_net_raw,cap_net_admin+eip " + shellQuote(s.path)
	case "darwin":
		return "run it with sudo, or install ChmodBPF (it comes with Wireshark)"
	case "windows":
		return "run it as administrator, or install Npcap again without \"Restrict Npcap driver's access to Administrators only\""
	}
	return "run it as root"
}

// shellQuote makes one word for a POSIX shell of s.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+@", r)
	}
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func executable() string {
	p, err := os.Executable()
	if err != nil {
		return ""
	}
	if r, err := filepath.EvalSymlinks(p); err == nil {
		p = r
	}
	return p
}
