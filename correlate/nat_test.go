package correlate_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// call is a whole TCP conversation of a client from c, leaving as w: handshake,
// a request of 100 octets, a reply of 300, and the end. It begins at us and
// takes 100 ms.
func (tr *trace) call(us int64, c, w, remote string, isn uint32) {
	steps := []struct {
		us      int64
		forward bool
		p       pk
	}{
		{0, true, tcp(c, remote, syn, isn, 0, 0)},
		{20_000, false, tcp(remote, w, syn|ack, isn+5000, isn+1, 0).ttl(57)},
		{21_000, true, tcp(c, remote, ack, isn+1, isn+5001, 0)},
		{22_000, true, tcp(c, remote, ack|psh, isn+1, isn+5001, 100)},
		{43_000, false, tcp(remote, w, ack, isn+5001, isn+101, 0).ttl(57)},
		{44_000, false, tcp(remote, w, ack|psh, isn+5001, isn+101, 300).ttl(57)},
		{45_000, true, tcp(c, remote, ack, isn+101, isn+5301, 0)},
		{60_000, true, tcp(c, remote, fin|ack, isn+101, isn+5301, 0)},
		{80_000, false, tcp(remote, w, fin|ack, isn+5301, isn+102, 0).ttl(57)},
		{81_000, true, tcp(c, remote, ack, isn+102, isn+5302, 0)},
	}
	for _, s := range steps {
		if s.forward {
			tr.pass(us+s.us, s.p, s.p.from(w))
		} else {
			tr.back(us+s.us, s.p, s.p.to(c))
		}
	}
}

// callPackets is how many packets enter the join in a call, both directions.
const callPackets = 10

// lookup is a DNS query and its answer.
func (tr *trace) lookup(us int64, c, w, server string, id uint16, name string) {
	q := query(c, server, id, name)
	tr.pass(us, q, q.from(w))
	a := response(server, w, id, name).ttl(57)
	tr.back(us+15_000, a, a.to(c))
}

// echo is a ping and its answer. The identifiers are the ports of c and w.
func (tr *trace) echo(us int64, c, w, remote string, seq uint32, payload string) {
	p := ping(c, remote, seq, payload)
	tr.pass(us, p, p.from(w))
	r := pong(remote, w, seq, payload)
	tr.back(us+12_000, r, r.to(c))
}

// TestTranslation reads the same conversations through several translators, as
// one file, as two, and as two whose clocks disagree.
func TestTranslation(t *testing.T) {
	const v6phone, v6wan, v6site = "[fd00::2]", "[2001:db8:5::2]", "[2001:db8:80::80]"
	cases := []struct {
		name   string
		c, w   func(port int) string
		remote string
		nat    bool
	}{
		{"ports kept", at(phone, 0), at(wanIP, 0), site, true},
		{"ports rewritten", at(phone, 0), at(wanIP, 1234), site, true},
		{"no translation", at(phone, 0), at(phone, 0), site, false},
		{"a private WAN", at(phone, 0), at("192.168.1.10", 7), site, true},
		{"IPv6 with NAT66", at(v6phone, 0), at(v6wan, 99), v6site, true},
		{"IPv6 routed", at(v6phone, 0), at(v6phone, 0), v6site, false},
	}
	for _, c := range cases {
		for _, two := range []bool{false, true} {
			for _, skew := range []time.Duration{0, 40 * time.Microsecond, 5 * time.Second, -72 * time.Hour} {
				if skew != 0 && !two {
					continue
				}
				t.Run(fmt.Sprintf("%s/%v/%v", c.name, two, skew), func(t *testing.T) {
					tr := &trace{two: two, skew: skew}
					var rows []string
					row := func(proto string, port int, remote string) {
						if c.nat {
							rows = append(rows, fmt.Sprintf("%s %s>%s>%s", proto, c.c(port), c.w(port), remote))
						}
					}
					for n := range 3 {
						tr.call(int64(n)*30_000, c.c(40000+n), c.w(40000+n), c.remote+":443", uint32(1000+n*77777))
						tr.lookup(int64(n)*30_000, c.c(50000+n), c.w(50000+n), c.remote+":53", uint16(10+n), "example.org")
						row("tcp", 40000+n, c.remote+":443")
						row("udp", 50000+n, c.remote+":53")
					}
					for n := range 4 {
						tr.echo(int64(n)*1_000_000, c.c(700), c.w(700), c.remote, uint32(n), pad("ping", 56))
					}
					row("icmp", 700, c.remote+":0")
					tr.idle(9_000_000)
					ev := tr.run(t)
					slices.Sort(rows)
					if rows == nil {
						rows = none
					}
					want{matched: 3*callPackets + 3*2 + 4*2, nat: rows}.check(t, ev)
					if ev.Totals.Answered != 7 || ev.Totals.Flows != 7 {
						t.Errorf("%d of %d flows answered, want 7 of 7", ev.Totals.Answered, ev.Totals.Flows)
					}
					if two && skew != 0 {
						if off := time.Duration(ev.Clock.Offset) - skew; off.Abs() > 200*time.Microsecond {
							t.Errorf("offset %v is %v off", time.Duration(ev.Clock.Offset), off)
						}
					}
					if !ev.Relation.Proved {
						t.Error("the captures are not known to belong together")
					}
					kept := c.c(1) != c.w(1) && c.c(1)[len(c.c(1))-2:] == c.w(1)[len(c.w(1))-2:]
					for _, m := range ev.NAT {
						if m.PortKept != kept {
							t.Errorf("%v>%v: port kept %v", m.Inside, m.Outside, m.PortKept)
						}
					}
				})
			}
		}
	}
}

