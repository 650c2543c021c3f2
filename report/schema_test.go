package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaFile = "../docs/report.schema.json"

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func encode(t *testing.T, s sample) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := JSON(&b, Build(s.ev, s.d, s.info)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(t *testing.T, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSchema validates reports of every shape.
func TestSchema(t *testing.T) {
	valid := schema(t)
	for _, s := range append(samples(), hostileSample()) {
		data := encode(t, s)
		if err := valid.Validate(decode(t, data)); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		if !utf8.Valid(data) {
			t.Errorf("%s: not UTF-8", s.name)
		}
	}
}

// TestSchemaRefuses shows that the schema means what it says: one wrong value
// in a valid report, and it is refused.
func TestSchemaRefuses(t *testing.T) {
	valid := schema(t)
	for _, tt := range []struct{ name, old, new string }{
		{"schema", `"wgtrace.report/1"`, `"wgtrace.report/2"`},
		{"null array", `"attempts": []`, `"attempts": null`},
		{"time without nanoseconds", `"started": "2026-03-14T10:02:11.000000000Z"`, `"started": "2026-03-14T10:02:11Z"`},
		{"status", `"status": "fault"`, `"status": "broken"`},
		{"finding with a space", `"finding": "nat-missing"`, `"finding": "nat missing"`},
		{"bare IPv6 endpoint", `"client": "10.8.0.2:51234"`, `"client": "fd00::1:51234"`},
		{"count as text", `"flows_answered": 1`, `"flows_answered": "1"`},
		{"probability", `"probability": 0.7`, `"probability": 1.7`},
		{"missing field", `"redaction": "none",`, ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := string(encode(t, natMissingSample()))
			if !strings.Contains(data, tt.old) {
				t.Fatalf("the sample has no %s", tt.old)
			}
			if err := valid.Validate(decode(t, []byte(strings.Replace(data, tt.old, tt.new, 1)))); err == nil {
				t.Errorf("%s instead of %s passes", tt.new, tt.old)
			}
		})
	}
}

// contract lists every field that a report promises, by the path to it; a star
// stands for the elements of an array.
const contract = `schema tool.name tool.version tool.os tool.arch tool.capture_library started ended redaction
captures.*.point captures.*.source captures.*.interface captures.*.link_type captures.*.packets captures.*.bytes
captures.*.first captures.*.last captures.*.dropped captures.*.truncated_packets captures.*.undecoded_packets
captures.*.clock_offset_us captures.*.namespace captures.*.notes
verdict.status verdict.finding verdict.stopped_after verdict.stopped_before verdict.confidence verdict.basis
verdict.headline verdict.advice
stages.outer_in.packets stages.outer_in.bytes stages.tunnel_in.packets stages.wan_out.packets stages.wan_in.packets
stages.tunnel_out.packets stages.outer_out.packets
findings.*.id findings.*.scope.client findings.*.scope.family findings.*.layer findings.*.severity
findings.*.confidence findings.*.title findings.*.summary
findings.*.evidence.*.point findings.*.evidence.*.source findings.*.evidence.*.frame findings.*.evidence.*.time
findings.*.evidence.*.text
findings.*.causes.*.id findings.*.causes.*.probability findings.*.causes.*.title findings.*.causes.*.why
findings.*.causes.*.settled_by
findings.*.fixes.*.os findings.*.fixes.*.title findings.*.fixes.*.commands findings.*.fixes.*.undo findings.*.fixes.*.notes
flows.*.protocol flows.*.client flows.*.remote flows.*.translated flows.*.nat flows.*.outcome flows.*.stopped_after
flows.*.packets.tunnel_in flows.*.packets.wan_out flows.*.packets.wan_in flows.*.packets.tunnel_out
flows.*.bytes.tunnel_in flows.*.bytes.wan_out flows.*.bytes.wan_in flows.*.bytes.tunnel_out
flows.*.lost.tunnel_in_to_wan_out flows.*.lost.wan_in_to_tunnel_out flows.*.unobservable
flows.*.latency.forward_us.min flows.*.latency.forward_us.median flows.*.latency.forward_us.p95
flows.*.latency.forward_us.max flows.*.latency.remote_us flows.*.latency.return_us flows.*.first flows.*.last
nat.*.protocol nat.*.inside nat.*.outside nat.*.remote nat.*.first nat.*.last nat.*.packets nat.*.port_kept nat.*.basis
wireguard.port wireguard.peers.*.endpoint wireguard.peers.*.server_endpoint wireguard.peers.*.public_key
wireguard.peers.*.initiations wireguard.peers.*.responses wireguard.peers.*.cookies wireguard.peers.*.data_in
wireguard.peers.*.data_out wireguard.peers.*.keepalives_in wireguard.peers.*.keepalives_out wireguard.peers.*.state
wireguard.peers.*.undelivered
clock.offset_us clock.uncertainty_us clock.drift_ppm clock.basis clock.samples
totals.flows totals.flows_answered totals.flows_not_listed totals.nat_not_listed totals.matched_packets
totals.matched_pairs totals.lost_packets totals.unobservable_packets totals.ambiguous totals.duplicates totals.evicted
clients.*.addresses clients.*.endpoint clients.*.public_key clients.*.verdict.status clients.*.verdict.finding
episodes.*.started episodes.*.ended episodes.*.trigger episodes.*.changed episodes.*.stages.outer_in
episodes.*.verdict.status episodes.*.verdict.finding
attempts.*.time attempts.*.loaded host caveats`

// TestContract looks for every promised field in a report that has everything.
func TestContract(t *testing.T) {
	s := natMissingSample()
	healthy := healthySample()
	s.ev.NAT, s.ev.Flows = healthy.ev.NAT, healthy.ev.Flows[:1]
	s.info.Attempts = []Attempt{{Time: Time{sampleStart, true}, Loaded: true}}
	s.info.HostJSON = json.RawMessage(`{"os": "linux"}`)
	var root any
	if err := json.Unmarshal(encode(t, s), &root); err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(contract) {
		if !present(root, strings.Split(path, ".")) {
			t.Errorf("no %s", path)
		}
	}
}

func present(v any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		inner, ok := v[path[0]]
		return ok && present(inner, path[1:])
	case []any:
		return path[0] == "*" && len(v) > 0 && !slices.ContainsFunc(v, func(e any) bool { return !present(e, path[1:]) })
	}
	return false
}

// TestHostileText puts control sequences everywhere a capture can put text:
// none may reach the terminal or the JSON.
func TestHostileText(t *testing.T) {
	s := hostileSample()
	var out bytes.Buffer
	if err := Text(&out, Build(s.ev, s.d, s.info), TextOptions{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"text": out.Bytes(), "json": encode(t, s)} {
		if !utf8.Valid(data) {
			t.Errorf("%s is not UTF-8", name)
		}
		for _, r := range string(data) {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Errorf("%s holds %U", name, r)
			}
		}
		if bytes.Contains(bytes.ToLower(data), []byte(`\u001b`)) {
			t.Errorf("%s holds an escaped ESC", name)
		}
		if !bytes.Contains(data, []byte(`x1b`)) {
			t.Errorf("%s does not show the escape", name)
		}
	}
}
