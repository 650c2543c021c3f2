package lab

import (
	"fmt"
	"strings"
	"testing"
)

// TestShape looks at the clients' packets where they leave the tunnel.
func TestShape(t *testing.T) {
	t.Parallel()
	// What is counted, as nft matches it; the tunnel's MTU bounds a length.
	counters := map[string]string{
		"id":        "meta nfproto ipv4 ip id != 0",
		"no_df":     "meta nfproto ipv4 ip frag-off & 0x4000 == 0",
		"echo":      "icmp type echo-request",
		"over_1280": "meta length > 1280",
		"over_1420": "meta length > 1420",
		"quic":      "udp dport 443 udp length 1208 @th,64,8 0xc3",
		"push":      "tcp dport 5223",
		"mss_phone": "tcp flags & (syn|ack) == syn tcp option maxseg size 1240",
	}
	for _, tt := range []struct {
		workload   Workload
		offload    bool
		some, none []string
	}{
		{Phone, false, []string{"quic", "push", "mss_phone"}, []string{"id", "no_df", "echo", "over_1280"}},
		{Phone, true, []string{"quic", "push", "mss_phone"}, []string{"id", "no_df", "echo"}},
		{Laptop, false, []string{"id", "echo", "over_1280"}, []string{"quic", "mss_phone", "over_1420"}},
		{Laptop, true, []string{"id", "echo", "over_1420"}, []string{"quic", "mss_phone"}},
	} {
		t.Run(fmt.Sprintf("%s/offload=%v", tt.workload, tt.offload), func(t *testing.T) {
			l := newLab(t, Config{Offload: tt.offload})
			var objects, rules []string
			for name, match := range counters {
				objects = append(objects, "\tcounter "+name+" { }\n")
				rules = append(rules, fmt.Sprintf("iifname %q %s counter name %s", l.Plan().Tunnel, match, name))
			}
			// QUIC meets silence at the site, not a refusal.
			objects = append(objects, "\tcounter refused { }\n")
			for _, refusal := range []string{"icmp type destination-unreachable", "icmpv6 type destination-unreachable"} {
				rules = append(rules, fmt.Sprintf("iifname %q %s counter name refused", l.Plan().WAN, refusal))
			}
			text := table("shape", strings.Join(objects, ""), chain("in", "filter", "prerouting", "raw", "accept", rules))
			if err := l.server.call(t.Context(), "nft", nftText{text}, nil); err != nil {
				t.Fatal(err)
			}
			res := run(t, l, First, Run{Workload: tt.workload})
			if ok, all := res.Answered(); ok != all {
				t.Errorf("%d of %d answered", ok, all)
			}
			var got map[string]uint64
			if err := l.server.call(t.Context(), "counters", nftText{"shape"}, &got); err != nil {
				t.Fatal(err)
			}
			for _, name := range tt.some {
				if got[name] == 0 {
					t.Errorf("no packet matches %s", counters[name])
				}
			}
			if got["refused"] != 0 {
				t.Errorf("the site refused %d packets", got["refused"])
			}
			for _, name := range tt.none {
				if got[name] != 0 {
					t.Errorf("%d packets match %s", got[name], counters[name])
				}
			}
		})
	}
}
