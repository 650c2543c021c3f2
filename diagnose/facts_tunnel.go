package diagnose

import (
	"net/netip"

	"github.com/wgtrace/wgtrace/internal/host"
)

// device returns the WireGuard device of the tunnel, nil if its settings could
// not be read.
func (v *view) device() *host.Device {
	if v.facts == nil {
		return nil
	}
	if d := v.facts.Device(v.path.Tunnel); d != nil {
		return d
	}
	// The device is the one that uses the port, whatever was captured.
	for i := range v.facts.WireGuard {
		if d := &v.facts.WireGuard[i]; v.port != 0 && d.ListenPort == v.port {
			return d
		}
	}
	return nil
}

// serverEnd says on which port the device listens, 0 if that is not known, and
// whether it has a preshared key for the peer in hand.
func (v *view) serverEnd() (port uint16, psk host.Fact) {
	d := v.device()
	if d == nil {
		return 0, host.FactUnknown
	}
	for i := range d.Peers {
		if d.Peers[i].PublicKey.String() == v.key {
			psk = host.FactOf(d.Peers[i].HasPreshared)
		}
	}
	return d.ListenPort, psk
}

// presharedKeys says of both ends of the session in hand whether they have one.
func (v *view) presharedKeys() (phone, server host.Fact) {
	_, server = v.serverEnd()
	if c := v.serverConfig; c != nil && server == host.FactUnknown {
		for _, p := range c.Peers {
			if p.PublicKey.String() == v.key {
				server = host.FactOf(p.HasPreshared)
			}
		}
	}
	if c := v.phoneConfig; c != nil && c.PublicKey.String() == v.key && len(c.Peers) == 1 {
		phone = host.FactOf(c.Peers[0].HasPreshared)
	}
	return phone, server
}

// presharedKeyDiffers: where both ends have one, whether it is the same is not
// compared.
func presharedKeyDiffers(v *view) answer {
	phone, server := v.presharedKeys()
	switch {
	case phone == host.FactUnknown || server == host.FactUnknown:
		return silent
	case phone != server:
		return settings(host.FactYes)
	case phone == host.FactNo:
		return settings(host.FactNo)
	}
	return silent
}

func wgNotListening(v *view) answer {
	if v.facts == nil || v.port == 0 {
		return silent
	}
	for i := range v.facts.WireGuard {
		if v.facts.WireGuard[i].ListenPort == v.port {
			return settings(host.FactNo)
		}
	}
	for _, own := range v.ownAddrs() {
		if f := v.facts.Listens("udp", own, v.port); f != host.FactNo {
			return settings(not(f))
		}
	}
	if v.facts.WireGuardRead == host.FactYes && v.facts.Listeners.Read == host.FactYes {
		return settings(host.FactYes)
	}
	return silent
}

// ownAddrs are the addresses of the adapter that phones call.
func (v *view) ownAddrs() []netip.Addr {
	var list []netip.Addr
	if a := v.adapter(v.path.WAN); a != nil {
		for _, p := range a.Addrs {
			list = append(list, p.Addr())
		}
	}
	return list
}

func firewallBlocksPort(v *view) answer {
	f, _ := v.portFiltered()
	return settings(f)
}

// portFiltered says whether the firewall keeps the device in hand from WireGuard's
// port, and where.
func (v *view) portFiltered() (host.Fact, host.Place) {
	if v.facts == nil || v.port == 0 {
		return host.FactUnknown, host.Place{}
	}
	return v.facts.InputFiltered(v.path.WAN, v.peer.Addr(), versionOf(v.peer.Addr()), "udp", v.port)
}

// clientKeyUnknown: a device without peers knows nobody. With peers the settings
// alone cannot tell whose greeting it was, unless the device holds a session with
// that very endpoint.
func clientKeyUnknown(v *view) answer {
	d := v.device()
	switch {
	case d == nil:
		return silent
	case len(d.Peers) == 0:
		return settings(host.FactYes)
	case d.PeerAt(v.peer) != nil:
		return settings(host.FactNo)
	}
	return silent
}

// allowedIPsTaken: the peer has a session and no address left, which is how an
// address that was given to another peer looks from the side that lost it.
func allowedIPsTaken(v *view) answer {
	p := v.device().PeerAt(v.peer)
	if p == nil {
		return silent
	}
	return settings(host.FactOf(len(p.AllowedIPs) == 0))
}

// allowedIPsLackClient: what a known peer sent was decrypted here and did not
// come out, and the check of its sender is all that stands in between.
func allowedIPsLackClient(v *view) answer {
	p := v.device().PeerAt(v.peer)
	if p == nil {
		return silent
	}
	return settings(host.FactOf(len(p.AllowedIPs) > 0))
}

// wrongTunnelAdapter: the session belongs to the device of the tunnel, or to
// another one of this host. A sender that its peer is not allowed counts as an
// error of framing of the device (Linux drivers/net/wireguard/receive.c,
// dishonest_packet_peer), so that such errors show what became of the packets.
func wrongTunnelAdapter(v *view) answer {
	if v.facts == nil || !v.peer.IsValid() {
		return silent
	}
	if n, ok := v.facts.Grew("dev." + v.path.Tunnel + ".rx_frame_errors"); ok && n >= minGrowth {
		return counters(host.FactNo)
	}
	for i := range v.facts.WireGuard {
		d := &v.facts.WireGuard[i]
		if d.PeerAt(v.peer) != nil {
			return settings(host.FactOf(d.Name != v.path.Tunnel))
		}
	}
	return silent
}

func dnsNoListener(v *view) answer {
	if !v.server.IsValid() {
		return silent
	}
	return settings(not(v.facts.Listens("udp", v.server, 53)))
}

func dnsFirewall(v *view) answer {
	f, _ := v.dnsFiltered()
	return settings(f)
}

// dnsFiltered says whether the host's firewall drops the client's questions for
// names, and where.
func (v *view) dnsFiltered() (host.Fact, host.Place) {
	if v.facts == nil || !v.path.Client.IsValid() {
		return host.FactUnknown, host.Place{}
	}
	return v.facts.InputFiltered(v.path.Tunnel, v.path.Client, versionOf(v.path.Client), "udp", portDNS)
}
