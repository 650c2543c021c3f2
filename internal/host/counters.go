package host

// Names of counters that more than one system has (RFC 4293, ipSystemStats; RFC
// 2863, ifTable), as Linux spells them.
const (
	forwarded4 = "Ip.ForwDatagrams"
	forwarded6 = "Ip6OutForwDatagrams"
)

// refusing count what the machine threw away instead of passing it on. What a
// firewall drops is in none of them.
var refusing = []string{
	"Ip.InAddrErrors", "Ip.InDiscards", "Ip.OutDiscards", "Ip.OutNoRoutes", "IpExt.InNoRoutes", "TcpExt.IPReversePathFilter",
	"Ip6InAddrErrors", "Ip6InDiscards", "Ip6OutDiscards", "Ip6InNoRoutes", "Ip6OutNoRoutes",
}

// CountersNow reads the counters of the machine that the program runs on once
// more, those of the adapters of s among them; empty where there are none.
// It takes milliseconds, and no privileges.
func (s *Snapshot) CountersNow() map[string]uint64 {
	now := &Snapshot{OS: s.OS, Adapters: s.Adapters}
	readCounters(now)
	return now.Counters
}

// Forwarded returns how many packets the machine passed on between the two
// readings of its counters, of both families and both directions, whoever sent
// them; ok is false if that is not known. Linux counts a packet before or after its
// firewall, by its version (net/ipv4/ip_forward.c).
func (s *Snapshot) Forwarded() (n uint64, ok bool) {
	n, ok = s.Grew(forwarded4)
	if _, six := s.Counter(forwarded6); ok && six {
		var n6 uint64
		n6, ok = s.Grew(forwarded6)
		n += n6
	}
	return n, ok
}

// Refused is Forwarded for packets that the machine counted as thrown away.
func (s *Snapshot) Refused() (n uint64, ok bool) {
	for _, name := range refusing {
		if grew, known := s.Grew(name); known {
			n, ok = n+grew, true
		}
	}
	return n, ok
}

// keepaliveMean is the mean length in octets below which a WireGuard adapter has
// received next to nothing but messages of WireGuard's own. It counts keepalives of
// 32 octets and handshakes of 148 as packets (drivers/net/wireguard/receive.c,
// update_rx_stats), and answers each handshake: with as many as four keepalives to
// one answer the mean is 61 at most. A SYN is 96 there.
const keepaliveMean = 64

// Received returns how many packets an adapter took from its network between the
// two readings; for a tunnel those that came out of it. ok is false if that is not
// known. What can all be WireGuard's own counts as 0.
func (s *Snapshot) Received(adapter string) (n uint64, ok bool) {
	n, ok = s.Grew("dev." + adapter + ".rx_packets")
	if a := s.Adapter(adapter); ok && n > 0 && a != nil && a.Kind == KindWireGuard {
		octets, known := s.Grew("dev." + adapter + ".rx_bytes")
		if !known {
			return 0, false
		}
		if octets < n*keepaliveMean {
			n = 0
		}
	}
	return n, ok
}

// Sent returns how many packets an adapter was given to send, WireGuard's own
// included.
func (s *Snapshot) Sent(adapter string) (n uint64, ok bool) {
	return s.Grew("dev." + adapter + ".tx_packets")
}
