package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/internal/host"
	"github.com/wgtrace/wgtrace/report"
)

func TestHabitual(t *testing.T) {
	for _, c := range []struct{ typed, means string }{
		{"", ""},
		{"-h", "-h"},
		{"--version", "--version"},
		{"live -D", "live -D"},
		{"-D", "interfaces"},
		{"--json -D", "interfaces --json"},
		{"-r a.pcap -r b.pcap port 53", "read -r a.pcap -r b.pcap port 53"},
		{"-ra.pcap", "read -ra.pcap"},
		{"-i wg0 -c 10 host 1.1.1.1", "live -i wg0 -c 10 host 1.1.1.1"},
		{"--tunnel wg0", "live --tunnel wg0"},
		{"-", "-"},
	} {
		if got := strings.Join(habitual(strings.Fields(c.typed)), " "); got != c.means {
			t.Errorf("%q becomes %q, want %q", c.typed, got, c.means)
		}
	}
}

// TestFilter: a filter changes what is listed, and nothing else.
func TestFilter(t *testing.T) {
	dir := filepath.Join(recorded, "healthy-phone")
	files := []string{"-r", filepath.Join(dir, "tunnel.pcap"), "-r", filepath.Join(dir, "wan.pcap"), "--format", "json"}
	parse := func(args ...string) (r report.Report) {
		t.Helper()
		got := wgtrace(nil, append(slices.Clone(files), args...)...)
		if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
			t.Fatalf("%v: %s", err, got.stderr)
		}
		return r
	}
	all := parse()
	some := parse("udp", "and", "port", "443")
	if all.Filter != nil || some.Filter == nil || some.Filter.Expression != "udp and port 443" {
		t.Fatalf("filters %+v and %+v", all.Filter, some.Filter)
	}
	want := 0
	for _, f := range all.Flows {
		if f.Protocol == "udp" && (strings.HasSuffix(*f.Remote, ":443") || strings.HasSuffix(*f.Client, ":443")) {
			want++
		}
	}
	if want == 0 || want == len(all.Flows) || len(some.Flows) != want || some.Filter.FlowsHidden != uint64(len(all.Flows)-want) {
		t.Errorf("%d of %d flows listed, %d hidden, want %d", len(some.Flows), len(all.Flows), some.Filter.FlowsHidden, want)
	}
	if some.Filter.NATHidden != uint64(len(all.NAT)-len(some.NAT)) || len(some.NAT) >= len(all.NAT) {
		t.Errorf("%d of %d translations listed, %d hidden", len(some.NAT), len(all.NAT), some.Filter.NATHidden)
	}
	if some.Verdict.Headline != all.Verdict.Headline || some.Totals != all.Totals {
		t.Errorf("the filter changed the verdict: %+v, %+v", some.Verdict, some.Totals)
	}
	text := wgtrace(nil, append(slices.Clone(files[:4]), "udp", "port", "443")...)
	if !strings.Contains(text.stdout, `Listed is what matches "udp port 443"`) {
		t.Error(text.stdout)
	}
}

func TestSortAdapters(t *testing.T) {
	facts := &host.Snapshot{Adapters: []host.Adapter{
		{Name: "eth0", Kind: host.KindEthernet, Up: true},
		{Name: "wg0", Kind: host.KindWireGuard, Up: true},
	}}
	for _, c := range []struct {
		names       []string
		tunnel, wan string
		lines       string
		refused     bool
	}{
		{names: []string{"eth0", "wg0"}, tunnel: "wg0", wan: "eth0"},
		{names: []string{"wg0"}, tunnel: "wg0"},
		{names: []string{"netns:7/wg1", "ppp0"}, tunnel: "netns:7/wg1", wan: "ppp0"},
		{names: []string{"eth0", "eth1", "eth0"}, wan: "eth0", lines: "eth1"},
		{names: []string{"netns:7/wg1", "wg0"}, refused: true},
	} {
		o := liveOptions{adapters: c.names}
		err := o.sortAdapters(facts)
		if (err != nil) != c.refused || !c.refused && (o.tunnel != c.tunnel || o.wan != c.wan || strings.Join(o.lines, " ") != c.lines) {
			t.Errorf("%v: tunnel %q, WAN %q, %v", c.names, o.tunnel, o.wan, err)
		}
	}
}

func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"explain", "nat-mis"}, "nat-missing\t"},
		{[]string{"live", "--tunnel", ""}, "lo\n"},
		{[]string{"read", "--format", "m"}, "markdown\n"},
		{[]string{"read", "--os", ""}, "routeros\n"},
		{[]string{"read", "--lang", ""}, "zh\n"},
	} {
		if got := wgtrace(nil, append([]string{"__complete"}, c.words...)...); !strings.Contains(got.stdout, c.want) {
			t.Errorf("%q completes to %q", c.words, got.stdout)
		}
	}
}
