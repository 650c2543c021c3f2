package lab

import (
	"cmp"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestScenariosHaveBreaks keeps the catalogue and what it does together.
func TestScenariosHaveBreaks(t *testing.T) {
	all := slices.Concat(Scenarios(), containerScenarios)
	for _, s := range all {
		if breaks[s.Name] == nil {
			t.Errorf("scenario %s changes nothing", s.Name)
		}
		if s.Healthy && (s.Expect.Status == "fault" || s.Breaks != BreaksAll) || !s.Healthy && s.Expect.Status == "healthy" && s.Breaks == BreaksAll && !s.Partial {
			t.Errorf("scenario %s: healthy %v, but expected %q", s.Name, s.Healthy, s.Expect.Status)
		}
	}
	if len(breaks) != len(all) {
		t.Errorf("%d scenarios, %d breaks", len(all), len(breaks))
	}
}

// TestFaults applies each scenario, once to the whole server and once beside a
// healthy second client, looks at what breaks and where, and clears it again.
func TestFaults(t *testing.T) {
	// The labs wait for time-outs most of the time, so that more of them fit
	// on a machine than it has processors.
	slots := make(chan struct{}, 5)
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, s := range Scenarios() {
		for _, only := range []bool{false, true} {
			name := s.Name
			if only {
				name += "/only-first"
			}
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				t.Run(name, func(t *testing.T) { testFault(t, s, Fault{Name: s.Name, OnlyFirst: only}) })
			})
		}
	}
}

func testFault(t *testing.T, s Scenario, f Fault) {
	l := newLab(t, Config{SecondClient: true, SecondUplink: s.SecondUplink})
	if err := l.Apply(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if err := l.ResetTruth(t.Context()); err != nil {
		t.Fatal(err)
	}
	// On a busy machine a healthy connect may take a second; the dead ones
	// have to be waited for in full.
	results := make([]Result, 2)
	work := cmp.Or(s.Workload, Phone)
	err := parallel(
		func() (err error) {
			results[First], err = l.Run(t.Context(), First, Run{Workload: work, Timeout: 1500 * time.Millisecond, Bulk: 50_000})
			return err
		},
		func() (err error) {
			results[Second], err = l.Run(t.Context(), Second, Run{Workload: Laptop, Timeout: 1500 * time.Millisecond, Bulk: 50_000})
			return err
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	truth, err := l.Truth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hit := l.hit(f, s)
	if s.Partial {
		results = results[len(hit):] // whoever is not hit must not suffer
	}
	for _, res := range results {
		broken := !s.Healthy && res.Client < len(hit)
		checkResult(t, res, broken, s)
		if broken && !s.OnlyIPv4 && s.Breaks == BreaksAll {
			checkBreak(t, truth.Clients[res.Client].Stages, s)
		}
	}
	if t.Failed() {
		t.Logf("truth: %+v", truth.Clients)
	}

	if err := l.Clear(t.Context(), s.Name); err != nil {
		t.Fatal(err)
	}
	for client := range 2 {
		checkResult(t, run(t, l, client, Run{Workload: Probe}), false, s)
	}
}

// checkResult wants every request answered but those that the fault breaks, and
// none of these.
func checkResult(t *testing.T, res Result, broken bool, s Scenario) {
	t.Helper()
	for _, try := range res.Tries {
		dies := broken && !s.Breaks.Spares(try) && !(s.OnlyIPv4 && familyOf(try.Target) == "6")
		if try.Kind == kindAside && s.Name == "hairpin-drop" {
			dies = true // what the scenario is about, beside a workload that lives
		}
		if try.Kind != "quic" && try.OK == dies {
			t.Errorf("%s of client %d: %+v, should succeed: %v", res.Workload, res.Client, try, !dies)
		}
	}
}

// checkBreak wants packets at the stage before the fault, none behind it, and
// none back at the phone. Behind a lost handshake response lie the phone's
// further initiations, so there the tunnel is looked at instead.
func checkBreak(t *testing.T, stages map[string]uint64, s Scenario) {
	t.Helper()
	want := s.Expect
	behind := want.Before
	if behind == StageOuterIn {
		behind = StageTunnelIn
	}
	if want.After != "" && stages[want.After] == 0 && !slices.Contains(s.Untold, want.After) {
		t.Errorf("no packet at %s", want.After)
	}
	for _, stage := range []string{behind, StageTunnelOut} {
		if n := stages[stage]; n != 0 && !slices.Contains(s.Untold, stage) {
			t.Errorf("%d packets at %s", n, stage)
		}
	}
	if want.After == StageWANOut && len(s.Untold) == 0 && stages[StageTunnelIn] != stages[StageWANOut] {
		t.Errorf("%d packets at tunnel_in, %d at wan_out", stages[StageTunnelIn], stages[StageWANOut])
	}
}
