package host

import (
	"net/netip"
)

// Questions to a snapshot. All of them may be asked of a nil snapshot, which
// knows nothing. Yes and no are certain as far as the settings go; whatever a
// setting could not be read for, or was not understood in, is not known.

// Path is the way of one client through a machine.
type Path struct {
	Client      netip.Addr // its inner address
	Tunnel, WAN string     // adapters
}

func (p Path) family() int {
	if p.Client.Is4() {
		return 4
	}
	return 6
}

// somewhere are destinations on the internet, of each family.
var somewhere = map[int]netip.Addr{4: netip.MustParseAddr("1.1.1.1"), 6: netip.MustParseAddr("2606:4700::1")}

// out are the packets by which a person notices that something is wrong: a page
// and a name lookup.
func (p Path) out() []Packet {
	one := Packet{Family: p.family(), In: p.Tunnel, Out: p.WAN, Src: p.Client, Dst: somewhere[p.family()], State: "new"}
	tcp, udp := one, one
	tcp.Protocol, tcp.Dport = "tcp", 443
	udp.Protocol, udp.Dport = "udp", 443
	return []Packet{tcp, udp}
}

// back are the answers to them.
func (p Path) back() []Packet {
	list := p.out()
	for i := range list {
		b := &list[i]
		b.In, b.Out, b.Src, b.Dst, b.State = p.WAN, p.Tunnel, b.Dst, b.Src, "established"
		b.Dport = 50000 // of the client: any
	}
	return list
}

// Forwards says whether the machine passes on what a client sends through it, or
// with back the answers to it, firewall and routes aside.
func (s *Snapshot) Forwards(p Path, back bool) Fact {
	if s == nil {
		return FactUnknown
	}
	in := p.Tunnel
	if back {
		in = p.WAN
	}
	switch {
	case s.OS == "windows":
		// IPEnableRouter counts from the next start on; what the adapters say is
		// what is in force, and both must be on.
		return both(s.adapterForwards(p.Tunnel, p.family()), s.adapterForwards(p.WAN, p.family()))
	case p.family() == 6:
		return s.Settings.Forwarding6 // ip6_output.c, ip6_forward: the switch of all adapters
	case s.OS == "linux":
		// The machine's switch only sets those of the adapters; the one of the
		// adapter that a packet comes in by decides (route.c, IN_DEV_FORWARD).
		return s.adapterForwards(in, 4).or(s.Settings.Forwarding4)
	}
	return s.Settings.Forwarding4
}

// or replaces "not known" by another answer.
func (f Fact) or(other Fact) Fact {
	if f == FactUnknown {
		return other
	}
	return f
}

// both is yes if all are, and no if one is no.
func both(facts ...Fact) Fact {
	all := FactYes
	for _, f := range facts {
		switch f {
		case FactNo:
			return FactNo
		case FactUnknown:
			all = FactUnknown
		}
	}
	return all
}

func (s *Snapshot) adapterForwards(name string, family int) Fact {
	a := s.Adapter(name)
	switch {
	case a == nil:
		return FactUnknown
	case family == 4:
		return a.Forwarding4
	}
	return a.Forwarding6
}

// probe returns the kernel's answer about a client, or nil.
func (s *Snapshot) probe(p Path) *Probe {
	if s == nil {
		return nil
	}
	for i := range s.Probes {
		if s.Probes[i].Client == p.Client && (p.Tunnel == "" || s.Probes[i].Tunnel == p.Tunnel) {
			return &s.Probes[i]
		}
	}
	return nil
}

// RouteOut returns where the kernel sends the client's packets to the internet;
// ok is false if it was not asked.
func (s *Snapshot) RouteOut(p Path) (hop Hop, ok bool) {
	if probe := s.probe(p); probe != nil && (probe.Out.Adapter != "" || probe.Out.Problem != "") {
		return probe.Out, true
	}
	return Hop{}, false
}

// RouteBack returns where the kernel sends packets to the client.
func (s *Snapshot) RouteBack(p Path) (hop Hop, ok bool) {
	if probe := s.probe(p); probe != nil && (probe.Back.Adapter != "" || probe.Back.Problem != "") {
		return probe.Back, true
	}
	return Hop{}, false
}

