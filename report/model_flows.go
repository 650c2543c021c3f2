package report

// Flow is one conversation of a client and its twin on the WAN.
type Flow struct {
	Protocol     string     `json:"protocol"`
	Client       *string    `json:"client"`
	Remote       *string    `json:"remote"`
	Translated   *string    `json:"translated"`
	NAT          string     `json:"nat"` // none, snat, dnat, unknown
	Outcome      string     `json:"outcome"`
	StoppedAfter *string    `json:"stopped_after"`
	Packets      FlowCounts `json:"packets"`
	Bytes        FlowCounts `json:"bytes"`
	Lost         Lost       `json:"lost"`
	Unobservable uint64     `json:"unobservable"`
	Latency      Latencies  `json:"latency"`
	First        Time       `json:"first"`
	Last         Time       `json:"last"`
}

// FlowCounts counts at the four inner stages; null where nothing could be seen.
type FlowCounts struct {
	TunnelIn  *uint64 `json:"tunnel_in"`
	WANOut    *uint64 `json:"wan_out"`
	WANIn     *uint64 `json:"wan_in"`
	TunnelOut *uint64 `json:"tunnel_out"`
}

// Lost counts packets that disappeared between two stages; null where one of
// them could not be seen.
type Lost struct {
	Forward *uint64 `json:"tunnel_in_to_wan_out"`
	Return  *uint64 `json:"wan_in_to_tunnel_out"`
}

// Latencies are the times of the three legs; null without a matched packet.
type Latencies struct {
	Forward *Latency `json:"forward_us"`
	Remote  *Latency `json:"remote_us"`
	Return  *Latency `json:"return_us"`
}

// leg is one of the three ways that packets take time for.
type leg struct {
	name string // as in the comparison of two runs
	of   func(*Latencies) *Latency
}

var legs = []leg{
	{"forward", func(l *Latencies) *Latency { return l.Forward }},
	{"remote", func(l *Latencies) *Latency { return l.Remote }},
	{"return", func(l *Latencies) *Latency { return l.Return }},
}

// Latency sums up one leg in microseconds.
type Latency struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
	Max    float64 `json:"max"`
}

// Mapping is one translation that packets proved.
type Mapping struct {
	Protocol string  `json:"protocol"`
	Inside   *string `json:"inside"`
	Outside  *string `json:"outside"`
	Remote   *string `json:"remote"`
	First    Time    `json:"first"`
	Last     Time    `json:"last"`
	Packets  uint64  `json:"packets"`
	PortKept bool    `json:"port_kept"`
	Basis    *string `json:"basis"` // octets, payload, dns, echo, header
}

// WireGuard is what the encrypted packets say.
type WireGuard struct {
	Port  *uint16 `json:"port"`
	Peers []Peer  `json:"peers"`

	portWhy string
}

// Peer is one WireGuard endpoint.
type Peer struct {
	Endpoint       *string `json:"endpoint"`
	ServerEndpoint *string `json:"server_endpoint"`
	PublicKey      *string `json:"public_key"`
	Initiations    uint64  `json:"initiations"`
	Responses      uint64  `json:"responses"`
	Cookies        uint64  `json:"cookies"`
	DataIn         uint64  `json:"data_in"` // without keepalives
	DataOut        uint64  `json:"data_out"`
	KeepalivesIn   uint64  `json:"keepalives_in"`
	KeepalivesOut  uint64  `json:"keepalives_out"`
	State          string  `json:"state"`
	Undelivered    *uint64 `json:"undelivered"`

	first, last Time // packets, either way
}

// Clock says how far the WAN's clock is ahead of the tunnel's.
type Clock struct {
	OffsetUS      *float64 `json:"offset_us"`
	UncertaintyUS *float64 `json:"uncertainty_us"`
	DriftPPM      *float64 `json:"drift_ppm"`
	Basis         string   `json:"basis"`
	Samples       uint64   `json:"samples"`
}

// Totals are exact, whatever is listed.
type Totals struct {
	Flows          uint64 `json:"flows"`
	FlowsAnswered  uint64 `json:"flows_answered"`
	FlowsNotListed uint64 `json:"flows_not_listed"`
	NATNotListed   uint64 `json:"nat_not_listed"`
	MatchedPackets uint64 `json:"matched_packets"`
	MatchedPairs   uint64 `json:"matched_pairs"`
	LostPackets    uint64 `json:"lost_packets"`
	Unobservable   uint64 `json:"unobservable_packets"`
	Ambiguous      uint64 `json:"ambiguous"`
	Duplicates     uint64 `json:"duplicates"`
	Evicted        uint64 `json:"evicted"`
}

// Client is one device behind the tunnel.
type Client struct {
	Addresses []string     `json:"addresses"`
	Endpoint  *string      `json:"endpoint"`
	PublicKey *string      `json:"public_key"`
	Verdict   ShortVerdict `json:"verdict"`

	packets [4]uint64 // tunnel_in, wan_out, wan_in, tunnel_out
}

// ShortVerdict is the verdict of one client or episode.
type ShortVerdict struct {
	Status  string  `json:"status"`
	Finding *string `json:"finding"`
}

// Episode is a span in which nothing changed.
type Episode struct {
	Started Time         `json:"started"`
	Ended   Time         `json:"ended"`
	Trigger string       `json:"trigger"`
	Changed []string     `json:"changed"`
	Stages  Stages       `json:"stages"`
	Verdict ShortVerdict `json:"verdict"`
}

// Attempt is a moment at which the person tried, and whether it worked.
type Attempt struct {
	Time   Time `json:"time"`
	Loaded bool `json:"loaded"`
}

// Filter is what the person wanted to see of flows and translations. It changes
// nothing in what the report says about all of them.
type Filter struct {
	Expression  string `json:"expression"`
	FlowsHidden uint64 `json:"flows_hidden"`
	NATHidden   uint64 `json:"nat_hidden"`
}
