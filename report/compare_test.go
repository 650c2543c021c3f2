package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// saved is a report as compare gets it: written and read again.
func saved(t *testing.T, s sample) *Report {
	t.Helper()
	r, err := Decode(encode(t, s))
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	return r
}

func compared(t *testing.T, before, after *Report) (*Comparison, string) {
	t.Helper()
	c := Compare(before, after, [2]string{"before.json", "after.json"}, Info{Version: "0.1.0", OS: "linux", Arch: "amd64"})
	var b bytes.Buffer
	if err := CompareText(&b, c, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	return c, b.String()
}

// TestCompare: every change of the verdict has its sentence, and the places say
// what began and ceased to pass.
func TestCompare(t *testing.T) {
	nat, forwarding, healthy, none := natMissingSample(), notForwardedLinux(), healthySample(), noTrafficSample()
	for _, tt := range []struct {
		before, after sample
		change, says  string
	}{
		{forwarding, healthy, "fault-healthy", "Fixed: what was wrong works now."},
		{healthy, forwarding, "healthy-fault", "wan_out 40 -> 0: nothing passes any more"},
		{forwarding, healthy, "fault-healthy", "wan_out 0 -> 40: fixed"},
		{forwarding, nat, "fault-other", "wan_out 0 -> 70: fixed"},
		{forwarding, forwarding, "fault-fault", "Not fixed: the same fault is still there."},
		{forwarding, none, "fault-inconclusive", "Not known whether it is fixed"},
		{none, healthy, "inconclusive-healthy", "It works now"},
		{none, nat, "inconclusive-fault", "There is a fault now"},
		{none, none, "inconclusive-inconclusive", "Neither run could tell."},
		{healthy, none, "healthy-inconclusive", "It worked before"},
		{healthy, healthy, "healthy-healthy", "It worked before, and it works now."},
		{nat, healthy, "fault-healthy", "Packets leave with the phone's private address  gone"},
		{healthy, nat, "healthy-fault", "Packets leave with the phone's private address  new"},
	} {
		c, text := compared(t, saved(t, tt.before), saved(t, tt.after))
		if c.Change != tt.change || !strings.Contains(text, tt.says) {
			t.Errorf("%s, %s: %s, want %s and %q in\n%s", tt.before.name, tt.after.name, c.Change, tt.change, tt.says, text)
		}
	}
}

// TestCompareGolden holds a comparison as it is read.
func TestCompareGolden(t *testing.T) {
	c, text := compared(t, saved(t, notForwardedLinux()), saved(t, healthySample()))
	var ticket, object bytes.Buffer
	if err := CompareMarkdown(&ticket, c); err != nil {
		t.Fatal(err)
	}
	e := json.NewEncoder(&object)
	e.SetIndent("", "  ")
	if err := e.Encode(c); err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "compare.txt", []byte(text))
	compareGolden(t, "compare.md", ticket.Bytes())
	compareGolden(t, "compare.json", object.Bytes())
}

// TestCompareTimes: a time that a person feels is named, another is not; a
// device that is judged otherwise is named, unless addresses are hidden.
func TestCompareTimes(t *testing.T) {
	run := func(remote float64) *Report {
		r := saved(t, healthySample())
		r.Flows = r.Flows[:1]
		r.Flows[0].Latency = Latencies{Forward: &Latency{Median: remote / 1000}, Remote: &Latency{Median: remote}}
		return r
	}
	c, _ := compared(t, run(10_000), run(25_000))
	if len(c.Times) != 1 || c.Times[0] != (TimeChange{"remote", 10_000, 25_000}) {
		t.Errorf("times %+v", c.Times)
	}
	if c, _ := compared(t, run(10_000), run(15_000)); len(c.Times) != 0 {
		t.Errorf("half as long again is named: %+v", c.Times)
	}
	if c, _ := compared(t, run(100), run(900)); len(c.Times) != 0 {
		t.Errorf("less than a millisecond is named: %+v", c.Times)
	}
	before, after := saved(t, natMissingSample()), saved(t, natMissingSample())
	after.Clients[0].Verdict = ShortVerdict{Status: "healthy"}
	if c, _ := compared(t, before, after); len(c.Clients) != 1 || c.Clients[0].After.Status != "healthy" || len(c.Notes) != 0 {
		t.Errorf("clients %+v, notes %q", c.Clients, c.Notes)
	}
	after.Redaction = RedactStrict
	if c, _ := compared(t, before, after); len(c.Clients) != 0 || len(c.Notes) != 1 {
		t.Errorf("addresses that were hidden are compared: %+v, %q", c.Clients, c.Notes)
	}
}

