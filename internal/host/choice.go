package host

import (
	"fmt"
	"strconv"
	"strings"
)

// Choice is an adapter that was picked for a role, and why.
type Choice struct {
	Name       string
	Why        string   // a short reason, lower case
	Candidates []string // all that came into question, Name among them
}

// ChoiceError says why no adapter could be picked.
type ChoiceError struct {
	Role       string   // "tunnel" or "wan"
	Problem    string   // lower case, no full stop
	Candidates []string // what a person could pick from; may be empty
	Hint       string   // what to do

	concerns bool // Problem is a property of each candidate, not of the machine
}

// Error returns one line with the candidates.
func (e *ChoiceError) Error() string {
	if len(e.Candidates) == 0 {
		return e.Problem
	}
	return e.Problem + ": " + list(e.Candidates)
}

// Tunnel picks the WireGuard adapter of this machine. If several are up and not
// exactly one of them has peers, the error lists them: a guess would trace the
// wrong tunnel and call it silent.
func (s *Snapshot) Tunnel() (Choice, error) {
	sure, down := s.wireGuardAdapters()
	if len(sure) == 0 {
		return s.tunnelByName(down)
	}
	if len(sure) == 1 {
		return Choice{Name: sure[0], Why: "the only WireGuard adapter that is up", Candidates: sure}, nil
	}
	var peered []string
	for _, name := range sure {
		if d := s.Device(name); d != nil && len(d.Peers) > 0 {
			peered = append(peered, name)
		}
	}
	if len(peered) == 1 {
		return Choice{Name: peered[0], Why: "the only WireGuard adapter with peers", Candidates: sure}, nil
	}
	return Choice{}, &ChoiceError{
		Role: "tunnel", Problem: "several WireGuard adapters are up", Candidates: sure,
		Hint: "say which one with --tunnel NAME", concerns: true,
	}
}

// Tunnels names the adapters that are up and that are WireGuard, or look like it
// where none says so.
func (s *Snapshot) Tunnels() []string {
	if up, _ := s.wireGuardAdapters(); len(up) > 0 {
		return up
	}
	return s.lookalikes()
}

// wireGuardAdapters returns the adapters that are WireGuard by its own word or
// by their driver, those that are up and those that are not.
func (s *Snapshot) wireGuardAdapters() (up, down []string) {
	for i := range s.Adapters {
		a := &s.Adapters[i]
		if a.Kind != KindWireGuard && s.Device(a.Name) == nil {
			continue
		}
		if a.Up {
			up = append(up, a.Name)
		} else {
			down = append(down, a.Name)
		}
	}
	return up, down
}

// tunnelByName picks among adapters that only look like WireGuard: a userspace
// tunnel whose process cannot be asked. An adapter without an address beyond
// the link is skipped, because macOS keeps several such utun adapters for
// itself.
func (s *Snapshot) tunnelByName(down []string) (Choice, error) {
	found := s.lookalikes()
	switch len(found) {
	case 1:
		return Choice{Name: found[0], Why: "the only tunnel adapter that looks like WireGuard", Candidates: found}, nil
	case 0:
	default:
		return Choice{}, &ChoiceError{
			Role: "tunnel", Problem: "several adapters look like WireGuard", Candidates: found,
			Hint: "say which one with --tunnel NAME", concerns: true,
		}
	}
	if len(down) > 0 {
		return Choice{}, &ChoiceError{
			Role: "tunnel", Problem: "the WireGuard adapter is down", Candidates: down,
			Hint: "start the tunnel, or name another adapter with --tunnel NAME", concerns: true,
		}
	}
	problem := "no WireGuard adapter found"
	if ups := s.upAdapters(); len(ups) > 0 {
		problem += "; adapters that are up"
		return Choice{}, &ChoiceError{
			Role: "tunnel", Problem: problem, Candidates: ups,
			Hint: "start the tunnel, or say which adapter it is with --tunnel NAME",
		}
	}
	return Choice{}, &ChoiceError{Role: "tunnel", Problem: problem, Hint: "start the tunnel"}
}

// lookalikes names the adapters that are up and only look like WireGuard.
func (s *Snapshot) lookalikes() []string {
	var found []string
	for i := range s.Adapters {
		a := &s.Adapters[i]
		if a.Kind == KindTun && a.Up && looksLikeWireGuard(a) && a.routable() {
			found = append(found, a.Name)
		}
	}
	return found
}

// looksLikeWireGuard judges by the names that WireGuard's own programs give.
func looksLikeWireGuard(a *Adapter) bool {
	name, desc := strings.ToLower(a.Name), strings.ToLower(a.Description)
	return strings.HasPrefix(name, "wg") || strings.HasPrefix(name, "utun") ||
		strings.Contains(desc, "wireguard") || strings.Contains(desc, "wintun")
}

