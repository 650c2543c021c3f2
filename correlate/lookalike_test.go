package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
)

// aPhone is a phone that uses the tunnel, one call per port.
type aPhone struct {
	*trace
	n int
}

func (a *aPhone) ends() (c, w string, isn uint32) {
	a.n++
	return fmt.Sprintf("%s:%d", phone, 4000+a.n), fmt.Sprintf("%s:%d", wanIP, 4000+a.n), uint32(a.n) * 10_000
}

// works calls hosts that answer, half a second apart.
func (a *aPhone) works(us int64, hosts ...string) {
	for i, h := range hosts {
		c, w, isn := a.ends()
		a.call(us+int64(i)*500_000, c, w, h+":443", isn)
	}
}

// silence calls a host beyond which nothing answers: a SYN and its repetitions.
func (a *aPhone) silence(us int64, host string, wait ...int64) {
	c, w, isn := a.ends()
	for _, s := range append([]int64{0}, wait...) {
		p := tcp(c, host+":443", syn, isn, 0, 0)
		a.pass(us+s*second, p, p.from(w))
	}
}

// kept calls a host that the server keeps it from.
func (a *aPhone) kept(us int64, host string, wait ...int64) {
	c, _, isn := a.ends()
	for _, s := range append([]int64{0}, wait...) {
		a.tunnel(us+s*second, tcp(c, host+":443", syn, isn, 0, 0))
	}
}

// goesOn is a conversation that lasts as long as the run.
func (a *aPhone) goesOn() {
	const c, w, remote = phone + ":900", wanIP + ":900", "192.0.2.99:5223"
	a.open(500_000, c, w, remote)
	for i := range int64(55) {
		up := tcp(c, remote, ack|psh, 301+uint32(i)*10, 1001+uint32(i)*10, 10)
		a.pass((1+i)*second, up, up.from(w))
		down := tcp(remote, w, ack|psh, 1001+uint32(i)*10, 311+uint32(i)*10, 10).ttl(57)
		a.back((1+i)*second+20_000, down, down.to(c))
	}
}

// ask asks a resolver for a name; end is "answer", "silence" or an rcode.
func (a *aPhone) ask(us int64, server, name string, end string) {
	c, w, _ := a.ends()
	q := query(c, server+":53", uint16(a.n), name)
	q.Seq = uint32(hash(name, len(name)))
	if server == inner {
		a.tunnel(us, q)
	} else {
		a.pass(us, q, q.from(w))
	}
	r := response(server+":53", c, uint16(a.n), name)
	switch end {
	case "silence":
		return
	case "refused":
		r = r.rcode(5)
	case "failed":
		r = r.rcode(2)
	}
	if server == inner {
		a.tunnel(us+500, r)
	} else {
		a.back(us+15_000, r.to(w).ttl(57), r.ttl(57))
	}
}

const second = 1_000_000

