package report

import "strings"

// flowTable lists the worst flows; the builder has sorted them.
func (t *printer) flowTable() table {
	s := table{title: t.word("section-flows", nil),
		columns: []string{t.word("col-kind", nil), t.word("col-connection", nil), t.word("col-path", nil), t.word("col-result", nil)}}
	for i := range t.r.Flows {
		if i == t.rows {
			s.more = len(t.r.Flows) - t.rows
			break
		}
		f := &t.r.Flows[i]
		connection := pair(f.Client, f.Remote)
		if f.Translated != nil && (f.Client == nil || *f.Translated != *f.Client) {
			connection += "\n" + t.word("leaves-as", nil) + glue + *f.Translated
		}
		s.rows = append(s.rows, []string{f.Protocol, connection, way(f.Packets), t.word("outcome-"+f.Outcome, nil)})
	}
	if f := t.r.Filter; f != nil {
		s.after = append(s.after, t.word("filtered", map[string]any{"name": f.Expression, "count": f.FlowsHidden}))
	}
	if n := t.r.Totals.FlowsNotListed; n > 0 {
		s.after = append(s.after, t.word("flows-not-listed", map[string]any{"count": n}))
	}
	if len(s.rows) > 0 {
		s.after = append(s.after, t.word("totals", map[string]any{"total": t.r.Totals.Flows, "count": t.r.Totals.FlowsAnswered}))
	}
	return s
}

// way writes the counts of the four inner stages, ? where none could be seen.
func way(c FlowCounts) string {
	counts := []string{"?", "?", "?", "?"}
	for i, n := range []*uint64{c.TunnelIn, c.WANOut, c.WANIn, c.TunnelOut} {
		if n != nil {
			counts[i] = grouped(*n)
		}
	}
	return strings.Join(counts, " >"+glue)
}

// pair writes two ends so that a line breaks between them, and not inside.
func pair(from, to *string) string {
	return or(from, "?") + " >" + glue + or(to, "?")
}

func (t *printer) natTable() table {
	s := table{title: t.word("section-nat", nil),
		columns: []string{t.word("col-kind", nil), t.word("col-translation", nil), t.word("col-packets", nil)},
		right:   []bool{false, false, true}}
	for i := range t.r.NAT {
		if i == t.rows {
			s.more = len(t.r.NAT) - t.rows
			break
		}
		m := &t.r.NAT[i]
		translation := pair(m.Inside, m.Outside) + " " + t.word("towards", nil) + glue + or(m.Remote, "?")
		s.rows = append(s.rows, []string{m.Protocol, translation, grouped(m.Packets)})
	}
	if f := t.r.Filter; f != nil && f.NATHidden > 0 {
		s.after = append(s.after, t.word("filtered", map[string]any{"name": f.Expression, "count": f.NATHidden}))
	}
	if n := t.r.Totals.NATNotListed; n > 0 {
		s.after = append(s.after, t.word("flows-not-listed", map[string]any{"count": n}))
	}
	return s
}

func (t *printer) wireguardTable() table {
	s := table{title: t.word("section-wireguard", nil),
		columns: []string{t.word("col-endpoint", nil), t.word("col-state", nil), t.word("col-greetings", nil), t.word("col-data", nil), t.word("col-undelivered", nil)}}
	g := &t.r.WireGuard
	for i := range g.Peers {
		if i == t.rows {
			s.more = len(g.Peers) - t.rows
			break
		}
		p := &g.Peers[i]
		lost := "?"
		if p.Undelivered != nil {
			lost = grouped(*p.Undelivered)
		}
		s.rows = append(s.rows, []string{or(p.Endpoint, "?"), t.word("state-"+p.State, nil),
			grouped(p.Initiations) + " /" + glue + grouped(p.Responses),
			grouped(p.DataIn) + " /" + glue + grouped(p.DataOut), lost})
	}
	switch {
	case g.Port != nil && g.portWhy != "":
		s.after = append(s.after, t.word("wg-port-why", map[string]any{"count": *g.Port, "name": g.portWhy}))
	case g.Port != nil:
		s.after = append(s.after, t.word("wg-port", map[string]any{"count": *g.Port}))
	case len(s.rows) > 0:
		s.after = append(s.after, t.word("wg-port-unknown", nil))
	}
	return s
}
