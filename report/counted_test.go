package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
)

// TestCounted: an answer of settings and counters says so in both languages and in
// JSON, with null for what is not known.
func TestCounted(t *testing.T) {
	counted := &diagnose.Counted{
		OS: "linux", Watched: 10 * time.Second,
		TunnelIn: diagnose.Growth{N: 14, Known: true}, Forwarded: diagnose.Growth{Known: true}, TunnelOut: diagnose.Growth{Known: true},
		Status: diagnose.StatusFault, Basis: "counters", StoppedAfter: correlate.TunnelIn, StoppedBefore: correlate.WANOut, Confidence: 0.6, Says: "stuck",
	}
	for lang, want := range map[string][]string{
		"en": {"14 packets came out of the tunnel, and this computer passed on none of them", "counted in 10 s", "passed on, both ways       +0 packets", "received from there        not known", "No packet was looked at"},
		"zh": {"有 14 个数据包从隧道出来", "10 秒内", "+14 个数据包", "没有看任何数据包"},
	} {
		c := BuildCheck(nil, counted, time.Time{}, Info{Lang: lang, Live: true})
		var out bytes.Buffer
		if err := CheckText(&out, c, TextOptions{Width: 100}); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: no %q in\n%s", lang, w, out.String())
			}
		}
	}
	raw, err := json.Marshal(BuildCheck(nil, counted, time.Time{}, Info{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"verdict":{"status":"fault","basis":"counters","stopped_after":"tunnel_in","stopped_before":"wan_out","confidence":0.6,`,
		`"counters":{"watched_us":10000000,"tunnel_in":14,"forwarded":0,"refused":null,"wan_out":null,"wan_in":null,"tunnel_out":0}`,
	} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("no %s in %s", want, raw)
		}
	}
}
