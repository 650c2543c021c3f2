package host

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Packet is one that a person asks about: what would the firewall do with it?
// Zero fields are not known, and then a rule that looks at them may match or not.
type Packet struct {
	Family   int // 4 or 6
	In, Out  string
	Src, Dst netip.Addr
	Protocol string // "tcp", "udp", "icmp", "icmpv6"
	Dport    uint16
	State    string // of its connection: "new" or "established"
	Local    bool   // it is for this machine itself
}

// Place is a rule, or the policy of a chain.
type Place struct {
	Chain *Chain
	Rule  int // index in Chain.Rules; -1: the chain's policy
}

// outcomes is the set of what may become of a packet: more than one where a rule
// could not be understood.
type outcomes uint8

const (
	mayFall outcomes = 1 << iota // to the end of the chain
	mayAccept
	mayDrop
	mayTranslate
	mayAnything = mayFall | mayAccept | mayDrop | mayTranslate
)

// walk takes one packet through chains. Each chain is judged once, so that
// chains which jump to each other cost no more than their rules.
type walk struct {
	fw     *Firewall
	packet *Packet
	known  map[*Chain]outcomes
	drop   map[*Chain]Place  // the first rule that may drop it there
	ignore func(*Match) bool // conditions that are taken to hold; may be nil
	silent map[*Chain]bool   // chains that no rule accepts in
}

func (fw *Firewall) walk(p *Packet, ignore func(*Match) bool) *walk {
	return &walk{fw: fw, packet: p, ignore: ignore, known: map[*Chain]outcomes{}, drop: map[*Chain]Place{}, silent: map[*Chain]bool{}}
}

// base returns what becomes of the packet in a chain with a hook.
func (w *walk) base(c *Chain) outcomes {
	got := w.chain(c)
	w.silent[c] = got&mayAccept == 0
	if got&mayFall != 0 {
		got &^= mayFall
		if c.Policy == VerdictDrop {
			got |= mayDrop
			w.blame(c, Place{c, -1})
		} else {
			got |= mayAccept
		}
	}
	return got
}

func (w *walk) chain(c *Chain) outcomes {
	if got, ok := w.known[c]; ok {
		return got
	}
	w.known[c] = mayAnything // until it is known, for chains that lead to themselves
	got := w.rules(c)
	w.known[c] = got
	return got
}

func (w *walk) rules(c *Chain) outcomes {
	var sum outcomes
	for i := range c.Rules {
		r := &c.Rules[i]
		matches := w.matches(r)
		if matches == FactNo {
			continue
		}
		var got outcomes
		ends := true // a packet that matches comes no further in this chain
		switch r.Verdict {
		case VerdictNone, VerdictNotrack:
			continue
		case VerdictAccept:
			got = mayAccept
		case VerdictDrop, VerdictReject:
			got = mayDrop
			w.blame(c, Place{c, i})
		case VerdictTranslate:
			got = mayTranslate
		case VerdictReturn:
			got = mayFall
		case VerdictJump, VerdictGoto:
			sub := w.fw.find(c, r.Target)
			if sub == nil {
				got = mayAnything
				break
			}
			got = w.chain(sub)
			if got&mayDrop != 0 {
				w.blame(c, w.drop[sub])
			}
			if r.Verdict == VerdictJump {
				ends = got&mayFall == 0
				got &^= mayFall
			}
		default:
			got = mayAnything
		}
		sum |= got
		if ends && matches == FactYes {
			return sum
		}
	}
	return sum | mayFall
}

func (w *walk) blame(c *Chain, p Place) {
	if _, ok := w.drop[c]; !ok && p.Chain != nil {
		w.drop[c] = p
	}
}

// find returns the chain of that name in the same table.
func (fw *Firewall) find(from *Chain, name string) *Chain {
	for i := range fw.Chains {
		c := &fw.Chains[i]
		if c.Name == name && c.Table == from.Table && c.Family == from.Family && c.Source == from.Source {
			return c
		}
	}
	return nil
}

