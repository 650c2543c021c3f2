package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
)

// TestRestored taps a bridge on which replies carry the client's own address
// already: each belongs to the translation that its request left with.
func TestRestored(t *testing.T) {
	tr := &trace{}
	tr.session(0, mobile)
	const calls = 3
	var rows []string
	for n := range calls {
		c, w := fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 9000+n)
		tr.call(100_000+int64(n)*300_000, c, w, tcpS, uint32(n*100_000+1))
		rows = append(rows, "tcp "+c+">"+w+">"+tcpS)
	}
	own, _ := end(wanIP)
	inner, _ := end(phone)
	for i, p := range tr.out {
		tr.out[i].Packet.Direction = capture.DirectionIn
		switch {
		case p.Src == own:
			tr.out[i].Packet.Direction = capture.DirectionOut
		case p.WG.Type == 0:
			tr.out[i].Packet.Dst, tr.out[i].Packet.DstPort = inner, p.DstPort-5000
		}
	}
	tr.idle(9_000_000)
	ev := tr.run(t)
	want{matched: calls * callPackets, nat: rows}.check(t, ev)
	if f := ev.Clients[0].Families[0]; f.ReplyToInner != 0 || f.Untranslated != 0 {
		t.Errorf("replies to the inner address %d, untranslated %d", f.ReplyToInner, f.Untranslated)
	}
}
