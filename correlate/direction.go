package correlate

import "github.com/wgtrace/wgtrace/capture"

// doubtDirections looks for sources whose direction marks say nothing: all of
// them say "received", also those of frames that answer each other. Tools that
// convert traces of Windows write that where the trace does not know, and ports
// that mirror a switch show it by their nature. The marks are then taken away, and
// the host is known by its addresses.
func (e *Engine) doubtDirections() {
	if e.opts.Live {
		return
	}
	for _, in := range e.inputs {
		in.undirected = in.allReceived()
		for _, b := range in.head {
			in.clearDirections(b)
		}
	}
}

// allReceived reports whether two link addresses speak to each other in the
// head, and both only receive.
func (in *input) allReceived() bool {
	type ends struct{ src, dst capture.MAC }
	seen := make(map[ends]bool)
	both := false
	for _, b := range in.head {
		for i := range b.Packets {
			p := &b.Packets[i]
			switch {
			case p.Direction == capture.DirectionOut:
				return false
			case p.Direction != capture.DirectionIn, p.LinkSrc.IsZero(), p.LinkSrc == p.LinkDst, p.LinkDst.IsGroup():
				continue
			}
			both = both || seen[ends{p.LinkDst, p.LinkSrc}]
			if len(seen) < headPackets {
				seen[ends{p.LinkSrc, p.LinkDst}] = true
			}
		}
	}
	return both
}

// clearDirections takes marks away that say nothing.
func (in *input) clearDirections(b *capture.Batch) {
	if !in.undirected {
		return
	}
	for i := range b.Packets {
		b.Packets[i].Direction = capture.DirectionUnknown
	}
}
