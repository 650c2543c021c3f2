package correlate_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
)

// TestMark judges requests from a mark on by themselves, even where a single one
// follows it.
func TestMark(t *testing.T) {
	dead := func(tr *trace, us int64, n int) {
		tr.tunnel(us, tcp(fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("192.0.2.%d:443", n), syn, uint32(n*10_000), 0, 0))
	}
	tr := &trace{}
	for n := range 4 {
		dead(tr, int64(n)*1_000_000, n)
	}
	tr.call(20_000_000, phone+":5000", wanIP+":5000", tcpS, 7)
	dead(tr, 30_000_000, 9)
	tr.idle(60_000_000)
	e := correlate.New(correlate.Options{})
	e.Mark(base+10_000_000_000, correlate.TriggerPerson)
	e.Mark(base+15_000_000_000, correlate.TriggerSettings, "forwarding", "forwarding", "nat")
	e.Mark(base+58_000_000_000, correlate.TriggerSettings, "nothing follows")
	ev, err := e.Run(t.Context(), tr.inputs())
	if err != nil {
		t.Fatal(err)
	}
	f := &clientOf(t, ev, phone).Families[0]
	if len(f.Ledgers) != 2 {
		t.Fatalf("%d episodes, want 2", len(f.Ledgers))
	}
	first, second := &f.Ledgers[0], &f.Ledgers[1]
	if first.Trigger != correlate.TriggerStart || first.Fates[correlate.FateNoEgress].Count != 4 || first.Stages[correlate.TunnelIn].Packets != 4 {
		t.Errorf("first episode %+v", first)
	}
	if second.Trigger != correlate.TriggerSettings || second.Started != base+10_000_000_000 ||
		!slices.Equal(second.Changed, []string{"forwarding", "nat"}) {
		t.Errorf("second episode: %v at %d, %q", second.Trigger, second.Started-base, second.Changed)
	}
	if second.Fates[correlate.FateAnswered].Count != 1 || second.Fates[correlate.FateNoEgress].Count != 1 || f.Now() != second {
		t.Errorf("second episode %+v", second)
	}
	total := clientOf(t, ev, phone).Stages
	for s := range total {
		if got := first.Stages[s].Packets + second.Stages[s].Packets; got != total[s].Packets && s != int(correlate.OuterIn) && s != int(correlate.OuterOut) {
			t.Errorf("%v: the episodes have %d packets, the client %d", correlate.Stage(s), got, total[s].Packets)
		}
	}
}

// TestMarkUnheard keeps the verdict of a client that has asked too little since.
func TestMarkUnheard(t *testing.T) {
	tr := &trace{}
	for n := range 4 {
		tr.call(int64(n)*1_000_000, fmt.Sprintf("%s:%d", phone, 5000+n), fmt.Sprintf("%s:%d", wanIP, 5000+n), tcpS, uint32(n*10_000+7))
	}
	tr.tunnel(20_000_000, tcp(phone+":4000", "192.0.2.7:443", syn, 1, 0, 0))
	tr.idle(60_000_000)
	e := correlate.New(correlate.Options{})
	e.Mark(base+10_000_000_000, correlate.TriggerPerson)
	ev, err := e.Run(t.Context(), tr.inputs())
	if err != nil {
		t.Fatal(err)
	}
	f := &clientOf(t, ev, phone).Families[0]
	if len(f.Ledgers) != 2 || f.Now() != &f.Ledgers[0] {
		t.Errorf("%d episodes, of which the first is judged: %v", len(f.Ledgers), f.Now() == &f.Ledgers[0])
	}
}
