package lab

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// ctnetlink's numbers (linux/netfilter/nfnetlink_conntrack.h).
const (
	ctGet    = unix.NFNL_SUBSYS_CTNETLINK<<8 | 1
	ctDelete = unix.NFNL_SUBSYS_CTNETLINK<<8 | 2

	ctaTupleOrig  = 1
	ctaTupleReply = 2
	ctaStatus     = 3

	ctaTupleIP    = 1
	ctaTupleProto = 2

	ctaIPv4Src = 1
	ctaIPv4Dst = 2
	ctaIPv6Src = 3
	ctaIPv6Dst = 4

	ctaProtoNum      = 1
	ctaProtoSrcPort  = 2
	ctaProtoDstPort  = 3
	ctaProtoICMPID   = 4
	ctaProtoICMPv6ID = 7

	// ipsSeenReply is a bit of the status: a packet came back.
	ipsSeenReply = 1 << 1
)

// tuple is one direction of a tracked connection; an echo identifier stands in
// the source port.
type tuple struct {
	Proto    uint8
	Src, Dst netip.AddrPort
}

// connection is an entry of the table.
type connection struct {
	Orig, Reply tuple
	Replied     bool
}

// nfgenmsg is the header of every nfnetlink message: any family, version 0.
var nfgenmsg = []byte{unix.AF_UNSPEC, 0, 0, 0}

func ctnetlink(typ netlink.HeaderType, flags netlink.HeaderFlags) ([]netlink.Message, error) {
	c, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Execute(netlink.Message{
		Header: netlink.Header{Type: typ, Flags: netlink.Request | flags},
		Data:   nfgenmsg,
	})
}

func (a *agent) opConntrackFlush(context.Context, none) (none, error) {
	if _, err := ctnetlink(ctDelete, netlink.Acknowledge); err != nil {
		return none{}, fmt.Errorf("empty the connection tracking table: %w", err)
	}
	return none{}, nil
}

func (a *agent) opConntrack(context.Context, none) ([]connection, error) {
	msgs, err := ctnetlink(ctGet, netlink.Dump)
	if err != nil {
		return nil, fmt.Errorf("read the connection tracking table: %w", err)
	}
	list := make([]connection, 0, len(msgs))
	for _, m := range msgs {
		c, err := parseConnection(m.Data)
		if err != nil {
			return nil, fmt.Errorf("read the connection tracking table: %w", err)
		}
		list = append(list, c)
	}
	return list, nil
}

func parseConnection(b []byte) (connection, error) {
	if len(b) < len(nfgenmsg) {
		return connection{}, fmt.Errorf("message of %d octets", len(b))
	}
	d, err := decoder(b[len(nfgenmsg):])
	if err != nil {
		return connection{}, err
	}
	var c connection
	for d.Next() {
		switch d.Type() {
		case ctaTupleOrig:
			d.Nested(c.Orig.parse)
		case ctaTupleReply:
			d.Nested(c.Reply.parse)
		case ctaStatus:
			c.Replied = d.Uint32()&ipsSeenReply != 0
		}
	}
	return c, d.Err()
}

// decoder reads attributes in network byte order, as nfnetlink sends them.
func decoder(b []byte) (*netlink.AttributeDecoder, error) {
	d, err := netlink.NewAttributeDecoder(b)
	if err == nil {
		d.ByteOrder = binary.BigEndian
	}
	return d, err
}

func (t *tuple) parse(d *netlink.AttributeDecoder) error {
	var src, dst netip.Addr
	var sport, dport uint16
	for d.Next() {
		switch d.Type() {
		case ctaTupleIP:
			d.Nested(func(d *netlink.AttributeDecoder) error {
				for d.Next() {
					switch d.Type() {
					case ctaIPv4Src, ctaIPv6Src:
						src, _ = netip.AddrFromSlice(d.Bytes())
					case ctaIPv4Dst, ctaIPv6Dst:
						dst, _ = netip.AddrFromSlice(d.Bytes())
					}
				}
				return nil
			})
		case ctaTupleProto:
			d.Nested(func(d *netlink.AttributeDecoder) error {
				for d.Next() {
					switch d.Type() {
					case ctaProtoNum:
						t.Proto = d.Uint8()
					case ctaProtoSrcPort, ctaProtoICMPID, ctaProtoICMPv6ID:
						sport = d.Uint16()
					case ctaProtoDstPort:
						dport = d.Uint16()
					}
				}
				return nil
			})
		}
	}
	t.Src, t.Dst = netip.AddrPortFrom(src, sport), netip.AddrPortFrom(dst, dport)
	return nil
}

var protocolNames = map[uint8]string{
	unix.IPPROTO_TCP: "tcp", unix.IPPROTO_UDP: "udp", unix.IPPROTO_ICMP: "icmp", unix.IPPROTO_ICMPV6: "icmpv6",
}

// mappings returns the connections whose source was translated, sorted.
func mappings(list []connection) []Mapping {
	nat := []Mapping{}
	for _, c := range list {
		name, ok := protocolNames[c.Orig.Proto]
		if !ok {
			continue
		}
		// A reply goes to the translated source. In an echo reply's tuple the
		// identifier stands where a source port would.
		outside := c.Reply.Dst
		if c.Orig.Proto == unix.IPPROTO_ICMP || c.Orig.Proto == unix.IPPROTO_ICMPV6 {
			outside = netip.AddrPortFrom(outside.Addr(), c.Reply.Src.Port())
		}
		if outside == c.Orig.Src {
			continue
		}
		nat = append(nat, Mapping{
			Protocol: name, Inside: c.Orig.Src.String(), Outside: outside.String(), Remote: c.Orig.Dst.String(), Replied: c.Replied,
		})
	}
	slices.SortFunc(nat, func(a, b Mapping) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Inside, b.Inside), cmp.Compare(a.Remote, b.Remote))
	})
	return nat
}
