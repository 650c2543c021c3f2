package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wgtrace/wgtrace/report"
)

// interfaceRow is a row of wgtrace interfaces FILE --json as a stranger reads it.
type interfaceRow struct {
	Source    string
	Index     *int
	Name      *string
	Link      *string `json:"link_type"`
	Packets   uint64
	Bytes     uint64
	First     *string
	Last      *string
	Truncated uint64 `json:"truncated_packets"`
	Undecoded uint64 `json:"undecoded_packets"`
	Role      *string
	Why       string
	Error     *string
}

// interfaceRows runs the command and checks that every row has exactly the keys
// of the contract.
func interfaceRows(t *testing.T, files ...string) ([]interfaceRow, program) {
	t.Helper()
	got := wgtrace(nil, append([]string{"interfaces", "--json"}, files...)...)
	var raw []map[string]json.RawMessage
	if err := json.Unmarshal([]byte(got.stdout), &raw); err != nil {
		t.Fatalf("%q: %v\n%s", files, err, got.stderr)
	}
	want := []string{"bytes", "error", "first", "index", "last", "link_type", "name", "packets", "role", "source", "truncated_packets", "undecoded_packets", "why"}
	for _, r := range raw {
		var keys []string
		for k := range r {
			keys = append(keys, k)
		}
		if slices.Sort(keys); !slices.Equal(keys, want) {
			t.Errorf("%q: keys %q, want %q", files, keys, want)
		}
	}
	var rows []interfaceRow
	if err := json.Unmarshal([]byte(got.stdout), &rows); err != nil {
		t.Fatal(err)
	}
	return rows, got
}

func TestInterfacesOfFiles(t *testing.T) {
	inFolder(t)
	type row struct {
		source, name, role string
		index              int // -1: null
		packets            uint64
		broken             bool
	}
	for _, c := range []struct {
		files  string
		status int
		rows   []row
	}{
		{"both.pcapng", 0, []row{{"both.pcapng", "wg0", "tunnel", 0, 63, false}, {"both.pcapng", "eth0", "wan", 1, 139, false}}},
		{"tunnel.pcap wan.pcap", 0, []row{{"tunnel.pcap", "", "tunnel", -1, 63, false}, {"wan.pcap", "", "wan", -1, 139, false}}},
		{"any.pcap", 0, []row{{"any.pcap", "", "wan", -1, 139, false}, {"any.pcap", "", "tunnel", -1, 63, false}}},
		{"none-wan.pcap", 0, []row{{"none-wan.pcap", "", "", -1, 0, false}}},
		{"tunnel.pcap cut-wan.pcap", 2, []row{{"tunnel.pcap", "", "tunnel", -1, 63, false}, {"cut-wan.pcap", "", "wan", -1, 138, true}}},
		{"cut-header.pcap empty.pcap nope.pcap folder tunnel.pcap", 2, []row{
			{"cut-header.pcap", "", "", -1, 0, true}, {"empty.pcap", "", "", -1, 0, true}, {"nope.pcap", "", "", -1, 0, true},
			{"folder", "", "", -1, 0, true}, {"tunnel.pcap", "", "tunnel", -1, 63, false}}},
		{"cut-early.pcap", 2, []row{{"cut-early.pcap", "", "", -1, 0, true}}},
	} {
		rows, got := interfaceRows(t, strings.Fields(c.files)...)
		if got.status != c.status || (c.status == 0) != (got.stderr == "") {
			t.Errorf("%s: status %d, said %q", c.files, got.status, got.stderr)
		}
		var have []row
		for _, r := range rows {
			index := -1
			if r.Index != nil {
				index = *r.Index
			}
			have = append(have, row{r.Source, deref(r.Name), deref(r.Role), index, r.Packets, r.Error != nil})
			if r.Why == "" && r.Error == nil {
				t.Errorf("%s: no reason for role %q", r.Source, deref(r.Role))
			}
			if r.Packets > 0 && (r.First == nil || r.Last == nil || *r.First > *r.Last || r.Bytes == 0) {
				t.Errorf("%s: times or octets are missing", r.Source)
			}
		}
		if !slices.Equal(have, c.rows) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.files, have, c.rows)
		}
	}
	for _, l := range lines(wgtrace(nil, "interfaces", "cut-header.pcap", "empty.pcap").stderr) {
		if !strings.HasPrefix(l, "wgtrace: ") {
			t.Errorf("stderr holds %q", l)
		}
	}
}

