package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"sync"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/host"
)

// factsTimeout is how long the settings of a host may take: PowerShell alone
// takes seconds, and nobody waits longer for a report.
const factsTimeout = 30 * time.Second

// readFacts reads the settings of this host as far as they can be read: nil if
// not at all, which is no error, because the packets are there.
func readFacts(ctx context.Context, clients []host.Client) *host.Snapshot {
	ctx, cancel := context.WithTimeout(ctx, factsTimeout)
	defer cancel()
	s, err := host.ReadAll(ctx, clients...)
	if err != nil {
		return nil
	}
	return s
}

// runFacts are the settings around a run, its counters before, the rest as last
// read: those of this host, and those of the container with the tunnel.
type runFacts struct {
	inside *inside                                             // nil without one
	read   func(context.Context, []host.Client) *host.Snapshot // of the host
	ready  chan struct{}
	before [2]*host.Snapshot // valid once ready is closed

	reading sync.Mutex // one at a time
	mu      sync.Mutex
	now     [2]*host.Snapshot
	at      time.Time // when reading them began
}

// startFacts reads them for the first time, while the taps run already.
func startFacts(ctx context.Context, in *inside) *runFacts {
	f := &runFacts{inside: in, read: readFacts, ready: make(chan struct{})}
	go func() {
		at := time.Now()
		f.before = [2]*host.Snapshot{readFacts(ctx, nil), f.readInside(ctx, nil)}
		f.keep(f.before, at)
		close(f.ready)
	}()
	return f
}

func (f *runFacts) keep(now [2]*host.Snapshot, at time.Time) {
	f.mu.Lock()
	f.now, f.at = now, at
	f.mu.Unlock()
}

// latest returns them as they were last read, nil where they were not: now is
// this host, within the container; at is when reading them began.
func (f *runFacts) latest() (now, within *host.Snapshot, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now[0], f.now[1], f.at
}

// readInside reads the settings of the container, nil if there is none.
func (f *runFacts) readInside(ctx context.Context, clients []host.Client) (s *host.Snapshot) {
	if f.inside == nil {
		return nil
	}
	// A container that has ended has no settings.
	_ = f.inside.ns.Do(func() error {
		s = readFacts(ctx, clients)
		return nil
	})
	return s
}

// look reads them once more, with the ways of the clients that were seen.
func (f *runFacts) look(ctx context.Context, ev *correlate.Evidence, tunnel string) {
	<-f.ready
	f.reading.Lock()
	defer f.reading.Unlock()
	at := time.Now()
	var clients []host.Client
	for i := range ev.Clients {
		for _, a := range ev.Clients[i].Addrs {
			clients = append(clients, host.Client{Addr: a, Tunnel: tunnel})
		}
	}
	within := f.readInside(ctx, clients)
	if within != nil && f.before[1] != nil {
		within.CountersBefore = f.before[1].Counters
	}
	if f.inside != nil {
		// This host knows the container's address alone.
		clients = nil
		if a := f.inside.addr(); a.IsValid() && f.before[0] != nil {
			clients = []host.Client{{Addr: a, Tunnel: adapterTowards(f.before[0], a)}}
		}
	}
	now := f.read(ctx, clients)
	if now != nil && f.before[0] != nil {
		now.CountersBefore = f.before[0].Counters
	}
	if ctx.Err() == nil {
		f.keep([2]*host.Snapshot{now, within}, at)
	}
}

// factsJSON is a snapshot as the report holds it.
func factsJSON(s *host.Snapshot) json.RawMessage {
	if s == nil || s.OS == "" {
		return nil
	}
	var b bytes.Buffer
	if err := writeJSON(&b, s); err != nil {
		return nil // a snapshot has no field that JSON cannot hold
	}
	return b.Bytes()
}

// addFacts tells diagnose of a host's settings; tunnel and wan are its adapters,
// "" if the snapshot is to say.
func addFacts(ctx *diagnose.Context, facts *host.Snapshot, tunnel, wan string) {
	if facts == nil || facts.OS == "" {
		return
	}
	ctx.Facts = facts
	if tunnel == "" {
		c, _ := facts.Tunnel() // none: then nothing is known of it
		tunnel = c.Name
	}
	if wan == "" {
		c, _ := facts.WAN()
		wan = c.Name
	}
	ctx.Tunnel, ctx.WAN = tunnel, wan
	a := facts.Adapter(tunnel)
	if a == nil {
		return
	}
	ctx.Prefixes = append(ctx.Prefixes, subnets(a)...)
	for _, p := range a.Addrs {
		if !ctx.Server.IsValid() && !p.Addr().IsLinkLocalUnicast() {
			ctx.Server = p.Addr()
		}
	}
}

// subnets are the networks of an adapter that hold more than its own address.
func subnets(a *host.Adapter) []netip.Prefix {
	var list []netip.Prefix
	for _, p := range a.Addrs {
		if !p.Addr().IsLinkLocalUnicast() && p.Bits() < p.Addr().BitLen() {
			list = append(list, p.Masked())
		}
	}
	return list
}
