package natsim

import (
	"math/rand/v2"
	"net/netip"
)

// Class is a family of configurations that vary the same knobs.
type Class string

// The classes. The last ones are adversarial: what they hide cannot be seen in
// two captures, so that a matcher is only asked not to invent anything.
const (
	ClassPlain       Class = "plain"       // one translator, TCP, DNS, echo; loss in the host
	ClassTranslators Class = "translators" // every behaviour and allocation, pools, two in a row, none
	ClassTraffic     Class = "traffic"     // every kind of conversation
	ClassOffload     Class = "offload"     // merged on either side, either way
	ClassFragments   Class = "fragments"   // fragments and extension headers on one side
	ClassSnapped     Class = "snapped"     // frames cut to 80..256 octets
	ClassCoverage    Class = "coverage"    // taps that begin late or end early
	ClassDropped     Class = "dropped"     // taps that lose packets and say so
	ClassNetwork     Class = "network"     // loss, copies and disorder beyond the host
	ClassClocks      Class = "clocks"      // two clocks: offset and drift
	ClassReuse       Class = "reuse"       // sessions expire, ports pass to others, same ends twice
	ClassForwards    Class = "forwards"    // port forwards and hairpins
	ClassErrors      Class = "errors"      // ICMP errors
	ClassMixed       Class = "mixed"       // all of the above at once

	ClassEqualISN  Class = "equal-isn"
	ClassEqualData Class = "equal-data"
	ClassCrowd     Class = "crowd" // 200 clients of one resolver
	ClassOverload  Class = "overload"
	ClassModulated Class = "modulated"
	ClassProxied   Class = "proxied"
	ClassStepped   Class = "stepped" // a clock that is set during the run
)

// Classes lists those whose truth can be found; Adversarial the others.
var (
	Classes = []Class{ClassPlain, ClassTranslators, ClassTraffic, ClassOffload, ClassFragments, ClassSnapped, ClassCoverage,
		ClassDropped, ClassNetwork, ClassClocks, ClassReuse, ClassForwards, ClassErrors, ClassMixed}
	Adversarial = []Class{ClassEqualISN, ClassEqualData, ClassCrowd, ClassOverload, ClassModulated, ClassProxied, ClassStepped}
)

// drawer draws a configuration.
type drawer struct {
	rng *rand.Rand
	cfg Config
}

func (d *drawer) chance(p float64) bool       { return d.rng.Float64() < p }
func (d *drawer) n(a, b int) int              { return a + d.rng.IntN(b-a+1) }
func (d *drawer) t(a, b int64) int64          { return a + d.rng.Int64N(b-a+1) }
func pick[T any](d *drawer, list ...T) T      { return list[d.rng.IntN(len(list))] }
func four(a, b, c, d byte) netip.Addr         { return netip.AddrFrom4([4]byte{a, b, c, d}) }
func six(prefix string, last byte) netip.Addr { return last16(netip.MustParseAddr(prefix), last) }

func last16(a netip.Addr, last byte) netip.Addr {
	b := a.As16()
	b[15] = last
	return netip.AddrFrom16(b)
}

// Draw returns the configuration of a class that belongs to a seed.
func Draw(class Class, seed uint64) Config {
	d := &drawer{rng: rand.New(rand.NewPCG(seed, classNumber(class)))}
	d.cfg = Config{Seed: d.rng.Uint64(), Class: class, Span: d.t(8, 30) * second}
	d.basics()
	c := &d.cfg
	switch class {
	case ClassTranslators:
		d.translators()
	case ClassTraffic:
		d.traffic()
	case ClassOffload:
		d.offload()
	case ClassFragments:
		d.fragments()
	case ClassSnapped:
		d.snapped()
	case ClassCoverage:
		d.coverage()
	case ClassDropped:
		d.dropped()
	case ClassNetwork:
		d.network()
	case ClassClocks:
		d.clocks()
	case ClassReuse:
		d.reuse()
	case ClassForwards:
		d.forwards()
	case ClassErrors:
		c.Work.Traceroute, c.Work.Closed, c.Work.Refused = d.n(1, 6), d.n(1, 6), d.n(1, 3)
	case ClassMixed:
		for _, knob := range []func(){d.translators, d.traffic, d.offload, d.fragments, d.snapped, d.coverage, d.dropped, d.network, d.clocks} {
			if d.chance(0.5) {
				knob()
			}
		}
	default:
		d.adversarial()
	}
	return *c
}

// classNumber makes the classes draw different things from one seed.
func classNumber(c Class) uint64 {
	n := uint64(len(c))
	for _, b := range []byte(c) {
		n = n*31 + uint64(b)
	}
	return n
}

