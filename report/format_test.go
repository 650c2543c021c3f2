package report

import (
	"encoding/json"
	"math"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/text"
	"github.com/wgtrace/wgtrace/internal/wg"
)

func TestTimeJSON(t *testing.T) {
	for _, tt := range []struct {
		time Time
		want string
	}{
		{Time{0, true}, `"1970-01-01T00:00:00.000000000Z"`},
		{Time{1, true}, `"1970-01-01T00:00:00.000000001Z"`},
		{Time{math.MaxInt64, true}, `"2262-04-11T23:47:16.854775807Z"`},
		{Time{5, false}, `null`},
	} {
		got, err := json.Marshal(tt.time)
		if err != nil || string(got) != tt.want {
			t.Errorf("%v: %s, %v; want %s", tt.time, got, err, tt.want)
		}
		var back Time
		if err := json.Unmarshal(got, &back); err != nil || back.Known != tt.time.Known || back.Known && back != tt.time {
			t.Errorf("%s read back: %v, %v", got, back, err)
		}
	}
	for _, bad := range []string{`5`, `"yesterday"`, `"1969-12-31T23:59:59Z"`, `"2262-04-12T00:00:00Z"`, `"9999-01-01T00:00:00Z"`} {
		var got Time
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s: read as %v", bad, got)
		}
	}
}

// TestZeroTime: 0 is unknown, unless the clock of a capture began at 1970.
func TestZeroTime(t *testing.T) {
	ev := &correlate.Evidence{Flows: []correlate.Flow{{Proto: 6}}, Captures: []correlate.Capture{{Packets: 2, TimeUnknown: 2}}}
	d := &diagnose.Diagnosis{Headline: -1}
	if r := Build(ev, d, Info{}); r.Flows[0].First.Known || r.Captures[0].First.Known {
		t.Errorf("unknown times are given: %+v", r.Flows[0].First)
	}
	ev.Captures[0].TimeUnknown = 1
	if r := Build(ev, d, Info{}); !r.Flows[0].First.Known || !r.Captures[0].First.Known {
		t.Error("the start of 1970 is taken for unknown")
	}
}

func TestEndpoint(t *testing.T) {
	for in, want := range map[string]string{
		"10.8.0.2:80":              "10.8.0.2:80",
		"[2001:db8::1]:443":        "[2001:db8::1]:443",
		"[::ffff:192.0.2.1]:53":    "192.0.2.1:53",
		"[fe80::1%eth0\x1b]:51820": "[fe80::1]:51820",
		"192.0.2.1:0":              "192.0.2.1:0",
	} {
		if got := endpoint(netip.MustParseAddrPort(in)); got == nil || *got != want {
			t.Errorf("%s: %v, want %s", in, got, want)
		}
	}
	if got := endpoint(netip.AddrPort{}); got != nil {
		t.Errorf("no address: %s", *got)
	}
}

