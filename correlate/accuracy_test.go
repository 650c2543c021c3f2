package correlate_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/natsim"
)

var (
	accuracyRuns  = flag.Int("accuracy.runs", 0, "simulate this many runs instead of a few hundred")
	accuracyFrom  = flag.Uint64("accuracy.from", 1, "the first seed of each class")
	accuracyClass = flag.String("accuracy.class", "", "simulate this class alone")
	accuracyShow  = flag.Int("accuracy.show", 5, "name so many runs of each class in which something is wrong")
	accuracySeed  = flag.Uint64("accuracy.seed", 0, "simulate this seed alone, and show its flows")
)

// score counts what was found against what is true: right, invented, missed.
type score struct{ right, invented, missed int }

func (s *score) add(o score) {
	s.right += o.right
	s.invented += o.invented
	s.missed += o.missed
}

func (s score) precision() float64 { return ratio(s.right, s.right+s.invented) }
func (s score) recall() float64    { return ratio(s.right, s.right+s.missed) }

func ratio(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

// within scores a number against what is known of it.
func within(got int, want natsim.Range) score {
	switch {
	case got < want.Min:
		return score{right: got, missed: want.Min - got}
	case got > want.Max:
		return score{right: want.Max, invented: got - want.Max}
	}
	return score{right: got}
}

// verdict is what one run came to.
type verdict struct {
	runs, open             int // runs, and those of which part cannot be decided
	matches, nat, losses   score
	flowsRight, flowsWrong int // flows whose counts at every stage are right
	wrong                  []string
	faults                 []string // losses invented or missed, mappings missed
	reasons                map[natsim.Reason]int
}

func (v *verdict) add(o *verdict) {
	v.runs += o.runs
	v.open += o.open
	v.matches.add(o.matches)
	v.nat.add(o.nat)
	v.losses.add(o.losses)
	v.flowsRight += o.flowsRight
	v.flowsWrong += o.flowsWrong
	v.wrong = append(v.wrong, o.wrong...)
	v.faults = append(v.faults, o.faults...)
	for r, n := range o.reasons {
		v.reasons[r] += n
	}
}

// simulate runs one seed of a class through the whole pipeline.
func simulate(class natsim.Class, seed uint64) (*natsim.Result, *correlate.Evidence, error) {
	truth := natsim.Run(natsim.Draw(class, seed))
	var inputs []correlate.Input
	for i, b := range truth.Files() {
		name := []string{"tunnel", "wan"}[i]
		f, err := capture.NewFile(name, bytes.NewReader(b))
		if err != nil {
			return nil, nil, fmt.Errorf("open %s: %w", name, err)
		}
		inputs = append(inputs, correlate.Input{Source: f})
	}
	e := correlate.New(correlate.Options{})
	ev, err := e.Run(context.Background(), inputs)
	if err != nil {
		return nil, nil, err
	}
	if d := e.Damage(); len(d) > 0 {
		return nil, nil, d[0]
	}
	return truth, ev, nil
}

type rowKey struct {
	key     natsim.Key
	outside netip.AddrPort
}

// hold compares evidence with the truth.
func hold(truth *natsim.Result, ev *correlate.Evidence) *verdict {
	v := &verdict{runs: 1, reasons: make(map[natsim.Reason]int)}
	v.mappings(truth, ev)
	got := make(map[natsim.Key]correlate.Flow)
	for _, f := range ev.Flows {
		k := natsim.Key{Proto: f.Proto, Client: f.Client, Remote: f.Remote}
		sum := got[k]
		sum.In.Packets += f.In.Packets
		sum.Out.Packets += f.Out.Packets
		sum.Reply.Packets += f.Reply.Packets
		sum.Back.Packets += f.Back.Packets
		sum.LostForward += f.LostForward
		sum.LostReturn += f.LostReturn
		sum.Unobservable += f.Unobservable
		got[k] = sum
	}
	open := false
	var matched, pairs natsim.Range
	for _, f := range truth.Flows {
		g, listed := got[f.Key]
		delete(got, f.Key)
		for _, r := range f.Reasons {
			// Neither the last moments of a tap nor how many packets a merged one
			// stood for make a run undecidable.
			open = open || r != natsim.Edge && r != natsim.Orphan && r != natsim.Merged
			v.reasons[r]++
		}
		matched.Min += f.Matched.Min
		matched.Max += f.Matched.Max
		pairs.Min += f.Pairs.Min
		pairs.Max += f.Pairs.Max
		lost := [2]int{int(g.LostForward), int(g.LostReturn)}
		for dir, n := range lost {
			s := within(n, f.Lost[dir])
			v.losses.add(s)
			if s.invented > 0 || s.missed > 0 {
				v.faults = append(v.faults, fmt.Sprintf("%v: lost %d of direction %d, want %v", f.Key, n, dir, f.Lost[dir]))
			}
		}
		if f.Local || !listed || f.Tied && !f.Proved || f.Through && !f.Tied || slices.Contains(f.Reasons, natsim.Adrift) {
			continue
		}
		stage := [4]int{int(g.In.Packets), int(g.Out.Packets), int(g.Reply.Packets), int(g.Back.Packets)}
		if stage == f.Stage {
			v.flowsRight++
		} else {
			v.flowsWrong++
		}
	}
	for k, g := range got {
		if n := int(g.LostForward + g.LostReturn); n > 0 {
			v.losses.invented += n
			v.faults = append(v.faults, fmt.Sprintf("%v: no such flow, lost %d", k, n))
		}
	}
	v.matches = within(int(ev.Totals.MatchedPairs), pairs)
	if open {
		v.open = 1
	}
	return v
}

// slack is how far the times of a translation may be off, nanoseconds: by the
// estimate of the clock, or by the part of its life that one tap saw alone.
const slack = int64(2e9)

// mappings compares the translations.
func (v *verdict) mappings(truth *natsim.Result, ev *correlate.Evidence) {
	// A clock that is set during the run shows other times from then on.
	step := max(truth.Config.Clock.Step, -truth.Config.Clock.Step)
	want := make(map[rowKey]natsim.Mapping)
	for _, m := range truth.Mappings {
		want[rowKey{m.Key, m.Outside}] = m
	}
	shown := make(map[rowKey]bool)
	for _, m := range ev.NAT {
		k := rowKey{natsim.Key{Proto: m.Proto, Client: m.Inside, Remote: m.Remote}, m.Outside}
		w, ok := want[k]
		switch {
		case !ok:
			v.nat.invented++
			v.wrong = append(v.wrong, fmt.Sprintf("%v as %v: no such translation", k.key, k.outside))
		case m.First > w.Last+slack+step || m.Last < w.First-slack-step:
			v.nat.invented++
			v.wrong = append(v.wrong, fmt.Sprintf("%v as %v: it was not translated so at that time", k.key, k.outside))
		case !shown[k]:
			v.nat.right++
		}
		shown[k] = true
	}
	for k, m := range want {
		if m.Provable && !shown[k] {
			v.nat.missed++
			v.faults = append(v.faults, fmt.Sprintf("%v as %v: translation missed", k.key, k.outside))
		}
	}
	sort.Strings(v.faults)
}

// TestAccuracy holds the matcher against simulated truth: no wrong translation in
// any class, and none missed and no loss invented or missed in those whose truth
// two captures show. -accuracy.runs 10000 makes the figures of docs/accuracy.md.
func TestAccuracy(t *testing.T) {
	all := slices.Concat(natsim.Classes, natsim.Adversarial)
	if *accuracyClass != "" {
		all = []natsim.Class{natsim.Class(*accuracyClass)}
	}
	if *accuracySeed != 0 {
		explain(t, all[0], *accuracySeed)
		return
	}
	runs := 500
	if *accuracyRuns > 0 {
		runs = *accuracyRuns
	}
	per := (runs + len(all) - 1) / len(all)
	var table strings.Builder
	fmt.Fprintf(&table, "%-12s %5s %5s %10s %17s %17s %17s %8s\n", "class", "runs", "open", "packets", "matches p/r", "mappings p/r", "losses p/r", "flows")
	total := &verdict{reasons: make(map[natsim.Reason]int)}
	for _, class := range all {
		v := runClass(t, class, per)
		fmt.Fprintf(&table, "%-12s %5d %5d %10d %8.5f %8.5f %8.5f %8.5f %8.5f %8.5f %8.5f %v\n", class, v.runs, v.open, v.matches.right,
			v.matches.precision(), v.matches.recall(), v.nat.precision(), v.nat.recall(), v.losses.precision(), v.losses.recall(),
			ratio(v.flowsRight, v.flowsRight+v.flowsWrong), v.reasons)
		total.add(v)
	}
	t.Logf("\n%s", table.String())
}

// runClass simulates seeds of a class on all cores.
func runClass(t *testing.T, class natsim.Class, runs int) *verdict {
	sum := &verdict{reasons: make(map[natsim.Reason]int)}
	var mu sync.Mutex
	var wg sync.WaitGroup
	seeds := make(chan uint64)
	strict := slices.Contains(natsim.Classes, class)
	shown := 0
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for seed := range seeds {
				truth, ev, err := simulate(class, seed)
				mu.Lock()
				if err != nil {
					t.Errorf("class %s, seed %d: %v", class, seed, err)
					mu.Unlock()
					continue
				}
				v := hold(truth, ev)
				if bad := slices.Concat(v.wrong, v.faults); len(v.wrong) > 0 || strict && len(v.faults) > 0 {
					if shown++; shown <= *accuracyShow {
						t.Errorf("class %s, seed %d: %d wrong; first: %s\nrerun: go test ./correlate -run TestAccuracy -accuracy.class %s -accuracy.seed %d",
							class, seed, len(bad), bad[0], class, seed)
					}
				}
				sum.add(v)
				mu.Unlock()
			}
		})
	}
	for i := range runs {
		seeds <- *accuracyFrom + uint64(i)
	}
	close(seeds)
	wg.Wait()
	return sum
}

