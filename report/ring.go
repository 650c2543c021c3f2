package report

import (
	"slices"

	"github.com/wgtrace/wgtrace/capture"
)

// Bounds of a Ring: 16,384 packets of at most 256 octets take some 14 MiB. Of a
// conversation the first packets show what became of it.
const (
	ringPackets  = 16384
	ringOctets   = 256
	ringOfOne    = 200
	ringCounters = 65536
)

// Ring keeps the first packets of each of the latest conversations, for a Proof
// of what cannot be read a second time. It serves one goroutine.
type Ring struct {
	kept   []ringPacket
	next   int               // where the oldest stands once all places are taken
	counts map[uint64]uint16 // by capture.Packet.FlowHash
}

type ringPacket struct {
	source string
	packet capture.Packet
	quote  capture.Quote
	iface  capture.Interface
	data   []byte
}

// Keep copies a packet of a source.
func (r *Ring) Keep(source string, s capture.Seen) {
	if r.counts == nil || len(r.counts) >= ringCounters {
		r.counts = make(map[uint64]uint16)
	}
	if r.counts[s.Packet.FlowHash] >= ringOfOne {
		return
	}
	r.counts[s.Packet.FlowHash]++
	var at *ringPacket
	if len(r.kept) < ringPackets {
		r.kept = append(r.kept, ringPacket{})
		at = &r.kept[len(r.kept)-1]
	} else {
		at = &r.kept[r.next]
		r.next = (r.next + 1) % ringPackets
	}
	at.source, at.packet, at.iface = source, *s.Packet, *s.Interface
	at.data = append(at.data[:0], s.Frame[:min(len(s.Frame), ringOctets)]...)
	if at.packet.Ref = -1; s.Quote != nil {
		at.quote, at.packet.Ref = *s.Quote, 0
	}
}

// Each hands out what is kept in the order in which it came.
func (r *Ring) Each(fn func(source string, s capture.Seen)) {
	for _, half := range [][]ringPacket{r.kept[r.next:], r.kept[:r.next]} {
		for i := range half {
			k := &half[i]
			s := capture.Seen{Packet: &k.packet, Interface: &k.iface, Frame: slices.Clip(k.data)}
			if k.packet.Ref == 0 {
				s.Quote = &k.quote
			}
			fn(k.source, s)
		}
	}
}
