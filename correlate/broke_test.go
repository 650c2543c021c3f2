package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
)

// TestBroke breaks a path that worked, and lets single hosts fall silent on one
// that goes on working.
func TestBroke(t *testing.T) {
	const second = 1_000_000
	syn := func(n, host int) (pk, string) {
		return tcp(fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("192.0.%d.80:443", host), syn, uint32(n*10_000), 0, 0), fmt.Sprintf("%s:%d", wanIP, 4000+n)
	}
	works := func(tr *trace, us int64, n, host int) {
		tr.call(us, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 4000+n), fmt.Sprintf("192.0.%d.80:443", host), uint32(n*10_000))
	}
	// How a request dies.
	stays := func(tr *trace, us int64, n, host int) { p, _ := syn(n, host); tr.tunnel(us, p) }
	bare := func(tr *trace, us int64, n, host int) { p, _ := syn(n, host); tr.pass(us, p, p.forwarded()) }
	unanswered := func(tr *trace, us int64, n, host int) { p, w := syn(n, host); tr.pass(us, p, p.from(w)) }
	notBack := func(tr *trace, us int64, n, host int) {
		p, w := syn(n, host)
		tr.pass(us, p, p.from(w))
		tr.wan(us+10_000, tcp(fmt.Sprintf("192.0.%d.80:443", host), w, 0x12, 77, p.Seq+1, 0).ttl(57))
	}
	goesOn := func(tr *trace) { // a conversation that began before
		tr.open(500_000, phone+":900", wanIP+":900", "192.0.2.99:443")
		for i := range 30 {
			up := tcp(phone+":900", "192.0.2.99:443", ack|psh, 301+uint32(i)*10, 1001+uint32(i)*10, 10)
			tr.pass(int64(1+i)*second, up, up.from(wanIP+":900"))
			down := tcp("192.0.2.99:443", wanIP+":900", ack|psh, 1001+uint32(i)*10, 311+uint32(i)*10, 10).ttl(57)
			tr.back(int64(1+i)*second+20_000, down, down.to(phone+":900"))
		}
	}
	for _, c := range []struct {
		name     string
		steps    func(tr *trace)
		episodes int
		changed  string
	}{
		{"forwarding ends", func(tr *trace) {
			for n, host := range []int{1, 2, 1, 2} {
				stays(tr, int64(10+n)*second, 10+n, host)
			}
		}, 2, "wan_out"},
		{"forwarding ends, one that answered among three", func(tr *trace) {
			for n, host := range []int{1, 11, 12} {
				stays(tr, int64(10+n)*second, 10+n, host)
			}
		}, 2, "wan_out"},
		{"translation ends beside an old conversation", func(tr *trace) {
			goesOn(tr)
			for n, host := range []int{1, 2, 1, 2} {
				bare(tr, int64(10+n)*second, 10+n, host)
			}
		}, 2, "wan_in"},
		{"answers are not let back", func(tr *trace) {
			for n, host := range []int{1, 2, 1, 2} {
				notBack(tr, int64(10+n)*second, 10+n, host)
			}
		}, 2, "tunnel_out"},
		{"the uplink ends", func(tr *trace) {
			for n, host := range []int{1, 2, 3, 2} {
				unanswered(tr, int64(10+n)*second, 10+n, host)
			}
		}, 2, "wan_in"},
		{"and comes back", func(tr *trace) {
			for n, host := range []int{1, 2, 3, 2} {
				unanswered(tr, int64(10+n)*second, 10+n, host)
			}
			for n := range 3 {
				works(tr, int64(30+n)*second, 30+n, n)
			}
		}, 3, "wan_in"},
		{"after the page hosts that never answered are called", func(tr *trace) {
			for n := range 12 {
				unanswered(tr, int64(10+2*n)*second, 10+n, 20+n%3)
			}
		}, 1, ""},
		{"after the page the firewall keeps back others", func(tr *trace) {
			for n := range 12 {
				stays(tr, int64(10+2*n)*second, 10+n, 20+n%3)
			}
		}, 1, ""},
		{"a site in two networks falls silent", func(tr *trace) {
			for n := range 12 {
				unanswered(tr, int64(10+2*n)*second, 10+n, 1+n%2)
			}
		}, 1, ""},
		{"one host falls silent", func(tr *trace) {
			for n := range 12 {
				unanswered(tr, int64(10+2*n)*second, 10+n, 1)
			}
		}, 1, ""},
		{"one host falls silent, and others never answered", func(tr *trace) {
			for n := range 12 {
				unanswered(tr, int64(10+2*n)*second, 10+n, []int{1, 20, 21}[n%3])
			}
		}, 1, ""},
		{"the firewall keeps back one host", func(tr *trace) {
			for n := range 12 {
				stays(tr, int64(10+2*n)*second, 10+n, 1)
			}
		}, 1, ""},
		{"the firewall keeps back some while another conversation goes on", func(tr *trace) {
			goesOn(tr)
			for n := range 8 {
				stays(tr, int64(10+2*n)*second, 10+n, 1+n%2)
			}
		}, 1, ""},
		{"rules are loaded anew", func(tr *trace) {
			for n := range 6 {
				stays(tr, int64(10)*second+int64(n)*10_000, 10+n, 1+n%3)
			}
		}, 1, ""},
		{"the run ends", func(tr *trace) {
			for n := range 6 {
				unanswered(tr, int64(56)*second+int64(n)*second/2, 10+n, 1+n%3)
			}
		}, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := &trace{}
			for n := range 3 {
				works(tr, int64(n)*second, n, 1+n)
			}
			c.steps(tr)
			tr.idle(60 * second)
			got := ledgers(t, tr.run(t), phone, correlate.IPv4)
			if len(got) != c.episodes {
				t.Fatalf("%d episodes, want %d: %+v", len(got), c.episodes, got)
			}
			if last := got[len(got)-1]; c.changed != "" && (last.Trigger != correlate.TriggerPackets || len(last.Changed) != 1 || last.Changed[0] != c.changed) {
				t.Errorf("the last one began by %v with %q, want %s", last.Trigger, last.Changed, c.changed)
			}
		})
	}
}
