package report

import (
	"fmt"
	"strings"
)

// htmlPath is the picture of the six places as a drawing 960 wide.
type htmlPath struct {
	Title, Text, Host string
	Captions          []htmlLabel
	Ends              []htmlEnd
	Boxes             []htmlBox
	Arrows            []htmlArrow
}

type htmlLabel struct {
	X    int
	Text string
}

type htmlEnd struct {
	X, Y  int
	Phone bool
	Text  string
}

type htmlBox struct {
	X, Y, Mid, LabelY, CountY int
	Label, Count              string
	Unseen                    bool
}

// htmlArrow leads from one point to another. Its kind is flows, empty or cut;
// a cut one has a cross at CX, CY.
type htmlArrow struct {
	Kind, Tip      string
	X1, Y1, X2, Y2 int
	Cut            bool
	CX, CY         int
}

// Where things stand in the drawing.
const (
	pathTop, pathBottom = 80, 196 // of the boxes
	pathHigh            = 84
	pathWide            = 168
)

var (
	pathColumns = [3]int{134, 386, 638}
	pathStages  = [2][3]string{{"outer_in", "tunnel_in", "wan_out"}, {"outer_out", "tunnel_out", "wan_in"}}
)

// drawPath draws what picture draws in characters.
func (t *printer) drawPath() htmlPath {
	s := t.r.subject.stages
	at := breakOf(t.r.Verdict.StoppedAfter, t.r.Verdict.StoppedBefore)
	host := "Host"
	if t.r.subject.os == "windows" {
		host = "Host-windows"
	}
	p := htmlPath{Title: t.pathTitle(), Host: t.word(host, nil)}
	var told []string
	for i, caption := range []string{"box-caption-wan", "box-caption-tun", "box-caption-open"} {
		p.Captions = append(p.Captions, htmlLabel{pathColumns[i] + pathWide/2, t.word(caption, nil)})
	}
	for row, y := range [2]int{pathTop, pathBottom} {
		p.Ends = append(p.Ends, htmlEnd{55, y + pathHigh/2, true, t.word("phone", nil)},
			htmlEnd{899, y + pathHigh/2, false, t.word("internet", nil)})
		for i, stage := range pathStages[row] {
			c := s.at(stage)
			p.Boxes = append(p.Boxes, htmlBox{
				X: pathColumns[i], Y: y, Mid: pathColumns[i] + pathWide/2, LabelY: y + 28, CountY: y + 66,
				Label: t.word("box-"+stage, nil), Count: countOf(c), Unseen: c == nil,
			})
		}
	}
	for _, place := range stageOrder {
		stage := place.String()
		told = append(told, t.r.words.Stage(stage)+": "+countOf(s.at(stage)))
	}
	p.Text = t.r.Verdict.Headline + " " + strings.Join(told, "; ")

	up, down := pathTop+pathHigh/2, pathBottom+pathHigh/2
	edge := func(column int) int { return pathColumns[column] + pathWide }
	p.Arrows = []htmlArrow{
		arrowAcross(84, pathColumns[0], up, at == breakArrival, s.OuterIn),
		arrowAcross(edge(0), pathColumns[1], up, at == breakDecrypting, s.TunnelIn),
		arrowAcross(edge(1), pathColumns[2], up, at == breakForwarding, s.WANOut),
		arrowAcross(edge(2), 868, up, false, s.WANOut),
		arrowAcross(868, edge(2), down, at == breakOutside, s.WANIn),
		arrowAcross(pathColumns[2], edge(1), down, at == breakReturning, s.TunnelOut),
		// What WireGuard itself sends (answers to calls, keepalives) does not come out of the tunnel.
		arrowAcross(pathColumns[1], edge(0), down, at == breakEncrypting, s.TunnelOut),
		arrowAcross(pathColumns[0], 84, down, at == breakToPhone, s.OuterOut),
	}
	switch at {
	case breakAnswering:
		p.Arrows = append(p.Arrows, arrowDown(0))
	case breakInside:
		p.Arrows = append(p.Arrows, arrowDown(1))
	}
	return p
}

// arrowAcross leads to a stage: cut where packets disappear, dotted where
// nothing came.
func arrowAcross(from, to, y int, broken bool, target *Count) htmlArrow {
	back := 1 // the way back from the tip
	if to > from {
		back = -1
	}
	a := htmlArrow{Kind: "flows", X1: from - 4*back, Y1: y, X2: to + 12*back, Y2: y,
		Tip: fmt.Sprintf("M%d %dl%d -8v16z", to+2*back, y, 14*back)}
	switch {
	case broken:
		a.Kind, a.Cut, a.CX, a.CY = "cut", true, (from+to)/2, y
	case target == nil || target.Packets == 0:
		a.Kind = "empty"
	}
	return a
}

// arrowDown is the cross between the two boxes of a column.
func arrowDown(column int) htmlArrow {
	x := pathColumns[column] + pathWide/2
	return htmlArrow{Kind: "cut", X1: x, Y1: pathTop + pathHigh, X2: x, Y2: pathBottom, Cut: true, CX: x, CY: (pathTop + pathHigh + pathBottom) / 2}
}
