package correlate

import (
	"fmt"
	"slices"

	"github.com/wgtrace/wgtrace/capture"
)

// Trigger says why an episode began.
type Trigger uint8

// Triggers.
const (
	TriggerUnknown  Trigger = iota
	TriggerStart            // the run began
	TriggerPackets          // requests began to pass, or to die at, one stage
	TriggerSettings         // a setting of the host changed
	TriggerPerson           // the person said so
)

// String returns the trigger as the JSON report names it.
func (t Trigger) String() string {
	switch t {
	case TriggerUnknown:
		return ""
	case TriggerStart:
		return "start"
	case TriggerPackets:
		return "packets"
	case TriggerSettings:
		return "settings"
	case TriggerPerson:
		return "person"
	}
	return fmt.Sprintf("Trigger(%d)", uint8(t))
}

// mark is a moment from which on requests are judged by themselves.
type mark struct {
	time    int64
	trigger Trigger
	changed []string
}

// maxMarks bounds how many moments are kept for clients that send no request in
// between, maxChanged what one episode says that it began with.
const (
	maxMarks   = 64
	maxChanged = 16
)

// Mark begins an episode at t, in nanoseconds since 1970 on the tunnel's clock
// (live: the host's): requests from then on are judged without those before.
// Trigger is TriggerSettings or TriggerPerson, changed names what is different,
// for programs ("ip_forward"). A client that asks nothing after t keeps its
// verdict; marks with no request in between are one. A t before the last mark's
// counts as that, one in the past reaches only requests that are not judged yet
// (AnswerTime).
//
// It must be called by the goroutine that runs the engine: before Run, or in
// OnTick.
func (e *Engine) Mark(t int64, trigger Trigger, changed ...string) {
	if n := len(e.marks); n > 0 {
		t = max(t, e.marks[n-1].time)
		if n == maxMarks {
			e.marks = slices.Delete(e.marks, 0, 1)
		}
	}
	e.marks = append(e.marks, mark{t, trigger, slices.Clone(changed)})
}

// heed begins a new ledger if a mark lies between the last request of a family
// and the one in hand.
func (f *familyState) heed(marks []mark, r *request, now *[NumStages]Count) {
	to := len(marks)
	for to > 0 && marks[to-1].time > r.time {
		to--
	}
	from := to
	for from > 0 && marks[from-1].time > f.marked {
		from--
	}
	if from == to {
		return
	}
	f.marked = marks[to-1].time
	if len(f.ledgers) == 0 {
		return // nothing was asked before it
	}
	f.rejoin()
	l := &ledger{started: marks[from].time, trigger: TriggerPerson, base: r.before.whole(now), served: f.known.networks()}
	for _, m := range marks[from:to] {
		l.trigger = min(l.trigger, m.trigger) // what the person marks says less than what changed
		for _, c := range m.changed {
			if len(l.changed) < maxChanged && !slices.Contains(l.changed, c) {
				l.changed = append(l.changed, c)
			}
		}
	}
	f.open(l)
}

// innerCounts is what a client had at the four inner stages at some moment, in the
// low halves of the numbers: there are many requests, and less than 2 GiB come
// between a request and its verdict.
type innerCounts [2 * (TunnelOut - TunnelIn + 1)]uint32

// take notes what a client had before packet p at tunnel_in.
func (n *innerCounts) take(now *[NumStages]Count, p *capture.Packet) {
	for i, c := range now[TunnelIn : TunnelOut+1] {
		n[2*i], n[2*i+1] = uint32(c.Packets), uint32(c.Bytes)
	}
	n[0]--
	n[1] -= p.IPLen
}

// whole returns the counts in full, by what the client has now.
func (n *innerCounts) whole(now *[NumStages]Count) (all [NumStages]Count) {
	for i := range all[TunnelIn : TunnelOut+1] {
		c := now[int(TunnelIn)+i]
		all[int(TunnelIn)+i] = Count{earlier(c.Packets, n[2*i]), earlier(c.Bytes, n[2*i+1])}
	}
	return all
}

// earlier completes the low half of what a count was some time before. A count
// that was taken back since (takeBack) counts as unchanged.
func earlier(now uint64, low uint32) uint64 {
	return now - uint64(max(int32(uint32(now)-low), 0))
}
