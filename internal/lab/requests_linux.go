package lab

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// transfer moves size octets over a TCP connection of its own. Only the connect
// has a limit here; the workload bounds the rest.
func transfer(ctx context.Context, to netip.AddrPort, dir direction, size int, connect time.Duration) error {
	dialer := net.Dialer{Timeout: connect}
	client := http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	method, url, body := http.MethodGet, fmt.Sprintf("http://%s/bytes/%d", to, size), io.Reader(nil)
	if dir == upload {
		method, url = http.MethodPost, fmt.Sprintf("http://%s/upload", to)
		body = io.LimitReader(filler{}, int64(size))
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return err
	}
	if dir == upload {
		req.ContentLength = int64(size)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if dir == upload {
		var got int
		if _, err := fmt.Fscan(resp.Body, &got); err != nil {
			return fmt.Errorf("read the receipt: %w", err)
		}
		if got != size {
			return fmt.Errorf("%d of %d octets arrived", got, size)
		}
		return nil
	}
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		return fmt.Errorf("after %d octets: %w", n, err)
	}
	if n != int64(size) {
		return fmt.Errorf("%d of %d octets arrived", n, size)
	}
	return nil
}

// pushSpacing lies between two messages.
const pushSpacing = 300 * time.Millisecond

// push keeps a connection open and exchanges small messages over it.
func push(ctx context.Context, to netip.AddrPort, messages int, connect time.Duration) error {
	dialer := net.Dialer{Timeout: connect}
	c, err := dialer.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return err
	}
	defer c.Close()
	deadline, _ := ctx.Deadline()
	c.SetDeadline(deadline)
	lines := bufio.NewReader(c)
	for i := range messages {
		if i > 0 {
			time.Sleep(pushSpacing)
		}
		if _, err := fmt.Fprintf(c, "notification %d\n", i); err != nil {
			return err
		}
		if _, err := lines.ReadString('\n'); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	return nil
}

// exchangeUDP sends a datagram, and again at each of retries after the start,
// until answered accepts what comes back or limit has passed. The socket, and
// so its port, stays taken for hold at least.
func exchangeUDP(ctx context.Context, to netip.AddrPort, datagram []byte, retries []time.Duration, limit, hold time.Duration, answered func([]byte) bool) error {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	start := time.Now()
	defer func() { pause(ctx, start.Add(hold)) }()
	sends := append([]time.Duration{0}, retries...)
	b := make([]byte, 4096)
	for i, at := range sends {
		if at >= limit {
			break
		}
		next := limit
		if i+1 < len(sends) {
			next = min(limit, sends[i+1])
		}
		if _, err := c.Write(datagram); err != nil && ctx.Err() != nil {
			break
		}
		c.SetReadDeadline(start.Add(next))
		for {
			n, err := c.Read(b)
			if err == nil && answered(b[:n]) {
				return nil
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				// An ICMP error: a resolver waits for its next turn.
				if !pause(ctx, start.Add(next)) {
					return errNoAnswer
				}
				break
			}
		}
	}
	return errNoAnswer
}

// pause waits until then and reports whether ctx still stands.
func pause(ctx context.Context, then time.Time) bool {
	select {
	case <-time.After(time.Until(then)):
		return true
	case <-ctx.Done():
		return false
	}
}

func echoUDP(ctx context.Context, seed uint64, target netip.Addr, limit, hold time.Duration) error {
	datagram := make([]byte, 100)
	fill(seed, datagram)
	return exchangeUDP(ctx, netip.AddrPortFrom(target, portEcho), datagram, dnsRetries, limit, hold,
		func(b []byte) bool { return string(b) == string(datagram) })
}

// tryQUIC sends what looks like a client's first flight: a datagram of 1200
// octets (RFC 9000 section 14.1) with a long header of type Initial (section
// 17.2.2), again after half of limit.
func tryQUIC(ctx context.Context, seed uint64, to netip.AddrPort, limit time.Duration) error {
	datagram := make([]byte, 1200)
	fill(seed, datagram)
	datagram[0] = 0xc3                                          // long header, fixed bit, Initial, packet number of 4 octets
	binary.BigEndian.PutUint32(datagram[1:], 1)                 // version 1
	datagram[5] = 8                                             // destination connection id: 8 octets
	datagram[14] = 0                                            // source connection id: none
	datagram[15] = 0                                            // token: none
	binary.BigEndian.PutUint16(datagram[16:], 0x4000|(1200-18)) // length: the rest
	return exchangeUDP(ctx, to, datagram, []time.Duration{limit / 2}, limit, 0, func([]byte) bool { return true })
}

func fill(seed uint64, b []byte) {
	r := rand.New(rand.NewPCG(seed, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}

// ping sends count echo requests 300 ms apart and needs one reply.
func ping(ctx context.Context, target netip.Addr, id, count int) error {
	network, proto := "ip4:icmp", 1
	var request, reply icmp.Type = ipv4.ICMPTypeEcho, ipv4.ICMPTypeEchoReply
	if target.Is6() {
		network, proto = "ip6:ipv6-icmp", 58
		request, reply = ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply
	}
	c, err := icmp.ListenPacket(network, "")
	if err != nil {
		return err
	}
	defer c.Close()
	// 56 octets after the header, as ping(8) sends.
	payload := make([]byte, 56)
	fill(uint64(id), payload)
	sent := make(chan error, 1)
	go func() {
		for seq := 1; seq <= count; seq++ {
			m := icmp.Message{Type: request, Body: &icmp.Echo{ID: id, Seq: seq, Data: payload}}
			b, err := m.Marshal(nil)
			if err == nil {
				_, err = c.WriteTo(b, &net.IPAddr{IP: target.AsSlice()})
			}
			if err != nil || !pause(ctx, time.Now().Add(300*time.Millisecond)) {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	c.SetReadDeadline(time.Now().Add(time.Duration(count)*300*time.Millisecond + time.Second))
	replies, b := 0, make([]byte, 1500)
	for replies < count {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			break
		}
		m, err := icmp.ParseMessage(proto, b[:n])
		if err != nil || m.Type != reply || from.String() != target.String() {
			continue
		}
		if e, ok := m.Body.(*icmp.Echo); ok && e.ID == id {
			replies++
		}
	}
	if err := <-sent; err != nil {
		return err
	}
	if replies == 0 {
		return errNoAnswer
	}
	return nil
}
