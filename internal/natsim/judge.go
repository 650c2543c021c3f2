package natsim

import (
	"net/netip"
	"slices"
)

// claim is what a packet shows of itself on both sides: two flows with equal
// claims at the same time cannot be told apart by it.
type claim struct {
	dir     int
	proto   uint8
	remote  netip.AddrPort
	content content
}

// claim collects what the packets that could be tied show. The octets of a
// payload that one of the taps cut off tell nobody apart.
func (j *judge) claim() {
	for _, c := range j.taps[Inside].records {
		if c.Captured && c.whole() && c.Content.proves && !c.Error {
			j.claims[j.claimOf(&c)] = append(j.claims[j.claimOf(&c)], &c)
		}
	}
}

// claimOf returns the claim of a record.
func (j *judge) claimOf(r *Record) claim {
	c := r.Content
	if n := j.visible(r); len(c.payload) > n {
		c.payload = c.payload[:16]
	}
	c.window, c.octets = 0, 0
	if c.flags&flagAck == 0 {
		c.ack = 0
	}
	c.flags &= flagSyn
	return claim{r.Dir, r.Key.Proto, r.Key.Remote, c}
}

// visible returns how many octets of a payload both taps keep.
func (j *judge) visible(r *Record) int {
	n := 64
	for i := range j.taps {
		t := &j.taps[i]
		if t.Snap == 0 {
			continue
		}
		headers := r.need(t.link, t.Extended) - min(16, r.octets)
		n = min(n, t.Snap-headers)
	}
	return n
}

