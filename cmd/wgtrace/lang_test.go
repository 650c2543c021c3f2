package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestSystemLang(t *testing.T) {
	for _, tt := range []struct{ all, messages, lang, want string }{
		{"", "", "", "en"},
		{"", "", "zh_CN.UTF-8", "zh"},
		{"", "", "zh", "zh"},
		{"", "zh-Hans", "en_US.UTF-8", "zh"},
		{"C", "zh_CN.UTF-8", "zh_CN.UTF-8", "en"},
		{"", "", "de_DE.UTF-8", "en"},
		{"", "", "zha_CN", "en"},
	} {
		t.Setenv("LC_ALL", tt.all)
		t.Setenv("LC_MESSAGES", tt.messages)
		t.Setenv("LANG", tt.lang)
		if got := systemLang(); got != tt.want {
			t.Errorf("LC_ALL=%q LC_MESSAGES=%q LANG=%q: %q, want %q", tt.all, tt.messages, tt.lang, got, tt.want)
		}
	}
}

// TestLang: the flag decides over the system, for people and in the sentences
// for programs, while ids stay as they are.
func TestLang(t *testing.T) {
	t.Chdir("../..")
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	out := func(args ...string) string {
		var stdout, stderr bytes.Buffer
		dir := "testdata/pcaps/nat-missing-phone/"
		run(append([]string{"read", dir + "tunnel.pcap", dir + "wan.pcap"}, args...), nil, &stdout, &stderr)
		return stdout.String()
	}
	if got := out(); !strings.Contains(got, "手机的内网地址") {
		t.Errorf("zh_CN gives no Chinese: %.200s", got)
	}
	if got := out("--lang", "en"); !strings.Contains(got, "the phone's private address") {
		t.Errorf("--lang en: %.200s", got)
	}
	if got := out("--format", "json"); !strings.Contains(got, `"finding": "nat-missing"`) || !strings.Contains(got, "手机的内网地址") {
		t.Errorf("json: %.600s", got)
	}
	var stdout, stderr bytes.Buffer
	if status := run([]string{"demo"}, nil, &stdout, &stderr); status != 0 || !strings.Contains(stdout.String(), "手机的内网地址") {
		t.Errorf("demo: status %d, %s, %.400s", status, stderr.String(), stdout.String())
	}
	if got := out("--lang", "tlh"); got != "" {
		t.Errorf("--lang tlh prints %.200s", got)
	}
}
