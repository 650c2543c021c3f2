package main

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/internal/screen"
	"github.com/wgtrace/wgtrace/internal/text"
	"github.com/wgtrace/wgtrace/report"
)

// guideFacts are those of a server in 192.168.1.0/24 whose phone has an address of
// each family.
func guideFacts() *host.Snapshot {
	return &host.Snapshot{OS: "linux",
		Adapters: []host.Adapter{
			{Name: "eth0", Addrs: []netip.Prefix{netip.MustParsePrefix("192.168.1.2/24")}},
			{Name: "wg0", Addrs: []netip.Prefix{netip.MustParsePrefix("10.8.0.1/24")}},
		},
		WireGuard: []host.Device{{Name: "wg0", Peers: []host.Peer{{AllowedIPs: []netip.Prefix{
			netip.MustParsePrefix("10.8.0.2/32"), netip.MustParsePrefix("fd00::2/128"),
		}}}}},
	}
}

// steps writes them in short: x done, > waited for, ! with a hint.
func stepsOf(g *guide, words *text.Catalog, now time.Time) string {
	var b strings.Builder
	for _, s := range g.steps(words, now) {
		switch {
		case s.Done:
			b.WriteByte('x')
		case s.Now && s.Hint != "":
			b.WriteByte('!')
		case s.Now:
			b.WriteByte('>')
		default:
			b.WriteByte('.')
		}
	}
	return b.String()
}

// TestGuide ticks the steps one by one as their packets come.
func TestGuide(t *testing.T) {
	words, err := text.For("en")
	if err != nil {
		t.Fatal(err)
	}
	g := newGuide(words, defaultTest, "wg0", guideFacts(), guideFacts())
	now := time.Unix(1000, 0)
	ev := &correlate.Evidence{}
	look := func(after time.Duration, want string) {
		t.Helper()
		now = now.Add(after)
		g.look(ev, now)
		if got := stepsOf(g, words, now); got != want {
			t.Errorf("%s: %q, want %q", now.Sub(time.Unix(1000, 0)), got, want)
		}
	}
	if got := g.steps(words, now)[stepNumber].Text; !strings.Contains(got, "1.1.1.1 or [2606:4700:4700::1111]") {
		t.Errorf("the page is asked for by %q", got)
	}
	look(0, ">...")
	look(14*time.Second, ">...")
	look(time.Second, "!...")
	phone := correlate.Peer{Endpoint: netip.MustParseAddrPort("192.168.1.9:5000"), Initiations: 1}
	ev.WireGuard.Peers = []correlate.Peer{phone}
	look(time.Second, "!...")
	if hint := g.steps(words, now)[0].Hint; !strings.Contains(hint, "192.168.1.9") {
		t.Errorf("a phone on the Wi-Fi of the server: %q", hint)
	}
	// It was connected already: data, and no new greeting.
	phone.Endpoint, phone.Initiations, phone.DataIn = netip.MustParseAddrPort("198.51.100.9:5000"), 0, 3
	ev.WireGuard.Peers[0] = phone
	look(0, "x>..")
	ev.WireGuard.Peers[0].Initiations = 1
	look(0, "xx>.")
	ev.Flows = []correlate.Flow{
		{Remote: netip.MustParseAddrPort("1.1.1.1:53"), In: correlate.Count{Packets: 1}},
		{Remote: netip.MustParseAddrPort("1.0.0.1:443"), In: correlate.Count{Packets: 1}},
	}
	look(15*time.Second, "xx!.")
	ev.Flows = append(ev.Flows, correlate.Flow{Remote: netip.MustParseAddrPort("[2606:4700:4700::1111]:80"), In: correlate.Count{Packets: 1}})
	look(0, "xxx>")
	if g.square() != "" {
		t.Error("the square is still of use")
	}
	look(15*time.Second, "xxx!")
	g.answer(false)
	look(0, "xxx!")
	if hint := g.steps(words, now)[stepName].Hint; !strings.Contains(hint, "did not load") {
		t.Errorf("after n: %q", hint)
	}
	ev.Clients = []correlate.Client{{}}
	ev.Clients[0].Stages[correlate.TunnelIn].Packets = 1
	look(0, "xxx!")
	g.answer(true)
	look(0, "xxxx")
	g.answer(false)
	look(0, "xxx!")
}

