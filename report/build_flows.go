package report

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/filter"
)

// flows lists the worst outcome first, and in one outcome the earliest.
func (b *builder) flows() []Flow {
	order := make([]*correlate.Flow, 0, len(b.ev.Flows))
	for i := range b.ev.Flows {
		if f := &b.ev.Flows[i]; b.info.Filter.Match(filter.Conversation{Protocol: f.Proto, Client: f.Client, Remote: f.Remote}) {
			order = append(order, f)
		}
	}
	slices.SortStableFunc(order, func(x, y *correlate.Flow) int {
		return cmp.Or(
			cmp.Compare(severity(x.Outcome), severity(y.Outcome)),
			cmp.Compare(x.First, y.First),
			cmp.Compare(x.Proto, y.Proto),
			compareEndpoints(x.Client, y.Client),
			compareEndpoints(x.Remote, y.Remote),
			compareEndpoints(x.Translated, y.Translated),
			cmp.Compare(x.Last, y.Last),
		)
	})
	rows := make([]Flow, 0, len(order))
	for _, f := range order {
		rows = append(rows, b.flow(f))
	}
	return rows
}

// severity orders outcomes for reading: what was lost inside the host first,
// what needs no attention last.
func severity(o correlate.Outcome) int {
	switch o {
	case correlate.OutcomeNoEgress:
		return 0
	case correlate.OutcomeUntranslatedReply:
		return 1
	case correlate.OutcomeReplyLost:
		return 2
	case correlate.OutcomeNoReply:
		return 3
	case correlate.OutcomeRejected:
		return 4
	case correlate.OutcomeUnknown:
		return 5
	case correlate.OutcomeUnobservable:
		return 6
	case correlate.OutcomeOneWay:
		return 7
	case correlate.OutcomeLocal:
		return 8
	case correlate.OutcomeAnswered:
		return 9
	}
	return 5
}

func (b *builder) flow(f *correlate.Flow) Flow {
	seen := func(s correlate.Stage, n uint64) *uint64 {
		if !b.ev.Stages[s].Observed {
			return nil
		}
		return some(n)
	}
	row := Flow{
		Protocol:     protocol(f.Proto),
		Client:       endpoint(f.Client),
		Remote:       endpoint(f.Remote),
		Translated:   endpoint(f.Translated),
		NAT:          f.NAT.String(),
		Outcome:      f.Outcome.String(),
		StoppedAfter: known(f.Stopped.String()),
		Packets: FlowCounts{
			TunnelIn:  seen(correlate.TunnelIn, f.In.Packets),
			WANOut:    seen(correlate.WANOut, f.Out.Packets),
			WANIn:     seen(correlate.WANIn, f.Reply.Packets),
			TunnelOut: seen(correlate.TunnelOut, f.Back.Packets),
		},
		Bytes: FlowCounts{
			TunnelIn:  seen(correlate.TunnelIn, f.In.Bytes),
			WANOut:    seen(correlate.WANOut, f.Out.Bytes),
			WANIn:     seen(correlate.WANIn, f.Reply.Bytes),
			TunnelOut: seen(correlate.TunnelOut, f.Back.Bytes),
		},
		Unobservable: f.Unobservable,
		Latency:      Latencies{latency(f.Forward), latency(f.Remotely), latency(f.Return)},
		First:        b.moment(f.First),
		Last:         b.moment(f.Last),
	}
	if row.Packets.TunnelIn != nil && row.Packets.WANOut != nil {
		row.Lost.Forward = some(f.LostForward)
	}
	if row.Packets.WANIn != nil && row.Packets.TunnelOut != nil {
		row.Lost.Return = some(f.LostReturn)
	}
	return row
}

func latency(l correlate.Latency) *Latency {
	if l.Samples == 0 {
		return nil
	}
	return &Latency{microseconds(l.Min), microseconds(l.Median), microseconds(l.P95), microseconds(l.Max)}
}

