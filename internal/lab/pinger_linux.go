package lab

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// pinger sends echo requests of many conversations over one raw socket. A
// socket for each would get every reply to all of them (raw(7)), which for
// hundreds of them is more than their buffers hold.
type pinger struct {
	conn           *icmp.PacketConn
	proto          int
	request, reply icmp.Type

	mu      sync.Mutex
	waiting map[uint16]wait
}

// wait is a request that has not been answered.
type wait struct {
	from netip.Addr
	done chan struct{}
}

func newPinger(six bool) (*pinger, error) {
	p := &pinger{proto: 1, request: ipv4.ICMPTypeEcho, reply: ipv4.ICMPTypeEchoReply, waiting: map[uint16]wait{}}
	network := "ip4:icmp"
	if six {
		network = "ip6:ipv6-icmp"
		p.proto, p.request, p.reply = 58, ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply
	}
	var err error
	if p.conn, err = icmp.ListenPacket(network, ""); err != nil {
		return nil, err
	}
	go p.read()
	return p, nil
}

func (p *pinger) close() { p.conn.Close() }

// read hands out replies until the socket is closed.
func (p *pinger) read() {
	b := make([]byte, 1500)
	for {
		n, from, err := p.conn.ReadFrom(b)
		if err != nil {
			return
		}
		m, err := icmp.ParseMessage(p.proto, b[:n])
		if err != nil || m.Type != p.reply {
			continue
		}
		e, ok := m.Body.(*icmp.Echo)
		if !ok {
			continue
		}
		p.mu.Lock()
		if w, ok := p.waiting[uint16(e.ID)]; ok && from.String() == w.from.String() {
			close(w.done)
			delete(p.waiting, uint16(e.ID))
		}
		p.mu.Unlock()
	}
}

// ask sends an echo request under an identifier that no other conversation
// uses, and again each second, until a reply comes or limit has passed.
func (p *pinger) ask(ctx context.Context, target netip.Addr, id uint16, limit time.Duration) error {
	payload := make([]byte, 56) // as ping(8) sends
	fill(uint64(id), payload)
	done := make(chan struct{})
	p.mu.Lock()
	p.waiting[id] = wait{target, done}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.waiting, id)
		p.mu.Unlock()
	}()
	end := time.After(limit)
	for seq := 1; ; seq++ {
		m := icmp.Message{Type: p.request, Body: &icmp.Echo{ID: int(id), Seq: seq, Data: payload}}
		b, err := m.Marshal(nil)
		if err == nil {
			_, err = p.conn.WriteTo(b, &net.IPAddr{IP: target.AsSlice()})
		}
		if err != nil {
			return err
		}
		select {
		case <-done:
			return nil
		case <-time.After(time.Second):
		case <-end:
			return errNoAnswer
		case <-ctx.Done():
			return errNoAnswer
		}
	}
}
