package diagnose

import (
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
)

// deadResolver returns the resolver that the client asked most in vain, if none
// that it asked ever answered, or none answers any more; how its queries ended most
// often; and how many of them did. One resolver that works is enough for a client:
// then the others are slow at worst. What it returns has in Ends what speaks of
// now, from LateFrom on.
func (s *subject) deadResolver() (*correlate.Resolver, correlate.NameEnd, bool) {
	worked := slices.ContainsFunc(s.client.Resolvers, func(r correlate.Resolver) bool {
		return r.Ends[correlate.NameAnswered].Count > 0
	})
	var worst *correlate.Resolver
	most := uint64(0)
	for i := range s.client.Resolvers {
		r := s.client.Resolvers[i]
		answers := r.Ends[correlate.NameAnswered].Count > 0
		if worked {
			r.Ends = r.Late
		} else {
			r.LateFrom = 0
		}
		if n := failed(&r); n > most && (!worked || answers && fellSilent(&r)) {
			worst, most = &r, n
		}
	}
	if most < minTries || s.namesElsewhere() {
		return nil, 0, false
	}
	end := correlate.NameOpen
	for i := range worst.Ends {
		if e := correlate.NameEnd(i); e != correlate.NameOpen && (end == correlate.NameOpen || worst.Ends[i].Count > worst.Ends[end].Count) {
			end = e
		}
	}
	// An ICMP error is sent at a limited rate (RFC 1812 section 4.3.2.8), so
	// that one of them speaks for the queries that got none.
	if end == correlate.NameSilent && worst.Ends[correlate.NameUnreachable].Count > 0 {
		end = correlate.NameUnreachable
	}
	if (end == correlate.NameNoReply || end == correlate.NameReplyLost) && worst.Ends[correlate.NameErrored].Count > 0 {
		end = correlate.NameErrored
	}
	return worst, end, true
}

// fellSilent reports whether a resolver that answered has failed long enough since
// to say so, for names enough: a client asks for a broken one and its neighbours
// again and again, and for nothing else meanwhile. Where it says no instead of
// nothing they must be such as it had answered for: resolvers refuse the names of
// advertisers, and cannot find those of broken domains.
func fellSilent(r *correlate.Resolver) bool {
	said := r.Ends[correlate.NameRefused].Count + r.Ends[correlate.NameFailed].Count
	if failed(r) < minFailures || r.LateTo-r.LateFrom < correlate.AnswerTime.Nanoseconds() {
		return false
	}
	return r.LateKnown >= minLateKnown || said == 0 && r.LateNames >= minLateNames
}

const (
	minLateNames = 3
	minLateKnown = 2
)

// namesOpen reports whether the client asked for names, and the captures show no
// answer to any of its queries and do not reach far enough to call them lost. A
// phone without names loads nothing, so that it cannot be called healthy yet.
func (s *subject) namesOpen() bool {
	open := uint64(0)
	for i := range s.client.Resolvers {
		for end, n := range s.client.Resolvers[i].Ends {
			if correlate.NameEnd(end) == correlate.NameAnswered && n.Count > 0 {
				return false
			}
		}
		open += s.client.Resolvers[i].Ends[correlate.NameOpen].Count
	}
	return open >= minTries && !s.namesElsewhere()
}

// failed counts the queries to a resolver that came to a bad end.
func failed(r *correlate.Resolver) (n uint64) {
	for i := range r.Ends {
		if e := correlate.NameEnd(i); e != correlate.NameOpen && e != correlate.NameAnswered {
			n += r.Ends[i].Count
		}
	}
	return n
}

// publicResolvers serve names over HTTPS and QUIC at addresses that programs
// carry built in (RFC 8484): what each of them publishes of itself.
var publicResolvers = func() map[netip.Addr]bool {
	list := map[netip.Addr]bool{}
	for _, a := range []string{
		"1.1.1.1", "1.0.0.1", "1.1.1.2", "1.0.0.2", "1.1.1.3", "1.0.0.3", "2606:4700:4700::1111", "2606:4700:4700::1001",
		"8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844",
		"9.9.9.9", "149.112.112.112", "9.9.9.10", "149.112.112.10", "2620:fe::fe", "2620:fe::9",
		"94.140.14.14", "94.140.15.15", "208.67.222.222", "208.67.220.220", "223.5.5.5", "223.6.6.6", "1.12.12.12", "120.53.53.53",
	} {
		list[netip.MustParseAddr(a)] = true
	}
	return list
}()

// Ports of names over TCP, TLS and QUIC (RFC 7766, RFC 7858, RFC 9250), and of
// HTTPS.
const (
	portDNS   = 53
	portDoT   = 853
	portHTTPS = 443
)

// namesElsewhere reports whether the client gets its names in another way than
// by plain queries: then those may die without anybody missing them.
func (s *subject) namesElsewhere() bool {
	return s.anyClientFlow(func(f *correlate.Flow) bool {
		if f.Back.Packets == 0 || f.In.Packets == 0 || f.Outcome == correlate.OutcomeRejected {
			return false
		}
		switch f.Remote.Port() {
		case portDoT:
			return true
		case portDNS:
			return f.Proto == protoTCP && f.Outcome != correlate.OutcomeUnknown
		case portHTTPS:
			return publicResolvers[f.Remote.Addr()]
		}
		return false
	})
}

const protoTCP = 6

// resolverProof is what a rule on a resolver proves.
func resolverProof(r *correlate.Resolver, end correlate.NameEnd, confidence float64) (proof, bool) {
	p := proof{confidence: confidence, evidence: r.Ends[end].Samples, args: map[string]any{
		"resolver": r.Addr.String(), "names": failed(r),
	}}
	if r.Host {
		p.server = r.Addr
	}
	return p, true
}
