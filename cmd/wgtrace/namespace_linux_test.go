package main

import (
	"errors"
	"net"
	"runtime"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Adapters of the namespace that adapters makes, both with a peer that stands
// for what is plugged in there.
const (
	tapInside  = "inside0"
	tapOutside = "outside0"
	farInside  = "phone0"
	farOutside = "net0"
)

// adapters runs f on a thread in a network namespace of its own, which holds two
// pairs of adapters and a default route; processes that f starts are in it too.
// It vanishes with the thread and those processes, however the test ends.
func adapters(t *testing.T, f func()) {
	t.Helper()
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Never unlocked: the thread ends with the goroutine, because nothing
		// else may run in the namespace.
		runtime.LockOSThread()
		if failed = plug(); failed == nil {
			f()
		}
	}()
	<-done
	if errors.Is(failed, syscall.EPERM) {
		t.Skipf("a network namespace of its own needs CAP_SYS_ADMIN: %v", failed)
	}
	if failed != nil {
		t.Fatal(failed)
	}
}

// plug makes the adapters of a new namespace for the calling thread.
func plug() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	for _, p := range []struct{ near, far, addr string }{
		{tapInside, farInside, "10.8.0.1/24"},
		{tapOutside, farOutside, "203.0.113.2/24"},
	} {
		veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: p.near, MTU: 1500, TxQLen: 100}, PeerName: p.far}
		if err := netlink.LinkAdd(veth); err != nil {
			return err
		}
		for _, name := range []string{p.near, p.far} {
			link, err := netlink.LinkByName(name)
			if err != nil {
				return err
			}
			if err := netlink.LinkSetUp(link); err != nil {
				return err
			}
			if name != p.near {
				continue
			}
			addr, err := netlink.ParseAddr(p.addr)
			if err != nil {
				return err
			}
			if err := netlink.AddrAdd(link, addr); err != nil {
				return err
			}
		}
	}
	out, err := netlink.LinkByName(tapOutside)
	if err != nil {
		return err
	}
	return netlink.RouteAdd(&netlink.Route{LinkIndex: out.Attrs().Index, Gw: net.IPv4(203, 0, 113, 1)})
}

// phone sends frames into the inside adapter of the namespace of the calling
// thread: DNS queries from 10.8.0.2 to two resolvers, one every call.
type phone struct {
	socket int
	to     unix.SockaddrLinklayer
	sent   uint16
}

func newPhone(t *testing.T) *phone {
	t.Helper()
	near, err := netlink.LinkByName(tapInside)
	if err != nil {
		t.Fatal(err)
	}
	far, err := netlink.LinkByName(farInside)
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{}
	if p.socket, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(p.socket) })
	p.to = unix.SockaddrLinklayer{Protocol: 0x0008, Ifindex: far.Attrs().Index, Halen: 6} // ETH_P_IP in network order
	copy(p.to.Addr[:], near.Attrs().HardwareAddr)
	return p
}

// ask sends one query.
func (p *phone) ask() error {
	p.sent++
	query := []byte{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1}
	query[1] = byte(p.sent)
	b := []byte{0x45, 0, 0, byte(28 + len(query)), 0, byte(p.sent), 0x40, 0, 64, 17, 0, 0, 10, 8, 0, 2, 9, 9, 9, 9 + byte(p.sent%2)}
	sum := uint32(0) // RFC 791, header checksum
	for i := 0; i < 20; i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	sum = sum&0xffff + sum>>16
	sum = ^(sum&0xffff + sum>>16)
	b[10], b[11] = byte(sum>>8), byte(sum)
	b = append(b, 0x9c, byte(p.sent), 0, 53, 0, byte(8+len(query)), 0, 0)
	return unix.Sendto(p.socket, append(b, query...), 0, &p.to)
}
