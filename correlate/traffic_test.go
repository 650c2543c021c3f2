package correlate_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// traffic writes a pair of capture files: a tunnel with TCP, UDP and echo
// conversations of several clients, and a WAN with their translated twins, the
// outer WireGuard datagrams that carried them, and other hosts' packets. Frames
// are cut to snap octets, as captures for diagnosis are.
type traffic struct {
	flows   int
	packets int // inside the tunnel
	snap    int
	noise   int // one foreign packet for so many inside ones; 0: none
}

const (
	trafficPort   = 51820
	trafficServer = 0xcb007102 // 203.0.113.2
	trafficPhone  = 0xc6336400 // 198.51.100.0
)

func (tr traffic) write(t testing.TB, dir string) (tunnel, wan string) {
	t.Helper()
	tunnel, wan = filepath.Join(dir, "tunnel.pcap"), filepath.Join(dir, "wan.pcap")
	in, closeIn := pcapWriter(t, tunnel, 101)
	out, closeOut := pcapWriter(t, wan, 1)
	defer closeIn()
	defer closeOut()

	frame := make([]byte, 2048)
	now := int64(1_700_000_000_000_000_000)
	seq := make([][2]uint32, tr.flows)
	var counter uint64
	for n := range tr.packets {
		f := n % tr.flows
		round := n / tr.flows
		reply := round%2 == 1
		now += 10_000
		client := uint32(0x0a080002 + f%16) // 10.8.0.2..
		remote := uint32(0x01010101 + f%251*7)
		cport, wport := uint16(20000+f%40000), uint16(1024+(f*31)%60000)
		size := 40 + 52
		if reply {
			size = 1280
		}
		p := packet{proto: 6, src: client, dst: remote, sport: cport, dport: 443, ttl: 64, size: size,
			seq: seq[f][0], ack: seq[f][1], flags: 0x18}
		switch {
		case f%8 == 7:
			p.proto = 17
			p.salt = uint64(n)
		case round == 0:
			p.flags, p.size = 0x02, 40
		case round == 1:
			p.flags, p.size = 0x12, 40
		}
		if reply {
			p.src, p.dst, p.sport, p.dport = p.dst, p.src, p.dport, p.sport
			p.seq, p.ack, p.ttl = p.ack, p.seq, 55
		}
		octets := uint32(p.size - 40)
		if p.flags&2 != 0 {
			octets++
		}
		if reply {
			seq[f][1] += octets
		} else {
			seq[f][0] += octets
		}
		tw := p
		if reply {
			tw.dst, tw.dport, tw.ttl = trafficServer, wport, 56
		} else {
			tw.src, tw.sport, tw.ttl = trafficServer, wport, 63
		}
		if !reply {
			counter++
			putOuter(out, frame, now-300, tr.snap, client, false, p.size, counter)
			record(in, now, p.put(frame[14:]), tr.snap)
			record(out, now+700, tw.ethernet(frame, true), tr.snap)
		} else {
			record(out, now-700, tw.ethernet(frame, false), tr.snap)
			record(in, now, p.put(frame[14:]), tr.snap)
			counter++
			putOuter(out, frame, now+300, tr.snap, client, true, p.size, counter)
		}
		if tr.noise > 0 && n%tr.noise == 0 {
			q := packet{proto: 6, src: 0x08080404, dst: trafficServer, sport: 443, dport: uint16(n), ttl: 57, size: 600, seq: uint32(n) * 77, flags: 0x10}
			record(out, now+900, q.ethernet(frame, false), tr.snap)
		}
	}
	return tunnel, wan
}

// packet is an IPv4 packet to be put together.
type packet struct {
	src, dst     uint32
	sport, dport uint16
	seq, ack     uint32
	size         int // of the IP packet
	salt         uint64
	proto, ttl   byte
	flags        byte
}

func (p packet) put(b []byte) []byte {
	b = b[:p.size]
	clear(b[:min(len(b), 160)])
	b[0] = 0x45
	binary.BigEndian.PutUint16(b[2:], uint16(p.size))
	b[8], b[9] = p.ttl, p.proto
	binary.BigEndian.PutUint32(b[12:], p.src)
	binary.BigEndian.PutUint32(b[16:], p.dst)
	binary.BigEndian.PutUint16(b[20:], p.sport)
	binary.BigEndian.PutUint16(b[22:], p.dport)
	if p.proto == 17 {
		binary.BigEndian.PutUint16(b[24:], uint16(p.size-20))
		binary.LittleEndian.PutUint64(b[28:], p.salt)
		return b
	}
	binary.BigEndian.PutUint32(b[24:], p.seq)
	binary.BigEndian.PutUint32(b[28:], p.ack)
	b[32], b[33] = 0x50, p.flags
	binary.BigEndian.PutUint16(b[34:], 0xffff)
	return b
}

var (
	hostMAC   = [6]byte{2, 0, 0, 0, 0, 1}
	routerMAC = [6]byte{2, 0, 0, 0, 0, 2}
)

func (p packet) ethernet(frame []byte, sent bool) []byte {
	dst, src := hostMAC, routerMAC
	if sent {
		dst, src = src, dst
	}
	copy(frame, dst[:])
	copy(frame[6:], src[:])
	frame[12], frame[13] = 8, 0
	p.put(frame[14:])
	return frame[:14+p.size]
}

// putOuter writes the datagram that carried an inner packet of size octets.
func putOuter(w io.Writer, frame []byte, now int64, snap int, client uint32, toPhone bool, size int, counter uint64) {
	p := packet{proto: 17, src: trafficPhone + client&0xff, dst: trafficServer, sport: 40000, dport: trafficPort, ttl: 50, size: 28 + 32 + (size+15)&^15}
	if toPhone {
		p.src, p.dst, p.sport, p.dport, p.ttl = p.dst, p.src, p.dport, p.sport, 64
	}
	b := p.ethernet(frame, toPhone)
	clear(b[42:58])
	b[42] = 4
	binary.LittleEndian.PutUint32(b[46:], client)
	binary.LittleEndian.PutUint64(b[50:], counter)
	record(w, now, b, snap)
}

func pcapWriter(t testing.TB, name string, link uint32) (io.Writer, func()) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	head := make([]byte, 24)
	binary.LittleEndian.PutUint32(head, 0xa1b23c4d)
	binary.LittleEndian.PutUint16(head[4:], 2)
	binary.LittleEndian.PutUint16(head[6:], 4)
	binary.LittleEndian.PutUint32(head[16:], 262144)
	binary.LittleEndian.PutUint32(head[20:], link)
	w.Write(head)
	return w, func() {
		if err := w.Flush(); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func record(w io.Writer, now int64, frame []byte, snap int) {
	kept := min(len(frame), snap)
	var head [16]byte
	binary.LittleEndian.PutUint32(head[0:], uint32(now/1e9))
	binary.LittleEndian.PutUint32(head[4:], uint32(now%1e9))
	binary.LittleEndian.PutUint32(head[8:], uint32(kept))
	binary.LittleEndian.PutUint32(head[12:], uint32(len(frame)))
	w.Write(head[:])
	w.Write(frame[:kept])
}