// basics draws what every class has: a home server with a few clients.
func (d *drawer) basics() {
	c := &d.cfg
	for i := range d.n(1, 4) {
		c.Clients = append(c.Clients, four(10, 8, 0, byte(2+i)))
	}
	for i := range d.n(2, 5) {
		c.Remotes = append(c.Remotes, four(192, 0, 2, byte(10+i)))
	}
	c.Translations = []Translation{{
		Behaviour: AddressPortDependent, Allocation: pick(d, Preserve, Random), Pool: []netip.Addr{wanAddr},
		KeepID: d.chance(0.5), Timeout: 120 * second,
	}}
	c.Residence = Residence{Least: d.t(5, 50) * microsecond, Mean: d.t(10, 500) * microsecond, Tail: d.t(1, 5) * millisecond}
	c.HostDisorder = d.chance(0.3)
	c.LossHost = [2]float64{pick(d, 0, 0.005, 0.03, 0.1), pick(d, 0, 0.005, 0.03, 0.1)}
	if d.chance(0.2) {
		c.Blackout, c.BlackoutDir = [2]int64{d.t(1, c.Span), d.t(second, 5*second)}, d.n(0, 1)
	}
	c.LossNet = [2]float64{pick(d, 0, 0.01), pick(d, 0, 0.01)}
	c.IPID, c.Stamps = pick(d, IPIDKept, IPIDZero, IPIDReplaced), d.chance(0.7)
	c.ClampMSS = pick[uint16](d, 0, 0, 1240)
	c.One = d.chance(0.5)
	c.Plain = !c.One && d.chance(0.3)
	for i := range c.Taps {
		c.Taps[i].Noise = d.t(50, 500) * millisecond
	}
	c.Work = Work{TCP: d.n(1, 10), DNS: d.n(1, 15), Echo: d.n(0, 4), QUIC: d.n(0, 3), SYNOnly: d.n(0, 2)}
}

// withSix adds IPv6 clients and remotes, not translated or to one address.
func (d *drawer) withSix() {
	c := &d.cfg
	for i := range d.n(1, 3) {
		c.Clients = append(c.Clients, six("2001:db8:8::", byte(2+i)))
		c.Remotes = append(c.Remotes, six("2001:db8:1::", byte(2+i)))
	}
	for i := range c.Translations {
		pool := c.Translations[i].Pool
		c.Translations[i].Pool = append(pool[:len(pool):len(pool)], six("2001:db8:2::", byte(2+i)))
	}
}

func (d *drawer) translators() {
	c := &d.cfg
	one := func(addrs ...netip.Addr) Translation {
		return Translation{
			Behaviour: pick(d, EndpointIndependent, AddressDependent, AddressPortDependent), Allocation: pick(d, Preserve, Random, Sequential),
			Pool: addrs, Arbitrary: d.chance(0.3), KeepID: d.chance(0.5), Timeout: d.t(30, 200) * second,
		}
	}
	pool := []netip.Addr{wanAddr}
	if d.chance(0.4) {
		pool = append(pool, four(203, 0, 113, 3), four(203, 0, 113, 4))
	}
	switch d.n(0, 3) {
	case 0:
		c.Translations = []Translation{one(four(172, 17, 0, 1)), one(pool...)}
	case 1:
		c.Translations = nil
	default:
		c.Translations = []Translation{one(pool...)}
	}
	if d.chance(0.4) {
		d.withSix()
	}
}

func (d *drawer) traffic() {
	c := &d.cfg
	few := func() int { return d.n(0, 3) }
	c.Work = Work{TCP: d.n(1, 5), Upload: few(), SYNOnly: few(), Refused: few(), FastOpen: few(), ZeroWindow: few(), Reset: few(),
		DNS: d.n(1, 10), QUIC: few(), OneWay: few(), Same: few(), Prefix: few(), Echo: few(), Traceroute: few(), Closed: few()}
}

func (d *drawer) offload() {
	c := &d.cfg
	for i := range c.Offload {
		c.Offload[i] = pick(d, Offload{16, 1}, Offload{1, 16}, Offload{44, 1}, Offload{1, 44}, Offload{16, 5}, Offload{8, 8}, Offload{1, 1})
	}
	c.Work.Upload, c.Work.TCP, c.Work.QUIC = d.n(0, 3), d.n(1, 5), d.n(0, 4)
}

func (d *drawer) fragments() {
	c := &d.cfg
	d.withSix()
	i := d.n(0, 1)
	c.Taps[i].Fragment, c.Taps[1-i].Extended = pick(d, 576, 1280), d.chance(0.5)
	if d.chance(0.5) {
		c.Taps[i].Extended, c.Taps[1-i].Extended = true, false
	}
	c.Work.OneWay, c.Work.QUIC, c.Work.Upload = d.n(0, 3), d.n(0, 3), d.n(0, 2)
}

