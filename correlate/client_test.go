package correlate

import (
	"math/rand/v2"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
)

// TestLedgersBounded lets requests die and pass in any order, at more targets
// than are told apart: what is kept of a client does not grow with them.
func TestLedgersBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var f familyState
	const n = 20_000
	for i := range n {
		fate := Fate(r.IntN(NumFates))
		if i/200%2 == 0 {
			fate = FateNoEgress + Fate(i/400%4)
		}
		f.add(&request{time: int64(i), target: capture.Addr{Lo: uint64(r.IntN(500))}, beyond: Sighting{Frame: 1}}, fate, nil, new([NumStages]Count))
	}
	if len(f.ledgers) > maxEpisodes {
		t.Errorf("%d ledgers", len(f.ledgers))
	}
	sum := uint64(0)
	for _, l := range f.ledgers {
		s := l.snapshot()
		for _, c := range s.Fates {
			sum += c.Count
			if c.Targets > maxTargets || len(c.Samples) > maxSamples {
				t.Errorf("%d targets, %d samples", c.Targets, len(c.Samples))
			}
		}
	}
	if sum != n {
		t.Errorf("%d requests entered, %d counted", n, sum)
	}
}
