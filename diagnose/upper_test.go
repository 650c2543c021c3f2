package diagnose

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
)

const (
	testServer   = "10.8.0.1"
	testResolver = "192.0.2.53"
	testLAN      = "192.168.1.1"
	testSite     = "192.0.2.80"
	testSite2    = "192.0.2.81"
)

// works is a client whose requests are answered over IPv4, with one flow to show
// for it.
func (s scene) works() *correlate.Client {
	s.peer(endpointA, established())
	c := s.client(testPhone, 0)
	asks(c, 0, fate{correlate.FateAnswered, 5, 3, 2})
	s.flow(testSite+":443", 6, correlate.OutcomeAnswered)
	return c
}

// alone is a client that made no request to beyond the host.
func (s scene) alone() *correlate.Client {
	s.peer(endpointA, established())
	return s.client(testPhone, 0)
}

// flow adds a flow of the phone with ten packets each way.
func (s scene) flow(remote string, proto uint8, o correlate.Outcome) *correlate.Flow {
	n := correlate.Count{Packets: 10, Bytes: 1000}
	s.Flows = append(s.Flows, correlate.Flow{Client: netip.MustParseAddrPort(testPhone + ":4000"), Remote: netip.MustParseAddrPort(remote), Proto: proto,
		Outcome: o, In: n, Out: n, Reply: n, Back: n, First: 1, Last: minute})
	return &s.Flows[len(s.Flows)-1]
}

// names adds a resolver that a client asked, with one end for all queries.
func names(c *correlate.Client, addr string, host bool, end correlate.NameEnd, n uint64) *correlate.Resolver {
	r := correlate.Resolver{Addr: netip.MustParseAddr(addr), Host: host}
	r.Ends[end] = correlate.NameCount{Count: n, Samples: []correlate.Sighting{{Frame: 1, Stage: correlate.TunnelIn}}}
	if end == correlate.NameUnreachable {
		r.Ends[end].Samples = append(r.Ends[end].Samples, correlate.Sighting{Frame: 2, Stage: correlate.TunnelOut, ICMPType: 3, ICMPCode: 3, Src: netip.AddrPortFrom(r.Addr, 0)})
	}
	c.Resolvers = append(c.Resolvers, r)
	return &c.Resolvers[len(c.Resolvers)-1]
}

// stall adds a conversation whose large segments are repeated at stages.
func (s scene) stall(remote string, stages ...correlate.Stage) *correlate.Flow {
	f := s.flow(remote, 6, correlate.OutcomeAnswered)
	for _, st := range stages {
		f.Stalls = append(f.Stalls, correlate.Stall{Stage: st, Size: 1420, Repeats: 5, Third: minute / 2})
	}
	return f
}

