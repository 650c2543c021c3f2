package report

import (
	"strings"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
)

// Counters are by how much a host's counters of packets grew, all clients and
// programs together; null is not known. No packet was looked at.
type Counters struct {
	WatchedUS float64 `json:"watched_us"`
	TunnelIn  *uint64 `json:"tunnel_in"`  // out of the tunnel
	Forwarded *uint64 `json:"forwarded"`  // passed on, both ways
	Refused   *uint64 `json:"refused"`    // thrown away for a reason that is counted
	WANOut    *uint64 `json:"wan_out"`    // sent on the WAN adapter, WireGuard's included
	WANIn     *uint64 `json:"wan_in"`     // received there
	TunnelOut *uint64 `json:"tunnel_out"` // into the tunnel
}

// count turns the answer of settings alone into that of settings and counters.
func (b *builder) count(c *Check, n *diagnose.Counted) {
	grown := func(g diagnose.Growth) *uint64 {
		if !g.Known {
			return nil
		}
		return some(g.N)
	}
	c.Counters = &Counters{
		WatchedUS: microseconds(n.Watched.Nanoseconds()),
		TunnelIn:  grown(n.TunnelIn), Forwarded: grown(n.Forwarded), Refused: grown(n.Refused),
		WANOut: grown(n.WANOut), WANIn: grown(n.WANIn), TunnelOut: grown(n.TunnelOut),
	}
	v := &c.Verdict
	v.Status, v.Basis, v.Confidence = n.Status.String(), n.Basis, some(unit(n.Confidence))
	if n.StoppedAfter != correlate.StageNone {
		v.StoppedAfter, v.StoppedBefore = some(n.StoppedAfter.String()), some(n.StoppedBefore.String())
	}
	if n.Says != "" {
		v.Headline = b.words.Word("counted-"+n.Says, map[string]any{
			"arrived": n.TunnelIn.N, "left": n.Forwarded.N, "returned": n.TunnelOut.N, "os": n.OS,
		})
	}
}

// counters prints what was counted, in the order of the way.
func (t *printer) counters(c *Counters) {
	t.heading(t.word("section-counters", map[string]any{"count": int64(c.WatchedUS / 1e6)}))
	rows := []struct {
		id string
		n  *uint64
	}{
		{"tunnel-in", c.TunnelIn}, {"forwarded", c.Forwarded}, {"refused", c.Refused},
		{"wan-out", c.WANOut}, {"wan-in", c.WANIn}, {"tunnel-out", c.TunnelOut},
	}
	title := 0
	for _, r := range rows {
		title = max(title, columns(t.word("counter-"+r.id, nil)))
	}
	for _, r := range rows {
		n := t.word("state-unknown", nil)
		if r.n != nil {
			n = "+" + t.word("counter-packets", map[string]any{"count": *r.n})
		}
		t.print(strings.TrimRight(pad(t.word("counter-"+r.id, nil), title+2)+n, " "))
	}
}
