package main

import (
	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/capture/live"
	"github.com/wgtrace/wgtrace/report"
)

// liveTee fills a ring from a tap. Live packets are decoded elsewhere; here
// they are once more, which costs little beside the capture itself.
type liveTee struct {
	ring   report.Ring
	handle *live.Handle // set before the first packet
	dec    capture.Decoder
	frame  uint64
	extras capture.Extras
}

// tee returns what keeps the packets of one more tap, nil if nobody wants them.
func (t *taps) tee(wanted bool) *liveTee {
	if !wanted {
		return nil
	}
	kept := &liveTee{}
	t.tees = append(t.tees, kept)
	return kept
}

// kept hands out the packets that all taps have kept.
func (t *taps) kept(add func(string, capture.Seen)) error {
	for _, tee := range t.tees {
		tee.ring.Each(add)
	}
	return nil
}

func (t *liveTee) keep(timeNS int64, wireLen int, data []byte, dir capture.Direction) {
	iface := t.handle.Interface()
	var p capture.Packet
	t.extras.Quotes, t.extras.Handshakes = t.extras.Quotes[:0], t.extras.Handshakes[:0]
	t.dec.Decode(&p, iface.LinkType, data, wireLen, &t.extras)
	t.frame++
	p.Time, p.Frame, p.Offset, p.Direction = timeNS, t.frame, -1, dir
	t.ring.Keep(t.handle.Name(), capture.Seen{Packet: &p, Quote: t.extras.Quoted(&p), Interface: &iface, Frame: data})
}
