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
	}{
		{"a site of two addresses goes down", func(a *aPhone) {
			for n := range int64(4) {
				a.silence((20+8*n)*second, cdn[0], 1, 3)
				a.silence((21+8*n)*second, cdn[1], 1, 3)
			}
		}, ""},
		{"two sites of several go down", func(a *aPhone) {
			for n := range int64(4) {
				a.silence((20+8*n)*second, cdn[0], 1, 3)
				a.silence((21+8*n)*second, others[0], 1, 3)
			}
		}, ""},
		{"a resolver that never answered, asked by a program of its own", func(a *aPhone) {
			for n := range int64(9) {
				a.ask((20+n)*second, "8.8.8.8", fmt.Sprintf("tv%d.example", n%3), "silence")
			}
			a.works(30*second, others...)
		}, ""},
		{"names of advertisers are refused", func(a *aPhone) {
			for n := range int64(9) {
				a.ask((20+n)*second, inner, fmt.Sprintf("ads%d.example", n%3), "refused")
			}
			a.works(30*second, others...)
		}, ""},
		{"broken names", func(a *aPhone) {
			for n := range int64(9) {
				a.ask((20+n)*second, inner, fmt.Sprintf("broken%d.example", n%3), "failed")
			}
		}, ""},
		{"two names that the resolver never finds out", func(a *aPhone) {
			for n := range int64(9) {
				a.ask((20+n)*second, ns, fmt.Sprintf("lost%d.example", n%2), "silence")
			}
			a.works(30*second, others...)
		}, ""},
		{"names that were answered are refused", func(a *aPhone) {
			for n := range int64(9) {
				a.ask((20+n)*second, inner, fmt.Sprintf("good%d.example", n%3), "refused")
			}
		}, "dns-refused"},
		{"names are no longer answered", func(a *aPhone) {
			for n := range int64(9) {
				a.ask((20+n)*second, ns, fmt.Sprintf("new%d.example", n%3), "silence")
			}
			a.works(30*second, others...)
		}, "dns-blocked-upstream"},
		{"the only one that is pinged goes down", func(a *aPhone) {
			for n := range int64(20) {
				p := ping(phone+":77", "192.0.2.1", uint32(100+n), "abcd")
				a.pass((20+n)*second, p, p.from(wanIP+":77"))
			}
		}, ""},
		{"others are kept back on purpose while a conversation goes on", func(a *aPhone) {
			a.goesOn()
			for n := range int64(8) {
				a.kept((20+2*n)*second, fmt.Sprintf("203.0.%d.9", n%3), 1)
			}
		}, ""},
		{"no new conversation is let out while an old one goes on", func(a *aPhone) {
			a.goesOn()
			for n := range int64(8) {
				a.kept((20+2*n)*second, others[n%3], 1)
			}
		}, "new-flows-not-forwarded"},
		{"the run ends right after requests", func(a *aPhone) {
			for i, h := range append(others, cdn...) {
				a.silence((57*second + int64(i)*200_000), h, 1)
			}
		}, ""},
		{"all that answered are silent", func(a *aPhone) {
			for n := range int64(2) {
				for i, h := range append(others, cdn...) {
					a.silence((20+8*n)*second+int64(i)*300_000, h, 1, 3)
				}
			}
		}, "upstream-silent"},
		{"the server keeps all back", func(a *aPhone) {
			for i, h := range others {
				a.kept(20*second+int64(i)*300_000, h, 1, 3)
			}
		}, "not-forwarded"},
		{"the server keeps two back, which others were not tried since", func(a *aPhone) {
			for n := range int64(4) {
				a.kept((20+8*n)*second, cdn[0], 1, 3)
				a.kept((21+8*n)*second, others[0], 1, 3)
			}
		}, "not-forwarded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &aPhone{trace: &trace{}}
			for n := range int64(3) {
				a.ask(n*second, inner, fmt.Sprintf("good%d.example", n), "answer")
			}
			a.ask(3*second, ns, "good.example", "answer")
			a.works(3*second, append(others, cdn...)...)
			c.steps(a)
			a.idle(60 * second)
			ev := a.run(t)
			d := diagnose.Run(ev, diagnose.Context{})
			if want := map[bool]diagnose.Status{true: diagnose.StatusHealthy, false: diagnose.StatusFault}[c.want == ""]; d.Status != want || d.Finding != c.want {
				t.Errorf("%v %q, want %q", d.Status, d.Finding, c.want)
				for _, l := range ledgers(t, ev, phone, correlate.IPv4) {
					t.Logf("%+v", l.Fates)
				}
			}
		})
	}
}