// TestGuideAnsweredEarly: what the person says before anything of the phone came
// ticks no step, and a page that loaded did so without the tunnel.
func TestGuideAnsweredEarly(t *testing.T) {
	words, err := text.For("en")
	if err != nil {
		t.Fatal(err)
	}
	g := newGuide(words, "http://example.net", "wg0", guideFacts(), guideFacts())
	at, ev := time.Unix(1000, 0), &correlate.Evidence{}
	look := func(want, hint string) {
		t.Helper()
		g.look(ev, at)
		if got := stepsOf(g, words, at); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := g.steps(words, at)[strings.IndexByte(want, '!')].Hint; !strings.Contains(got, hint) {
			t.Errorf("%s: %q, want %q", want, got, hint)
		}
	}
	g.look(ev, at)
	g.answer(false)
	look("...!", "did not load. Nothing of the phone has come")
	g.answer(true)
	look("!...", "past the tunnel")
	ev.WireGuard.Peers = []correlate.Peer{{Endpoint: netip.MustParseAddrPort("198.51.100.9:5000"), Initiations: 1}}
	look("xx!.", "past the tunnel")
	ev.Clients = []correlate.Client{{}}
	ev.Clients[0].Stages[correlate.TunnelIn].Packets = 1
	at = at.Add(patience)
	look("xx!.", "Nothing of example.net yet")
}

// TestGuideMute: where no key is read, none is asked for.
func TestGuideMute(t *testing.T) {
	words, err := text.For("en")
	if err != nil {
		t.Fatal(err)
	}
	g := newGuide(words, defaultTest, "wg0", guideFacts(), guideFacts())
	g.mute = true
	g.done = [numSteps]bool{true, true, true}
	at := time.Unix(1000, 0)
	g.look(&correlate.Evidence{}, at)
	for _, s := range g.steps(words, at.Add(patience)) {
		if strings.Contains(s.Alone, "y/n") || s.Hint != "" {
			t.Errorf("it says %q, %q", s.Alone, s.Hint)
		}
	}
}

// TestTestURL: only what a phone can open gets into the square.
func TestTestURL(t *testing.T) {
	for link, ok := range map[string]bool{
		"http://1.1.1.1": true, "https://[2606:4700:4700::1111]/": true, "http://example.net/x": true,
		"": false, "1.1.1.1": false, "ftp://1.1.1.1": false, "javascript:alert(1)": false, "http://": false,
		"http://a\x1b[2J": false, "http://" + strings.Repeat("a", 100): false,
	} {
		if err := checkTestURL(link); (err == nil) != ok {
			t.Errorf("%q: %v", link, err)
		}
	}
	if got := wgtrace(nil, "live", "--test-url", "nowhere"); got.status != exitUsage || !strings.Contains(got.stderr, "--test-url nowhere: not an address of a page") {
		t.Errorf("status %d, %s", got.status, got.stderr)
	}
}

