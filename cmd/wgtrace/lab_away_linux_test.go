package main

import (
	"context"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// awayNote is what a run says of an adapter that went and came back.
func awayNote(name string) *regexp.Regexp {
	return regexp.MustCompile(`wgtrace: ` + name + ` (went away at|is down since) \d\d:\d\d:\d\d; waiting\n(?s:.*)wgtrace: ` + name + ` came back after \d+s\n`)
}

// awayRun is a lab whose server is watched while a phone works, before and after
// something happens to an adapter.
type awayRun struct {
	t     *testing.T
	ctx   context.Context
	lab   *lab.Lab
	watch *liveRun
}

func startAway(t *testing.T, cfg lab.Config) *awayRun {
	t.Helper()
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	t.Cleanup(cancel)
	l := newLab(t, cfg)
	r := &awayRun{t, ctx, l, startLive(t, l)}
	if err := l.ResetTruth(ctx); err != nil {
		t.Fatal(err)
	}
	r.work()
	return r
}

func (r *awayRun) work() {
	r.t.Helper()
	if _, err := r.lab.Run(r.ctx, lab.First, lab.Run{Workload: lab.Phone, Bulk: 20_000}); err != nil {
		r.t.Fatal(err)
	}
}

// server runs a command on the server and returns what it says.
func (r *awayRun) server(line string) string {
	r.t.Helper()
	out, err := r.lab.Server().Command(r.ctx, "bash", "-ec", line).CombinedOutput()
	if err != nil {
		r.t.Fatalf("%s: %v: %s", line, err, out)
	}
	return string(out)
}

// watched waits until a packet socket is bound to an adapter of the server.
func (r *awayRun) watched(adapter string) {
	r.t.Helper()
	index, _, _ := strings.Cut(r.server("ip -o link show dev "+adapter), ":")
	err := lab.Wait(r.ctx, "a tap on "+adapter, func() (bool, error) {
		for line := range strings.Lines(r.server("cat /proc/net/packet")) {
			// sk RefCnt Type Proto Iface R Rmem User Inode (net/packet/af_packet.c)
			if f := strings.Fields(line); len(f) > 4 && f[4] == index {
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond) // for its ring, which is set up before and read after
}

// tries lets the phone try in vain for as long as f takes.
func (r *awayRun) tries(f func()) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_, _ = r.lab.Run(ctx, lab.First, lab.Run{Workload: lab.Probe}) // nothing answers now
		}
	}()
	f()
	cancel()
	<-done
}

// healthy ends the run and wants it healthy, without a loss or a fault, live and
// in its recording.
func (r *awayRun) healthy(adapter string) outcome {
	t := r.t
	t.Helper()
	settle(t, r.ctx, r.lab)
	time.Sleep(6 * time.Second) // what was asked in vain is judged by then
	got := r.watch.stop(t)
	for name, o := range map[string]outcome{"live": got, "read": readBack(t, "--server-key", r.lab.Plan().ServerKey, r.watch.pcap)} {
		if want := (verdict{Status: "healthy"}); o.verdict != want {
			t.Errorf("%s: %+v\n%s", name, o.verdict, o.text(t))
		}
		if n := o.report.Totals.LostPackets; n != 0 {
			t.Errorf("%s: %d packets called lost\n%s", name, n, o.text(t))
		}
		if !strings.Contains(strings.Join(o.report.Caveats, "\n"), " was away ") {
			t.Errorf("%s: no caveat among %q", name, o.report.Caveats)
		}
	}
	if said := r.watch.stderr.String(); !awayNote(adapter).MatchString(said) {
		t.Errorf("said %q", said)
	}
	return got
}

// TestLiveTunnelRestarts deletes the tunnel and makes it anew during a run, while
// the phone goes on trying.
func TestLiveTunnelRestarts(t *testing.T) {
	t.Run("here", func(t *testing.T) { restartTunnel(t, lab.Config{NoIPv6: true}) })
	t.Run("in a container", func(t *testing.T) { restartTunnel(t, lab.Config{Container: true}) })
}

func restartTunnel(t *testing.T, cfg lab.Config) {
	r := startAway(t, cfg)
	r.tries(func() {
		if err := r.lab.StopTunnel(r.ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		if err := r.lab.StartTunnel(r.ctx); err != nil {
			t.Fatal(err)
		}
	})
	r.watched(r.lab.Plan().Tunnel)
	if err := r.lab.Reconnect(r.ctx, lab.First); err != nil {
		t.Fatal(err)
	}
	r.work()
	got := r.healthy(r.lab.Plan().Tunnel)
	truth, err := r.lab.Truth(r.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !cfg.Container { // there the server's table is the first of two
		checkTruth(t, got, truth, false)
	} else if len(got.report.NAT) < 20 {
		t.Errorf("%d translations\n%s", len(got.report.NAT), got.text(t))
	}
}

// TestLiveWANFlaps switches the WAN adapter off and on during a run, as radios do
// by themselves, and lets it come back with another address besides.
func TestLiveWANFlaps(t *testing.T) {
	r := startAway(t, lab.Config{NoIPv6: true})
	p := r.lab.Plan()
	other := netip.PrefixFrom(p.Server.Gateway4.Next(), p.Server.Addr4.Bits())
	if other.Addr() == p.Server.Addr4.Addr() {
		other = netip.PrefixFrom(other.Addr().Next(), other.Bits())
	}
	r.tries(func() {
		r.server("ip link set " + p.WAN + " down")
		time.Sleep(3 * time.Second)
		// The new address is the one to translate to (inet_select_addr, the first
		// of a network); the phone knows the server by the old one alone.
		via := " via " + p.Server.Gateway4.String() + " dev " + p.WAN + " src "
		r.server("ip link set " + p.WAN + " up; ip -4 addr flush dev " + p.WAN + "; ip addr add " + other.String() + " dev " + p.WAN +
			"; ip addr add " + p.Server.Addr4.String() + " dev " + p.WAN +
			"; ip route add default" + via + other.Addr().String() +
			"; ip route add " + p.Clients[lab.First].Outer.Addr4.Addr().String() + via + p.Server.Addr4.Addr().String())
	})
	r.work()
	got := r.healthy(p.WAN)
	// With the adapter the kernel has forgotten the translations (masquerade), so
	// that nothing is left to hold the first half against.
	outside := map[string]int{}
	for _, m := range got.report.NAT {
		outside[netip.MustParseAddrPort(m.Outside).Addr().String()]++
	}
	if outside[p.Server.Addr4.Addr().String()] < 5 || outside[other.Addr().String()] < 5 {
		t.Errorf("translations to %v, want both addresses\n%s", outside, got.text(t))
	}
}
