package report

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// Time is a moment that may be unknown. In JSON it is RFC 3339 in UTC with
// nine digits of the second, or null.
type Time struct {
	NS    int64 // nanoseconds since 1970; valid iff Known
	Known bool
}

const timeLayout = "2006-01-02T15:04:05.000000000Z07:00"

// MarshalJSON returns the moment or null.
func (t Time) MarshalJSON() ([]byte, error) {
	if !t.Known {
		return []byte("null"), nil
	}
	return strconv.AppendQuote(nil, time.Unix(0, t.NS).UTC().Format(timeLayout)), nil
}

// UnmarshalJSON reads what MarshalJSON writes, and any other RFC 3339 time in
// 1970 to 2262.
func (t *Time) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*t = Time{}
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("read report time: %w", err)
	}
	parsed, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return fmt.Errorf("read report time: %w", err)
	}
	ns := parsed.UnixNano()
	// UnixNano wraps outside 1678..2262: compare what it stands for.
	if ns < 0 || !time.Unix(0, ns).Equal(parsed) {
		return fmt.Errorf("read report time: %q lies outside 1970 to 2262", s)
	}
	*t = Time{NS: ns, Known: true}
	return nil
}

// clock returns the time of day in loc with the given number of digits of the
// second (0, 3, 6), or a dash.
func (t Time) clock(loc *time.Location, digits int) string {
	if !t.Known {
		return "-"
	}
	layout := "15:04:05"
	if digits > 0 {
		layout += "." + "000000000"[:digits]
	}
	return time.Unix(0, t.NS).In(loc).Format(layout)
}

// date returns the day in loc.
func (t Time) date(loc *time.Location) string {
	if !t.Known {
		return "-"
	}
	return time.Unix(0, t.NS).In(loc).Format(time.DateOnly)
}

// some returns a pointer to v.
func some[T any](v T) *T { return &v }

// known returns a pointer to v, or nil if v is the zero value that stands for
// unknown.
func known[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// or returns what p points to, or other.
func or[T any](p *T, other T) T {
	if p == nil {
		return other
	}
	return *p
}

// endpoint writes ip:port or [ip6]:port, nil if there is no address. A zone is
// left out: it means something on one machine only.
func endpoint(a netip.AddrPort) *string {
	if !a.IsValid() {
		return nil
	}
	return some(netip.AddrPortFrom(plain(a.Addr()), a.Port()).String())
}

// address writes an address, nil if there is none.
func address(a netip.Addr) *string {
	if !a.IsValid() {
		return nil
	}
	return some(plain(a).String())
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// protocol names an IP protocol (IANA protocol numbers).
func protocol(number uint8) string {
	switch number {
	case 1:
		return "icmp"
	case 6:
		return "tcp"
	case 17:
		return "udp"
	case 47:
		return "gre"
	case 50:
		return "esp"
	case 58:
		return "icmpv6"
	case 132:
		return "sctp"
	}
	return "ip-" + strconv.Itoa(int(number))
}

func microseconds(ns int64) float64 { return float64(ns) / 1000 }
