package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"runtime"
	"strings"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/netns"
	"github.com/wgtrace/wgtrace/report"
)

// searchTime is how long the network namespaces of a machine may be searched
// for a tunnel.
const searchTime = 5 * time.Second

// enterHint is how to run wgtrace where it may not look into containers itself.
const enterHint = `if WireGuard runs in a container: sudo nsenter -t $(docker inspect -f '{{.State.Pid}}' CONTAINER) -n wgtrace live`

// inside is the network namespace of a tunnel that lies in another one than this
// program, or than the rest of what was stored.
type inside struct {
	ns        netns.Namespace // zero where it is only told of
	container string          // its name; "" if not known
	place     string          // for a person
	enter     []string        // the beginning of a command that runs there
	facts     *host.Snapshot  // of that namespace; nil if not known
	uplink    string          // its adapter towards the host; "" if not known
	addrs     []netip.Prefix  // of that adapter
}

// placeOf names a namespace for a person.
func placeOf(ns netns.Namespace) string {
	switch {
	case ns.Container != "":
		return placeContainer + printable(ns.Container)
	case ns.Name != "":
		return "network namespace " + printable(ns.Name)
	}
	return fmt.Sprintf("the network namespace of process %d (%s)", ns.PID, printable(ns.Command))
}

// placeContainer begins the place of a namespace whose container is known.
const placeContainer = "container "

// why says of an adapter in it that it was taken.
func (i *inside) why() string { return "inside " + i.place + ", watched from here" }

// addr is the address by which the host knows the namespace; invalid if its
// uplink has none.
func (i *inside) addr() netip.Addr {
	for _, p := range i.addrs {
		if p.Addr().Is4() {
			return p.Addr()
		}
	}
	return netip.Addr{}
}

// know takes over what the namespace says of itself.
func (i *inside) know(facts *host.Snapshot) {
	i.facts = facts
	if c, err := facts.WAN(); err == nil {
		i.uplink, i.addrs = c.Name, facts.Adapter(c.Name).Addrs
	}
}

