package lab

import (
	"cmp"
	"fmt"
	"strings"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// Profile returns a phone's configuration as its owner would have it in a file
// (wg-quick(8)), private key and all: the keys of a lab are drawn from its seed
// and protect nothing.
func (l *Lab) Profile(client int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var p profile
	p.section("Interface")
	p.line("PrivateKey", l.keys.clients[client])
	for _, h := range l.plan.Clients[client].hosts() {
		p.line("Address", h)
	}
	dns := l.now.DNS[client]
	if !dns.IsValid() {
		dns = l.plan.DNS
	}
	p.line("DNS", dns)
	if client == First {
		p.line("MTU", cmp.Or(l.now.TunnelMTU, mtuLaptop))
	}
	p.peer(l.now.PhonePeers[client])
	return p.String()
}

// ServerProfile returns the server's configuration in the same way, as the fault
// in force has it.
func (l *Lab) ServerProfile() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var p profile
	p.section("Interface")
	p.line("PrivateKey", l.keys.server)
	p.line("ListenPort", l.now.ListenPort)
	for _, peer := range l.now.ServerPeers {
		p.peer(peer)
	}
	return p.String()
}

// profile is a configuration file in the making.
type profile struct{ strings.Builder }

func (p *profile) section(name string)        { fmt.Fprintf(p, "[%s]\n", name) }
func (p *profile) line(key string, value any) { fmt.Fprintf(p, "%s = %v\n", key, value) }

func (p *profile) peer(s peerState) {
	p.section("Peer")
	p.line("PublicKey", s.Key)
	if s.PSK != (wgtypes.Key{}) {
		p.line("PresharedKey", s.PSK)
	}
	if s.Endpoint.IsValid() {
		p.line("Endpoint", s.Endpoint)
	}
	for _, a := range s.AllowedIPs {
		p.line("AllowedIPs", a)
	}
}
