package main

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
	"github.com/wgtrace/wgtrace/report"
)

// TestLiveSharedProfile puts one profile on two phones that both try: the server
// answers whichever spoke last, under the session of whichever greeted last.
func TestLiveSharedProfile(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	l := newLab(t, lab.Config{SecondClient: true})
	watch := startLive(t, l)
	if err := l.ShareProfile(ctx); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 2)
	for client := range 2 {
		go func() {
			_, err := l.Keep(ctx, client, lab.Run{Workload: lab.Probe}, 40*time.Second)
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	got := watch.stop(t)
	want := verdict{"fault", "same-config-on-two-devices", "outer_in", "tunnel_in"}
	if got.verdict != want {
		t.Errorf("live: %+v, want %+v\n%s", got.verdict, want, got.text(t))
	}
	for name, again := range map[string]outcome{
		"read":         readBack(t, watch.pcap),
		"read the WAN": readBack(t, "--wan", watch.pcap+"#"+l.Plan().WAN),
	} {
		if again.verdict != want {
			t.Errorf("%s: %+v, want %+v\n%s", name, again.verdict, want, again.text(t))
		}
	}
	for _, p := range got.report.Peers.Peers {
		if key := l.Plan().Clients[lab.First].PublicKey; p.PublicKey == nil || *p.PublicKey != key {
			t.Errorf("%v has the key %v, want %s", *p.Endpoint, p.PublicKey, key)
		}
	}
}

// TestLiveMoves lets a phone change its port in the middle of its work, fall
// asleep, and wake up at a third one: nothing is wrong with that.
func TestLiveMoves(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	l := newLab(t, lab.Config{})
	watch := startLive(t, l)
	work := func() {
		t.Helper()
		if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Probe}); err != nil {
			t.Fatal(err)
		}
	}
	work()
	for range 3 {
		if err := l.Move(ctx, lab.First); err != nil {
			t.Fatal(err)
		}
		work()
	}
	// What the server sends to a phone that is asleep is lost, and no fault.
	callPhone(t, ctx, l)
	time.Sleep(6 * time.Second)
	if err := l.Reconnect(ctx, lab.First); err != nil {
		t.Fatal(err)
	}
	work()
	settle(t, ctx, l)
	got := watch.stop(t)
	if want := (verdict{Status: "healthy"}); got.verdict != want || len(got.report.Findings) > 0 {
		t.Errorf("live: %+v, want %+v without findings\n%s", got.verdict, want, got.text(t))
	}
	if again := readBack(t, watch.pcap); again.verdict != got.verdict || len(again.report.Findings) > 0 {
		t.Errorf("read of the recording: %+v\n%s", again.verdict, again.text(t))
	}
	alone := readBack(t, "--wan", watch.pcap+"#"+l.Plan().WAN)
	if alone.verdict.Finding != "capture-one-sided" || len(alone.report.Findings) != 1 {
		t.Errorf("the WAN alone: %+v\n%s", alone.verdict, alone.text(t))
	}
	// The old endpoints belong to the same phone.
	key := l.Plan().Clients[lab.First].PublicKey
	if !slices.ContainsFunc(got.report.Clients, func(c report.Client) bool { return c.PublicKey != nil && *c.PublicKey == key }) {
		t.Errorf("no client has the key %s\n%s", key, got.text(t))
	}
}

// callPhone lets the server send something to the phone through the tunnel.
func callPhone(t *testing.T, ctx context.Context, l *lab.Lab) {
	t.Helper()
	call := l.Server().Command(ctx, "bash", "-c", "for n in 1 2 3; do echo > /dev/udp/"+l.Plan().Clients[lab.First].Inner4.String()+"/9; sleep 0.5; done")
	if out, err := call.CombinedOutput(); err != nil {
		t.Fatalf("call the phone: %v: %s", err, out)
	}
}

// TestLiveForgotten lets the phone's provider forget the way to it: what the
// server sends comes back as an error, which is worth a remark and no fault.
func TestLiveForgotten(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	l := newLab(t, lab.Config{})
	if err := l.Apply(ctx, lab.Fault{Name: "cgnat"}); err != nil {
		t.Fatal(err)
	}
	watch := startLive(t, l)
	if _, err := l.Run(ctx, lab.First, lab.Run{Workload: lab.Probe}); err != nil {
		t.Fatal(err)
	}
	settle(t, ctx, l)
	if err := l.Forget(ctx); err != nil {
		t.Fatal(err)
	}
	callPhone(t, ctx, l)
	settle(t, ctx, l)
	got := watch.stop(t)
	for name, o := range map[string]outcome{"live": got, "read": readBack(t, watch.pcap)} {
		if o.verdict != (verdict{Status: "healthy"}) || len(o.report.Findings) != 1 || !o.found("idle-session-unreachable") {
			t.Errorf("%s: %+v, want healthy with a remark\n%s", name, o.verdict, o.text(t))
		}
	}
}