// look reads a namespace: its adapters by host.Read, its settings too by
// host.ReadAll.
func look(ns netns.Namespace, read func() (*host.Snapshot, error)) (*inside, error) {
	i := &inside{ns: ns, container: ns.Container, place: placeOf(ns), enter: ns.Enter()}
	err := ns.Do(func() error {
		facts, err := read()
		if err == nil {
			i.know(facts)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return i, nil
}

// namedInside finds the adapter that --tunnel names as netns:SPEC/ADAPTER.
func namedInside(ctx context.Context, spec, adapter string) (*inside, error) {
	ns, err := netns.Find(spec)
	if err == nil {
		var i *inside
		if i, err = look(ns, func() (*host.Snapshot, error) { return host.Read(ctx) }); err == nil {
			if i.facts.Adapter(adapter) == nil {
				return nil, usage("wgtrace interfaces lists those of containers too", "no adapter %s in %s", printable(adapter), i.place)
			}
			return i, nil
		}
	}
	hint := "wgtrace interfaces lists the adapters in containers, as root"
	if errors.Is(err, fs.ErrPermission) {
		if ns.Spec() == "0" {
			ns.Name = spec
		}
		hint = "sudo " + strings.Join(ns.Enter(), " ") + " wgtrace live --tunnel " + adapter
	}
	return nil, &failure{exitNoCapture, err.Error(), hint}
}

// allInside looks into every namespace that is cabled to this host's adapters, as
// those of containers are, and returns those with a WireGuard adapter.
func allInside(ctx context.Context) []*inside {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	all, err := netns.List()
	if err != nil {
		return nil // another system, or one without /proc
	}
	var found []*inside
	for _, ns := range all {
		if ctx.Err() != nil {
			break
		}
		// Whatever cannot be looked into has ended, or is not for us to see.
		if ports, err := ns.Ports(); err != nil || len(ports) == 0 {
			continue
		}
		if i, err := look(ns, func() (*host.Snapshot, error) { return host.Read(ctx) }); err == nil && len(i.facts.Tunnels()) > 0 {
			found = append(found, i)
		}
	}
	return found
}

// onlyInside looks for the tunnel in containers, and returns the only one with its
// adapter; nil if there is none.
func onlyInside(ctx context.Context) (*inside, host.Choice, error) {
	found := allInside(ctx)
	if len(found) == 0 {
		return nil, host.Choice{}, nil
	}
	if len(found) == 1 {
		if c, err := found[0].facts.Tunnel(); err == nil {
			c.Why = found[0].why()
			return found[0], c, nil
		}
	}
	var names []string
	for _, i := range found {
		for _, t := range i.facts.Tunnels() {
			names = append(names, i.ns.Adapter(t))
		}
	}
	return nil, host.Choice{}, &host.ChoiceError{
		Role: "tunnel", Problem: "several WireGuard adapters are up in containers", Candidates: names,
		Hint: "say which one with --tunnel " + netns.Prefix + "PID/NAME",
	}
}

// findInside is onlyInside where there must be one; missing is what the host says
// of its own adapters.
func findInside(ctx context.Context, missing error) (*inside, host.Choice, error) {
	in, c, err := onlyInside(ctx)
	if in != nil || err != nil {
		return in, c, err
	}
	var ce *host.ChoiceError
	if errors.As(missing, &ce) && runtime.GOOS == "linux" {
		with := *ce
		with.Hint += "; " + enterHint
		missing = &with
	}
	return nil, host.Choice{}, missing
}

// context tells diagnose of the container's settings.
func (i *inside) context(base diagnose.Context, tunnel string) diagnose.Context {
	addFacts(&base, i.facts, tunnel, i.uplink)
	base.Enter = i.enter
	return base
}

// outer tells diagnose of the host's settings: its clients are those of the
// container, by the container's address.
func (i *inside) outer(base diagnose.Context, within diagnose.Context, facts *host.Snapshot, wan string) diagnose.Context {
	base.Prefixes, base.Server = within.Prefixes, within.Server
	base.Inside = i.addr()
	if facts == nil || facts.OS == "" || !base.Inside.IsValid() {
		return base
	}
	if c, err := facts.WAN(); err == nil && wan == "" {
		wan = c.Name
	}
	base.Tunnel, base.WAN = adapterTowards(facts, base.Inside), wan
	if a := facts.Adapter(base.Tunnel); a != nil {
		base.Facts = facts
		base.Prefixes = append(base.Prefixes[:len(base.Prefixes):len(base.Prefixes)], subnets(a)...)
	}
	return base
}

// judge judges a path through a container: ev joins both of its ends, inner the
// tunnel and the container's uplink, and is nil where nobody watched that. Facts
// are the host's; tunnel and wan are adapters, "" if the facts are to say.
func (i *inside) judge(ev, inner *correlate.Evidence, base diagnose.Context, facts *host.Snapshot, tunnel, wan string) *diagnose.Diagnosis {
	container := i.context(base, tunnel)
	outer := i.outer(base, container, facts, wan)
	if inner == nil {
		outer.Facts = nil // whose settings count, the third tap alone tells
		return diagnose.Run(ev, outer)
	}
	return diagnose.RunChain(ev, outer, diagnose.Inner{Evidence: inner, Context: container})
}

// row is the container as reports and stored settings have it.
func (i *inside) row() *report.Container {
	return &report.Container{Name: i.container, Place: i.place, Facts: factsJSON(i.facts)}
}

// adapterTowards returns the adapter in whose subnet an address is, "" if none.
func adapterTowards(facts *host.Snapshot, addr netip.Addr) string {
	for n := range facts.Adapters {
		for _, p := range facts.Adapters[n].Addrs {
			if p.Contains(addr) {
				return facts.Adapters[n].Name
			}
		}
	}
	return ""
}
