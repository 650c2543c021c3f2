package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// outerError takes an ICMP error on the WAN that quotes a packet of WireGuard's
// own; false: it quotes something else.
func (e *Engine) outerError(p *capture.Packet, q *capture.Quote, t int64, c *capturePoint) bool {
	if q.Proto != protoUDP || len(e.outerSide.peers) == 0 || !unreachable(p) {
		return false
	}
	key, _ := tupleOf(q.Src, q.SrcPort, q.Dst, q.DstPort, q.Proto)
	i := e.outerSide.find(&key, key.hash())
	if i < 0 {
		return false
	}
	pr := e.outerSide.peers[i]
	if q.Src == pr.remote && q.SrcPort == pr.remotePort {
		// It goes to the client, so it comes from here: a router further out
		// would be seen on neither adapter.
		pr.refused++
		pr.refusedAt, pr.refusedCode = t, p.ICMPCode
		pr.sample(c, p, OuterOut)
		return true
	}
	pr.unreachable++
	pr.unreachableAt = t
	pr.sample(c, p, OuterIn)
	return true
}

// unreachable reports whether an ICMP error says that a packet was not
// delivered, for a reason other than its size (RFC 792; RFC 4443 section 3.1).
func unreachable(p *capture.Packet) bool {
	const fragNeeded = 4
	if p.Is6() {
		return p.ICMPType == 1
	}
	return p.ICMPType == 3 && p.ICMPCode != fragNeeded
}
