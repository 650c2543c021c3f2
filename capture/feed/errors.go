package feed

import (
	"strings"
	"unicode"
)

// Error says why another machine could not be reached or captured on, and what
// to do.
type Error struct {
	Target Target
	Reason string // lower case, no full stop, printable
	Hint   string
}

// Error returns one line without the hint.
func (e *Error) Error() string { return e.Target.String() + ": " + e.Reason }

// sshFailures are what ssh writes when it does not get through (OpenSSH
// sshconnect.c, sshconnect2.c, misc.c), the more telling first, and what that
// means.
var sshFailures = []struct{ said, reason, hint string }{
	{"REMOTE HOST IDENTIFICATION HAS CHANGED", "the host key is another one than the one that ssh knows", "if the machine was set up anew: ssh-keygen -R HOST, then LOGIN once to check the new key; if not, somebody may be in between"},
	{"Host key verification failed", "ssh does not know the host key", "run LOGIN once and compare the key that it shows"},
	{"Permission denied", "ssh was refused: no key or password was accepted", "LOGIN must work first; ssh-copy-id puts your key there"},
	{"Too many authentication failures", "ssh was refused: too many keys were tried", "LOGIN must work first; IdentitiesOnly and IdentityFile in ~/.ssh/config name the right key"},
	{"Could not resolve hostname", "there is no machine of that name", "check the name; LOGIN must work first"},
	{"Connection refused", "nothing answers to ssh there", "check address and port, and that sshd or dropbear runs there; LOGIN must work first"},
	{"timed out", "the machine does not answer", "check address and port, and that a firewall lets ssh through; LOGIN must work first"},
	{"No route to host", "the machine cannot be reached", "check the address; LOGIN must work first"},
	{"Network is unreachable", "the machine cannot be reached", "check the address; LOGIN must work first"},
	{"Bad configuration option", "ssh on this machine is too old", "install OpenSSH 7.6 or later here"},
}

// tapFailures are what tcpdump and dumpcap write when they may not or cannot
// capture (libpcap pcap-linux.c, tcpdump.c; Wireshark dumpcap.c).
var tapFailures = []struct{ said, reason, hint string }{
	{"No such device", "there is no such adapter", "LOGIN 'ip link' lists those that there are"},
	{"doesn't exist", "there is no such adapter", "LOGIN 'ip link' lists those that there are"},
	{"is not up", "the adapter is down", "start the tunnel or bring the adapter up there first"},
	{"ermission", "the user there may not capture", sudoHint},
	{"not permitted", "the user there may not capture", sudoHint},
	{"went down", "the adapter there went down", "start the tunnel there and run this again"},
}

const sudoHint = "log in as root (ssh://root@...), or let the user run sudo there without a password"

// reasonFor puts what a program wrote into words; fallback is what it means if
// it wrote nothing that is known.
func reasonFor(list []struct{ said, reason, hint string }, t Target, said, fallback string) *Error {
	e := &Error{Target: t, Reason: fallback, Hint: t.Login() + " must work first"}
	for _, f := range list {
		if strings.Contains(said, f.said) {
			e.Reason = f.reason
			e.Hint = strings.NewReplacer("LOGIN", t.Login(), "HOST", t.Host).Replace(f.hint)
			return e
		}
	}
	if line := lastLine(said); line != "" {
		e.Reason += " (" + line + ")"
	}
	return e
}

// noProgram is the error where neither tcpdump nor dumpcap is installed; system
// is what tapScript said: the ID of os-release(5), and where apk is.
func noProgram(t Target, system string) *Error {
	id, apk, _ := strings.Cut(system, ":")
	how := map[string]string{
		"openwrt": "opkg update && opkg install tcpdump-mini",
		"debian":  "apt-get install tcpdump", "ubuntu": "apt-get install tcpdump", "raspbian": "apt-get install tcpdump",
		"fedora": "dnf install tcpdump", "rhel": "dnf install tcpdump", "rocky": "dnf install tcpdump", "almalinux": "dnf install tcpdump", "centos": "dnf install tcpdump",
		"alpine": "apk add tcpdump", "arch": "pacman -S tcpdump", "opensuse-leap": "zypper install tcpdump", "opensuse-tumbleweed": "zypper install tcpdump",
		"vyos": "apt-get install tcpdump",
	}[id]
	if id == "openwrt" && apk != "" {
		how = "apk update && apk add tcpdump-mini" // since OpenWrt 25.12
	}
	e := &Error{Target: t, Reason: "tcpdump is not installed there", Hint: "install the package tcpdump there"}
	if how != "" {
		e.Hint = "install it there: " + how
	}
	return e
}

// lastLine returns the last line of a text that says something, printable and
// not too long.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	line := strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.TrimSpace(lines[len(lines)-1]))
	if r := []rune(line); len(r) > 160 {
		line = string(r[:160]) + "..."
	}
	return line
}
