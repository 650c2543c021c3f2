package lab

import (
	"fmt"
	"slices"
	"time"
)

// Fault is a condition to bring about on a running lab.
type Fault struct {
	// Name is one of Scenarios.
	Name string `json:"name"`
	// OnlyFirst leaves the second client healthy where the fault would hit the
	// whole server. What cannot be split on one server (a sysctl) is then
	// replaced by a rule that drops the same packets at the same place.
	OnlyFirst bool `json:"only_first"`
	// Count is how many packets drop-n drops; 0 means 5. Other faults ignore it.
	Count int `json:"count,omitempty"`
}

// Expect is the verdict that a scenario must end in, in the words of the JSON
// report. Stages are empty where the verdict names none.
type Expect struct {
	Status  string `json:"status"`  // "healthy", "fault" or "inconclusive"
	Finding string `json:"finding"` // finding id, or "" when healthy
	After   string `json:"stopped_after"`
	Before  string `json:"stopped_before"`
}

// Scenario is a fault, or a healthy variant, that Apply knows.
type Scenario struct {
	Name    string
	Summary string // what is wrong, in one lower-case phrase
	Expect  Expect
	// OneClient faults concern the first client alone, whatever the scope:
	// keys and allowed IPs belong to a peer.
	OneClient bool
	// OnlyIPv4 faults leave IPv6 working: the kernel has no such switch there.
	OnlyIPv4 bool
	// Handshake faults stop the tunnel itself: the client reconnects when the
	// fault is applied, because a session that exists would outlive it.
	Handshake bool
	// Healthy scenarios let every request through.
	Healthy bool
	// Cause is the id of the true reason, "" where none is to be named, or
	// where neither packets nor the server's settings can tell it.
	Cause string
	// Breaks says what of a client's traffic dies.
	Breaks Breaks
	// Workload is the only one that shows it; "" means any.
	Workload Workload
	// Pingless is the verdict under a workload without pings, where it differs.
	Pingless Expect
	// Warning is a finding that must stand beside the verdict.
	Warning string
	// Neighbours scenarios need a second client.
	Neighbours bool
	// SecondUplink scenarios need a server with two lines to the internet.
	SecondUplink bool
	// Partial faults let some requests through.
	Partial bool
	// Beside: what dies is none of the workload's requests, but among those that the
	// scenario makes besides.
	Beside bool
	// Untold are stages at which the truth does not count what a tap sees: the
	// kernel answers in somebody's name, or knows no client of the packets.
	Untold []string
	// Takes is how long the client must go on trying before packets can show the
	// fault; 0: one workload does.
	Takes time.Duration
	// Prompted scenarios show nothing at all: the verdict needs the word of the
	// person that the phone tried.
	Prompted bool
}

var (
	expectHealthy      = Expect{Status: "healthy"}
	expectNATMissing   = Expect{"fault", "nat-missing", "wan_out", "wan_in"}
	expectNotForwarded = Expect{"fault", "not-forwarded", "tunnel_in", "wan_out"}
	expectUnanswered   = Expect{"fault", "handshake-unanswered", "outer_in", "outer_out"}
	expectWrongKey     = Expect{"fault", "server-key-mismatch", "outer_in", "outer_out"}
	expectNotCompleted = Expect{"fault", "handshake-not-completed", "outer_out", "outer_in"}
	expectDropped      = Expect{"fault", "decrypted-then-dropped", "outer_in", "tunnel_in"}
)