func (d *drawer) snapped() {
	c := &d.cfg
	for i := range c.Taps {
		c.Taps[i].Snap = pick(d, 64, 68, 96, 128, 256, 0)
		for _, a := range c.Clients {
			if a.Is6() {
				c.Taps[i].Snap = pick(d, 96, 128, 256)
				break
			}
		}
	}
}

func (d *drawer) coverage() {
	c := &d.cfg
	// The interfaces of one file were recorded by one program: they begin and
	// end together.
	c.One = false
	for i := range c.Taps {
		if d.chance(0.6) {
			c.Taps[i].Start = d.t(0, c.Span/2)
		}
		if d.chance(0.6) {
			c.Taps[i].End = d.t(c.Span/2+second, c.Span+4*second)
		}
	}
}

func (d *drawer) dropped() {
	c := &d.cfg
	c.Plain = false
	for i := range c.Taps {
		if d.chance(0.6) {
			for range d.n(1, 4) {
				c.Taps[i].Drops = append(c.Taps[i].Drops, d.n(1, int(c.Span/second)))
			}
		}
	}
}

func (d *drawer) network() {
	c := &d.cfg
	c.LossNet = [2]float64{pick(d, 0, 0.02, 0.1), pick(d, 0, 0.02, 0.1)}
	c.DupNet, c.Disorder = pick(d, 0, 0.02, 0.1), pick(d, 0, 0.02, 0.1)
	c.HostDisorder = d.chance(0.5)
	c.Work.Same = d.n(0, 2)
}

func (d *drawer) clocks() {
	c := &d.cfg
	c.One = false
	sign := pick[int64](d, -1, 1)
	c.Clock.Offset = sign * pick(d, d.t(1, 999)*microsecond, d.t(1, 999)*millisecond, d.t(1, 3600)*second, d.t(1, 20)*86400*second)
	if d.chance(0.6) {
		c.Clock.Drift = pick(d, -200, -50, -5, 5, 50, 200.0)
	}
	if d.chance(0.2) {
		c.Span = d.t(60, 250) * second
	}
}

func (d *drawer) reuse() {
	c := &d.cfg
	c.Translations[0].Timeout = d.t(3, 10) * second
	c.Translations[0].Allocation = pick(d, Preserve, Random, Sequential)
	c.Translations[0].First = 5000
	c.Translations[0].Last = uint16(d.n(5030, 5200))
	c.Span = d.t(20, 40) * second
	c.Work.Again, c.Work.Rebound, c.Work.Same = d.n(0, 3), d.n(1, 5), d.n(0, 3)
	c.Work.DNS = d.n(10, 60)
}

func (d *drawer) forwards() {
	c := &d.cfg
	server := netip.AddrPortFrom(c.Clients[0], 8080)
	c.Translations[0].Forwards = map[netip.AddrPort]netip.AddrPort{
		netip.AddrPortFrom(wanAddr, pick[uint16](d, 8080, 80)): server,
	}
	c.Work.Forwarded = d.n(1, 6)
	if d.chance(0.3) {
		c.Work.Hairpin = d.n(1, 3)
	}
}

func (d *drawer) adversarial() {
	c := &d.cfg
	switch c.Class {
	case ClassEqualISN:
		c.EqualISN, c.Stamps = true, d.chance(0.3)
		c.Translations[0].Allocation = Random
		c.Work = Work{TCP: d.n(5, 30), SYNOnly: d.n(0, 10)}
		c.Span = d.t(1, 5) * second
	case ClassEqualData:
		c.EqualData = true
		c.Translations[0].Allocation = Random
		c.Work = Work{Same: d.n(5, 20), Echo: d.n(2, 10), OneWay: d.n(1, 5)}
		c.Span = d.t(1, 5) * second
	case ClassCrowd:
		c.Clients = nil
		for i := range 200 {
			c.Clients = append(c.Clients, four(10, 8, 0, byte(2+i)))
		}
		c.Remotes = c.Remotes[:1]
		c.Work = Work{DNS: d.n(300, 600), TCP: 2}
		c.Span = d.t(2, 6) * second
	case ClassOverload:
		d.reuse()
		c.Translations[0].Allocation = Overload
	case ClassModulated:
		c.Translations[0].Modulate = true
	case ClassProxied:
		c.Proxy = true
	case ClassStepped:
		d.clocks()
		c.Clock.StepAt, c.Clock.Step = d.t(second, c.Span), pick[int64](d, -1, 1)*d.t(100*millisecond, 20*second)
	}
}
