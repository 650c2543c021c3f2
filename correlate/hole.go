package correlate

// hole is what is missing of a merged segment, and as how many packets that
// counts.
type hole struct{ octets, packets uint32 }

// maxHoles bounds how many holes of a direction are counted anew.
const maxHoles = 4

// packetsOf returns how many packets missing octets make, of which the largest
// holds size; 0: none was seen by itself yet.
func packetsOf(missing, size uint32) uint32 {
	if size == 0 {
		size = wholePacket - 40
	}
	if missing <= size {
		return 1
	}
	return (missing-1)/size + 1
}

// lose counts what is missing of a merged segment as lost packets.
func (e *Engine) lose(f *flow, dir uint8, missing uint32) {
	n := packetsOf(missing, f.largest[dir])
	f.lost[dir] += uint64(n)
	if n > 1 {
		t := &e.troubleOf(f)[dir]
		t.holes[t.nextHole%maxHoles] = hole{missing, n}
		t.nextHole++
	}
}

// measure takes over the payload of a packet that was not merged. What was lost
// before is counted anew by it: the first to be seen alone is often the short
// rest of a message.
func (e *Engine) measure(f *flow, dir uint8, payload uint32) {
	if payload <= f.largest[dir] {
		return
	}
	f.largest[dir] = payload
	if f.trouble < 0 {
		return
	}
	t := &e.troubles.at(f.trouble)[dir]
	for i := range t.holes {
		h := &t.holes[i]
		n := min(packetsOf(h.octets, payload), h.packets)
		f.lost[dir] -= min(f.lost[dir], uint64(h.packets-n))
		h.packets = n
	}
}
