package diagnose

import (
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
		// A table of connections holds all protocols, a range of ports one.
		for _, of := range [][]uint8{{protoTCP, protoUDP, protoICMP, protoICMPv6}, {protoTCP}, {protoUDP}} {
			if n, ok := s.newFlowsDie(of); ok {
				return proof{
					confidence: 0.9,
					evidence:   s.samples(correlate.FateNoEgress),
					args:       map[string]any{"refused": n},
				}, true
			}
		}
		return proof{}, false
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "nat-table-full", Probability: 0.55}, {ID: "nat-ports-exhausted", Probability: 0.35}}
	},
}

// outlive is how long a conversation must go on after the first that died, to
// show that the path itself did not.
const outlive = 500 * time.Millisecond

// newFlowsDie reports whether new conversations of some protocols die from some
// moment on, and how many did.
func (s *subject) newFlowsDie(protocols []uint8) (uint64, bool) {
	type service struct {
		proto uint8
		port  uint16
	}
	dead, since, died := uint64(0), int64(0), map[service]bool{}
	of := func(f *correlate.Flow) bool {
		return f.Opened && slices.Contains(protocols, f.Proto) && f.First <= s.ledger.Ended && f.Last >= s.ledger.Started
	}
	s.anyFlow(func(f *correlate.Flow) bool {
		if of(f) && f.Outcome == correlate.OutcomeNoEgress && !f.Remote.Addr().IsPrivate() {
			if dead++; dead == 1 || f.First < since {
				since = f.First
			}
			died[service{f.Proto, f.Remote.Port()}] = true
		}
		return false
	})
	if dead < minRequests {
		return 0, false
	}
	worked, lives := false, false
	refuted := s.anyFlow(func(f *correlate.Flow) bool {
		if f.Outcome == correlate.OutcomeAnswered && f.First < since {
			worked = worked || of(f) && died[service{f.Proto, f.Remote.Port()}]
			lives = lives || f.LostForward == 0 && f.Last > since+outlive.Nanoseconds()
		}
		return of(f) && f.Out.Packets > 0 && f.First > since // a new one got out
	})
	return dead, worked && lives && !refuted
}