// explain shows one run: what is wrong, and the flows beside their truth.
func explain(t *testing.T, class natsim.Class, seed uint64) {
	truth, ev, err := simulate(class, seed)
	if err != nil {
		t.Fatal(err)
	}
	v := hold(truth, ev)
	for _, w := range v.wrong {
		t.Errorf("wrong: %s", w)
	}
	for _, w := range v.faults {
		t.Errorf("fault: %s", w)
	}
	t.Logf("%+v", truth.Config)
	for _, f := range truth.Flows {
		t.Logf("true  %v local %v tied %v proved %v stages %v lost %v matched %v pairs %v %v", f.Key, f.Local, f.Tied, f.Proved, f.Stage, f.Lost, f.Matched, f.Pairs, f.Reasons)
		for _, g := range ev.Flows {
			if (natsim.Key{Proto: g.Proto, Client: g.Client, Remote: g.Remote}) == f.Key {
				t.Logf("found %v as %v: stages [%d %d %d %d] lost [%d %d] unobservable %d, %v", f.Key, g.Translated, g.In.Packets, g.Out.Packets, g.Reply.Packets,
					g.Back.Packets, g.LostForward, g.LostReturn, g.Unobservable, g.Outcome)
			}
		}
	}
	for _, f := range truth.Flows {
		if !slices.ContainsFunc(v.faults, func(s string) bool { return strings.HasPrefix(s, fmt.Sprint(f.Key)) }) {
			continue
		}
		for point := range 2 {
			list := truth.Records(point)
			for i := range list {
				if list[i].Key == f.Key {
					t.Logf("point %d %v: %v", point, f.Key, &list[i])
				}
			}
		}
	}
	t.Logf("matches %+v, mappings %+v, losses %+v, totals %+v, clock %+v", v.matches, v.nat, v.losses, ev.Totals, ev.Clock)
	for _, c := range ev.Caveats {
		t.Logf("caveat %s %v", c.ID, c.Args)
	}
}
