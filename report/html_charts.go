package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/wgtrace/wgtrace/internal/text"
)

// htmlChart is a drawing of 960 by Height with a lane for each thing.
type htmlChart struct {
	Title, Legend, Text string
	Height              int
	Ticks               []chartTick
	Lanes               []chartLane
}

type chartTick struct {
	X, Bottom, LabelY int
	Text              string
}

type chartLane struct {
	Text      string
	Y, LabelY int
	Bars      []chartBar
	Marks     []chartMark
}

type chartBar struct{ X, Y, Width int }

type chartMark struct {
	X, Y int
	Text string
}

// The part of a chart that has a scale, and its lanes.
const (
	chartLeft, chartRight = 240, 910
	chartTop, chartStep   = 34, 40
)

// newChart makes a chart with a lane for each label.
func newChart(title, legend string, labels []string) *htmlChart {
	c := &htmlChart{Title: title, Legend: legend, Height: chartTop + chartStep*len(labels) + 16}
	for i, l := range labels {
		y := chartTop + chartStep*i
		c.Lanes = append(c.Lanes, chartLane{Text: l, Y: y, LabelY: y + 5})
	}
	return c
}

// tick marks a value of the scale.
func (c *htmlChart) tick(x int, text string) {
	c.Ticks = append(c.Ticks, chartTick{x, c.Height - 26, c.Height - 6, text})
}

// span is a stretch of time in nanoseconds since 1970.
type span struct{ from, to int64 }

// drawTimeline shows when connections passed the places, and when the packets
// of the verdict were seen; nil if neither is known.
func (t *printer) drawTimeline() *htmlChart {
	spans := map[string][]span{}
	all := span{math.MaxInt64, math.MinInt64}
	note := func(stage string, from, to int64) {
		all.from, all.to = min(all.from, from), max(all.to, to)
		if stage != "" {
			spans[stage] = append(spans[stage], span{from, to})
		}
	}
	for i := range t.r.Flows {
		f := &t.r.Flows[i]
		if !f.First.Known || !f.Last.Known || f.Last.NS < f.First.NS {
			continue
		}
		for stage, n := range map[string]*uint64{"tunnel_in": f.Packets.TunnelIn, "wan_out": f.Packets.WANOut,
			"wan_in": f.Packets.WANIn, "tunnel_out": f.Packets.TunnelOut} {
			if or(n, 0) > 0 {
				note(stage, f.First.NS, f.Last.NS)
			}
		}
	}
	for i := range t.r.WireGuard.Peers {
		p := &t.r.WireGuard.Peers[i]
		if !p.first.Known || !p.last.Known || p.last.NS < p.first.NS {
			continue
		}
		if p.Initiations+p.DataIn+p.KeepalivesIn > 0 {
			note("outer_in", p.first.NS, p.last.NS)
		}
		if p.Responses+p.Cookies+p.DataOut+p.KeepalivesOut > 0 {
			note("outer_out", p.first.NS, p.last.NS)
		}
	}
	var marks []*Evidence
	if f := t.r.primary(); f != nil {
		for i := range f.Evidence {
			if e := &f.Evidence[i]; e.Time.Known && len(marks) < htmlRows {
				marks = append(marks, e)
				note("", e.Time.NS, e.Time.NS)
			}
		}
	}
	if all.to < all.from {
		return nil
	}
	labels := make([]string, len(stageOrder))
	for i, stage := range stageOrder {
		labels[i] = t.word("box-"+stage.String(), nil)
	}
	legend := text.Sentences(t.word("timeline-legend", nil), t.word("times-in", map[string]any{"name": t.zone()}))
	c := newChart(t.word("section-timeline", nil), legend, labels)
	length := max(all.to-all.from, 1e6)
	x := func(ns int64) int {
		return chartLeft + int(float64(ns-all.from)/float64(length)*(chartRight-chartLeft))
	}
	digits := 0
	if length < 20e9 {
		digits = 1
	}
	if length < 1e9 {
		digits = 3
	}
	for i := range int64(5) {
		at := all.from + length/4*i
		c.tick(x(at), Time{at, true}.clock(t.opts.Location, digits))
	}
	var told []string
	for i, place := range stageOrder {
		stage, lane := place.String(), &c.Lanes[i]
		lane.Bars = bars(spans[stage], x, lane.Y-7)
		for _, e := range marks {
			if e.stage == stage {
				lane.Marks = append(lane.Marks, chartMark{x(e.Time.NS), lane.Y - 8, e.Time.clock(t.opts.Location, 3) + " " + e.Text})
			}
		}
		told = append(told, fmt.Sprintf("%s: %d, %d", lane.Text, len(spans[stage]), len(lane.Marks)))
	}
	c.Text = c.Legend + " " + strings.Join(told, "; ")
	return c
}

