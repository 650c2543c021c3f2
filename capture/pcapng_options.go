package capture

import (
	"encoding/binary"
	"math"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// Option codes (draft-ietf-opsawg-pcapng sections 3.5, 4.1 to 4.6).
const (
	optEnd         = 0
	optComment     = 1
	optCustomText  = 2988 // custom, UTF-8, may be copied
	optSHBOS       = 3
	optSHBApp      = 4
	optIfName      = 2
	optIfDescr     = 3
	optIfIPv4      = 4
	optIfIPv6      = 5
	optIfMAC       = 6
	optIfTSResol   = 9
	optIfFilter    = 11
	optIfOS        = 12
	optIfTSOffset  = 14
	optEPBFlags    = 2
	optEPBPacketID = 5
	optISBIfRecv   = 4
	optISBIfDrop   = 5
	optISBAccepted = 6
	optISBOSDrop   = 7
)

// wgtracePEN is the Private Enterprise Number that marks our custom option. We
// have none registered, so it is the one reserved for examples in documents
// (RFC 5612): no vendor's software will ever claim it, and the option's own
// prefix tells ours from other borrowers of the number.
const (
	wgtracePEN    = 32473
	wgtracePrefix = "wgtrace:"
	roleUplink    = "uplink" // Interface.Uplink
)

// Bounds in octets of what is kept of an interface's texts. Names are at most
// 15 octets on Linux and 256 characters on Windows.
const (
	maxText   = 512
	maxFilter = 4096
	maxAddrs  = 32
)

// options iterates over the options of a block.
type options struct {
	rest  []byte
	order order
	bad   bool // an option reaches past the end of its block
}

// next returns the next option, or false at the end.
func (o *options) next() (code uint16, value []byte, ok bool) {
	if len(o.rest) < 4 {
		return 0, nil, false
	}
	code = o.order.u16(o.rest)
	n := int(o.order.u16(o.rest[2:]))
	if code == optEnd {
		return 0, nil, false
	}
	if n > len(o.rest)-4 {
		o.bad = true
		return 0, nil, false
	}
	value = o.rest[4 : 4+n]
	o.rest = o.rest[min(4+(n+3)&^3, len(o.rest)):]
	return code, value, true
}

// text returns an option's string, cut to limit octets. Writers that count a
// closing zero exist.
func text(value []byte, limit int) string {
	return strings.TrimRight(string(value[:min(len(value), limit)]), "\x00")
}

// interfaceOptions sets what the options of an interface description say. It
// reports whether they were well-formed.
func interfaceOptions(iface *Interface, c *clock, o options) bool {
	for {
		code, v, ok := o.next()
		if !ok {
			return !o.bad
		}
		switch {
		case code == optIfName:
			iface.Name = text(v, maxText)
		case code == optIfDescr:
			iface.Description = text(v, maxText)
		case code == optIfOS:
			iface.OS = text(v, maxText)
		case code == optIfFilter && len(v) > 1 && v[0] == 0: // 0: a filter expression; 1 would be BPF code
			iface.Filter = text(v[1:], maxFilter)
		case code == optIfFilter && len(v) > 1:
			iface.Filter = "compiled filter"
		case code == optIfIPv4 && len(v) == 8 && len(iface.Addrs) < maxAddrs:
			ones := bits.LeadingZeros32(^binary.BigEndian.Uint32(v[4:]))
			iface.Addrs = append(iface.Addrs, netip.PrefixFrom(netip.AddrFrom4([4]byte(v)), ones))
		case code == optIfIPv6 && len(v) == 17 && v[16] <= 128 && len(iface.Addrs) < maxAddrs:
			iface.Addrs = append(iface.Addrs, netip.PrefixFrom(netip.AddrFrom16([16]byte(v)), int(v[16])))
		case code == optIfMAC && len(v) == 6:
			iface.MAC = MAC(v)
		case code == optIfTSResol && len(v) == 1:
			c.resolution = v[0]
		case code == optIfTSOffset && len(v) == 8:
			c.offset = int64(u64(o.order, v))
		case code == optCustomText && len(v) > 4 && o.order.u32(v) == wgtracePEN:
			ownOption(iface, text(v[4:], maxText))
		}
	}
}

// ownOption reads "wgtrace:role=tunnel;port=51820;namespace=container wg-easy". Keys of later versions are
// passed over.
func ownOption(iface *Interface, s string) {
	s, ok := strings.CutPrefix(s, wgtracePrefix)
	if !ok {
		return
	}
	for field := range strings.SplitSeq(s, ";") {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "role":
			for _, r := range []Role{RoleTunnel, RoleWAN} {
				if value == r.String() {
					iface.Role = r
				}
			}
			iface.Uplink = value == roleUplink
		case "namespace":
			iface.Namespace = value
		case "port":
			if port, err := strconv.ParseUint(value, 10, 16); err == nil {
				iface.WGPort = uint16(port)
			}
		}
	}
}

// statisticsOptions sets what the options of a statistics block say. Received
// is what the writer calls received (dumpcap writes libpcap's ps_recv there),
// else what passed the filter.
func statisticsOptions(s *InterfaceStats, o options) {
	var accepted uint64
	hasAccepted := false
	for {
		code, v, ok := o.next()
		if !ok {
			break
		}
		if code == optCustomText && len(v) > 4 && o.order.u32(v) == wgtracePEN {
			s.away(text(v[4:], maxText))
			continue
		}
		if len(v) != 8 {
			continue
		}
		n := u64(o.order, v)
		switch code {
		case optISBIfRecv:
			s.Received, s.HasReceived = n, n != math.MaxUint64
		case optISBAccepted:
			accepted, hasAccepted = n, n != math.MaxUint64
		case optISBIfDrop, optISBOSDrop:
			if plausibleDrops(n) {
				s.Dropped += n
				s.HasDropped = true
			}
		}
	}
	if !s.HasReceived {
		s.Received = accepted
		s.HasReceived = hasAccepted
	}
}

// awayKey begins our own option of a statistics block: when the adapter went
// away, in nanoseconds since 1970.
const awayKey = "away="

// away reads "wgtrace:away=1700000000000000000".
func (s *InterfaceStats) away(option string) {
	if since, ok := strings.CutPrefix(option, wgtracePrefix+awayKey); ok {
		if ns, err := strconv.ParseInt(since, 10, 64); err == nil && ns > 0 && ns < s.Time {
			s.AwaySince = ns
		}
	}
}

// plausibleDrops refuses counters that are "not known" (all ones) or slightly
// negative in 32 bits, as adapters have reported them (libpcap issue 994:
// 4294965006).
func plausibleDrops(n uint64) bool {
	return n < 1<<62 && (n < 1<<32-1<<20 || n >= 1<<32)
}

func u64(o order, b []byte) uint64 {
	if o == bigEndian {
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}
