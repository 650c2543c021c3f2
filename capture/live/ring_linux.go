//go:build linux && !cgo

package live

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/wgtrace/wgtrace/capture"
)

// What a block of the ring is made of, in octets
// (Documentation/networking/packet_mmap.rst).
const (
	minBlock  = 256 << 10
	minRing   = 1 << 20 // where memory is short, as on routers
	slot      = 2048    // TPACKET_V3 packs frames closely; this only has to divide a block
	blockRoom = 4096    // headers of a block and of its first frame, with a wide margin
	vlanTag   = 4
)

// ring is a packet socket with a TPACKET_V3 ring: the kernel writes frames into
// blocks of memory that this process sees, and gives away a block at a time.
type ring struct {
	fd       int
	loopback bool
	ipOnly   bool // frames begin at the IP header
	wait     time.Duration

	mem    []byte
	block  int // its size in octets
	blocks int
	at     int  // the block that is read, or waited for
	held   bool // that block is ours
	left   uint32
	next   int // offset of its next frame in mem

	received, dropped uint32
}

// mapBlocks makes the ring, a smaller one where memory does not suffice.
func (r *ring) mapBlocks(o Options) error {
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("set TPACKET_V3: %w", err)
	}
	// Room before each frame, for a VLAN tag that the kernel keeps beside it.
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_RESERVE, vlanTag); err != nil {
		return fmt.Errorf("reserve room for VLAN tags: %w", err)
	}
	for r.block = minBlock; r.block < o.SnapLen+blockRoom; r.block *= 2 {
	}
	var err error
	for size := max(o.Buffer, r.block); ; size /= 2 {
		r.blocks = max(size/r.block, 1)
		req := unix.TpacketReq3{
			Block_size: uint32(r.block), Block_nr: uint32(r.blocks),
			Frame_size: slot, Frame_nr: uint32(r.block / slot * r.blocks),
			Retire_blk_tov: uint32(pollTime(o.Timeout)),
		}
		if err = unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err == nil {
			break
		}
		if !errors.Is(err, unix.ENOMEM) || size/2 < max(minRing, r.block) {
			return fmt.Errorf("make a ring of %d octets: %w", r.block*r.blocks, err)
		}
	}
	if r.mem, err = unix.Mmap(r.fd, 0, r.block*r.blocks, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return fmt.Errorf("map the ring: %w", err)
	}
	return nil
}

// head is the description of the current block.
func (r *ring) head() *unix.TpacketHdrV1 {
	d := (*unix.TpacketBlockDesc)(unsafe.Pointer(&r.mem[r.at*r.block]))
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&d.Hdr))
}

func (r *ring) read() ([]byte, int64, int, error) {
	for {
		if r.left > 0 {
			data, timeNS, wireLen, ok := r.frame()
			if ok {
				return data, timeNS, wireLen, nil
			}
			continue
		}
		if r.held { // what the caller had of it is no longer valid
			atomic.StoreUint32(&r.head().Block_status, unix.TP_STATUS_KERNEL)
			r.held, r.at = false, (r.at+1)%r.blocks
		}
		if atomic.LoadUint32(&r.head().Block_status)&unix.TP_STATUS_USER == 0 {
			if err := r.poll(); err != nil {
				return nil, 0, 0, err
			}
			if atomic.LoadUint32(&r.head().Block_status)&unix.TP_STATUS_USER == 0 {
				return nil, 0, 0, errTimeout
			}
		}
		h := r.head()
		r.held, r.left = true, h.Num_pkts
		r.next = r.at*r.block + int(h.Offset_to_first_pkt)
	}
}

var errAdapterGone = errors.New("the adapter disappeared")

// poll waits for a block. An adapter that was switched off comes back by itself;
// one that was removed does not.
func (r *ring) poll() error {
	fds := []unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN | unix.POLLERR}}
	if _, err := unix.Poll(fds, pollTime(r.wait)); err != nil {
		if err == unix.EINTR {
			return errTimeout
		}
		return fmt.Errorf("wait for packets: %w", err)
	}
	if fds[0].Revents == 0 && r.gone() {
		return errAdapterGone // its going down was told before, its going is not
	}
	if fds[0].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) == 0 {
		return nil
	}
	code, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	if r.gone() {
		return errAdapterGone
	}
	if err == nil || errors.Is(err, unix.ENETDOWN) {
		return errTimeout
	}
	return fmt.Errorf("wait for packets: %w", err)
}

// gone reports whether the adapter was removed: the kernel then binds the socket
// to the adapter -1 (net/packet/af_packet.c, packet_notifier).
func (r *ring) gone() bool {
	sa, err := unix.Getsockname(r.fd)
	ll, ok := sa.(*unix.SockaddrLinklayer)
	return err == nil && ok && ll.Ifindex == -1
}

// frame takes the next frame of the block; false for one that is not wanted.
func (r *ring) frame() ([]byte, int64, int, bool) {
	at := r.next
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&r.mem[at]))
	r.left--
	r.next = at + int(h.Next_offset)
	from := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&r.mem[at+int(align(unsafe.Sizeof(*h)))]))
	// A packet on the loopback adapter is seen twice: sent and received.
	if r.loopback && from.Pkttype == unix.PACKET_OUTGOING {
		return nil, 0, 0, false
	}
	if p := networkOrder(from.Protocol); r.ipOnly && p != unix.ETH_P_IP && p != unix.ETH_P_IPV6 {
		return nil, 0, 0, false
	}
	begin, size, wireLen := at+int(h.Mac), int(h.Snaplen), int(h.Len)
	if h.Status&unix.TP_STATUS_VLAN_VALID != 0 && !r.ipOnly && size >= 2*len(capture.MAC{}) {
		begin, size, wireLen = r.tag(begin, h), size+vlanTag, wireLen+vlanTag
	}
	return r.mem[begin : begin+size : begin+size], int64(h.Sec)*int64(time.Second) + int64(h.Nsec), wireLen, true
}

// tag puts a VLAN tag, which the kernel takes out of the frame, back after the
// two addresses (IEEE 802.1Q), and returns where the frame begins now.
func (r *ring) tag(begin int, h *unix.Tpacket3Hdr) int {
	const addresses = 2 * len(capture.MAC{})
	to := begin - vlanTag
	copy(r.mem[to:], r.mem[begin:begin+addresses])
	kind := uint16(unix.ETH_P_8021Q)
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		kind = h.Hv1.Vlan_tpid
	}
	tci := h.Hv1.Vlan_tci
	copy(r.mem[to+addresses:], []byte{byte(kind >> 8), byte(kind), byte(tci >> 8), byte(tci)})
	return to
}

func align(n uintptr) uintptr {
	return (n + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)
}

// stats adds up what the kernel tells since the last question. What the adapter
// itself dropped is not among it: that never came to this host either.
func (r *ring) stats() (received, dropped, ifDropped uint32, err error) {
	s, err := unix.GetsockoptTpacketStatsV3(r.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("read capture statistics: %w", err)
	}
	r.received += s.Packets
	r.dropped += s.Drops
	return r.received, r.dropped, 0, nil
}

func (r *ring) reason() string { return "" }

func (r *ring) close() {
	if r.mem != nil {
		_ = unix.Munmap(r.mem)
	}
	_ = unix.Close(r.fd)
}
