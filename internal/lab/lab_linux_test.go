package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Child()
	if os.Getenv(envVictim) != "" {
		fmt.Fprintln(os.Stderr, "victim:", victim())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// newLab builds a lab that ends with the test, and skips only where the
// machine itself says that it cannot be built.
func newLab(t *testing.T, cfg Config) *Lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	start := time.Now()
	l, err := New(ctx, cfg)
	if errors.Is(err, ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("%s (up in %v)", l.Plan(), time.Since(start).Round(time.Millisecond))
	return l
}

func run(t *testing.T, l *Lab, client int, r Run) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	res, err := l.Run(ctx, client, r)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	for _, offload := range []bool{false, true} {
		t.Run(fmt.Sprintf("offload=%v", offload), func(t *testing.T) {
			l := newLab(t, Config{SecondClient: true, Offload: offload})
			for _, w := range []Workload{Laptop, Phone, Probe} {
				for client := range 2 {
					res := run(t, l, client, Run{Workload: w})
					if ok, all := res.Answered(); all < 5 || ok != all {
						t.Errorf("%s of client %d: %d of %d answered", w, client, ok, all)
						for _, try := range res.Tries {
							t.Logf("%+v", try)
						}
					}
					t.Logf("%s of client %d took %v", w, client, res.Ended.Sub(res.Started).Round(time.Millisecond))
				}
			}
		})
	}
}

// TestDeadPathIsBounded holds the workloads to their promise.
func TestDeadPathIsBounded(t *testing.T) {
	t.Parallel()
	l := newLab(t, Config{SecondClient: true})
	if err := l.Apply(t.Context(), Fault{Name: "nat-missing"}); err != nil {
		t.Fatal(err)
	}
	took := func(client int, w Workload, limit time.Duration) func() error {
		return func() error {
			res, err := l.Run(t.Context(), client, Run{Workload: w})
			if d := res.Ended.Sub(res.Started); d > limit {
				t.Errorf("%s took %v, at most %v is promised", w, d, limit)
			}
			return err
		}
	}
	if err := parallel(took(First, Phone, 7*time.Second), took(Second, Laptop, 7*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := took(First, Probe, 3*time.Second)(); err != nil {
		t.Fatal(err)
	}
}

// TestTruth holds the kernel's counters and translations against what the
// workload experienced.
func TestTruth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault    string
		rows     bool // translations exist
		portKept bool // every one keeps its port or id
	}{
		{"none", true, true},
		{"healthy-port-rewritten", true, false},
		{"healthy-routed-no-nat", false, false},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			l := newLab(t, Config{})
			if err := l.Apply(t.Context(), Fault{Name: tt.fault}); err != nil {
				t.Fatal(err)
			}
			if err := l.ResetTruth(t.Context()); err != nil {
				t.Fatal(err)
			}
			run(t, l, First, Run{Workload: Laptop, Bulk: 100_000})
			truth, err := l.Truth(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			st := truth.Clients[First].Stages
			if st[StageTunnelIn] < 50 || st[StageTunnelIn] != st[StageWANOut] || st[StageWANIn] != st[StageTunnelOut] || st[StageTunnelOut] < 50 {
				t.Errorf("a healthy path lost packets: %v", st)
			}
			if (len(truth.NAT) > 0) != tt.rows {
				t.Errorf("%d translations", len(truth.NAT))
			}
			kept, protocols := true, map[string]bool{}
			for _, m := range truth.NAT {
				in, out := netip.MustParseAddrPort(m.Inside), netip.MustParseAddrPort(m.Outside)
				kept = kept && in.Port() == out.Port()
				protocols[m.Protocol] = true
				c := l.Plan().Clients[First]
				if in.Addr() != c.Inner4 && in.Addr() != c.Inner6 {
					t.Errorf("inside is not the client: %+v", m)
				}
				if s := l.Plan().Server; out.Addr() != s.Addr4.Addr() && out.Addr() != s.Addr6.Addr() {
					t.Errorf("outside is not the server: %+v", m)
				}
			}
			if tt.rows && (kept != tt.portKept || len(protocols) != 4) {
				t.Errorf("ports kept: %v, want %v; protocols %v, want 4", kept, tt.portKept, protocols)
			}
		})
	}
}

// TestPlan wants the same plan from the same seed, and never two clients whose
// networks overlap.
func TestPlan(t *testing.T) {
	for seed := int64(1); seed < 500; seed++ {
		cfg := Config{SecondClient: true}
		p := newPlan(seed, cfg)
		if again := newPlan(seed, cfg); fmt.Sprint(again) != fmt.Sprint(p) {
			t.Fatalf("seed %d draws two plans:\n%v\n%v", seed, p, again)
		}
		a, b := p.Clients[First], p.Clients[Second]
		if a.Net4.Overlaps(b.Net4) || a.Net6.Overlaps(b.Net6) || a.Outer.Addr4.Overlaps(b.Outer.Addr4) {
			t.Errorf("seed %d: clients overlap: %+v %+v", seed, a, b)
		}
		for _, c := range p.Clients {
			if !c.Net4.Addr().IsPrivate() || !c.Net6.Addr().IsPrivate() || !c.Net4.Contains(c.Inner4) || c.Inner4 == c.Server4 {
				t.Errorf("seed %d: client %+v", seed, c)
			}
		}
		if len(p.Web4) < 4 || len(p.Web6) < 2 || p.Port < 1024 {
			t.Errorf("seed %d: site %v %v, port %d", seed, p.Web4, p.Web6, p.Port)
		}
		for _, a := range append(p.Web4, p.DNS) {
			if a.IsPrivate() || a == p.Site.Addr4.Addr() || a == p.Site.Gateway4 {
				t.Errorf("seed %d: site answers on %s", seed, a)
			}
		}
	}
}
