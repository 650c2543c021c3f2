package host

import (
	"net/netip"
	"slices"
	"strings"
)

// Settings are the part of a snapshot that ReadAll adds to Read: what decides on
// the way of a packet through the machine. Everything that could not be read is
// listed in Unread and left zero, which is "not known".
type Settings struct {
	// Forwarding of the whole machine: net.ipv4.ip_forward and
	// net.ipv6.conf.all.forwarding, IPEnableRouter, net.inet.ip.forwarding.
	Forwarding4 Fact `json:"forwarding4"`
	Forwarding6 Fact `json:"forwarding6"`

	Probes      []Probe      `json:"probes"`
	PolicyRules []PolicyRule `json:"policy_rules"` // beyond the three that every Linux has
	Firewall    Firewall     `json:"firewall"`
	Listeners   Listeners    `json:"listeners"`
	Conntrack   Conntrack    `json:"conntrack"`
	FlowOffload Offload      `json:"flow_offload,omitempty"`

	// Counters of the kernel since its start, by the names that it gives them:
	// "Ip.InAddrErrors", "TcpExt.IPReversePathFilter", "Ip6InNoRoutes",
	// "dev.wg0.rx_frame_errors", "conntrack.drop" (proc(5); Linux snmp_counter).
	// A name that is missing is not known.
	Counters map[string]uint64 `json:"counters"`
	// CountersBefore are those at the start of a run, where this is the snapshot
	// of its end; nil otherwise.
	CountersBefore map[string]uint64 `json:"counters_before,omitempty"`

	UptimeSeconds int64    `json:"uptime_seconds"` // since the machine was started; 0: not known
	Windows       *Windows `json:"windows,omitempty"`
	Unread        []Unread `json:"unread"`
}

// Unread says what of the settings could not be read, and why.
type Unread struct {
	What string `json:"what"` // "firewall", "routes", ...
	Why  string `json:"why"`  // lower case, one line
}

// Probe is the kernel's own answer to where it would send a client's packets:
// asked of the routing code, without sending anything (RTM_GETROUTE).
type Probe struct {
	Client netip.Addr `json:"client"`
	Tunnel string     `json:"tunnel"` // the adapter that they would come in by
	Out    Hop        `json:"out"`    // from the client to a public address
	Back   Hop        `json:"back"`   // from here to the client
}

// Hop is where a packet would go next.
type Hop struct {
	Adapter string     `json:"adapter"` // "" if there is no way, or it is not known
	Gateway netip.Addr `json:"gateway"` // invalid where the next hop is the link itself
	Problem Problem    `json:"problem"`
}

// Problem is why there is no way. Zero means that there is one, or that nobody
// asked: then Adapter is "" too.
type Problem string

// Problems, after the errors of the kernel's routing code (Linux
// net/ipv4/route.c, ip_route_input_slow and fib_validate_source).
const (
	ProblemNone          Problem = ""
	ProblemNotForwarded  Problem = "not-forwarded"  // EHOSTUNREACH: forwarding is off, or a route says unreachable
	ProblemNoRoute       Problem = "no-route"       // ENETUNREACH
	ProblemReversePath   Problem = "reverse-path"   // EXDEV
	ProblemProhibited    Problem = "prohibited"     // EACCES: a route or rule says prohibit
	ProblemImplausible   Problem = "implausible"    // EINVAL: a source or destination that cannot be forwarded
	ProblemNotUnderstood Problem = "not-understood" // any other refusal
)

// PolicyRule is a rule of policy routing (ip-rule(8)).
type PolicyRule struct {
	Family   int          `json:"family"`
	Priority int          `json:"priority"`
	From     netip.Prefix `json:"from"` // invalid: all
	To       netip.Prefix `json:"to"`
	In       string       `json:"in,omitempty"`
	Out      string       `json:"out,omitempty"`
	Mark     uint32       `json:"mark,omitempty"`
	Table    int          `json:"table"`
}