// TestDecode: what is no report is refused in a few words that a terminal can
// show, and a later version of the schema may have more fields.
func TestDecode(t *testing.T) {
	good := string(encode(t, healthySample()))
	for _, tt := range []struct{ name, data, want string }{
		{"empty", "", "is no report of wgtrace"},
		{"a capture", "\xd4\xc3\xb2\xa1\x02\x00", "is no report of wgtrace"},
		{"another object", `{"a": 1}`, "is no report of wgtrace"},
		{"a list", `[]`, "is no report of wgtrace"},
		{"a number for the schema", `{"schema": 1}`, "is no report of wgtrace"},
		{"another schema", `{"schema": "wgtrace.check/1"}`, `holds "wgtrace.check/1", not "wgtrace.report/1"`},
		{"a hostile schema", `{"schema": "\u001b[2J` + strings.Repeat("x", 1<<20) + `"}`, `holds "\\x1b[2J`},
		{"cut", good[:len(good)/2], "is no report of wgtrace"},
		{"two", good + good, "is no report of wgtrace"},
		{"a wrong type", `{"schema": "wgtrace.report/1", "flows": 7}`, "is damaged: json"},
		{"no verdict", `{"schema": "wgtrace.report/1"}`, `is damaged: its verdict is ""`},
		{"a wrong verdict", strings.Replace(good, `"status": "healthy"`, `"status": "\u001b[31m"`, 1), `is damaged: its verdict is "\\x1b[31m"`},
		{"deep", `{"schema":"wgtrace.report/1","x":` + strings.Repeat("[", 1<<20), "is no report of wgtrace"},
	} {
		r, err := Decode([]byte(tt.data))
		if r != nil || err == nil || !strings.HasPrefix(err.Error(), tt.want) || len(err.Error()) > 300 || strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	if _, err := Decode([]byte(strings.Replace(good, "{", `{"later": [1, {}],`, 1))); err != nil {
		t.Errorf("a field of a later version: %v", err)
	}
	var other *SchemaError
	if _, err := Decode([]byte(`{"schema": "wgtrace.report/2"}`)); !errors.As(err, &other) || !other.Newer() {
		t.Errorf("a later schema: %v", err)
	}
}

// TestCompareHostile: texts of a foreign file stay text, on a screen and in a ticket.
func TestCompareHostile(t *testing.T) {
	for _, a := range append(attacks, "\x1b[2J\x1b]0;owned\x07", "\u202egnp.exe", strings.Repeat("x", 1<<16)) {
		r := saved(t, natMissingSample())
		r.Verdict.Headline, r.Verdict.Finding, r.Verdict.StoppedBefore, r.Verdict.Basis = a, &a, &a, a
		for i := range r.Findings {
			r.Findings[i].ID, r.Findings[i].Title = a, a
		}
		for i := range r.Clients {
			r.Clients[i] = Client{Addresses: []string{a, a}, Verdict: ShortVerdict{Status: a, Finding: &a}}
		}
		c, text := compared(t, saved(t, healthySample()), r)
		c2 := Compare(r, saved(t, healthySample()), [2]string{a, a}, Info{})
		for _, c := range []*Comparison{c, c2} {
			var ticket bytes.Buffer
			if err := CompareMarkdown(&ticket, c); err != nil {
				t.Fatal(err)
			}
			if ticket.Len() > markdownLimit {
				t.Errorf("%.40q: %d octets", a, ticket.Len())
			}
			count := map[string]int{}
			elements(page(t, ticket.String()), count, &strings.Builder{})
			for _, bad := range strings.Fields("a img script h1 blockquote hr svg b del em input comment") {
				if count[bad] > 0 {
					t.Errorf("%.40q becomes <%s>", a, bad)
				}
			}
			if count["h2"] != 1 || count["details"] != count["summary"] {
				t.Errorf("%.40q changes the page: %v", a, count)
			}
			if strings.ContainsAny(ticket.String()+text, "\x1b\x07\u202e") {
				t.Errorf("%.40q reaches the terminal", a)
			}
		}
	}
}
