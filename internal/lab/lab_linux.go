package lab

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// Adapter names that no seed changes.
const (
	linkServer = "server" // on the router
	linkSecond = "second"
	linkSite   = "site"
	linkOuter  = "wlan0" // on a phone
	linkTunnel = "wg0"
	linkWeb    = "eth0" // on the site
)

// Lab is a running lab. It is safe for concurrent use, but Apply, Clear and
// Close take their turns.
type Lab struct {
	cfg  Config
	plan Plan
	keys keySet

	server, router, site *Node
	host                 *Node // around the server's container; nil without one
	phones               []*Node
	nodes                []*Node       // all of them, in the order of their start
	done                 chan struct{} // closed when the starting thread may end
	close                sync.Once

	mu        sync.Mutex
	now       *setup
	active    []Fault
	connected []time.Time // when each phone last began a session
}

// New builds a lab in which everything works and returns when the phones can
// use their tunnels. The caller must Close it.
func New(ctx context.Context, cfg Config) (*Lab, error) {
	if err := prerequisites(cfg); err != nil {
		return nil, err
	}
	sweepSockets()
	if cfg.Seed == 0 {
		cfg.Seed = 1 + rand.Int64N(1<<31)
	}
	cfg.NoIPv6 = cfg.NoIPv6 || cfg.Container
	l := &Lab{cfg: cfg, plan: newPlan(cfg.Seed, cfg), done: make(chan struct{})}
	if cfg.Container {
		l.plan.containerPlan()
	}
	// Not from the seed: labs that run side by side share the directory of
	// sockets.
	l.plan.Tunnel = tunnelPrefix + fmt.Sprintf("%08x", random32())
	l.connected = make([]time.Time, len(l.plan.Clients))
	l.drawKeys()
	if err := l.start(); err != nil {
		l.Close()
		return nil, fmt.Errorf("lab seed %d: %w", cfg.Seed, err)
	}
	if err := l.build(ctx); err != nil {
		l.Close()
		return nil, fmt.Errorf("lab seed %d: %w", cfg.Seed, err)
	}
	return l, nil
}

func random32() uint32 {
	var b [4]byte
	crand.Read(b[:])
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// prerequisites names what is missing and how to get it.
func prerequisites(cfg Config) error {
	for _, p := range []struct{ name, pkg string }{{"nft", "nftables"}, {"nsenter", "util-linux"}} {
		if _, err := exec.LookPath(p.name); err != nil {
			return fmt.Errorf("%w: %s is missing; install the package %s (Debian: apt-get install %s)", ErrUnavailable, p.name, p.pkg, p.pkg)
		}
	}
	if cfg.Kernel {
		if _, err := os.Stat(moduleDir); err != nil {
			return fmt.Errorf("%w: the kernel has no WireGuard (modprobe wireguard): %w", ErrUnavailable, err)
		}
		return nil
	}
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	switch {
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%w: it needs root: %w", ErrUnavailable, err)
	case err != nil:
		return fmt.Errorf("%w: the kernel has no tun device (modprobe tun): %w", ErrUnavailable, err)
	}
	return f.Close()
}

func (l *Lab) drawKeys() {
	r := rand.New(rand.NewPCG(uint64(l.cfg.Seed), 0x6b657973))
	draw := func() wgtypes.Key {
		var k wgtypes.Key
		for i := range k {
			k[i] = byte(r.Uint32())
		}
		// Clamped as X25519 private keys are (RFC 7748 section 5).
		k[0] &= 248
		k[31] = k[31]&127 | 64
		return k
	}
	l.keys = keySet{server: draw(), other: draw(), psk: draw()}
	for i := range l.plan.Clients {
		l.keys.clients = append(l.keys.clients, draw())
		l.plan.Clients[i].PublicKey = l.keys.clients[i].PublicKey().String()
	}
	l.plan.ServerKey = l.keys.server.PublicKey().String()
}

// start starts the nodes from a thread that lives until Close: the kernel tells
// a child of its parent's death when the thread that made it ends (prctl(2)).
func (l *Lab) start() error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this function
		err := l.startAll()
		started <- err
		<-l.done
	}()
	return <-started
}

func (l *Lab) startAll() error {
	add := func(name string, death syscall.Signal) (*Node, error) {
		n, err := startNode(name, death, l.cfg.Log)
		if errors.Is(err, os.ErrPermission) {
			return nil, fmt.Errorf("%w: it needs root: %w", ErrUnavailable, err)
		}
		if err == nil {
			l.nodes = append(l.nodes, n)
		}
		return n, err
	}
	var err error
	if l.router, err = add("router", syscall.SIGKILL); err != nil {
		return err
	}
	// The server has a socket in the file system to remove before it dies.
	if l.server, err = add("server", syscall.SIGTERM); err != nil {
		return err
	}
	if l.cfg.Container {
		if l.host, err = add("host", syscall.SIGKILL); err != nil {
			return err
		}
	}
	if l.site, err = add("site", syscall.SIGKILL); err != nil {
		return err
	}
	for i := range l.plan.Clients {
		p, err := add(fmt.Sprintf("phone%d", i), syscall.SIGKILL)
		if err != nil {
			return err
		}
		l.phones = append(l.phones, p)
	}
	return nil
}

// Close ends every node and with them everything that the lab made. It may be
// called more than once.
func (l *Lab) Close() error {
	l.close.Do(func() {
		var wg sync.WaitGroup
		for _, n := range l.nodes {
			wg.Go(n.stop)
		}
		wg.Wait()
		close(l.done)
	})
	if _, err := os.Lstat(l.socket()); err == nil {
		return fmt.Errorf("close the lab: %s is still there", l.socket())
	}
	return nil
}

func (l *Lab) socket() string { return socketDir + "/" + l.plan.Tunnel + ".sock" }

// Plan returns what the seed decided.
func (l *Lab) Plan() Plan { return l.plan }

// Server returns the WireGuard server's node: where a capture belongs.
func (l *Lab) Server() *Node { return l.server }

// Router returns the node that plays the internet.
func (l *Lab) Router() *Node { return l.router }

// Site returns the node that answers.
func (l *Lab) Site() *Node { return l.site }

// Phone returns the node of a client.
func (l *Lab) Phone(client int) *Node { return l.phones[client] }

// parallel runs the functions side by side and joins their errors.
func parallel(fs ...func() error) error {
	errs := make([]error, len(fs))
	var wg sync.WaitGroup
	for i, f := range fs {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

var _ io.Closer = (*Lab)(nil)
