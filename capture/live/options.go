package live

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/wgtrace/wgtrace/capture"
)

// Defaults and bounds of Options.
const (
	// DefaultSnapLen holds every header of an encapsulated packet and the
	// longest payload prefix that is hashed, in octets.
	DefaultSnapLen = 256
	// DefaultTimeout is too short for a person to see and long enough that the
	// kernel hands packets over by the block, not one by one.
	DefaultTimeout = 50 * time.Millisecond
	// MaxTimeout keeps the watermark of a quiet tap within half a second.
	MaxTimeout = 100 * time.Millisecond
	// DefaultBuffer survives a stall of the reader of 600 ms at 100,000 packets
	// a second; 2 MiB do not survive 100 ms. In octets.
	DefaultBuffer = 32 << 20

	minTimeout = time.Millisecond // what libpcap can express
	maxSnapLen = 262144           // MAXIMUM_SNAPLEN of libpcap
	minBuffer  = 64 << 10
	maxBuffer  = 1 << 30
)

// Options says how to capture. The zero value is a good choice.
type Options struct {
	SnapLen int           // octets of each frame, 1..262144; 0: DefaultSnapLen
	Timeout time.Duration // how long packets may wait for company, 1..100 ms; 0: DefaultTimeout
	Buffer  int           // octets of the kernel's buffer, 64 KiB..1 GiB; 0: DefaultBuffer

	// Own are the addresses of this host on the adapter. Where packets carry no
	// Ethernet header they tell outgoing from incoming ones. Nil: those of
	// Interface.Addrs; if there are none either, the adapter is asked.
	Own []netip.Addr

	// Interface describes the tap to readers of the batches: role, WireGuard
	// port, addresses, hardware address, description. Name, link type, snap
	// length and operating system are filled in. MAC tells outgoing from
	// incoming frames; zero: the adapter is asked.
	Interface capture.Interface

	// Peers are the other adapters that are captured in the same run. Time
	// stamps of one mode are asked for only if all of them offer it: two modes
	// on one machine disturb each other (Npcap issues 666 and 695).
	Peers []string

	// Watch, if set, makes the capture outlive its adapter: one that goes away is
	// waited for and opened again by its name, and Watch hears of it, in the
	// goroutine of Next. Nil: the capture ends with ErrGone.
	Watch func(Absence)
	// Enter runs a function where the adapter is, if that is in another network
	// namespace; nil: it is here.
	Enter func(func() error) error

	// Without are connections whose packets are passed over, as if they had not
	// been captured: those by which a person watches.
	Without []capture.Connection

	// Tee is called with every packet before Next returns it, in the goroutine
	// of Next. iface is Interface.Index, data is valid during the call only.
	Tee func(iface int32, timeNS int64, wireLen int, data []byte, dir capture.Direction)
}

// withDefaults checks o and fills in what was left out.
func (o Options) withDefaults() (Options, error) {
	if o.SnapLen == 0 {
		o.SnapLen = DefaultSnapLen
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Buffer == 0 {
		o.Buffer = DefaultBuffer
	}
	switch {
	case o.SnapLen < 1 || o.SnapLen > maxSnapLen:
		return o, fmt.Errorf("snap length %d is outside 1..%d octets", o.SnapLen, maxSnapLen)
	case o.Timeout < minTimeout || o.Timeout > MaxTimeout:
		return o, fmt.Errorf("read timeout %v is outside %v..%v", o.Timeout, minTimeout, MaxTimeout)
	case o.Buffer < minBuffer || o.Buffer > maxBuffer:
		return o, fmt.Errorf("buffer of %d octets is outside %d..%d", o.Buffer, minBuffer, maxBuffer)
	}
	return o, nil
}

// describe fills in what the adapter says of itself. An adapter that the
// operating system does not list (a capture pseudo-device) stays undescribed.
func (o *Options) describe(device string) {
	ifc := &o.Interface
	if ifc.Name == "" {
		ifc.Name = device
	}
	if !ifc.MAC.IsZero() && (o.Own != nil || len(ifc.Addrs) > 0) {
		return
	}
	ni, err := net.InterfaceByName(device)
	if err != nil {
		return
	}
	if ifc.MAC.IsZero() && len(ni.HardwareAddr) == len(ifc.MAC) {
		copy(ifc.MAC[:], ni.HardwareAddr)
	}
	if len(ifc.Addrs) > 0 {
		return
	}
	addrs, err := ni.Addrs()
	if err != nil {
		return
	}
	ifc.Addrs = networks(addrs)
}

// networks are the addresses of an adapter with their networks.
func networks(addrs []net.Addr) (list []netip.Prefix) {
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		addr, ok := netip.AddrFromSlice(n.IP)
		if !ok {
			continue
		}
		ones, bits := n.Mask.Size()
		if addr = addr.Unmap(); addr.BitLen() == bits {
			list = append(list, netip.PrefixFrom(addr, ones))
		}
	}
	return list
}
