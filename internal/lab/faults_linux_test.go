package lab

import (
	"sync"
	"testing"
	"time"
)

// TestScenariosHaveBreaks keeps the catalogue and what it does together.
func TestScenariosHaveBreaks(t *testing.T) {
	for _, s := range Scenarios() {
		if breaks[s.Name] == nil {
			t.Errorf("scenario %s changes nothing", s.Name)
		}
		if s.Healthy == (s.Expect.Status == "fault") {
			t.Errorf("scenario %s: healthy %v, but expected %q", s.Name, s.Healthy, s.Expect.Status)
		}
	}
	if len(breaks) != len(scenarios) {
		t.Errorf("%d scenarios, %d breaks", len(scenarios), len(breaks))
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
	l := newLab(t, Config{SecondClient: true})
	if err := l.Apply(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if err := l.ResetTruth(t.Context()); err != nil {
		t.Fatal(err)
	}
	// On a busy machine a healthy connect may take a second; the dead ones
	// have to be waited for in full.
	results := make([]Result, 2)
	err := parallel(
		func() (err error) {
			results[First], err = l.Run(t.Context(), First, Run{Workload: Phone, Timeout: 1500 * time.Millisecond, Bulk: 50_000})
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
	for client, res := range results {
		broken := !s.Healthy && client < len(hit)
		checkResult(t, res, broken, s.OnlyIPv4)
		if broken && !s.OnlyIPv4 {
			checkBreak(t, truth.Clients[client].Stages, s.Expect)
		}
	}
	if t.Failed() {
		t.Logf("truth: %+v", truth.Clients)
	}

	if err := l.Clear(t.Context(), s.Name); err != nil {
		t.Fatal(err)
	}
	for client := range results {
		checkResult(t, run(t, l, client, Run{Workload: Probe}), false, false)
	}
}

// checkResult wants every request answered, or none: of IPv4 alone where the
// fault has no counterpart in IPv6.
func checkResult(t *testing.T, res Result, broken, onlyIPv4 bool) {
	t.Helper()
	for _, family := range []string{"4", "6"} {
		ok, all := res.AnsweredFamily(family)
		want := all
		if broken && !(onlyIPv4 && family == "6") {
			want = 0
		}
		if ok == want {
			continue
		}
		t.Errorf("%s of client %d: %d of %d answered over IPv%s, want %d", res.Workload, res.Client, ok, all, family, want)
		for _, try := range res.Tries {
			if try.OK == broken {
				t.Logf("%+v", try)
			}
		}
	}
}

// checkBreak wants packets at the stage before the fault, none behind it, and
// none back at the phone. Behind a lost handshake response lie the phone's
// further initiations, so there the tunnel is looked at instead.
func checkBreak(t *testing.T, stages map[string]uint64, want Expect) {
	t.Helper()
	behind := want.Before
	if behind == StageOuterIn {
		behind = StageTunnelIn
	}
	if stages[want.After] == 0 {
		t.Errorf("no packet at %s", want.After)
	}
	for _, stage := range []string{behind, StageTunnelOut} {
		if n := stages[stage]; n != 0 {
			t.Errorf("%d packets at %s", n, stage)
		}
	}
	if want.After == StageWANOut && stages[StageTunnelIn] != stages[StageWANOut] {
		t.Errorf("%d packets at tunnel_in, %d at wan_out", stages[StageTunnelIn], stages[StageWANOut])
	}
}
