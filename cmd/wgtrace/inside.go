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

	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/netns"
)

// searchTime is how long the network namespaces of a machine may be searched
// for a tunnel.
const searchTime = 5 * time.Second

// enterHint is how to run wgtrace where it may not look into containers itself.
const enterHint = `if WireGuard runs in a container: sudo nsenter -t $(docker inspect -f '{{.State.Pid}}' CONTAINER) -n wgtrace live`

// inside is the network namespace of a tunnel that lies in another one than this
// program.
type inside struct {
	ns     netns.Namespace
	facts  *host.Snapshot // of that namespace
	uplink string         // its adapter towards this host; "" if not known
}

// label names the place for a person.
func (i *inside) label() string {
	switch {
	case i.ns.Container != "":
		return "container " + printable(i.ns.Container)
	case i.ns.Name != "":
		return "network namespace " + printable(i.ns.Name)
	}
	return fmt.Sprintf("the network namespace of process %d (%s)", i.ns.PID, printable(i.ns.Command))
}

// why says of an adapter in it that it was taken.
func (i *inside) why() string { return "inside " + i.label() + ", watched from here" }

// addr is the address by which this host knows the namespace; invalid if its
// uplink has none.
func (i *inside) addr() netip.Addr {
	if a := i.facts.Adapter(i.uplink); a != nil {
		for _, p := range a.Addrs {
			if p.Addr().Is4() {
				return p.Addr()
			}
		}
	}
	return netip.Addr{}
}

// look reads the adapters of a namespace.
func look(ctx context.Context, ns netns.Namespace) (*inside, error) {
	i := &inside{ns: ns}
	err := ns.Do(func() (err error) {
		i.facts, err = host.Read(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if c, err := i.facts.WAN(); err == nil {
		i.uplink = c.Name
	}
	return i, nil
}

// namedInside finds the adapter that --tunnel names as netns:SPEC/ADAPTER.
func namedInside(ctx context.Context, spec, adapter string) (*inside, error) {
	ns, err := netns.Find(spec)
	if err == nil {
		var i *inside
		if i, err = look(ctx, ns); err == nil {
			if i.facts.Adapter(adapter) == nil {
				return nil, usage("wgtrace interfaces lists those of containers too", "no adapter %s in %s", printable(adapter), i.label())
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
		if i, err := look(ctx, ns); err == nil && len(i.facts.Tunnels()) > 0 {
			found = append(found, i)
		}
	}
	return found
}

// findInside looks for the tunnel in containers where this host has none itself;
// missing is what the host says. It returns the adapter and why it was taken.
func findInside(ctx context.Context, missing error) (*inside, host.Choice, error) {
	var found []*inside
	var names []string
	for _, i := range allInside(ctx) {
		for _, t := range i.facts.Tunnels() {
			names = append(names, i.ns.Adapter(t))
		}
		found = append(found, i)
	}
	switch len(found) {
	case 0:
		var ce *host.ChoiceError
		if errors.As(missing, &ce) && runtime.GOOS == "linux" {
			with := *ce
			with.Hint += "; " + enterHint
			return nil, host.Choice{}, &with
		}
		return nil, host.Choice{}, missing
	case 1:
		if c, err := found[0].facts.Tunnel(); err == nil {
			c.Why = found[0].why()
			return found[0], c, nil
		}
	}
	return nil, host.Choice{}, &host.ChoiceError{
		Role: "tunnel", Problem: "several WireGuard adapters are up in containers", Candidates: names,
		Hint: "say which one with --tunnel " + netns.Prefix + "PID/NAME",
	}
}

// context tells diagnose of the container's settings; facts are those read while
// the run lasted, or nil.
func (i *inside) context(base diagnose.Context, facts *host.Snapshot, tunnel string) diagnose.Context {
	addFacts(&base, facts, tunnel, i.uplink)
	base.Enter = i.ns.Enter()
	return base
}

// outer tells diagnose of this host's settings: its clients are those of the
// container, by the container's address.
func (i *inside) outer(base diagnose.Context, within diagnose.Context, facts *host.Snapshot, wan string) diagnose.Context {
	base.Prefixes, base.Server = within.Prefixes, within.Server
	base.Inside = i.addr()
	if facts == nil || facts.OS == "" || !base.Inside.IsValid() {
		return base
	}
	base.Tunnel, base.WAN = adapterTowards(facts, base.Inside), wan
	if a := facts.Adapter(base.Tunnel); a != nil {
		base.Facts = facts
		base.Prefixes = append(base.Prefixes[:len(base.Prefixes):len(base.Prefixes)], subnets(a)...)
	}
	return base
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
