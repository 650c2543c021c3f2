package correlate_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/netip"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// base is the time at which every case begins.
const base = int64(1_700_000_000_000_000_000)

// stat is a word of the capture engine about its drops.
type stat struct {
	at      int64
	iface   int32
	dropped uint64
	since   int64 // the adapter was away from then on; 0: it was not
}

// memory is a source whose packets stand in memory.
type memory struct {
	name    string
	faces   []capture.Interface
	packets []pk
	stats   []stat
	batch   int // packets per batch; 0: as many as fit
	pos     int
	stat    int
}

func (m *memory) Name() string { return m.name }
func (m *memory) Close() error { return nil }

func (m *memory) Next(b *capture.Batch) error {
	b.Reset()
	b.Interfaces = m.faces
	if m.pos >= len(m.packets) && m.stat >= len(m.stats) {
		return io.EOF
	}
	limit := cap(b.Packets)
	if m.batch > 0 {
		limit = min(limit, m.batch)
	}
	for len(b.Packets) < limit && m.pos < len(m.packets) {
		if m.stat < len(m.stats) && m.stats[m.stat].at <= m.packets[m.pos].Time {
			break
		}
		p := m.packets[m.pos]
		m.pos++
		p.Frame, p.Offset = uint64(m.pos), -1
		p.FlowHash = capture.FlowHash(p.Src, p.SrcPort, p.Dst, p.DstPort, p.Proto)
		p.WireLen, p.CapLen = p.IPLen+14, p.IPLen+14
		if p.quote != nil {
			p.Ref = int32(len(b.Quotes))
			b.Quotes = append(b.Quotes, *p.quote)
		}
		if p.handshake != nil {
			p.Ref = int32(len(b.Handshakes))
			b.Handshakes = append(b.Handshakes, *p.handshake)
		}
		b.Packets = append(b.Packets, p.Packet)
	}
	for m.stat < len(m.stats) && (m.pos >= len(m.packets) || m.stats[m.stat].at <= m.packets[m.pos].Time) {
		s := m.stats[m.stat]
		m.stat++
		b.Stats = append(b.Stats, capture.InterfaceStats{Iface: s.iface, Time: s.at, Dropped: s.dropped, HasDropped: true, AwaySince: s.since})
	}
	b.Watermark = capture.NoWatermark
	if m.pos >= len(m.packets) {
		b.Watermark = math.MaxInt64
	}
	return nil
}

// trace is what both points recorded of a case. Times are microseconds from
// its beginning.
type trace struct {
	in, out  []pk
	inStats  []stat
	outStats []stat
	opts     correlate.Options
	skew     time.Duration // of the WAN's clock against the tunnel's
	two      bool          // one file for each point
	unsorted bool          // records stand in the order of the case, whatever their times
	expired  uint64        // packets whose TTL ends at the host: they enter no join
}

func (tr *trace) tunnel(us int64, p pk) { p.Time = base + us*1000; tr.in = append(tr.in, p) }
func (tr *trace) wan(us int64, p pk)    { p.Time = base + us*1000; tr.out = append(tr.out, p) }

// pass is a packet seen inside at us and on the WAN 100 us later, as twin.
func (tr *trace) pass(us int64, p, twin pk) { tr.tunnel(us, p); tr.wan(us+100, twin) }

// back is a packet seen on the WAN at us and inside 100 us later, as twin.
func (tr *trace) back(us int64, p, twin pk) { tr.wan(us, p); tr.tunnel(us+100, twin) }

// idle lets both taps go on to a moment, by a packet each that belongs to no
// client.
func (tr *trace) idle(us int64) {
	tr.tunnel(us, ip("fe80::1", "ff02::2", 58, capture.KindICMPOther))
	tr.wan(us, ip("fe80::1", "ff02::2", 58, capture.KindICMPOther))
}

var (
	tunnelFace = capture.Interface{Index: 0, Name: "wg0", LinkType: capture.LinkTypeRaw}
	wanFace    = capture.Interface{Index: 1, Name: "eth0", LinkType: capture.LinkTypeEthernet}
	host       = capture.MAC{2, 0, 0, 0, 0, 1}
	router     = capture.MAC{2, 0, 0, 0, 0, 2}
)

// inputs turns a trace into sources.
func (tr *trace) inputs() []correlate.Input {
	in, out := slices.Clone(tr.in), slices.Clone(tr.out)
	for i := range out {
		out[i].Time += int64(tr.skew)
	}
	outStats := slices.Clone(tr.outStats)
	byTime := func(list []pk) {
		if !tr.unsorted {
			sort.SliceStable(list, func(a, b int) bool { return list[a].Time < list[b].Time })
		}
	}
	if tr.two {
		byTime(in)
		byTime(out)
		w := wanFace
		w.Index = 0
		for i := range outStats {
			outStats[i].iface = 0
		}
		return []correlate.Input{
			{Source: &memory{name: "tunnel.pcap", faces: []capture.Interface{tunnelFace}, packets: in, stats: tr.inStats}},
			{Source: &memory{name: "wan.pcap", faces: []capture.Interface{w}, packets: out, stats: outStats}},
		}
	}
	for i := range out {
		out[i].Iface = 1
	}
	all := append(in, out...)
	byTime(all)
	for i := range outStats {
		outStats[i].iface = 1
	}
	stats := append(slices.Clone(tr.inStats), outStats...)
	sort.SliceStable(stats, func(a, b int) bool { return stats[a].at < stats[b].at })
	return []correlate.Input{{Source: &memory{name: "both.pcapng", faces: []capture.Interface{tunnelFace, wanFace}, packets: all, stats: stats}}}
}

