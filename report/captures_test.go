package report

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
)

func textOf(t *testing.T, r *Report, opts TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, r, opts); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestZone(t *testing.T) {
	s := samples()[0]
	for _, c := range []struct {
		name    string
		seconds int
		want    string
	}{
		{"", 0, "Times are in UTC."},
		{"UTC", 0, "Times are in UTC."},
		{"GMT", 0, "Times are in GMT (UTC+00:00)."},
		{"CET", 3600, "Times are in CET (UTC+01:00)."},
		{"-03", -3 * 3600, "Times are in UTC-03:00."},
		{"IST", 19800, "Times are in IST (UTC+05:30)."},
		{"NST", -12600, "Times are in NST (UTC-03:30)."},
	} {
		got := textOf(t, Build(s.ev, s.d, s.info), TextOptions{Location: time.FixedZone(c.name, c.seconds)})
		if !strings.Contains(got, c.want) {
			t.Errorf("zone %q %d: %q is missing in\n%s", c.name, c.seconds, c.want, got)
		}
	}
}

// TestSplitCapture: an interface whose packets were all split by interface index
// is no row of its own; one that holds packets, or stands alone, is.
func TestSplitCapture(t *testing.T) {
	row := func(index int, ifIndex uint32, packets uint64) correlate.Capture {
		return correlate.Capture{Source: "any.pcapng", Packets: packets,
			Interface: capture.Interface{Index: index, IfIndex: ifIndex, LinkType: capture.LinkTypeLinuxSLL2}}
	}
	ev := &correlate.Evidence{Captures: []correlate.Capture{row(0, 0, 0), row(1, 0, 0), row(2, 0, 3), row(0, 7, 5), row(2, 7, 5)}}
	r := Build(ev, &diagnose.Diagnosis{Headline: -1}, Info{})
	var got []string
	for _, c := range r.Captures {
		got = append(got, strconv.FormatUint(c.Packets, 10))
	}
	if want := "0 3 5 5"; strings.Join(got, " ") != want {
		t.Errorf("captures hold %v packets, want %s", got, want)
	}
}

// TestUntiedStages: what leaves on the WAN cannot be counted without the tunnel.
func TestUntiedStages(t *testing.T) {
	ev := &correlate.Evidence{Coverage: correlate.Coverage{WAN: true}}
	for s := range ev.Stages {
		ev.Stages[s].Observed = true
	}
	r := Build(ev, &diagnose.Diagnosis{Headline: -1}, Info{})
	if r.Stages.WANOut != nil || r.Stages.WANIn != nil || r.Stages.OuterIn == nil {
		t.Errorf("stages %+v", r.Stages)
	}
	ev.Coverage.Tunnel = true
	if r = Build(ev, &diagnose.Diagnosis{Headline: -1}, Info{}); r.Stages.WANOut == nil || r.Stages.WANIn == nil {
		t.Errorf("with the tunnel: stages %+v", r.Stages)
	}
}

// TestManyCaptures: a file can describe thousands of interfaces.
func TestManyCaptures(t *testing.T) {
	ev := &correlate.Evidence{}
	for i := range 300 {
		ev.Captures = append(ev.Captures, correlate.Capture{Source: "unused.pcapng"})
		ev.Caveats = append(ev.Caveats, correlate.Caveat{ID: "truncated", Args: map[string]any{"source": fmt.Sprintf("cut-%d.pcapng", i), "count": int64(1)}})
	}
	ev.Captures = append(ev.Captures, correlate.Capture{Source: "last.pcapng", Role: capture.RoleWAN, RoleWhy: "name"})
	got := textOf(t, Build(ev, &diagnose.Diagnosis{Headline: -1}, Info{}), TextOptions{})
	if n := strings.Count(got, "unused.pcapng"); n != textRows-1 {
		t.Errorf("%d rows of interfaces that were not used, want %d", n, textRows-1)
	}
	if n := strings.Count(got, "cut-"); n != textRows {
		t.Errorf("%d caveats, want %d", n, textRows)
	}
	if !strings.Contains(got, "last.pcapng") {
		t.Errorf("the capture that was used is missing in\n%s", got)
	}
}
