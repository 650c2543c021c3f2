package report

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/diagnose"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// testRedactor has always the same mapping.
func testRedactor(mode string) *Redactor {
	var secret [secretSize]byte
	for i := range secret {
		secret[i] = byte(7 * i)
	}
	return newRedactor(mode, secret)
}

// common returns how many leading bits two addresses share.
func common(a, b netip.Addr) int {
	n := 0
	for n < a.BitLen() && netip.PrefixFrom(a, n+1).Contains(b) {
		n++
	}
	return n
}

// TestRedactAddresses: nothing is mapped to itself or twice to the same, kinds
// stay, and what shares a prefix goes on sharing it.
func TestRedactAddresses(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, mode := range []string{RedactStandard, RedactStrict} {
		x := testRedactor(mode)
		back := map[netip.Addr]netip.Addr{}
		same := 0
		for range 20000 {
			b := make([]byte, 4)
			if random.IntN(2) == 0 {
				b = make([]byte, 16)
			}
			for i := range b {
				b[i] = byte(random.Uint32())
			}
			if len(b) == 16 {
				b[0] = 0x20 | b[0]&0x1f
			}
			a, _ := netip.AddrFromSlice(b)
			got := x.Addr(a)
			if other, ok := back[got]; ok && other != a {
				t.Fatalf("%s: %s and %s became %s", mode, a, other, got)
			}
			back[got] = a
			if kindOf(a) != kindOf(got) {
				t.Errorf("%s: %s became %s, another kind of address", mode, a, got)
			}
			if got == a && kindOf(a) == (kindOfAddress{}) {
				same++
			}
			b[len(b)-1] ^= 1 << random.IntN(8)
			near, _ := netip.AddrFromSlice(b)
			if c := common(a, near); common(got, x.Addr(near)) != c {
				t.Errorf("%s: %s and %s share %d bits, %s and %s do not", mode, a, near, c, got, x.Addr(near))
			}
		}
		if same > 0 {
			t.Errorf("%s: %d addresses were left as they are", mode, same)
		}
	}
}

func TestRedactKinds(t *testing.T) {
	standard, strict := testRedactor(RedactStandard), testRedactor(RedactStrict)
	for _, c := range []struct {
		in                   string
		inStandard, inStrict bool // readable
		prefix               string
	}{
		{"10.8.0.2", true, false, "10.0.0.0/8"},
		{"192.168.1.20", true, false, "192.168.0.0/16"},
		{"172.20.1.1", true, false, "172.16.0.0/12"},
		{"100.64.3.4", true, false, "100.64.0.0/10"},
		{"fd00:8::2", true, false, "fd00::/8"},
		{"fe80::211:22ff:fe33:4455", false, false, "fe80::/64"},
		{"1.1.1.1", true, false, "0.0.0.0/0"},
		{"2606:4700:4700::1111", true, false, "2000::/3"},
		{"203.0.113.9", false, false, "0.0.0.0/0"},
		{"2001:db8::9", false, false, "2000::/3"},
		{"64:ff9b::203.0.113.9", false, false, "64:ff9b::/96"},
		{"ff02::1:ff33:4455", false, false, "ff02::1:ff00:0/104"},
		{"127.0.0.1", true, true, "127.0.0.0/8"}, {"0.0.0.0", true, true, "0.0.0.0/8"}, {"224.0.0.251", true, true, "224.0.0.0/4"},
		{"::1", true, true, "::/0"}, {"ff02::fb", true, true, "ff02::/16"},
	} {
		a, kind := netip.MustParseAddr(c.in), netip.MustParsePrefix(c.prefix)
		for x, readable := range map[*Redactor]bool{standard: c.inStandard, strict: c.inStrict} {
			got := x.Addr(a)
			if (got == a) != readable || !kind.Contains(got) {
				t.Errorf("%s: %s became %s", x.Mode(), a, got)
			}
		}
	}
	inner := standard.Addr(netip.MustParseAddr("64:ff9b::203.0.113.9")).As16()
	if got := netip.AddrFrom4([4]byte(inner[12:])); got != standard.Addr(netip.MustParseAddr("203.0.113.9")) {
		t.Errorf("behind NAT64 the address became %s, by itself another", got)
	}
}

