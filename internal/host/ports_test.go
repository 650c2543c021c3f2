package host

import (
	"encoding/json"
	"testing"
)

func TestTranslationPorts(t *testing.T) {
	for text, want := range map[string]int{
		`50000`: 1, `{"range":[5,9]}`: 5, `{"range":[9,5]}`: 0, `"x"`: 0, ``: 0, `{"range":[5]}`: 0, `-1`: 0,
	} {
		if n := nftPorts(json.RawMessage(text)); n != want {
			t.Errorf("nft %s: %d, want %d", text, n, want)
		}
	}
	for text, want := range map[string]int{
		"1000-1010": 11, "1000": 1, "192.0.2.1:5-9": 5, "192.0.2.1": 0, "192.0.2.1-192.0.2.9": 0,
		"[2001:db8::1]:7-8": 2, "2001:db8::1": 0, "9-5": 0, "70000": 0, "": 0,
	} {
		if n := iptablesPorts(text); n != want {
			t.Errorf("iptables %s: %d, want %d", text, n, want)
		}
	}
	few := on(VerdictTranslate, "masquerade", is(FieldProtocol, "tcp"))
	few.Ports = 3
	all := on(VerdictTranslate, "masquerade", is(FieldOut, "eth0"))
	for _, c := range []struct {
		name  string
		rules []Rule
		ports int
		known bool
	}{
		{"TCP has few", []Rule{few, all}, 3, true},
		{"as many as there are", []Rule{all, few}, 0, true},
		{"nothing translates UDP", []Rule{few}, 0, false},
		{"not understood", []Rule{unclear(few), all}, 0, false},
		{"a rule of somebody else's before", []Rule{on(VerdictJump, "other"), all}, 0, false},
		{"one that only counts", []Rule{on(VerdictNone, ""), few, all}, 3, true},
	} {
		if n, ok := withRules(natChain(c.rules...)).TranslationPorts(phonePath); n != c.ports || ok != c.known {
			t.Errorf("%s: %d, %v", c.name, n, ok)
		}
	}
}
