package natsim

import (
	"container/heap"
	"math/rand/v2"
	"net/netip"
	"sort"
)

// Key names a flow by its ends as seen inside. ICMP echo: the client's port is
// the identifier, the remote's is 0.
type Key struct {
	Proto          uint8
	Client, Remote netip.AddrPort
}

// conversation is what a client and a remote have to say to each other.
type conversation struct {
	key            Key
	delay          [2]int64    // one way, by network
	last           [2][2]int64 // latest delivery, by network and direction
	client, remote func(*packet)
	way            way
	dial           func() // what a host that is the remote does when it is called first
}

// way is how a conversation passes the host.
type way uint8

const (
	through  way = iota // from the tunnel to the WAN and back
	hairpin             // from client to client by the outside address
	answered            // the host itself is the remote, in its name
	hosted              // the host itself is the client
)

// sim is a run in progress. Time is nanoseconds after its start.
type sim struct {
	cfg    Config
	rng    *rand.Rand
	now    int64
	events events
	order  uint64
	parts  int
	lastID uint16 // identification of the last fragmented packet that had none
	taps   [2]tap
	nats   []*translator
	holds  map[holdKey]*hold
	exit   [2]int64 // latest exit, by direction
	bumped map[Key]uint16
}

// Run simulates a configuration.
func Run(cfg Config) *Result {
	s := &sim{cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, 0x6e617473696d)), holds: make(map[holdKey]*hold)}
	for _, t := range cfg.Translations {
		s.nats = append(s.nats, newTranslator(t, s.rng))
	}
	for i := range s.taps {
		s.taps[i] = newTap(i, cfg)
	}
	s.populate()
	s.disturb()
	for len(s.events) > 0 {
		e := heap.Pop(&s.events).(event)
		s.now = e.at
		e.do()
	}
	for i := range s.taps {
		list := s.taps[i].records
		sort.SliceStable(list, func(a, b int) bool { return list[a].At < list[b].At })
	}
	return s.result()
}

// event is something that happens at a moment.
type event struct {
	at    int64
	order uint64
	do    func()
}

type events []event

func (q events) Len() int { return len(q) }
func (q events) Less(a, b int) bool {
	return q[a].at < q[b].at || q[a].at == q[b].at && q[a].order < q[b].order
}
func (q events) Swap(a, b int) { q[a], q[b] = q[b], q[a] }
func (q *events) Push(e any)   { *q = append(*q, e.(event)) }
func (q *events) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

// after lets something happen later.
func (s *sim) after(d int64, do func()) {
	s.order++
	heap.Push(&s.events, event{s.now + d, s.order, do})
}

func (s *sim) chance(p float64) bool { return p > 0 && s.rng.Float64() < p }

// upTo draws from 0..n.
func (s *sim) upTo(n int64) int64 {
	if n <= 0 {
		return 0
	}
	return s.rng.Int64N(n + 1)
}

// between draws from a..b.
func (s *sim) between(a, b int64) int64 { return a + s.upTo(b-a) }

// emit sends a packet of an endpoint on its way: a client's through the access
// network, a remote's through the internet.
func (s *sim) emit(c *conversation, p *packet) {
	p.conv = c
	s.parts++
	p.parts = []part{{s.parts, p.octets()}}
	switch {
	case c.way == answered && p.back:
		p.ttl = 64
		s.record(Inside, Back, c.key, []*packet{p})
		s.carry(access, p)
		return
	case c.way == hosted && !p.back:
		s.record(Outside, Forward, Key{}, []*packet{p})
		s.carry(internet, p)
		return
	}
	if p.back {
		s.carry(internet, p)
		if s.chance(s.cfg.DupNet) {
			q := p.clone()
			s.parts++
			q.parts = []part{{s.parts, p.octets()}}
			s.carry(internet, q)
		}
		return
	}
	s.carry(access, p)
}

// carry takes a packet through a network. A conversation's packets keep their
// order but for those that are delayed on purpose.
func (s *sim) carry(network int, p *packet) {
	if s.chance(s.cfg.LossNet[network]) {
		return
	}
	c, dir := p.conv, Forward
	if p.back {
		dir = Back
	}
	at := s.now + c.delay[network] + s.upTo(c.delay[network]/20)
	if s.chance(s.cfg.Disorder) {
		at += s.upTo(10 * millisecond)
	} else {
		at = max(at, c.last[network][dir]+s.between(microsecond, 20*microsecond))
		c.last[network][dir] = at
	}
	s.after(at-s.now, func() { s.deliver(network, p) })
}

func (s *sim) deliver(network int, p *packet) {
	switch {
	case network == access && !p.back:
		s.arrive(Inside, p)
	case network == access:
		// A session given to another client brings it strangers' packets.
		if p.quote != nil || p.dst == p.conv.key.Client {
			p.conv.client(p)
		}
	case p.back:
		s.arrive(Outside, p)
	case p.conv.remote != nil:
		p.conv.remote(p)
	}
}

// disturb lets the taps see packets of others, which also shows how long they
// were open.
func (s *sim) disturb() {
	for i := range s.taps {
		mean := s.cfg.Taps[i].Noise
		if mean == 0 {
			continue
		}
		var next func()
		next = func() {
			s.foreign(i)
			if s.now < s.cfg.Span+second*8 {
				s.after(1+int64(s.rng.ExpFloat64()*float64(mean)), next)
			}
		}
		s.after(s.upTo(mean), next)
	}
}

// foreign records a packet that belongs to no client: a multicast inside, and
// outside what strangers and the host itself send.
func (s *sim) foreign(point int) {
	p := &packet{proto: protoUDP, ttl: 1, length: 40, payload: s.bytes(40)}
	any := netip.AddrFrom4([4]byte{10, 8, 0, 1})
	p.src, p.dst = netip.AddrPortFrom(any, 5353), netip.MustParseAddrPort("224.0.0.251:5353")
	if point == Outside {
		stranger := netip.AddrFrom4([4]byte{45, byte(s.rng.IntN(256)), byte(s.rng.IntN(256)), 7})
		p.src = netip.AddrPortFrom(stranger, uint16(s.between(1024, 65535)))
		p.dst = netip.AddrPortFrom(wanAddr, uint16(s.between(1, 1023)))
		p.ttl = 52
		if s.chance(0.3) {
			p.proto, p.flags, p.length, p.payload = protoTCP, flagSyn, 0, nil
			p.seq = s.rng.Uint32()
		} else if s.chance(0.3) {
			p.src, p.dst, p.ttl = netip.AddrPortFrom(wanAddr, uint16(s.between(32768, 60999))), netip.AddrPortFrom(stranger, 123), 64
		}
	}
	s.record(point, Back, Key{}, []*packet{p})
}

// bytes draws random octets, or the same ones for everybody.
func (s *sim) bytes(n int) []byte {
	b := make([]byte, n)
	if s.cfg.EqualData {
		return b
	}
	for i := 0; i < n; i += 8 {
		v := s.rng.Uint64()
		for j := i; j < min(n, i+8); j++ {
			b[j] = byte(v)
			v >>= 8
		}
	}
	return b
}
