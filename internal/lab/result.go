package lab

import (
	"net/netip"
	"strings"
	"time"
)

// Workload is traffic that a client makes over its tunnel.
type Workload string

// Workloads. Each ends within about 7 seconds, also when nothing is answered,
// unless it says otherwise.
const (
	// Laptop pings, asks DNS, and moves small and large amounts over TCP in
	// both directions, with MTU 1420.
	Laptop Workload = "laptop"
	// Phone behaves as iOS does: no ICMP, MTU 1280, IP identification 0 with
	// DF, A, AAAA and HTTPS questions, QUIC that falls back to TCP, and a
	// background push connection.
	Phone Workload = "phone"
	// Probe is one phone's look at one page: about 2 seconds.
	Probe Workload = "probe"
	// Names asks for a few names and does nothing else.
	Names Workload = "names"
	// Ping sends three echo requests to one address.
	Ping Workload = "ping"
	// Many is Run.Flows conversations at once over TCP, UDP, DNS and ICMP, with
	// every target: about 2 seconds, 14 at most.
	Many Workload = "many"
	// Heavy moves Run.Bulk octets each way over each family at once: 14 seconds
	// at most.
	Heavy Workload = "heavy"
	// Idle sends nothing.
	Idle Workload = "idle"
)

// Run says how to run a workload. Zero fields mean the defaults.
type Run struct {
	Workload Workload      `json:"workload"`
	Bulk     int           `json:"bulk"`    // octets of a large transfer; default 2,000,000
	Flows    int           `json:"flows"`   // conversations of Many, at most 65,536; default 1000
	Timeout  time.Duration `json:"timeout"` // of a TCP connect; default 4 s, so that the kernel's SYN retries at 1 and 3 s occur
	Seed     int64         `json:"seed"`    // draws targets and order; default the lab's seed

	Asides []aside `json:"asides,omitempty"` // what the scenario adds
}

// Try is one request as a person would count it: a page, a name, a ping.
type Try struct {
	Kind   string        `json:"kind"`   // "ping", "dns", "tcp", "quic", "push", "udp"
	What   string        `json:"what"`   // question, or direction and octets
	Target string        `json:"target"` // address or address:port
	OK     bool          `json:"ok"`
	Error  string        `json:"error,omitempty"`
	Took   time.Duration `json:"took_ns"`
}

// Result is what a workload experienced.
type Result struct {
	Workload Workload  `json:"workload"`
	Client   int       `json:"client"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended"`
	Tries    []Try     `json:"tries"`
}

// kindAside marks tries that belong to a scenario, not to the workload.
const kindAside = "aside"

// Answered counts the tries that succeeded, and all of them, for which an
// answer was to be expected. QUIC is left out: the site never answers it.
func (r Result) Answered() (ok, all int) { return r.count("") }

// AnsweredFamily is Answered for one address family: "4" or "6".
func (r Result) AnsweredFamily(family string) (ok, all int) { return r.count(family) }

func (r Result) count(family string) (ok, all int) {
	for _, t := range r.Tries {
		if t.Kind == "quic" || t.Kind == kindAside || family != "" && family != familyOf(t.Target) {
			continue
		}
		all++
		if t.OK {
			ok++
		}
	}
	return ok, all
}

// familyOf returns "6" for a target that is written as IPv6.
func familyOf(target string) string {
	for i := range len(target) {
		switch target[i] {
		case '.':
			return "4"
		case ':', '[':
			return "6"
		}
	}
	return ""
}

// download and upload report whether a try moves more over TCP than one packet
// holds.
func (t Try) download() bool { return strings.HasPrefix(t.What, "download of ") }
func (t Try) upload() bool   { return strings.HasPrefix(t.What, "upload of ") }

// aside is a conversation that the outcome of a workload does not count.
type aside struct {
	Ping  netip.Addr // invalid: connections that exchange messages for as long as the workload waits
	Calls int        // how many of them, one after the other begun; 0 means one
}
