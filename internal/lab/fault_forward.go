package lab

var (
	expectRejected  = Expect{"fault", "forward-rejected", "tunnel_in", "wan_out"}
	expectLeak      = Expect{"fault", "tunnel-return-route-missing", "wan_in", "tunnel_out"}
	expectNewFlows  = Expect{"fault", "new-flows-not-forwarded", "tunnel_in", "wan_out"}
	expectUFW       = Expect{"fault", "ufw-deny-routed", "tunnel_in", "wan_out"}
	expectLoop      = Expect{"fault", "routing-loop", "wan_out", "wan_in"}
	expectHijack    = Expect{"fault", "server-default-route-hijacked", "tunnel_in", "wan_out"}
	expectNoDefault = Expect{"fault", "no-default-route", "tunnel_in", "wan_out"}
	expectGateway   = Expect{"fault", "gateway-unreachable", "tunnel_in", "wan_out"}
	expectForeign   = Expect{"fault", "nat-wrong-source-address", "wan_out", "wan_in"}
	expectAsym      = Expect{"fault", "asymmetric-return", "wan_out", "wan_in"}
	expectUnknown   = Expect{"fault", "nat-reply-not-recognised", "wan_in", "tunnel_out"}
)

// answered is Untold where the host itself answers the phone.
var answered = []string{StageTunnelOut}

// leaked is Untold where replies leave by the WAN again: a tap's count of what the
// client sent on lacks them.
var leaked = []string{StageWANOut}

// forwardScenarios are those of the server's forwarding, routes and translation
// that differ in more than the rule which is wrong.
var forwardScenarios = []Scenario{
	{Name: "hairpin-ok", Summary: "the first phone calls the second one through the server", Expect: expectHealthy, Healthy: true, OneClient: true, Neighbours: true},
	{Name: "hairpin-drop", Summary: "the firewall keeps the phones apart", Expect: expectHealthy, Healthy: true, OneClient: true, Neighbours: true, Warning: "client-to-client-blocked"},

	{Name: "forward-ufw-deny-routed", Summary: "the firewall forwards pings and nothing else, as ufw does", Expect: expectUFW, Pingless: expectNotForwarded, Partial: true},
	{Name: "forward-reject-admin-firewalld", Summary: "the firewall refuses with admin-prohibited, as firewalld does", Expect: expectRejected, Untold: answered},
	{Name: "forward-reject-hostprohib-oracle", Summary: "the firewall refuses with host-prohibited, as Oracle's images do", Expect: expectRejected, Untold: answered, Cause: "oracle-forward-reject"},
	{Name: "forward-reject-openwrt", Summary: "the firewall refuses with resets and port unreachable, as OpenWrt does", Expect: expectRejected, Untold: answered, Cause: "openwrt-zone-not-forwarded"},
	{Name: "legacy-drop-nft-accept", Summary: "the old iptables tables drop what nftables accepts", Expect: expectNotForwarded, Cause: "two-firewalls"},
	{Name: "nft-two-tables", Summary: "one table accepts and the other one drops", Expect: expectNotForwarded, Cause: "two-firewalls"},
	{Name: "docker-forward-drop", Summary: "Docker's FORWARD policy drops what is not for containers", Expect: expectNotForwarded, Cause: "docker-forward-drop"},
	{Name: "lan-only-forward", Summary: "the firewall lets the phones into the local network alone", Expect: expectHealthy, Warning: "lan-only-forwarding", Partial: true},

	{Name: "wan-no-default-route", Summary: "the server has no default route", Expect: expectNoDefault, Untold: answered, Cause: "no-default-route"},
	{Name: "wan-gateway-dead", Summary: "nobody answers at the gateway's address", Expect: expectGateway, Untold: []string{StageWANOut, StageTunnelOut}, Cause: "gateway-dead"},
	{Name: "server-default-hijack", Summary: "the server's default route leads into the tunnel", Expect: expectHijack, Untold: answered, Cause: "server-allowedips-everything"},
	{Name: "no-return-route-leak", Summary: "the server knows the phone behind the WAN", Expect: expectLeak, Untold: leaked, Cause: "tunnel-route-missing"},
	{Name: "addr32-no-route", Summary: "the server has no route to the tunnel subnet", Expect: expectLeak, Untold: leaked, Cause: "tunnel-route-missing"},
	{Name: "ttl-loop", Summary: "the upstream router sends the packets back", Expect: expectLoop, Untold: []string{StageWANIn}, Cause: "router-sends-back"},

	{Name: "asym-other-wan", Summary: "whatever is for the server arrives on its second line", Expect: expectHealthy, Healthy: true, SecondUplink: true},
	{Name: "asym-rpf-strict", Summary: "answers arrive on the second line, and strict reverse path filtering meets them", Expect: expectAsym, OnlyIPv4: true, SecondUplink: true, Cause: "rp-filter-drop"},

	{Name: "snat-wrong-address", Summary: "the rule translates to an address that nobody has", Expect: expectForeign, Cause: "snat-address-not-ours"},
	{Name: "nat-reply-dropped-notrack", Summary: "a rule keeps replies from connection tracking", Expect: expectUnknown, Untold: []string{StageWANIn}, Cause: "notrack-rule"},
	{Name: "ct-full-emul", Summary: "no more than a few connections are forwarded", Expect: expectNewFlows, Partial: true, Cause: "connection-limit"},
	{Name: "nat-port-exhaustion", Summary: "the rule translates to two ports, and a site is called more often at a time", Expect: expectNewFlows, Partial: true, Beside: true, Cause: "nat-ports-exhausted"},
}

// containerScenarios are those that only a lab with Config.Container knows. The
// others mean the container there.
var containerScenarios = []Scenario{
	{Name: "container-host-forward-drop", Summary: "the host around the container drops what leaves it", Expect: expectNotForwarded, Cause: "forward-policy-drop"},
}
