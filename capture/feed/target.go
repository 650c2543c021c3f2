package feed

import (
	"errors"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// Scheme begins the name of a target.
const Scheme = "ssh://"

// Target is a place on another machine, as ssh reaches it.
type Target struct {
	User    string // "": as the configuration of ssh says
	Host    string // name, alias of ssh's configuration, or address
	Port    uint16 // 0: as the configuration of ssh says
	Adapter string // "": not said
}

// What may stand in a target is narrower than what ssh takes: all of it goes
// into the command lines of two machines.
var (
	userName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$`)
	hostName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$`)
	// adapterName is stricter than Linux, whose names are of 15 octets at most
	// (IFNAMSIZ) but may hold nearly anything.
	adapterName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,14}$`)
)

// IsTarget reports whether a source is named as one on another machine.
func IsTarget(s string) bool { return strings.HasPrefix(s, Scheme) }

// ParseTarget reads ssh://user@host:port/adapter, of which only the host must be
// there; an IPv6 address stands in brackets.
func ParseTarget(s string) (Target, error) {
	var t Target
	rest, ok := strings.CutPrefix(s, Scheme)
	if !ok {
		return t, errors.New("does not begin with " + Scheme)
	}
	var port string
	rest, t.Adapter, ok = strings.Cut(rest, "/")
	if ok && t.Adapter != "" && !adapterName.MatchString(t.Adapter) {
		return t, errors.New("the adapter may be of 15 letters, digits, dots, hyphens and underlines, and begins with no hyphen or dot")
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		t.User, rest = rest[:at], rest[at+1:]
		if !userName.MatchString(t.User) {
			return t, errors.New("the user may be of letters, digits, dots, hyphens and underlines, and begins with no hyphen; a password cannot be given")
		}
	}
	t.Host = rest
	if strings.HasPrefix(rest, "[") {
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			return t, errors.New("the bracket around the address is not closed")
		}
		t.Host, rest = rest[1:end], rest[end+1:]
		if a, err := netip.ParseAddr(t.Host); err != nil || !a.Is6() || a.Zone() != "" {
			return t, errors.New("only an IPv6 address without a zone stands in brackets")
		}
		port, ok = strings.CutPrefix(rest, ":")
		if !ok && rest != "" {
			return t, errors.New("only a port follows the brackets")
		}
	} else {
		t.Host, port, ok = strings.Cut(rest, ":")
		if !hostName.MatchString(t.Host) {
			return t, errors.New("the host may be of letters, digits, dots, hyphens and underlines, and begins with no hyphen")
		}
	}
	if ok {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return t, errors.New("the port must lie between 1 and 65535")
		}
		t.Port = uint16(n)
	}
	return t, nil
}

// Machine returns the target without its adapter: what is equal is reached by
// the same session.
func (t Target) Machine() Target {
	t.Adapter = ""
	return t
}

// Login returns the arguments with which ssh reaches the machine, as a person
// would type them.
func (t Target) Login() string {
	s := "ssh "
	if t.Port != 0 {
		s += "-p " + strconv.Itoa(int(t.Port)) + " "
	}
	if t.User != "" {
		s += t.User + "@"
	}
	return s + t.Host
}

// String returns the target as ParseTarget reads it.
func (t Target) String() string {
	s := Scheme
	if t.User != "" {
		s += t.User + "@"
	}
	switch {
	case t.Port != 0:
		s += net.JoinHostPort(t.Host, strconv.Itoa(int(t.Port)))
	case strings.Contains(t.Host, ":"):
		s += "[" + t.Host + "]"
	default:
		s += t.Host
	}
	if t.Adapter != "" {
		s += "/" + t.Adapter
	}
	return s
}
