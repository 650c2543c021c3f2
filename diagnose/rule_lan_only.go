package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

// lanOnlyForwarding is a warning: who uses the tunnel for the LAN alone wants it
// so.
var lanOnlyForwarding = rule{
	id: "lan-only-forwarding", layer: 2, severity: SeverityWarning,
	after: correlate.TunnelIn, before: correlate.WANOut,
	prove: func(s *subject) (proof, bool) {
		if !s.hostCaptured() {
			return proof{}, false
		}
		for k := range s.client.Families {
			f := &s.client.Families[k]
			l := f.Now()
			if l == nil || f.LocalAnswers > 0 {
				continue
			}
			answered := l.Fates[correlate.FateAnswered].Count
			if answered == 0 || answered > l.AnsweredPrivate {
				continue
			}
			in := &subject{ev: s.ev, ctx: s.ctx, client: s.client, family: f, ledger: l}
			dead := in.sum(insideHost)
			if dead.Count < minRequests || dead.Targets < minTargets || in.leftForInternet() {
				continue
			}
			return proof{
				confidence: 0.9, evidence: in.samples(insideHost...),
				args: map[string]any{"requests": dead.Count, "answered": answered, "targets": dead.Targets},
			}, true
		}
		return proof{}, false
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "forward-rule-lan-only", Probability: 0.85}}
	},
}

// leftForInternet reports whether anything of the client left for an address
// that is not private.
func (s *subject) leftForInternet() bool {
	return s.anyFlow(func(f *correlate.Flow) bool {
		return f.Out.Packets > 0 && routed(f.Remote.Addr())
	})
}