// TestLookAlikes is what looks like a path that broke, and is none: nothing of it
// is a fault of the server's. Before it the phone has used the path.
func TestLookAlikes(t *testing.T) {
	cdn := []string{"192.0.2.1", "192.0.2.2"}
	others := []string{"198.51.100.7", "151.101.1.9", "17.57.146.20", "142.250.4.3"}
	for _, c := range []struct {
		name  string
		steps func(a *aPhone)
		want  string // finding; "" is healthy
		mark  bool   // a setting changed before it
	}{
		{"a site of two addresses goes down", func(a *aPhone) {
			for n := range int64(4) {
				a.silence((20+8*n)*second, cdn[0], 1, 3)
				a.silence((21+8*n)*second, cdn[1], 1, 3)
			}
		}, "", false},
		{"two sites of several go down", func(a *aPhone) {
			for n := range int64(4) {
				a.silence((20+8*n)*second, cdn[0], 1, 3)
				a.silence((21+8*n)*second, others[0], 1, 3)
			}
		}, "", false},
		{"a resolver that never answered, asked by a program of its own", func(a *aPhone) {
			for n := range int64(9) {
				a.ask((20+n)*second, "8.8.8.8", fmt.Sprintf("tv%d.example", n%3), "silence")
			}
			a.works(30*second, others...)
		}, "", false},
		{"names of advertisers are refused", func(a *aPhone) {
			for n := range int64(9) {
				a.ask((20+n)*second, inner, fmt.Sprintf("ads%d.example", n%3), "refused")
			}
			a.works(30*second, others...)
		}, "", false},
		{"broken names", func(a *aPhone) {
			for n := range int64(9) {
				a.ask((20+n)*second, inner, fmt.Sprintf("broken%d.example", n%3), "failed")
			}
		}, "", false},
		{"two names that the resolver never finds out", func(a *aPhone) {
			for n := range int64(9) {
				a.ask((20+n)*second, ns, fmt.Sprintf("lost%d.example", n%2), "silence")
			}
			a.works(30*second, others...)
		}, "", false},
		{"names that were answered are refused", func(a *aPhone) {
			for n := range int64(9) {
				a.ask((20+n)*second, inner, fmt.Sprintf("good%d.example", n%3), "refused")
			}
		}, "dns-refused", false},
		{"names are no longer answered", func(a *aPhone) {
			for n := range int64(9) {
				a.ask((20+n)*second, ns, fmt.Sprintf("new%d.example", n%3), "silence")
			}
			a.works(30*second, others...)
		}, "dns-blocked-upstream", false},
		{"the only one that is pinged goes down", func(a *aPhone) {
			for n := range int64(20) {
				p := ping(phone+":77", "192.0.2.1", uint32(100+n), "abcd")
				a.pass((20+n)*second, p, p.from(wanIP+":77"))
			}
		}, "", false},
		{"others are kept back on purpose while a conversation goes on", func(a *aPhone) {
			a.goesOn()
			for n := range int64(8) {
				a.kept((20+2*n)*second, fmt.Sprintf("203.0.%d.9", n%3), 1)
			}
		}, "", false},
		{"no new conversation is let out while an old one goes on", func(a *aPhone) {
			a.goesOn()
			for n := range int64(8) {
				a.kept((20+2*n)*second, others[n%3], 1)
			}
		}, "new-flows-not-forwarded", false},
		{"the run ends right after requests", func(a *aPhone) {
			for i, h := range append(others, cdn...) {
				a.silence((57*second + int64(i)*200_000), h, 1)
			}
		}, "", false},
		{"all that answered are silent", func(a *aPhone) {
			for n := range int64(2) {
				for i, h := range append(others, cdn...) {
					a.silence((20+8*n)*second+int64(i)*300_000, h, 1, 3)
				}
			}
		}, "upstream-silent", false},
		{"the server keeps all back", func(a *aPhone) {
			for i, h := range others {
				a.kept(20*second+int64(i)*300_000, h, 1, 3)
			}
		}, "not-forwarded", false},
		{"the server keeps two back, which others were not tried since", func(a *aPhone) {
			for n := range int64(4) {
				a.kept((20+8*n)*second, cdn[0], 1, 3)
				a.kept((21+8*n)*second, others[0], 1, 3)
			}
		}, "not-forwarded", false},
		{"the tunnel's file ends before the answers come", func(a *aPhone) {
			a.two = true
			for i, h := range others {
				c, w, isn := a.ends()
				at := 20*second + int64(i)*400_000
				p := tcp(c, h+":443", syn, isn, 0, 0)
				a.pass(at, p, p.from(w))
				a.wan(at+2*second, tcp(h+":443", w, syn|ack, 99, isn+1, 0).ttl(57))
			}
			for n := range int64(30) {
				a.wan((23+n)*second, udp("198.51.100.1:500", "198.51.100.2:500", pad(fmt.Sprint(n), 40)))
			}
		}, "", false},
		{"the WAN's file ends before the answers come", func(a *aPhone) {
			a.two = true
			for i, h := range others {
				a.silence(20*second+int64(i)*400_000, h)
			}
			for n := range int64(30) {
				a.tunnel((23+n)*second, udp(inner+":500", "10.8.0.9:500", pad(fmt.Sprint(n), 40)))
			}
		}, "", false},
		{"the WAN's file ends", func(a *aPhone) {
			a.two = true
			for n := range int64(4) {
				for i, h := range others {
					a.kept((20+5*n)*second+int64(i)*400_000, h, 1)
				}
			}
		}, "", false},
		{"the WAN's tap drops packets", func(a *aPhone) {
			for i, h := range others {
				a.kept(20*second+int64(i)*400_000, h, 1, 3)
			}
			a.outStats = []stat{{at: base + 19_000_000_000}, {at: base + 26_000_000_000, dropped: 9}}
		}, "", false},
		{"the WAN's adapter is away", func(a *aPhone) {
			for i, h := range others {
				a.kept(20*second+int64(i)*400_000, h, 1, 3)
			}
			a.outStats = []stat{{at: base + 26_000_000_000, since: base + 19_000_000_000}}
		}, "", false},
		{"the tunnel's adapter is away", func(a *aPhone) {
			for i, h := range others {
				c, w, isn := a.ends()
				at := 20*second + int64(i)*400_000
				p := tcp(c, h+":443", syn, isn, 0, 0)
				a.pass(at, p, p.from(w))
				a.wan(at+second, tcp(h+":443", w, syn|ack, 99, isn+1, 0).ttl(57))
			}
			a.inStats = []stat{{at: base + 26_000_000_000, since: base + 20_500_000_000}}
		}, "", false},
		{"the phone is gone, and servers go on calling it", func(a *aPhone) {
			a.goesOn()
			for i, h := range others {
				a.silence(54*second+int64(i)*300_000, h, 1)
			}
		}, "", false},
		{"names are asked of two resolvers that answer some", func(a *aPhone) {
			for n := range int64(12) {
				a.ask((20+n)*second, ns, fmt.Sprintf("x%d.example", n), []string{"silence", "silence", "answer"}[n%3])
			}
			a.works(30*second, others...)
		}, "", false},
		{"another pings somebody who is gone", func(a *aPhone) {
			for n := range int64(40) {
				p := ping(tablet+":77", "192.0.2.1", uint32(100+n), "abcd")
				a.pass((10+n)*second, p, p.from(wanIP+":77"))
			}
			a.works(20*second, others...)
			a.works(40*second, others...)
		}, "", false},
		{"a site is down in IPv6 alone", func(a *aPhone) {
			for n := range int64(8) {
				p := tcp(fmt.Sprintf("[fd00::2]:%d", 3000+n), fmt.Sprintf("[2001:db8:1::%d]:443", 1+n%2), syn, uint32(n*10_000), 0, 0)
				a.pass((20+2*n)*second, p, p.from(fmt.Sprintf("[2001:db8:ff::1]:%d", 3000+n)))
			}
			a.works(20*second, others...)
		}, "", false},
		{"two sites go down after a setting changed", func(a *aPhone) {
			for n := range int64(4) {
				a.silence((20+8*n)*second, others[0], 1, 3)
				a.silence((21+8*n)*second, others[1], 1, 3)
			}
		}, "", true},
		{"rules are loaded anew", func(a *aPhone) {
			for i, h := range others {
				a.kept(20*second+int64(i)*10_000, h)
			}
		}, "", true},
		{"some are kept back on purpose after a setting changed", func(a *aPhone) {
			for n := range int64(8) {
				a.kept((20+2*n)*second, fmt.Sprintf("203.0.%d.9", n%3), 1)
			}
		}, "", true},
		{"a setting changed, and nothing is let out any more", func(a *aPhone) {
			for i, h := range others {
				a.kept(20*second+int64(i)*10_000, h, 1)
			}
		}, "not-forwarded", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &aPhone{trace: &trace{}}
			for n := range int64(3) {
				a.ask(n*second, inner, fmt.Sprintf("good%d.example", n), "answer")
			}
			a.ask(3*second, ns, "good.example", "answer")
			a.works(3*second, append(others, cdn...)...)
			c.steps(a)
			if !a.two {
				a.idle(60 * second)
			}
			e := correlate.New(correlate.Options{})
			if c.mark {
				e.Mark(base+15_000_000_000, correlate.TriggerSettings, "a setting")
			}
			ev, err := e.Run(t.Context(), a.inputs())
			if err != nil {
				t.Fatal(err)
			}
			d := diagnose.Run(ev, diagnose.Context{})
			if want := map[bool]diagnose.Status{true: diagnose.StatusHealthy, false: diagnose.StatusFault}[c.want == ""]; d.Status != want || d.Finding != c.want {
				t.Errorf("%v %q, want %q", d.Status, d.Finding, c.want)
				for _, l := range ledgers(t, ev, phone, correlate.IPv4) {
					for i := range l.Fates {
						if f := &l.Fates[i]; f.Count > 0 {
							t.Logf("began by %v: %d of fate %d, %d networks, %d known of %d", l.Trigger, f.Count, i, f.Networks, f.Known, l.Served)
						}
					}
				}
			}
		})
	}
}
