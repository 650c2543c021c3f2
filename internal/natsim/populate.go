package natsim

import (
	"net/netip"
)

// newConversation makes one between a client and a remote, each drawn; port 0
// of the remote stands for echo, whose identifier is the client's port.
func (s *sim) newConversation(proto uint8, port uint16) *conversation {
	client := s.cfg.Clients[s.rng.IntN(len(s.cfg.Clients))]
	var fit []netip.Addr
	for _, a := range s.cfg.Remotes {
		if a.Is4() == client.Is4() {
			fit = append(fit, a)
		}
	}
	remote := fit[s.rng.IntN(len(fit))]
	if proto == protoICMP && client.Is6() {
		proto = protoICMPv6
	}
	own := uint16(s.between(20000, 60999))
	if proto == protoTCP && s.cfg.EqualISN || s.cfg.EqualData {
		own = uint16(s.between(40000, 40003))
	}
	c := &conversation{key: Key{proto, netip.AddrPortFrom(client, own), netip.AddrPortFrom(remote, port)}}
	c.delay = [2]int64{s.between(5*millisecond, 40*millisecond), s.between(2*millisecond, 80*millisecond)}
	return c
}

// public is the end of the host's first port forward to a client, or one that
// leads nowhere.
func (s *sim) public(c *conversation) (inner, outer netip.AddrPort, ok bool) {
	for _, t := range s.cfg.Translations {
		for outer, inner := range t.Forwards {
			if inner.Addr().Is4() == c.key.Remote.Addr().Is4() {
				return inner, outer, true
			}
		}
	}
	return
}

// populate begins all conversations at their times.
func (s *sim) populate() {
	w := s.cfg.Work
	start := func(n int, proto uint8, port uint16, begin func(c *conversation)) {
		for range n {
			c := s.newConversation(proto, port)
			s.after(s.upTo(s.cfg.Span), func() { begin(c) })
		}
	}
	size := func(a, b int64) int { return int(s.between(a, b)) }
	rounds := func(n int) []exchange {
		var list []exchange
		for range n {
			list = append(list, exchange{size(80, 900), size(100, 20000)})
		}
		return list
	}
	open := func(sc script) func(*conversation) {
		return func(c *conversation) {
			if sc.rounds == nil {
				sc.rounds = rounds(1 + s.rng.IntN(3))
			}
			sc.think, sc.tries = s.between(10*millisecond, second), max(sc.tries, 3)
			if s.cfg.Proxy {
				c.way = answered
				own := *c
				own.way, own.key.Client = hosted, netip.AddrPortFrom(wanAddr, uint16(s.between(32768, 60999)))
				c.dial = func() { s.startTCP(&own, sc, netip.AddrPort{}) }
			}
			s.startTCP(c, sc, netip.AddrPort{})
		}
	}
	start(w.TCP, protoTCP, 443, func(c *conversation) { open(script{})(c) })
	start(w.Upload, protoTCP, 443, func(c *conversation) { open(script{rounds: []exchange{{size(20000, 60000), 200}}})(c) })
	start(w.SYNOnly, protoTCP, 8443, open(script{silent: true, tries: 4}))
	start(w.Refused, protoTCP, 81, open(script{refuse: true}))
	start(w.FastOpen, protoTCP, 443, func(c *conversation) { open(script{fast: true})(c) })
	start(w.ZeroWindow, protoTCP, 443, func(c *conversation) { open(script{stall: true, rounds: []exchange{{200, 30000}}})(c) })
	start(w.Reset, protoTCP, 443, func(c *conversation) { open(script{reset: true})(c) })
	start(w.DNS, protoUDP, 53, s.startDNS)
	start(w.QUIC, protoUDP, 443, func(c *conversation) { s.startQUIC(c, 4+s.rng.IntN(20)) })
	start(w.OneWay, protoUDP, 5000, func(c *conversation) {
		n := size(100, 1100)
		s.startStream(c, 5+s.rng.IntN(30), s.between(millisecond, 200*millisecond), false, func(int) []byte { return s.bytes(n) })
	})
	start(w.Same, protoUDP, 3478, func(c *conversation) {
		b := s.bytes(size(20, 200))
		s.startStream(c, 3+s.rng.IntN(10), s.between(20*millisecond, second), true, func(int) []byte { return b })
	})
	start(w.Prefix, protoUDP, 4000, func(c *conversation) {
		b := s.bytes(20)
		s.startStream(c, 5+s.rng.IntN(20), s.between(20*millisecond, 60*millisecond), true, func(int) []byte {
			return append(append([]byte(nil), b...), s.bytes(60)...)
		})
	})
	start(w.Echo, protoICMP, 0, func(c *conversation) {
		b := s.bytes(56)
		s.startEcho(c, 2+s.rng.IntN(6), b)
	})
	start(w.Traceroute, protoUDP, 33434, func(c *conversation) { s.startFailing(c, 3, true) })
	start(w.Closed, protoUDP, 9, func(c *conversation) { s.startFailing(c, 2, false) })
	s.special(start, open)
}

// special begins conversations in which the translation itself changes.
func (s *sim) special(start func(int, uint8, uint16, func(*conversation)), open func(script) func(*conversation)) {
	w := s.cfg.Work
	start(w.Forwarded, protoTCP, 0, func(c *conversation) {
		inner, outer, ok := s.public(c)
		if !ok {
			return
		}
		c.key.Client = inner
		c.key.Remote = netip.AddrPortFrom(c.key.Remote.Addr(), uint16(s.between(20000, 60999)))
		s.startTCP(c, script{rounds: []exchange{{300, 5000}}, tries: 3}, outer)
	})
	start(w.Rebound, protoUDP, 7000, func(c *conversation) {
		// Longer than any session lives here: the second half is translated anew.
		content := func(int) []byte { return s.bytes(120) }
		s.startStream(c, 4, 100*millisecond, true, content)
		s.after(15*second, func() { s.startStream(c, 4, 100*millisecond, true, content) })
	})
	start(w.Again, protoTCP, 443, func(c *conversation) {
		d := *c
		open(script{rounds: []exchange{{300, 3000}}})(c)
		s.after(s.between(5*second, 12*second), func() { open(script{rounds: []exchange{{200, 2000}}})(&d) })
	})
	start(w.Hairpin, protoUDP, 6000, func(c *conversation) {
		inner, outer, ok := s.public(c)
		if !ok || len(s.nats) != 1 {
			return
		}
		if inner.Addr() == c.key.Client.Addr() {
			return
		}
		c.key.Remote, c.way = outer, hairpin
		s.startStream(c, 4, 50*millisecond, false, func(int) []byte { return s.bytes(90) })
		c.remote = func(*packet) {}
	})
}
