package natsim

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// Record is one packet that passed a tap, captured or not.
type Record struct {
	At    int64  // nanoseconds after the start of the run, by a perfect clock
	Frame []byte // as captured
	Wire  int    // octets of the frame on the wire
	Dir   int

	Key      Key            // the flow; zero: of no client
	End      netip.AddrPort // the client's end as this tap sees it
	Captured bool
	Rest     bool // a fragment other than the first, which nothing counts
	Readable bool // enough was captured to identify it
	Error    bool // an ICMP error
	Content  content

	parts  []part
	octets int // of the TCP sequence space, or payload
	size   int // payload octets of the largest packet in it
	tcp    bool
}

// content is what identifies a packet across the translation: what two packets
// must have in common so that nobody could tell one from the other.
type content struct {
	kind    uint8 // protocol, or the ICMP type
	seq     uint32
	ack     uint32
	flags   uint8
	window  uint16
	octets  int
	payload string // 64 octets of it at most
	proves  bool   // carries enough to prove a mapping
}

// tap is one place of recording.
type tap struct {
	Tap
	point   int
	link    bool // Ethernet
	end     int64
	clock   Clock
	drops   map[int]bool
	records []Record
	dropped []int64 // moments of the packets that were dropped
}

func newTap(point int, cfg Config) tap {
	t := tap{Tap: cfg.Taps[point], point: point, link: point == Outside, drops: make(map[int]bool)}
	if t.end = t.End; t.end == 0 {
		t.end = 1 << 62
	}
	for _, n := range t.Drops {
		t.drops[n] = true
	}
	if point == Outside && !cfg.One {
		t.clock = cfg.Clock
	}
	return t
}

// stamp returns what the tap's clock shows.
func (t *tap) stamp(at int64) int64 {
	shown := at + t.clock.Offset + int64(float64(at)*t.clock.Drift/1e6)
	if t.clock.StepAt > 0 && at >= t.clock.StepAt {
		shown += t.clock.Step
	}
	return shown
}

// frameRoom is how many octets of a frame are made when all are captured:
// matching looks at no more, and half of a megabyte of zeros per run would only
// slow it down.
const frameRoom = 512

var (
	hostMAC   = []byte{2, 0, 0, 0, 0, 1}
	routerMAC = []byte{2, 0, 0, 0, 0, 2}
)

// record lets a tap see packets as one frame, or in fragments.
func (s *sim) record(point, dir int, key Key, run []*packet) {
	t := &s.taps[point]
	p := run[0]
	r := Record{At: s.now, Dir: dir, Key: key, tcp: p.proto == protoTCP, Error: p.quote != nil, Content: contentOf(p)}
	if len(run) > 1 {
		p = join(run)
	}
	for _, q := range run {
		r.parts = append(r.parts, q.parts...)
		r.size = max(r.size, q.length)
	}
	r.octets, r.Content.octets = p.octets(), p.octets()
	r.End = p.src
	if dir == Back {
		r.End = p.dst
	}
	limit := frameRoom
	pieces := 1
	if t.Fragment > 0 && s.cfg.Offload == [2]Offload{} && !p.is6() && p.length+40 > t.Fragment && p.length < 60000 {
		limit, pieces = 0, 0
	}
	b, n := p.marshal(options{extended: t.Extended && p.is6(), limit: limit})
	if pieces == 1 {
		s.write(t, r, b, n)
		return
	}
	if binary.BigEndian.Uint16(b[4:]) == 0 {
		// What may be cut has an identification of its own (RFC 6864 section 4.1).
		s.lastID = max(s.lastID+1, 1)
		binary.BigEndian.PutUint16(b[4:], s.lastID)
	}
	for i, f := range fragments(b, t.Fragment, uint16(2*len(t.records))) {
		r.Rest = i > 0
		s.write(t, r, f, len(f))
		r.At += microsecond
	}
}

// write adds a record to what a tap saw.
func (s *sim) write(t *tap, r Record, ip []byte, length int) {
	if t.link {
		frame := append([]byte(nil), hostMAC...)
		frame = append(frame, routerMAC...)
		if r.Dir == Forward {
			frame = append(append(frame[:0], routerMAC...), hostMAC...)
		}
		kind := []byte{8, 0}
		if ip[0]>>4 == 6 {
			kind = []byte{0x86, 0xdd}
		}
		ip, length = append(append(frame, kind...), ip...), length+14
	}
	if t.Snap > 0 && len(ip) > t.Snap {
		ip = ip[:t.Snap]
	}
	r.Frame, r.Wire = ip, length
	r.Readable = len(ip) >= r.need(t.link, t.Extended)
	r.Captured = r.At >= t.Start && r.At <= t.end
	if r.Captured && t.drops[int(r.At/second)] && s.chance(1.0/3) {
		r.Captured = false
		t.dropped = append(t.dropped, r.At)
	}
	t.records = append(t.records, r)
}

// need returns how many octets of the frame identify the packet.
func (r *Record) need(link, extended bool) int {
	n := 20
	if r.End.Addr().Is6() {
		n = 40
	}
	inner := n // of what an error quotes, which nothing is inserted in
	if extended && n == 40 {
		n += 8
	}
	if link {
		n += 14
	}
	switch {
	case r.Error:
		return n + 8 + inner + 8
	case r.tcp:
		return n + 20
	}
	return n + 8 + min(16, r.octets)
}

// contentOf describes what identifies a packet.
func contentOf(p *packet) content {
	c := content{kind: p.proto, octets: p.octets(), payload: string(p.payload[:min(64, len(p.payload))])}
	switch {
	case p.quote != nil:
		c.kind, c.seq, c.payload = p.icmpType, p.quote.seq, ""
	case p.proto == protoTCP:
		c.seq, c.ack, c.window, c.payload = p.seq, p.ack, p.window, ""
		c.flags = p.flags & (flagSyn | flagFin | flagRst | flagAck)
		c.proves = c.octets > 0
	case p.proto == protoUDP:
		c.proves = true
	default:
		c.kind, c.seq, c.proves = p.icmpType, uint32(p.icmpSeq), true
	}
	return c
}

// join makes one packet of several that follow each other.
func join(run []*packet) *packet {
	p := run[0].clone()
	p.payload = slices.Clone(p.payload)
	p.flags |= run[len(run)-1].flags & flagPsh
	for _, q := range run[1:] {
		if p.proto == protoUDP && len(p.payload) == p.length && len(p.payload) < 128 {
			p.payload = append(p.payload, q.payload...)
		}
		p.length += q.length
	}
	return p
}

// String describes the record in one line, with the labels of the packets in it.
func (r *Record) String() string {
	way := "forward"
	if r.Dir == Back {
		way = "back"
	}
	var ids []int
	for _, p := range r.parts {
		ids = append(ids, p.id)
	}
	return fmt.Sprintf("%.6f %s as %v: kind %d seq %d ack %d window %d flags %#x octets %d packets %v captured %v", float64(r.At)/1e9,
		way, r.End, r.Content.kind, r.Content.seq, r.Content.ack, r.Content.window, r.Content.flags, r.octets, ids, r.Captured)
}
