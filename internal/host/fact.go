package host

import "fmt"

// Fact is the answer to a yes-or-no question about a machine. "No" and "nobody
// could look" are different answers, so that a rule never fires on the second.
type Fact uint8

// Answers. Zero means not known.
const (
	FactUnknown Fact = iota
	FactNo
	FactYes
)

// FactOf returns yes or no.
func FactOf(b bool) Fact {
	if b {
		return FactYes
	}
	return FactNo
}

// String returns "yes", "no" or "unknown".
func (f Fact) String() string {
	switch f {
	case FactUnknown:
		return "unknown"
	case FactNo:
		return "no"
	case FactYes:
		return "yes"
	}
	return fmt.Sprintf("Fact(%d)", uint8(f))
}

// MarshalText implements encoding.TextMarshaler.
func (f Fact) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. Any other text than "yes"
// and "no" means unknown: a snapshot of a later version stays readable.
func (f *Fact) UnmarshalText(b []byte) error {
	switch string(b) {
	case "yes":
		*f = FactYes
	case "no":
		*f = FactNo
	default:
		*f = FactUnknown
	}
	return nil
}
