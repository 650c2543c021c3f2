package lab

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Conversations of Many begin within manyStart, evenly, and keep their sockets
// until manyHold after the first one began: so all of them exist at once, no two
// have the same ends, and no queue meets all of them in one instant.
const (
	manyStart = 1500 * time.Millisecond
	manyHold  = 2 * time.Second
)

// manyTasks mixes conversations of all protocols with all targets. Each can be
// told from every other by what translation keeps: DNS and echo identifiers do
// not repeat, because two questions that agree in everything but their source
// port cannot be told apart behind a translation that changes it.
func manyTasks(r *rand.Rand, spec workSpec, ping4, ping6 *pinger) []task {
	targets := append(append([]netip.Addr{}, spec.Web4...), spec.Web6...)
	ids, seeds := r.Perm(1<<16), r.Uint64()
	types := []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA, typeHTTPS}
	tasks := make([]task, 0, spec.Flows)
	for i := range spec.Flows {
		after := manyStart * time.Duration(i) / time.Duration(spec.Flows)
		// Shifted by one in each round of protocols, so that every protocol
		// meets every target whatever their number.
		hold := manyHold - after
		target, id := targets[(i+i/10)%len(targets)], uint16(ids[i%len(ids)])
		var t task
		switch i % 10 {
		case 0, 1, 2, 3:
			t = chatTask(spec, target, hold)
		case 4, 5, 6:
			seed := seeds + uint64(i)
			t = task{try: Try{Kind: "udp", What: "echo", Target: netip.AddrPortFrom(target, portEcho).String()},
				do: func(ctx context.Context) error { return echoUDP(ctx, seed, target, spec.Timeout, hold) }}
		case 7, 8:
			name, typ := spec.Names[i%len(spec.Names)], types[i%len(types)]
			t = task{try: Try{Kind: "dns", What: describeDNS(name, typ), Target: netip.AddrPortFrom(spec.DNS, portDNS).String()},
				do: func(ctx context.Context) error { return askDNSAs(ctx, id, spec.DNS, name, typ, spec.Timeout, hold) }}
		case 9:
			p := ping4
			if target.Is6() {
				p = ping6
			}
			t = task{try: Try{Kind: "ping", What: "1 echo request", Target: target.String()},
				do: func(ctx context.Context) error { return p.ask(ctx, target, id, spec.Timeout) }}
		}
		t.after = after
		tasks = append(tasks, t)
	}
	return tasks
}

// chatTask is a connection with a small exchange at its start and one at its
// end.
func chatTask(spec workSpec, target netip.Addr, hold time.Duration) task {
	to := netip.AddrPortFrom(target, portPush)
	return task{try: Try{Kind: "tcp", What: "2 messages", Target: to.String()},
		do: func(ctx context.Context) error { return chat(ctx, to, hold, spec.Timeout) }}
}

func chat(ctx context.Context, to netip.AddrPort, hold, connect time.Duration) error {
	end := time.Now().Add(hold)
	dialer := net.Dialer{Timeout: connect}
	c, err := dialer.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return err
	}
	defer c.Close()
	deadline, _ := ctx.Deadline()
	c.SetDeadline(deadline)
	lines := bufio.NewReader(c)
	for _, word := range []string{"hello", "goodbye"} {
		if word == "goodbye" && !pause(ctx, end) {
			return ctx.Err()
		}
		if _, err := fmt.Fprintf(c, "%s from %s\n", word, c.LocalAddr()); err != nil {
			return err
		}
		if _, err := lines.ReadString('\n'); err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
	}
	return nil
}

// heavyTasks moves as much as the tunnel carries, both ways at once, over each
// family.
func heavyTasks(r *rand.Rand, spec workSpec) []task {
	var tasks []task
	for _, target := range append(shuffled(r, spec.Web4)[:1], first(shuffled(r, spec.Web6))...) {
		tasks = append(tasks,
			httpTask(soon(r), spec, target, portHTTPS, download, spec.Bulk),
			httpTask(soon(r), spec, target, portHTTPS, upload, spec.Bulk))
	}
	return tasks
}
