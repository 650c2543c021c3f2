package correlate

// trouble is what is known of one direction of a TCP flow whose octets are not
// seen once each in their order. Most flows never have any, so that it stands
// apart from them.
type trouble struct {
	gaps     [maxStretches]stretch // not seen leaving, between others that were
	repeated [maxStretches]stretch // entered more than once
	holes    [maxHoles]hole        // of more than one packet, the latest ones

	latestGap, latestRepeat, nextHole uint8
}

// troubleOf returns the trouble of a flow by direction; it has some from now on.
// There is room for that of all flows.
func (e *Engine) troubleOf(f *flow) *[2]trouble {
	if f.trouble < 0 {
		f.trouble = e.troubles.alloc()
	}
	return e.troubles.at(f.trouble)
}

// restart forgets the octets of a conversation whose ends begin another one.
func (t *trouble) restart() {
	*t = trouble{holes: t.holes, nextHole: t.nextHole}
}

// repeat notes octets that entered again; false if others are forgotten for them.
func (t *trouble) repeat(again stretch) bool {
	last := &t.repeated[t.latestRepeat]
	if last.to == again.from {
		last.to = again.to
		return true
	}
	t.latestRepeat = (t.latestRepeat + 1) % maxStretches
	last = &t.repeated[t.latestRepeat]
	room := *last == stretch{}
	*last = again
	return room
}

// open notes octets that were passed over where they leave.
func (t *trouble) open(g stretch) {
	t.latestGap = (t.latestGap + 1) % maxStretches
	t.gaps[t.latestGap] = g
}

// fill takes octets that were seen leaving after all out of the gaps.
func (t *trouble) fill(from, to uint32) {
	for i := range t.gaps {
		g := &t.gaps[i]
		switch over := g.overlap(from, to); {
		case over == 0:
		case int32(from-g.from) <= 0:
			g.from += over
		case int32(to-g.to) >= 0:
			g.to -= over
		default:
			rest := stretch{to, g.to}
			g.to = from
			t.open(rest)
		}
	}
}

// covered returns how many octets of a range lie in stretches.
func covered(list *[maxStretches]stretch, from, to uint32) (n uint32) {
	for _, s := range list {
		n += s.overlap(from, to)
	}
	return n
}