func TestSanitize(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "",
		"eth0":                            "eth0",
		`C:\Users\Jörg\汉字.pcap`:           `C:\Users\Jörg\汉字.pcap`,
		"e\u0301t\u0301":                  "e\u0301t\u0301",
		"\x1b[31m":                        `\x1b[31m`,
		"a\nb\tc\x00":                     `a\x0ab\x09c\x00`,
		"\u009b2J":                        `\x9b2J`,
		"\xff\xc3":                        `\xff\xc3`,
		"\u202egpj.exe":                   `\u202egpj.exe`,
		"\u2028\ufeff\u00a0":              `\u2028\ufeff\xa0`,
		"\U000e0041":                      `\U000e0041`,
		"a\u0300\u0301\u0302\u0303\u0304": "a\u0300\u0301\u0302" + `\u0303\u0304`,
	} {
		if got := sanitize(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	long := sanitize(strings.Repeat("汉", textLimit))
	if len(long) > textLimit+3 || !utf8.ValidString(long) || !strings.HasSuffix(long, "汉...") {
		t.Errorf("long text: %d octets, ends %q", len(long), long[len(long)-9:])
	}
}

func TestPacketText(t *testing.T) {
	words, err := text.For("en")
	if err != nil {
		t.Fatal(err)
	}
	b := &builder{words: words}
	client, site, v6 := ap("10.8.0.2:51234"), ap("1.1.1.1:443"), ap("[2001:db8::1]:443")
	for want, s := range map[string]correlate.Sighting{
		"TCP SYN 10.8.0.2:51234 > 1.1.1.1:443":                        {Kind: capture.KindTCP, TCPFlags: capture.TCPSyn, Src: client, Dst: site},
		"TCP SYN-ACK 1.1.1.1:443 > 10.8.0.2:51234":                    {Kind: capture.KindTCP, TCPFlags: capture.TCPSyn | capture.TCPAck, Src: site, Dst: client},
		"TCP RST 1.1.1.1:443 > 10.8.0.2:51234":                        {Kind: capture.KindTCP, TCPFlags: capture.TCPRst, Src: site, Dst: client},
		"TCP segment 1.1.1.1:443 > 10.8.0.2:51234":                    {Kind: capture.KindTCP, Src: site, Dst: client},
		"UDP 10.8.0.2:51234 > [2001:db8::1]:443":                      {Kind: capture.KindUDP, Src: client, Dst: v6},
		"DNS query 10.8.0.2:51234 > 1.1.1.1:53":                       {Kind: capture.KindUDP, DNS: true, Src: client, Dst: ap("1.1.1.1:53")},
		"DNS response 1.1.1.1:53 > 10.8.0.2:51234":                    {Kind: capture.KindUDP, DNS: true, Src: ap("1.1.1.1:53"), Dst: client},
		"ping 10.8.0.2 > 1.1.1.1":                                     {Kind: capture.KindEchoRequest, Proto: 1, Src: ap("10.8.0.2:77"), Dst: ap("1.1.1.1:0")},
		"ping reply 1.1.1.1 > 10.8.0.2":                               {Kind: capture.KindEchoReply, Proto: 1, Src: ap("1.1.1.1:0"), Dst: client},
		"UDP fragment 10.8.0.2 > 1.1.1.1":                             {Kind: capture.KindFragment, Proto: 17, Src: client, Dst: site},
		"IP-89 10.8.0.2 > 1.1.1.1":                                    {Kind: capture.KindIP, Proto: 89, Src: client, Dst: site},
		"ARP":                                                         {Kind: capture.KindARP},
		"undecoded packet":                                            {},
		"ICMP 3/13 (prohibited by a firewall) 10.8.0.1 > 10.8.0.2":    {Kind: capture.KindICMPError, Proto: 1, ICMPType: 3, ICMPCode: 13, Src: ap("10.8.0.1:0"), Dst: client},
		"ICMP 3/4 (packet too big) 10.8.0.1 > 10.8.0.2":               {Kind: capture.KindICMPError, Proto: 1, ICMPType: 3, ICMPCode: 4, Src: ap("10.8.0.1:0"), Dst: client},
		"ICMPv6 2/0 (packet too big) 2001:db8::1 > 2001:db8::2":       {Kind: capture.KindICMPError, Proto: 58, ICMPType: 2, Src: v6, Dst: ap("[2001:db8::2]:0")},
		"ICMPv6 135/0 2001:db8::1 > 2001:db8::2":                      {Kind: capture.KindICMPOther, ICMPType: 135, Src: v6, Dst: ap("[2001:db8::2]:0")},
		"WireGuard handshake initiation 10.8.0.2:51234 > 1.1.1.1:443": {Kind: capture.KindUDP, WGType: wg.MessageInitiation, Src: client, Dst: site},
	} {
		if got := b.packet(&s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestGrades(t *testing.T) {
	for _, tt := range []struct {
		p     float64
		basis string
		want  string
	}{
		{1, "packets", gradeProved}, {0.98, "packets", gradeLikely}, {0.95, "settings", gradeSettings},
		{0.99, "counters", gradeSettings}, {0.5, "packets", gradeLikely}, {0.49, "settings", gradePossible}, {0, "", gradePossible},
		{0, "packets", gradePossible}, {0, "settings", gradeRuledOut}, {0, "counters", gradeRuledOut},
	} {
		if got := causeGrade(tt.p, tt.basis); got != tt.want {
			t.Errorf("%v by %s: %s, want %s", tt.p, tt.basis, got, tt.want)
		}
	}
	for _, tt := range []struct {
		f    Finding
		want string
	}{
		{Finding{Confidence: 0.97, Evidence: []Evidence{{}}}, gradeProved},
		{Finding{Confidence: 0.97}, gradeLikely},
		{Finding{Confidence: 0.3, Evidence: []Evidence{{}}}, gradePossible},
	} {
		if got := placeGrade(&tt.f); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.f, got, tt.want)
		}
	}
}

// TestBadNumbers: a probability that is none must not make the report
// unwritable.
func TestBadNumbers(t *testing.T) {
	s := natMissingSample()
	s.d.Findings[0].Confidence = math.NaN()
	s.d.Findings[0].Causes[0].Probability = math.Inf(1)
	s.ev.Clock = correlate.Clock{HasDrift: true, DriftPPM: math.Inf(-1)}
	s.ev.Clients[0].Peer, s.d.Headline = 99, 99
	s.d.Findings[0].Evidence[0].Capture = 99
	if err := schema(t).Validate(decode(t, encode(t, s))); err != nil {
		t.Error(err)
	}
}

// TestCommandsPaste runs wrapped commands through a shell: it must see the
// same words as in the unbroken line.
func TestCommandsPaste(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell on this system")
	}
	for _, command := range []string{
		`echo short`,
		`nft 'add chain ip wgtrace postrouting { type nat hook postrouting priority 100; policy accept; }'`,
		`nft 'add rule ip wgtrace postrouting ip saddr 10.8.0.0/24 oifname "eth0" masquerade comment "a b"'`,
		`iptables -I FORWARD 1 -i eth0 -o wg0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
		`sh -c "nft -a list chain inet T C | sed -n 's/.*comment \"wgtrace\" # handle \([0-9]*\)\$/delete rule inet T C handle \1/p' | nft -f -"`,
		`bash -c 'wg-quick strip wg0 >/dev/null && wg set wg0 peer KEY remove && wg syncconf wg0 <(wg-quick strip wg0)'`,
		`printf a\ b ` + strings.Repeat("word ", 30),
		strings.Repeat("x", 200),
	} {
		for _, width := range []int{60, 80} {
			lines := wrapCommand(command, "linux", "        ", width)
			words := func(s string) string {
				out, err := exec.Command(shell, "-c", `set -- `+s+"\n"+`for w do printf '<%s>\n' "$w"; done`).CombinedOutput()
				if err != nil {
					t.Fatalf("%s: %v: %s", s, err, out)
				}
				return string(out)
			}
			if strings.ContainsAny(command, "|&") && !strings.ContainsAny(command, `'"`) {
				t.Fatalf("%s: an operator outside of quotes", command)
			}
			if got, want := words(strings.TrimLeft(strings.Join(lines, "\n"), " ")), words(command); got != want {
				t.Errorf("at %d\n%s\nreads as\n%swant\n%s", width, strings.Join(lines, "\n"), got, want)
			}
			if strings.Contains(command, " ") && slices.ContainsFunc(lines, func(l string) bool { return columns(l) > width }) {
				t.Errorf("at %d a line is too long:\n%s", width, strings.Join(lines, "\n"))
			}
		}
	}
}

func TestCommandsPowerShell(t *testing.T) {
	got := wrapCommand(`Set-NetIPInterface -InterfaceAlias 'My long tunnel adapter' -Forwarding Enabled -Verbose`, "windows", "  ", 60)
	want := []string{"  Set-NetIPInterface -InterfaceAlias `", "    'My long tunnel adapter' -Forwarding Enabled -Verbose"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		in    string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"a b c", 3, []string{"a b", "c"}},
		{"one\ntwo", 10, []string{"one", "two"}},
		{"10.8.0.2:1 >" + glue + "1.1.1.1:443", 14, []string{"10.8.0.2:1", "> 1.1.1.1:443"}}, // 10 + " >" would fit, but glue holds
		{"[2001:db8:1234:5678::1]:443", 12, []string{"[2001:db8:", "1234:5678::", "1]:443"}},
		{"汉字汉字", 4, []string{"汉字", "汉字"}},
		{"汉", 1, []string{"汉"}},
		{strings.Repeat("x", 5), 0, []string{"x", "x", "x", "x", "x"}},
	} {
		if got := wrap(tt.in, tt.width); !slices.Equal(got, tt.want) {
			t.Errorf("%q at %d: %q, want %q", tt.in, tt.width, got, tt.want)
		}
	}
}