// TestRepaired: a verdict that turns from fault to healthy is told with the
// requests since, one that turns back is not.
func TestRepaired(t *testing.T) {
	words, err := text.For("en")
	if err != nil {
		t.Fatal(err)
	}
	v := &view{words: words}
	ev := &correlate.Evidence{Clients: []correlate.Client{{}}}
	var before, since correlate.Ledger
	before.Fates[correlate.FateNoEgress].Count = 9
	since.Fates[correlate.FateAnswered].Count, since.Fates[correlate.FateNoReply].Count, since.Fates[correlate.FatePending].Count = 14, 1, 5
	ev.Clients[0].Families[0].Ledgers = []correlate.Ledger{before, since}
	at := time.Date(2026, 1, 2, 10, 2, 41, 0, time.Local)
	for i, c := range []struct {
		status diagnose.Status
		want   string
	}{
		{diagnose.StatusHealthy, ""}, {diagnose.StatusFault, ""}, {diagnose.StatusInconclusive, ""},
		{diagnose.StatusHealthy, "FIXED 10:02:41: 15 of 15 left, 14 answered"},
		{diagnose.StatusHealthy, "FIXED 10:02:41: 15 of 15 left, 14 answered"},
		{diagnose.StatusFault, ""}, {diagnose.StatusInconclusive, ""},
		{diagnose.StatusHealthy, "FIXED 10:02:44: 15 of 15 left, 14 answered"},
	} {
		now := at
		if i == 4 {
			now = at.Add(time.Second) // the moment stays
		}
		if i > 4 {
			now = at.Add(3 * time.Second)
		}
		if got := v.repaired(ev, &diagnose.Diagnosis{Status: c.status}, now); got != c.want {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
	}
}

// TestReminder: a repair that takes itself back is asked to be kept while it may still
// do so.
func TestReminder(t *testing.T) {
	at := time.Date(2026, 1, 2, 10, 2, 41, 0, time.Local)
	v := &view{keep: "kill 1", fixed: at}
	if got := v.reminder(at); got != "" {
		t.Errorf("nothing is repaired, and it says %q", got)
	}
	v.gone = "FIXED"
	if got := v.reminder(at.Add(2 * time.Minute)); got != "kill 1" {
		t.Errorf("it says %q", got)
	}
	if got := v.reminder(at.Add(3 * time.Minute)); got != "" {
		t.Errorf("too late it says %q", got)
	}
}

// TestCompareSettings: what turns from right to wrong, or back, begins an episode;
// what becomes known does not.
func TestCompareSettings(t *testing.T) {
	v := &view{}
	check := func(id string, s diagnose.State) diagnose.Check { return diagnose.Check{ID: id, State: s} }
	told := func() (all []string) {
		for _, c := range v.changed[0].list {
			all = append(all, c.what...)
		}
		v.changed[0].list = nil
		return all
	}
	for i, c := range []struct {
		checks []diagnose.Check
		want   []string
	}{
		{[]diagnose.Check{check("forwarding", diagnose.StateWrong), check("nat", diagnose.StateUnknown)}, nil},
		{[]diagnose.Check{check("forwarding", diagnose.StateWrong), check("nat", diagnose.StateOK)}, nil},
		{[]diagnose.Check{check("forwarding", diagnose.StateUnknown), check("nat", diagnose.StateOK)}, nil},
		{[]diagnose.Check{check("forwarding", diagnose.StateOK), check("nat", diagnose.StateWrong)}, []string{"forwarding", "nat"}},
		{[]diagnose.Check{check("forwarding", diagnose.StateOK), check("nat", diagnose.StateWrong)}, nil},
	} {
		v.compare(c.checks, time.Unix(int64(i), 0))
		if got := told(); !slices.Equal(got, c.want) {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
	}
}

// TestLineShow says each thing once.
func TestLineShow(t *testing.T) {
	var out strings.Builder
	o := &liveOptions{}
	l := &lineShow{w: &out, note: o.note}
	state := screen.State{Elapsed: "00:01", Steps: []screen.Step{{Alone: "Wi-Fi off.", Text: "with the square"}}, Brief: report.Brief{Headline: "3 were lost."}}
	l.show(state, &diagnose.Diagnosis{})
	state.Steps[0].Done, state.Elapsed = true, "00:02"
	l.show(state, &diagnose.Diagnosis{Status: diagnose.StatusFault, Finding: "nat-missing"})
	state.Brief.Headline, state.Elapsed = "4 were lost.", "00:03"
	l.show(state, &diagnose.Diagnosis{Status: diagnose.StatusFault, Finding: "nat-missing"})
	state.Fixed, state.Brief.Headline = "FIXED", "All is well."
	l.show(state, &diagnose.Diagnosis{Status: diagnose.StatusHealthy})
	want := "wgtrace: step 1: Wi-Fi off.\nwgtrace: step 1: ok\nwgtrace: 00:02 3 were lost.\nwgtrace: 00:03 All is well.\nwgtrace: FIXED\n"
	if out.String() != want {
		t.Errorf("it says\n%s, want\n%s", out.String(), want)
	}
}
