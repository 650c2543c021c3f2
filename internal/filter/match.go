package filter

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// protocols are the numbers of those that have a name in an expression (IANA,
// Assigned Internet Protocol Numbers).
var protocols = map[string]uint8{"icmp": 1, "tcp": 6, "udp": 17, "icmp6": 58, "sctp": 132}

// protocol tests the protocol that q names.
func (q qualifiers) protocol() (predicate, error) {
	switch q.proto {
	case "ip":
		return func(c *Conversation) bool { return c.Remote.Addr().Is4() }, nil
	case "ip6":
		return func(c *Conversation) bool { return c.Remote.Addr().Is6() }, nil
	}
	n := protocols[q.proto]
	return func(c *Conversation) bool { return c.Protocol == n }, nil
}

// match tests the value of a primitive.
func (q qualifiers) match(id string) (predicate, error) {
	switch q.kind {
	case "net", "host":
		return q.address(id)
	case "port", "portrange":
		return q.port(id)
	}
	n, named := protocols[strings.TrimPrefix(id, `\`)]
	if !named {
		v, err := strconv.ParseUint(id, 10, 8)
		if err != nil {
			return nil, fmt.Errorf("%q is no protocol: a name such as tcp, or a number up to 255", id)
		}
		n = uint8(v)
	}
	return func(c *Conversation) bool { return c.Protocol == n }, nil
}

// parseNet reads an address or a prefix.
func parseNet(id string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(id); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(id)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is no address", id)
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func (q qualifiers) address(id string) (predicate, error) {
	net, err := parseNet(id)
	if err != nil {
		return nil, fmt.Errorf("%w; names are not looked up", err)
	}
	if q.kind == "host" && !net.IsSingleIP() {
		return nil, fmt.Errorf("%q is a network: net %s", id, id)
	}
	return q.sides(func(e netip.AddrPort) bool { return net.Contains(e.Addr()) }), nil
}

func (q qualifiers) port(id string) (predicate, error) {
	from, to := id, id
	if q.kind == "portrange" {
		var ok bool
		if from, to, ok = strings.Cut(id, "-"); !ok {
			return nil, fmt.Errorf("%q is no range of ports, such as 8000-8080", id)
		}
	}
	low, err := strconv.ParseUint(from, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%q is no port number", from)
	}
	high, err := strconv.ParseUint(to, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%q is no port number", to)
	}
	in := q.sides(func(e netip.AddrPort) bool { return uint64(e.Port()) >= low && uint64(e.Port()) <= high })
	return func(c *Conversation) bool {
		// Where echo requests are listed, their identifier stands in the port.
		hasPorts := c.Protocol == protocols["tcp"] || c.Protocol == protocols["udp"] || c.Protocol == protocols["sctp"]
		return hasPorts && in(c)
	}, nil
}

// sides asks test of the ends that q speaks of.
func (q qualifiers) sides(test func(netip.AddrPort) bool) predicate {
	switch q.side {
	case "src":
		return func(c *Conversation) bool { return test(c.Client) }
	case "dst":
		return func(c *Conversation) bool { return test(c.Remote) }
	}
	return func(c *Conversation) bool { return test(c.Client) || test(c.Remote) }
}
