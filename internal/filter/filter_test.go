package filter

import (
	"net/netip"
	"strings"
	"testing"
)

var (
	web  = Conversation{6, netip.MustParseAddrPort("10.8.0.2:40000"), netip.MustParseAddrPort("93.184.216.34:443")}
	dns  = Conversation{17, netip.MustParseAddrPort("10.8.0.2:40001"), netip.MustParseAddrPort("1.1.1.1:53")}
	ping = Conversation{1, netip.MustParseAddrPort("10.8.0.3:443"), netip.MustParseAddrPort("1.1.1.1:0")}
	six  = Conversation{17, netip.MustParseAddrPort("[fd00::2]:5000"), netip.MustParseAddrPort("[2001:db8::1]:443")}
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // of w(eb), d(ns), p(ing) and s(ix)
	}{
		{"", "wdps"},
		{"tcp", "w"},
		{"udp", "ds"},
		{"icmp", "p"},
		{"ip6", "s"},
		{"ip and udp", "d"},
		{"host 1.1.1.1", "dp"},
		{"1.1.1.1", "dp"},
		{"host 1.1.1.1 or 2001:db8::1", "dps"},
		{"src host 10.8.0.2", "wd"},
		{"dst 10.8.0.2", ""},
		{"net 10.8.0.0/24 and not port 53", "wp"},
		{"src net fd00::/8", "s"},
		{"port 443", "ws"},
		{"tcp port 443 or 53", "w"},
		{"src or dst port 53", "d"},
		{"tcp port 443 or udp port 53", "wd"},
		{"dst port 443", "ws"},
		{"portrange 1-100", "d"},
		{"not tcp", "dps"},
		{"!tcp&&!udp", "p"},
		{"not (tcp or udp)", "p"},
		{"((tcp)) or (icmp)", "wp"},
		// Equal and from the left: (tcp or icmp) and port 443.
		{"tcp or icmp and port 443", "w"},
		{"proto 17", "ds"},
		{`ip proto \tcp`, "w"},
	} {
		e, err := Parse(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		var got strings.Builder
		for _, v := range []struct {
			name string
			c    Conversation
		}{{"w", web}, {"d", dns}, {"p", ping}, {"s", six}} {
			if e.Match(v.c) {
				got.WriteString(v.name)
			}
		}
		if got.String() != c.want || e.All() != (c.text == "") {
			t.Errorf("%q selects %q, want %q", c.text, got.String(), c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, say string }{
		{"host", "missing"},
		{"port http", "no port number"},
		{"host example.com", "names are not looked up"},
		{"host 10.0.0.0/8", "net 10.0.0.0/8"},
		{"tcp port 443 and", "too early"},
		{"(tcp", "not closed"},
		{"tcp)", "not expected"},
		{"ether host 1", `"ether" is not understood`},
		{"greater 100", `"greater" is not understood`},
		{"port 70000", "no port number"},
		{"portrange 5", "range"},
		{"proto nosuch", "no protocol"},
		{"tcp udp", "not expected"},
		{"and", "not understood"},
		{strings.Repeat("(", 300) + "tcp" + strings.Repeat(")", 300), "parentheses"},
		{strings.Repeat("tcp or ", 1000) + "tcp", "longer"},
	} {
		if _, err := Parse(c.text); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%.40q: got %v, want %q", c.text, err, c.say)
		}
	}
}

// FuzzParse: whatever is typed gives an expression or an error.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "tcp port 443 or host 1.1.1.1", "not (src net fd00::/8)", "portrange 1-2", "!!!((", "&& ||"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := Parse(s); err == nil {
			_ = e.Match(web)
			_ = e.Match(Conversation{})
		}
	})
}
