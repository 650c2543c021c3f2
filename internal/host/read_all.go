package host

import (
	"context"
	"net/netip"
	"slices"
	"strings"
)

// Client is one whose way through the machine is to be asked for.
type Client struct {
	Addr   netip.Addr
	Tunnel string // the adapter that its packets come in by
}

// maxClients bounds the clients that are asked about: two questions each.
const maxClients = 64

// ReadAll is Read with Settings. The ways of the clients named are asked for,
// and those of the peers whose AllowedIPs are single addresses. Whatever cannot
// be read is listed in Unread and is no error. It takes well under a second on
// Linux, up to half a minute where PowerShell is slow, less if ctx ends.
func ReadAll(ctx context.Context, clients ...Client) (*Snapshot, error) {
	s, err := Read(ctx)
	if err != nil {
		return nil, err
	}
	readSettings(ctx, s, clients)
	s.normalise()
	return s, nil
}

// Clients returns addresses that clients of a tunnel have: those of its peers, or
// where no peer has an address of its own, one of each subnet of the adapter to
// stand for the others. At most 64.
func (s *Snapshot) Clients(tunnel string) []netip.Addr {
	var list []netip.Addr
	add := func(a netip.Addr) {
		if len(list) < maxClients && !slices.Contains(list, a) && s.IsOwn(a) == FactNo {
			list = append(list, a)
		}
	}
	if d := s.Device(tunnel); d != nil {
		for i := range d.Peers {
			for _, p := range d.Peers[i].AllowedIPs {
				if p.IsSingleIP() {
					add(p.Addr())
				}
			}
		}
	}
	if a := s.Adapter(tunnel); a != nil && len(list) == 0 {
		for _, p := range a.Addrs {
			next := p.Masked().Addr().Next()
			if next == p.Addr() {
				next = next.Next()
			}
			if p.Contains(next) && !p.Addr().IsLinkLocalUnicast() {
				add(next)
			}
		}
	}
	return list
}

// kept are the counters that speak of packets which a router throws away. The
// kernel has hundreds more.
var kept = map[string]bool{
	"Ip.InAddrErrors": true, "Ip.ForwDatagrams": true, "Ip.InDiscards": true, "Ip.OutDiscards": true, "Ip.OutNoRoutes": true,
	"Ip.InHdrErrors": true, "Ip.FragFails": true,
	"Icmp.OutDestUnreachs": true, "Icmp.OutRedirects": true, "Icmp.OutTimeExcds": true, "Icmp.InDestUnreachs": true,
	"Udp.NoPorts": true, "Udp.InErrors": true, "Udp.RcvbufErrors": true, "Udp.SndbufErrors": true, "Tcp.OutRsts": true,
	"TcpExt.IPReversePathFilter": true, "IpExt.InNoRoutes": true,
	"Ip6InAddrErrors": true, "Ip6InNoRoutes": true, "Ip6OutNoRoutes": true, "Ip6OutForwDatagrams": true, "Ip6InTooBigErrors": true,
	"Ip6InDiscards": true, "Ip6OutDiscards": true, "Udp6NoPorts": true, "Icmp6OutDestUnreachs": true, "Icmp6OutPktTooBigs": true,
}

func keepCounters(all map[string]uint64) {
	for name := range all {
		if !kept[name] && !strings.HasPrefix(name, "dev.") && !strings.HasPrefix(name, "conntrack.") {
			delete(all, name)
		}
	}
}
