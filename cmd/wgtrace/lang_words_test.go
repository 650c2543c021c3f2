package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/internal/text"
)

// TestReasonsInEveryLanguage reads the reasons that package host gives for a
// choice of adapters: each must be there in every language.
func TestReasonsInEveryLanguage(t *testing.T) {
	source, err := os.ReadFile("../../internal/host/choice.go")
	if err != nil {
		t.Fatal(err)
	}
	label := regexp.MustCompile(`label := fmt.Sprintf\("(.*)%d(.*)", family\)`).FindSubmatch(source)
	found := regexp.MustCompile(`(Why: +|Problem: +)(label(?: \+ )?)?(?:"([^"]*)")?[,}]`).FindAllSubmatch(source, -1)
	if len(found) < 8 || label == nil {
		t.Fatalf("%d reasons, label %q: the source is written another way", len(found), label)
	}
	for _, m := range found {
		if strings.HasPrefix(string(m[3]), "no ") || len(m[2])+len(m[3]) == 0 {
			continue // of the machine, which no row of the list tells
		}
		for _, family := range []string{"4", "6"} {
			why := string(m[3])
			if len(m[2]) > 0 {
				why = string(label[1]) + family + string(label[2]) + why
			}
			for _, lang := range text.Languages() {
				words, err := text.For(lang)
				if err != nil {
					t.Fatal(err)
				}
				if said := reasonIn(words, why); (said == why) != (lang == "en") {
					t.Errorf("%s: %q is %q", lang, why, said)
				}
			}
		}
	}
}

// TestAnswersInChinese: what is no report, neither JSON nor a message, is in the
// language that was asked for.
func TestAnswersInChinese(t *testing.T) {
	packed := recorded + "/nat-missing-phone/tunnel.pcap"
	for _, c := range []struct {
		args          []string
		want, english string
	}{
		{[]string{"interfaces"}, "网卡", "adapter"},
		{[]string{"interfaces", packed}, "链路类型", "link type"},
		{[]string{"demo"}, "### 手机显示已连接", "A phone says connected"},
		{[]string{"demo", "--list"}, "实验网络的场景", "Scenarios of the lab"},
	} {
		got := wgtrace(nil, append(c.args, "--lang", "zh")...)
		if !strings.Contains(got.stdout, c.want) || strings.Contains(got.stdout, c.english) {
			t.Errorf("%q:\n%s%s", c.args, got.stdout, got.stderr)
		}
		if c.args[0] != "interfaces" {
			continue
		}
		json := wgtrace(nil, append(c.args, "--json", "--lang", "zh")...)
		if json.stdout != wgtrace(nil, append(c.args, "--json", "--lang", "en")...).stdout || json.status != exitHealthy {
			t.Errorf("%q: JSON depends on the language:\n%s", c.args, json.stdout)
		}
	}
	if got := wgtrace(nil, "interfaces", "--lang", "xx"); got.status != exitUsage {
		t.Errorf("an unknown language: status %d", got.status)
	}
}
