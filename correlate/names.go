package correlate

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/capture"
)

// NameEnd says how a DNS query of a client ended.
type NameEnd uint8

// Ends of a query.
const (
	NameOpen        NameEnd = iota // too little capture follows it, or its end could not have been seen
	NameAnswered                   // the address that was asked answered, whatever with but the next two
	NameRefused                    // answered with RCODE 5 (RFC 1035 section 4.1.1)
	NameFailed                     // answered with RCODE 2
	NameUnreachable                // the host itself returned an ICMP error
	NameErrored                    // an ICMP error from beyond the host reached the client
	NameForeign                    // the answer came from another address than the one that was asked
	NameSilent                     // no answer, and it did not leave the host
	NameBare                       // it left with the client's own address; no answer at wan_in
	NameNoReply                    // it left; no answer at wan_in
	NameReplyLost                  // an answer at wan_in, none at tunnel_out
	NumNameEnds     = iota
)

// String returns the end as tests name it.
func (n NameEnd) String() string {
	names := [NumNameEnds]string{"open", "answered", "refused", "failed", "unreachable", "errored", "foreign", "silent", "bare", "no-reply", "reply-lost"}
	if int(n) < len(names) {
		return names[n]
	}
	return fmt.Sprintf("NameEnd(%d)", uint8(n))
}

// NameCount sums up the queries that ended in one way.
type NameCount struct {
	Count   uint64
	Samples []Sighting // the first few of them, with what came back if there was anything
}

// Resolver is what one client asked of one address. Unanswered queries count
// only if they ask for an address: resolvers are free to ignore the newer types
// (HTTPS, RFC 9460), and clients go on without.
type Resolver struct {
	Addr netip.Addr
	Host bool // the host's own address
	Ends [NumNameEnds]NameCount
	// Late are those of Ends that the client saw since the last good answer from
	// anybody; LateNames counts the names that it asked for in them, up to 4, and
	// LateKnown those of these names that had been answered before.
	Late      [NumNameEnds]NameCount
	LateNames int
	LateKnown int
	// LateFrom is the time of the first of Late, LateTo of the last; 0: none.
	LateFrom, LateTo int64
}

// resolver is a Resolver in the making.
type resolver struct {
	addr      capture.Addr
	ends      [NumNameEnds]NameCount
	late      [NumNameEnds]NameCount
	lateNames []uint32 // hashes, up to maxLateNames
	lateKnown int
	from, to  int64 // of late
}

// maxLateNames is how many names are told apart that went unanswered.
const maxLateNames = 4

// goodNames are hashes of names that a client got a good answer for: a later one
// takes the place of one that falls on it.
type goodNames [64]uint32

func (g *goodNames) remember(name uint32) { g[name%uint32(len(g))] = name }

func (g *goodNames) has(name uint32) bool { return g != nil && g[name%uint32(len(g))] == name }

// maxResolvers bounds how many addresses are followed that one client asks: a
// device is given two or three.
const maxResolvers = 8

// DNS record types that every client needs (RFC 1035 section 3.2.2, RFC 3596).
const (
	typeA    = 1
	typeAAAA = 28
)

// asked is a ring of a client's latest queries, by which an answer from
// elsewhere finds the one it belongs to.
type asked struct {
	ring [8]struct {
		request int32
		gen     uint32
	}
	next uint8
}

// asksNames reports whether a packet of a flow is a query that is followed: to
// the host itself, or to anywhere beyond. What one client asks of another passes
// the tap twice, and is their business.
func (e *Engine) asksNames(f *flow, p *capture.Packet) bool {
	if p.Flags&capture.FlagDNSQuery == 0 {
		return false
	}
	remote, _ := f.remote()
	return !f.local || e.own[remote]
}

// noteQuery remembers a query for answers from elsewhere.
func (e *Engine) noteQuery(ri int32, p *capture.Packet) {
	r := e.requests.at(ri)
	r.dnsType, r.dnsName = p.DNSType, p.Seq
	a := &e.clientAt(r.client).asked
	a.ring[a.next%uint8(len(a.ring))].request = ri
	a.ring[a.next%uint8(len(a.ring))].gen = r.gen
	a.next++
}

// name notes the answer to a query inside the tunnel.
func (r *request) name(p *capture.Packet) {
	r.named, r.rcode = true, p.DNSRCode
}

// foreignAnswer notes an answer in a flow that asked nothing: if its id and port
// are those of an open query of the client, it came from the wrong address.
func (e *Engine) foreignAnswer(f *flow, p *capture.Packet, c *capturePoint) {
	a := &e.clientAt(f.client).asked
	for _, q := range a.ring {
		if q.gen == 0 {
			continue
		}
		r := e.requests.at(q.request)
		if r.gen != q.gen || r.answered || r.id != uint32(p.DNSID) || r.sighting.Src.Port() != p.DstPort || r.target == p.Src {
			continue
		}
		r.foreign, r.beyond = true, sighting(c, p, TunnelOut)
	}
}

