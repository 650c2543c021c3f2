package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestExplain(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		status int
		want   string // on stdout, or on stderr where the status is not 0
	}{
		{[]string{"explain"}, 0, "nat-missing "},
		{[]string{"explain", "nat-missing"}, 0, "nft add table"},
		{[]string{"explain", "ip-forwarding-off"}, 0, "not-forwarded: "},
		{[]string{"explain", "prefix-not-routed"}, 0, "upstream-silent: "},
		{[]string{"explain", "nat-missing", "--lang", "zh"}, 0, "内网地址"},
		{[]string{"explain", "nat-mising"}, 2, "did you mean: nat-missing?"},
		{[]string{"explain", "return-not-forwardet"}, 2, "did you mean: return-not-forwarded?"},
		{[]string{"explain", "mtu"}, 2, "mtu-outer-blackhole"},
		{[]string{"explain", strings.Repeat("x", 1<<16)}, 2, "wgtrace explain lists"},
		{[]string{"explain", ""}, 2, "unknown finding"},
		{[]string{"explain", "a", "b"}, 2, "one id"},
		{[]string{"explain", "nat-missing", "--lang", "tlh"}, 2, "en, zh"},
		{[]string{"__complete", "explain", "dns-re"}, 0, "dns-refused\t"},
	} {
		var stdout, stderr bytes.Buffer
		status := run(tt.args, nil, &stdout, &stderr)
		said := stdout.String()
		if tt.status != 0 {
			if said != "" {
				t.Errorf("%.40q prints %.100q besides the error", tt.args, said)
			}
			said = stderr.String()
		}
		if status != tt.status || !strings.Contains(said, tt.want) {
			t.Errorf("%.40q: status %d, want %d: %.300q, want %q", tt.args, status, tt.status, said, tt.want)
		}
	}
}
