package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// workSpec is a workload with what it needs to know of the plan.
type workSpec struct {
	Run
	Tunnel     string
	Web4, Web6 []netip.Addr
	DNS        netip.Addr
	Names      []string
	MTU        int // of the tunnel; 0: the workload's own
}

// transferLimit is how long a transfer may go on after the last
// connect could have succeeded.
const transferLimit = 2500 * time.Millisecond

// heavyLimit bounds the workloads that keep the machine busy by themselves, with
// room for one that other tests keep busy too.
const heavyLimit = 14 * time.Second

// task is one try that starts after a delay, so that requests overlap as they
// do on a real device.
type task struct {
	after time.Duration
	try   Try
	do    func(context.Context) error
}

func (a *agent) opWorkload(ctx context.Context, spec workSpec) (Result, error) {
	limit := spec.Timeout + transferLimit
	if spec.Workload == Many || spec.Workload == Heavy {
		limit = heavyLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r := rand.New(rand.NewPCG(uint64(spec.Seed), 0x776f726b))
	var tasks []task
	switch spec.Workload {
	case Laptop:
		tasks = laptopTasks(r, spec)
	case Phone:
		tasks = phoneTasks(r, spec)
	case Probe:
		tasks = probeTasks(r, spec)
	case Names:
		for _, name := range spec.Names {
			tasks = append(tasks, dnsTask(r, spec, name, dnsmessage.TypeA), dnsTask(r, spec, name, dnsmessage.TypeAAAA))
		}
	case Ping:
		tasks = append(tasks, pingTask(r, pick(r, spec.Web4)))
	case Many:
		ping4, err := newPinger(false)
		if err != nil {
			return Result{}, err
		}
		defer ping4.close()
		ping6, err := newPinger(true)
		if err != nil {
			return Result{}, err
		}
		defer ping6.close()
		tasks = manyTasks(r, spec, ping4, ping6)
	case Heavy:
		tasks = heavyTasks(r, spec)
	case Idle:
	default:
		return Result{}, fmt.Errorf("no workload %q", spec.Workload)
	}
	tasks = append(asideTasks(r, spec), tasks...)
	if err := shape(ctx, spec); err != nil {
		return Result{}, err
	}
	res := Result{Workload: spec.Workload, Started: time.Now()}
	res.Tries = runTasks(ctx, tasks)
	res.Ended = time.Now()
	return res, nil
}

// runTasks runs all tasks side by side and returns their tries in the order of
// the list.
func runTasks(ctx context.Context, tasks []task) []Try {
	tries := make([]Try, len(tasks))
	var wg sync.WaitGroup
	for i, t := range tasks {
		wg.Go(func() {
			select {
			case <-time.After(t.after):
			case <-ctx.Done():
			}
			start := time.Now()
			err := t.do(ctx)
			t.try.Took = time.Since(start)
			if t.try.OK = err == nil; err != nil {
				t.try.Error = err.Error()
			}
			tries[i] = t.try
		})
	}
	wg.Wait()
	return tries
}

// callSpacing lies between the beginnings of the connections of one aside.
const callSpacing = 150 * time.Millisecond

// asideTasks are what the scenario adds.
func asideTasks(r *rand.Rand, spec workSpec) []task {
	var tasks []task
	for _, a := range spec.Asides {
		if !a.Ping.IsValid() {
			to := netip.AddrPortFrom(spec.Web4[0], portPush)
			// They outlive the last try of a connection that is not answered.
			messages := int((spec.Timeout + time.Second) / pushSpacing)
			for n := range max(a.Calls, 1) {
				tasks = append(tasks, task{time.Duration(n) * callSpacing, Try{Kind: kindAside, What: fmt.Sprintf("%d messages", messages), Target: to.String()},
					func(ctx context.Context) error { return push(ctx, to, messages, spec.Timeout) }})
			}
			continue
		}
		id := 1 + r.IntN(65535)
		tasks = append(tasks, task{soon(r), Try{Kind: kindAside, What: "3 echo requests", Target: a.Ping.String()},
			func(ctx context.Context) error { return ping(ctx, a.Ping, id, 3) }})
	}
	return tasks
}

// laptopTasks: pings, names, and transfers of both sizes in both directions.
func laptopTasks(r *rand.Rand, spec workSpec) []task {
	var tasks []task
	web4, web6 := shuffled(r, spec.Web4), shuffled(r, spec.Web6)
	for _, target := range append(web4[:2:2], first(web6)...) {
		tasks = append(tasks, pingTask(r, target))
	}
	for _, name := range shuffled(r, spec.Names)[:2] {
		tasks = append(tasks, dnsTask(r, spec, name, dnsmessage.TypeA), dnsTask(r, spec, name, dnsmessage.TypeAAAA))
	}
	for _, target := range append(web4[:4:4], web6...) {
		tasks = append(tasks, httpTask(soon(r), spec, target, portHTTP, download, 2000))
	}
	for _, target := range append(web4[:1:1], first(web6)...) {
		tasks = append(tasks, httpTask(300*time.Millisecond, spec, target, portHTTPS, download, spec.Bulk))
	}
	seed := r.Uint64()
	tasks = append(tasks,
		httpTask(400*time.Millisecond, spec, web4[1], portHTTPS, upload, spec.Bulk/4),
		httpTask(450*time.Millisecond, spec, web4[3], portHTTPS, upload, 20_000),
		task{soon(r), Try{Kind: "udp", What: "echo", Target: netip.AddrPortFrom(web4[2], portEcho).String()},
			func(ctx context.Context) error { return echoUDP(ctx, seed, web4[2], spec.Timeout, 0) }})
	return tasks
}

// phoneTasks: names with the three questions that iOS asks, QUIC that falls
// back to TCP, and notifications over a connection that stays open.
func phoneTasks(r *rand.Rand, spec workSpec) []task {
	var tasks []task
	for _, name := range shuffled(r, spec.Names)[:3] {
		for _, typ := range []dnsmessage.Type{typeHTTPS, dnsmessage.TypeA, dnsmessage.TypeAAAA} {
			tasks = append(tasks, dnsTask(r, spec, name, typ))
		}
	}
	web4, web6 := shuffled(r, spec.Web4), shuffled(r, spec.Web6)
	const fallback = 350 * time.Millisecond
	for i, target := range append(web4[:3:3], web6...) {
		start, size := soon(r), 2000+500*i
		if i == 0 {
			size = spec.Bulk
		}
		to, seed := netip.AddrPortFrom(target, portHTTPS), r.Uint64()
		tasks = append(tasks,
			task{start, Try{Kind: "quic", What: "initial", Target: to.String()},
				func(ctx context.Context) error { return tryQUIC(ctx, seed, to, fallback) }},
			httpTask(start+fallback, spec, target, portHTTPS, download, size))
	}
	tasks = append(tasks, pushTask(soon(r), spec, web4[3]))
	return tasks
}

// probeTasks: one name, three addresses, no patience.
func probeTasks(r *rand.Rand, spec workSpec) []task {
	name := pick(r, spec.Names)
	tasks := []task{dnsTask(r, spec, name, dnsmessage.TypeA), dnsTask(r, spec, name, dnsmessage.TypeAAAA)}
	for _, target := range shuffled(r, spec.Web4)[:3] {
		tasks = append(tasks, httpTask(soon(r), spec, target, portHTTPS, download, 2000))
	}
	return tasks
}

func pingTask(r *rand.Rand, target netip.Addr) task {
	id := 1 + r.IntN(65535)
	return task{soon(r), Try{Kind: "ping", What: "3 echo requests", Target: target.String()},
		func(ctx context.Context) error { return ping(ctx, target, id, 3) }}
}

func dnsTask(r *rand.Rand, spec workSpec, name string, typ dnsmessage.Type) task {
	own := rand.New(rand.NewPCG(r.Uint64(), 1)) // a source is not safe for concurrent use
	return task{soon(r), Try{Kind: "dns", What: describeDNS(name, typ), Target: netip.AddrPortFrom(spec.DNS, portDNS).String()},
		func(ctx context.Context) error { return askDNS(ctx, own, spec.DNS, name, typ, spec.Timeout) }}
}

type direction bool

const (
	download direction = false
	upload   direction = true
)

func httpTask(after time.Duration, spec workSpec, target netip.Addr, port uint16, dir direction, size int) task {
	to := netip.AddrPortFrom(target, port)
	what := fmt.Sprintf("download of %d octets", size)
	if dir == upload {
		what = fmt.Sprintf("upload of %d octets", size)
	}
	return task{after, Try{Kind: "tcp", What: what, Target: to.String()},
		func(ctx context.Context) error { return transfer(ctx, to, dir, size, spec.Timeout) }}
}

func pushTask(after time.Duration, spec workSpec, target netip.Addr) task {
	to := netip.AddrPortFrom(target, portPush)
	return task{after, Try{Kind: "push", What: "4 messages", Target: to.String()},
		func(ctx context.Context) error { return push(ctx, to, 4, spec.Timeout) }}
}

func soon(r *rand.Rand) time.Duration { return time.Duration(r.IntN(250)) * time.Millisecond }

func shuffled[T any](r *rand.Rand, s []T) []T {
	s = append([]T(nil), s...)
	r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
	return s
}

func first[T any](s []T) []T { return s[:min(1, len(s))] }
