package diagnose

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
)

// TestSegment: what the container's uplink shows decides on which side of it the
// packets are lost, and where it shows nothing certain, nothing is said.
func TestSegment(t *testing.T) {
	phone, other := netip.MustParseAddr("10.8.0.2"), netip.MustParseAddr("10.8.0.3")
	whole := map[string]*rule{
		"not-forwarded": &notForwarded, "nat-missing": &natMissing, "return": &returnNotForwarded,
		"silent": &upstreamSilent, "unanswered": &handshakeUnanswered,
	}
	for _, c := range []struct {
		name   string
		whole  string
		inner  *rule // nil: no fault there
		client netip.Addr
		calls  uint64 // outer packets at the uplink
		want   Segment
	}{
		{"nothing leaves the container", "not-forwarded", &notForwarded, phone, 9, SegmentContainer},
		{"the container sends, the host does not", "not-forwarded", &upstreamSilent, phone, 9, SegmentHost},
		{"the container does not translate, the host drops that", "not-forwarded", &natMissing, phone, 9, SegmentContainer},
		{"untranslated all the way", "nat-missing", &natMissing, phone, 9, SegmentContainer},
		{"answers reach the host alone", "return", &upstreamSilent, phone, 9, SegmentHost},
		{"answers die in the container", "return", &returnNotForwarded, phone, 9, SegmentContainer},
		{"lost beyond both", "silent", &upstreamSilent, phone, 9, SegmentUnknown},
		{"the container shows no fault", "not-forwarded", nil, phone, 9, SegmentUnknown},
		{"a fault of somebody else", "not-forwarded", &notForwarded, other, 9, SegmentUnknown},
		{"no call is led to the container", "unanswered", nil, phone, 0, SegmentHost},
		{"calls reach it and are not answered", "unanswered", &handshakeUnanswered, phone, 9, SegmentContainer},
		{"calls reach it, and why is not clear", "unanswered", nil, phone, 9, SegmentUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			of := func(r *rule, a netip.Addr) Finding {
				return Finding{ID: r.id, Severity: SeverityFault, Scope: Scope{Client: a}, After: r.after, Before: r.before}
			}
			f := of(whole[c.whole], phone)
			within := &Diagnosis{Status: StatusInconclusive}
			if c.inner != nil {
				within = &Diagnosis{Status: StatusFault, Finding: c.inner.id, Findings: []Finding{of(c.inner, c.client)}}
			}
			ev := &correlate.Evidence{}
			ev.Stages[correlate.OuterIn].Observed = true
			ev.Stages[correlate.OuterIn].Packets = c.calls
			if got := segment(&f, within, ev); got != c.want {
				t.Errorf("segment %v, want %v", got, c.want)
			}
		})
	}
}

// TestEnteredFixes: the commands of a fix for a container run in its namespace,
// and nothing of it is written into the host's own files.
func TestEnteredFixes(t *testing.T) {
	v := Values{Tunnel: "wg0", WAN: "eth0", Client: netip.MustParseAddr("10.8.0.2"), Prefix: netip.MustParsePrefix("10.8.0.0/24"), Enter: []string{"nsenter", "-t", "7", "-n"}}
	for cause, want := range map[string][]string{
		"ip-forwarding-off": {"nsenter -t 7 -n sysctl -w net/ipv4/ip_forward=1", "nsenter -t 7 -n sysctl -w net/ipv4/conf/wg0/forwarding=1"},
		"nat-missing": {
			"nsenter -t 7 -n nft add table ip wgtrace",
			"nsenter -t 7 -n nft add chain ip wgtrace postrouting '{ type nat hook postrouting priority 100; policy accept; }'",
			`nsenter -t 7 -n nft add rule ip wgtrace postrouting ip saddr 10.8.0.0/24 oifname '"eth0"' masquerade`,
		},
	} {
		fixes := fixesFor(cause, v, osLinux)
		if len(fixes) == 0 || !slices.Equal(fixes[0].Commands, want) {
			t.Errorf("%s: %+v, want %q", cause, fixes, want)
		}
	}
	if got := fixesFor("ip-forwarding-off", Values{Tunnel: "wg0"}, osLinux); len(got) == 0 || got[0].Commands[0] != "sysctl -w net/ipv4/ip_forward=1" {
		t.Errorf("on the host itself: %+v", got)
	}
}

// TestTranslatedValues: what the host is to let through has the container's
// address; of IPv6, which that address does not stand for, nothing is filled in.
func TestTranslatedValues(t *testing.T) {
	ctx := &Context{Tunnel: "docker0", Inside: netip.MustParseAddr("172.17.0.2"), Prefixes: []netip.Prefix{
		netip.MustParsePrefix("10.8.0.0/24"), netip.MustParsePrefix("172.17.0.0/16"),
	}}
	v := Values{Tunnel: "wg0", Client: netip.MustParseAddr("10.8.0.2"), Prefix: netip.MustParsePrefix("10.8.0.0/24")}
	v.translated(ctx)
	if v.Tunnel != "docker0" || v.Client != ctx.Inside || v.Prefix != ctx.Prefixes[1] || v.PrefixGuessed {
		t.Errorf("IPv4: %+v", v)
	}
	v = Values{Tunnel: "wg0", Client: netip.MustParseAddr("fd00::2"), Prefix: netip.MustParsePrefix("fd00::/64")}
	v.translated(ctx)
	if v.Client.IsValid() || v.Prefix.IsValid() {
		t.Errorf("IPv6: %+v", v)
	}
}
