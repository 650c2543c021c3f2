package correlate_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// TestReversedBatches delivers what each tap saw in batches of up to 100 ms whose
// records stand in reverse, as Npcap 1.76 did, to a live run that sorts nothing.
func TestReversedBatches(t *testing.T) {
	for _, span := range []int64{1_000_000, 20_000_000, 100_000_000} {
		tr := &trace{two: true, opts: correlate.Options{Live: true}}
		tr.opts.Clients = append(tr.opts.Clients, prefix("10.8.0.0/24"))
		for n := range 40 {
			us, port := int64(n)*30_000, 4000+n
			tr.call(us, fmt.Sprintf("%s:%d", phone, port), fmt.Sprintf("%s:%d", wanIP, port), tcpS, uint32(n*100_000))
			tr.lookup(us, fmt.Sprintf("%s:%d", tablet, port), fmt.Sprintf("%s:%d", wanIP, 5000+port), ns+":53", uint16(n+1), "example.org")
			tr.echo(us, phone+":7", wanIP+":7", site, uint32(n), pad("abcdefgh", 32))
			p := udp(phone+":6000", site+":4500", pad("the same every time", 40))
			tr.pass(us, p, p.from(wanIP+":6000"))
		}
		lost := query(tablet+":3999", ns+":53", 999, "lost.example.org")
		tr.tunnel(600_000, lost)
		tr.idle(9_000_000)
		inputs := tr.inputs()
		for i := range inputs {
			reverse(inputs[i].Source.(*memory).packets, span)
			inputs[i].Picks = []correlate.Pick{{Role: []capture.Role{capture.RoleTunnel, capture.RoleWAN}[i]}}
		}
		ev := analyse(t, tr.opts, inputs...)
		want{matched: 40 * (callPackets + 2 + 2 + 1), lost: 1}.check(t, ev)
		if got := len(ev.NAT); got != 82 {
			t.Errorf("batches of %d ns: %d translations, want 82", span, got)
		}
	}
}

// reverse turns round records that lie within span of each other, batch by batch.
func reverse(list []pk, span int64) {
	for from := 0; from < len(list); {
		to := from
		for to < len(list) && list[to].Time-list[from].Time < span && list[to].Kind != capture.KindICMPOther {
			to++
		}
		slices.Reverse(list[from:to])
		from = max(to, from+1)
	}
}
