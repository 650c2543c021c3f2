package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"time"
)

// Ports on which the site answers.
const (
	portEcho  = 7 // RFC 862
	portDNS   = 53
	portHTTP  = 80
	portHTTPS = 443 // plain HTTP, what is inside of TLS does not matter here; over UDP silence
	portPush  = 5223
)

// siteSpec starts the site's servers on every address.
type siteSpec struct {
	Web4, Web6 []netip.Addr
	DNS        netip.Addr
}

// site is everything that answers.
type site struct {
	spec siteSpec
	http http.Server
}

func (a *agent) opSite(_ context.Context, spec siteSpec) (none, error) {
	a.state.Lock()
	defer a.state.Unlock()
	if a.site != nil {
		return none{}, errors.New("the site has been started before")
	}
	s := &site{spec: spec}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /bytes/{n}", serveBytes)
	mux.HandleFunc("POST /upload", serveUpload)
	s.http.Handler = mux
	if err := s.start(); err != nil {
		return none{}, fmt.Errorf("start the site: %w", err)
	}
	a.site = s
	return none{}, nil
}

func (s *site) start() error {
	for _, port := range []int{portHTTP, portHTTPS} {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			return err
		}
		go s.http.Serve(l)
	}
	push, err := net.Listen("tcp", fmt.Sprintf(":%d", portPush))
	if err != nil {
		return err
	}
	go servePush(push)
	// A UDP server must answer from the address that was asked, so each
	// address has a socket of its own.
	for _, a := range append(append([]netip.Addr{}, s.spec.Web4...), s.spec.Web6...) {
		if err := serveUDP(netip.AddrPortFrom(a, portEcho), func(q []byte) []byte { return q }); err != nil {
			return err
		}
		// Without a listener, the kernel would refuse with an ICMP error.
		if err := serveUDP(netip.AddrPortFrom(a, portHTTPS), func([]byte) []byte { return nil }); err != nil {
			return err
		}
	}
	return serveUDP(netip.AddrPortFrom(s.spec.DNS, portDNS), s.answerDNS)
}

// serveUDP answers each datagram with what answer makes of it; nil is silence.
func serveUDP(addr netip.AddrPort, answer func([]byte) []byte) error {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return err
	}
	go func() {
		b := make([]byte, 4096)
		for {
			n, from, err := c.ReadFromUDPAddrPort(b)
			if err != nil {
				fmt.Fprintf(os.Stderr, "udp %s: %v\n", addr, err)
				return
			}
			if reply := answer(b[:n]); reply != nil {
				c.WriteToUDPAddrPort(reply, from) // a lost reply is the asker's business
			}
		}
	}()
	return nil
}

// serveBytes sends as many octets as the path says.
func serveBytes(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 0 || n > 1<<30 {
		http.Error(w, "how many?", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(n))
	io.CopyN(w, filler{}, int64(n))
}

// serveUpload says how much it received.
func serveUpload(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return // the connection is gone
	}
	fmt.Fprintf(w, "%d\n", n)
}

// servePush echoes lines: the small messages both ways of a connection that a
// phone keeps open for notifications.
func servePush(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			fmt.Fprintf(os.Stderr, "push: %v\n", err)
			return
		}
		go func() {
			defer c.Close()
			c.SetDeadline(time.Now().Add(time.Minute))
			lines := bufio.NewReader(c)
			for {
				line, err := lines.ReadSlice('\n')
				if err != nil {
					return
				}
				if _, err := c.Write(line); err != nil {
					return
				}
			}
		}()
	}
}

// filler is an endless source of octets that differ from packet to packet.
type filler struct{}

func (filler) Read(b []byte) (int, error) {
	now := uint64(time.Now().UnixNano())
	for i := range b {
		now = now*6364136223846793005 + 1442695040888963407 // Knuth's MMIX generator
		b[i] = byte(now >> 56)
	}
	return len(b), nil
}
