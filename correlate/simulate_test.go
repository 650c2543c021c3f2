package correlate_test

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"pgregory.net/rapid"
)

// network is a small model of clients behind a translator: it decides what each
// tap records, and knows what was lost.
type network struct {
	t       *rapid.T
	tr      *trace
	loss    int // one of so many packets is lost in the host; 0: none
	rewrite bool
	merge   [2]bool // offload merges segments: inside, on the WAN
	ports   map[string]string
	taken   map[string]bool
	rows    map[string]bool // translations of which an identifiable packet passed
	lost    uint64
	entered uint64
	flows   int
}

func (n *network) chance(of int, label string) bool {
	return of > 0 && rapid.IntRange(0, of-1).Draw(n.t, label) == 0
}

// outside returns where the translator maps a client's end, for one remote.
func (n *network) outside(proto, c, s string) string {
	key := proto + c + ">" + s
	if w := n.ports[key]; w != "" {
		return w
	}
	_, port := end(c)
	w := fmt.Sprintf("%s:%d", wanIP, port)
	for n.rewrite || n.taken[proto+w+s] {
		w = fmt.Sprintf("%s:%d", wanIP, rapid.IntRange(1024, 65535).Draw(n.t, "port"))
		if !n.taken[proto+w+s] {
			break
		}
	}
	n.taken[proto+w+s] = true
	n.ports[key] = w
	return w
}

// step is a packet on its way through the host.
type step struct {
	us      int64
	forward bool
	proto   string
	c, s    string
	p       pk // as it enters
	proves  bool
}

// send lets a packet enter the host and leave it, or not.
func (n *network) send(st step) (passed bool) {
	n.entered++
	w := n.outside(st.proto, st.c, st.s)
	residence := int64(rapid.IntRange(20, 400).Draw(n.t, "residence"))
	passed = !n.chance(n.loss, "lost")
	if !passed {
		n.lost++
	} else if st.proves {
		remote := st.s
		if st.proto == "icmp" {
			remote += ":0"
		}
		n.rows[fmt.Sprintf("%s %s>%s>%s", st.proto, st.c, w, remote)] = true
	}
	if st.forward {
		n.tr.tunnel(st.us, st.p)
		if passed {
			n.tr.wan(st.us+residence, st.p.from(w))
		}
		return passed
	}
	st.p.Dst, st.p.DstPort = end(w)
	n.tr.wan(st.us, st.p)
	if passed {
		n.tr.tunnel(st.us+residence, st.p.to(st.c))
	}
	return passed
}

// burst sends count segments of size octets at once; offload merges them on
// either side. What is lost is sent again. Of those merged where they enter the
// first one always passes: it shows how large a segment is. burst reports whether
// all of them arrived in the end.
func (n *network) burst(us int64, forward bool, c, s string, seq, ackNo, size uint32, count int) bool {
	w := n.outside("tcp", c, s)
	segment := func(i, k int) pk {
		p := tcp(c, s, ack, seq+uint32(i)*size, ackNo, uint32(k)*size)
		if !forward {
			p = tcp(s, w, ack, seq+uint32(i)*size, ackNo, uint32(k)*size).ttl(57)
		}
		return p
	}
	entry, exit := n.tr.tunnel, n.tr.wan
	mergeIn, mergeOut := n.merge[0], n.merge[1]
	twin := func(p pk) pk { return p.from(w) }
	if !forward {
		entry, exit = exit, entry
		mergeIn, mergeOut = mergeOut, mergeIn
		twin = func(p pk) pk { return p.to(c) }
	}
	if mergeIn {
		entry(us, segment(0, count))
		n.entered++
	} else {
		for i := range count {
			entry(us+int64(i), segment(i, 1))
			n.entered++
		}
	}
	var gone []int
	from := 0
	flush := func(to int) {
		if to > from {
			exit(us+100+int64(to), twin(segment(from, to-from)))
			n.rows[fmt.Sprintf("tcp %s>%s>%s", c, w, s)] = true
		}
		from = to + 1
	}
	for i := range count {
		if !(mergeIn && i == 0) && n.chance(n.loss, "segment lost") {
			n.lost++
			gone = append(gone, i)
			flush(i)
		} else if !mergeOut {
			flush(i + 1)
			from = i + 1
		}
	}
	flush(count)
	whole := true
	for k, i := range gone {
		p := segment(i, 1)
		n.entered++
		entry(us+210_000+int64(k)*50, p)
		if n.chance(n.loss, "repetition lost") {
			n.lost++
			whole = false
			continue
		}
		n.rows[fmt.Sprintf("tcp %s>%s>%s", c, w, s)] = true
		exit(us+210_200+int64(k)*50, twin(p))
	}
	return whole
}

