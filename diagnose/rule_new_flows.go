package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

// newFlowsNotForwarded is the picture of a full table: from some moment on no new
// connection gets out, while the old ones go on. A port that is blocked and a
// path that broke look different: a connection to the same port was answered
// before, and one that began before still works after.
var newFlowsNotForwarded = rule{
	id: "new-flows-not-forwarded", layer: 3, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.WANOut,
	prove: func(s *subject) (proof, bool) {
		if s.family.LocalAnswers > 0 || !s.hostCaptured() {
			return proof{}, false
		}
		for _, proto := range []uint8{protoTCP, protoUDP} {
			if n, ok := s.newFlowsDie(proto); ok {
				return proof{
					confidence: 0.9,
					evidence:   s.samples(correlate.FateNoEgress),
					args:       map[string]any{"refused": uint64(n)},
				}, true
			}
		}
		return proof{}, false
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "nat-table-full", Probability: 0.55}, {ID: "nat-ports-exhausted", Probability: 0.35}}
	},
}

// newFlowsDie reports whether new conversations of a protocol die from some
// moment on, and how many did.
func (s *subject) newFlowsDie(proto uint8) (int, bool) {
	span := func(f *correlate.Flow) bool {
		return f.Proto == proto && f.First <= s.ledger.Ended && f.Last >= s.ledger.Started
	}
	dead, since := 0, int64(0)
	targets, ports := map[string]bool{}, map[uint16]bool{}
	s.anyFlow(func(f *correlate.Flow) bool {
		if span(f) && f.Opened && f.Outcome == correlate.OutcomeNoEgress {
			if dead++; dead == 1 || f.First < since {
				since = f.First
			}
			targets[f.Remote.Addr().String()] = true
			ports[f.Remote.Port()] = true
		}
		return false
	})
	if dead < minRequests || len(targets) < minTargets {
		return 0, false
	}
	worked, lives := false, false
	refuted := s.anyFlow(func(f *correlate.Flow) bool {
		if !span(f) || f.Out.Packets == 0 {
			return false
		}
		if f.First > since && f.Opened {
			return true // a new one got out
		}
		if f.Outcome == correlate.OutcomeAnswered && f.First < since && f.Opened {
			worked = worked || ports[f.Remote.Port()]
			lives = lives || f.LostForward == 0 && f.Last > since
		}
		return false
	})
	// A path of another protocol that lives shows the same.
	lives = lives || s.anyFlow(func(f *correlate.Flow) bool {
		return f.Proto != proto && f.Outcome == correlate.OutcomeAnswered && f.LostForward == 0 && f.Last > since && f.First <= s.ledger.Ended
	})
	return dead, worked && lives && !refuted
}
