package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"
)

// resolverMode is how the server's own resolver treats who asks it.
type resolverMode string

const (
	resolverAnswers   resolverMode = "answers"
	resolverRefuses   resolverMode = "refuses"
	resolverIgnores   resolverMode = "ignores"
	resolverElsewhere resolverMode = "elsewhere" // answers from Other
)

// resolverSpec is a resolver on Addr. Without a mode there is none.
type resolverSpec struct {
	Mode       resolverMode
	Addr       netip.Addr
	Other      netip.Addr
	Web4, Web6 []netip.Addr
}

// opResolver replaces the node's resolver.
func (a *agent) opResolver(_ context.Context, spec resolverSpec) (none, error) {
	a.state.Lock()
	defer a.state.Unlock()
	for _, c := range a.resolver {
		c.Close()
	}
	a.resolver = nil
	if spec.Mode == "" {
		return none{}, nil
	}
	listen := func(addr netip.Addr) (*net.UDPConn, error) {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, portDNS)))
		if err != nil {
			return nil, fmt.Errorf("start the resolver: %w", err)
		}
		a.resolver = append(a.resolver, c)
		return c, nil
	}
	in, err := listen(spec.Addr)
	if err != nil {
		return none{}, err
	}
	out := in
	if spec.Mode == resolverElsewhere {
		if out, err = listen(spec.Other); err != nil {
			return none{}, err
		}
	}
	names := &site{spec: siteSpec{Web4: spec.Web4, Web6: spec.Web6}}
	go func() {
		b := make([]byte, 4096)
		for {
			n, from, err := in.ReadFromUDPAddrPort(b)
			if err != nil {
				return // closed
			}
			var reply []byte
			switch spec.Mode {
			case resolverAnswers, resolverElsewhere:
				reply = names.answerDNS(b[:n])
			case resolverRefuses:
				reply = refuseDNS(b[:n])
			}
			if reply != nil {
				out.WriteToUDPAddrPort(reply, from) // a lost reply is the asker's business
			}
		}
	}()
	return none{}, nil
}

// refuseDNS answers a query with RCODE 5.
func refuseDNS(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || m.Response {
		return nil
	}
	reply := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RCode: dnsmessage.RCodeRefused}, Questions: m.Questions}
	b, err := reply.Pack()
	if err != nil {
		return nil
	}
	return b
}
