package correlate_test

import (
	"io"
	"math"

	"github.com/wgtrace/wgtrace/capture"
)

// endless makes up the traffic of a busy server as it goes: short TCP, UDP and
// DNS conversations of 250 clients through a translation that draws new ports,
// one packet in a hundred lost in the host, one conversation in twenty never
// answered. A fixed number of them is under way at a time; the others are over
// for good, and nothing but sums needs to remain of them.
type endless struct {
	total int   // packets of both points
	step  int64 // nanoseconds between two packets at the same point
	look  int   // packets between two calls of seen
	seen  func(packets int)

	made, turn int
	begun      uint32
	entered    uint64 // packets that entered the host
	lost       uint64 // of them, packets that never left it
	now        int64
	talks      [4096]talk
	twin       capture.Packet // of the last packet, not handed out yet
	twinned    bool
}

// talk is a conversation under way.
type talk struct {
	number uint32
	script []leg
	silent bool // nobody answers: the first packet is sent three times
	tries  uint8
	next   int
	up     uint32 // octets sent by the client, by the remote
	down   uint32
}

// leg is a packet of a script.
type leg struct {
	reply   bool
	flags   uint8
	payload uint32
}

var scripts = [...][]leg{
	{{false, syn, 0}, {true, syn | ack, 0}, {false, ack, 0}, {false, psh | ack, 500}, {true, ack, 1400}, {true, psh | ack, 900},
		{false, ack, 0}, {false, fin | ack, 0}, {true, fin | ack, 0}, {false, ack, 0}},
	{{false, 0, 1200}, {true, 0, 1200}, {false, 0, 80}, {true, 0, 600}},
	{{false, 0, 40}, {true, 0, 120}},
}

func (s *endless) Name() string { return "endless" }
func (s *endless) Close() error { return nil }

func (s *endless) Next(b *capture.Batch) error {
	b.Reset()
	b.Interfaces = []capture.Interface{tunnelFace, wanFace}
	if s.now == 0 {
		s.now = base
	}
	if s.made >= s.total {
		b.Watermark = math.MaxInt64
		return io.EOF
	}
	for len(b.Packets) < cap(b.Packets) && (s.made < s.total || s.twinned) {
		b.Packets = append(b.Packets, s.packet())
		if s.made++; s.made%s.look == 0 {
			s.seen(s.made)
		}
	}
	return nil
}

// packet returns the next one: the twin of the last, or the one with which the
// next conversation goes on.
func (s *endless) packet() capture.Packet {
	if s.twinned {
		s.twinned = false
		return s.twin
	}
	s.now += s.step
	s.turn = (s.turn + 1) % len(s.talks)
	t := &s.talks[s.turn]
	if t.next == len(t.script) {
		s.begun++
		*t = talk{number: s.begun, script: scripts[s.begun*2654435761>>20%3], silent: s.begun%20 == 0}
	}
	p, twin := t.packet(s.now)
	s.entered++
	switch n := s.entered * 0x9e3779b97f4a7c15 >> 32; {
	case n%100 == 0:
		s.lost++
		t.next = len(t.script)
	default:
		s.twin, s.twinned = twin, true
		s.twin.Time += s.step / 2
	}
	p.Frame, s.twin.Frame = uint64(s.made+1), uint64(s.made+2)
	return p
}

// packet returns the conversation's next packet where it enters the host, and
// where it leaves it.
func (t *talk) packet(now int64) (entry, exit capture.Packet) {
	l := t.script[t.next]
	n := t.number
	client := capture.Addr{Lo: 0xffff<<32 | 0x0a080002 + uint64(n%250)}
	remote := capture.Addr{Lo: 0xffff<<32 | 0x14000000 + uint64(n/7&0xffff)}
	outside := capture.Addr{Lo: 0xffff<<32 | 0xcb007102}
	p := capture.Packet{Time: now, Ref: -1, Offset: -1, TTL: 64, Proto: 17, Kind: capture.KindUDP, PayloadLen: l.payload, IPLen: l.payload + 28,
		Src: client, Dst: remote, SrcPort: uint16(1024 + n/250%60000), DstPort: 443}
	switch len(t.script) {
	case len(scripts[0]):
		p.Kind, p.Proto, p.IPLen, p.TCPFlags, p.Window = capture.KindTCP, 6, l.payload+40, l.flags, 500
		p.Seq, p.Ack = n*77+t.up, n*99+t.down
		if l.reply {
			p.Seq, p.Ack = p.Ack, p.Seq
		}
	default:
		p.Hash16 = uint64(n)<<16 | uint64(t.next)<<1 | 1
		p.Hash64 = p.Hash16
		if len(t.script) == len(scripts[2]) {
			p.DstPort, p.DNSID, p.DNSType, p.Flags = 53, uint16(n), 1, capture.FlagDNSQuery
			if l.reply {
				p.Flags = capture.FlagDNSResponse
			}
		}
	}
	twin := p
	twin.Src, twin.SrcPort, twin.TTL, twin.Iface = outside, uint16(1024+n%60000), 63, 1
	if l.reply {
		p.Src, p.SrcPort, p.Dst, p.DstPort, p.TTL = p.Dst, p.DstPort, p.Src, p.SrcPort, 57
		twin.Src, twin.SrcPort, twin.Dst, twin.DstPort, twin.TTL = twin.Dst, twin.DstPort, twin.Src, twin.SrcPort, 58
		p, twin = twin, p
		t.down += p.TCPOctets()
	} else {
		t.up += p.TCPOctets()
	}
	for _, q := range [...]*capture.Packet{&p, &twin} {
		q.FlowHash = capture.FlowHash(q.Src, q.SrcPort, q.Dst, q.DstPort, q.Proto)
		q.WireLen, q.CapLen = q.IPLen, q.IPLen
	}
	switch t.tries++; {
	case !t.silent:
		t.next++
	case t.tries == 3:
		t.next = len(t.script)
	default:
		t.up = 0
	}
	return p, twin
}