// at names the ends of one host, each port moved by shift.
func at(addr string, shift int) func(int) string {
	return func(port int) string { return fmt.Sprintf("%s:%d", addr, port+shift) }
}

// TestPortForward opens a conversation from outside.
func TestPortForward(t *testing.T) {
	for _, two := range []bool{false, true} {
		const visitor = "198.51.100.77:5555"
		tr := &trace{two: two, opts: correlate.Options{Clients: nil}}
		// The phone is known as a client by its own calls.
		tr.call(0, phone+":4000", wanIP+":4000", site+":443", 9000)
		tr.call(10_000, phone+":4001", wanIP+":4001", "192.0.2.81:443", 19000)
		s := tcp(visitor, wanIP+":8080", syn, 100, 0, 0).ttl(50)
		tr.back(200_000, s, s.to(phone+":80"))
		a := tcp(phone+":80", visitor, syn|ack, 900, 101, 0)
		tr.pass(201_000, a, a.from(wanIP+":8080"))
		d := tcp(visitor, wanIP+":8080", ack|psh, 101, 901, 50).ttl(50)
		tr.back(220_000, d, d.to(phone+":80"))
		tr.idle(9_000_000)
		ev := tr.run(t)
		want{matched: 2*callPackets + 3, nat: []string{
			"tcp 10.8.0.2:4000>203.0.113.2:4000>192.0.2.80:443",
			"tcp 10.8.0.2:4001>203.0.113.2:4001>192.0.2.81:443",
			"tcp 10.8.0.2:80>203.0.113.2:8080>198.51.100.77:5555",
		}}.check(t, ev)
		for _, f := range ev.Flows {
			if f.Client.Port() == 80 && f.NAT != correlate.NATDest {
				t.Errorf("the forwarded port is %v, want %v", f.NAT, correlate.NATDest)
			}
		}
	}
}

