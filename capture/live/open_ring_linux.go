//go:build linux && !cgo

package live

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wgtrace/wgtrace/capture"
)

const refusalHint = ""

// The number of a kind of adapter: ARPHRD_ETHER and ARPHRD_LOOPBACK
// (include/uapi/linux/if_arp.h) have an Ethernet header.
const (
	arphrdEther    = 1
	arphrdLoopback = 772
)

// openEngine opens the kernel's ring on device. Promiscuous mode stays off: what
// does not concern this host proves nothing.
func openEngine(device string, o Options) (engine, capture.LinkType, error) {
	ni, err := net.InterfaceByName(device)
	if err != nil {
		e := &Error{Device: device, Err: ErrNoDevice, Hint: remedy(ErrNoDevice)}
		if all, err := Devices(); err == nil {
			for _, d := range all {
				e.Candidates = append(e.Candidates, d.Name)
			}
		}
		return nil, 0, e
	}
	r, link, err := openRing(ni, o)
	if err != nil {
		kind := err
		switch {
		case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
			kind = ErrPermission
		case errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
			kind = ErrNoDevice
		case errors.Is(err, unix.ENETDOWN):
			kind = ErrNotUp
		}
		e := &Error{Device: device, Err: kind, Hint: remedy(kind)}
		if kind != err {
			e.Detail = err.Error()
		}
		return nil, 0, e
	}
	return r, link, nil
}

// openRing makes the socket, its filter and its ring, and binds it last, so that
// nothing arrives before the rest is right.
func openRing(ni *net.Interface, o Options) (_ *ring, _ capture.LinkType, err error) {
	kind, err := hardwareType(ni.Name)
	if err != nil {
		return nil, 0, fmt.Errorf("read the type of the adapter: %w", err)
	}
	// Without an Ethernet header the kernel's own view is taken, which begins at
	// the IP header: adapters of PPP come with and without one of theirs.
	r := &ring{loopback: kind == arphrdLoopback, wait: o.Timeout}
	r.ipOnly = kind != arphrdEther && !r.loopback
	shape, link := unix.SOCK_RAW, capture.LinkTypeEthernet
	if r.ipOnly {
		shape, link = unix.SOCK_DGRAM, capture.LinkTypeRaw
	}
	if r.fd, err = unix.Socket(unix.AF_PACKET, shape|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, 0, fmt.Errorf("open packet socket: %w", err)
	}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	// The program is one instruction: accept, and keep that many octets
	// (Documentation/networking/filter.rst).
	accept := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: uint32(o.SnapLen)}}
	if err = unix.SetsockoptSockFprog(r.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &accept[0]}); err != nil {
		return nil, 0, fmt.Errorf("set snap length: %w", err)
	}
	if err = r.mapBlocks(o); err != nil {
		return nil, 0, err
	}
	if err = unix.Bind(r.fd, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: ni.Index}); err != nil {
		return nil, 0, fmt.Errorf("bind packet socket: %w", err)
	}
	return r, link, nil
}

// hardwareType returns the ARPHRD number of an adapter: the family of its
// hardware address, netdevice(7). /sys would tell it too, but for the network
// namespace that it was mounted in.
func hardwareType(name string) (uint16, error) {
	req, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, req); err != nil {
		return 0, err
	}
	return req.Uint16(), nil
}

func networkOrder(v uint16) uint16 { return v<<8 | v>>8 }

// Devices lists the adapters of the network namespace.
func Devices() ([]Device, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, &Error{Err: fmt.Errorf("list adapters: %w", err)}
	}
	var out []Device
	for n := range all {
		d := Device{
			Name: all[n].Name, PcapName: all[n].Name,
			Up: all[n].Flags&net.FlagUp != 0, Loopback: all[n].Flags&net.FlagLoopback != 0,
		}
		addrs, _ := all[n].Addrs() // an adapter that has just gone has none
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				d.Addrs = append(d.Addrs, p)
			}
		}
		out = append(out, d)
	}
	return out, nil
}

// Library returns the name of what captures.
func Library() string { return "packet socket of Linux (TPACKET_V3)" }

// pollTime is a read timeout as poll(2) takes it.
func pollTime(d time.Duration) int { return max(1, int(d/time.Millisecond)) }
