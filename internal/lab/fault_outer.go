package lab

import "time"

// silence is how long two pauses of a client take that hears nothing after its
// handshake: KEEPALIVE_TIMEOUT plus REKEY_TIMEOUT each (WireGuard whitepaper
// section 6), and a third for the jitter and the first packet.
const silence = 40 * time.Second

// deafness is how long other traffic must come in before silence says something.
const deafness = 19 * time.Second

var (
	expectRefused   = Expect{"fault", "wg-port-unreachable", "outer_in", "outer_out"}
	expectNoArrival = Expect{"fault", "no-outer-packets", "", "outer_in"}
)

// outerScenarios break the way of the encrypted packets.
var outerScenarios = []Scenario{
	{Name: "cgnat", Summary: "the phone's provider translates its packets", Expect: expectHealthy, Healthy: true},
	{Name: "wg-not-listening", Summary: "WireGuard listens on another port than the phone calls", Expect: expectRefused, Handshake: true, Cause: "wg-not-listening"},
	{Name: "server-input-reject", Summary: "the server's firewall rejects the WireGuard port as administratively prohibited", Expect: expectRefused, Handshake: true, Cause: "host-firewall-blocks-wg-port"},
	{Name: "server-input-hostprohibit", Summary: "the server's firewall rejects the WireGuard port as host prohibited", Expect: expectRefused, Handshake: true, Cause: "host-firewall-blocks-wg-port"},
	{Name: "dpi-after-handshake", Summary: "a network on the way lets handshakes pass and nothing else", Handshake: true, Takes: silence, Cause: "vpn-filter",
		Expect: Expect{"fault", "data-blocked-after-handshake", "outer_out", "outer_in"}},
	{Name: "port-forward-missing", Summary: "the router does not pass the WireGuard port on", Expect: expectNoArrival, Handshake: true, Takes: deafness, Prompted: true},
	{Name: "wrong-endpoint", Summary: "the phone calls another address", Expect: expectNoArrival, Handshake: true, Takes: deafness, Prompted: true, OneClient: true},
}
