package lab

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
)

// Plan is everything that the seed decided. It holds no private key.
type Plan struct {
	Seed      int64    `json:"seed"`
	Tunnel    string   `json:"tunnel"`               // the server's tunnel adapter
	WAN       string   `json:"wan"`                  // the server's WAN adapter
	HostWAN   string   `json:"host_wan,omitempty"`   // the WAN adapter of the host around the server's container; "" without one
	Inside    Uplink   `json:"inside,omitzero"`      // the container's own connection to that host
	Port      uint16   `json:"port"`                 // WireGuard's UDP port on the server
	ServerKey string   `json:"server_key"`           // the server's public key, base64
	Server    Uplink   `json:"server"`               // the server's WAN
	Site      Uplink   `json:"site"`                 // the site's link to the router
	SecondWAN string   `json:"second_wan,omitempty"` // the server's other WAN adapter; "" without one
	Second    Uplink   `json:"second,omitzero"`      // and its connection
	Clients   []Client `json:"clients"`

	Web4  []netip.Addr `json:"web4"` // addresses that answer on TCP 80, 443 and 5223, UDP 7 and echo requests
	Web6  []netip.Addr `json:"web6"`
	DNS   netip.Addr   `json:"dns"` // the resolver that the phones use
	Names []string     `json:"names"`
}

// Uplink is a node's connection to the router.
type Uplink struct {
	Addr4    netip.Prefix `json:"addr4"` // the node's own address and its network
	Gateway4 netip.Addr   `json:"gateway4"`
	Addr6    netip.Prefix `json:"addr6,omitzero"` // invalid where the link has no IPv6
	Gateway6 netip.Addr   `json:"gateway6,omitzero"`
}

// Client is one phone.
type Client struct {
	Outer     Uplink       `json:"outer"`      // its connection to the internet
	Net4      netip.Prefix `json:"net4"`       // its tunnel subnet
	Net6      netip.Prefix `json:"net6"`       //
	Inner4    netip.Addr   `json:"inner4"`     // its address in the tunnel
	Inner6    netip.Addr   `json:"inner6"`     // invalid without IPv6
	Server4   netip.Addr   `json:"server4"`    // the server's address in that subnet
	Server6   netip.Addr   `json:"server6"`    //
	PublicKey string       `json:"public_key"` // base64
}

// wellKnownDNS are resolvers whose addresses people know; inside the lab the
// site answers for them.
var wellKnownDNS = []string{"1.1.1.1", "8.8.8.8", "9.9.9.9", "149.112.112.112", "208.67.222.222"}

// hostingOctets start networks that hold web servers on the real internet, so
// that the lab's targets are not all from documentation ranges, which a tool
// may treat as special.
var hostingOctets = []byte{13, 23, 34, 45, 52, 63, 77, 81, 93, 104, 130, 142, 151, 185, 199}

var (
	nameHeads = []string{"www", "api", "cdn", "img", "mail", "news", "static", "play"}
	nameZones = []string{"example.com", "example.net", "example.org"}
	secondWAN = "wlp2s0" // none of wanNames
	wanNames  = []string{"eth0", "ens3", "enp1s0", "ens18", "eno1", "venet0"}
)

// newPlan draws a plan. Networks on the router's side are from the
// documentation ranges (RFC 5737, RFC 3849), disjoint by construction.
func newPlan(seed int64, cfg Config) Plan {
	r := rand.New(rand.NewPCG(uint64(seed), 0x6c6162))
	p := Plan{Seed: seed, WAN: pick(r, wanNames)}
	if p.Port = 51820; r.IntN(3) > 0 {
		p.Port = uint16(1024 + r.IntN(60000))
	}

	p.Server = drawUplink(r, [3]byte{203, 0, 113}, 0x5e)
	p.Site = drawUplink(r, [3]byte{192, 0, 2}, 0x517e)
	clients := 1
	if cfg.SecondClient {
		clients = 2
	}
	third := r.IntN(100)
	for i := range clients {
		p.Clients = append(p.Clients, drawClient(r, i, third, cfg))
	}

	for len(p.Web4) < 2 {
		p.Web4 = appendNew(p.Web4, netip.AddrFrom4([4]byte{192, 0, 2, byte(128 + r.IntN(120))}))
	}
	for len(p.Web4) < 5 {
		a := netip.AddrFrom4([4]byte{pick(r, hostingOctets), byte(r.IntN(256)), byte(r.IntN(256)), byte(1 + r.IntN(254))})
		p.Web4 = appendNew(p.Web4, a)
	}
	if !cfg.NoIPv6 {
		p.Web6 = append(p.Web6, drawAddr6(r, 0x2001_0db8_0000_0000|uint64(r.IntN(1<<16))<<16))
		p.Web6 = append(p.Web6, drawAddr6(r, 0x2a00_1450_4000_0000|uint64(r.IntN(1<<16))))
	}
	p.DNS = netip.MustParseAddr(pick(r, wellKnownDNS))
	for _, i := range r.Perm(len(nameHeads))[:4] {
		p.Names = append(p.Names, nameHeads[i]+"."+pick(r, nameZones))
	}
	if cfg.SecondUplink {
		p.SecondWAN = secondWAN
		p.Second = drawUplink(r, [3]byte{203, 0, 113}, 0x5f)
		p.Second.Addr4 = netip.PrefixFrom(shift4(p.Second.Addr4.Addr(), 128), 28) // beyond the first one's
		p.Second.Gateway4 = shift4(p.Second.Gateway4, 128)
	}
	return p
}

