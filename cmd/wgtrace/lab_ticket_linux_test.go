package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// TestLiveTicket: a live run keeps the packets that show its verdict, and the
// bundle of them gives it again elsewhere, with the settings of the server and
// without its addresses and keys.
func TestLiveTicket(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	l := newLab(t, lab.Config{})
	if err := l.Apply(ctx, lab.Fault{Name: "nat-missing"}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	watch := startLive(t, l, "--bundle", filepath.Join(dir, "ticket.zip"))
	if _, err := l.Keep(ctx, 0, lab.Run{Workload: lab.Phone}, 8*time.Second); err != nil {
		t.Fatal(err)
	}
	got := watch.stop(t)
	names := unzip(t, filepath.Join(dir, "ticket.zip"), dir)
	evidence, facts := filepath.Join(dir, "evidence.pcapng"), filepath.Join(dir, "host.json")
	again := readBack(t, evidence, "--host-facts", facts)
	if again.verdict != got.verdict || got.verdict.Finding != "nat-missing" {
		t.Errorf("live %+v, the bundle %+v\n%s", got.verdict, again.verdict, again.text(t))
	}
	live, read := got.report.Findings[0].Causes, again.report.Findings[0].Causes
	if len(read) == 0 || read[0].ID != live[0].ID || read[0].Basis != live[0].Basis {
		t.Errorf("live the causes %+v, by the bundle %+v", live, read)
	}
	plan := l.Plan()
	for _, name := range names {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{plan.ServerKey, plan.Clients[lab.First].PublicKey,
			plan.Server.Addr4.Addr().String(), plan.Clients[lab.First].Outer.Addr4.Addr().String(), plan.Names[0]} {
			if strings.Contains(string(raw), secret) {
				t.Errorf("%s holds %s", name, secret)
			}
		}
	}
}
