package text

import (
	"fmt"
	"math"
	"strconv"
)

// FindingArgs are the fields that sentences on findings, causes, fixes and
// notes may use, with the value that stands for unknown. Its type is the type
// that a field always has: string or int64.
var FindingArgs = map[string]any{
	"client":         "",       // the phone's inner address
	"arrived":        int64(0), // packets of this client at tunnel_in
	"left":           int64(0), // at wan_out
	"replied":        int64(0), // at wan_in
	"returned":       int64(0), // at tunnel_out
	"requests":       int64(0), // connection attempts, pings and name lookups
	"answered":       int64(0), // of these
	"targets":        int64(0), // distinct addresses that they went to
	"tunnel":         "",       // adapter name
	"wan":            "",       // adapter name
	"prefix":         "",       // the client's subnet, or its own address as a prefix
	"peer":           "",       // ip:port that the phone calls from
	"port":           int64(0), // WireGuard's UDP port
	"server":         "",       // the host's own address inside the tunnel
	"family":         "",       // "IPv6" where it must be named
	"initiations":    int64(0),
	"responses":      int64(0),
	"data_in":        int64(0),
	"data_out":       int64(0),
	"cookies":        int64(0),
	"unreachable":    int64(0), // errors that came in about packets for the phone
	"odd":            int64(0), // datagrams that are no plain WireGuard
	"other":          "",       // a second device: ip:port, or inner address
	"key":            "",       // the phone's public key
	"psk":            "",       // "yes" or "no": whether the server has a preshared key for the phone
	"seconds":        int64(0), // length of the run; of what came after the fault in was
	"was":            "",       // the title of a fault that is gone
	"flows":          int64(0),
	"flows_answered": int64(0),
	"os":             "", // "linux", "windows", "macos", ""
	"reason":         "", // why there is no verdict: a key of reasons
	"dropped":        int64(0),
	"untested":       "",       // "IPv6"
	"lost":           int64(0), // packets between tunnel and WAN
	"lost_back":      int64(0), // between WAN and tunnel, instead of lost
	"lost_of":        int64(0), // packets of the connections that lose some
	"resolver":       "",       // address that was asked for names
	"answerer":       "",       // address that answered instead
	"names":          int64(0), // questions for names that failed
	"rcode":          int64(0), // how they were refused: 5 REFUSED, 2 SERVFAIL
	"undelivered":    int64(0), // encrypted packets that were decrypted and thrown away
	"repeats":        int64(0), // large segments sent again
	"size":           int64(0), // octets of the smallest of them
	"mtu":            int64(0), // octets that an ICMP error names as the limit
	"mss":            int64(0), // octets of a TCP segment that the phone offers
	"fragments":      int64(0), // encrypted packets that left in fragments
	"refused":        int64(0), // refusals, or requests that were let out of the host no more
	"speaker":        "",       // the address that they came from
	"astray":         int64(0), // packets that went where they do not belong
	"back":           "",       // the adapter that answers come in by, where it is another one
	"gateway":        "",       // the next router's address
	"source":         "",       // the address that packets leave with
	"pings":          int64(0), // answered echo requests
	"endpoint":       "",       // the server's address as the phone's configuration has it
	"called":         int64(0), // the port there
	"own":            "",       // the server's address on the WAN
	"keep":           "",       // the command that keeps a change which would take itself back
	"undo_seconds":   int64(0),
}

// CaveatArgs are the fields of each caveat.
var CaveatArgs = map[string]map[string]any{
	"one-sided":           {"point": ""},
	"disorder":            {"source": "", "count": int64(0)},
	"damaged":             {"source": "", "offset": int64(0), "packets": int64(0), "reason": ""},
	"dropped":             {"source": "", "count": int64(0)},
	"away":                {"source": "", "count": int64(0), "away_us": int64(0)},
	"truncated":           {"source": "", "count": int64(0), "snaplen": int64(0)},
	"filtered":            {"source": "", "filter": ""},
	"clock-estimated":     {"offset_us": int64(0), "uncertainty_us": int64(0)},
	"clock-unknown":       {},
	"no-overlap":          {"seconds": int64(0)},
	"role-contradiction":  {"source": "", "point": ""},
	"relabelled":          {"source": "", "count": int64(0)},
	"time-unknown":        {"source": "", "count": int64(0)},
	"ambiguous":           {"count": int64(0)},
	"evicted":             {"count": int64(0)},
	"duplicates":          {"source": "", "copies": int64(0), "count": int64(0)},
	"clones":              {"source": "", "count": int64(0)},
	"early-end":           {},
	"flow-offload":        {},
	"offload":             {"count": int64(0)},
	"undecoded":           {"source": "", "count": int64(0), "link_type": ""},
	"roles-tied":          {},
	"settings-disagree":   {},
	"settings-look-wrong": {"count": int64(0)},
	"pending":             {"count": int64(0)},

	"port-contradiction":   {"given": int64(0), "seen": int64(0)},
	"client-contradiction": {},
	"wan-contradiction":    {"address": ""},
	"key-contradiction":    {},
}

// WordArgs are the fields that words may use.
var WordArgs = map[string]any{
	"count": int64(0), "total": int64(0), "name": "", "grade": "", "why": "", "os": "",
	"arrived": int64(0), "left": int64(0), "replied": int64(0), "returned": int64(0),
}

// complete returns args with every field of want present and of its type, so
// that a template neither meets a missing key nor compares a string with a
// number. Fields that want does not name are dropped.
func complete(want, args map[string]any) map[string]any {
	data := make(map[string]any, len(want))
	for name, zero := range want {
		value, ok := args[name]
		if !ok || value == nil {
			data[name] = zero
			continue
		}
		if _, numeric := zero.(int64); numeric {
			data[name] = number(value)
		} else {
			data[name] = fmt.Sprint(value)
		}
	}
	return data
}

// number converts what callers count with. Values beyond int64 are clamped,
// what is no number is 0: unknown.
func number(value any) int64 {
	switch v := value.(type) {
	case int:
		return int64(v)
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case int64:
		return v
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case uint:
		return clamp(uint64(v))
	case uint64:
		return clamp(v)
	case float32:
		return round(float64(v))
	case float64:
		return round(v)
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return 0
}

func clamp(v uint64) int64 {
	if v > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(v)
}

func round(v float64) int64 {
	switch {
	case math.IsNaN(v):
		return 0
	case v >= math.MaxInt64:
		return math.MaxInt64
	case v <= math.MinInt64:
		return math.MinInt64
	}
	return int64(math.Round(v))
}

// Grouped writes n with commas between groups of three digits from five digits
// on: 1432, 14,320.
func Grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	if len(s) < 5 {
		return sign + s
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}
