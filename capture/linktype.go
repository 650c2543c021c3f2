package capture

import "fmt"

// LinkType is a link-layer header type as capture files number them
// (www.tcpdump.org/linktypes.html). Live numbers that differ (DLT_RAW is 12 on
// most systems, 14 on OpenBSD) are decoded alike.
type LinkType uint32

// Link types that are decoded. All others are counted as undecoded.
const (
	LinkTypeNull      LinkType = 0
	LinkTypeEthernet  LinkType = 1
	LinkTypeRawDLT    LinkType = 12
	LinkTypeRawBSD    LinkType = 14
	LinkTypeRaw       LinkType = 101
	LinkTypeLoop      LinkType = 108
	LinkTypeLinuxSLL  LinkType = 113
	LinkTypeIPv4      LinkType = 228
	LinkTypeIPv6      LinkType = 229
	LinkTypeLinuxSLL2 LinkType = 276
)

// IsRaw reports whether packets begin with their IP header.
func (t LinkType) IsRaw() bool {
	switch t {
	case LinkTypeRawDLT, LinkTypeRawBSD, LinkTypeRaw, LinkTypeIPv4, LinkTypeIPv6:
		return true
	}
	return false
}

// String returns the name that people know.
func (t LinkType) String() string {
	switch t {
	case LinkTypeNull:
		return "NULL"
	case LinkTypeEthernet:
		return "Ethernet"
	case LinkTypeRawDLT, LinkTypeRawBSD, LinkTypeRaw:
		return "Raw IP"
	case LinkTypeLoop:
		return "LOOP"
	case LinkTypeLinuxSLL:
		return "Linux cooked v1"
	case LinkTypeIPv4:
		return "Raw IPv4"
	case LinkTypeIPv6:
		return "Raw IPv6"
	case LinkTypeLinuxSLL2:
		return "Linux cooked v2"
	}
	return fmt.Sprintf("link type %d", uint32(t))
}