// TestInterfacesAgreeWithRead: the roles are those that read takes.
func TestInterfacesAgreeWithRead(t *testing.T) {
	inFolder(t)
	for _, files := range [][]string{{"both.pcapng"}, {"any.pcap"}, {"wan.pcap", "tunnel.pcap"}, {"healthy-tunnel.pcap", "healthy-wan.pcap"}} {
		rows, _ := interfaceRows(t, files...)
		var r struct {
			Captures []struct {
				Point     *string
				Source    string
				Interface *string
				Packets   uint64
			}
		}
		if err := json.Unmarshal([]byte(wgtrace(nil, append([]string{"read", "--format", "json"}, files...)...).stdout), &r); err != nil {
			t.Fatal(err)
		}
		if len(rows) != len(r.Captures) {
			t.Fatalf("%q: %d rows, but %d captures", files, len(rows), len(r.Captures))
		}
		for i, c := range r.Captures {
			if deref(c.Point) != deref(rows[i].Role) || c.Source != rows[i].Source || c.Packets != rows[i].Packets || deref(c.Interface) != deref(rows[i].Name) {
				t.Errorf("%q: read has %+v, interfaces %+v", files, c, rows[i])
			}
		}
	}
}

func TestInterfacesFromStdin(t *testing.T) {
	inFolder(t)
	data, err := os.ReadFile("wan.pcap")
	if err != nil {
		t.Fatal(err)
	}
	got := wgtrace(data, "interfaces", "--json", "-")
	var rows []interfaceRow
	if err := json.Unmarshal([]byte(got.stdout), &rows); err != nil || got.status != 0 {
		t.Fatalf("status %d, %v %s", got.status, err, got.stderr)
	}
	if len(rows) != 1 || rows[0].Source != "-" || rows[0].Packets != 139 || rows[0].Role != nil || rows[0].Why == "" {
		t.Errorf("%+v", rows)
	}
}

// TestHostileNames: whatever a capture or its path calls an interface, nothing
// but text reaches the terminal, and the table stays within 80 columns.
func TestHostileNames(t *testing.T) {
	t.Chdir(t.TempDir())
	names := []string{
		"\x1b]0;owned\x07", "\x1b[2J\x1b[1;1H", "wg0\r\nwgtrace: all is well", "\u202egnp.exe", "a\u0300\u0300\u0300\u0300\u0300\u0300",
		"\xff\xfe\x9b31m", "\u009b31m", strings.Repeat("long", 100), "界界界界界界界界界界界界界界界", "\x00", `C:\"<script>`, "{{.}}", "%s%n",
	}
	var interfaces []ngInterface
	for _, n := range names {
		interfaces = append(interfaces, ngInterface{name: n, link: 101})
	}
	path := strings.Repeat("a folder with a long name/", 8)
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	path += "\x1b[31mcapture.pcapng"
	if err := os.WriteFile(path, pcapng(interfaces...), 0o644); err != nil {
		t.Fatal(err)
	}
	table := wgtrace(nil, "interfaces", path)
	object := wgtrace(nil, "interfaces", "--json", path)
	text := wgtrace(nil, "read", path)
	whole := wgtrace(nil, "read", path, "--format", "json")
	wrong := wgtrace(nil, "read", path+"#nothing")
	for name, p := range map[string]program{"table": table, "JSON": object, "report": text, "report as JSON": whole, "error": wrong} {
		checkTerminal(t, p.stdout)
		checkTerminal(t, p.stderr)
		if p.stdout == "" && p.stderr == "" || !utf8.ValidString(p.stdout) {
			t.Errorf("%s: %q %q", name, p.stdout, p.stderr)
		}
	}
	for _, l := range lines(table.stdout) {
		if report.Shorten(l, 80) != l {
			t.Errorf("more than 80 columns: %s", l)
		}
	}
	if n := len(lines(table.stdout)); n != len(names)+3 {
		t.Errorf("%d lines for %d interfaces:\n%s", n, len(names), table.stdout)
	}
	var rows []interfaceRow
	if err := json.Unmarshal([]byte(object.stdout), &rows); err != nil || len(rows) != len(names) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, n := range names {
		// pcapng strings end at a zero octet or are UTF-8: what is neither is replaced.
		if want := strings.ToValidUTF8(n, "\ufffd"); utf8.ValidString(n) && n != "\x00" && deref(rows[i].Name) != want {
			t.Errorf("name %q became %q", n, deref(rows[i].Name))
		}
	}
}

// TestInterfacesOfHost: the loopback is everywhere.
func TestInterfacesOfHost(t *testing.T) {
	table, object := wgtrace(nil, "interfaces"), wgtrace(nil, "interfaces", "--json")
	if table.status != 0 || object.status != 0 || table.stderr != "" {
		t.Fatalf("status %d and %d: %s%s", table.status, object.status, table.stderr, object.stderr)
	}
	if !strings.HasPrefix(table.stdout, "adapter") {
		t.Errorf("the table begins %.80q", table.stdout)
	}
	var rows []struct {
		Name, Kind, Role, Why string
		Up                    bool
		Addrs                 []string
	}
	if err := json.Unmarshal([]byte(object.stdout), &rows); err != nil {
		t.Fatal(err)
	}
	loopback := false
	for _, r := range rows {
		loopback = loopback || r.Kind == "loopback"
		if !strings.Contains(table.stdout, r.Name[:min(len(r.Name), 8)]) {
			t.Errorf("%s is missing in the table", r.Name)
		}
	}
	if !loopback {
		t.Errorf("no loopback among %+v", rows)
	}
}
