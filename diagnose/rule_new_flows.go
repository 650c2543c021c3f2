package diagnose

import (
	"net/netip"
	"slices"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
)

// newFlowsNotForwarded is the picture of a full table: from some moment on no new
// connection gets out, while the old ones go on. A service that is blocked and a
// path that broke look different: a connection to the same kind of service was
// answered before, and one that began before still works after.
var newFlowsNotForwarded = rule{
	id: "new-flows-not-forwarded", layer: 3, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.WANOut,
	prove: func(s *subject) (proof, bool) {
		if s.family.LocalAnswers > 0 || !s.hostCaptured() {
			return proof{}, false
		}
		n, _ := s.newFlowsStuck()
		if n == 0 {
			return proof{}, false
		}
		return proof{
			confidence: 0.9,
			evidence:   s.samples(correlate.FateNoEgress),
			args:       map[string]any{"refused": n},
		}, true
	},
	named: []string{"nat-table-full", "nat-ports-exhausted", "connection-limit"},
	causes: func(s *subject, _ string) []Cause {
		if _, narrow := s.newFlowsStuck(); narrow {
			return []Cause{
				{ID: "nat-ports-exhausted", Probability: 0.6},
				{ID: "connection-limit", Probability: 0.25},
				{ID: "nat-table-full", Probability: 0.05},
			}
		}
		return []Cause{
			{ID: "nat-table-full", Probability: 0.5},
			{ID: "nat-ports-exhausted", Probability: 0.2},
			{ID: "connection-limit", Probability: 0.2},
		}
	},
}

// maxStuckRemotes bounds how many remotes are looked at one by one.
const maxStuckRemotes = 32

// newFlowsStuck returns how many new conversations died, 0 if they did not, or not
// all of them; narrow: those of one protocol alone, or to one port of one remote. A
// table of connections holds all of them; a range of ports is one protocol's, and
// has each port once for each remote.
func (s *subject) newFlowsStuck() (n uint64, narrow bool) {
	all := []uint8{protoTCP, protoUDP, protoICMP, protoICMPv6}
	for _, of := range [][]uint8{all, {protoTCP}, {protoUDP}} {
		if n, ok := s.newFlowsDie(of, netip.AddrPort{}); ok {
			return n, len(of) == 1
		}
	}
	tried := make(map[netip.AddrPort]bool)
	s.anyFlow(func(f *correlate.Flow) bool {
		if f.Outcome != correlate.OutcomeNoEgress || tried[f.Remote] || len(tried) >= maxStuckRemotes || f.Proto != protoTCP && f.Proto != protoUDP {
			return false
		}
		tried[f.Remote] = true
		if died, ok := s.newFlowsDie([]uint8{f.Proto}, f.Remote); ok {
			n += died
		}
		return false
	})
	return n, n > 0
}

// outlive is how long a conversation must go on after the first that died, to
// show that the path itself did not.
const outlive = 500 * time.Millisecond

// newFlowsDie reports whether new conversations of some protocols, with one remote
// or (not valid) with any, die from some moment on, and how many did. One of those
// that died must be with somebody who had answered: others may be kept back on
// purpose, and be all that a device calls beside the conversations that it has. Who
// answered at another port counts where more than one kind of service died: one kind
// alone, such as QUIC, may be kept back everywhere, and so are names, in the clear or
// over TLS (RFC 7858), where a host has its own resolver.
func (s *subject) newFlowsDie(protocols []uint8, remote netip.AddrPort) (uint64, bool) {
	type service struct {
		proto  uint8
		remote netip.AddrPort
	}
	dead, since, died := uint64(0), int64(0), map[service]bool{}
	kinds, hosts := map[service]bool{}, map[netip.Addr]bool{} // of those that died
	of := func(f *correlate.Flow) bool {
		return f.Opened && slices.Contains(protocols, f.Proto) && (!remote.IsValid() || f.Remote == remote) && f.First <= s.ledger.Ended && f.Last >= s.ledger.Started
	}
	s.anyFlow(func(f *correlate.Flow) bool {
		if of(f) && f.Outcome == correlate.OutcomeNoEgress && !f.Remote.Addr().IsPrivate() {
			if dead++; dead == 1 || f.First < since {
				since = f.First
			}
			died[service{f.Proto, f.Remote}] = true
			kinds[service{f.Proto, netip.AddrPortFrom(netip.Addr{}, f.Remote.Port())}] = true
			if port := f.Remote.Port(); port != 53 && port != 853 {
				hosts[f.Remote.Addr()] = true
			}
		}
		return false
	})
	if dead < minRequests {
		return 0, false
	}
	worked, lives := false, false
	refuted := s.anyFlow(func(f *correlate.Flow) bool {
		if f.Outcome == correlate.OutcomeAnswered && f.First < since {
			worked = worked || of(f) && died[service{f.Proto, f.Remote}] || hosts[f.Remote.Addr()] && len(kinds) > 1
			lives = lives || f.LostForward == 0 && f.Last > since+outlive.Nanoseconds()
		}
		return of(f) && f.Out.Packets > 0 && f.First > since // a new one got out
	})
	return dead, worked && lives && !refuted
}
