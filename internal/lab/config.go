package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrUnavailable is wrapped by New's errors when this machine cannot run a lab:
// another system than Linux, no root, or a program or device is missing. The
// message says which.
var ErrUnavailable = errors.New("the lab cannot run here")

// Config says what to build. The zero value is one phone, dual stack, without
// segmentation offload, and a seed of its own.
type Config struct {
	// Seed draws addresses, ports, names, keys and the order of actions; 0
	// means that New draws the seed. Plan.Seed tells it.
	Seed int64
	// SecondClient adds a phone in another namespace, with its own peer and a
	// tunnel subnet other than the first's.
	SecondClient bool
	// Offload leaves segmentation offload on, so that captures hold packets
	// larger than the MTU. Off, what a tap sees is what a wire would carry.
	Offload bool
	// WireTunnel and WireWAN leave the server's adapter of that name, and
	// whatever it is cabled to, without segmentation offload where the others
	// have it: one packet at one tap is then several at the other.
	WireTunnel, WireWAN bool
	// BridgeWAN makes the server's WAN adapter a bridge with the cable as its
	// only port, as hosts of virtual machines have it: a tap on everything sees
	// each packet of the WAN on both.
	BridgeWAN bool
	// Kernel has the kernel's WireGuard on the server and the phones, instead of
	// one that runs in the nodes' processes.
	Kernel bool
	// Container puts the server into a container of a host that forwards and
	// translates in its turn, as Docker does: a network namespace behind a
	// bridge, with WireGuard's port led to it. The host has the server's
	// addresses; IPv6 is left out of the tunnel.
	Container bool
	// SecondUplink gives the server a second cable to the router, with addresses
	// and a default route of its own that weighs less. Scenarios with SecondUplink
	// need it.
	SecondUplink bool
	// NoIPv6 leaves IPv6 out of the tunnel.
	NoIPv6 bool
	// Log receives what the nodes say on their standard error; nil discards it.
	Log io.Writer
}

// BridgePort is the port of the server's bridge, if its WAN adapter is one.
const BridgePort = "port0"

// Client indices.
const (
	First  = 0 // the phone that faults with OnlyFirst hit
	Second = 1 // the healthy neighbour
)

// waitStep is how often Wait looks: short against a round trip that a person
// would notice, long against a request to a node.
const waitStep = 20 * time.Millisecond

// Wait returns when condition reports true, with its error if it has one, and
// with an error that names what when ctx ends first.
func Wait(ctx context.Context, what string, condition func() (bool, error)) error {
	tick := time.NewTicker(waitStep)
	defer tick.Stop()
	for {
		ok, err := condition()
		if err != nil {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
}
