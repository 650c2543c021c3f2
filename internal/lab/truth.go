package lab

// Truth is what the kernel of the server says about a run, and what the active
// scenario makes of it. It owes nothing to any capture.
type Truth struct {
	Seed    int64         `json:"seed"`
	Fault   Fault         `json:"fault"`
	Expect  Expect        `json:"expect"`
	Clients []ClientTruth `json:"clients"`
	NAT     []Mapping     `json:"nat"`
	// Dropped counts the packets that drop-n dropped since it was applied.
	Dropped uint64 `json:"dropped,omitempty"`
}

// ClientTruth counts one client's packets where the taps are, IPv4 and IPv6
// together, since the last ResetTruth. Inbound counters stand before the
// firewall and outbound ones after it, as a capture does.
type ClientTruth struct {
	Inner4 string            `json:"inner4"`
	Inner6 string            `json:"inner6,omitempty"`
	Outer  string            `json:"outer"` // the phone's address outside
	Stages map[string]uint64 `json:"stages"`
}

// Stage names, keys of ClientTruth.Stages.
const (
	StageOuterIn   = "outer_in"
	StageTunnelIn  = "tunnel_in"
	StageWANOut    = "wan_out"
	StageWANIn     = "wan_in"
	StageTunnelOut = "tunnel_out"
	StageOuterOut  = "outer_out"
)

// Mapping is a translation that the server's connection tracking table holds:
// address, port or echo identifier of the inside differ from the outside.
type Mapping struct {
	Protocol string `json:"protocol"` // "tcp", "udp", "icmp" or "icmpv6"
	Inside   string `json:"inside"`   // address:port; an echo identifier stands in the port
	Outside  string `json:"outside"`
	Remote   string `json:"remote"` // port 0 for echo
	Replied  bool   `json:"replied"`
}
