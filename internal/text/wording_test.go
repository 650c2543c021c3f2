package text

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var fieldName = regexp.MustCompile(`\.[a-z_]+`)

// fieldsOf returns the names of the fields that a sentence uses.
func fieldsOf(source string) []string {
	used := map[string]bool{}
	for _, action := range regexp.MustCompile(`{{[^}]*}}`).FindAllString(source, -1) {
		// What stands in quotation marks is text.
		for _, name := range fieldName.FindAllString(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(action, ""), -1) {
			used[name] = true
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// TestFieldsAgree holds every language to what English tells: a sentence that
// leaves out a number or a name says less, one that adds a field was made for
// another sentence.
func TestFieldsAgree(t *testing.T) {
	sources := func(tag string) map[string]string {
		all := map[string]string{}
		catalog(t, tag).each(func(key, source string) { all[key] = source })
		return all
	}
	english := sources("en")
	for _, tag := range Languages() {
		for key, source := range sources(tag) {
			if want, got := fieldsOf(english[key]), fieldsOf(source); !slices.Equal(got, want) {
				t.Errorf("%s %s uses %v, English uses %v", tag, key, got, want)
			}
		}
	}
}

// TestExplained: every finding says how it looks and what it is mistaken for.
func TestExplained(t *testing.T) {
	c := catalog(t, "en")
	for id := range c.lang.findings {
		e, ok := c.Explain(id)
		if id == "healthy" {
			continue
		}
		if !ok || e.Search == "" || e.Signs == "" || e.Alike == "" {
			t.Errorf("finding %s is not explained: %+v", id, e)
		}
	}
	for id, e := range c.lang.explain {
		if _, ok := c.lang.findings[id]; !ok {
			t.Errorf("%s is explained and no finding", id)
		}
		// What it is told apart from must be something that can be looked up.
		for _, word := range regexp.MustCompile(`[a-z0-9]+(-[a-z0-9]+)+`).FindAllString(e.Alike, -1) {
			_, finding := c.lang.findings[word]
			if parts := strings.Count(word, "-"); parts > 1 && !finding {
				t.Errorf("%s names %s, which is no finding", id, word)
			}
		}
	}
}

// TestWording holds the rules that keep the first lines readable and safe: what
// stands in them names things as people do, but for commands and settings, which
// are in quotation marks or written as they are typed.
func TestWording(t *testing.T) {
	jargon := regexp.MustCompile(`(?i)\b(ingress|egress|conntrack|snat|dnat|masquerade|p[012]|mtu|icmp|ttl|ipv4 header|datagrams?)\b`)
	unsafe := regexp.MustCompile(`(?i)(disable|turn off|switch off|stop) (the|your) firewall|reinstall|(关闭|关掉|停用|禁用)防火墙|重装|重新安装`)
	blame := regexp.MustCompile(`(?i)\b(you (forgot|failed|should have)|your (fault|mistake)|wrongly|incorrectly)\b|你忘|你的错|你没有`)
	quoted := regexp.MustCompile(`"[^"]*"|MTU = \d+`)
	for _, tag := range Languages() {
		c := catalog(t, tag)
		c.each(func(key, source string) {
			plain := quoted.ReplaceAllString(source, "")
			if m := jargon.FindString(plain); front(key) && m != "" {
				t.Errorf("%s %s uses %q: %s", tag, key, m, source)
			}
			if m := unsafe.FindString(source); m != "" {
				t.Errorf("%s %s advises %q", tag, key, m)
			}
			if m := blame.FindString(source); m != "" {
				t.Errorf("%s %s blames: %q", tag, key, m)
			}
		})
	}
}

// front reports whether a sentence can stand in the first lines of a report.
func front(key string) bool {
	kind, rest, _ := strings.Cut(key, "/")
	_, field, _ := strings.Cut(rest, "/")
	switch kind {
	case "finding":
		return field != "summary"
	case "cause":
		return field != "why"
	case "fix", "note":
		return true
	}
	return false
}