// ReversePathDrops says whether the kernel's check of senders throws the
// client's packets away as they come in by the tunnel.
func (s *Snapshot) ReversePathDrops(p Path) Fact {
	if s == nil {
		return FactUnknown
	}
	a := s.Adapter(p.Tunnel)
	on := FactUnknown
	if a != nil && a.RPFilter != nil && p.family() == 4 {
		on = FactOf(*a.RPFilter != 0)
	}
	if on == FactNo {
		return FactNo
	}
	// The kernel's word on a packet of this very client settles it. A packet
	// that it refuses for another reason came past the check or not to it.
	if hop, ok := s.RouteOut(p); ok {
		switch hop.Problem {
		case ProblemReversePath:
			return FactYes
		case ProblemNone:
			return FactNo
		case ProblemImplausible:
			// Since Linux 6.13 every refusal of a source has this name
			// (route.c, inet_rtm_getroute); with the filter on, what is left
			// is a client that has the machine's own address.
			if on == FactYes && s.IsOwn(p.Client) == FactNo {
				return FactYes
			}
		}
	}
	return FactUnknown
}

// HasDefaultRoute says whether there is a way to the internet at all.
func (s *Snapshot) HasDefaultRoute(family int) Fact {
	if s == nil || s.OS == "" {
		return FactUnknown
	}
	for _, r := range s.DefaultRoutes {
		if r.Family == family {
			return FactYes
		}
	}
	return FactNo
}

// Filtered says whether the firewall drops or rejects everything that a client
// sends through this machine, or, with back, every answer to it; with the place
// that does so, or that might.
func (s *Snapshot) Filtered(p Path, back bool) (Fact, Place) {
	if s == nil {
		return FactUnknown, Place{}
	}
	packets := p.out()
	if back {
		packets = p.back()
	}
	return s.filteredAll(packets, "prerouting", "forward", "postrouting")
}

// InputFiltered says whether the firewall keeps packets of a protocol from a
// port of this machine, when they come in by an adapter from an address (invalid:
// any).
func (s *Snapshot) InputFiltered(in string, from netip.Addr, family int, protocol string, port uint16) (Fact, Place) {
	if s == nil {
		return FactUnknown, Place{}
	}
	return s.filteredAll([]Packet{{Family: family, In: in, Src: from, Protocol: protocol, Dport: port, State: "new", Local: true}}, "prerouting", "input")
}

// filteredAll is yes if every packet is dropped, no if none can be.
func (s *Snapshot) filteredAll(packets []Packet, hooks ...string) (Fact, Place) {
	var dropped, passed int
	var place Place
	for i := range packets {
		fact, at := s.filtered(&packets[i], hooks)
		if place.Chain == nil {
			place = at
		}
		switch fact {
		case FactYes:
			dropped++
		case FactNo:
			passed++
		}
	}
	switch {
	case dropped == len(packets):
		return FactYes, place
	case passed > 0:
		return FactNo, place
	}
	return FactUnknown, place
}

func (s *Snapshot) filtered(p *Packet, hooks []string) (Fact, Place) {
	fact := s.Firewall.Read
	if fact == FactYes {
		fact = FactNo // until a chain may drop it
	} else {
		fact = FactUnknown
	}
	var maybe Place
	for _, hook := range hooks {
		q := *p
		if hook == "prerouting" {
			q.Out = ""
			if q.State == "established" {
				q.Dst = netip.Addr{} // an answer is still addressed to the machine
			}
		}
		w := s.Firewall.walk(&q, nil)
		for _, c := range s.Firewall.hook(hook, "filter", p.Family) {
			got := w.base(c)
			switch {
			case got == mayDrop:
				return FactYes, w.drop[c]
			case got&mayDrop != 0:
				fact = FactUnknown
				if maybe.Chain == nil {
					maybe = w.drop[c]
				}
			}
		}
	}
	return fact, maybe
}

// DroppedBoth says whether both back ends of iptables drop the client's packets, so
// that a rule in one of them helps nothing.
func (s *Snapshot) DroppedBoth(p Path) Fact {
	if s == nil {
		return FactUnknown
	}
	packet := p.out()[0]
	w := s.Firewall.walk(&packet, nil)
	drops := map[string]bool{}
	for _, c := range s.Firewall.hook("forward", "filter", packet.Family) {
		drops[c.Source] = drops[c.Source] || w.base(c) == mayDrop
	}
	if drops[SourceIptablesNft] && drops[SourceIptablesLegacy] {
		return FactYes
	}
	return s.Firewall.Read.no()
}

