package main

import "testing"

func TestParseSession(t *testing.T) {
	for value, want := range map[string]string{
		"203.0.113.9 50022 192.0.2.1 22":              "203.0.113.9:50022 192.0.2.1:22",
		"2001:db8::9 50022 2001:db8::1 2222":          "[2001:db8::9]:50022 [2001:db8::1]:2222",
		"fe80::9%eth0 50022 fe80::1%eth0 22":          "[fe80::9]:50022 [fe80::1]:22",
		"::ffff:203.0.113.9 50022 ::ffff:192.0.2.1 1": "203.0.113.9:50022 192.0.2.1:1",
		"": "", "203.0.113.9 50022 192.0.2.1": "", "a b c d": "", "203.0.113.9 70000 192.0.2.1 22": "", "UNKNOWN 65535 UNKNOWN 65535": "",
	} {
		got := ""
		if c, ok := parseSession(value); ok {
			got = c.One.String() + " " + c.Other.String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}
