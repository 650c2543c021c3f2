package report

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// Bounds of a proof, in packets: a ticket is to be mailed, and a page of a phone
// makes a few hundred.
const (
	proofPackets  = 8192
	proofFailed   = 3000 // of conversations that died
	proofAnswered = 1000 // of conversations that show what works
	proofCalls    = 100  // of one WireGuard endpoint
	proofARP      = 64
)

// Proof collects the packets that show a verdict, and their twins: whole
// conversations, because half of one would look like a loss. Packets are handed
// to Add in the order of their captures. It serves one goroutine.
type Proof struct {
	b *builder
	r *Report
	x *Redactor

	shown  map[proofFrame]string // what the report says of a packet
	flows  map[proofKey]proofFlow
	within map[proofKey]netip.AddrPort // what a container makes of a client's address
	ends   map[[2]netip.Addr]bool      // of these, for fragments
	calls  map[netip.AddrPort]int      // packets of WireGuard endpoints that were kept
	seen   map[proofCount]int
	arp    int
	kept   []proofPacket
	ifaces map[proofSource]int // captures that were met
}

type proofFrame struct {
	capture int
	frame   uint64
}

type proofKey struct {
	proto    uint8
	src, dst netip.AddrPort
}

// proofFlow is a conversation as a packet of it is found.
type proofFlow struct {
	outcome correlate.Outcome
	reply   bool // the packet goes to the client
}

type proofCount struct {
	capture int
	key     proofKey
}

// proofSource names an interface of a source as captures do.
type proofSource struct {
	source         string
	index, section int
	ifIndex        uint32
	arphrd         uint16
}

func sourceOf(source string, i *capture.Interface) proofSource {
	return proofSource{source, i.Index, i.Section, i.IfIndex, i.ARPHRD}
}

type proofPacket struct {
	capture   int // index in Evidence.Captures
	time      int64
	wireLen   int
	direction capture.Direction
	data      []byte
	comment   string
}

// NewProof prepares the collection for a report that was built of ev and d with
// the same info.
func NewProof(r *Report, ev *correlate.Evidence, d *diagnose.Diagnosis, info Info) *Proof {
	p := &Proof{
		b: &builder{ev: ev, d: d, info: info, words: r.words}, r: r, x: info.Redact,
		shown: make(map[proofFrame]string), flows: make(map[proofKey]proofFlow), ends: make(map[[2]netip.Addr]bool),
		calls: make(map[netip.AddrPort]int), seen: make(map[proofCount]int), ifaces: make(map[proofSource]int),
	}
	for i := range ev.Captures {
		c := &ev.Captures[i]
		if _, ok := p.ifaces[sourceOf(c.Source, &c.Interface)]; !ok {
			p.ifaces[sourceOf(c.Source, &c.Interface)] = i
		}
	}
	sighted := make(map[proofKey]bool)
	row := 0
	for i := range d.Findings {
		f := &d.Findings[i]
		if f.ID == healthyID {
			continue
		}
		for j := range f.Evidence {
			s := &f.Evidence[j]
			p.shown[proofFrame{s.Capture, s.Frame}] = r.Findings[row].Title
			sighted[proofKey{s.Proto, s.Src, s.Dst}] = true
			sighted[proofKey{s.Proto, s.Dst, s.Src}] = true
		}
		row++
	}
	if d.Inner != nil {
		p.within = make(map[proofKey]netip.AddrPort)
		for i := range d.Inner.Flows {
			f := &d.Inner.Flows[i]
			p.within[proofKey{f.Proto, f.Client, f.Remote}] = f.Translated
		}
	}
	p.choose(ev, sighted)
	for i := range ev.WireGuard.Peers {
		p.calls[ev.WireGuard.Peers[i].Endpoint] = 0
	}
	for i := range ev.WireGuard.Odd {
		p.calls[ev.WireGuard.Odd[i].Endpoint] = 0
	}
	return p
}

// choose takes the conversations that the findings name, then the worst, then
// those that show what works.
func (p *Proof) choose(ev *correlate.Evidence, sighted map[proofKey]bool) {
	order := make([]*correlate.Flow, len(ev.Flows))
	for i := range ev.Flows {
		order[i] = &ev.Flows[i]
	}
	named := func(f *correlate.Flow) bool {
		return sighted[proofKey{f.Proto, f.Client, f.Remote}] || sighted[proofKey{f.Proto, f.Translated, f.Remote}]
	}
	slices.SortStableFunc(order, func(a, b *correlate.Flow) int {
		return cmp.Or(cmp.Compare(rank(!named(a)), rank(!named(b))), cmp.Compare(severity(a.Outcome), severity(b.Outcome)),
			cmp.Compare(a.First, b.First), compareEndpoints(a.Client, b.Client), compareEndpoints(a.Remote, b.Remote))
	})
	var failed, answered uint64
	for _, f := range order {
		sum, limit := &failed, uint64(proofFailed)
		if f.Outcome == correlate.OutcomeAnswered {
			sum, limit = &answered, proofAnswered
		}
		n := f.In.Packets + f.Out.Packets + f.Reply.Packets + f.Back.Packets
		if *sum += n; *sum > limit && !named(f) {
			*sum -= n
			continue
		}
		p.take(f)
	}
}