// Listeners are the sockets on the ports that matter to a tunnel.
type Listeners struct {
	Read    Fact     `json:"read"` // yes: every socket on Ports is in Sockets
	Ports   []uint16 `json:"ports"`
	Sockets []Socket `json:"sockets"`
}

// Socket waits for packets.
type Socket struct {
	Protocol string     `json:"protocol"` // "udp" or "tcp"
	Addr     netip.Addr `json:"addr"`     // unspecified: every address of the machine
	Port     uint16     `json:"port"`
}

// Offload says how packets of known connections pass by the machine's ordinary
// path, and with it, wholly or in part, by its taps. Zero means that they do not,
// or that nobody asked.
type Offload string

// Flow offload (kernel Documentation/networking/nf_flowtable.rst).
const (
	OffloadUnknown  Offload = ""
	OffloadSoftware Offload = "software"
	OffloadHardware Offload = "hardware"
)

// Conntrack is the table of connections that translation needs. Nil is not known.
type Conntrack struct {
	Count *uint64 `json:"count"`
	Max   *uint64 `json:"max"`
}

// Windows holds what only Windows has. Lists are nil where nothing could be
// read, and an empty answer is taken for that: without the rights, its commands
// give an empty answer and no error.
type Windows struct {
	NetNat          []NetNat `json:"net_nat"`
	NetNatAvailable Fact     `json:"net_nat_available"` // yes: the list was read; no: the class does not exist (Home edition)
	ICS             Fact     `json:"ics"`               // Internet Connection Sharing is on
	ICSPublic       string   `json:"ics_public,omitempty"`
	ICSPrivate      string   `json:"ics_private,omitempty"`
	RRAS            Fact     `json:"rras"`            // the RemoteAccess service runs
	RRASInterfaces  []string `json:"rras_interfaces"` // that its NAT lists
	PublicProfile   []string `json:"public_profile"`  // adapters whose network category is Public
	ExcludedPorts   []Range  `json:"excluded_ports"`  // UDP, reserved by other programs
	Elevated        Fact     `json:"elevated"`        // whether this program had an administrator's rights
}

// NetNat is a NAT object (Get-NetNat).
type NetNat struct {
	Name   string       `json:"name"`
	Prefix netip.Prefix `json:"prefix"` // InternalIPInterfaceAddressPrefix
	Active Fact         `json:"active"`
}

// Range is a range of ports, both ends in it.
type Range struct {
	First uint16 `json:"first"`
	Last  uint16 `json:"last"`
}

// unread notes what could not be read, each thing once.
func (s *Settings) unread(what, why string) {
	if !slices.ContainsFunc(s.Unread, func(u Unread) bool { return u.What == what }) {
		s.Unread = append(s.Unread, Unread{what, why})
	}
}

// WhyUnread returns why something could not be read, "" if it was read.
func (s *Settings) WhyUnread(what string) string {
	for _, u := range s.Unread {
		if u.What == what {
			return u.Why
		}
	}
	return ""
}

func (s *Settings) normalise() {
	fill(&s.Probes)
	fill(&s.PolicyRules)
	fill(&s.Unread)
	fill(&s.Firewall.Chains)
	fill(&s.Listeners.Ports)
	fill(&s.Listeners.Sockets)
	for i := range s.Firewall.Chains {
		fill(&s.Firewall.Chains[i].Rules)
		for j := range s.Firewall.Chains[i].Rules {
			fill(&s.Firewall.Chains[i].Rules[j].Matches)
		}
	}
	if s.Counters == nil {
		s.Counters = map[string]uint64{}
	}
	slices.SortStableFunc(s.Unread, func(a, b Unread) int { return strings.Compare(a.What, b.What) })
	slices.SortStableFunc(s.Listeners.Sockets, func(a, b Socket) int {
		if a.Port != b.Port {
			return int(a.Port) - int(b.Port)
		}
		if c := strings.Compare(a.Protocol, b.Protocol); c != 0 {
			return c
		}
		return a.Addr.Compare(b.Addr)
	})
}

// fill makes an empty list one that JSON writes as [].
func fill[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}