// TestRedactString holds how values are found in sentences and commands.
func TestRedactString(t *testing.T) {
	x := testRedactor(RedactStandard)
	x.hide(nameAdapter, "bürolan")
	x.hide(nameAdapter, "acme0")
	x.hide(nameAdapter, "acme0-backup")
	x.hide(nameFile, "/home/jane/acme.pcap")
	v4, v6 := x.Addr(netip.MustParseAddr("203.0.113.9")), x.Addr(netip.MustParseAddr("2001:db8::9"))
	net := x.Prefix(netip.MustParsePrefix("203.0.113.0/24"))
	m := x.mac(capture.MAC{0x52, 0x54, 0, 1, 2, 3})
	for in, want := range map[string]string{
		"at 10:02:41 on 2026-03-14T10:02:41.123Z":         "at 10:02:41 on 2026-03-14T10:02:41.123Z",
		"203.0.113.9:51820 > 1.1.1.1:53":                  v4.String() + ":51820 > 1.1.1.1:53",
		"[2001:db8::9]:51820, 2001:DB8::9.":               "[" + v6.String() + "]:51820, " + v6.String() + ".",
		"ip route add 203.0.113.0/24 dev acme0":           "ip route add " + net.String() + " dev adapter2",
		"wohin:203.0.113.9":                               "wohin:" + v4.String(),
		"0.0.0.0/0, ::/0, 128.0.0.0/1, 10.8.0.0/24, ::":   "0.0.0.0/0, ::/0, 128.0.0.0/1, 10.8.0.0/24, ::",
		"52:54:00:01:02:03 52-54-00-01-02-03":             m.String() + " " + strings.ReplaceAll(m.String(), ":", "-"),
		"acme0-backup acme0x acme00 dev.acme0.rx 'acme0'": "adapter3 acme0x acme00 dev.adapter2.rx 'adapter2'",
		"在acme0上": "在adapter2上",
		"/home/jane/acme.pcap and acme.pcap, bürolan":         "file1.pcap and file1.pcap, adapter1",
		"peer YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE= x": "peer " + x.key("YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=") + " x",
	} {
		if got := x.String(in); got != want {
			t.Errorf("%q became\n%q, want\n%q", in, got, want)
		}
	}
	if !net.Contains(v4) {
		t.Errorf("%s does not lie in %s any more", v4, net)
	}
}

// secrets are what markedSample puts everywhere.
var secrets = []string{"203.0.113.2", "203.0.113.0", "198.51.100.10", "192.0.2.80", "192.0.2.53", "2001:db8:77::", "52:54:00:aa:bb:cc",
	"acmewan", "acmetunnel", "acme-berlin", "jane", "Acme Corp", "acmechain", "acmenat",
	"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXMtcyE=", "staleif", "acme-vpn"}

// inner are those that standard leaves readable.
var inner = []string{"10.8.0.2", "10.8.0.0/24", "10.9.0.7"}

// markedSample is a report that names everything that can be named.
func markedSample() sample {
	s := natMissingSample()
	var key wg.Key
	copy(key[:], "secret-secret-secret-secret-s-s!")
	s.ev.WireGuard.Peers[0].PublicKey = key
	for i, name := range []string{"acmetunnel", "acmewan"} {
		c := &s.ev.Captures[i]
		c.Source = "/home/jane/acme-berlin/" + name + ".pcapng"
		c.Interface.Name, c.Interface.Description = name, "Acme Corp uplink of "+name
		c.Interface.Filter = "host acme-berlin.example or host 203.0.113.2"
	}
	s.ev.Caveats = []correlate.Caveat{{ID: "damaged", Args: map[string]any{"source": s.ev.Captures[0].Source, "reason": "203.0.113.2"}}}
	f := &s.d.Findings[0]
	f.Args = map[string]any{"os": "linux", "client": "10.8.0.2", "prefix": "10.8.0.0/24", "tunnel": "acmetunnel", "wan": "acmewan",
		"server": "203.0.113.2", "key": key.String(), "gateway": "2001:db8:77::1"}
	f.Fixes[0].Commands = append(f.Fixes[0].Commands, "nft insert rule inet acmenat acmechain oifname acmewan accept",
		"wg set acmetunnel peer "+key.String()+" allowed-ips 10.8.0.2/32")
	f.Fixes[1].Commands = []string{"iptables -t nat -I POSTROUTING 1 -s 10.8.0.0/24 -o acmewan -j MASQUERADE"}
	f.Fixes[1].Undo = nil
	f.Segment = diagnose.SegmentContainer
	s.ev.Captures[0].Interface.Namespace = "container acme-vpn"
	s.info.Container = &Container{Name: "acme-vpn", Place: "container acme-vpn", Facts: json.RawMessage(`{"os":"linux","adapters":[{"name":"acmetunnel"}]}`)}
	s.d.Settings = []diagnose.Check{{ID: "wg-port", Layer: "tunnel", Why: "acmetunnel at 203.0.113.2"}}
	s.info.HostJSON = json.RawMessage(`{"os":"linux","adapters":[{"name":"acmewan","description":"Acme Corp card","mac":"52:54:00:aa:bb:cc",
		"addrs":["203.0.113.2/24","2001:db8:77::2/64"]}],"wireguard":[{"name":"acmetunnel","public_key":"` + key.String() + `",
		"peers":[{"endpoint":"198.51.100.10:40123","allowed_ips":["10.8.0.2/32"]}]}],
		"firewall":{"chains":[{"source":"nft","table":"acmenat","name":"acmechain","rules":[
		{"matches":[{"field":"oif","values":["acmewan","staleif"]},{"field":"saddr","values":["203.0.113.0/24"]}],"verdict":"jump","target":"acmechain"}]}]},
		"counters":{"dev.acmewan.rx_dropped":18446744073709551615}}`)
	s.name = "marked"
	return s
}