func (p *Proof) take(f *correlate.Flow) {
	for _, client := range []netip.AddrPort{f.Client, f.Translated, p.within[proofKey{f.Proto, f.Client, f.Remote}]} {
		if !client.IsValid() {
			continue
		}
		p.flows[proofKey{f.Proto, client, f.Remote}] = proofFlow{f.Outcome, false}
		p.flows[proofKey{f.Proto, f.Remote, client}] = proofFlow{f.Outcome, true}
		p.ends[[2]netip.Addr{client.Addr(), f.Remote.Addr()}] = true
		p.ends[[2]netip.Addr{f.Remote.Addr(), client.Addr()}] = true
	}
}

// Add keeps a packet of a source if it belongs to the proof.
func (p *Proof) Add(source string, s capture.Seen) {
	if len(p.kept) >= proofPackets || s.Packet.Has(capture.FlagTimeUnknown) {
		return
	}
	n, ok := p.ifaces[sourceOf(source, s.Interface)]
	if !ok {
		return
	}
	comment, ok := p.belongs(n, s)
	title, shown := p.shown[proofFrame{n, s.Packet.Frame}]
	if !ok && !shown {
		return
	}
	if shown {
		comment = join(comment, p.b.words.Word("proof-shows", map[string]any{"name": title}))
	}
	c := &p.b.ev.Captures[n]
	p.kept = append(p.kept, proofPacket{
		capture: n, time: s.Packet.Time - c.OffsetNS, wireLen: int(s.Packet.WireLen), direction: s.Packet.Direction,
		data: cutFrame(p.x, s), comment: comment,
	})
}

// belongs reports whether a packet of capture n belongs to the proof, and what
// is to be said of it.
func (p *Proof) belongs(n int, s capture.Seen) (string, bool) {
	k := s.Packet
	role := p.role(n)
	src, dst := netip.AddrPortFrom(k.Src.Netip(), k.SrcPort), netip.AddrPortFrom(k.Dst.Netip(), k.DstPort)
	switch {
	case k.Kind == capture.KindARP:
		p.arp++
		return "", p.arp <= proofARP
	case k.Kind <= capture.KindARP:
		return "", false
	case k.Kind == capture.KindFragment:
		return p.word("fragment"), p.ends[[2]netip.Addr{src.Addr(), dst.Addr()}]
	case s.Quote != nil:
		q := s.Quote
		_, ok := p.flows[proofKey{q.Proto, netip.AddrPortFrom(q.Src.Netip(), q.SrcPort), netip.AddrPortFrom(q.Dst.Netip(), q.DstPort)}]
		_, call := p.calls[netip.AddrPortFrom(q.Src.Netip(), q.SrcPort)]
		_, called := p.calls[netip.AddrPortFrom(q.Dst.Netip(), q.DstPort)]
		return p.word("error"), ok || q.Proto == 17 && (call || called)
	}
	if k.Proto == 17 && role != capture.RoleTunnel {
		if _, ok := p.calls[src]; ok {
			return p.word("outer-in"), p.call(src, k.WG.Type)
		}
		if _, ok := p.calls[dst]; ok {
			return p.word("outer-out"), p.call(dst, k.WG.Type)
		}
	}
	key := proofKey{k.Proto, src, dst}
	f, ok := p.flows[key]
	if !ok {
		return "", false
	}
	p.seen[proofCount{n, key}]++
	what := p.b.packetKind(&correlate.Sighting{Kind: k.Kind, TCPFlags: k.TCPFlags, ICMPType: k.ICMPType, ICMPCode: k.ICMPCode, Proto: k.Proto,
		DNS: k.Flags&(capture.FlagDNSQuery|capture.FlagDNSResponse) != 0, Src: src, Dst: dst})
	comment := fmt.Sprintf("%s #%d: %s", what, p.seen[proofCount{n, key}], p.place(role, f.reply))
	if role == capture.RoleTunnel && !f.reply {
		comment = join(comment, p.word("fate-"+f.outcome.String()))
	}
	return comment, true
}

// call counts a packet of a WireGuard endpoint and reports whether it is kept.
// Handshakes are few, and say most.
func (p *Proof) call(end netip.AddrPort, typ wg.MessageType) bool {
	p.calls[end]++
	return p.calls[end] <= proofCalls || typ == wg.MessageInitiation || typ == wg.MessageResponse
}

