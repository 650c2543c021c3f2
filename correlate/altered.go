package correlate

import (
	"github.com/wgtrace/wgtrace/capture"
)

// A host that translates sequence numbers too (pf.conf(5) "modulate state",
// "synproxy state") or that calls the remote itself (a proxy) leaves no octet
// to match by. What it cannot hide is that a conversation with the same remote
// and port begins outside as soon as one began inside. Then absence of a twin
// proves nothing.

// opening is a SYN at the WAN that no flow inside accounts for so far.
type opening struct {
	remote uint64 // hash of the remote end; 0: unused
	time   int64
	flow   uint64 // hash of the outside flow's key
	out    int32  // its index
}

// The openings of the last seconds are kept in sets by remote end, so that one
// busy end cannot push out all others. One set holds more than a browser opens
// at once.
const (
	openingSets = 1 << 9
	openingWays = 16
)

// openings is a bounded memory of openings: a new one takes the place of the
// oldest of its set.
type openings struct {
	sets [openingSets][openingWays]opening
}

// remoteEnd hashes the end beyond the host.
func remoteEnd(addr capture.Addr, port uint16) uint64 {
	return mix(mix(addr.Hi, addr.Lo), uint64(port)<<16|6) | 1
}

func (s *openings) note(o opening) {
	set := &s.sets[o.remote>>1%openingSets]
	oldest := &set[0]
	for i := range set {
		w := &set[i]
		if w.remote == o.remote && w.flow == o.flow && w.out == o.out {
			return // a repetition: the conversation began with the first one
		}
		if w.time < oldest.time {
			oldest = w
		}
	}
	*oldest = o
}

// forget takes an opening back: its packet is accounted for.
func (s *openings) forget(remote, flow uint64, out int32) {
	set := &s.sets[remote>>1%openingSets]
	for i := range set {
		if w := &set[i]; w.remote == remote && w.flow == flow && w.out == out {
			*w = opening{}
		}
	}
}

// opened notes a packet of an untied outside flow that begins a TCP conversation.
func (e *Engine) opened(oi int32, o *outflow, p *capture.Packet, t int64) {
	if isRequest(p) && p.Kind == capture.KindTCP {
		e.openings.note(opening{remote: remoteEnd(p.Dst, p.DstPort), time: t, flow: o.hash, out: oi})
	}
}

// openedBeside reports whether an outside conversation with the remote of a flow
// began when a packet of that flow entered the host, and is tied to nothing.
func (e *Engine) openedBeside(f *flow, t int64) bool {
	remote := remoteEnd(f.remote())
	set := &e.openings.sets[remote>>1%openingSets]
	for i := range set {
		w := &set[i]
		if w.remote != remote || w.time < t-e.doubt || w.time > t+e.residenceLimit() {
			continue
		}
		if o := e.outflows.at(w.out); o.live && o.hash == w.flow && o.flow < 0 {
			return true
		}
	}
	return false
}

// noteAltered looks whether a flow whose SYN found no twin begins when an outside
// one does. Where the host answers in the remote's name, the flow is its own.
func (e *Engine) noteAltered(f *flow, n *node) {
	if n.tcp && n.dir == forward && n.flags&(capture.TCPSyn|capture.TCPAck) == capture.TCPSyn && !f.altered &&
		f.translated.IsZero() && (f.got.Packets == 0 || f.relayed) {
		f.altered = e.openedBeside(f, n.time)
	}
}
