package report

import (
	"bytes"
	"strings"
	"testing"
)

func TestTableFits(t *testing.T) {
	table := Table{
		Columns: []string{"file", "no.", "interface", "role"},
		Right:   []bool{false, true},
		Rows: [][]string{
			{Shorten("/var/"+strings.Repeat("captures/", 30)+"run.pcapng", 28), "12", `\Device\NPF_{CD09206F-6D09-4F4E-B6BE-CA2FD3B8647D}`, "tunnel: because the other one was recognised"},
			{"a", "1", "\x1b]0;owned\x07\u202e", "wan: one\ntwo\x1b[2J"},
			{"界界界界界界界界界界界界界界界界界界", "3", "wg0", ""},
		},
	}
	for _, width := range []int{80, 60} {
		var b bytes.Buffer
		if err := table.Write(&b, width); err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(b.String(), "\n") {
			if columns(line) > width {
				t.Errorf("%d columns, more than %d: %q", columns(line), width, line)
			}
			if strings.ContainsAny(line, "\x1b\x07\u202e") {
				t.Errorf("a control character is left in %q", line)
			}
		}
		for _, want := range []string{"run.pcapng", "one\n", "two"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("width %d: %q is missing in\n%s", width, want, &b)
			}
		}
	}
}

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"tunnel.pcap", 20, "tunnel.pcap"},
		{"/srv/captures/2026/november/tunnel.pcap", 24, "/srv/ca...er/tunnel.pcap"},
		{"界界界界界界界界", 9, "界...界界"},
		{"a\x1bb", 20, `a\x1bb`},
		{"", 5, ""},
	} {
		got := Shorten(c.in, c.width)
		if got != c.want || columns(got) > c.width {
			t.Errorf("Shorten(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
}
