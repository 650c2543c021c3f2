package main

import (
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/screen"
	"github.com/wgtrace/wgtrace/internal/text"
)

// defaultTest is the page that the phone is asked to open. A number needs no
// names, and both families have one of the same operator
// (developers.cloudflare.com/1.1.1.1).
const (
	defaultTest  = "http://1.1.1.1"
	defaultTest6 = "2606:4700:4700::1111"
)

// patience is how long a step may take before something is said to help.
const patience = 15 * time.Second

// Steps of the person at the phone.
const (
	stepMobile = iota // Wi-Fi off
	stepTunnel        // WireGuard off and on
	stepNumber        // a page by its number
	stepName          // a page by its name
	numSteps
)

// guide leads the person through the steps and ticks each when its packets
// arrive. An iPhone has no ping, so that none asks for one.
type guide struct {
	link    string
	targets []netip.Addr   // of the page by number; empty: any page
	typed   string         // what to type for it
	mute    bool           // there are no keys to answer by
	near    []netip.Prefix // networks of this host: who calls from there uses Wi-Fi

	done    [numSteps]bool
	since   time.Time // the step that is waited for began
	nearby  string    // a phone that calls from a network of this host
	failed  bool      // the person said that the page by name did not load
	beside  bool      // it loaded, although nothing of the phone had come
	came    bool      // packets of the phone came out of the tunnel
	begun   bool
	waiting int
}

// newGuide makes a guide that points at a page. Home knows the tunnel, and thereby
// whether the phone has an IPv6 address inside; here is the host of the WAN, whose
// networks are near.
func newGuide(words *text.Catalog, link, tunnel string, home, here *host.Snapshot) *guide {
	g := &guide{link: link, typed: link}
	if u, err := url.Parse(link); err == nil && u.Hostname() != "" {
		g.typed = u.Host
		if a, err := netip.ParseAddr(u.Hostname()); err == nil {
			g.targets = append(g.targets, a.Unmap())
		}
	}
	if link == defaultTest && innerIPv6(home, tunnel) {
		g.targets = append(g.targets, netip.MustParseAddr(defaultTest6))
		g.typed = words.Word("live-or", map[string]any{"name": g.typed, "why": "[" + defaultTest6 + "]"})
	}
	for i := range here.Adapters {
		if a := &here.Adapters[i]; a.Name != tunnel {
			g.near = append(g.near, subnets(a)...)
		}
	}
	return g
}

// innerIPv6 reports whether a phone of the tunnel has an IPv6 address inside.
func innerIPv6(facts *host.Snapshot, tunnel string) bool {
	d := facts.Device(tunnel)
	if d == nil {
		return false
	}
	for _, p := range d.Peers {
		for _, a := range p.AllowedIPs {
			if a.Addr().Is6() && a.Bits() > 0 {
				return true
			}
		}
	}
	return false
}

// checkTestURL refuses what no phone could open, and what no square could hold.
func checkTestURL(link string) error {
	u, err := url.Parse(link)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || len(link) > 100 || printable(link) != link {
		return usage("--test-url "+defaultTest, "--test-url %s: not an address of a page", printable(link))
	}
	return nil
}

// look ticks the steps whose packets are there.
func (g *guide) look(ev *correlate.Evidence, now time.Time) {
	if !g.begun {
		g.begun, g.since = true, now
	}
	g.nearby = ""
	for i := range ev.WireGuard.Peers {
		p := &ev.WireGuard.Peers[i]
		if p.Initiations+p.DataIn == 0 {
			continue
		}
		if g.isNear(p.Endpoint.Addr()) {
			g.nearby = p.Endpoint.Addr().String()
			continue
		}
		g.done[stepMobile] = true
		g.done[stepTunnel] = g.done[stepTunnel] || p.Initiations > 0
	}
	for i := range ev.Flows {
		f := &ev.Flows[i]
		page := f.Remote.Port() == 80 || f.Remote.Port() == 443
		if f.In.Packets > 0 && page && f.Outcome != correlate.OutcomeLocal && g.isTarget(f.Remote.Addr()) {
			g.done[stepNumber] = true
		}
	}
	for i := range ev.Clients {
		g.came = g.came || ev.Clients[i].Stages[correlate.TunnelIn].Packets > 0
	}
	g.beside = g.beside && !g.came
	if w := g.next(); w != g.waiting {
		g.waiting, g.since = w, now
	}
}

func (g *guide) isNear(a netip.Addr) bool {
	for _, p := range g.near {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

func (g *guide) isTarget(a netip.Addr) bool {
	for _, t := range g.targets {
		if t == a.Unmap() {
			return true
		}
	}
	return len(g.targets) == 0
}

// next is the first step that is not done, or the one that failed.
func (g *guide) next() int {
	if g.failed {
		return stepName
	}
	for i, done := range g.done {
		if !done {
			return i
		}
	}
	return numSteps
}

// answer takes the person's word on the page by name: whoever tried that one is
// through with the steps before it, whatever came of them. A page that loaded
// while nothing of the phone came took another way.
func (g *guide) answer(loaded bool) {
	g.failed, g.beside = !loaded, loaded && !g.came
	switch {
	case g.failed:
		g.done[stepName] = false
	case g.came:
		g.done = [numSteps]bool{true, true, true, true}
	}
}

// steps are what the screen shows of them.
func (g *guide) steps(words *text.Catalog, now time.Time) []screen.Step {
	list := make([]screen.Step, numSteps)
	for i := range list {
		id := "live-step-" + string(rune('1'+i))
		text := words.Word(id, map[string]any{"name": g.typed})
		list[i] = screen.Step{Text: text, Alone: text, Done: g.done[i], Now: i == g.next()}
	}
	if at := g.next(); g.beside && at < numSteps {
		list[at].Hint = words.Word("live-beside", nil)
	} else if at < numSteps && g.begun && now.Sub(g.since) >= patience {
		id := "live-hint-" + string(rune('1'+at))
		if at == stepMobile && g.nearby != "" {
			id += "-lan"
		}
		name := g.typed
		if at == stepMobile {
			name = g.nearby
		}
		list[at].Hint = words.Word(id, map[string]any{"name": name})
	}
	if g.mute {
		list[stepName].Alone = words.Word("live-step-4-mute", nil)
		list[stepName].Hint = ""
	}
	list[stepNumber].Alone = words.Word("live-step-3-alone", map[string]any{"name": g.typed})
	switch {
	case g.failed && !g.done[stepMobile] && !g.came:
		list[stepName].Hint = words.Word("live-silent", nil)
	case g.failed:
		list[stepName].Hint = words.Word("live-failed", nil)
	}
	return list
}

// square is the link while it is of use.
func (g *guide) square() string {
	if g.done[stepNumber] || g.failed {
		return ""
	}
	return strings.TrimSuffix(g.link, "/")
}
