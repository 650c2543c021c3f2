package host

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// to is the address that a translation puts on, and its port: "" if it keeps that
// of the packet.
func (r *Rule) to() (addr netip.Addr, port string, ok bool) {
	text := r.To
	if strings.HasPrefix(text, "[") || strings.Count(text, ":") == 1 {
		i := strings.LastIndexByte(text, ':')
		text, port = strings.Trim(text[:max(i, 0)], "[]"), text[i+1:]
	}
	addr, err := netip.ParseAddr(text)
	return addr, port, err == nil
}

// Published returns the port of this machine from which packets of a protocol are
// led to an address and port behind it, as container engines do (iptables-extensions(8)
// DNAT; nft(8) "dnat to"). Yes: there is such a rule; no: every rule was read, and
// there is none.
func (s *Snapshot) Published(protocol string, addr netip.Addr, port uint16) (uint16, Fact) {
	if s == nil || !addr.IsValid() || port == 0 {
		return 0, FactUnknown
	}
	for i := range s.Firewall.Chains {
		for k := range s.Firewall.Chains[i].Rules {
			r := &s.Firewall.Chains[i].Rules[k]
			if r.Target != "dnat" || r.Verdict != VerdictTranslate || !r.asks(FieldProtocol, protocol) {
				continue
			}
			a, to, ok := r.to()
			from, single := r.dport()
			if !ok || !single || a != addr {
				continue
			}
			if to == "" && from == port || to == strconv.Itoa(int(port)) {
				return from, FactYes
			}
		}
	}
	return 0, s.Firewall.Read.no()
}

// asks reports whether a rule is for a value of a field, or does not look at it.
func (r *Rule) asks(f Field, value string) bool {
	for _, m := range r.Matches {
		if m.Field == f && slices.Contains(m.Values, value) == m.Not {
			return false
		}
	}
	return true
}

// dport returns the one destination port that a rule is for; ok is false if it is
// for several, or for all.
func (r *Rule) dport() (port uint16, ok bool) {
	for _, m := range r.Matches {
		if m.Field == FieldDport && !m.Not && len(m.Values) == 1 {
			n, err := strconv.ParseUint(m.Values[0], 10, 16)
			return uint16(n), err == nil
		}
	}
	return 0, false
}
