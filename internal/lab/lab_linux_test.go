package lab

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Child()
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
	l := newLab(t, Config{SecondClient: true})
	for _, w := range []Workload{Laptop, Phone, Probe} {
		for client := range 2 {
			res := run(t, l, client, Run{Workload: w})
			ok, all := res.Answered()
			t.Logf("%s of client %d: %d of %d in %v", w, client, ok, all, res.Ended.Sub(res.Started).Round(time.Millisecond))
			for _, try := range res.Tries {
				if !try.OK && try.Kind != "quic" {
					t.Errorf("client %d: %+v", client, try)
				}
			}
		}
	}
}
