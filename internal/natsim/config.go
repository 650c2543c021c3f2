package natsim

import "net/netip"

// Points of the path at which a tap records.
const (
	Inside = iota
	Outside
)

// Directions: forward leads from the client to its remote.
const (
	Forward = iota
	Back
)

// Networks on either side of the host.
const (
	access = iota
	internet
)

const (
	microsecond = int64(1e3)
	millisecond = int64(1e6)
	second      = int64(1e9)
)

// Offload says how many segments of a direction a record may hold where the
// packet enters the host and where it leaves it; up to 1: they are not merged.
type Offload struct{ Entry, Exit int }

// Clock says how far the WAN tap's clock is off. Nanoseconds.
type Clock struct {
	Offset int64
	Drift  float64 // parts per million
	StepAt int64   // after the start of the run; 0: no step
	Step   int64
}

// Tap configures what one tap records. Times are nanoseconds after the start of
// the run.
type Tap struct {
	Start, End int64 // End 0: to the end
	Snap       int   // octets of a frame; 0: all
	Drops      []int // seconds of the run in which the tap loses a third of what passes, and says so afterwards
	Fragment   int   // IPv4 packets larger than this are seen in fragments; 0: none, nor where offload merges
	Extended   bool  // IPv6 packets are seen with an extension header
	Noise      int64 // mean time between packets of others; 0: none
}

// Residence is the time that packets spend in the host: at least Least, and
// an exponentially distributed rest of mean Mean; one of a hundred takes up to
// Tail longer. Nanoseconds.
type Residence struct{ Least, Mean, Tail int64 }

// Work counts conversations of each kind.
type Work struct {
	TCP, Upload, SYNOnly, Refused, FastOpen, ZeroWindow, Reset int
	DNS, QUIC, OneWay, Same, Prefix, Echo, Traceroute, Closed  int
	Forwarded, Rebound, Again, Hairpin, Late                   int
}

// Config is a whole run.
type Config struct {
	Seed  uint64
	Class Class
	Span  int64 // nanoseconds in which conversations begin

	Clients      []netip.Addr
	Remotes      []netip.Addr
	Translations []Translation // passed in this order by what leaves; empty: none

	Residence    Residence
	HostDisorder bool       // packets may overtake each other in the host
	LossHost     [2]float64 // in the host, by direction: what is looked for
	Blackout     [2]int64   // begin and length of a span in which the host loses all of BlackoutDir
	BlackoutDir  int
	LossNet      [2]float64 // access, internet: beyond the host
	DupNet       float64    // copies made by the internet
	Disorder     float64    // packets that a network delays by up to 10 ms
	Offload      [2]Offload
	ClampMSS     uint16 // the host lowers MSS to it; 0: it does not
	IPID         IPID
	Stamps       bool // TCP timestamps

	Taps  [2]Tap
	Clock Clock
	One   bool // one file with two interfaces, so one clock
	Plain bool // classic pcap files: no names, no statistics

	Work Work

	// Knobs that no matcher can be asked to know.
	EqualISN  bool // every TCP conversation begins with the same numbers
	EqualData bool // every datagram of a kind carries the same octets
	Proxy     bool // the host answers TCP itself and opens a conversation of its own
}

// IPID says what becomes of the IPv4 identification.
type IPID uint8

// Identifications: kept, always 0 (phones), replaced by the host.
const (
	IPIDKept IPID = iota
	IPIDZero
	IPIDReplaced
)
