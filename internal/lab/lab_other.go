//go:build !linux

package lab

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"time"
)

// errNotLinux is what everything here ends in: network namespaces are Linux's.
var errNotLinux = fmt.Errorf("%w: the lab needs Linux, this is %s", ErrUnavailable, runtime.GOOS)

// Child does nothing on this system.
func Child() {}

// Lab cannot be built on this system.
type Lab struct{}

// Node does not exist on this system.
type Node struct{}

// New returns an error that says that the lab needs Linux.
func New(context.Context, Config) (*Lab, error) { return nil, errNotLinux }

// Close has nothing to end.
func (l *Lab) Close() error { return nil }

// Plan returns an empty plan.
func (l *Lab) Plan() Plan { return Plan{} }

// Server returns nil.
func (l *Lab) Server() *Node { return nil }

// Host returns nil.
func (l *Lab) Host() *Node { return nil }

// Apply returns an error.
func (l *Lab) Apply(context.Context, Fault) error { return errNotLinux }

// Reconnect returns an error.
func (l *Lab) Reconnect(context.Context, int) error { return errNotLinux }

// Run returns an error.
func (l *Lab) Run(context.Context, int, Run) (Result, error) { return Result{}, errNotLinux }

// Keep returns an error.
func (l *Lab) Keep(context.Context, int, Run, time.Duration) (Result, error) {
	return Result{}, errNotLinux
}

// ResetTruth returns an error.
func (l *Lab) ResetTruth(context.Context) error { return errNotLinux }

// Truth returns an error.
func (l *Lab) Truth(context.Context) (Truth, error) { return Truth{}, errNotLinux }

// Command returns a command that cannot start.
func (n *Node) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Err = errNotLinux
	return c
}