// run reads a trace to its evidence.
func (tr *trace) run(t testing.TB) *correlate.Evidence {
	t.Helper()
	ev := analyse(t, tr.opts, tr.inputs()...)
	checkSums(t, ev, tr.expired)
	return ev
}

func analyse(t testing.TB, opts correlate.Options, inputs ...correlate.Input) *correlate.Evidence {
	t.Helper()
	ev, err := correlate.New(opts).Run(context.Background(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// checkSums holds the evidence against itself: what entered a join is counted
// once, and every list is within its bounds.
func checkSums(t testing.TB, ev *correlate.Evidence, expired uint64) {
	t.Helper()
	var entered, lost, unobserved uint64
	for _, f := range ev.Flows {
		if f.Outcome == correlate.OutcomeLocal {
			continue
		}
		entered += f.In.Packets + f.Reply.Packets
		lost += f.LostForward + f.LostReturn
		unobserved += f.Unobservable
	}
	tot := ev.Totals
	if tot.FlowsNotListed == 0 && (lost != tot.LostPackets || unobserved != tot.Unobservable) {
		t.Errorf("flows lost %d, unobservable %d; totals %+v", lost, unobserved, tot)
	}
	if sum := tot.MatchedPackets + tot.LostPackets + tot.Unobservable; tot.FlowsNotListed == 0 && sum+expired < entered {
		t.Errorf("%d packets entered, %d are accounted for: %+v", entered, sum, tot)
	}
	for _, c := range ev.Captures {
		if c.Packets > c.TimeUnknown && c.First > c.Last {
			t.Errorf("capture %s ends before it begins", c.Source)
		}
	}
}

// want is what a case must come to.
type want struct {
	matched, lost, unobservable, ambiguous uint64
	nat                                    []string // "tcp inside>outside>remote", sorted
	flows                                  []string // "tcp client>remote outcome", sorted
}

func protocol(p uint8) string {
	switch p {
	case 1, 58:
		return "icmp"
	case 6:
		return "tcp"
	case 17:
		return "udp"
	}
	return fmt.Sprint(p)
}

func natRows(ev *correlate.Evidence) []string {
	var rows []string
	for _, m := range ev.NAT {
		rows = append(rows, fmt.Sprintf("%s %v>%v>%v", protocol(m.Proto), m.Inside, m.Outside, m.Remote))
	}
	slices.Sort(rows)
	return rows
}

func flowRows(ev *correlate.Evidence) []string {
	var rows []string
	for _, f := range ev.Flows {
		rows = append(rows, fmt.Sprintf("%s %v>%v %v", protocol(f.Proto), f.Client, f.Remote, f.Outcome))
	}
	slices.Sort(rows)
	return rows
}

func (w want) check(t testing.TB, ev *correlate.Evidence) {
	t.Helper()
	got := [4]uint64{ev.Totals.MatchedPackets, ev.Totals.LostPackets, ev.Totals.Unobservable, ev.Totals.Ambiguous}
	if exp := [4]uint64{w.matched, w.lost, w.unobservable, w.ambiguous}; got != exp {
		t.Errorf("matched, lost, unobservable, ambiguous are %v, want %v", got, exp)
	}
	if rows := natRows(ev); w.nat != nil && !slices.Equal(rows, w.nat) {
		t.Errorf("translations\n %q, want\n %q", rows, w.nat)
	}
	if rows := flowRows(ev); w.flows != nil && !slices.Equal(rows, w.flows) {
		t.Errorf("flows\n %q, want\n %q", rows, w.flows)
	}
	if t.Failed() {
		for _, f := range ev.Flows {
			t.Logf("flow %s %v>%v as %v %v: %v in %d out %d reply %d back %d lost %d/%d unobs %d", protocol(f.Proto), f.Client, f.Remote,
				f.Translated, f.NAT, f.Outcome, f.In.Packets, f.Out.Packets, f.Reply.Packets, f.Back.Packets, f.LostForward, f.LostReturn, f.Unobservable)
		}
		t.Logf("totals %+v", ev.Totals)
	}
}

// none says that no translation was made, where nil would say that it is not
// looked at.
var none = []string{}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// ledger returns the last ledger of a client in a family.
func ledger(t testing.TB, ev *correlate.Evidence, client string, fam correlate.Family) *correlate.Ledger {
	t.Helper()
	l := ledgers(t, ev, client, fam)
	if len(l) == 0 {
		t.Fatalf("client %s made no request", client)
	}
	return &l[len(l)-1]
}

func clientOf(t testing.TB, ev *correlate.Evidence, client string) *correlate.Client {
	t.Helper()
	for i := range ev.Clients {
		if slices.Contains(ev.Clients[i].Addrs, netip.MustParseAddr(client)) {
			return &ev.Clients[i]
		}
	}
	t.Fatalf("no client %s among %d", client, len(ev.Clients))
	return nil
}

func ledgers(t testing.TB, ev *correlate.Evidence, client string, fam correlate.Family) []correlate.Ledger {
	t.Helper()
	c := clientOf(t, ev, client)
	if fam == correlate.IPv6 {
		return c.Families[1].Ledgers
	}
	return c.Families[0].Ledgers
}

// fates returns how many requests of a client in IPv4 came to each fate, over
// all its ledgers.
func fates(t testing.TB, ev *correlate.Evidence, client string) map[correlate.Fate]uint64 {
	t.Helper()
	n := make(map[correlate.Fate]uint64)
	for _, l := range ledgers(t, ev, client, correlate.IPv4) {
		for f := range l.Fates {
			if c := l.Fates[f].Count; c > 0 {
				n[correlate.Fate(f)] += c
			}
		}
	}
	return n
}
