package diagnose

import (
	"time"

	"github.com/wgtrace/wgtrace/correlate"
)

// tapProof is how long other traffic must be seen coming in, so that silence is
// that of the phone and not that of the tap.
const tapProof = 15 * time.Second

var noOuterPackets = rule{
	id: "no-outer-packets", layer: 1, severity: SeverityFault,
	after: correlate.StageNone, before: correlate.OuterIn,
	prove: func(s *subject) (proof, bool) {
		c := &s.ev.Coverage
		if !s.tried() || s.loaded() || !c.OuterPossible || s.ev.WireGuard.Port == 0 || c.Filtered || c.InboundOther == 0 ||
			time.Duration(c.InboundSpan) < tapProof || s.ev.Stages[correlate.TunnelIn].Packets > 0 {
			return proof{}, false
		}
		for i := range s.ev.WireGuard.Peers {
			if s.ev.WireGuard.Peers[i].LastIn != 0 {
				return proof{}, false
			}
		}
		return proof{confidence: 0.95}, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{
			{ID: "port-forward-missing", Probability: 0.4},
			{ID: "wrong-endpoint", Probability: 0.3},
			{ID: "cgnat", Probability: 0.2},
			{ID: "tested-from-own-lan", Probability: 0.05},
		}
	},
}

// tried reports whether the person says that the phone tried: "nothing arrived"
// and "nobody has tried yet" are the same packets.
func (s *subject) tried() bool { return s.ctx.ExpectTraffic || len(s.ctx.Attempts) > 0 }

// loaded reports whether the page came at the last try. Where nothing of the phone
// arrived, it came past a tunnel that was off, and silence is no fault.
func (s *subject) loaded() bool {
	n := len(s.ctx.Attempts)
	return n > 0 && s.ctx.Attempts[n-1].Loaded
}