// TestMappingReplaced gives a live flow a new port halfway.
func TestMappingReplaced(t *testing.T) {
	tr := &trace{}
	tr.call(0, phone+":4000", wanIP+":4000", site+":443", 9000)
	for n := range 40 {
		w := wanIP + ":6000"
		if n >= 20 {
			w = wanIP + ":7000"
		}
		p := udp(phone+":5000", site+":4433", pad(fmt.Sprintf("packet %d", n), 90))
		tr.pass(int64(n)*100_000, p, p.from(w))
	}
	tr.idle(9_000_000)
	ev := tr.run(t)
	want{matched: callPackets + 40, nat: []string{
		"tcp 10.8.0.2:4000>203.0.113.2:4000>192.0.2.80:443",
		"udp 10.8.0.2:5000>203.0.113.2:6000>192.0.2.80:4433",
		"udp 10.8.0.2:5000>203.0.113.2:7000>192.0.2.80:4433",
	}}.check(t, ev)
	for _, m := range ev.NAT {
		if m.Proto == 17 && m.Packets != 20 {
			t.Errorf("%v>%v carried %d packets, want 20", m.Inside, m.Outside, m.Packets)
		}
	}
}

// TestPortReused gives the port of one client to another one.
func TestPortReused(t *testing.T) {
	for _, two := range []bool{false, true} {
		tr := &trace{two: two}
		tr.call(0, phone+":4000", wanIP+":6000", site+":443", 9000)
		tr.call(1_000_000, tablet+":4000", wanIP+":6000", site+":443", 770000)
		tr.lookup(30_000, phone+":50000", wanIP+":50000", ns+":53", 10, "example.org")
		tr.idle(9_000_000)
		want{matched: 2*callPackets + 2, nat: []string{
			"tcp 10.8.0.2:4000>203.0.113.2:6000>192.0.2.80:443",
			"tcp 10.8.0.3:4000>203.0.113.2:6000>192.0.2.80:443",
			"udp 10.8.0.2:50000>203.0.113.2:50000>192.0.2.53:53",
		}, flows: []string{
			"tcp 10.8.0.2:4000>192.0.2.80:443 answered",
			"tcp 10.8.0.3:4000>192.0.2.80:443 answered",
			"udp 10.8.0.2:50000>192.0.2.53:53 answered",
		}}.check(t, tr.run(t))
	}
}

// TestEqualPings sends the same ping from two clients at the same moment,
// through a translator that draws identifiers at random and forwards in either
// order: which became which cannot be told, and must not be.
func TestEqualPings(t *testing.T) {
	for _, swapped := range []bool{false, true} {
		t.Run(fmt.Sprint(swapped), func(t *testing.T) {
			tr := &trace{}
			tr.call(0, phone+":4000", wanIP+":4000", site+":443", 9000)
			tr.call(100_000, tablet+":4001", wanIP+":4001", site+":443", 19000)
			for n := range uint32(5) {
				us := 300_000 + int64(n)*1_000_000
				a := ping(phone+":7", site, n, pad("abcdefgh", 32))
				b := ping(tablet+":7", site, n, pad("abcdefgh", 32))
				wa, wb := a.from(wanIP+":30001"), b.from(wanIP+":30002")
				if swapped {
					wa, wb = wb, wa
				}
				tr.tunnel(us, a)
				tr.tunnel(us+50, b)
				tr.wan(us+100, wa)
				tr.wan(us+150, wb)
				// The answers are as equal, and come back together.
				ra, rb := pong(site, wanIP+":30001", n, pad("abcdefgh", 32)), pong(site, wanIP+":30002", n, pad("abcdefgh", 32))
				tr.wan(us+20_000, ra)
				tr.wan(us+20_050, rb)
				tr.tunnel(us+20_100, rb.to(tablet+":7"))
				tr.tunnel(us+20_150, ra.to(phone+":7"))
			}
			tr.idle(12_000_000)
			ev := tr.run(t)
			if ev.Totals.Ambiguous == 0 {
				t.Error("nothing was counted as ambiguous")
			}
			if ev.Totals.LostPackets != 0 {
				t.Errorf("%d packets counted as lost", ev.Totals.LostPackets)
			}
			for _, m := range ev.NAT {
				if m.Proto == 1 {
					t.Errorf("a translation of equal pings was claimed: %v>%v", m.Inside, m.Outside)
				}
			}
			for _, c := range []string{phone, tablet} {
				if n := fates(t, ev, c)[correlate.FateAnswered]; n != 6 {
					t.Errorf("%s: fates %v, want 6 answered", c, fates(t, ev, c))
				}
			}
		})
	}
}

