package correlate

// hole is what is missing of a merged segment, and as how many packets that
// counts.
type hole struct{ octets, packets uint32 }

// maxHoles bounds how many holes of a direction are counted anew.
const maxHoles = 4

// sizes is what is known of the packets of one direction of a TCP flow that
// offload merges: their largest payload, seen by itself at either point, and what
// was counted before that was known.
type sizes struct {
	largest uint32
	holes   [maxHoles]hole // of more than one packet, the latest ones
	next    uint8
}

// packets returns how many packets missing octets make.
func (s *sizes) packets(missing uint32) uint32 {
	size := s.largest
	if size == 0 {
		size = wholePacket - 40
	}
	if missing <= size {
		return 1
	}
	return (missing-1)/size + 1
}

// lose counts what is missing of a merged segment as lost packets.
func (f *flow) lose(dir uint8, missing uint32) {
	s := &f.sizes[dir]
	n := s.packets(missing)
	f.lost[dir] += uint64(n)
	if n > 1 {
		s.holes[s.next%maxHoles] = hole{missing, n}
		s.next++
	}
}

// measure takes over the payload of a packet that was not merged. What was lost
// before is counted anew by it: the first to be seen alone is often the short
// rest of a message.
func (f *flow) measure(dir uint8, payload uint32) {
	s := &f.sizes[dir]
	if payload <= s.largest {
		return
	}
	s.largest = payload
	for i := range s.holes {
		h := &s.holes[i]
		n := min(s.packets(h.octets), h.packets)
		f.lost[dir] -= min(f.lost[dir], uint64(h.packets-n))
		h.packets = n
	}
}