var scenarios = []Scenario{
	{Name: "none", Summary: "nothing is wrong", Expect: expectHealthy, Healthy: true},
	{Name: "healthy-routed-no-nat", Summary: "the upstream router routes the tunnel subnets, nothing is translated", Expect: expectHealthy, Healthy: true},
	{Name: "healthy-port-rewritten", Summary: "the translation picks random ports and ids", Expect: expectHealthy, Healthy: true},
	{Name: "healthy-double-nat", Summary: "the upstream router translates once more", Expect: expectHealthy, Healthy: true},
	{Name: "drop-n", Summary: "the firewall drops a few packets of the first phone's uploads", Expect: expectHealthy, Healthy: true, OneClient: true},
	{Name: "idle", Summary: "the tunnel is up and nobody uses it", Expect: Expect{Status: "inconclusive", Finding: "no-traffic"}, Healthy: true},

	{Name: "nat-missing", Summary: "no rule translates the tunnel subnet", Expect: expectNATMissing, Cause: "nat-missing"},
	{Name: "nat-wrong-out-interface", Summary: "the rule translates what leaves another adapter", Expect: expectNATMissing, Cause: "nat-wrong-out-interface"},
	{Name: "nat-wrong-subnet", Summary: "the rule translates another subnet", Expect: expectNATMissing, Cause: "nat-wrong-subnet"},
	{Name: "forwarding-off", Summary: "the kernel does not forward (net.ipv4.ip_forward=0)", Expect: expectNotForwarded, Cause: "ip-forwarding-off"},
	{Name: "forwarding-off-tunnel", Summary: "the kernel does not forward from the tunnel adapter (net.ipv4.conf.*.forwarding=0)", Expect: expectNotForwarded, OnlyIPv4: true, Cause: "ip-forwarding-off"},
	{Name: "forward-policy-drop", Summary: "the firewall drops what is forwarded", Expect: expectNotForwarded, Cause: "forward-policy-drop"},
	{Name: "rpfilter-strict", Summary: "strict reverse path filtering meets an asymmetric route", Expect: expectNotForwarded, OnlyIPv4: true, Cause: "rp-filter-drop"},
	{Name: "upstream-blocks-all", Summary: "the upstream router drops everything but WireGuard", Expect: Expect{"fault", "upstream-silent", "wan_out", "wan_in"}},
	{Name: "forward-no-return-rule", Summary: "the firewall lets requests out and no replies back", Expect: Expect{"fault", "return-not-forwarded", "wan_in", "tunnel_out"}, Cause: "forward-return-path-blocked"},

	{Name: "server-input-drop", Summary: "the server's firewall drops the WireGuard port", Expect: expectUnanswered, Handshake: true, Cause: "host-firewall-blocks-wg-port"},
	{Name: "server-unknown-client-key", Summary: "the server does not know the phone's key", Expect: expectUnanswered, Handshake: true, OneClient: true, Cause: "client-key-unknown"},
	{Name: "client-wrong-server-key", Summary: "the phone holds another server's key", Expect: expectWrongKey, Handshake: true, OneClient: true, Cause: "server-key-mismatch"},
	{Name: "psk-mismatch", Summary: "only the phone has a preshared key", Expect: expectNotCompleted, Handshake: true, OneClient: true},
	{Name: "psk-server-only", Summary: "only the server has a preshared key for the phone", Expect: expectNotCompleted, Handshake: true, OneClient: true},
	{Name: "path-out-blocked", Summary: "handshake responses are lost on their way to the phone", Expect: expectNotCompleted, Handshake: true},
	{Name: "server-allowedips-missing", Summary: "the server's allowed IPs lack the phone's address", Expect: expectDropped, OneClient: true, Cause: "server-allowedips-lacks-client"},
	{Name: "peer-allowedips-stolen", Summary: "another peer owns the phone's address", Expect: expectDropped, OneClient: true, Cause: "peer-allowedips-overlap"},
}

// Scenarios returns what Apply knows: healthy variants first, then the faults
// from the server's forwarding down to the tunnel.
func Scenarios() []Scenario {
	return slices.Concat(scenarios, outerScenarios, forwardScenarios, upperScenarios)
}

// FindScenario returns the scenario of that name, or an error that names it.
func FindScenario(name string) (Scenario, error) {
	for _, s := range slices.Concat(Scenarios(), containerScenarios) {
		if s.Name == name {
			return s, nil
		}
	}
	return Scenario{}, fmt.Errorf("no scenario %q in the lab", name)
}
