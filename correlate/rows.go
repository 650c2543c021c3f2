package correlate

// numOutcomes is how many outcomes a flow can have.
const numOutcomes = int(OutcomeUnobservable) + 1

// rows keeps what ended: a bounded number of flows per outcome and of
// mappings, and exact sums of everything.
type rows struct {
	limit    int
	flows    [numOutcomes][]Flow
	mappings []Mapping
	sums     Totals
}

func newRows(limit int) rows { return rows{limit: limit} }

// addFlow takes over an ended flow.
func (r *rows) addFlow(row Flow, f *flow) {
	r.sums.add(&row, f)
	if list := &r.flows[row.Outcome]; len(*list) < r.limit {
		*list = append(*list, row)
	} else {
		r.sums.FlowsNotListed++
	}
}

// last returns by outcome the beginning of the latest flow that is kept, where
// no more are: what began no earlier would not be listed.
func (r *rows) last() [numOutcomes]int64 {
	var out [numOutcomes]int64
	for outcome, list := range r.flows {
		out[outcome] = maxTime
		if len(list) < r.limit {
			continue
		}
		out[outcome] = unset
		for i := range list {
			out[outcome] = max(out[outcome], list[i].First)
		}
	}
	return out
}

// reopen makes the losses of a direction in a span of time unobservable.
func (r *rows) reopen(dir int, s span) {
	for outcome := range r.flows {
		for i := range r.flows[outcome] {
			f := &r.flows[outcome][i]
			lost := &f.LostForward
			if dir == back {
				lost = &f.LostReturn
			}
			if f.First > s.to || f.Last < s.from {
				continue
			}
			r.sums.LostPackets -= *lost
			r.sums.Unobservable += *lost
			f.Unobservable += *lost
			*lost = 0
		}
	}
}

func (r *rows) addMapping(m Mapping) {
	if len(r.mappings) < r.limit {
		r.mappings = append(r.mappings, m)
	} else {
		r.sums.NATNotListed++
	}
}

// add counts a flow into the totals.
func (t *Totals) add(row *Flow, f *flow) {
	t.Flows++
	if row.Outcome == OutcomeAnswered {
		t.Answered++
	}
	if row.Outcome == OutcomeLocal {
		return
	}
	t.MatchedPackets += f.matched
	t.MatchedPairs += f.pairs
	t.LostPackets += f.lost[forward] + f.lost[back]
	t.Unobservable += f.unobserved
}

// flowRow describes a flow as it stands.
func (e *Engine) flowRow(f *flow) Flow {
	e.settleDoubt(f)
	inner, innerPort := f.inner()
	remote, remotePort := f.remote()
	miss, _, _ := e.clock.rest()
	row := Flow{
		Proto: f.key.proto, Client: addrPort(inner, innerPort), Remote: addrPort(remote, remotePort),
		NAT: f.nat, Refused: f.hostReject || f.refused, Opened: f.initiated, Turned: uint64(f.turned), In: f.sent, Out: f.left, Reply: f.came, Back: f.got,
		First: f.first, Last: f.last, LastLeft: f.lastOutside[forward], LastReply: f.lastReply,
		Forward: e.latency(f, 0, -miss), Remotely: e.latency(f, 1, 0), Return: e.latency(f, 2, miss),
	}
	if !f.translated.IsZero() {
		row.Translated = addrPort(f.translated, f.translatedPort)
	}
	row.Stalls, row.TooBig = e.stalls(f)
	row.Outcome, row.Stopped = e.outcome(f)
	if row.Outcome != OutcomeLocal {
		row.LostForward, row.LostReturn, row.Unobservable = f.lost[forward], f.lost[back], f.unobserved
	}
	return row
}

// outcome says how far the packets of a flow came.
func (e *Engine) outcome(f *flow) (Outcome, Stage) {
	seen := e.points[outside].present && e.points[inside].present
	left, came := f.left.Packets > 0, f.came.Packets > 0
	remote, _ := f.remote()
	switch {
	case f.local || e.own[remote]:
		return OutcomeLocal, StageNone
	case f.altered && f.translated.IsZero():
		return OutcomeUnknown, StageNone
	case f.fromOut:
		if f.sent.Packets > 0 && f.got.Packets > 0 {
			return OutcomeAnswered, StageNone
		}
		return OutcomeUnknown, StageNone
	case f.got.Packets > 0 && (left || came || !seen):
		if f.sent.Packets == 0 {
			return OutcomeOneWay, StageNone
		}
		if f.hostReject && !came {
			return OutcomeRejected, TunnelIn
		}
		return OutcomeAnswered, StageNone
	case f.hostReject:
		return OutcomeRejected, TunnelIn
	case f.got.Packets > 0 && f.sent.Packets > 0 && f.unobserved > 0 && (f.lost[forward] == 0 || f.unbidden == 0):
		return OutcomeAnswered, StageNone
	case f.got.Packets > 0 && f.sent.Packets > 0:
		// Answered without a twin on the WAN: by a redirect, a proxy, another
		// uplink, or a peer whose numbers are translated beyond recognition.
		return OutcomeLocal, StageNone
	case f.got.Packets > 0:
		return OutcomeUnknown, StageNone
	case came:
		if f.lost[back] > 0 {
			return OutcomeReplyLost, WANIn
		}
		return OutcomeUnobservable, StageNone
	case left:
		return e.unanswered(f)
	case !seen || f.lost[forward] == 0 && f.unobserved > 0:
		return OutcomeUnobservable, StageNone
	case f.lost[forward] > 0:
		return OutcomeNoEgress, TunnelIn
	}
	return OutcomeUnknown, StageNone
}

// unanswered judges a flow that left and had no reply.
func (e *Engine) unanswered(f *flow) (Outcome, Stage) {
	if !f.initiated {
		return OutcomeOneWay, WANOut
	}
	if e.points[outside].to-f.first < AnswerTime.Nanoseconds() {
		return OutcomeUnknown, WANOut
	}
	inner, _ := f.inner()
	if f.nat == NATNone && !routable(inner) {
		return OutcomeUntranslatedReply, WANOut
	}
	return OutcomeNoReply, WANOut
}