// hook returns the chains of a type that packets of a family meet at a hook, in
// the order in which they meet them.
func (fw *Firewall) hook(name, typ string, family int) []*Chain {
	var list []*Chain
	for i := range fw.Chains {
		c := &fw.Chains[i]
		isNAT := c.Type == "nat"
		if c.Hook == name && isNAT == (typ == "nat") && c.of(family) {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b *Chain) int { return a.Priority - b.Priority })
	return list
}

func (c *Chain) of(family int) bool {
	switch c.Family {
	case "ip":
		return family == 4
	case "ip6":
		return family == 6
	case "inet":
		return true
	}
	return false
}

// matches says whether a rule is for the packet.
func (w *walk) matches(r *Rule) Fact {
	all := FactYes
	for i := range r.Matches {
		m := &r.Matches[i]
		if w.ignore != nil && w.ignore(m) {
			continue
		}
		switch f := m.holds(w.packet); f {
		case FactNo:
			return FactNo
		case FactUnknown:
			all = FactUnknown
		}
	}
	if r.Unclear {
		return FactUnknown
	}
	return all
}

// holds says whether a condition is true of the packet.
func (m *Match) holds(p *Packet) Fact {
	got := FactNo
	for _, v := range m.Values {
		switch m.is(p, v) {
		case FactYes:
			got = FactYes
		case FactUnknown:
			if got == FactNo {
				got = FactUnknown
			}
		}
		if got == FactYes {
			break
		}
	}
	if m.Not && got != FactUnknown {
		got = FactOf(got == FactNo)
	}
	return got
}

func (m *Match) is(p *Packet, v string) Fact {
	switch m.Field {
	case FieldIn:
		return isAdapter(p.In, v)
	case FieldOut:
		return isAdapter(p.Out, v)
	case FieldSource:
		return isAddr(p.Src, v)
	case FieldDest:
		return isAddr(p.Dst, v)
	case FieldFamily:
		if p.Family == 0 {
			return FactUnknown
		}
		return FactOf(v == map[int]string{4: "ipv4", 6: "ipv6"}[p.Family])
	case FieldProtocol:
		if p.Protocol == "" {
			return FactUnknown
		}
		return FactOf(protocolName(v) == p.Protocol)
	case FieldDport:
		if p.Dport == 0 {
			return FactUnknown
		}
		return isPort(p.Dport, v)
	case FieldState:
		if p.State == "" {
			return FactUnknown
		}
		return FactOf(v == p.State)
	case FieldLocal:
		if v == "local" {
			return FactOf(p.Local)
		}
	}
	return FactUnknown
}

func isAdapter(name, pattern string) Fact {
	switch {
	case name == "":
		return FactUnknown
	case strings.HasSuffix(pattern, "*"):
		return FactOf(strings.HasPrefix(name, strings.TrimSuffix(pattern, "*")))
	}
	return FactOf(name == pattern)
}

func isAddr(a netip.Addr, v string) Fact {
	if !a.IsValid() {
		return FactUnknown
	}
	if first, last, ok := strings.Cut(v, "-"); ok {
		lo, err1 := netip.ParseAddr(first)
		hi, err2 := netip.ParseAddr(last)
		if err1 != nil || err2 != nil {
			return FactUnknown
		}
		return FactOf(lo.Compare(a) <= 0 && a.Compare(hi) <= 0)
	}
	if strings.Contains(v, "/") {
		if p, err := netip.ParsePrefix(v); err == nil {
			return FactOf(p.Contains(a))
		}
		return FactUnknown
	}
	if b, err := netip.ParseAddr(v); err == nil {
		return FactOf(a == b)
	}
	return FactUnknown
}

func isPort(port uint16, v string) Fact {
	first, last, ok := strings.Cut(v, "-")
	if !ok {
		last = first
	}
	lo, err1 := strconv.ParseUint(first, 10, 16)
	hi, err2 := strconv.ParseUint(last, 10, 16)
	if err1 != nil || err2 != nil {
		return FactUnknown
	}
	return FactOf(uint64(port) >= lo && uint64(port) <= hi)
}

// protocolName gives protocols that are written as numbers their name.
func protocolName(v string) string {
	switch v {
	case "1":
		return "icmp"
	case "6":
		return "tcp"
	case "17":
		return "udp"
	case "58", "ipv6-icmp":
		return "icmpv6"
	}
	return v
}
