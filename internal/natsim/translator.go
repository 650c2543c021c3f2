package natsim

import (
	"math/rand/v2"
	"net/netip"
)

// Behaviour is how a translator chooses the outside end of a new session
// (RFC 4787 section 4.1).
type Behaviour uint8

// Behaviours. BehaviourNone leaves packets as they are.
const (
	BehaviourNone Behaviour = iota
	EndpointIndependent
	AddressDependent
	AddressPortDependent
)

// Allocation is how a translator chooses ports (RFC 4787 section 4.2).
type Allocation uint8

// Allocations.
const (
	Preserve   Allocation = iota // the inside port; another one if it is taken
	Overload                     // the inside port, even if it is taken: the newer session gets it
	Random                       // any free port
	Sequential                   // the next free port
)

// Translation configures one translator.
type Translation struct {
	Behaviour  Behaviour
	Allocation Allocation
	Pool       []netip.Addr // outside addresses of both families
	Arbitrary  bool         // a session takes any address of the pool; else a client keeps one (RFC 4787 section 4.1)
	KeepID     bool         // ICMP identifiers are kept where that is possible
	First      uint16       // ports that are given out: First..Last
	Last       uint16
	Timeout    int64                             // nanoseconds without packets after which a session is forgotten
	Forwards   map[netip.AddrPort]netip.AddrPort // outside end to inside end, TCP and UDP
	Modulate   bool                              // TCP sequence numbers are translated too
}

// insideKey and outsideKey find a session by what its behaviour looks at.
type insideKey struct {
	proto         uint8
	inner, remote netip.AddrPort
}

type outsideKey insideKey

type session struct {
	inside  insideKey
	outside outsideKey
	last    int64
	delta   [2]uint32 // Modulate: what is added to sequence numbers, forward and back
}

// translator is the state of one.
type translator struct {
	Translation
	rng     *rand.Rand
	inside  map[insideKey]*session
	outside map[outsideKey]*session
	next    uint16
}

func newTranslator(t Translation, rng *rand.Rand) *translator {
	if t.First == 0 {
		t.First, t.Last = 1024, 65535
	}
	return &translator{Translation: t, rng: rng, inside: make(map[insideKey]*session), outside: make(map[outsideKey]*session), next: t.First}
}

// scope reduces a remote end to what the behaviour looks at.
func (t *translator) scope(remote netip.AddrPort) netip.AddrPort {
	switch t.Behaviour {
	case EndpointIndependent:
		return netip.AddrPort{}
	case AddressDependent:
		return netip.AddrPortFrom(remote.Addr(), 0)
	}
	return remote
}

// outbound translates a packet that leaves, in place; false: no port is free.
func (t *translator) outbound(p *packet, now int64) bool {
	if t.Behaviour == BehaviourNone {
		return true
	}
	proto, inner, remote := p.proto, p.src, p.dst
	if p.quote != nil {
		// An error of the client's: it quotes a packet that came in.
		proto, inner, remote = p.quote.proto, p.quote.dst, p.quote.src
	}
	s := t.inside[insideKey{proto, inner, t.scope(remote)}]
	if s == nil || now-s.last > t.Timeout {
		if p.quote != nil {
			return false
		}
		t.forget(s)
		if s = t.open(proto, inner, remote, now); s == nil {
			return false
		}
	}
	if p.quote != nil {
		p.src = netip.AddrPortFrom(s.outside.inner.Addr(), 0)
		q := p.quote.clone()
		q.dst = s.outside.inner
		p.quote = q
		return true
	}
	s.last = now
	p.src = s.outside.inner
	t.modulate(p, s)
	return true
}

// inbound translates a packet that came in, in place; false: it belongs to no
// session.
func (t *translator) inbound(p *packet, now int64) bool {
	if t.Behaviour == BehaviourNone {
		return true
	}
	proto, outer, remote := p.proto, p.dst, p.src
	if p.quote != nil {
		proto, outer, remote = p.quote.proto, p.quote.src, p.quote.dst
	}
	s := t.outside[outsideKey{proto, outer, t.scope(remote)}]
	if s == nil || now-s.last > t.Timeout {
		inner, ok := t.Forwards[outer]
		if !ok || p.quote != nil {
			return false
		}
		t.forget(s)
		t.forget(t.inside[insideKey{proto, inner, t.scope(remote)}])
		s = t.install(insideKey{proto, inner, t.scope(remote)}, outer, now)
	}
	if p.quote != nil {
		q := p.quote.clone()
		q.src = s.inside.inner
		p.quote = q
		p.dst = netip.AddrPortFrom(s.inside.inner.Addr(), 0)
		return true
	}
	s.last = now
	p.dst = s.inside.inner
	t.modulate(p, s)
	return true
}

// modulate translates sequence numbers as pf's "modulate state" does
// (pf.conf(5)), in both directions.
func (t *translator) modulate(p *packet, s *session) {
	if !t.Modulate || p.proto != protoTCP {
		return
	}
	if p.back {
		p.seq += s.delta[1]
		p.ack -= s.delta[0]
		return
	}
	p.seq += s.delta[0]
	p.ack -= s.delta[1]
}

func (t *translator) forget(s *session) {
	if s != nil {
		delete(t.inside, s.inside)
		delete(t.outside, s.outside)
	}
}

func (t *translator) install(in insideKey, outer netip.AddrPort, now int64) *session {
	s := &session{inside: in, outside: outsideKey{in.proto, outer, in.remote}, last: now}
	s.delta = [2]uint32{t.rng.Uint32(), t.rng.Uint32()}
	t.inside[in], t.outside[s.outside] = s, s
	return s
}

// open makes a session.
func (t *translator) open(proto uint8, inner, remote netip.AddrPort, now int64) *session {
	in := insideKey{proto, inner, t.scope(remote)}
	addr := t.address(inner.Addr())
	for try := range 64 {
		outer := netip.AddrPortFrom(addr, t.port(proto, inner.Port(), try))
		old := t.outside[outsideKey{proto, outer, in.remote}]
		switch {
		case t.Forwards[outer].IsValid():
			continue
		case old != nil && now-old.last <= t.Timeout && t.Allocation != Overload:
			continue
		}
		t.forget(old)
		return t.install(in, outer, now)
	}
	return nil
}

// address chooses the outside address of a client.
func (t *translator) address(inner netip.Addr) netip.Addr {
	var fit []netip.Addr
	for _, a := range t.Pool {
		if a.Is4() == inner.Is4() {
			fit = append(fit, a)
		}
	}
	if t.Arbitrary {
		return fit[t.rng.IntN(len(fit))]
	}
	b := inner.As16()
	return fit[int(b[15])%len(fit)]
}

// port chooses a port, or an ICMP identifier.
func (t *translator) port(proto uint8, inner uint16, try int) uint16 {
	echo := proto == protoICMP || proto == protoICMPv6
	if try == 0 && (echo && t.KeepID || !echo && (t.Allocation == Preserve || t.Allocation == Overload)) {
		return inner
	}
	if t.Allocation == Sequential {
		if t.next++; t.next > t.Last || t.next < t.First {
			t.next = t.First
		}
		return t.next
	}
	return t.First + uint16(t.rng.IntN(int(t.Last-t.First)+1))
}