// talkTCP is a TCP conversation.
func (n *network) talkTCP(us int64, c, s string) {
	// Initial sequence numbers differ, as RFC 6528 has it; TestConstantISN is
	// about those that do not.
	isn := uint32(n.flows)*400_000_000 + rapid.Uint32Range(0, 1<<20).Draw(n.t, "isn")
	peer := isn ^ rapid.Uint32().Draw(n.t, "peer isn")
	f := func(forward bool, p pk, proves bool) bool {
		passed := n.send(step{us, forward, "tcp", c, s, p, proves})
		us += int64(rapid.IntRange(500, 30_000).Draw(n.t, "pause"))
		return passed
	}
	for tries := 0; !f(true, tcp(c, s, syn, isn, 0, 0), true); us += 1_000_000 {
		if tries++; tries == 3 {
			return
		}
	}
	for tries := 0; !f(false, tcp(s, wanIP, syn|ack, peer, isn+1, 0).ttl(57), true); us += 1_000_000 {
		if tries++; tries == 3 {
			return
		}
	}
	// Nobody acknowledges what never arrived, or what came after it.
	up, down := isn+1, peer+1
	gotUp, gotDown := up, down
	sent := func(next, got *uint32, octets uint32, arrived bool) {
		if arrived && *got == *next {
			*got += octets
		}
		*next += octets
	}
	for range rapid.IntRange(0, 6).Draw(n.t, "turns") {
		switch rapid.IntRange(0, 3).Draw(n.t, "turn") {
		case 0:
			f(true, tcp(c, s, ack, up, gotDown, 0), false)
		case 1:
			size := uint32(rapid.IntRange(1, 1000).Draw(n.t, "size"))
			sent(&up, &gotUp, size, f(true, tcp(c, s, ack|psh, up, gotDown, size), true))
		case 2:
			count := rapid.IntRange(1, 40).Draw(n.t, "segments")
			sent(&up, &gotUp, uint32(count)*1000, n.burst(us, true, c, s, up, gotDown, 1000, count))
			us += 300_000
		case 3:
			count := rapid.IntRange(1, 40).Draw(n.t, "segments")
			sent(&down, &gotDown, uint32(count)*1000, n.burst(us, false, c, s, down, gotUp, 1000, count))
			us += 300_000
		}
	}
	if rapid.Bool().Draw(n.t, "end") {
		sent(&up, &gotUp, 1, f(true, tcp(c, s, fin|ack, up, gotDown, 0), true))
		f(false, tcp(s, wanIP, fin|ack, down, gotUp, 0).ttl(57), true)
	}
}

// talkUDP is a conversation of datagrams, some of which are all the same.
func (n *network) talkUDP(us int64, c, s string) {
	heard := false // the remote answers only what it heard
	same := rapid.IntRange(0, 3).Draw(n.t, "same payload") == 0
	for i := range rapid.IntRange(1, 25).Draw(n.t, "datagrams") {
		payload := pad(fmt.Sprintf("%s %d %d", c, us, i), rapid.IntRange(64, 1200).Draw(n.t, "size"))
		if same {
			payload = "keepalive"
		}
		if heard && rapid.IntRange(0, 2).Draw(n.t, "direction") == 0 {
			n.send(step{us, false, "udp", c, s, udp(s, wanIP, payload+"reply").ttl(57), true})
		} else if n.send(step{us, true, "udp", c, s, udp(c, s, payload), true}) {
			heard = true
		}
		us += int64(rapid.IntRange(300, 40_000).Draw(n.t, "pause"))
	}
}

func (n *network) talkDNS(us int64, c, s string) {
	id := rapid.Uint16().Draw(n.t, "id")
	if n.send(step{us, true, "udp", c, s, query(c, s, id, "example.org"), true}) {
		n.send(step{us + 9_000, false, "udp", c, s, response(s, wanIP, id, "example.org").ttl(57), true})
	}
}

