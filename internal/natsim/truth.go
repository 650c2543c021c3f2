package natsim

import (
	"cmp"
	"net/netip"
	"slices"
)

// Reason says why the truth about a flow, or part of it, cannot be found in the
// two captures.
type Reason string

// Reasons.
const (
	Twins    Reason = "twins"    // equal packets of two clients to one remote at the same time
	Bare     Reason = "bare"     // only packets that prove nothing were captured on both sides
	Cut      Reason = "cut"      // ICMP errors lost before a tap that would have cut them before what identifies them
	Unseen   Reason = "unseen"   // packets at the WAN of a flow of which nothing else was seen on both sides
	Edge     Reason = "edge"     // packets lost where the other tap was about to begin, to end, or to drop
	Orphan   Reason = "orphan"   // a lost packet was repeated at once, and only the way out of the repetition was captured
	Torn     Reason = "torn"     // a lost packet came in fragments, of which the tap missed some: it could have come incomplete
	Stranger Reason = "stranger" // a public address of which nothing else shows that it is a client
	Altered  Reason = "altered"  // sequence numbers were translated
	Adrift   Reason = "adrift"   // too few packets that both taps have say how far apart their clocks are
	Merged   Reason = "merged"   // merged on both sides: how many packets were lost is not to be seen
)

// Range is a number that is known exactly (Min == Max), or as far as two
// captures can tell.
type Range struct{ Min, Max int }

// Has reports whether n can be.
func (r Range) Has(n int) bool { return n >= r.Min && n <= r.Max }

func (r *Range) add(min, max int) { r.Min += min; r.Max += max }

// Flow is the truth about one flow.
type Flow struct {
	Key     Key
	Local   bool     // with the host, or by it to another client: no part of the join
	Through bool     // passes the host
	Stage   [4]int   // records at tunnel_in, wan_out, wan_in, tunnel_out
	Lost    [2]Range // packets, by direction
	Matched Range    // records that entered the join and left it
	Pairs   Range    // links between an inside and an outside record
	Tied    bool     // a packet that proves a mapping was captured on both sides
	Proved  bool     // and no other flow's packet could have been meant
	Reasons []Reason
}

// Mapping is a translation that packets went through on both sides.
type Mapping struct {
	Key         Key
	Outside     netip.AddrPort
	First, Last int64 // nanoseconds since 1970 of the records that show it, by the inside's clock
	Provable    bool  // at least one packet proves it
}

// Result is what a run recorded, and its truth.
type Result struct {
	Config   Config
	Flows    []Flow // in a fixed order
	Mappings []Mapping
	taps     [2]tap
}

// Records returns what passed a tap, in the order of time.
func (r *Result) Records(point int) []Record { return r.taps[point].records }

// judge puts the truth together.
type judge struct {
	*Result
	flows  map[Key]*Flow
	byPart [2]map[int][]*Record // records of a part, by point
	torn   [2]map[int]bool      // parts of which a fragment other than the first was not captured, by point
	limit  int64                // longest time in the host that is expected
	span   [2][2]int64          // what each tap covers
	jump   [2]int64             // when a clock may have been set forward
	finer  map[finerKey]int     // largest packet of a flow's direction where it is not merged
	small  map[finerKey]int     // largest merged one that could pass for a single packet
	claims map[claim][]*Record
	orphan map[Key][]*Record // captured where they left, not where they entered
	adrift bool              // nothing proves by how much the clocks differ
}

type finerKey struct {
	key Key
	dir int
}

func (s *sim) result() *Result {
	r := &Result{Config: s.cfg, taps: s.taps}
	j := &judge{Result: r, flows: make(map[Key]*Flow), finer: make(map[finerKey]int), small: make(map[finerKey]int), claims: make(map[claim][]*Record), orphan: make(map[Key][]*Record)}
	j.index()
	j.cover()
	j.leap()
	j.leftBehind()
	j.claim()
	j.drift()
	j.tie()
	j.count()
	for _, f := range j.flows {
		slices.Sort(f.Reasons)
		f.Reasons = slices.Compact(f.Reasons)
		r.Flows = append(r.Flows, *f)
	}
	slices.SortFunc(r.Flows, func(a, b Flow) int { return compareKeys(a.Key, b.Key) })
	slices.SortFunc(r.Mappings, func(a, b Mapping) int {
		return cmp.Or(compareKeys(a.Key, b.Key), a.Outside.Compare(b.Outside))
	})
	return r
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Proto, b.Proto), a.Client.Compare(b.Client), a.Remote.Compare(b.Remote))
}

// whole reports whether a record is counted at all: of a client's flow, not the
// rest of a fragmented packet.
func (r *Record) whole() bool { return r.Key != (Key{}) && !r.Rest }

