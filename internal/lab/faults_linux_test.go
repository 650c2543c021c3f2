package lab

import (
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	for _, s := range Scenarios() {
		for _, only := range []bool{false, true} {
			name := s.Name
			if only {
				name += "/only-first"
			}
			t.Run(name, func(t *testing.T) {
				l := newLab(t, Config{SecondClient: true})
				if err := l.Apply(t.Context(), Fault{Name: s.Name, OnlyFirst: only}); err != nil {
					t.Fatal(err)
				}
				var a, b Result
				start := time.Now()
				parallel(func() error { a = run(t, l, 0, Run{Workload: Phone, Timeout: time.Second}); return nil },
					func() error { b = run(t, l, 1, Run{Workload: Laptop, Timeout: time.Second}); return nil })
				for i, r := range []Result{a, b} {
					ok4, all4 := r.AnsweredFamily("4")
					ok6, all6 := r.AnsweredFamily("6")
					t.Logf("client %d: v4 %d/%d v6 %d/%d", i, ok4, all4, ok6, all6)
				}
				tr, err := l.Truth(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range tr.Clients {
					t.Logf("%v", c.Stages)
				}
				t.Logf("nat rows %d, %v", len(tr.NAT), time.Since(start))
			})
		}
	}
}