// drawUplink draws a /28 in a documentation network, and a /64 that tag makes
// distinct from the others.
func drawUplink(r *rand.Rand, net [3]byte, tag uint16) Uplink {
	base := byte(16 * r.IntN(7))
	host := 2 + byte(r.IntN(12))
	net6 := uint64(0x2001_0db8_0000_0000) | 1<<31 | uint64(tag)
	return Uplink{
		Addr4:    netip.PrefixFrom(netip.AddrFrom4([4]byte{net[0], net[1], net[2], base + host}), 28),
		Gateway4: netip.AddrFrom4([4]byte{net[0], net[1], net[2], base + 1}),
		Addr6:    netip.PrefixFrom(addr6(net6, 0x10+uint64(r.IntN(1<<16))), 64),
		Gateway6: addr6(net6, 1),
	}
}

// drawClient draws the phone's own uplink and its tunnel subnet; third keeps
// the subnets of two clients apart, whichever private range each of them is in.
func drawClient(r *rand.Rand, i, third int, cfg Config) Client {
	up := drawUplink(r, [3]byte{198, 51, 100}, 0)
	up.Addr6, up.Gateway6 = netip.Prefix{}, netip.Addr{}
	// Two phones in one /24 must not share a /28.
	up.Addr4 = netip.PrefixFrom(shift4(up.Addr4.Addr(), 128*i), 28)
	up.Gateway4 = shift4(up.Gateway4, 128*i)

	n := byte(third + 100*i)
	var net [4]byte
	switch r.IntN(3) {
	case 0:
		net = [4]byte{10, byte(r.IntN(256)), n, 0}
	case 1:
		net = [4]byte{172, byte(16 + r.IntN(16)), n, 0}
	case 2:
		net = [4]byte{192, 168, n, 0}
	}
	c := Client{Outer: up}
	c.Net4 = netip.PrefixFrom(netip.AddrFrom4(net), 24)
	c.Server4 = shift4(c.Net4.Addr(), 1)
	c.Inner4 = shift4(c.Net4.Addr(), 2+r.IntN(250))
	if !cfg.NoIPv6 {
		// A unique local prefix: fd00::/8 and 40 random bits (RFC 4193 section 3.2).
		net6 := uint64(0xfd)<<56 | r.Uint64()&(1<<40-1)<<16 | uint64(n)
		c.Net6 = netip.PrefixFrom(addr6(net6, 0), 64)
		c.Server6 = addr6(net6, 1)
		c.Inner6 = addr6(net6, 2+uint64(r.IntN(1<<16)))
	}
	return c
}

func pick[T any](r *rand.Rand, s []T) T { return s[r.IntN(len(s))] }

func appendNew(s []netip.Addr, a netip.Addr) []netip.Addr {
	for _, b := range s {
		if a == b {
			return s
		}
	}
	return append(s, a)
}

func shift4(a netip.Addr, n int) netip.Addr {
	b := a.As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+uint32(n))
	return netip.AddrFrom4(b)
}

func addr6(hi, lo uint64) netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return netip.AddrFrom16(b)
}

func drawAddr6(r *rand.Rand, hi uint64) netip.Addr { return addr6(hi, 1+uint64(r.IntN(1<<30))) }

// Endpoint returns the server's WireGuard endpoint as the phones know it.
func (p Plan) Endpoint() netip.AddrPort {
	return netip.AddrPortFrom(p.Server.Addr4.Addr(), p.Port)
}

// String names the seed and what matters of the plan in one line.
func (p Plan) String() string {
	s := fmt.Sprintf("lab seed %d: tunnel %s, wan %s %s, port %d", p.Seed, p.Tunnel, p.WAN, p.Server.Addr4.Addr(), p.Port)
	for i, c := range p.Clients {
		s += fmt.Sprintf(", phone %d %s", i, c.Inner4)
	}
	return s
}