// formats are the ways to write a report.
var formats = map[string]func(io.Writer, *Report) error{
	"text": func(w io.Writer, r *Report) error {
		return Text(w, r, TextOptions{Width: 4000, Verbose: true})
	},
	"json":     JSON,
	"markdown": func(w io.Writer, r *Report) error { return Markdown(w, r, nil) },
	"html":     func(w io.Writer, r *Report) error { return HTML(w, r, nil) },
}

// TestRedactEverywhere looks for what was to be hidden in every format.
func TestRedactEverywhere(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		for name, write := range formats {
			for _, mode := range []string{RedactNone, RedactStandard, RedactStrict} {
				s := markedSample()
				s.info.Lang = lang
				if mode != RedactNone {
					s.info.Redact = testRedactor(mode)
				}
				var out bytes.Buffer
				if err := write(&out, Build(s.ev, s.d, s.info)); err != nil {
					t.Fatal(err)
				}
				got := out.String()
				hidden := secrets
				if mode == RedactStrict {
					hidden = slices.Concat(secrets, inner)
				}
				shown := 0
				for _, m := range hidden {
					found := strings.Contains(got, m)
					if found {
						shown++
					}
					if mode != RedactNone && found {
						at := strings.Index(got, m)
						t.Errorf("%s %s %s: %s is still there: ...%s...", lang, name, mode, m, got[max(0, at-40):min(len(got), at+60)])
					}
				}
				if mode == RedactNone && shown < 10 {
					t.Errorf("%s %s: only %d of the marks stand in the report as it is", lang, name, shown)
				}
				if mode == RedactStandard && !strings.Contains(got, "10.8.0.2") {
					t.Errorf("%s %s: standard hides private addresses", lang, name)
				}
			}
		}
	}
}

// TestRedactKeepsContract: a redacted report is still one by the schema, also
// where adapters are called as words of the contract are.
func TestRedactKeepsContract(t *testing.T) {
	valid := schema(t)
	for _, s := range append(samples(), hostileSample(), markedSample()) {
		for i := range s.ev.Captures {
			s.ev.Captures[i].Interface.Name = []string{"fault", "ethernet"}[i%2]
		}
		s.info.Redact = testRedactor(RedactStrict)
		data := encode(t, s)
		if err := valid.Validate(decode(t, data)); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		if !bytes.Contains(data, []byte(`"redaction": "strict"`)) {
			t.Errorf("%s: does not say that it is redacted", s.name)
		}
	}
	s := markedSample()
	s.info.Redact = testRedactor(RedactStandard)
	if r := Build(s.ev, s.d, s.info); !strings.Contains(string(r.Host), "18446744073709551615") || r.Hidden() == "" {
		t.Errorf("host facts %s, hidden %q", r.Host, r.Hidden())
	}
}

// TestRedactReachesAll fails when the report gets a text that only renderers see:
// redaction reaches these by name alone.
func TestRedactReachesAll(t *testing.T) {
	known := strings.Fields(`Report.words Report.subject Report.settings Report.hidden subject.name subject.os subject.layer
		subject.stages subject.summary subject.worked subject.fine Fix.cause Fix.changes Fix.keep WireGuard.portWhy Client.packets
		Check.words Check.hidden Evidence.stage Peer.first Peer.last`)
	seen := map[reflect.Type]bool{}
	var look func(reflect.Type)
	look = func(v reflect.Type) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			look(v.Elem())
		case reflect.Struct:
			if seen[v] || !strings.HasSuffix(v.PkgPath(), "/report") {
				return
			}
			seen[v] = true
			for i := range v.NumField() {
				f := v.Field(i)
				if name := v.Name() + "." + f.Name; !f.IsExported() && !slices.Contains(known, name) {
					t.Errorf("does redaction reach %s?", name)
				}
				look(f.Type)
			}
		case reflect.Map, reflect.Interface:
			t.Errorf("redaction does not walk %s", v)
		}
	}
	look(reflect.TypeFor[Report]())
	look(reflect.TypeFor[Check]())
	if len(seen) < 20 {
		t.Errorf("only %d types were looked at", len(seen))
	}
}