// flow returns the truth about a flow, made when it is new.
func (j *judge) flow(k Key) *Flow {
	f := j.flows[k]
	if f == nil {
		f = &Flow{Key: k}
		j.flows[k] = f
	}
	return f
}

// index finds records by their parts, and counts stages.
func (j *judge) index() {
	for point := range j.taps {
		j.byPart[point], j.torn[point] = make(map[int][]*Record), make(map[int]bool)
		list := j.taps[point].records
		for i := range list {
			r := &list[i]
			if r.Rest && !r.Captured {
				for _, p := range r.parts {
					j.torn[point][p.id] = true
				}
			}
			if !r.whole() {
				continue
			}
			for _, p := range r.parts {
				j.byPart[point][p.id] = append(j.byPart[point][p.id], r)
			}
			f := j.flow(r.Key)
			if point == Outside {
				f.Through = true
			}
			if r.Captured && r.Readable {
				f.Stage[stageOf(point, r.Dir)]++
			}
			if len(r.parts) == 1 && !r.Error {
				k := finerKey{r.Key, r.Dir}
				j.finer[k] = max(j.finer[k], r.size)
			} else if r.Wire <= singleFrame && !r.Error {
				k := finerKey{r.Key, r.Dir}
				j.small[k] = max(j.small[k], r.octets)
			}
		}
	}
	for _, f := range j.flows {
		f.Local = j.isLocal(f)
	}
}

// isLocal reports whether a flow is the host's own business.
func (j *judge) isLocal(f *Flow) bool {
	if f.Through {
		return false
	}
	for _, t := range j.Config.Translations {
		if slices.Contains(t.Pool, f.Key.Remote.Addr()) {
			return true
		}
	}
	return j.Config.Proxy && f.Key.Proto == protoTCP
}

// stageOf returns the index of a stage in Flow.Stage.
func stageOf(point, dir int) int {
	switch {
	case dir == Forward:
		return point
	case point == Outside:
		return 2
	}
	return 3
}

// minLimit and limitFactor are the rule by which a missing packet counts as
// lost, with room for an estimate that is a quarter off (the report's contract:
// the larger of 50 ms and 20 times the median time in the host).
const (
	minLimit    = 50 * millisecond
	limitFactor = 25
	edgeRoom    = 20 * millisecond
)

// cover finds how long a packet may stay in the host, and what the taps cover.
func (j *judge) cover() {
	var stays []int64
	for id, in := range j.byPart[Inside] {
		for _, out := range j.byPart[Outside][id] {
			d := out.At - in[0].At
			if in[0].Dir == Back {
				d = -d
			}
			stays = append(stays, d)
		}
	}
	j.limit = minLimit
	if len(stays) > 0 {
		slices.Sort(stays)
		j.limit = max(minLimit, limitFactor*stays[len(stays)/2])
	}
	for i := range j.taps {
		j.span[i] = [2]int64{1 << 62, -1}
		for k := range j.taps[i].records {
			if r := &j.taps[i].records[k]; r.Captured {
				j.span[i][0], j.span[i][1] = min(j.span[i][0], r.At), max(j.span[i][1], r.At)
			}
		}
	}
	if j.Config.One {
		from, to := min(j.span[0][0], j.span[1][0]), max(j.span[0][1], j.span[1][1])
		j.span[0], j.span[1] = [2]int64{from, to}, [2]int64{from, to}
	}
}

// leap finds the stretch in which a clock may have been set forward: that it was
// set back shows in its file, but the other way it looks like a pause.
func (j *judge) leap() {
	c := j.Config.Clock
	j.jump = [2]int64{1 << 62, -1}
	if c.StepAt == 0 || c.Step < 0 {
		return
	}
	j.jump = [2]int64{0, 1 << 62}
	for id, in := range j.byPart[Inside] {
		if len(j.seen(Outside, id)) == 0 || !in[0].Content.proves {
			continue
		}
		if at := in[0].At; at < c.StepAt {
			j.jump[0] = max(j.jump[0], at)
		} else {
			j.jump[1] = min(j.jump[1], at)
		}
	}
}

// watched reports whether a tap surely would have shown a packet that entered
// the host at a moment.
func (j *judge) watched(point int, at int64) bool {
	from, to := at-edgeRoom, at+j.limit+edgeRoom
	if from < j.span[point][0] && !(j.Config.One && at >= j.span[point][0]) || to > j.span[point][1] {
		return false
	}
	if to >= j.jump[0] && from <= j.jump[1] {
		return false
	}
	for n := from/second - 1; n <= to/second+1; n++ {
		if j.taps[point].drops[int(n)] {
			return false
		}
	}
	return true
}