// AcceptedElsewhere says whether another chain than that of place accepts the
// client's packets by a rule of its own: somebody let the tunnel through, in a
// firewall that is not the only one. Against a drop in the old tables of iptables
// a policy of the new ones is enough, for those are what people look at.
func (s *Snapshot) AcceptedElsewhere(p Path, place Place) Fact {
	if s == nil || place.Chain == nil {
		return FactUnknown
	}
	packet := p.out()[0]
	w := s.Firewall.walk(&packet, nil)
	for _, c := range s.Firewall.hook("forward", "filter", packet.Family) {
		if c.Source == place.Chain.Source && c.Table == place.Chain.Table && c.Family == place.Chain.Family {
			continue
		}
		hidden := place.Chain.Source == SourceIptablesLegacy && c.Source != SourceIptablesLegacy
		if got := w.base(c); got == mayAccept && (hidden || !w.silent[c]) {
			return FactYes
		}
	}
	return s.Firewall.Read.no()
}

// no is no where yes would have been found, had there been anything to find.
func (f Fact) no() Fact {
	if f == FactYes {
		return FactNo
	}
	return FactUnknown
}

// Translates says whether the packets of a client get another source address as
// they leave by the WAN.
func (s *Snapshot) Translates(p Path) Fact { return s.translates(p, nil) }

// TranslatesTo returns the addresses that rules put on the client's packets where
// they name them: those of every rule that may be the one.
func (s *Snapshot) TranslatesTo(p Path) []netip.Addr {
	if s == nil {
		return nil
	}
	packet := p.out()[0]
	packet.In = ""
	w := s.Firewall.walk(&packet, nil)
	var list []netip.Addr
	for _, c := range s.Firewall.hook("postrouting", "nat", packet.Family) {
		for i := range c.Rules {
			a, _, ok := c.Rules[i].to()
			if ok && w.matches(&c.Rules[i]) != FactNo {
				list = append(list, a)
			}
		}
	}
	return list
}

// TranslatesElsewhere says whether they would if they left by another adapter: a
// rule exists and names the wrong one.
func (s *Snapshot) TranslatesElsewhere(p Path) Fact {
	return s.translates(p, func(m *Match) bool { return m.Field == FieldOut })
}

// TranslatesOthers says whether they would if they came from another subnet, one
// that no adapter of this machine has: the rules of Docker or of a second tunnel
// are made for others, and not wrong.
func (s *Snapshot) TranslatesOthers(p Path) Fact {
	return s.translates(p, func(m *Match) bool {
		return m.Field == FieldSource && !m.Not && !s.hasAdapterIn(m.Values)
	})
}

func (s *Snapshot) hasAdapterIn(values []string) bool {
	for i := range s.Adapters {
		a := &s.Adapters[i]
		for _, own := range a.Addrs {
			for _, v := range values {
				if isAddr(own.Addr(), v) == FactYes {
					return true
				}
			}
		}
	}
	return false
}

func (s *Snapshot) translates(p Path, ignore func(*Match) bool) Fact {
	if s == nil {
		return FactUnknown
	}
	if s.OS == "windows" {
		return s.windowsTranslates(p)
	}
	read := s.Firewall.Read
	if s.OS != "linux" {
		read = s.Firewall.TranslationRead
	}
	packet := p.out()[0]
	packet.In = "" // unknown at this hook in old kernels, and rules that ask for it are rare
	w := s.Firewall.walk(&packet, ignore)
	may := false
	for _, c := range s.Firewall.hook("postrouting", "nat", packet.Family) {
		got := w.base(c)
		if got == mayTranslate {
			return FactYes
		}
		may = may || got&mayTranslate != 0
	}
	if may {
		return FactUnknown
	}
	return read.no()
}

