package text

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// dataFor returns the fields that the sentence under key may use.
func dataFor(key string) map[string]any {
	kind, rest, _ := strings.Cut(key, "/")
	switch kind {
	case "finding", "cause", "fix", "note", "check":
		return FindingArgs
	case "caveat":
		return CaveatArgs[rest]
	case "word":
		return WordArgs
	}
	return map[string]any{}
}

// filled returns fields with a value other than unknown in each.
func filled(zero map[string]any, n int64) map[string]any {
	data := map[string]any{}
	for name, v := range zero {
		if _, ok := v.(int64); ok {
			data[name] = n
		} else {
			data[name] = "x"
		}
	}
	return data
}

func catalog(t *testing.T, tag string) *Catalog {
	t.Helper()
	c, err := For(tag)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSentences fills every sentence of every language with nothing known and
// with everything known: a template that names a field which callers do not
// promise, or that compares the wrong types, fails here and not on a screen.
func TestSentences(t *testing.T) {
	for _, tag := range Languages() {
		c := catalog(t, tag)
		c.each(func(key, source string) {
			zero := dataFor(key)
			cases := []map[string]any{filled(zero, 1), filled(zero, 14320)}
			if !strings.HasPrefix(key, "word/") { // words are always given what they name
				cases = append(cases, maps.Clone(zero))
			}
			for _, os := range []string{"", "linux", "windows", "macos"} {
				d := filled(zero, 7)
				if _, ok := zero["os"]; ok {
					d["os"] = os
				}
				cases = append(cases, d)
			}
			for _, data := range cases {
				got, err := c.execute(key, source, data)
				if err != nil {
					t.Errorf("%s %s with %v: %v", tag, key, data, err)
					return
				}
				if strings.Contains(got, "<no value>") || strings.Contains(got, "  ") || got != strings.TrimSpace(got) {
					t.Errorf("%s %s: bad sentence %q", tag, key, got)
				}
				if strings.Contains(got, " .") || strings.Contains(got, "..") || strings.Contains(got, " ,") {
					t.Errorf("%s %s: bad punctuation in %q", tag, key, got)
				}
			}
		})
	}
}

// TestLanguagesComplete names every sentence that a language lacks or has too
// many of, measured against English.
func TestLanguagesComplete(t *testing.T) {
	want := keys(catalog(t, "en"))
	for _, tag := range Languages() {
		got := keys(catalog(t, tag))
		for key, empty := range want {
			other, ok := got[key]
			switch {
			case !ok:
				t.Errorf("%s lacks %s", tag, key)
			case other && !empty:
				t.Errorf("%s: %s is empty", tag, key)
			}
		}
		for key := range got {
			if _, ok := want[key]; !ok {
				t.Errorf("%s has %s, which English does not have", tag, key)
			}
		}
	}
}

// keys returns the keys of all sentences, true for empty ones.
func keys(c *Catalog) map[string]bool {
	all := map[string]bool{}
	c.each(func(key, source string) { all[key] = source == "" })
	return all
}

// TestIDs holds the ids that the other packages rely on.
func TestIDs(t *testing.T) {
	c := catalog(t, "en")
	for _, id := range strings.Fields(`healthy no-traffic too-little-evidence capture-lossy capture-one-sided
		captures-unrelated wrong-capture-adapter handshake-unanswered handshake-not-completed
		decrypted-then-dropped not-forwarded nat-missing upstream-silent return-not-forwarded packets-lost-in-host`) {
		f, ok := c.Finding(id, nil)
		if !ok {
			t.Errorf("no finding %s", id)
		}
		for name, s := range map[string]string{"title": f.Title, "headline": f.Headline, "summary": f.Summary, "advice": f.Advice, "worked": f.Worked} {
			if s == "" {
				t.Errorf("finding %s: empty %s", id, name)
			}
		}
	}
	for _, id := range strings.Fields(`server-key-mismatch client-key-unknown host-firewall-blocks-wg-port
		handshake-replay-clock handshake-response-lost preshared-key-mismatch peer-allowedips-overlap
		server-allowedips-lacks-client wrong-capture-adapter ip-forwarding-off forward-policy-drop
		docker-forward-drop ufw-deny-routed rp-filter-drop two-firewalls nat-missing windows-forwarding-off
		netnat-conflict windows-netnat-unavailable nat-wrong-out-interface nat-wrong-subnet nat-gone-after-reboot upstream-offline
		upstream-filtered prefix-not-routed forward-return-path-blocked`) {
		cause, ok := c.Cause(id, nil)
		if !ok || cause.Title == "" || cause.Why == "" || cause.SettledBy == "" {
			t.Errorf("cause %s is incomplete: %+v", id, cause)
		}
	}
	for _, id := range strings.Fields(`fwd-linux fwd-windows nat-linux-nft nat-linux-iptables nat-windows-netnat
		nat-windows-ics nat-macos nat-openwrt filter-linux-nft filter-linux-iptables filter-linux-docker
		filter-linux-ufw filter-linux-firewalld rpfilter-linux port-linux port-windows port-router aip-linux
		aip-windows key-phone peer-linux psk-linux clock-phone upstream-check capture-again`) {
		fix, ok := c.Fix(id, nil)
		if !ok || fix.Title == "" || fix.Changes == "" {
			t.Errorf("fix %s is incomplete: %+v", id, fix)
		}
	}
	for _, id := range strings.Fields(`needs-root needs-admin lost-at-reboot lost-at-tunnel-restart
		insert-not-append removes-other-nat your-tunnel-subnet home-edition persist`) {
		if _, ok := c.lang.notes[id]; !ok {
			t.Errorf("no note %s", id)
		}
	}
	want := slices.Sorted(maps.Keys(CaveatArgs))
	if got := slices.Sorted(maps.Keys(c.lang.caveats)); !slices.Equal(got, want) {
		t.Errorf("caveats\n%v, want\n%v", got, want)
	}
}

func TestUnknownID(t *testing.T) {
	c := catalog(t, "en")
	f, ok := c.Finding("no-such-finding", map[string]any{"client": 5})
	if ok || f.Title != "no such finding" || !strings.Contains(f.Headline, "no-such-finding") {
		t.Errorf("unknown finding: %v %+v", ok, f)
	}
	if cause, ok := c.Cause("no-such", nil); ok || cause.Title != "no such" {
		t.Errorf("unknown cause: %v %+v", ok, cause)
	}
	if got := c.Caveat("no-such", nil); got != "no such" {
		t.Errorf("unknown caveat: %q", got)
	}
	if got := c.Note("", nil); got != "" {
		t.Errorf("empty note: %q", got)
	}
}

func TestForUnknown(t *testing.T) {
	_, err := For("tlh")
	if err == nil || !strings.Contains(err.Error(), `"tlh"`) || !strings.Contains(err.Error(), "en, zh") {
		t.Errorf("For(tlh): %v", err)
	}
}

// TestArgTypes gives numbers in the types that callers count with, and values
// of a wrong type, which count as unknown instead of breaking a sentence.
func TestArgTypes(t *testing.T) {
	c := catalog(t, "en")
	for _, tt := range []struct {
		name string
		args map[string]any
		want string
	}{
		{"uint64", map[string]any{"flows": uint64(37), "flows_answered": uint64(37), "seconds": 30.2}, "All 37 connections were answered, and no fault was seen in 30 s."},
		{"int", map[string]any{"flows": 2, "flows_answered": 1, "untested": "IPv6"}, "1 of 2 connections were answered, and no fault was seen. Not tested: IPv6."},
		{"one", map[string]any{"flows": uint8(1)}, "The one connection that was seen was answered, and no fault was seen."},
		{"wrong type", map[string]any{"flows": []int{1}, "seconds": "soon"}, "The phone's packets go out to the internet and the answers come back to it."},
		{"large", map[string]any{"flows": uint64(1 << 63), "flows_answered": 14320}, "14,320 of 9,223,372,036,854,775,807 connections were answered, and no fault was seen."},
	} {
		f, _ := c.Finding("healthy", tt.args)
		if f.Headline != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, f.Headline, tt.want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1432: "1432", 14320: "14,320", -14320: "-14,320", 1234567: "1,234,567", -100: "-100"} {
		if got := Grouped(n); got != want {
			t.Errorf("Grouped(%d) = %q, want %q", n, got, want)
		}
	}
}
