package correlate_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
)

// TestContradictions doubts what the person said when packets speak against it,
// and only then.
func TestContradictions(t *testing.T) {
	prefixes := func(s string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(s)} }
	addrs := func(s string) []netip.Addr { return []netip.Addr{netip.MustParseAddr(s)} }
	for _, c := range []struct {
		name string
		opts correlate.Options
		want string
	}{
		{"nothing given", correlate.Options{}, ""},
		{"all as it is", correlate.Options{WGPort: 51820, Clients: prefixes(phone + "/32"), Own: addrs(wanIP)}, ""},
		{"the address inside the tunnel", correlate.Options{Own: addrs(inner)}, ""},
		{"another port", correlate.Options{WGPort: 443}, "port-contradiction"},
		{"another client", correlate.Options{Clients: prefixes("10.9.0.0/24")}, "client-contradiction"},
		{"another address", correlate.Options{Own: addrs("203.0.113.99")}, "wan-contradiction"},
		{"live, the host knows better", correlate.Options{WGPort: 443, Clients: prefixes("10.9.0.0/24"), Own: addrs("203.0.113.99"), Live: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := &trace{opts: c.opts}
			tr.dial(0, mobile, 1, true)
			for n := range 8 {
				tr.call(1_000_000+int64(n)*500_000, fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 4000+n), fmt.Sprintf("192.0.2.%d:443", n), uint32(n*10_000))
			}
			tr.tunnel(8_000_000, ping(inner+":1", phone, 1, pad("ping", 56)))
			tr.idle(20_000_000)
			var got []string
			for _, x := range tr.run(t).Caveats {
				if slices.Contains([]string{"port-contradiction", "client-contradiction", "wan-contradiction"}, x.ID) {
					got = append(got, x.ID)
				}
			}
			if c.want == "" && len(got) > 0 || c.want != "" && !slices.Equal(got, []string{c.want}) {
				t.Errorf("caveats %v, want %q", got, c.want)
			}
		})
	}
}
