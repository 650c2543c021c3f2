package capture

import (
	"fmt"
	"math"
	"net/netip"
)

// Role is the place in the path that an interface of a capture watches.
type Role uint8

// Roles. RoleTunnel is the inside of the join, whatever its link type.
const (
	RoleUnknown Role = iota
	RoleTunnel
	RoleWAN
)

// String returns the role as the report's JSON names it; unknown is "".
func (r Role) String() string {
	switch r {
	case RoleTunnel:
		return "tunnel"
	case RoleWAN:
		return "wan"
	}
	return ""
}

// Interface describes one interface of a source. It is immutable once it has
// been handed out in a batch.
type Interface struct {
	Index       int    // number in its source; -1 in files that have no interfaces (classic pcap)
	Section     int    // pcapng section, from 0
	Name        string // as the capture gives it, possibly hostile; "" if it does not
	Description string
	LinkType    LinkType
	SnapLen     uint32 // octets; 0: no limit or not said
	IfIndex     uint32 // interface index in Linux cooked v2 packets; 0: none
	ARPHRD      uint16 // ARP hardware type in Linux cooked packets (65534: no link layer, as WireGuard); 0: not said
	Filter      string // the capture filter that it was recorded with; "" if none or not said
	OS          string // operating system that recorded it (pcapng if_os or shb_os)
	Addrs       []netip.Prefix
	MAC         MAC
	Role        Role   // from our own pcapng option; RoleUnknown if not said
	Namespace   string // where it was captured, if that was in another network namespace; "" if not, or not said
	Uplink      bool   // the way out of the container that holds the tunnel: the middle of a path, neither tunnel nor WAN
	WGPort      uint16 // from our own pcapng option; 0 if not said
}

// InterfaceStats is what the capture engine said of its own losses up to a
// moment: the kernel's counters live, an interface statistics block in pcapng.
type InterfaceStats struct {
	Iface    int32  // index in Batch.Interfaces
	Time     int64  // nanoseconds since 1970
	Received uint64 // packets that passed the filter since the start; valid iff HasReceived
	Dropped  uint64 // packets that the kernel, driver or engine dropped since the start

	// AwaySince is when the adapter went away, if nothing could be captured from
	// then until Time; 0: it was there. Nanoseconds since 1970.
	AwaySince int64
	// Addr is an address that the adapter has got since the interface was
	// described, as live taps tell; invalid: none.
	Addr netip.Addr

	HasReceived, HasDropped bool
}

// BatchSize is how many packets a batch holds at most: one channel send per
// packet would cost some 300 ns, one per 1,024 is lost in the noise.
const BatchSize = 1024

// NoWatermark is the watermark of a batch that promises nothing.
const NoWatermark = math.MinInt64

// Batch carries decoded packets of one source in the order of capture. Batches
// are recycled: a consumer copies what it keeps.
type Batch struct {
	Packets []Packet
	Extras
	Stats      []InterfaceStats
	Interfaces []Interface // all interfaces known so far; only ever grows
	// Ordered says that no packet is earlier than the one before it. A Stream sets
	// it, where the packets still are in the cache.
	Ordered bool
	// Watermark promises that no packet of this source that comes in a later
	// batch is earlier (nanoseconds since 1970, clock of the tap); NoWatermark
	// if nothing is promised, math.MaxInt64 at the end of the source.
	Watermark int64
}

// NewBatch returns an empty batch with room for BatchSize packets.
func NewBatch() *Batch {
	return &Batch{Packets: make([]Packet, 0, BatchSize), Watermark: NoWatermark}
}

// Reset empties b for reuse and keeps its memory.
func (b *Batch) Reset() {
	b.Packets = b.Packets[:0]
	b.Quotes, b.Handshakes = b.Quotes[:0], b.Handshakes[:0]
	b.Stats = b.Stats[:0]
	b.Interfaces = nil
	b.Ordered = false
	b.Watermark = NoWatermark
}

// Source yields the packets of one capture. It is used by one goroutine at a
// time.
type Source interface {
	// Name returns the source as the person named it (a path, an adapter).
	Name() string
	// Next resets b and fills it with up to cap(b.Packets) packets. It returns
	// io.EOF (with an empty batch) after the last one, and a *DamageError
	// where a file cannot be read any further: what stood before it has been
	// delivered. A live source returns an empty batch with a watermark when
	// its tap was quiet.
	Next(b *Batch) error
	Close() error
}

// DamageError says where and why a source could not be read any further.
type DamageError struct {
	Source string
	Offset int64  // octets into the (decompressed) source
	Frame  uint64 // packets that were read before
	Reason string // what is wrong, lower case, no full stop
	Hint   string // what to do
}

// Error returns one line that names source, offset and reason.
func (e *DamageError) Error() string {
	return fmt.Sprintf("%s: damaged at offset %d, after %d packets: %s", e.Source, e.Offset, e.Frame, e.Reason)
}