// windowsTranslates goes by NAT objects, sharing and RRAS.
func (s *Snapshot) windowsTranslates(p Path) Fact {
	w := s.Windows
	if w == nil {
		return FactUnknown
	}
	for _, n := range w.NetNat {
		if n.Prefix.Contains(p.Client) && n.Active != FactNo {
			return FactYes
		}
	}
	if w.ICS == FactYes && w.ICSPrivate == p.Tunnel {
		return FactYes
	}
	netNat := FactUnknown
	if w.NetNatAvailable != FactUnknown {
		netNat = FactNo // the class is not there, or the list was read and holds none for the client
	}
	if netNat == FactNo && w.ICS == FactNo && w.RRAS == FactNo {
		return FactNo
	}
	return FactUnknown
}

// Untracked says whether a rule takes packets that come in by an adapter out of
// connection tracking, without which an answer is not recognised.
func (s *Snapshot) Untracked(p Path) Fact {
	if s == nil {
		return FactUnknown
	}
	answer := s.Firewall.Read.no()
	for _, packet := range append(p.out(), p.back()...) {
		packet.Out = ""
		if packet.State == "established" {
			packet.Dst = netip.Addr{} // an answer is still addressed to the machine
		}
		packet.State = ""
		w := s.Firewall.walk(&packet, nil)
		for i := range s.Firewall.Chains {
			c := &s.Firewall.Chains[i]
			if !c.of(packet.Family) {
				continue
			}
			for j := range c.Rules {
				if c.Rules[j].Verdict != VerdictNotrack {
					continue
				}
				switch w.matches(&c.Rules[j]) {
				case FactYes:
					// Only a chain that every packet meets is sure to be met.
					if c.Hook == "prerouting" {
						return FactYes
					}
					answer = FactUnknown
				case FactUnknown:
					answer = FactUnknown
				}
			}
		}
	}
	return answer
}

// Listens says whether a socket waits on a port of an address of this machine.
func (s *Snapshot) Listens(protocol string, addr netip.Addr, port uint16) Fact {
	if s == nil {
		return FactUnknown
	}
	for _, k := range s.Listeners.Sockets {
		if k.Protocol == protocol && k.Port == port && (k.Addr == addr || k.Addr.IsUnspecified() && (k.Addr.Is6() || addr.Is4())) {
			return FactYes
		}
	}
	for _, p := range s.Listeners.Ports {
		if p == port {
			return s.Listeners.Read.no()
		}
	}
	return FactUnknown
}

// TableFull says whether the table of connections is full.
func (s *Snapshot) TableFull() Fact {
	if s == nil || s.Conntrack.Count == nil || s.Conntrack.Max == nil || *s.Conntrack.Max == 0 {
		return FactUnknown
	}
	return FactOf(*s.Conntrack.Count >= *s.Conntrack.Max)
}

// Counter returns a counter of the kernel.
func (s *Snapshot) Counter(name string) (n uint64, ok bool) {
	if s == nil {
		return 0, false
	}
	n, ok = s.Counters[name]
	return n, ok
}

// Grew returns by how much a counter grew while the packets were captured; ok is
// false if that is not known, or the counter was reset in between.
func (s *Snapshot) Grew(name string) (n uint64, ok bool) {
	if s == nil {
		return 0, false
	}
	now, ok1 := s.Counters[name]
	then, ok2 := s.CountersBefore[name]
	if !ok1 || !ok2 || now < then {
		return 0, false
	}
	return now - then, true
}

// IsOwn says whether an address is one of this machine's.
func (s *Snapshot) IsOwn(a netip.Addr) Fact {
	if s == nil || len(s.Adapters) == 0 {
		return FactUnknown
	}
	return FactOf(s.Holder(a) != "")
}

// PeerAt returns the peer of a WireGuard device that last called from an
// endpoint, nil if there is none. The kernel learns the endpoint from the last
// packet that it could authenticate.
func (d *Device) PeerAt(endpoint netip.AddrPort) *Peer {
	if d == nil {
		return nil
	}
	for i := range d.Peers {
		if d.Peers[i].Endpoint == endpoint {
			return &d.Peers[i]
		}
	}
	return nil
}

// Owner returns the peer whose AllowedIPs hold an address most closely, as
// cryptokey routing picks it.
func (d *Device) Owner(a netip.Addr) *Peer {
	if d == nil {
		return nil
	}
	var best *Peer
	bits := -1
	for i := range d.Peers {
		for _, p := range d.Peers[i].AllowedIPs {
			if p.Contains(a) && p.Bits() > bits {
				best, bits = &d.Peers[i], p.Bits()
			}
		}
	}
	return best
}
