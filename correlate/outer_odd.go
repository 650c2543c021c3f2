package correlate

import (
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// maxOddities bounds how many endpoints are followed that send something else
// than plain WireGuard to its port.
const maxOddities = 64

// A greeting that nobody answers is repeated after wg.RekeyTimeout, with its
// jitter and that of the path, nanoseconds.
var (
	oddRepeatMin = int64(wg.RekeyTimeout - 300*time.Millisecond)
	oddRepeatMax = int64(wg.RekeyTimeout + wg.InitiationJitter + 500*time.Millisecond)
)

// maxOddSize is the largest payload in octets that can be a greeting with
// padding before it: what a datagram of the smallest IPv6 MTU holds.
const maxOddSize = 1232

// oddity is an endpoint that sends something else to the server's port.
type oddity struct {
	key                    tuple
	remote, server         capture.Addr
	remotePort, serverPort uint16
	in, out                uint64
	repeats, reserved      uint64
	sizes                  [8]struct {
		size uint32
		last int64
	}
	oldest      int
	first, last int64
	samples     []Sighting
}

// odd takes a datagram from or to the server's port that is no plain WireGuard.
func (e *Engine) odd(p *capture.Packet, t int64, c *capturePoint) {
	o := e.outerSide
	inbound := p.DstPort == o.port && (o.servers[addrPort(p.Dst, p.DstPort)] || e.own[p.Dst])
	if !inbound && !(p.SrcPort == o.port && e.own[p.Src]) || e.remotes(p) {
		return
	}
	key, _ := tupleOf(p.Src, p.SrcPort, p.Dst, p.DstPort, p.Proto)
	var d *oddity
	for i := range o.odd {
		if o.odd[i].key.is(&key) {
			d = &o.odd[i]
			break
		}
	}
	if d == nil {
		if !inbound || len(o.odd) >= maxOddities {
			return
		}
		o.odd = append(o.odd, oddity{key: key, remote: p.Src, remotePort: p.SrcPort, server: p.Dst, serverPort: p.DstPort, first: t})
		d = &o.odd[len(o.odd)-1]
	}
	d.last = t
	if !inbound {
		d.out++
		return
	}
	d.in++
	if p.Flags&capture.FlagWGReserved != 0 {
		d.reserved++
	}
	if len(d.samples) < maxSamples {
		d.samples = append(d.samples, sighting(c, p, OuterIn))
	}
	d.repeated(p.PayloadLen, t)
}

// repeated counts datagrams of the size of a greeting that come again after the
// time in which a greeting is repeated.
func (d *oddity) repeated(size uint32, t int64) {
	if size < wg.MessageInitiationSize || size > maxOddSize {
		return
	}
	for i := range d.sizes {
		if s := &d.sizes[i]; s.size == size {
			if gap := t - s.last; gap >= oddRepeatMin && gap <= oddRepeatMax {
				d.repeats++
			}
			s.last = t
			return
		}
	}
	d.sizes[d.oldest%len(d.sizes)] = struct {
		size uint32
		last int64
	}{size, t}
	d.oldest++
}