func (p *Proof) word(id string) string { return p.b.words.Word("proof-"+id, nil) }

// place says at which of the six places a packet of a conversation was seen.
func (p *Proof) place(role capture.Role, reply bool) string {
	switch {
	case role == capture.RoleTunnel && !reply:
		return p.word("tunnel-in")
	case role == capture.RoleTunnel:
		return p.word("tunnel-out")
	case role == capture.RoleWAN && !reply:
		return p.word("wan-out")
	case role == capture.RoleWAN:
		return p.word("wan-in")
	}
	return p.word("both-sides")
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

// Write writes what was collected as pcapng, on the clock of the tunnel's tap.
// Captures of the path are there even if nothing of them was kept: that they saw
// nothing is part of the proof.
func (p *Proof) Write(w io.Writer) error {
	info := capture.RecorderInfo{Application: p.r.Tool.Name + " " + p.r.Tool.Version, Comment: join(p.word("about"), p.r.hidden)}
	rec, err := capture.RecordTo(w, "evidence", info)
	if err != nil {
		return err
	}
	number := make(map[int]int) // of the capture in the recording
	for i := range p.b.ev.Captures {
		c := &p.b.ev.Captures[i]
		if n := p.ifaces[sourceOf(c.Source, &c.Interface)]; n != i {
			continue
		}
		if used := slices.ContainsFunc(p.kept, func(k proofPacket) bool { return k.capture == i }); c.Role == capture.RoleUnknown && !c.Interface.Uplink && !used {
			continue
		}
		if number[i], err = rec.AddInterface(p.iface(i)); err != nil {
			return err
		}
	}
	slices.SortStableFunc(p.kept, func(a, b proofPacket) int { return cmp.Compare(a.time, b.time) })
	for i := range p.kept {
		k := &p.kept[i]
		if err := rec.WriteCommented(number[k.capture], k.time, k.wireLen, k.data, k.direction, k.comment); err != nil {
			return err
		}
	}
	for i := range p.b.ev.Captures {
		n, ok := number[i]
		if !ok {
			continue
		}
		// A run that went on without packets is told by its end.
		c := &p.b.ev.Captures[i]
		if err := rec.WriteStats(n, capture.InterfaceStats{Time: p.b.ev.Ended, Dropped: c.Dropped, HasDropped: c.DroppedKnown}); err != nil {
			return err
		}
	}
	return rec.Close()
}

// iface describes capture i to readers of the proof.
func (p *Proof) iface(i int) capture.Interface {
	c := &p.b.ev.Captures[i]
	out := c.Interface
	out.Role, out.WGPort = p.role(i), 0
	if c.Role == capture.RoleWAN {
		out.WGPort = p.b.ev.WireGuard.Port
	}
	// Other programs print these as they stand.
	out.Name, out.Description, out.Filter, out.OS = sanitize(out.Name), sanitize(out.Description), sanitize(out.Filter), sanitize(out.OS)
	out.Namespace = sanitize(out.Namespace)
	if p.x == nil {
		return out
	}
	out.Name, out.Description, out.Filter = p.x.String(out.Name), p.x.String(out.Description), p.x.String(out.Filter)
	out.OS, out.Namespace = p.x.String(out.OS), p.x.String(out.Namespace)
	out.MAC = p.x.mac(out.MAC)
	out.Addrs = slices.Clone(out.Addrs)
	for j, a := range out.Addrs {
		out.Addrs[j] = p.x.Prefix(a)
	}
	return out
}

// role returns the role of capture i, unknown if its interface was taken apart
// into both sides.
func (p *Proof) role(i int) capture.Role {
	c := &p.b.ev.Captures[i]
	for j := range p.b.ev.Captures {
		o := &p.b.ev.Captures[j]
		if o.Role != c.Role && sourceOf(o.Source, &o.Interface) == sourceOf(c.Source, &c.Interface) {
			return capture.RoleUnknown
		}
	}
	return c.Role
}

// BundleText explains a bundle of files: what they are, what is hidden, and
// whether its packets by themselves give the same verdict; again is that which
// they give.
func (r *Report) BundleText(files []string, same bool, again string) []string {
	const width = 78
	lines := wrap(r.words.Word("bundle-about", nil), width)
	lines = append(lines, "")
	if r.hidden != "" {
		lines = append(append(lines, wrap(r.hidden, width)...), "")
	}
	for _, f := range files {
		lines = append(lines, "  "+f)
	}
	id := "bundle-same"
	if !same {
		id = "bundle-other"
	}
	lines = append(lines, "")
	return append(lines, wrap(r.words.Word(id, map[string]any{"name": sanitize(again)}), width)...)
}
