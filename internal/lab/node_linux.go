package lab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// envNode makes a program that calls Child a node of that name.
const envNode = "WGTRACE_LAB_NODE"

// request and response travel as JSON lines over a node's standard streams.
// Requests run side by side in the node; Cancel ends the one with that ID.
type request struct {
	ID     int             `json:"id"`
	Op     string          `json:"op,omitempty"`
	Args   json.RawMessage `json:"args,omitempty"`
	Cancel bool            `json:"cancel,omitempty"`
}

type response struct {
	ID     int             `json:"id"`
	Error  string          `json:"error,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
}

// Node is one machine of the lab. It is safe for concurrent use.
type Node struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	log  *tail

	mu      sync.Mutex
	nextID  int
	pending map[int]chan response
	gone    chan struct{} // closed when the process's output has ended
}

// startNode starts this program again as a node in a network namespace of its
// own. The kernel sends deathSignal when the calling OS thread ends, so that
// thread must live as long as the lab.
func startNode(name string, deathSignal syscall.Signal, log io.Writer) (*Node, error) {
	// The link stays right when the file behind it was replaced or removed.
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{"wgtrace-lab-" + name}
	cmd.Env = append(os.Environ(), envNode+"="+name)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET,
		Pdeathsig:  deathSignal,
		// Ctrl-C in a terminal must reach the lab alone, which then closes.
		Setpgid: true,
	}
	n := &Node{name: name, cmd: cmd, pending: map[int]chan response{}, gone: make(chan struct{})}
	n.log = &tail{next: log, prefix: name + ": "}
	cmd.Stderr = n.log
	// A node's own commands may outlive it by a moment and hold its stderr.
	cmd.WaitDelay = time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start node %s: %w", name, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start node %s: %w", name, err)
	}
	n.in = in
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start node %s in a network namespace of its own: %w", name, err)
	}
	go n.read(out)
	return n, nil
}

// Name returns "server", "router", "site", "phone0" or "phone1".
func (n *Node) Name() string { return n.name }

// PID returns the process that holds the node's namespaces.
func (n *Node) PID() int { return n.cmd.Process.Pid }

// Command returns a command that runs in the node's network namespace, with
// this program's own view of the file system. It dies with ctx.
func (n *Node) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	argv := append([]string{"-t", strconv.Itoa(n.PID()), "-n", "--", name}, args...)
	return exec.CommandContext(ctx, "nsenter", argv...)
}

func (n *Node) read(out io.Reader) {
	defer close(n.gone)
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return
		}
		var resp response
		if json.Unmarshal(line, &resp) != nil {
			continue
		}
		n.mu.Lock()
		c := n.pending[resp.ID]
		delete(n.pending, resp.ID)
		n.mu.Unlock()
		if c != nil {
			c <- resp
		}
	}
}

// call runs op in the node and decodes its result into result, which may be
// nil. When ctx ends first, the node is told to stop that op.
func (n *Node) call(ctx context.Context, op string, args, result any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", n.name, op, err)
	}
	c := make(chan response, 1)
	n.mu.Lock()
	n.nextID++
	id := n.nextID
	n.pending[id] = c
	err = n.send(request{ID: id, Op: op, Args: raw})
	n.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %s: %w%s", n.name, op, err, n.log)
	}
	select {
	case resp := <-c:
		if resp.Error != "" {
			return fmt.Errorf("%s: %s: %w", n.name, op, errors.New(resp.Error))
		}
		if result == nil {
			return nil
		}
		if err := json.Unmarshal(resp.Result, result); err != nil {
			return fmt.Errorf("%s: %s: %w", n.name, op, err)
		}
		return nil
	case <-n.gone:
		return fmt.Errorf("%s: %s: the node ended%s", n.name, op, n.log)
	case <-ctx.Done():
		n.mu.Lock()
		delete(n.pending, id)
		_ = n.send(request{ID: id, Cancel: true}) // a node that is gone needs no cancelling
		n.mu.Unlock()
		return fmt.Errorf("%s: %s: %w", n.name, op, ctx.Err())
	}
}

// send writes one request; the caller holds mu.
func (n *Node) send(r request) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = n.in.Write(append(line, '\n'))
	return err
}

// stop ends the node: its standard input is closed, at which it cleans up and
// exits, and after a grace period it is killed.
func (n *Node) stop() {
	n.in.Close()
	kill := time.AfterFunc(2*time.Second, func() { n.cmd.Process.Kill() })
	defer kill.Stop()
	<-n.gone
	n.cmd.Wait() // the exit status of a node says nothing: it was asked to end
}

// tail keeps the last output of a node for error messages, and passes all of it
// on if somebody listens.
type tail struct {
	mu     sync.Mutex
	next   io.Writer
	prefix string
	last   []byte
}

const tailLimit = 2000 // octets; the end of a stack trace

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, b...)
	if over := len(t.last) - tailLimit; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	if t.next != nil {
		for line := range bytes.Lines(b) {
			fmt.Fprintf(t.next, "%s%s", t.prefix, line)
		}
	}
	return len(b), nil
}

// String returns ": " and what was said last, or nothing.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.last) == 0 {
		return ""
	}
	return ": " + string(bytes.TrimSpace(t.last))
}
