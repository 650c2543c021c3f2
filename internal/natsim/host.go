package natsim

import "net/netip"

// held is a packet in the host: as it came, and as it is to leave.
type held struct {
	in, out *packet
	lost    bool
}

type holdKey struct {
	key Key
	dir int
}

// hold collects segments that are to be merged.
type hold struct {
	list   []held
	serial uint64
}

// holdTime is how long segments wait for their successors.
const holdTime = 200 * microsecond

// arrive takes a packet at the tap at which it enters the host.
func (s *sim) arrive(point int, p *packet) {
	switch p.conv.way {
	case hairpin:
		s.turn(p)
		return
	case answered:
		s.record(Inside, Forward, p.conv.key, []*packet{p})
		if dial := p.conv.dial; dial != nil {
			p.conv.dial = nil
			s.after(s.cfg.Residence.Least, dial)
		}
		p.conv.remote(p)
		return
	case hosted:
		s.record(Outside, Back, Key{}, []*packet{p})
		p.conv.client(p)
		return
	}
	dir := Forward
	if point == Outside {
		dir = Back
	}
	h := held{in: p, out: p.clone()}
	h.out.ttl--
	early := s.chance(s.cfg.LossHost[dir] / 2)
	if early && dir == Forward {
		h.lost = true // before it was translated, so that it opened no session
	} else {
		ok := s.translate(h.out)
		h.lost = !ok || early || s.chance(s.cfg.LossHost[dir]/2)
	}
	if begin, length := s.cfg.Blackout[0], s.cfg.Blackout[1]; dir == s.cfg.BlackoutDir && s.now >= begin && s.now < begin+length {
		h.lost = true
	}
	if h.out.mss > s.cfg.ClampMSS && s.cfg.ClampMSS != 0 {
		h.out.mss = s.cfg.ClampMSS
	}
	if s.cfg.IPID == IPIDReplaced {
		h.out.ipid = uint16(s.rng.Uint32())
	}
	key := keyOf(h, dir)
	o := s.cfg.Offload[dir]
	if o.Entry <= 1 {
		s.record(point, dir, key, []*packet{p})
	}
	hk := holdKey{key, dir}
	old := s.holds[hk]
	if !mergeable(p) || max(o.Entry, o.Exit) <= 1 {
		s.flush(hk, old)
		if o.Entry > 1 {
			s.record(point, dir, key, []*packet{p})
		}
		s.pass(key, dir, []held{h})
		return
	}
	if old != nil && (len(old.list) >= max(o.Entry, o.Exit) || !follows(old.list, p)) {
		s.flush(hk, old)
		old = nil
	}
	if old == nil {
		s.order++
		old = &hold{serial: s.order}
		s.holds[hk] = old
		serial := old.serial
		s.after(holdTime, func() {
			if w := s.holds[hk]; w != nil && w.serial == serial {
				s.flush(hk, w)
			}
		})
	}
	old.list = append(old.list, h)
	if p.flags&flagPsh != 0 || p.length < old.list[0].in.length {
		s.flush(hk, old)
	}
}

// keyOf returns the flow of a packet by its ends inside; of an error, by those
// of what it quotes.
func keyOf(h held, dir int) Key {
	p := h.in
	if dir == Back {
		p = h.out
	}
	if q := p.quote; q != nil {
		k := Key{q.proto, q.src, q.dst}
		if dir == Forward {
			k = Key{q.proto, q.dst, q.src}
		}
		return k
	}
	if dir == Back {
		return Key{p.proto, p.dst, p.src}
	}
	return Key{p.proto, p.src, p.dst}
}

// translate passes all translators on the way; false: one of them drops it.
func (s *sim) translate(p *packet) bool {
	if p.back {
		ok := true
		for i := len(s.nats) - 1; i >= 0 && ok; i-- {
			ok = s.nats[i].inbound(p, s.now)
		}
		if !ok {
			// It belongs to whom it was meant for, though nobody gets it.
			k := p.conv.key
			p.dst = k.Client
		}
		return ok
	}
	for _, t := range s.nats {
		if !t.outbound(p, s.now) {
			return false
		}
	}
	return true
}