// nameEnd decides how a query ended.
func (e *Engine) nameEnd(r *request) NameEnd {
	switch {
	case r.named && r.rcode == 5:
		return NameRefused
	case r.named && r.rcode == 2:
		return NameFailed
	case r.named:
		return NameAnswered
	case r.foreign:
		return NameForeign
	case r.answered:
		return NameErrored
	case r.rejected && !r.replied:
		return NameUnreachable
	case e.own[r.target]:
		end := e.watched(inside)
		if e.blindAll || end-r.time < AnswerTime.Nanoseconds() ||
			e.points[inside].droppedIn(r.time, min(r.time+AnswerTime.Nanoseconds(), end)) {
			return NameOpen
		}
		return NameSilent
	}
	switch e.fate(r) {
	case FateNoEgress:
		return NameSilent
	case FateUntranslated:
		return NameBare
	case FateNoReply:
		return NameNoReply
	case FateReplyLost:
		return NameReplyLost
	}
	return NameOpen
}

// bookName enters a query into its client's list of resolvers.
func (e *Engine) bookName(r *request) {
	end := e.nameEnd(r)
	if end != NameAnswered && r.dnsType != typeA && r.dnsType != typeAAAA {
		return
	}
	c := e.clientAt(r.client)
	i := slices.IndexFunc(c.resolvers, func(s *resolver) bool { return s.addr == r.target })
	if i < 0 {
		if len(c.resolvers) >= maxResolvers {
			return
		}
		i = len(c.resolvers)
		c.resolvers = append(c.resolvers, &resolver{addr: r.target})
	}
	c.resolvers[i].ends[end].add(r)
	switch end {
	case NameOpen:
	case NameAnswered:
		if c.good == nil {
			c.good = new(goodNames)
		}
		c.good.remember(r.dnsName)
		for _, s := range c.resolvers {
			s.forget()
		}
	default:
		c.resolvers[i].miss(r, end, c.good.has(r.dnsName))
	}
}

func (n *NameCount) add(r *request) {
	n.Count++
	if len(n.Samples) >= maxSamples {
		return
	}
	n.Samples = append(n.Samples, r.sighting)
	if r.beyond.Frame != 0 && len(n.Samples) < maxSamples {
		n.Samples = append(n.Samples, r.beyond)
	}
}

// miss notes a query that came to a bad end after the last good answer; known
// says that its name had one before.
func (s *resolver) miss(r *request, end NameEnd, known bool) {
	if s.from == 0 {
		s.from = r.time
	}
	s.to = r.time
	s.late[end].add(r)
	if r.dnsName != 0 && len(s.lateNames) < maxLateNames && !slices.Contains(s.lateNames, r.dnsName) {
		s.lateNames = append(s.lateNames, r.dnsName)
		if known {
			s.lateKnown++
		}
	}
}

// forget drops what was noted before a good answer.
func (s *resolver) forget() {
	if s.from == 0 {
		return
	}
	for i := range s.late {
		s.late[i] = NameCount{Samples: s.late[i].Samples[:0]}
	}
	s.lateNames, s.lateKnown, s.from, s.to = s.lateNames[:0], 0, 0, 0
}

// reopenNames takes back the queries that were judged by absence, where a tap
// turns out to have dropped packets meanwhile.
func (c *client) reopenNames(side int) {
	blind := []NameEnd{NameSilent, NameBare, NameNoReply}
	if side == inside {
		blind = []NameEnd{NameSilent, NameReplyLost}
	}
	for _, r := range c.resolvers {
		for _, end := range blind {
			r.ends[NameOpen].Count += r.ends[end].Count
			r.ends[end] = NameCount{}
		}
		r.forget()
	}
}

// resolversOf returns what a client asked as evidence.
func (e *Engine) resolversOf(c *client) []Resolver {
	var out []Resolver
	for _, r := range c.resolvers {
		row := Resolver{
			Addr: r.addr.Netip(), Host: e.own[r.addr], Ends: r.ends,
			Late: r.late, LateNames: len(r.lateNames), LateKnown: r.lateKnown, LateFrom: r.from, LateTo: r.to,
		}
		for i := range row.Ends {
			row.Ends[i].Samples, row.Late[i].Samples = slices.Clone(row.Ends[i].Samples), slices.Clone(row.Late[i].Samples)
		}
		out = append(out, row)
	}
	return out
}