// routable reports whether a has an address that is more than link-local.
func (a *Adapter) routable() bool {
	for _, p := range a.Addrs {
		if !p.Addr().IsLinkLocalUnicast() {
			return true
		}
	}
	return false
}

// isTunnel reports whether a carries packets inside others, so that it is no
// way to the internet of its own.
func (s *Snapshot) isTunnel(a *Adapter) bool {
	return a.Kind == KindWireGuard || a.Kind == KindTun || s.Device(a.Name) != nil
}

// WAN picks the adapter that leads to the internet: that of a default route
// which does not go into a tunnel. IPv4 decides where it has such a route. Among
// several the one that the kernel itself takes comes first, then the lowest
// metric; two that tie give an error that lists them. Without such a route it is
// the only adapter beside the tunnel.
func (s *Snapshot) WAN() (Choice, error) {
	for _, family := range []int{4, 6} {
		choice, tied := s.wanOf(family)
		if len(tied) > 0 {
			return Choice{}, &ChoiceError{
				Role: "wan", Problem: "several adapters have a default route of the same metric", Candidates: tied,
				Hint: "say which one with --wan NAME", concerns: true,
			}
		}
		if choice.Name != "" {
			return choice, nil
		}
	}
	// A lost default route is one of the faults to be found: then the adapter is
	// the only one that it can be.
	if only := s.beside(); len(only) == 1 {
		return Choice{Name: only[0], Why: "the only adapter beside the tunnel, without a default route", Candidates: only}, nil
	}
	var intoTunnel []string
	for _, r := range s.DefaultRoutes {
		if a := s.Adapter(r.Adapter); a != nil && s.isTunnel(a) {
			intoTunnel = appendNew(intoTunnel, a.Name)
		}
	}
	problem := "no default route"
	if len(intoTunnel) > 0 {
		problem = "the only default route goes into a tunnel (" + list(intoTunnel) + ")"
	}
	err := &ChoiceError{Role: "wan", Problem: problem, Hint: "say which adapter leads to the internet with --wan NAME"}
	if ups := s.upAdapters(); len(ups) > 0 {
		err.Problem += "; adapters that are up"
		err.Candidates = ups
	}
	return Choice{}, err
}

// beside names the adapters that could lead to the internet: up, with an address
// that is more than link-local, and no tunnel.
func (s *Snapshot) beside() []string {
	var names []string
	for i := range s.Adapters {
		if a := &s.Adapters[i]; a.Up && a.Kind != KindLoopback && !s.isTunnel(a) && a.routable() {
			names = append(names, a.Name)
		}
	}
	return names
}

// wanOf judges one family. Names in tied mean that it could not decide.
func (s *Snapshot) wanOf(family int) (choice Choice, tied []string) {
	var best, chosen *Route
	var names []string
	for i := range s.DefaultRoutes {
		r := &s.DefaultRoutes[i]
		a := s.Adapter(r.Adapter)
		if r.Family != family || a == nil || !a.Up || a.Kind == KindLoopback || s.isTunnel(a) {
			continue
		}
		names = appendNew(names, a.Name)
		if r.Chosen && chosen == nil {
			chosen = r
		}
		switch {
		case best == nil || r.Metric < best.Metric:
			best, tied = r, nil
		case r.Metric == best.Metric && r.Adapter != best.Adapter:
			tied = appendNew(appendNew(tied, best.Adapter), r.Adapter)
		}
	}
	label := fmt.Sprintf("the IPv%d default route", family)
	switch {
	case best == nil:
		return Choice{}, nil
	case chosen != nil:
		return Choice{Name: chosen.Adapter, Why: label, Candidates: names}, nil
	case len(tied) > 0:
		return Choice{}, tied
	case len(names) > 1:
		return Choice{Name: best.Adapter, Why: label + " of the lowest metric", Candidates: names}, nil
	}
	return Choice{Name: best.Adapter, Why: label + " that is no tunnel", Candidates: names}, nil
}

// upAdapters names what a person could pick: everything up but the loopback.
func (s *Snapshot) upAdapters() []string {
	var names []string
	for i := range s.Adapters {
		if a := &s.Adapters[i]; a.Up && a.Kind != KindLoopback {
			names = append(names, a.Name)
		}
	}
	return names
}

func appendNew(names []string, name string) []string {
	for _, n := range names {
		if n == name {
			return names
		}
	}
	return append(names, name)
}

// listMax bounds a list in an error: a container host has hundreds of adapters.
const listMax = 12

// list joins names for one line on a terminal. An adapter's name may hold
// anything but a slash and white space (Linux dev_valid_name), escape sequences
// included, so names that are not plain are quoted.
func list(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == listMax {
			fmt.Fprintf(&b, "and %d more", len(names)-i)
			break
		}
		if q := strconv.QuoteToGraphic(n); q != `"`+n+`"` {
			n = q
		}
		b.WriteString(n)
	}
	return b.String()
}