// TestConstantISN scans many hosts with one sequence number.
func TestConstantISN(t *testing.T) {
	tr := &trace{}
	var rows []string
	for n := range 200 {
		remote := fmt.Sprintf("192.0.2.%d:80", n)
		c, w := fmt.Sprintf("%s:%d", phone, 4000), fmt.Sprintf("%s:%d", wanIP, 20000+n)
		p := tcp(c, remote, syn, 42, 0, 0)
		tr.pass(int64(n)*10, p, p.from(w))
		rows = append(rows, fmt.Sprintf("tcp %s>%s>%s", c, w, remote))
	}
	tr.idle(9_000_000)
	slices.Sort(rows)
	want{matched: 200, nat: rows}.check(t, tr.run(t))
}

// TestConstantISNOneRemote tries many source ports of one remote with one
// sequence number, all at once, through rewritten ports.
func TestConstantISNOneRemote(t *testing.T) {
	tr := &trace{}
	tr.call(0, phone+":4000", wanIP+":4000", site+":443", 9000)
	for n := range 50 {
		p := tcp(fmt.Sprintf("%s:%d", phone, 5000+n), site+":80", syn, 42, 0, 0)
		tr.tunnel(200_000+int64(n)*10, p)
		tr.wan(201_000+int64(n)*10, p.from(fmt.Sprintf("%s:%d", wanIP, 30000+(n*7)%50)))
	}
	tr.idle(9_000_000)
	ev := tr.run(t)
	if len(ev.NAT) != 1 || ev.Totals.LostPackets != 0 || ev.Totals.Ambiguous == 0 {
		t.Errorf("%d translations claimed, want that of the call alone; totals %+v", len(ev.NAT), ev.Totals)
	}
}

// TestPlainRouter has Ethernet inside: what the LAN exchanges within itself is
// no part of the path.
func TestPlainRouter(t *testing.T) {
	lan := func(n byte) capture.MAC { return capture.MAC{2, 0, 0, 0, 1, n} }
	inside, outside := capture.MAC{2, 0, 0, 0, 0, 9}, host
	tr := &trace{}
	const laptop, printer = "192.168.1.5", "192.168.1.9"
	for n := range 5 {
		tr.call(int64(n)*200_000, fmt.Sprintf("%s:%d", laptop, 4000+n), fmt.Sprintf("%s:%d", wanIP, 9000+n), tcpS, uint32(n*100_000+1))
	}
	for i, p := range tr.in {
		if p.Src.String() == laptop {
			tr.in[i] = p.over(lan(1), inside)
		} else {
			tr.in[i] = p.over(inside, lan(1))
		}
	}
	for i, p := range tr.out {
		if p.Src.String() == wanIP {
			tr.out[i] = p.over(outside, router)
		} else {
			tr.out[i] = p.over(router, outside)
		}
	}
	for n := range uint32(20) {
		us := int64(n) * 50_000
		tr.tunnel(us, tcp(laptop+":5000", printer+":9100", ack, 1+n*100, 1, 100).over(lan(1), lan(2)))
		tr.tunnel(us+100, tcp(printer+":9100", laptop+":5000", ack, 1, 101+n*100, 0).over(lan(2), lan(1)))
	}
	tr.idle(9_000_000)
	inputs := tr.inputs()
	m := inputs[0].Source.(*memory)
	m.faces = []capture.Interface{{Index: 0, Name: "br-lan", LinkType: capture.LinkTypeEthernet}, wanFace}
	inputs[0].Picks = []correlate.Pick{{Interface: "br-lan", Role: capture.RoleTunnel}, {Interface: "eth0", Role: capture.RoleWAN}}
	ev := analyse(t, tr.opts, inputs...)
	want{matched: 5 * callPackets}.check(t, ev)
	if ev.Coverage.OuterPossible || ev.Stages[correlate.OuterIn].Observed {
		t.Error("an encrypted side is expected where the inside is no tunnel")
	}
}