// bars draws spans, those that touch as one.
func bars(spans []span, x func(int64) int, y int) []chartBar {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var list []chartBar
	for _, s := range spans {
		from, to := x(s.from), max(x(s.to), x(s.from)+3)
		if n := len(list); n > 0 && from <= list[n-1].X+list[n-1].Width+1 {
			list[n-1].Width = max(list[n-1].Width, to-list[n-1].X)
			continue
		}
		list = append(list, chartBar{from, y, to - from})
	}
	return list
}

// drawLatency shows how long the packets of the listed connections took, on a
// logarithmic scale; nil if no packet was matched.
func (t *printer) drawLatency() *htmlChart {
	low, high := math.Inf(1), math.Inf(-1)
	labels := make([]string, len(legs))
	values := make([][]*Latency, len(legs))
	for n, leg := range legs {
		labels[n] = t.word("leg-"+leg.name, nil)
		for i := range t.r.Flows {
			if l := leg.of(&t.r.Flows[i].Latency); l != nil && len(values[n]) < htmlRows {
				values[n] = append(values[n], l)
				low, high = min(low, decades(l.Min)), max(high, decades(l.Max))
			}
		}
	}
	if high < low {
		return nil
	}
	low, high = math.Floor(low), math.Ceil(high)
	if high == low {
		high++
	}
	c := newChart(t.word("section-latency", nil), t.word("latency-legend", nil), labels)
	x := func(us float64) int {
		return chartLeft + int((decades(us)-low)/(high-low)*(chartRight-chartLeft))
	}
	for d := low; d <= high; d++ {
		c.tick(x(math.Pow(10, d)), microsecondsShort(math.Pow(10, d)))
	}
	var told []string
	for n := range legs {
		lane := &c.Lanes[n]
		from, to, medians := math.Inf(1), math.Inf(-1), []float64{}
		for _, l := range values[n] {
			from, to = min(from, l.Min), max(to, l.Max)
			medians = append(medians, l.Median)
			lane.Marks = append(lane.Marks, chartMark{x(l.Median), lane.Y, microsecondsShort(l.Median)})
		}
		if len(medians) == 0 {
			continue
		}
		lane.Bars = []chartBar{{x(from), lane.Y, x(to) - x(from)}}
		told = append(told, lane.Text+": "+microsecondsShort(from)+" - "+microsecondsShort(median(medians))+" - "+microsecondsShort(to))
	}
	c.Text = c.Legend + " " + strings.Join(told, "; ")
	return c
}

// decades places a time on a logarithmic scale that begins at a microsecond:
// taps are no more exact, and clocks of two hosts can make it negative.
func decades(us float64) float64 { return math.Log10(max(us, 1)) }

// microsecondsShort writes a time with the symbol of its unit, which is the same
// in every language (SI brochure, section 3).
func microsecondsShort(us float64) string {
	unit := "µs"
	switch {
	case math.Abs(us) >= 1e6:
		us, unit = us/1e6, "s"
	case math.Abs(us) >= 1e3:
		us, unit = us/1e3, "ms"
	}
	digits := 1
	if math.Abs(us) >= 100 || us == math.Trunc(us) {
		digits = 0
	}
	return strconv.FormatFloat(us, 'f', digits, 64) + " " + unit
}

// median returns the middle one of values, which it sorts; there is one.
func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
