package diagnose

import (
	"slices"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// Segment is the part of a path of two joins in which packets are lost.
type Segment uint8

// Segments.
const (
	SegmentUnknown   Segment = iota // there is one join only, or the packets do not tell
	SegmentContainer                // between the tunnel and the uplink of the container that holds it
	SegmentHost                     // between that uplink and the WAN of the host around it
)

// String returns the segment as the JSON report names it.
func (s Segment) String() string {
	switch s {
	case SegmentContainer:
		return "container"
	case SegmentHost:
		return "host"
	}
	return ""
}

// Inner is the join inside a container: its tunnel and its own uplink, with what
// is known of the container's namespace.
type Inner struct {
	Evidence *correlate.Evidence
	Context  Context
}

// RunChain judges a path from a tunnel in a container to the WAN of the host: ev
// joins both ends, inner the tunnel and the container's uplink. What both ends
// show decides whether there is a fault; inner only tells on which side of the
// uplink. A fault inside is told as inner shows it, by the container's settings,
// one behind it by those of the host (ctx). The captures of the uplink are
// appended to ev.Captures, with no role.
func RunChain(ev *correlate.Evidence, ctx Context, inner Inner) *Diagnosis {
	d := judgeChain(ev, ctx, inner)
	d.Inner = inner.Evidence
	return d
}

func judgeChain(ev *correlate.Evidence, ctx Context, inner Inner) *Diagnosis {
	checks := append(Checks(inner.Context), Checks(ctx)...)
	within := judge(inner.Evidence, inner.Context, slices.Clone(checks))
	d := judge(ev, ctx, checks)
	places := joinCaptures(ev, inner.Evidence)
	f := d.Primary()
	if d.Status != StatusFault || f == nil {
		return d
	}
	switch segment(f, within, inner.Evidence) {
	case SegmentContainer:
		d.Finding, d.Findings, d.Caveats = within.Finding, within.Findings, within.Caveats
		for i := range d.Findings {
			for k := range d.Findings[i].Evidence {
				s := &d.Findings[i].Evidence[k]
				s.Capture = places[s.Capture]
			}
		}
		d.Primary().Segment = SegmentContainer
	case SegmentHost:
		f.Segment = SegmentHost
	default:
		// Neither the container's nor the host's settings are known to be those
		// that the packets met.
		ctx.Facts = nil
		d = judge(ev, ctx, checks)
	}
	return d
}

// joinCaptures appends the captures of the uplink to those of both ends, and
// returns where each capture of inner stands among them.
func joinCaptures(ev, inner *correlate.Evidence) []int {
	places := make([]int, len(inner.Captures))
	for i, c := range inner.Captures {
		places[i] = slices.IndexFunc(ev.Captures, func(o correlate.Capture) bool {
			// Live, the tunnel has a tap for each join; a recording is read twice.
			return c.Role == capture.RoleTunnel && o.Role == c.Role && o.Interface.Name == c.Interface.Name ||
				o.Source == c.Source && o.Interface.Index == c.Interface.Index && o.Interface.Section == c.Interface.Section
		})
		if places[i] < 0 {
			places[i] = len(ev.Captures)
			c.Role = capture.RoleUnknown
			ev.Captures = append(ev.Captures, c)
		}
	}
	return places
}

// segment says on which side of the uplink the packets of a finding are lost.
func segment(f *Finding, within *Diagnosis, inner *correlate.Evidence) Segment {
	g := within.Primary()
	fault := within.Status == StatusFault && g != nil
	switch {
	case f.After == correlate.OuterIn || f.After == correlate.OuterOut && f.Before == correlate.OuterIn:
		// Layer 1: what calls from outside has a different way in.
		if inner.Stages[correlate.OuterIn].Observed && inner.Stages[correlate.OuterIn].Packets == 0 {
			return SegmentHost // nothing was led to the container
		}
		if fault && g.ID == f.ID {
			return SegmentContainer
		}
	case !fault || g.Scope.Client != f.Scope.Client:
	case g.Before == correlate.WANIn && g.ID != natMissing.id && g.ID != natWrongSourceAddress.id:
		// It left the container in order, and nothing came back to it.
		if f.After == correlate.TunnelIn || f.After == correlate.WANIn {
			return SegmentHost
		}
	default:
		return SegmentContainer
	}
	return SegmentUnknown
}
