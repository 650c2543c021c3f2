package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
)

// TestEpisodes repairs the path while it is watched.
func TestEpisodes(t *testing.T) {
	ask := func(tr *trace, us int64, n int, works bool) {
		c, w := fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 4000+n)
		s := fmt.Sprintf("192.0.2.%d:443", n)
		if works {
			tr.call(us, c, w, s, uint32(n*10_000))
			return
		}
		tr.tunnel(us, tcp(c, s, syn, uint32(n*10_000), 0, 0))
	}
	cases := []struct {
		name  string
		works []bool
		want  []map[correlate.Fate]uint64
	}{
		{"dead, then three pass", []bool{false, false, false, false, true, true, true}, []map[correlate.Fate]uint64{
			{correlate.FateNoEgress: 4}, {correlate.FateAnswered: 3}}},
		{"dead, then two pass", []bool{false, false, false, false, true, true}, []map[correlate.Fate]uint64{
			{correlate.FateNoEgress: 4, correlate.FateAnswered: 2}}},
		{"dead, two pass, dead again", []bool{false, false, false, true, true, false}, []map[correlate.Fate]uint64{
			{correlate.FateNoEgress: 4, correlate.FateAnswered: 2}}},
		{"two die, then all pass", []bool{false, false, true, true, true, true}, []map[correlate.Fate]uint64{
			{correlate.FateNoEgress: 2, correlate.FateAnswered: 4}}},
		{"all pass", []bool{true, true, true, true}, []map[correlate.Fate]uint64{{correlate.FateAnswered: 4}}},
		{"works, then dies", []bool{true, true, true, false, false, false, false}, []map[correlate.Fate]uint64{
			{correlate.FateNoEgress: 4, correlate.FateAnswered: 3}}},
		{"repaired twice", []bool{false, false, false, true, true, true, true}, []map[correlate.Fate]uint64{
			{correlate.FateNoEgress: 3}, {correlate.FateAnswered: 4}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tr := &trace{}
			for n, works := range c.works {
				ask(tr, int64(n)*8_000_000, n, works)
			}
			tr.idle(100_000_000)
			got := ledgers(t, tr.run(t), phone, correlate.IPv4)
			if len(got) != len(c.want) {
				t.Fatalf("%d episodes, want %d", len(got), len(c.want))
			}
			for i, l := range got {
				for f := range l.Fates {
					if n := l.Fates[f].Count; n != c.want[i][correlate.Fate(f)] {
						t.Errorf("episode %d: %d with fate %d, want %d", i, n, f, c.want[i][correlate.Fate(f)])
					}
				}
				if l.Started > l.Ended {
					t.Errorf("episode %d ends before it begins", i)
				}
			}
		})
	}
}

// TestEpisodeNATAdded turns translation on halfway: untranslated requests die
// beyond the host, then they are answered.
func TestEpisodeNATAdded(t *testing.T) {
	tr := &trace{}
	for n := range 4 {
		p := tcp(fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("192.0.2.%d:443", n), syn, uint32(n), 0, 0)
		tr.pass(int64(n)*1_000_000, p, p.forwarded())
	}
	for n := range 4 {
		tr.call(20_000_000+int64(n)*1_000_000, fmt.Sprintf("%s:%d", phone, 5000+n), fmt.Sprintf("%s:%d", wanIP, 5000+n), tcpS, uint32(n*10_000+7))
	}
	tr.idle(60_000_000)
	ev := tr.run(t)
	l := ledgers(t, ev, phone, correlate.IPv4)
	if len(l) != 2 || l[0].Fates[correlate.FateUntranslated].Count != 4 || l[1].Fates[correlate.FateAnswered].Count != 4 {
		t.Fatalf("ledgers %+v", l)
	}
	if f := clientOf(t, ev, phone).Families[0]; f.Translated != 1 || f.Untranslated != 1 {
		t.Errorf("%d translated and %d untranslated addresses", f.Translated, f.Untranslated)
	}
}