// mergeable reports whether offload may merge a packet with its neighbours
// (Linux net/ipv4/tcp_offload.c, udp_offload.c).
func mergeable(p *packet) bool {
	switch p.proto {
	case protoTCP:
		return p.length > 0 && p.flags&(flagSyn|flagFin|flagRst) == 0
	case protoUDP:
		return p.length >= 100 && p.src.Port() != 53 && p.dst.Port() != 53
	}
	return false
}

// follows reports whether p continues what is held.
func follows(list []held, p *packet) bool {
	first, last := list[0].in, list[len(list)-1].in
	if p.length > first.length || last.length != first.length || p.src != last.src || p.dst != last.dst {
		return false
	}
	if p.proto == protoTCP {
		return p.seq == last.seq+uint32(last.length) && p.ack == last.ack && p.window == last.window && p.tsval == last.tsval
	}
	total := p.length
	for _, h := range list {
		total += h.in.length
	}
	return total < 60000
}

// flush ends a hold.
func (s *sim) flush(hk holdKey, h *hold) {
	if h == nil {
		return
	}
	delete(s.holds, hk)
	if n := s.cfg.Offload[hk.dir].Entry; n > 1 {
		for at := 0; at < len(h.list); at += n {
			var run []*packet
			for _, p := range h.list[at:min(len(h.list), at+n)] {
				run = append(run, p.in)
			}
			s.record(entryPoint(hk.dir), hk.dir, hk.key, run)
		}
	}
	s.pass(hk.key, hk.dir, h.list)
}

func entryPoint(dir int) int {
	if dir == Forward {
		return Inside
	}
	return Outside
}

// pass takes packets through the host. What is lost of several merged ones
// splits the rest.
func (s *sim) pass(key Key, dir int, list []held) {
	if len(list) > 1 && s.chance(s.cfg.LossHost[dir]) {
		return
	}
	r := s.cfg.Residence
	d := r.Least + int64(s.rng.ExpFloat64()*float64(r.Mean))
	if s.chance(0.01) {
		d += s.upTo(r.Tail)
	}
	if !s.cfg.HostDisorder {
		d = max(d, s.exit[dir]+microsecond-s.now)
	}
	s.exit[dir] = max(s.exit[dir], s.now+d)
	s.after(d, func() {
		limit := max(1, s.cfg.Offload[dir].Exit)
		for at := 0; at < len(list); {
			if list[at].lost {
				at++
				continue
			}
			end := at + 1
			for end < len(list) && end-at < limit && !list[end].lost {
				end++
			}
			s.leave(key, dir, list[at:end])
			at = end
		}
	})
}

// leave records packets at the tap at which they leave the host, as one record,
// and sends them on one by one: adapters and receivers split them again.
func (s *sim) leave(key Key, dir int, list []held) {
	var run []*packet
	for _, h := range list {
		run = append(run, h.out)
	}
	s.record(1-entryPoint(dir), dir, key, run)
	network := internet
	if dir == Back {
		network = access
	}
	for _, p := range run {
		s.carry(network, p)
	}
}

// turn takes a packet that a client sends to another client by the host's
// outside address: translated at both ends, and never on the WAN (RFC 4787
// section 6).
func (s *sim) turn(p *packet) {
	s.record(Inside, Forward, Key{p.proto, p.src, p.dst}, []*packet{p})
	q := p.clone()
	q.ttl--
	t := s.nats[0]
	if !t.outbound(q, s.now) || !t.inbound(q, s.now) {
		return
	}
	s.after(s.cfg.Residence.Least, func() {
		s.record(Inside, Back, Key{q.proto, q.dst, q.src}, []*packet{q})
		q.back = true
		p.conv.remote(q)
	})
}

// wanAddr is the host's own address on the WAN.
var wanAddr = netip.AddrFrom4([4]byte{203, 0, 113, 2})