// confusable reports whether a packet of another flow shows the same at nearly
// the same time.
func (j *judge) confusable(r *Record) bool {
	for _, o := range j.claims[j.claimOf(r)] {
		if o.Key != r.Key && abs(o.At-r.At) <= j.limit {
			return true
		}
	}
	return false
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// Packets that two files must share before they prove how far their clocks are
// apart: of two flows, or more of one (a conversation that is repeated, or a
// retransmitted burst, agrees with itself at a wrong distance).
const (
	shared       = 3
	sharedOfFlow = 8
	shortest     = 16 // octets of a datagram's payload that tell it from others
)

// drift finds out whether two files share enough packets that identify
// themselves: by their content they occur once in each, where they begin or
// stand alone in a frame.
func (j *judge) drift() {
	if j.Config.One {
		return
	}
	var once [2]map[claim]*Record
	for point := range j.taps {
		seen := make(map[claim]int)
		once[point] = make(map[claim]*Record)
		list := j.taps[point].records
		for i := range list {
			if r := &list[i]; r.whole() && r.Captured && r.Readable && !r.Error && r.Content.proves && (r.Key.Proto != protoUDP || r.octets >= shortest) {
				c := j.claimOf(r)
				seen[c]++
				once[point][c] = r
			}
		}
		for c, n := range seen {
			if n > 1 {
				delete(once[point], c)
			}
		}
	}
	n, flows := 0, make(map[Key]bool)
	for c, r := range once[Inside] {
		if o := once[Outside][c]; o != nil && o.parts[0].id == r.parts[0].id {
			n++
			flows[r.Key] = true
		}
	}
	j.adrift = n < shared || len(flows) < 2 && n < sharedOfFlow
}

// twin returns the captured and readable records that carry a part at a point.
func (j *judge) seen(point, id int) []*Record {
	var list []*Record
	for _, r := range j.byPart[point][id] {
		if r.Captured && r.Readable {
			list = append(list, r)
		}
	}
	return list
}

// tie finds which flows and mappings packets prove.
func (j *judge) tie() {
	type mapKey struct {
		key Key
		end netip.AddrPort
	}
	found := make(map[mapKey]*Mapping)
	modulated := false
	for _, t := range j.Config.Translations {
		modulated = modulated || t.Modulate
	}
	list := j.taps[Inside].records
	for i := range list {
		in := &list[i]
		if !in.whole() || !in.Captured || !in.Readable || in.Error {
			continue
		}
		f := j.flow(in.Key)
		for _, p := range in.parts {
			for _, out := range j.seen(Outside, p.id) {
				proves := in.Content.proves
				if modulated && in.tcp {
					proves = false
					f.Reasons = append(f.Reasons, Altered)
				}
				twins := proves && j.confusable(in)
				f.Tied = f.Tied || proves
				f.Proved = f.Proved || proves && !twins
				if twins {
					f.Reasons = append(f.Reasons, Twins)
				}
				if out.End == in.Key.Client {
					continue
				}
				k := mapKey{in.Key, out.End}
				m := found[k]
				if m == nil {
					m = &Mapping{Key: in.Key, Outside: out.End, First: min(in.At, out.At)}
					found[k] = m
				}
				m.First, m.Last = min(m.First, in.At, out.At), max(m.Last, in.At, out.At)
				m.Provable = m.Provable || proves && !twins && !j.adrift
			}
		}
	}
	list = j.taps[Outside].records
	for i := range list {
		// What was translated without a witness is true all the same.
		out := &list[i]
		k := mapKey{out.Key, out.End}
		if !out.whole() || out.Error || out.End == out.Key.Client || j.unheld(out) {
			continue
		}
		m := found[k]
		if m == nil {
			m = &Mapping{Key: out.Key, Outside: out.End, First: out.At}
			found[k] = m
		}
		m.First, m.Last = min(m.First, out.At), max(m.Last, out.At)
	}
	for _, m := range found {
		m.First += epoch
		m.Last += epoch
		j.Mappings = append(j.Mappings, *m)
	}
}

// unheld reports whether a record at the WAN belongs to no session: a packet
// that came after its session had ended.
func (j *judge) unheld(r *Record) bool {
	return r.Dir == Back && len(j.byPart[Inside][r.parts[0].id]) == 0
}

// count finds how many packets were matched and lost.
func (j *judge) count() {
	for dir := Forward; dir <= Back; dir++ {
		entry := entryPoint(dir)
		list := j.taps[entry].records
		for i := range list {
			r := &list[i]
			if r.Dir != dir || !r.whole() || !r.Captured || !r.Readable {
				continue
			}
			if f := j.flow(r.Key); !f.Local {
				j.entered(f, r, entry)
			}
		}
	}
	known := make(map[netip.Addr]bool)
	for _, f := range j.flows {
		known[f.Key.Client.Addr()] = known[f.Key.Client.Addr()] || f.Tied
	}
	for _, f := range j.flows {
		for dir := range f.Lost {
			f.Lost[dir].Min = max(f.Lost[dir].Min, 0)
		}
		if j.adrift {
			f.Lost[0].Min, f.Lost[1].Min, f.Matched.Min, f.Pairs.Min = 0, 0, 0, 0
			if f.Tied {
				f.Reasons = append(f.Reasons, Adrift)
			}
		}
		if f.Lost[Forward].Max > 0 && !f.Tied && !f.Key.Client.Addr().IsPrivate() && !known[f.Key.Client.Addr()] {
			// A public address that called once may be anybody's.
			f.Lost[Forward].Min = 0
			f.Reasons = append(f.Reasons, Stranger)
		}
		if slices.Contains(f.Reasons, Altered) {
			// What left cannot be told from what did not; nothing may be invented.
			f.Lost[0].Min, f.Lost[1].Min, f.Matched.Min, f.Pairs.Min = 0, 0, 0, 0
		}
		if f.Tied && !f.Proved {
			// Whose packet was lost is as open as whose packet was matched.
			n := f.Stage[0] + f.Stage[2]
			f.Lost[0].Min, f.Lost[1].Min, f.Matched.Min, f.Pairs.Min = 0, 0, 0, 0
			f.Lost[0].Max, f.Lost[1].Max, f.Matched.Max, f.Pairs.Max = n, n, n, 8*n
		}
	}
}

// singleFrame is the length of a frame that may well be a single packet: what
// was merged into less does not show it.
const singleFrame = 1514

// entered judges one record that entered the join.
func (j *judge) entered(f *Flow, r *Record, entry int) {
	exit := 1 - entry
	missing, lost, links := 0, 0, make(map[*Record]bool)
	double := false // datagrams that are glued together on both sides
	for _, p := range r.parts {
		all := j.byPart[exit][p.id]
		seen := j.seen(exit, p.id)
		for _, x := range seen {
			links[x] = true
			double = double || !r.tcp && len(x.parts) > 1 && len(r.parts) > 1
		}
		if len(seen) == 0 {
			missing += max(p.octets, 1)
			if len(all) == 0 {
				lost += max(p.octets, 1)
			}
		}
	}
	// What identifies neither itself nor its flow is known to nobody.
	known := f.Proved || f.Tied || r.Dir == Forward && r.Content.proves
	if f.Tied && !f.Proved {
		known = false
	}
	pairs := len(links)
	switch {
	case !known && missing == 0:
		f.Matched.add(0, 1)
		f.Pairs.add(0, pairs)
		f.Reasons = append(f.Reasons, Bare)
		return
	case missing == 0 && !r.tcp && j.beheaded(links, entry):
		f.Matched.add(0, 1)
		f.Pairs.add(0, pairs)
		f.Lost[r.Dir].add(0, len(r.parts))
		f.Reasons = append(f.Reasons, Merged)
		return
	case missing == 0:
		f.Matched.add(1, 1)
		f.Pairs.add(pairs, pairs)
		return
	}
	n := j.packets(r, lost)
	headless := len(r.parts) > 1 && !r.tcp && !links[j.first(exit, r.parts[0].id)]
	switch {
	case !known || headless:
		f.Pairs.add(0, pairs)
	case double:
		// Of what left, only the one with the first datagram shows its hash.
		f.Pairs.add(1, pairs)
	default:
		f.Pairs.add(pairs, pairs)
	}
	switch {
	case lost == 0:
		// Its twin was there and not captured: it may never be called lost.
	case j.dark(exit, r.At):
		// Nor may what the other tap could not have shown.
	case lost < missing:
		f.Lost[r.Dir].add(0, n)
		f.Reasons = append(f.Reasons, Edge)
	case !known, r.Error && !j.known(r):
		f.Lost[r.Dir].add(0, n)
		f.Reasons = append(f.Reasons, Unseen)
	case r.Error && j.taps[exit].Snap > 0 && r.need(j.taps[exit].link, j.taps[exit].Extended) > j.taps[exit].Snap:
		f.Lost[r.Dir].add(0, n)
		f.Reasons = append(f.Reasons, Cut)
	case j.torn[entry][r.parts[0].id]:
		f.Lost[r.Dir].add(0, n)
		f.Reasons = append(f.Reasons, Torn)
	case j.repeated(r):
		f.Lost[r.Dir].add(0, n)
		f.Pairs.add(0, 1)
		f.Reasons = append(f.Reasons, Orphan)
	case !j.watched(exit, r.At):
		f.Lost[r.Dir].add(0, n)
		f.Reasons = append(f.Reasons, Edge)
	case double, n > 1 && len(r.parts) > 1 && r.Wire <= singleFrame:
		f.Lost[r.Dir].add(1, len(r.parts))
		f.Reasons = append(f.Reasons, Merged)
	case headless:
		// Datagrams that offload glued together carry one hash, that of the
		// first: without it, nobody knows how long the others are, and those
		// that left pass for lost parts of a neighbour that are as long.
		f.Lost[r.Dir].add(1-pairs, len(r.parts))
		f.Reasons = append(f.Reasons, Merged)
	default:
		f.Lost[r.Dir].add(min(n, j.fewest(r, lost)), n)
	}
}

// dark reports whether a tap surely was not recording when a packet that entered
// the host at a moment should have passed it. A tap that writes statistics every
// second may have recorded a second longer than its last packet shows.
func (j *judge) dark(point int, at int64) bool {
	return at+j.limit+edgeRoom < j.span[point][0] || at > j.span[point][1]+second
}

// known reports whether the flow that an ICMP error quotes was seen before at both
// taps: an error alone begins none.
func (j *judge) known(r *Record) bool {
	var seen [2]bool
	for point := range j.taps {
		list := j.taps[point].records
		for i := range list {
			o := &list[i]
			seen[point] = seen[point] || o.Key == r.Key && o.At <= r.At && o.Captured && !o.Error
		}
	}
	return seen[Inside] && seen[Outside]
}

// fewest returns how few packets missing octets of a record may make: two small
// ones that were merged pass for a larger one.
func (j *judge) fewest(r *Record, octets int) int {
	k := finerKey{r.Key, r.Dir}
	if !r.tcp || j.small[k] <= j.finer[k] {
		return octets + 1
	}
	j.flow(r.Key).Reasons = append(j.flow(r.Key).Reasons, Merged)
	return (max(octets, 1) + j.small[k] - 1) / j.small[k]
}

// beheaded reports whether a record left glued behind a datagram that was not
// captured where it entered, or seems to have left by itself: the only one whose
// hash could tell.
func (j *judge) beheaded(links map[*Record]bool, entry int) bool {
	for x := range links {
		if len(x.parts) < 2 {
			continue
		}
		if head := j.first(entry, x.parts[0].id); head == nil || j.repeated(head) {
			return true
		}
	}
	return false
}

// leftBehind finds what was captured where it left the host alone.
func (j *judge) leftBehind() {
	for dir := Forward; dir <= Back; dir++ {
		entry := entryPoint(dir)
		list := j.taps[1-entry].records
		for i := range list {
			r := &list[i]
			if r.Dir != dir || !r.whole() || !r.Captured || !r.Readable {
				continue
			}
			for _, p := range r.parts {
				if len(j.seen(entry, p.id)) == 0 {
					j.orphan[r.Key] = append(j.orphan[r.Key], r)
					break
				}
			}
		}
	}
}

// repeated reports whether an orphan could be taken for what became of a record:
// it left no later than packets do. One that left later entered unseen.
func (j *judge) repeated(r *Record) bool {
	for _, o := range j.orphan[r.Key] {
		if o.Dir != r.Dir || o.At < r.At-edgeRoom || o.At > r.At+j.limit || o.Error != r.Error {
			continue
		}
		if r.tcp {
			from, to := int32(o.Content.seq-r.Content.seq), int32(o.Content.seq-r.Content.seq)+int32(o.octets)
			if from < int32(r.octets) && to > 0 || r.octets == 0 && o.octets == 0 {
				return true
			}
			continue
		}
		if j.claimOf(o).content == j.claimOf(r).content || len(o.parts) > 1 || len(r.parts) > 1 {
			return true
		}
	}
	return false
}

// first returns the first record of a part at a point; nil: there is none.
func (j *judge) first(point, id int) *Record {
	if list := j.seen(point, id); len(list) > 0 {
		return list[0]
	}
	return nil
}

// packets returns how many packets missing octets of a record make: by the size
// of the packets where they are not merged.
func (j *judge) packets(r *Record, octets int) int {
	if octets == 0 {
		return 0
	}
	if len(r.parts) == 1 {
		return 1
	}
	size := j.finer[finerKey{r.Key, r.Dir}]
	if !r.tcp {
		size = r.size // of the parts that left it is known
	}
	if size == 0 {
		size = r.size
		j.flow(r.Key).Reasons = append(j.flow(r.Key).Reasons, Merged)
	}
	return (octets + size - 1) / size
}
