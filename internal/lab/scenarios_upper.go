package lab

// upperScenarios break what lies above a path that works: names, AllowedIPs,
// IPv6 and the size of packets.
var upperScenarios = []Scenario{
	{Name: "dns-local-resolver", Summary: "the server itself answers the phone's questions for names", Expect: expectHealthy, Healthy: true, OneClient: true},
	{Name: "mtu-outer-blackhole-iphone1280", Summary: "a line to the phone carries less than usual and says nothing, the phone's MTU is 1280", Expect: expectHealthy, Healthy: true, OneClient: true, Workload: Phone},
	{Name: "mtu-inner-fragneeded-works", Summary: "answers do not fit into the tunnel, and the website is told", Expect: expectHealthy, Healthy: true, OneClient: true, Workload: Laptop},
	{Name: "jumbo-mtu-8920-works", Summary: "the tunnel has the MTU of a jumbo adapter, and fragments pass", Expect: expectHealthy, Warning: "jumbo-tunnel-mtu", Healthy: true, OneClient: true, Workload: Laptop},
	{Name: "v6-no-default-route", Summary: "the server has no way for IPv6 and says so", Expect: expectHealthy, Breaks: BreaksIPv6},

	{Name: "v6-server-allowedips-missing", Summary: "the server's allowed IPs lack the phone's IPv6 address", Expect: expectHealthy, Warning: "ipv6-blackhole", OneClient: true, Workload: Phone, Breaks: BreaksIPv6},

	{Name: "dns-no-listener", Summary: "no resolver runs on the server that the phone asks", Expect: expectNames("dns-no-listener"), OneClient: true, Cause: "dns-no-listener", Breaks: BreaksNames},
	{Name: "dns-dnsmasq-local-service", Summary: "the server's resolver ignores networks other than its own", Expect: expectNames("dns-unanswered"), OneClient: true, Cause: "dns-refused", Breaks: BreaksNames},
	{Name: "dns-input-drop", Summary: "the server's firewall drops the phone's questions for names", Expect: expectNames("dns-unanswered"), OneClient: true, Cause: "dns-host-firewall", Breaks: BreaksNames},
	{Name: "dns-refused", Summary: "the server's resolver refuses the tunnel subnet", Expect: expectNames("dns-refused"), OneClient: true, Cause: "dns-refused", Breaks: BreaksNames},
	{Name: "dns-wrong-source", Summary: "the server's resolver answers from its WAN address", Expect: expectNames("dns-wrong-source"), OneClient: true, Cause: "dns-wrong-source", Breaks: BreaksNames},
	{Name: "dns-blocked-upstream", Summary: "the upstream router drops questions for names", Expect: Expect{"fault", "dns-blocked-upstream", "wan_out", "wan_in"}, Cause: "dns-blocked-upstream", Breaks: BreaksNames},
	{Name: "dns-lan-resolver-unreachable", Summary: "the phone asks a private address that nobody has", Expect: Expect{"fault", "dns-blocked-upstream", "wan_out", "wan_in"}, OneClient: true, Cause: "dns-lan-resolver-unreachable", Breaks: BreaksNames},
	{Name: "client-split-tunnel", Summary: "the phone sends only the tunnel's own addresses into it", Expect: Expect{Status: "inconclusive", Finding: "client-allowedips-too-narrow"}, OneClient: true, Cause: "client-allowedips-too-narrow", Breaks: BreaksBeyond},
	{Name: "v6-blackhole-no-forward", Summary: "the kernel does not forward IPv6", Expect: Expect{"fault", "ipv6-blackhole", "tunnel_in", "wan_out"}, Cause: "ipv6-forwarding-off", Breaks: BreaksIPv6},
	{Name: "v6-blackhole-forward-no-nat", Summary: "no rule translates the tunnel's IPv6 subnet", Expect: Expect{"fault", "ipv6-blackhole", "wan_out", "wan_in"}, Cause: "ipv6-nat-missing", Breaks: BreaksIPv6},
	{Name: "mtu-outer-blackhole", Summary: "a line to the phone carries less than usual and says nothing", Expect: Expect{Status: "fault", Finding: "mtu-outer-blackhole", After: "outer_out"}, OneClient: true, Workload: Laptop, Cause: "mtu-outer-blackhole", Breaks: BreaksLarge},
	{Name: "mtu-inner-fragneeded-lost", Summary: "answers do not fit into the tunnel, and the website is not told", Expect: Expect{"fault", "frag-needed-lost", "wan_in", "tunnel_out"}, OneClient: true, Workload: Laptop, Cause: "frag-needed-lost", Breaks: BreaksLarge},
	{Name: "mtu-inner-upload-blackhole", Summary: "a line beyond the server carries less than usual and says nothing", Expect: Expect{"fault", "path-mtu-upstream", "wan_out", "wan_in"}, Workload: Laptop, Cause: "path-mtu-upstream", Breaks: BreaksUploads},
	{Name: "jumbo-mtu-8920", Summary: "the tunnel has the MTU of a jumbo adapter, and fragments are dropped on the way", Expect: Expect{Status: "fault", Finding: "jumbo-tunnel-mtu", After: "outer_out"}, OneClient: true, Workload: Laptop, Cause: "jumbo-tunnel-mtu", Breaks: BreaksTransfers},
}

func expectNames(finding string) Expect {
	return Expect{"fault", finding, "tunnel_in", "tunnel_out"}
}

// Breaks says what a fault breaks. The zero value is everything.
type Breaks string

// Parts of a client's traffic.
const (
	BreaksAll       Breaks = ""
	BreaksNames     Breaks = "names"
	BreaksBeyond    Breaks = "beyond" // everything but names, which the server answers
	BreaksIPv6      Breaks = "ipv6"
	BreaksLarge     Breaks = "large" // downloads of more than a packet
	BreaksUploads   Breaks = "uploads"
	BreaksTransfers Breaks = "transfers" // both
)

// Spares reports whether a try is not among what is broken.
func (b Breaks) Spares(t Try) bool {
	switch b {
	case BreaksNames:
		return t.Kind != "dns"
	case BreaksBeyond:
		return t.Kind == "dns"
	case BreaksIPv6:
		return familyOf(t.Target) != "6"
	case BreaksLarge:
		return !t.download()
	case BreaksUploads:
		return !t.upload()
	case BreaksTransfers:
		return !t.download() && !t.upload()
	}
	return false
}