func (b *builder) mappings() []Mapping {
	order := make([]*correlate.Mapping, 0, len(b.ev.NAT))
	for i := range b.ev.NAT {
		if m := &b.ev.NAT[i]; b.info.Filter.Match(filter.Conversation{Protocol: m.Proto, Client: m.Inside, Remote: m.Remote}) {
			order = append(order, m)
		}
	}
	slices.SortStableFunc(order, func(x, y *correlate.Mapping) int {
		return cmp.Or(
			compareEndpoints(x.Inside, y.Inside),
			cmp.Compare(x.Proto, y.Proto),
			compareEndpoints(x.Remote, y.Remote),
			cmp.Compare(x.First, y.First),
			compareEndpoints(x.Outside, y.Outside),
		)
	})
	rows := make([]Mapping, 0, len(order))
	for _, m := range order {
		row := Mapping{
			Protocol: protocol(m.Proto),
			Inside:   endpoint(m.Inside),
			Outside:  endpoint(m.Outside),
			Remote:   endpoint(m.Remote),
			First:    b.moment(m.First),
			Last:     b.moment(m.Last),
			Packets:  m.Packets,
			PortKept: m.PortKept,
		}
		if m.Basis != correlate.BasisNone {
			row.Basis = some(m.Basis.String())
		}
		rows = append(rows, row)
	}
	return rows
}

func (b *builder) wireguard() WireGuard {
	w := &b.ev.WireGuard
	g := WireGuard{Port: known(w.Port), Peers: make([]Peer, 0, len(w.Peers))}
	if w.PortWhy != "" {
		g.portWhy = b.words.Port(sanitize(w.PortWhy))
	}
	order := make([]*correlate.Peer, len(w.Peers))
	for i := range w.Peers {
		order[i] = &w.Peers[i]
	}
	slices.SortStableFunc(order, func(x, y *correlate.Peer) int {
		return cmp.Or(cmp.Compare(x.First, y.First), compareEndpoints(x.Endpoint, y.Endpoint),
			compareEndpoints(x.ServerEndpoint, y.ServerEndpoint))
	})
	for _, p := range order {
		row := Peer{
			Endpoint:       endpoint(p.Endpoint),
			ServerEndpoint: endpoint(p.ServerEndpoint),
			PublicKey:      known(p.PublicKey.String()),
			Initiations:    p.Initiations,
			Responses:      p.Responses,
			Cookies:        p.Cookies,
			DataIn:         p.DataIn,
			DataOut:        p.DataOut,
			KeepalivesIn:   p.KeepalivesIn,
			KeepalivesOut:  p.KeepalivesOut,
			State:          p.State.String(),
			first:          b.moment(p.First),
			last:           b.moment(p.Last),
		}
		if p.UndeliveredKnown && p.UnseenCalls == 0 {
			row.Undelivered = some(p.Undelivered)
		}
		g.Peers = append(g.Peers, row)
	}
	return g
}

// clockBases are the ways in which an offset becomes known. Any other basis is
// an assumption: packets were matched by it, but as a fact it is unknown.
var clockBases = []string{"one-clock", "anchors", "matched-packets", "given"}

func (b *builder) clock() Clock {
	c := &b.ev.Clock
	row := Clock{Basis: "unknown", Samples: c.Samples}
	if slices.Contains(clockBases, c.Basis) {
		row.Basis, row.OffsetUS = c.Basis, some(microseconds(c.Offset))
	}
	if c.HasUncertainty {
		row.UncertaintyUS = some(microseconds(c.Uncertainty))
	}
	if c.HasDrift {
		row.DriftPPM = some(finite(c.DriftPPM))
	}
	return row
}

func compareEndpoints(x, y netip.AddrPort) int {
	return cmp.Or(plain(x.Addr()).Compare(plain(y.Addr())), cmp.Compare(x.Port(), y.Port()))
}

// filter says what was left out of the lists of r; nil if nothing was asked for.
func (b *builder) filter(r *Report) *Filter {
	if b.info.Filter.All() {
		return nil
	}
	return &Filter{
		Expression:  sanitize(b.info.Filter.String()),
		FlowsHidden: uint64(len(b.ev.Flows) - len(r.Flows)),
		NATHidden:   uint64(len(b.ev.NAT) - len(r.NAT)),
	}
}