// TestUpperVerdicts judges names, families and sizes above a path that works,
// and what looks like their faults and is none.
func TestUpperVerdicts(t *testing.T) {
	type outcome struct {
		status  Status
		finding string
		cause   string
		after   correlate.Stage
		before  correlate.Stage
	}
	healthy := outcome{status: StatusHealthy}
	inHost := func(id, cause string) outcome {
		return outcome{StatusFault, id, cause, correlate.TunnelIn, correlate.TunnelOut}
	}
	beyond := func(id, cause string) outcome {
		return outcome{StatusFault, id, cause, correlate.WANOut, correlate.WANIn}
	}
	few := outcome{status: StatusInconclusive, finding: "too-little-evidence"}
	wide, narrow := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/1"), netip.MustParsePrefix("128.0.0.0/1")}, []netip.Prefix{netip.MustParsePrefix("10.8.0.0/24")}
	cases := []struct {
		name  string
		scene func(s scene)
		ctx   Context
		want  outcome
	}{
		// Names.
		{"no listener", func(s scene) { names(s.works(), testServer, true, correlate.NameUnreachable, 3) }, Context{}, inHost("dns-no-listener", "dns-no-listener")},
		{"no listener, and nothing else is tried", func(s scene) { names(s.alone(), testServer, true, correlate.NameUnreachable, 3) }, Context{}, inHost("dns-no-listener", "dns-no-listener")},
		{"no listener, told once", func(s scene) {
			names(s.works(), testServer, true, correlate.NameUnreachable, 1).Ends[correlate.NameSilent].Count = 5
		}, Context{}, inHost("dns-no-listener", "dns-no-listener")},
		{"the host is silent", func(s scene) { names(s.works(), testServer, true, correlate.NameSilent, 3) }, Context{}, inHost("dns-unanswered", "dns-host-firewall")},
		{"a private address that may be the host's is silent", func(s scene) { names(s.works(), testServer, false, correlate.NameSilent, 3) }, Context{}, inHost("dns-unanswered", "dns-host-firewall")},
		{"the same, and nothing else works", func(s scene) { names(s.alone(), testServer, false, correlate.NameSilent, 3) }, Context{}, few},
		{"refused", func(s scene) { names(s.works(), testServer, true, correlate.NameRefused, 3) }, Context{}, inHost("dns-refused", "dns-refused")},
		{"refused from outside", func(s scene) { names(s.works(), testResolver, false, correlate.NameRefused, 3) }, Context{}, beyond("dns-refused", "dns-refused")},
		{"server failure for everything", func(s scene) { names(s.works(), testServer, true, correlate.NameFailed, 9) }, Context{}, inHost("dns-refused", "dns-resolver-upstream")},
		{"server failure for one broken name", func(s scene) { names(s.works(), testServer, true, correlate.NameFailed, 4) }, Context{}, healthy},
		{"wrong source", func(s scene) { names(s.works(), testServer, true, correlate.NameForeign, 3) }, Context{}, inHost("dns-wrong-source", "dns-wrong-source")},
		{"blocked outside", func(s scene) { names(s.works(), testResolver, false, correlate.NameNoReply, 3) }, Context{}, beyond("dns-blocked-upstream", "dns-blocked-upstream")},
		{"a router outside answers with errors", func(s scene) { names(s.works(), testResolver, false, correlate.NameErrored, 3) }, Context{}, beyond("dns-blocked-upstream", "dns-blocked-upstream")},
		{"a LAN's resolver that is not there", func(s scene) { names(s.works(), testLAN, false, correlate.NameNoReply, 3) }, Context{}, beyond("dns-blocked-upstream", "dns-lan-resolver-unreachable")},
		{"a LAN's resolver, and nothing else is tried", func(s scene) { names(s.alone(), testLAN, false, correlate.NameNoReply, 3) }, Context{}, few},
		{"a LAN's resolver, the host has no way there", func(s scene) {
			names(s.works(), testLAN, false, correlate.NameUnreachable, 3).Ends[correlate.NameUnreachable].Samples[1].Src = netip.MustParseAddrPort(testServer + ":0")
		}, Context{}, outcome{StatusFault, "dns-blocked-upstream", "dns-lan-resolver-unreachable", correlate.TunnelIn, correlate.WANOut}},
		{"both resolvers are dead", func(s scene) {
			c := s.works()
			names(c, testServer, true, correlate.NameSilent, 3)
			names(c, testResolver, false, correlate.NameNoReply, 6)
		}, Context{}, beyond("dns-blocked-upstream", "dns-blocked-upstream")},
		// Healthy.
		{"H3 a local resolver", func(s scene) { names(s.works(), testServer, true, correlate.NameAnswered, 3) }, Context{}, healthy},
		{"a dead resolver beside one that works", func(s scene) {
			c := s.works()
			names(c, testServer, true, correlate.NameSilent, 9)
			names(c, testResolver, false, correlate.NameAnswered, 1)
		}, Context{}, healthy},
		{"a resolver that was dead and works now", func(s scene) {
			names(s.works(), testServer, true, correlate.NameUnreachable, 9).Ends[correlate.NameAnswered].Count = 1
		}, Context{}, healthy},
		{"two lost queries", func(s scene) { names(s.works(), testServer, true, correlate.NameSilent, 2) }, Context{}, healthy},
		{"names over TLS", func(s scene) {
			names(s.works(), testServer, true, correlate.NameSilent, 5)
			s.flow("192.0.2.99:853", 6, correlate.OutcomeAnswered)
		}, Context{}, healthy},
		{"names over HTTPS", func(s scene) {
			names(s.works(), testServer, true, correlate.NameSilent, 5)
			s.flow("8.8.8.8:443", 17, correlate.OutcomeAnswered)
		}, Context{}, healthy},
		{"no query at all", func(s scene) { s.works() }, Context{}, healthy},
		{"the path is dead too: the lower fault counts", func(s scene) {
			names(s.alone(), testServer, true, correlate.NameSilent, 5)
			asks(&s.Clients[0], 0, fate{correlate.FateNoEgress, 6, 3, 2})
		}, Context{}, outcome{StatusFault, "not-forwarded", "", correlate.TunnelIn, correlate.WANOut}},

		// AllowedIPs on the phone.
		{"only the tunnel's own addresses", func(s scene) { s.alone(); s.flow(testServer+":53", 17, correlate.OutcomeLocal) }, Context{},
			outcome{StatusInconclusive, "client-allowedips-too-narrow", "client-allowedips-too-narrow", 0, 0}},
		{"the same, and the person tried a website", func(s scene) { s.alone(); s.flow(testServer+":53", 17, correlate.OutcomeLocal) }, Context{ExpectTraffic: true},
			outcome{StatusFault, "client-allowedips-too-narrow", "client-allowedips-too-narrow", 0, 0}},
		{"the inside is no tunnel", func(s scene) {
			s.alone()
			s.flow(testServer+":53", 17, correlate.OutcomeLocal)
			s.Coverage.OuterPossible = false
		}, Context{ExpectTraffic: true}, few},
		{"the same by the phone's settings", func(s scene) { s.alone(); s.flow(testServer+":53", 17, correlate.OutcomeLocal) }, Context{PhoneAllowedIPs: narrow},
			outcome{StatusFault, "client-allowedips-too-narrow", "client-allowedips-too-narrow", 0, 0}},
		{"the phone's settings are wide: it is idle", func(s scene) { s.alone(); s.flow(testServer+":53", 17, correlate.OutcomeLocal) }, Context{PhoneAllowedIPs: wide, ExpectTraffic: true}, few},
		{"the phone's settings are narrow, and the internet answers it", func(s scene) { s.works() }, Context{PhoneAllowedIPs: narrow}, healthy},
		{"names are dead, so that it knows nowhere to go", func(s scene) {
			names(s.alone(), testServer, true, correlate.NameUnreachable, 3)
			s.flow(testServer+":0", 1, correlate.OutcomeLocal)
		}, Context{ExpectTraffic: true}, inHost("dns-no-listener", "dns-no-listener")},

		// IPv6.
		{"IPv6 does not leave", func(s scene) { asks(s.works(), 1, fate{correlate.FateNoEgress, 4, 2, 2}) }, Context{},
			outcome{StatusFault, "ipv6-blackhole", "ipv6-forwarding-off", correlate.TunnelIn, correlate.WANOut}},
		{"IPv6 leaves untranslated", func(s scene) { asks(s.works(), 1, fate{correlate.FateUntranslated, 4, 2, 2}) }, Context{}, beyond("ipv6-blackhole", "ipv6-nat-missing")},
		{"IPv6 gets no reply", func(s scene) { asks(s.works(), 1, fate{correlate.FateNoReply, 4, 2, 2}) }, Context{}, beyond("ipv6-blackhole", "ipv6-upstream-dead")},
		{"one silent IPv6 address", func(s scene) { asks(s.works(), 1, fate{correlate.FateNoReply, 4, 1, 4}) }, Context{}, healthy},
		{"one silent IPv6 address beside one that answers", func(s scene) {
			asks(s.works(), 1, fate{correlate.FateNoReply, 4, 2, 2}, fate{correlate.FateAnswered, 1, 1, 1})
		}, Context{}, healthy},
		{"H10 IPv6 routed", func(s scene) { asks(s.works(), 1, fate{correlate.FateUntranslated, 4, 2, 2}).ReplyToInner = 3 }, Context{}, healthy},
		{"IPv6 refused at once", func(s scene) { asks(s.works(), 1, fate{correlate.FateRejected, 9, 3, 3}) }, Context{}, healthy},
		{"IPv4 alone", func(s scene) { s.works() }, Context{}, healthy},

		// Sizes.
		{"large segments vanish on the way to the phone", func(s scene) { s.works(); s.stall(testSite2+":443", correlate.TunnelOut, correlate.WANIn) }, Context{},
			outcome{StatusFault, "mtu-outer-blackhole", "mtu-outer-blackhole", correlate.OuterOut, 0}},
		{"the phone is gone", func(s scene) {
			s.works().Last = minute / 2
			s.stall(testSite2+":443", correlate.TunnelOut)
		}, Context{}, healthy},
		{"others as large arrive", func(s scene) {
			s.works().LargestAcked[toPhone] = 1420
			s.stall(testSite2+":443", correlate.TunnelOut)
		}, Context{}, healthy},
		{"H20 merged segments arrive", func(s scene) {
			s.works().LargestAcked[toPhone] = 65000
			s.stall(testSite2+":443", correlate.TunnelOut)
		}, Context{}, healthy},
		{"smaller ones arrive", func(s scene) {
			s.works().LargestAcked[toPhone] = 1280
			s.stall(testSite2+":443", correlate.TunnelOut)
		}, Context{}, outcome{StatusFault, "mtu-outer-blackhole", "mtu-outer-blackhole", correlate.OuterOut, 0}},
		{"a jumbo tunnel", func(s scene) {
			s.works().MSS = 8880
			s.stall(testSite2+":443", correlate.TunnelOut)
		}, Context{}, outcome{StatusFault, "jumbo-tunnel-mtu", "jumbo-tunnel-mtu", correlate.OuterOut, 0}},
		{"fragments that are dropped", func(s scene) {
			s.works()
			s.WireGuard.Peers[0].Fragmented = 20
			s.stall(testSite2+":443", correlate.TunnelOut)
		}, Context{}, outcome{StatusFault, "jumbo-tunnel-mtu", "jumbo-tunnel-mtu", correlate.OuterOut, 0}},
		{"a jumbo tunnel on a jumbo line", func(s scene) { s.works().MSS = 8880 }, Context{}, healthy},
		{"the site is told and does not listen", func(s scene) {
			s.works()
			s.stall(testSite2+":443", correlate.WANIn).TooBig = correlate.TooBig{Sent: 5, MTU: 1280}
		}, Context{}, outcome{StatusFault, "frag-needed-lost", "frag-needed-lost", correlate.WANIn, correlate.TunnelOut}},
		{"H14 one site listens, another does not", func(s scene) {
			s.works()
			s.stall(testSite2+":443", correlate.WANIn).TooBig = correlate.TooBig{Sent: 5, MTU: 1280}
			f := s.flow(testSite+":80", 6, correlate.OutcomeAnswered)
			f.TooBig, f.Back.Bytes = correlate.TooBig{Sent: 1, MTU: 1280}, 90000
		}, Context{}, healthy},
		{"H14 the site listens", func(s scene) {
			s.works()
			s.flow(testSite2+":443", 6, correlate.OutcomeAnswered).TooBig = correlate.TooBig{Sent: 9, MTU: 1280}
		}, Context{}, healthy},
		{"uploads to two sites vanish", func(s scene) {
			s.works()
			s.stall(testSite+":80", correlate.WANOut, correlate.TunnelIn)
			s.stall(testSite2+":443", correlate.WANOut, correlate.TunnelIn)
		}, Context{}, beyond("path-mtu-upstream", "path-mtu-upstream")},
		{"uploads to one site vanish", func(s scene) {
			s.works()
			s.stall(testSite2+":443", correlate.WANOut, correlate.TunnelIn)
			s.stall(testSite2+":80", correlate.WANOut, correlate.TunnelIn)
		}, Context{}, healthy},
		{"somebody outside said that uploads were too big", func(s scene) {
			s.works()
			for _, site := range []string{testSite, testSite2} {
				s.stall(site+":80", correlate.WANOut).TooBig = correlate.TooBig{Came: 1, MTU: 1280}
			}
		}, Context{}, healthy},
	}
	for _, c := range cases {
		for _, os := range []string{"", osLinux, osWindows} {
			t.Run(c.name+"/"+os, func(t *testing.T) {
				s := newScene()
				c.scene(s)
				c.ctx.OS, c.ctx.Tunnel, c.ctx.WAN = os, "wg0", "eth0"
				d := Run(s.Evidence, c.ctx)
				if d.Status != c.want.status || d.Finding != c.want.finding {
					t.Fatalf("%v %q, want %v %q", d.Status, d.Finding, c.want.status, c.want.finding)
				}
				checkDiagnosis(t, s.Evidence, d)
				if p := d.Primary(); p != nil && p.Layer >= 2 {
					if p.After != c.want.after || p.Before != c.want.before {
						t.Errorf("between %v and %v, want %v and %v", p.After, p.Before, c.want.after, c.want.before)
					}
					if c.want.cause != "" && (len(p.Causes) == 0 || p.Causes[0].ID != c.want.cause) {
						t.Errorf("causes %v, want %s first", p.Causes, c.want.cause)
					}
				}
				if c.want.status == StatusHealthy && slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Layer >= 4 && f.Severity == SeverityFault }) {
					t.Errorf("findings %+v", d.Findings)
				}
			})
		}
	}
}
