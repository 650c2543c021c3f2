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
	var b strings.Builder
	line := func(key string, value any) { fmt.Fprintf(&b, "%s = %v\n", key, value) }
	c := l.plan.Clients[client]
	b.WriteString("[Interface]\n")
	line("PrivateKey", l.keys.clients[client])
	for _, h := range c.hosts() {
		line("Address", h)
	}
	dns := l.now.DNS[client]
	if !dns.IsValid() {
		dns = l.plan.DNS
	}
	line("DNS", dns)
	if client == First {
		line("MTU", cmp.Or(l.now.TunnelMTU, mtuLaptop))
	}
	p := l.now.PhonePeers[client]
	b.WriteString("\n[Peer]\n")
	line("PublicKey", p.Key)
	if p.PSK != (wgtypes.Key{}) {
		line("PresharedKey", p.PSK)
	}
	line("Endpoint", p.Endpoint)
	for _, a := range p.AllowedIPs {
		line("AllowedIPs", a)
	}
	return b.String()
}
