package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

// upstreamRejects is a remark: somebody beyond the host says no to all that the
// client asks for, and the host passes it on as it should.
var upstreamRejects = rule{
	id: "upstream-rejects", layer: 3, severity: SeverityInfo,
	after: correlate.WANOut, before: correlate.WANIn,
	prove: func(s *subject) (proof, bool) {
		for k := range s.client.Families {
			f := &s.client.Families[k]
			l := f.Now()
			if l == nil {
				continue
			}
			in := &subject{ev: s.ev, ctx: s.ctx, client: s.client, family: f, ledger: l}
			p := proof{confidence: 0.95, args: map[string]any{"speaker": "", "refused": uint64(0)}}
			n, most := uint64(0), uint64(0)
			for i := range f.Refusals {
				r := &f.Refusals[i]
				if !r.Beyond || r.Outward || !in.meanwhile(&r.Tally) || kindOf(r) == refusalOther {
					continue
				}
				n += r.Count
				p.evidence = append(p.evidence, r.Samples...)
				if r.Speaker.IsValid() && r.Count > most {
					most, p.args["speaker"] = r.Count, r.Speaker.String()
				}
			}
			p.args["refused"] = n
			answers := l.Fates[correlate.FateAnswered]
			if n >= minRequests && n >= answers.Count && answers.Targets >= minTargets {
				return p, true
			}
		}
		return proof{}, false
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "upstream-refuses", Probability: 0.9}}
	},
}