// talkEcho pings once in a while; the payload is the same for everybody.
func (n *network) talkEcho(us int64, c, s string) {
	for i := range uint32(rapid.IntRange(1, 6).Draw(n.t, "pings")) {
		if n.send(step{us, true, "icmp", c, s, ping(c, s, i, pad("abcdefgh", 32)), true}) {
			n.send(step{us + 15_000, false, "icmp", c, s, pong(s, wanIP, i, pad("abcdefgh", 32)), true})
		}
		us += 1_000_000 + int64(rapid.IntRange(0, 3000).Draw(n.t, "jitter"))
	}
}

// drawNetwork makes a network and lets its clients talk.
func drawNetwork(t *rapid.T) *network {
	n := &network{
		t: t, tr: &trace{}, ports: map[string]string{}, taken: map[string]bool{}, rows: map[string]bool{},
		loss:    rapid.SampledFrom([]int{0, 0, 3, 10, 50}).Draw(t, "loss"),
		rewrite: rapid.Bool().Draw(t, "ports rewritten"),
	}
	// Merged on both sides, the size of a segment shows on neither.
	switch rapid.IntRange(0, 3).Draw(t, "merged") {
	case 0:
		n.merge[0] = true
	case 1:
		n.merge[1] = true
	}
	n.tr.two = rapid.Bool().Draw(t, "two files")
	if n.tr.two {
		n.tr.skew = rapid.SampledFrom([]time.Duration{0, 40 * time.Microsecond, -3 * time.Millisecond, 5 * time.Second, -72 * time.Hour}).Draw(t, "skew")
	}
	// What is proved needs captures that are known to belong together.
	loss := n.loss
	n.loss = 0
	for i := range 4 {
		c, s := fmt.Sprintf("%s:%d", phone, 3000+i), "192.0.2.200:443"
		n.send(step{int64(i) * 20_000, true, "tcp", c, s, tcp(c, s, syn, uint32(i*999+1), 0, 0), true})
		n.send(step{int64(i)*20_000 + 5000, false, "tcp", c, s, tcp(s, wanIP, syn|ack, 5, uint32(i*999+2), 0).ttl(57), true})
	}
	n.loss = loss
	for i := range rapid.IntRange(1, 10).Draw(t, "flows") {
		us := 200_000 + int64(rapid.IntRange(0, 2_000_000).Draw(t, "start"))
		client := rapid.SampledFrom([]string{phone, tablet, "10.8.0.4"}).Draw(t, "client")
		remote := rapid.SampledFrom([]string{site, "192.0.2.81", "198.18.0.1"}).Draw(t, "remote")
		c := fmt.Sprintf("%s:%d", client, 10_000+i)
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			n.talkTCP(us, c, remote+":443")
		case 1:
			n.talkUDP(us, c, remote+":4433")
		case 2:
			n.talkDNS(us, c, remote+":53")
		case 3:
			n.talkEcho(us, c, remote)
		}
		n.flows++
	}
	if rapid.Bool().Draw(t, "WAN direction known") {
		for i := range n.tr.out {
			p := &n.tr.out[i]
			p.Direction = capture.DirectionIn
			if p.Src.String() == wanIP {
				p.Direction = capture.DirectionOut
			}
		}
	}
	n.tr.idle(60_000_000)
	return n
}

// shuffle moves records of the inputs out of order by up to spread.
func shuffle(t *rapid.T, inputs []correlate.Input, spread time.Duration) {
	for _, in := range inputs {
		m := in.Source.(*memory)
		type placed struct {
			at int64
			p  pk
		}
		list := make([]placed, len(m.packets))
		seed := rapid.Uint64().Draw(t, "disorder")
		for i, p := range m.packets {
			seed = seed*6364136223846793005 + 1442695040888963407
			list[i] = placed{p.Time + int64(seed>>33)%int64(spread), p}
		}
		sort.SliceStable(list, func(a, b int) bool { return list[a].at < list[b].at })
		for i := range list {
			m.packets[i] = list[i].p
		}
	}
}

func (n *network) expected() []string {
	var rows []string
	for r := range n.rows {
		rows = append(rows, r)
	}
	slices.Sort(rows)
	return rows
}
