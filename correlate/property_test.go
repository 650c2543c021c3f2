package correlate_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"pgregory.net/rapid"
)

// TestEveryLossCounts lets random clients talk through a random translator that
// loses random packets: each loss is counted and nothing else, and no
// translation is claimed that was not made.
func TestEveryLossCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNetwork(t)
		inputs := n.tr.inputs()
		shuffle(t, inputs, time.Duration(rapid.IntRange(1, 5000).Draw(t, "disorder"))*time.Microsecond)
		ev, err := correlate.New(n.tr.opts).Run(context.Background(), inputs)
		if err != nil {
			t.Fatal(err)
		}
		// The replies of a flow that could not be told from another are nobody's.
		exact := ev.Totals.Ambiguous == 0
		if ev.Totals.LostPackets > n.lost || exact && (ev.Totals.LostPackets < n.lost || ev.Totals.Unobservable != 0) {
			t.Errorf("%d lost and %d unobservable, %d were lost: %+v", ev.Totals.LostPackets, ev.Totals.Unobservable, n.lost, ev.Totals)
		}
		want, got := n.expected(), natRows(ev)
		for _, r := range got {
			if !slices.Contains(want, r) {
				t.Errorf("translation %q was never made", r)
			}
		}
		if ev.Totals.Ambiguous == 0 && !slices.Equal(slices.Compact(slices.Clone(got)), want) {
			t.Errorf("translations\n %q, want\n %q", got, want)
		}
		if len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("translations are listed twice: %q", got)
		}
		if t.Failed() {
			for _, f := range ev.Flows {
				t.Logf("flow %s %v>%v as %v: %v in %d out %d reply %d back %d lost %d/%d", protocol(f.Proto), f.Client, f.Remote,
					f.Translated, f.Outcome, f.In.Packets, f.Out.Packets, f.Reply.Packets, f.Back.Packets, f.LostForward, f.LostReturn)
			}
			t.Logf("clock %+v", ev.Clock)
		}
	})
}
