package host

import (
	"encoding/json"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A snapshot is saved with a capture and judged elsewhere: it must come back
// from JSON as it was.
func TestSnapshotJSON(t *testing.T) {
	key := Key{1, 2, 3}
	s := &Snapshot{
		OS: "linux", Taken: time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC),
		Adapters: []Adapter{{Name: "eth0", Index: 2, Kind: KindEthernet, Up: true, MAC: "02:00:00:00:00:01",
			Addrs: []netip.Prefix{netip.MustParsePrefix("192.0.2.2/24")}, MTU: 1500}},
		DefaultRoutes: []Route{{Family: 4, Adapter: "eth0", Gateway: netip.MustParseAddr("192.0.2.1"), Metric: 7, Chosen: true},
			{Family: 6, Adapter: "eth0"}},
		WireGuardRead: FactNo, WireGuardWhy: "reading wg1 needs administrator rights",
		WireGuard: []Device{{Name: "wg0", PublicKey: key, ListenPort: 51820, Peers: []Peer{{
			PublicKey: Key{9}, HasPreshared: true, Endpoint: netip.MustParseAddrPort("203.0.113.5:4711"),
			AllowedIPs: []netip.Prefix{netip.MustParsePrefix("10.8.0.2/32")}, LastHandshake: time.Unix(1e9, 0).UTC(), RxBytes: 1, TxBytes: 2,
		}, {AllowedIPs: []netip.Prefix{}}}}},
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var got Snapshot
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&got, s) {
		t.Errorf("got %+v\nwant %+v", got, *s)
	}
	if !strings.Contains(string(b), `"wireguard_read":"no"`) || !strings.Contains(string(b), `"AQIDAAAA`) {
		t.Errorf("facts and keys are not written as text: %s", b)
	}
}

func TestFact(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Fact
	}{{"yes", FactYes}, {"no", FactNo}, {"unknown", FactUnknown}, {"perhaps", FactUnknown}, {"", FactUnknown}} {
		f := FactYes
		if err := f.UnmarshalText([]byte(tt.text)); err != nil || f != tt.want {
			t.Errorf("%q: got %v, %v; want %v", tt.text, f, err, tt.want)
		}
	}
	if FactOf(true) != FactYes || FactOf(false) != FactNo || Fact(0) != FactUnknown {
		t.Error("FactOf or the zero Fact is wrong")
	}
}

func TestKeyRejects(t *testing.T) {
	for _, s := range []string{"AQID", "!!", strings.Repeat("A", 45)} {
		var k Key
		if err := k.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q was taken for a key", s)
		}
	}
}

func TestPrefixOf(t *testing.T) {
	for _, tt := range []struct {
		n    *net.IPNet
		want string
	}{
		{&net.IPNet{IP: net.IPv4(192, 0, 2, 2), Mask: net.CIDRMask(24, 32)}, "192.0.2.2/24"},
		{&net.IPNet{IP: net.IPv4(192, 0, 2, 2).To4(), Mask: net.CIDRMask(120, 128)}, "192.0.2.2/24"},
		{&net.IPNet{IP: net.ParseIP("fd00::2"), Mask: net.CIDRMask(64, 128)}, "fd00::2/64"},
		{&net.IPNet{IP: net.ParseIP("fd00::2"), Mask: net.IPv4Mask(255, 0, 255, 0)}, ""},
		{nil, ""},
	} {
		p, ok := prefixOf(tt.n)
		if ok != (tt.want != "") || ok && p.String() != tt.want {
			t.Errorf("%v: got %v, %v; want %q", tt.n, p, ok, tt.want)
		}
	}
}
