package report

import (
	"fmt"
	"strings"

	"github.com/wgtrace/wgtrace/internal/text"
)

// breakAt is where the X stands in the pictures.
type breakAt uint8

const (
	breakNone       breakAt = iota
	breakArrival            // between the phone and outer_in
	breakAnswering          // between outer_in and outer_out, inside the host
	breakToPhone            // behind outer_out
	breakDecrypting         // between outer_in and tunnel_in
	breakForwarding         // between tunnel_in and wan_out
	breakOutside            // between wan_out and wan_in
	breakReturning          // between wan_in and tunnel_out
	breakEncrypting         // between tunnel_out and outer_out
	breakInside             // between tunnel_in and tunnel_out
)

// breakOf finds the place for a pair of stages, as a verdict names them.
func breakOf(after, before *string) breakAt {
	switch [2]string{or(after, ""), or(before, "")} {
	case [2]string{"", "outer_in"}:
		return breakArrival
	case [2]string{"outer_in", "outer_out"}:
		return breakAnswering
	case [2]string{"outer_out", "outer_in"}, [2]string{"outer_out", ""}:
		return breakToPhone
	case [2]string{"outer_in", "tunnel_in"}:
		return breakDecrypting
	case [2]string{"tunnel_in", "wan_out"}:
		return breakForwarding
	case [2]string{"wan_out", "wan_in"}:
		return breakOutside
	case [2]string{"wan_in", "tunnel_out"}:
		return breakReturning
	case [2]string{"tunnel_out", "outer_out"}:
		return breakEncrypting
	case [2]string{"tunnel_in", "tunnel_out"}:
		return breakInside
	}
	return breakNone
}

// shortPicture is the path in one line, with the break in it, or question marks
// where no verdict was reached.
func shortPicture(at breakAt, healthy bool, words *text.Catalog, os string) string {
	phone, net := words.Word("phone", nil), words.Word("internet", nil)
	tunnel := words.Word("point-tunnel", nil)
	host := words.Word("host", nil)
	if os == "windows" {
		host = words.Word("host-windows", nil)
	}
	host = "[" + host + "]"
	switch at {
	case breakArrival:
		return phone + " ==X " + host
	case breakAnswering, breakToPhone:
		return phone + " ==> " + host + " ==X==> " + phone
	case breakDecrypting:
		return phone + " ==> " + tunnel + " ==X==> " + host
	case breakForwarding:
		return phone + " ==> " + tunnel + " ==> " + host + " --X--> " + net
	case breakOutside:
		return phone + " ==> " + tunnel + " ==> " + host + " <--X-- " + net
	case breakReturning, breakEncrypting:
		return net + " --> " + host + " --X--> " + tunnel + " ==> " + phone
	case breakInside:
		return phone + " ==> " + tunnel + " ==> " + host + " X"
	}
	if !healthy {
		return phone + " ==?== " + tunnel + " ==?== " + host + " --?-- " + net
	}
	return phone + " <==> " + tunnel + " <==> " + host + " <--> " + net
}

// The six-stage picture is drawn in ASCII: arrows and box-drawing characters
// are two columns wide in East Asian fonts (Unicode UAX 11).
const (
	boxWidth = 12 // inside of a box
	gapWidth = 7  // between two boxes
)

// picture draws the six places with their counts, an X where packets
// disappear, and dots where therefore nothing flows. It is 79 columns wide.
func (r *Report) picture() []string {
	at := breakOf(r.Verdict.StoppedAfter, r.Verdict.StoppedBefore)
	s := r.subject.stages
	word := func(id string) string { return r.words.Word(id, nil) }
	phone := pad(word("phone"), 6)
	edge := "+" + strings.Repeat("-", boxWidth) + "+"
	cross := "+" + strings.Repeat("-", boxWidth/2-1) + "X" + strings.Repeat("-", boxWidth/2) + "+"
	gap := strings.Repeat(" ", gapWidth)
	margin := strings.Repeat(" ", 9)

	middle := [3]string{edge, edge, edge}
	switch at {
	case breakAnswering:
		middle[0] = cross
	case breakInside:
		middle[1] = cross
	}
	label := func(id string) string { return "| " + pad(word(id), boxWidth-1) + "|" }
	number := func(c *Count) string { return "|" + padLeft(countOf(c), boxWidth-1) + " |" }
	row := func(left, right string, cells, links [3]string) string {
		return left + cells[0] + links[0] + cells[1] + links[1] + cells[2] + right
	}
	blank := [3]string{gap, gap}
	edges := row(margin, "", [3]string{edge, edge, edge}, blank)
	return []string{
		row(margin, "", [3]string{
			centre(word("box-caption-wan"), boxWidth+2), centre(word("box-caption-tun"), boxWidth+2), centre(word("box-caption-open"), boxWidth+2),
		}, blank),
		edges,
		row(margin, "", [3]string{label("box-outer_in"), label("box-tunnel_in"), label("box-wan_out")}, blank),
		row(phone+arrow("=>", at == breakArrival, s.OuterIn), " "+arrow("-->", false, s.WANOut)+" "+word("internet"),
			[3]string{number(s.OuterIn), number(s.TunnelIn), number(s.WANOut)},
			[3]string{arrow(" ====> ", at == breakDecrypting, s.TunnelIn), arrow(" ----> ", at == breakForwarding, s.WANOut)}),
		row(margin, "", middle, blank),
		row(margin, "", [3]string{label("box-outer_out"), label("box-tunnel_out"), label("box-wan_in")}, blank),
		row(phone+arrow("<=", at == breakToPhone, s.OuterOut), " "+arrow("<--", at == breakOutside, s.WANIn)+" "+word("internet"),
			[3]string{number(s.OuterOut), number(s.TunnelOut), number(s.WANIn)},
			[3]string{arrow(" <==== ", at == breakEncrypting, s.OuterOut), arrow(" <---- ", at == breakReturning, s.TunnelOut)}),
		edges,
	}
}

// arrow puts the X into the middle of an arrow, or draws it dotted when
// nothing was seen where it leads.
func arrow(shape string, broken bool, target *Count) string {
	if broken {
		i := len(shape) / 2
		return shape[:i] + "X" + shape[i+1:] + ending(shape)
	}
	if target != nil && target.Packets == 0 {
		shape = strings.NewReplacer("=", ".", "-", ".").Replace(shape)
	}
	return shape + ending(shape)
}

// ending keeps the short arrows at the phone's side apart from the box.
func ending(shape string) string {
	if len(shape) == 2 {
		return " "
	}
	return ""
}

// countOf writes a count in at most ten columns; ? is "not observed".
func countOf(c *Count) string {
	switch {
	case c == nil:
		return "?"
	case c.Packets >= 1e12:
		return fmt.Sprintf("%.3g T", float64(c.Packets)/1e12)
	case c.Packets >= 1e9:
		return fmt.Sprintf("%.3f G", float64(c.Packets)/1e9)
	}
	return text.Grouped(int64(c.Packets))
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-columns(s), 0))
}

func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(width-columns(s), 0)) + s
}

func centre(s string, width int) string {
	left := max(width-columns(s), 0) / 2
	return pad(strings.Repeat(" ", left)+s, width)
}
