package correlate_test

import (
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// ipv4Of returns what the phone did over IPv4.
func ipv4Of(t *testing.T, ev *correlate.Evidence) *correlate.FamilyEvidence {
	t.Helper()
	for i := range ev.Clients {
		if ev.Clients[i].Addrs[0].String() == phone {
			return &ev.Clients[i].Families[0]
		}
	}
	t.Fatal("the phone is no client")
	return nil
}

// TestTurnedBack has the host send the phone's packets into the tunnel again:
// they are no requests and no packets at tunnel_in.
func TestTurnedBack(t *testing.T) {
	for _, marked := range []bool{false, true} {
		tr := &trace{}
		for n := range uint32(4) {
			us := int64(n) * 1_000_000
			p := tcp(phone+":4000", site+":443", syn, 100, 0, 0)
			q := p.forwarded()
			if marked {
				p, q = p.direction(capture.DirectionIn), q.direction(capture.DirectionOut)
			}
			tr.tunnel(us, p)
			tr.tunnel(us+50, q)
			// The server's own packets keep the WAN awake.
			tr.wan(us+100, tcp(wanIP+":3000", "192.0.2.90:443", syn, n, 0, 0))
		}
		tr.idle(20_000_000)
		ev := tr.run(t)
		f := ipv4Of(t, ev)
		if f.Turned.Count != 4 || len(f.Turned.Samples) != 3 || ev.Stages[correlate.TunnelIn].Packets != 4 || ev.Flows[0].Turned != 4 {
			t.Errorf("marked %v: turned %d, tunnel_in %+v", marked, f.Turned.Count, ev.Stages[correlate.TunnelIn])
		}
		if n := fates(t, ev, phone)[correlate.FateNoEgress]; n != 4 {
			t.Errorf("marked %v: %d requests", marked, n)
		}
	}
}

// TestTracerouteIsNotTurnedBack mixes hops in one conversation.
func TestTracerouteIsNotTurnedBack(t *testing.T) {
	tr := &trace{}
	for n, ttl := range []uint8{5, 4, 3, 2, 30, 29} {
		tr.tunnel(int64(n)*1000, ping(phone+":8", site, uint32(n), "trace").ttl(ttl))
	}
	tr.call(2_000_000, phone+":999", wanIP+":999", site+":443", 42)
	tr.idle(9_000_000)
	if f := ipv4Of(t, tr.run(t)); f.Turned.Count != 0 {
		t.Errorf("%d packets turned back", f.Turned.Count)
	}
}

// TestLeaked has un-translated replies leave the WAN again, once of a
// conversation that is translated and once of one that is not.
func TestLeaked(t *testing.T) {
	in, out := capture.DirectionIn, capture.DirectionOut
	for _, source := range []string{wanIP, phone} {
		tr := &trace{}
		for n := range uint32(4) {
			us := int64(n) * 500_000
			p := tcp(phone+":4000", site+":443", syn, 100, 0, 0)
			tr.tunnel(us, p.direction(in))
			tr.wan(us+100, p.from(source+":4000").direction(out))
			r := tcp(site+":443", source+":4000", syn|ack, 500, 101, 0).ttl(57).direction(in)
			tr.wan(us+20_000, r)
			tr.wan(us+20_100, r.to(phone+":4000").direction(out))
		}
		tr.idle(20_000_000)
		f := ipv4Of(t, tr.run(t))
		if f.Leaked.Count != 4 || f.Looped.Count != 0 || f.Ledgers[0].Fates[correlate.FateReplyLost].Count != 4 {
			t.Errorf("as %s: leaked %d, looped %d, ledgers %+v", source, f.Leaked.Count, f.Looped.Count, f.Ledgers)
		}
	}
}

// TestLooped has the next router send the phone's packets back.
func TestLooped(t *testing.T) {
	tr := &trace{}
	for n := range uint32(4) {
		us := int64(n) * 1_000_000
		p := tcp(phone+":4000", site+":443", syn, 100, 0, 0)
		w := p.from(wanIP + ":4000")
		tr.tunnel(us, p.direction(capture.DirectionIn))
		tr.wan(us+100, w.direction(capture.DirectionOut))
		tr.wan(us+300, w.forwarded().direction(capture.DirectionIn))
	}
	tr.idle(20_000_000)
	ev := tr.run(t)
	f := ipv4Of(t, ev)
	if f.Looped.Count != 4 || f.Ledgers[0].Fates[correlate.FateNoReply].Count != 4 || ev.Stages[correlate.WANIn].Packets != 0 {
		t.Errorf("looped %d, ledgers %+v, wan_in %+v", f.Looped.Count, f.Ledgers, ev.Stages[correlate.WANIn])
	}
}

// TestRefusals tells who said no, and to whom.
func TestRefusals(t *testing.T) {
	q := query(phone+":5000", ns+":53", 7, "example.org")
	s := tcp(phone+":4000", site+":443", syn, 100, 0, 0)
	sw := s.from(wanIP + ":4100")
	reset := tcp(site+":443", phone+":4000", rst|ack, 0, 101, 0)
	for _, c := range []struct {
		name  string
		steps func(tr *trace)
		want  correlate.Refusal
	}{
		{"by the host with an error", func(tr *trace) {
			tr.tunnel(0, q)
			tr.tunnel(100, icmpError(inner, phone, 3, 13, q))
		}, correlate.Refusal{Speaker: q.Dst.Netip(), Type: 3, Code: 13}},
		{"by the host with a reset", func(tr *trace) {
			tr.tunnel(0, s)
			tr.tunnel(100, reset)
		}, correlate.Refusal{Reset: true}},
		{"by a router beyond", func(tr *trace) {
			tr.pass(0, s, sw)
			tr.wan(20_000, icmpError("198.51.100.1", wanIP, 3, 9, sw).ttl(60))
			tr.tunnel(20_100, icmpError("198.51.100.1", phone, 3, 9, s).ttl(59))
		}, correlate.Refusal{Type: 3, Code: 9, Beyond: true}},
		{"by the site", func(tr *trace) {
			tr.pass(0, s, sw)
			r := tcp(site+":443", wanIP+":4100", rst|ack, 0, 101, 0).ttl(57)
			tr.back(20_000, r, r.to(phone+":4000"))
		}, correlate.Refusal{Reset: true, Beyond: true}},
		{"to the site, with a reset", func(tr *trace) {
			tr.pass(0, s, sw)
			tr.wan(20_000, tcp(site+":443", wanIP+":4100", syn|ack, 500, 101, 0).ttl(57))
			tr.wan(20_100, tcp(wanIP+":4100", site+":443", rst, 101, 0, 0))
		}, correlate.Refusal{Reset: true, Outward: true}},
		{"to the site, with an error", func(tr *trace) {
			qw := q.from(wanIP + ":6000")
			tr.pass(0, q, qw)
			r := response(ns+":53", wanIP+":6000", 7, "example.org").ttl(57)
			tr.wan(20_000, r)
			tr.wan(20_100, icmpError(wanIP, ns, 3, 3, r))
		}, correlate.Refusal{Type: 3, Code: 3, Outward: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := &trace{}
			c.steps(tr)
			tr.idle(9_000_000)
			got := ipv4Of(t, tr.run(t)).Refusals
			if len(got) != 1 || got[0].Count != 1 || len(got[0].Samples) != 1 || got[0].Type != c.want.Type || got[0].Code != c.want.Code ||
				got[0].Reset != c.want.Reset || got[0].Beyond != c.want.Beyond || got[0].Outward != c.want.Outward ||
				got[0].Speaker.IsValid() == got[0].Reset {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// TestNeighbours asks for addresses that somebody has, and that nobody has.
func TestNeighbours(t *testing.T) {
	arp := func(src, dst string, op uint8, d capture.Direction) pk {
		p := ip(src, dst, 0, capture.KindARP)
		p.ICMPType = op
		return p.direction(d)
	}
	in, out := capture.DirectionIn, capture.DirectionOut
	tr := &trace{}
	tr.call(0, phone+":999", wanIP+":999", site+":443", 42)
	for n := range int64(3) {
		tr.wan(n*1000, arp("203.0.113.1", "203.0.113.9", 1, in))
		tr.wan(n*1000+1, arp("203.0.113.1", wanIP, 1, in))
		tr.wan(n*1000+2, arp(wanIP, "203.0.113.1", 2, out))
		tr.wan(n*1000+3, arp(wanIP, "203.0.113.77", 1, out))
	}
	tr.idle(9_000_000)
	got := map[string]correlate.Neighbour{}
	for _, n := range tr.run(t).Neighbours {
		got[n.Addr.String()] = n
	}
	for addr, want := range map[string]correlate.Neighbour{
		"203.0.113.9":  {AskedThere: 3},
		wanIP:          {AskedThere: 3, Answered: true},
		"203.0.113.77": {AskedHere: 3},
	} {
		if g := got[addr]; g.AskedHere != want.AskedHere || g.AskedThere != want.AskedThere || g.Answered != want.Answered {
			t.Errorf("%s: %+v, want %+v", addr, g, want)
		}
	}
}
