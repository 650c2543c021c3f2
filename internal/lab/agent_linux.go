package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Child turns this process into a node of a lab if that is what it was started
// for, and then never returns; otherwise it does nothing. It must run before
// anything else in main, or in TestMain.
func Child() {
	name := os.Getenv(envNode)
	if name == "" {
		return
	}
	os.Unsetenv(envNode) // the node's own commands are not nodes
	if err := ownNamespace(); err != nil {
		fmt.Fprintf(os.Stderr, "wgtrace: lab node %s: %v\n", name, err)
		os.Exit(2)
	}
	a := newAgent(name)
	// The server is told to end by SIGTERM when its parent dies, because it
	// has a socket in the file system to remove; the others are killed.
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() {
		<-term
		a.exit()
	}()
	a.serve(os.Stdin, os.Stdout)
	a.exit()
}

// ownNamespace fails if the process shares its parent's network: a node obeys
// whatever comes over its standard input, and must never do so on the host.
func ownNamespace() error {
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return fmt.Errorf("read own network namespace: %w", err)
	}
	parent, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", os.Getppid()))
	if err != nil {
		return fmt.Errorf("read the parent's network namespace: %w", err)
	}
	if own == parent {
		return fmt.Errorf("%s is set, but this is not a namespace of its own", envNode)
	}
	return nil
}

// op is one thing that a node can do.
type op func(ctx context.Context, args json.RawMessage) (any, error)

// agent is the inside of a node.
type agent struct {
	name string
	ops  map[string]op

	mu      sync.Mutex // guards out and cancels
	out     io.Writer
	cancels map[int]context.CancelFunc

	state  sync.Mutex // guards what the operations have made
	extras extras
	tunnel tunnel
	site   *site
	// resolver holds the sockets of the server's own resolver.
	resolver []*net.UDPConn
	calls    context.CancelFunc // ends opCalls

	exitOnce sync.Once
}

func newAgent(name string) *agent {
	a := &agent{name: name, cancels: map[int]context.CancelFunc{}}
	a.ops = map[string]op{
		"net":             handle(a.opNet),
		"veth":            handle(a.opVeth),
		"bridge":          handle(a.opBridge),
		"carriers":        handle(a.opCarriers),
		"extras":          handle(a.opExtras),
		"sysctl":          handle(a.opSysctl),
		"nft":             handle(a.opNft),
		"counters":        handle(a.opCounters),
		"iptables":        handle(a.opIPTables),
		"calls":           handle(a.opCalls),
		"tunnel.start":    handle(a.opTunnelStart),
		"tunnel.stop":     handle(a.opTunnelStop),
		"tunnel.set":      handle(a.opTunnelSet),
		"tunnel.get":      handle(a.opTunnelGet),
		"site":            handle(a.opSite),
		"resolver":        handle(a.opResolver),
		"workload":        handle(a.opWorkload),
		"conntrack":       handle(a.opConntrack),
		"conntrack.flush": handle(a.opConntrackFlush),
	}
	return a
}

// handle adapts a typed function to an op.
func handle[A, R any](f func(context.Context, A) (R, error)) op {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var args A
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		return f(ctx, args)
	}
}

// serve reads requests until in ends.
func (a *agent) serve(in io.Reader, out io.Writer) {
	a.out = out
	r := bufio.NewReader(in)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return
		}
		var req request
		if err := json.Unmarshal(line, &req); err != nil {
			fmt.Fprintf(os.Stderr, "unreadable request: %v\n", err)
			continue
		}
		a.mu.Lock()
		cancel := a.cancels[req.ID]
		if req.Cancel {
			if cancel != nil {
				cancel()
			}
			a.mu.Unlock()
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		a.cancels[req.ID] = cancel
		a.mu.Unlock()
		go a.answer(ctx, req)
	}
}

func (a *agent) answer(ctx context.Context, req request) {
	resp := response{ID: req.ID}
	result, err := any(nil), error(nil)
	if f := a.ops[req.Op]; f == nil {
		err = fmt.Errorf("no operation %q", req.Op)
	} else if result, err = f(ctx, req.Args); err == nil {
		resp.Result, err = json.Marshal(result)
	}
	if err != nil {
		resp.Error = err.Error()
	}
	line, err := json.Marshal(resp)
	if err != nil {
		fmt.Fprintf(os.Stderr, "answer %s: %v\n", req.Op, err)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cancels[req.ID]()
	delete(a.cancels, req.ID)
	a.out.Write(append(line, '\n')) // if nobody reads, stdin ends too
}

// exit removes what the kernel would not and ends the process.
func (a *agent) exit() {
	a.exitOnce.Do(func() {
		if t := a.currentTunnel(); t != nil {
			t.close()
		}
		os.Exit(0)
	})
	select {} // the other caller is about to end the process
}
