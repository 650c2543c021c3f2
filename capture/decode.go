package capture

import (
	"encoding/binary"
	"math"
)

// Decoder decodes frames. Its zero value is ready for use; one Decoder serves
// one goroutine.
type Decoder struct {
	// IfIndex and ARPHRD stand in the header of the last frame; 0 unless its
	// link type is a cooked one that carries them.
	IfIndex uint32
	ARPHRD  uint16
}

// Decode sets every field of p from a frame of which wireLen octets were on the
// wire. It never fails: what it cannot read it leaves at KindUndecoded or
// KindIP. What an ICMP error quotes and the messages of a WireGuard handshake
// are appended to extras, which may be nil. Time, Frame, Offset and Iface are
// left at 0 for the caller. Nothing in p aliases frame.
func (d *Decoder) Decode(p *Packet, link LinkType, frame []byte, wireLen int, extras *Extras) {
	*p = Packet{}
	p.Ref = -1
	d.IfIndex, d.ARPHRD = 0, 0
	// A wire length below what was captured is a mistake of the writer; on
	// 32-bit systems it may also be a length that overflowed int.
	wireLen = max(wireLen, len(frame))
	p.CapLen = uint32(len(frame))
	p.WireLen = uint32(min(int64(wireLen), math.MaxUint32))
	if wireLen > len(frame) {
		p.Flags = FlagTruncated
	}
	switch link {
	case LinkTypeEthernet:
		decodeEthernet(p, frame, wireLen, extras)
	case LinkTypeRaw, LinkTypeRawDLT, LinkTypeRawBSD, LinkTypeIPv4, LinkTypeIPv6:
		decodeIP(p, frame, wireLen, extras)
	case LinkTypeNull, LinkTypeLoop:
		decodeNull(p, frame, wireLen, extras)
	case LinkTypeLinuxSLL:
		d.decodeSLL(p, frame, wireLen, extras)
	case LinkTypeLinuxSLL2:
		d.decodeSLL2(p, frame, wireLen, extras)
	}
	if p.Kind > KindARP {
		p.FlowHash = FlowHash(p.Src, p.SrcPort, p.Dst, p.DstPort, p.Proto)
	}
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
