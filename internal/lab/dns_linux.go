package lab

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// typeHTTPS is the record type of RFC 9460.
const typeHTTPS dnsmessage.Type = 65

// answerDNS answers one query: A, AAAA and HTTPS for every name, with addresses
// that the name decides. What cannot be parsed gets no answer.
func (s *site) answerDNS(query []byte) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil || h.Response {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{
		ID: h.ID, Response: true, RecursionDesired: h.RecursionDesired, RecursionAvailable: true,
	})
	b.EnableCompression()
	if b.StartQuestions() != nil || b.Question(q) != nil || b.StartAnswers() != nil {
		return nil
	}
	rh := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60}
	switch q.Type {
	case dnsmessage.TypeA:
		err = b.AResource(rh, dnsmessage.AResource{A: choose(q.Name, s.spec.Web4).As4()})
	case dnsmessage.TypeAAAA:
		if len(s.spec.Web6) > 0 {
			err = b.AAAAResource(rh, dnsmessage.AAAAResource{AAAA: choose(q.Name, s.spec.Web6).As16()})
		}
	case typeHTTPS:
		// Priority 1, target ".", alpn=h2 (RFC 9460 sections 2.2 and 7.1.1).
		err = b.UnknownResource(rh, dnsmessage.UnknownResource{
			Type: typeHTTPS, Data: []byte{0, 1, 0, 0, 1, 0, 3, 2, 'h', '2'},
		})
	}
	if err != nil {
		return nil
	}
	reply, err := b.Finish()
	if err != nil {
		return nil
	}
	return reply
}

func choose(name dnsmessage.Name, from []netip.Addr) netip.Addr {
	h := fnv.New32a()
	h.Write(name.Data[:name.Length])
	return from[h.Sum32()%uint32(len(from))]
}

// dnsRetries are the moments at which a stub resolver asks again, after the
// first question.
var dnsRetries = []time.Duration{time.Second, 3 * time.Second}

// askDNS asks one question under a random id.
func askDNS(ctx context.Context, r *rand.Rand, server netip.Addr, name string, typ dnsmessage.Type, limit time.Duration) error {
	return askDNSAs(ctx, uint16(r.Uint32()), server, name, typ, limit, 0)
}

// askDNSAs asks one question as a stub resolver does: a socket of its own, kept
// for hold, the same id again when nothing comes.
func askDNSAs(ctx context.Context, id uint16, server netip.Addr, name string, typ dnsmessage.Type, limit, hold time.Duration) error {
	n, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return err
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: n, Type: typ, Class: dnsmessage.ClassINET}},
	}
	query, err := m.Pack()
	if err != nil {
		return err
	}
	answered := func(b []byte) bool {
		var p dnsmessage.Parser
		h, err := p.Start(b)
		return err == nil && h.Response && h.ID == id && h.RCode == dnsmessage.RCodeSuccess
	}
	return exchangeUDP(ctx, netip.AddrPortFrom(server, portDNS), query, dnsRetries, limit, hold, answered)
}

// errNoAnswer is what a request ends in when nothing came back.
var errNoAnswer = errors.New("no answer")

func describeDNS(name string, typ dnsmessage.Type) string {
	switch typ {
	case typeHTTPS:
		return "HTTPS " + name
	case dnsmessage.TypeA:
		return "A " + name
	case dnsmessage.TypeAAAA:
		return "AAAA " + name
	}
	return fmt.Sprintf("type %d %s", typ, name)
}
