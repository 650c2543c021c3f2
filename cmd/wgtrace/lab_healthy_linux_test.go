package main

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// use is what a person does with a path that works.
type use struct {
	name     string
	workload lab.Workload // "" is the scenario's own, else a phone's
	bulk     int
	second   bool // another phone works beside
	// again starts the work once more, after something has happened to the phone.
	again func(ctx context.Context, l *lab.Lab) error
}

var uses = []use{
	{name: "phone"},
	{name: "beside another", second: true},
	{name: "roaming", again: func(ctx context.Context, l *lab.Lab) error { return l.Move(ctx, lab.First) }},
	{name: "new session", again: func(ctx context.Context, l *lab.Lab) error { return l.Reconnect(ctx, lab.First) }},
	{name: "forgotten by the provider", again: func(ctx context.Context, l *lab.Lab) error { return l.Forget(ctx) }},
	{name: "idle", workload: lab.Idle},
	{name: "names alone", workload: lab.Names},
	{name: "one ping", workload: lab.Ping},
	{name: "one page", workload: lab.Probe},
	{name: "laptop", workload: lab.Laptop},
	{name: "big download", workload: lab.Heavy, bulk: 8_000_000},
}

// TestHealthy wants no finding of severity fault on any healthy variant of the
// lab, whatever the phone does. Each variant is used in one way, which changes
// from day to day; WGTRACE_HEALTHY=all tries every way on every one.
func TestHealthy(t *testing.T) {
	day := int(time.Now().Unix() / 86400)
	if n, err := strconv.Atoi(os.Getenv("WGTRACE_HEALTHY")); err == nil {
		day = n
	}
	t.Logf("the uses of day %d; WGTRACE_HEALTHY=%d repeats them", day, day)
	n := 0
	for _, sc := range lab.Scenarios() {
		if !sc.Healthy && sc.Name != "v6-no-default-route" {
			continue
		}
		ways := uses
		if sc.Workload != "" {
			ways = uses[:5] // the others have another tunnel MTU than the variant needs
		}
		if os.Getenv("WGTRACE_HEALTHY") != "all" {
			ways = ways[(day+n)%len(ways):][:1]
		}
		n++
		for _, u := range ways {
			t.Run(sc.Name+"/"+u.name, func(t *testing.T) {
				t.Parallel()
				useHealthy(t, sc, u)
			})
		}
	}
}

func useHealthy(t *testing.T, sc lab.Scenario, u use) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	w := u.workload
	if w == "" {
		w = lab.Phone
		if sc.Workload != "" {
			w = sc.Workload
		}
	}
	l := newLab(t, lab.Config{SecondClient: u.second || sc.Neighbours, SecondUplink: sc.SecondUplink, Offload: w == lab.Laptop || w == lab.Heavy})
	if err := l.Apply(ctx, lab.Fault{Name: sc.Name}); err != nil {
		t.Fatal(err)
	}
	watch := startLive(t, l, "--with-host-facts")
	done := make(chan error, 1)
	go func() {
		if !u.second {
			done <- nil
			return
		}
		_, err := l.Run(ctx, lab.Second, lab.Run{Workload: lab.Laptop, Bulk: 200_000})
		done <- err
	}()
	run := func(work lab.Run) {
		t.Helper()
		res, err := l.Run(ctx, lab.First, work)
		if err != nil {
			t.Fatal(err)
		}
		if ok, all := res.Answered(); ok < all && sc.Breaks == lab.BreaksAll {
			t.Errorf("the lab is not healthy: %d of %d tries were answered: %+v", ok, all, res.Tries)
		}
	}
	work := lab.Run{Workload: w, Bulk: max(u.bulk, bulkFor(sc))}
	run(work)
	if u.again != nil {
		if err := u.again(ctx, l); err != nil {
			t.Fatal(err)
		}
		work.Seed = l.Plan().Seed + 2
		run(work)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// A fault is told once no answer can come any more.
	time.Sleep(6 * time.Second)
	live := watch.stop(t)
	for name, o := range map[string]outcome{"live": live, "read": readBack(t, watch.pcap)} {
		want, warning := "healthy", sc.Warning
		switch {
		case w == lab.Idle:
			want = "inconclusive"
		case w == lab.Names && sc.Name == "dns-local-resolver":
			// Nothing goes beyond the server: the phone may be kept from it.
			want, warning = "inconclusive", "client-allowedips-too-narrow"
		}
		if o.verdict.Status != want {
			t.Errorf("%s: %+v, want %s\n%s", name, o.verdict, want, o.text(t))
		}
		for _, f := range o.report.Findings {
			switch {
			case f.Severity == "fault":
				t.Errorf("%s: a fault %s\n%s", name, f.ID, o.text(t))
			case f.Severity == "warning" && f.ID != warning && !(f.ID == "packets-lost-in-host" && sc.Name == "drop-n"):
				t.Errorf("%s: a warning %s\n%s", name, f.ID, o.text(t))
			}
		}
	}
}
