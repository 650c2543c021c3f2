package diagnose

import (
	"maps"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
)

// minCounted is how many packets must have come out of the tunnel before counters
// speak of a fault: a page that does not load sends more.
const minCounted = 10

// stuckConfidence is how sure it is that packets end between tunnel and WAN if the
// counters alone say so, and if the settings give the reason too. Counters do not
// tell one client's packets from another's, nor for whom a packet was.
const (
	stuckConfidence    = 0.6
	explainedConfident = 0.9
)

// Growth is by how much a counter grew; not known is not 0.
type Growth struct {
	N     uint64
	Known bool
}

func growth(n uint64, known bool) Growth { return Growth{n, known} }

// Counted is the verdict of settings and counters where nothing could be captured.
// It is never healthy: both are the machine's, and not the phone's.
type Counted struct {
	OS      string        // of the machine, "" if not known
	Watched time.Duration // between the two readings

	TunnelIn, TunnelOut Growth // packets out of the tunnel, and into it
	Forwarded           Growth // passed on by the machine, both ways, whoever sent them
	Refused             Growth // counted as thrown away
	WANIn, WANOut       Growth

	Status        Status // fault or inconclusive
	Basis         string // "counters" or "settings"
	StoppedAfter  correlate.Stage
	StoppedBefore correlate.Stage // both StageNone: no place is named
	Confidence    float64         // 0..1; 0 if nothing is claimed
	Says          string          // which sentence is true (internal/text, "counted-...")
}

// Judge says what checks and the counters of the same facts tell together. The
// facts hold the counters of before and after.
//
// Packets for the machine itself came in as well and were not passed on. So a place
// is named only where next to nothing went back into the tunnel, and where the machine
// counted as many as thrown away or is set not to pass them on: a log that is sent here
// through the tunnel is not answered either. Settings of the way through that look
// wrong while about as much is passed on and goes back as comes in are not believed.
func Judge(ctx Context, checks []Check, watched time.Duration) Counted {
	f := ctx.Facts
	c := Counted{
		OS: ctx.OS, Watched: watched,
		TunnelIn: growth(f.Received(ctx.Tunnel)), TunnelOut: growth(f.Sent(ctx.Tunnel)),
		Forwarded: growth(f.Forwarded()), Refused: growth(f.Refused()),
		WANIn: growth(f.Received(ctx.WAN)), WANOut: growth(f.Sent(ctx.WAN)),
		Status: StatusInconclusive, Basis: "counters",
	}
	wrong := map[string]bool{} // layers
	for i := range checks {
		if checks[i].State == StateWrong {
			wrong[checks[i].Layer] = true
		}
	}
	elsewhere := maps.Clone(wrong)
	for _, layer := range passing {
		delete(elsewhere, layer)
	}
	known := c.TunnelIn.Known && c.TunnelOut.Known && c.Forwarded.Known
	enough := known && c.TunnelIn.N >= minCounted
	swallowed := enough && c.Forwarded.N == 0 && c.TunnelOut.N <= c.TunnelIn.N/4
	bothWays := enough && c.TunnelOut.N >= c.TunnelIn.N/2 && c.Forwarded.N >= (c.TunnelIn.N+c.TunnelOut.N)/2
	switch {
	case swallowed && (wrong["forwarding"] || c.Refused.N >= c.TunnelIn.N/2):
		c.Status, c.Says = StatusFault, "stuck"
		c.StoppedAfter, c.StoppedBefore = correlate.TunnelIn, correlate.WANOut
		c.Confidence = stuckConfidence
		if wrong["forwarding"] {
			c.Confidence = explainedConfident
		}
	case bothWays && len(elsewhere) == 0:
		c.Says = "both-ways"
	case len(wrong) > 0:
		c.Status, c.Basis, c.Confidence = StatusFault, "settings", explainedConfident
	case !known:
		c.Basis, c.Says = "settings", "unknown"
	case c.TunnelIn.N == 0:
		c.Says = "nothing"
	case !enough:
		c.Says = "few"
	case swallowed:
		c.Says = "swallowed"
	case c.Forwarded.N == 0:
		c.Says = "answered-here"
	default:
		c.Says = "one-way"
	}
	return c
}
