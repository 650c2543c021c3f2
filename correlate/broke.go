package correlate

import (
	"net/netip"
	"slices"
	"time"

	"github.com/wgtrace/wgtrace/capture"
)

// Minimum evidence that a path which worked broke. A device that has loaded its
// page goes on calling those that never answered, and nobody else, so that deaths
// alone say nothing here: who answered before must be silent now.
const (
	minBroken = 3

	// BrokenFor is how long requests must die on a path that worked: until the
	// first repetition of a SYN (RFC 6298 section 2). Loading a firewall anew
	// takes less.
	BrokenFor = time.Second

	// Networks beyond the host that must be silent: half of those that answered,
	// though a device never tries all of many. One site is often in two.
	minNowSilent = 2
	fewNowSilent = 3
	allNowSilent = 5
)

// FellSilent reports whether so many networks are silent that had answered before
// the ledger began that it is the way to them, and no single one: each may be down
// or stop answering this host, and a device goes on calling just those.
func (l *Ledger) FellSilent(known int) bool { return fellSilent(known, l.Served) }

func fellSilent(known, served int) bool {
	return known >= max(minNowSilent, min(served, fewNowSilent), min((served+1)/2, allNowSilent))
}

// maxKnown bounds how many of those that answered a client are remembered.
const maxKnown = 32

// answerer is whom a client asked; of echo requests the port is 0.
type answerer struct {
	addr capture.Addr
	port uint16
	kind capture.Kind
}

// known is a ring of those that answered a client last.
type known struct {
	ring    [maxKnown]answerer
	n, next uint8
}

func (k *known) has(r *request) bool {
	return k != nil && slices.Contains(k.ring[:k.n], answerer{r.target, r.sighting.Dst.Port(), r.kind})
}

// remember notes who answered.
func (f *familyState) remember(r *request) {
	if f.known == nil {
		f.known = new(known)
	}
	k := f.known
	k.ring[k.next] = answerer{r.target, r.sighting.Dst.Port(), r.kind}
	k.next = (k.next + 1) % maxKnown
	k.n = min(k.n+1, maxKnown)
}

// networks returns in how many networks they are.
func (k *known) networks() int {
	if k == nil {
		return 0
	}
	n := networks{}
	for _, a := range k.ring[:k.n] {
		n.add(a.addr)
	}
	return len(n)
}

// networks are the smallest ones that the internet's routing tells apart: the
// addresses of one belong to one party, and go down together.
type networks map[netip.Prefix]bool

func (n networks) add(a capture.Addr) {
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, _ := a.Netip().Prefix(bits)
	n[p] = true
}

// alone reports whether no more than one address ever answered.
func (k *known) alone() bool {
	for _, a := range k.ring[:k.n] {
		if a.addr != k.ring[0].addr {
			return false
		}
	}
	return true
}

// replied notes a packet from beyond the host at tunnel_out.
func (f *familyState) replied(t int64) {
	f.replies++
	f.lastReply = t
}

// breaks reports whether a request may be one of those that show that the path
// broke: it died where those before it in the suspicion did, or is the first, to
// somebody who had answered; and nothing has come for the client since. Old
// conversations keep their translation when the rule is gone (iptables(8), table
// nat), so that their answers do not speak against its absence.
func (f *familyState) breaks(r *request, fate Fate, known bool) bool {
	l := f.ledgers[len(f.ledgers)-1]
	answered := func(since int64) bool { return fate != FateUntranslated && f.lastReply >= since }
	if rank(fate) == 0 || l.fates[FateAnswered] == nil || answered(r.time) {
		return false
	}
	if l.tail != nil && (l.tail.furthest() != rank(fate) || answered(l.tail.started)) {
		f.rejoin()
	}
	return l.tail != nil || known
}

// furthest returns the highest rank at which requests of a ledger died.
func (l *ledger) furthest() (most int) {
	for i, c := range l.fates {
		if c != nil {
			most = max(most, rank(Fate(i)))
		}
	}
	return most
}

// broke reports whether the deaths of the suspicion are enough. That the host
// loses what it passed on before needs one that it served, among others; silence
// beyond it a good part of all.
func (f *familyState) broke(rank int) bool {
	tail := f.ledgers[len(f.ledgers)-1].tail
	count, silent, targets := uint64(0), networks{}, map[capture.Addr]bool{}
	for _, c := range tail.fates {
		if c == nil {
			continue
		}
		count += c.count
		for i, a := range c.targets {
			targets[a] = true
			if c.known[i] {
				silent.add(a)
			}
		}
	}
	switch {
	case count < minBroken, tail.ended-tail.started < BrokenFor.Nanoseconds():
		return false
	case rank == rankNoReply:
		return fellSilent(len(silent), tail.served)
	}
	return len(silent) > 0 && (len(targets) > 1 || f.known.alone())
}
