// Package correlate follows packets from one point of the path to the other
// and back: it merges captures by time, ties flows together across NAT, and
// says what was seen where. It holds what is proved and no causes, never asks
// for the time of day and never touches the operating system.
package correlate

import (
	"fmt"
	"net/netip"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// Stage is one of the six places on the path of a packet, in the order in
// which a request and its reply pass them.
type Stage uint8

// The stages. The zero Stage means none or unknown.
const (
	StageNone Stage = iota
	OuterIn         // WireGuard's encrypted datagram reaches the WAN adapter
	TunnelIn        // the client's own packet leaves the tunnel adapter towards the host
	WANOut          // the same packet leaves the WAN adapter, translated or not
	WANIn           // the reply reaches the WAN adapter
	TunnelOut       // the reply enters the tunnel adapter
	OuterOut        // WireGuard's encrypted datagram leaves the WAN adapter
	NumStages = iota
)

// String returns the stage as the JSON report names it; StageNone is "".
func (s Stage) String() string {
	switch s {
	case StageNone:
		return ""
	case OuterIn:
		return "outer_in"
	case TunnelIn:
		return "tunnel_in"
	case WANOut:
		return "wan_out"
	case WANIn:
		return "wan_in"
	case TunnelOut:
		return "tunnel_out"
	case OuterOut:
		return "outer_out"
	}
	return fmt.Sprintf("Stage(%d)", uint8(s))
}

// Count counts packets and the octets of their IP packets (outer stages: the
// octets of the UDP payload).
type Count struct{ Packets, Bytes uint64 }

// since returns what was counted after before.
func (c Count) since(before Count) Count {
	return Count{c.Packets - min(before.Packets, c.Packets), c.Bytes - min(before.Bytes, c.Bytes)}
}

// StageCount is what was counted at a stage. A stage that no capture could have
// shown is not observed, which is not the same as 0.
type StageCount struct {
	Observed bool
	Count
}

// Family is an IP version.
type Family uint8

// Families; the zero Family means both or unknown.
const (
	FamilyAny Family = 0
	IPv4      Family = 4
	IPv6      Family = 6
)

// String returns "ipv4", "ipv6", or "" for FamilyAny, as the JSON report has it.
func (f Family) String() string {
	switch f {
	case IPv4:
		return "ipv4"
	case IPv6:
		return "ipv6"
	}
	return ""
}

// Sighting is one packet at one place: what a verdict points at.
type Sighting struct {
	Capture  int    // index in Evidence.Captures
	Frame    uint64 // number in the capture, as Wireshark counts
	Time     int64  // nanoseconds since 1970, clock of the tap
	Stage    Stage
	Kind     capture.Kind
	WGType   wg.MessageType
	TCPFlags uint8
	DNS      bool // a DNS query or response
	ICMPType uint8
	ICMPCode uint8
	Proto    uint8
	Src, Dst netip.AddrPort
	Length   uint32 // octets of the IP packet
}

// Capture is what was read of one interface of one source.
type Capture struct {
	Role      capture.Role
	RoleWhy   string // why it has this role: a RoleBasis key of internal/text
	Source    string
	Interface capture.Interface
	Packets   uint64
	Bytes     uint64 // octets on the wire
	Truncated uint64
	Undecoded uint64
	Rewritten uint64 // packets labelled Ethernet that were raw IP
	First     int64  // nanoseconds since 1970; valid iff Packets > TimeUnknown
	Last      int64

	TimeUnknown uint64 // packets whose time stamp lies outside 1970..2262

	Dropped      uint64 // by the kernel or the capture engine; valid iff DroppedKnown
	DroppedKnown bool
	OffsetNS     int64 // added to nothing: WAN clock minus tunnel clock for WAN captures, else 0
}

// Outcome is how far the packets of a flow came.
type Outcome uint8

// Outcomes (docs/report.schema.json names them the same).
const (
	OutcomeUnknown           Outcome = iota
	OutcomeAnswered                  // a reply reached tunnel_out
	OutcomeNoEgress                  // nothing of it at wan_out
	OutcomeUntranslatedReply         // left with the client's own address, no reply at wan_in
	OutcomeNoReply                   // left, no reply at wan_in
	OutcomeReplyLost                 // reply at wan_in, not at tunnel_out
	OutcomeRejected                  // ICMP error or RST made by the host
	OutcomeLocal                     // with the host itself, or answered by it
	OutcomeOneWay                    // no reply is expected
	OutcomeUnobservable              // the captures could not have shown it
)

// String returns the outcome as the JSON report names it.
func (o Outcome) String() string {
	switch o {
	case OutcomeUnknown:
		return "unknown"
	case OutcomeAnswered:
		return "answered"
	case OutcomeNoEgress:
		return "no-egress"
	case OutcomeUntranslatedReply:
		return "untranslated-no-reply"
	case OutcomeNoReply:
		return "no-reply"
	case OutcomeReplyLost:
		return "reply-lost"
	case OutcomeRejected:
		return "rejected"
	case OutcomeLocal:
		return "local"
	case OutcomeOneWay:
		return "one-way"
	case OutcomeUnobservable:
		return "unobservable"
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// NATKind says what the host did to a flow's addresses.
type NATKind uint8

// Kinds of translation.
const (
	NATUnknown NATKind = iota
	NATNone            // left as it came
	NATSource          // the client's address or port was replaced
	NATDest            // opened from outside through a port forward
)

// String returns the kind as the JSON report names it.
func (k NATKind) String() string {
	switch k {
	case NATUnknown:
		return "unknown"
	case NATNone:
		return "none"
	case NATSource:
		return "snat"
	case NATDest:
		return "dnat"
	}
	return fmt.Sprintf("NATKind(%d)", uint8(k))
}

// Latency sums up the times that packets of a flow took over one leg.
// Nanoseconds.
type Latency struct {
	Samples               uint64
	Min, Median, P95, Max int64
}

// Flow is one conversation of a client as seen inside the tunnel, with its twin
// on the WAN.
type Flow struct {
	Proto      uint8          // IP protocol number
	Client     netip.AddrPort // ICMP echo: the port is the identifier
	Remote     netip.AddrPort // ICMP echo: port 0
	Translated netip.AddrPort // the client's end on the WAN; invalid if no twin was found
	NAT        NATKind
	Outcome    Outcome
	Stopped    Stage // the last stage that its packets reached; StageNone when answered or not known

	In, Out, Reply, Back Count // tunnel_in, wan_out, wan_in, tunnel_out

	LostForward, LostReturn uint64 // packets between tunnel_in and wan_out; between wan_in and tunnel_out
	Unobservable            uint64
	// Refused: the host itself answered packets of the flow, of either end, with
	// an ICMP error or a forged RST, at a limited rate, so that any of the lost
	// may be those.
	Refused bool
	// Opened: a request of it was seen. Of TCP: it did not begin before the capture.
	Opened bool
	// Turned counts packets of the client that the host sent into the tunnel
	// again: delivery where the remote is another client, else astray.
	Turned            uint64
	Forward, Remotely Latency // tunnel_in to wan_out; wan_out to wan_in
	Return            Latency // wan_in to tunnel_out
	First, Last       int64
	// LastLeft and LastReply are the times of its last packet at wan_out, and of
	// the last from beyond the host at tunnel_out; 0: none.
	LastLeft, LastReply int64

	Stalls []Stall // large segments that nothing acknowledged; mostly none
	TooBig TooBig  // ICMP errors about its size
}

// Basis says by what a mapping was proved.
type Basis uint8

// Bases of a mapping.
const (
	BasisNone Basis = iota
	BasisOctets
	BasisPayload
	BasisDNS
	BasisEcho
	BasisHeader
)

// String returns the basis as the JSON report names it.
func (b Basis) String() string {
	switch b {
	case BasisOctets:
		return "octets"
	case BasisPayload:
		return "payload"
	case BasisDNS:
		return "dns"
	case BasisEcho:
		return "echo"
	case BasisHeader:
		return "header"
	}
	return fmt.Sprintf("Basis(%d)", uint8(b))
}

// Mapping is one translation that packets proved, over its lifetime.
type Mapping struct {
	Proto           uint8
	Inside, Outside netip.AddrPort
	Remote          netip.AddrPort
	First, Last     int64
	Packets         uint64 // on the WAN, both directions
	PortKept        bool   // or the ICMP identifier
	Basis           Basis
}

// Fate is how far a single request came, and the class by which requests are
// counted. A request is a TCP SYN, an echo request or a DNS query to an address
// beyond the host; QUIC has no fate of its own, because clients give it up in
// favour of TCP by design.
type Fate uint8

// Fates.
const (
	FatePending      Fate = iota // less than AnswerTime of capture follow it, and it is not answered
	FateAnswered                 // the reply reached tunnel_out
	FateLocal                    // answered at tunnel_out without a twin on the WAN
	FateNoEgress                 // it has no twin at wan_out
	FateUntranslated             // it left with the client's own address; no reply at wan_in
	FateNoReply                  // it left; no reply at wan_in
	FateReplyLost                // a reply at wan_in, none at tunnel_out
	FateRejected                 // the host answered with an ICMP error or a forged RST
	FateUnobservable             // the captures could not have shown its twin
	NumFates         = iota
)

// RequestKind says what a request is.
type RequestKind uint8

// Kinds of requests.
const (
	RequestTCP RequestKind = iota
	RequestEcho
	RequestDNS
	NumRequestKinds = iota
)

// FateCount sums up the requests of one fate.
type FateCount struct {
	Count    uint64
	Targets  int    // distinct remote addresses, counted up to 16
	Networks int    // in which they are (/24, of IPv6 /48)
	Known    int    // those of the networks in which somebody had answered the client at the same port before
	MaxTries uint64 // tries at the address that was tried most
	First    int64  // time of the first of them
	Last     int64
	Samples  []Sighting // the first few of them, with the twin or reply where there is one
}

// FamilyEvidence is what one client did in one family.
type FamilyEvidence struct {
	Family  Family
	Ledgers []Ledger // episodes, the oldest first; the last one speaks of now
	// Replies counts every packet to this client that came from beyond the
	// host, whatever it replied to.
	Replies uint64
	// ReplyToInner counts packets at wan_in that were addressed to the
	// client's own, untranslated address: the network routes it.
	ReplyToInner uint64
	// Untranslated and Translated count the addresses that its packets left
	// with: the client's own, and others.
	Untranslated, Translated uint64
	// Unroutable counts requests to private addresses that never answered: no
	// evidence of a fault, because the host may have no way there.
	Unroutable uint64
	// LocalAnswers counts flows to remote addresses that were answered without a twin.
	LocalAnswers uint64
	// Turned counts packets for the internet that the host sent into the tunnel
	// again, Leaked replies that it sent out of the WAN again with the client's
	// own address, Looped packets of the client that came back in on the WAN.
	Turned, Leaked, Looped Tally
	// OtherLine counts requests that were replied to at another capture of the WAN
	// than the one that they left by, while both were on: two lines, not two pieces
	// of one recording.
	OtherLine Tally
	Refusals  []Refusal // at most 8
	// WANAddrs are the addresses that its packets left with, at most 8.
	WANAddrs []netip.Addr
}

// Client is one device behind the tunnel, by its inner addresses.
type Client struct {
	Addrs    []netip.Addr
	Peer     int               // index in WireGuard.Peers; -1 if not tied
	Families [2]FamilyEvidence // IPv4, IPv6
	Stages   [NumStages]Count  // of this client alone; outer stages from its peer
	First    int64
	Last     int64
	Attempts uint64 // requests, by which the headline client is chosen

	Resolvers []Resolver // whom it asked for names, at most 8 for each address
	// LargestAcked is the largest IP packet of TCP in octets, among large ones,
	// whose beginning the other end acknowledged: from the client, and to it.
	LargestAcked [2]uint32
	MSS          uint16     // the largest TCP MSS that it offered; 0: none seen
	Stalled      []Sighting // the first few third repetitions of large segments, also of those that arrived in the end
}

// Clock is the estimate of how far the WAN clock is ahead of the tunnel clock.
type Clock struct {
	Offset      int64 // nanoseconds
	Uncertainty int64 // half the width of the bounds; valid iff HasUncertainty
	DriftPPM    float64
	Basis       string // "one-clock", "anchors", "matched-packets", "given", "unknown"
	Samples     uint64

	HasUncertainty, HasDrift bool
}

// Totals are exact sums over the whole run, whatever was listed.
type Totals struct {
	Flows, Answered              uint64
	FlowsNotListed, NATNotListed uint64
	MatchedPackets, MatchedPairs uint64
	LostPackets, Unobservable    uint64
	Ambiguous                    uint64
	Duplicates                   uint64
	Evicted                      uint64
}

// Caveat is something that limits what the evidence can prove. Its id is a key
// of internal/text; Args fill the sentence.
type Caveat struct {
	ID   string
	Args map[string]any
}

// Coverage says what the captures could have shown.
type Coverage struct {
	Tunnel, WAN   bool // a capture with this role exists
	TunnelPackets uint64
	WANPackets    uint64
	From, To      int64 // the span that both points cover, on the tunnel's clock; To < From: none
	TunnelDropped uint64
	WANDropped    uint64
	// TunnelAway and WANAway: the adapter of a capture was away for a while.
	TunnelAway, WANAway bool
	Apart               bool // one source that cannot be read twice holds its interfaces one after the other
	RolesTied           bool // nothing but the order given says which capture is which
	Exchanged           bool // the person named the two sides, and their packets say the opposite of both
	Filtered            bool // a capture was recorded with a filter: absence is no proof
	Live                bool
	// OuterPossible: the inside is a tunnel, so that outer stages exist.
	OuterPossible bool
	// InboundOther counts packets on the WAN that came in from elsewhere, and
	// InboundSpan the nanoseconds between the first and the last of them: proof
	// that the tap sees this adapter's traffic.
	InboundOther uint64
	// Inbound and Outbound count the packets on the WAN that came in and that
	// the host sent, WireGuard's own among them; a packet of unknown direction
	// counts as both. 0 means that a capture shows one direction alone.
	Inbound, Outbound uint64
	InboundSpan       int64
}

// Relation says whether both points are known to belong to one path and time.
type Relation struct {
	Proved bool
	Basis  string // "live", "one-file", "matched-packets", "outer-to-inner", "" if not proved
}

// Evidence is everything that was proved, ready for diagnosis. It shares no
// memory with the engine.
type Evidence struct {
	Started, Ended int64
	Captures       []Capture
	Stages         [NumStages]StageCount
	Flows          []Flow
	NAT            []Mapping
	Clients        []Client // the one that tried most first
	WireGuard      WireGuard
	Clock          Clock
	Totals         Totals
	Coverage       Coverage
	Relation       Relation
	Neighbours     []Neighbour // asked for on the WAN, at most 256
	Caveats        []Caveat
}

// Expected counts the conversations with beyond the host in which an answer was
// to be expected: those that were answered and those that died.
func (ev *Evidence) Expected() uint64 {
	n := ev.Totals.Answered
	for i := range ev.Flows {
		switch ev.Flows[i].Outcome {
		case OutcomeNoEgress, OutcomeUntranslatedReply, OutcomeNoReply, OutcomeReplyLost, OutcomeRejected:
			n++
		}
	}
	return n
}
