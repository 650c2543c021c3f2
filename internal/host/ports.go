package host

import (
	"encoding/json"
	"strconv"
	"strings"
)

// nftPorts counts the ports of a statement that translates: a number or a range;
// 0 where it names none.
func nftPorts(raw json.RawMessage) int {
	var one uint16
	if len(raw) > 0 && json.Unmarshal(raw, &one) == nil {
		return 1
	}
	var r struct{ Range []uint16 }
	if len(raw) > 0 && json.Unmarshal(raw, &r) == nil && len(r.Range) == 2 && r.Range[0] <= r.Range[1] {
		return int(r.Range[1]-r.Range[0]) + 1
	}
	return 0
}

// iptablesPorts counts those of 1000-1010, or behind the last colon of
// 192.0.2.1:1000-1010 (iptables-extensions(8), MASQUERADE and SNAT).
func iptablesPorts(text string) int {
	if i := strings.LastIndexByte(text, ':'); i >= 0 {
		if strings.Count(text, ":") > 1 && !strings.Contains(text, "]:") {
			return 0 // an IPv6 address alone
		}
		text = text[i+1:]
	}
	from, to, ranged := strings.Cut(text, "-")
	if !ranged {
		to = from
	}
	a, errA := strconv.ParseUint(from, 10, 16)
	b, errB := strconv.ParseUint(to, 10, 16)
	if errA != nil || errB != nil || a > b {
		return 0
	}
	return int(b-a) + 1
}

// TranslationPorts returns how many source ports the rule that translates a
// client's packets leaves for the connections to one port of one remote, the
// fewest of TCP and UDP; 0: as many as there are. It is not known where other
// rules may come before.
func (s *Snapshot) TranslationPorts(p Path) (ports int, known bool) {
	if s == nil || s.Firewall.Read != FactYes {
		return 0, false
	}
	for _, packet := range p.out() {
		packet.In = "" // as in translates
		n, ok := s.portsOf(&packet)
		if !ok {
			return 0, false
		}
		if n > 0 && (ports == 0 || n < ports) {
			ports = n
		}
	}
	return ports, true
}

func (s *Snapshot) portsOf(packet *Packet) (ports int, known bool) {
	w := s.Firewall.walk(packet, nil)
	for _, c := range s.Firewall.hook("postrouting", "nat", packet.Family) {
	rules:
		for i := range c.Rules {
			r := &c.Rules[i]
			switch m := w.matches(r); {
			case m == FactNo || r.Verdict == VerdictNone:
			case m == FactUnknown:
				return 0, false
			case r.Verdict == VerdictTranslate:
				return r.Ports, true
			case r.Verdict == VerdictAccept:
				break rules
			default:
				return 0, false
			}
		}
	}
	return 0, false
}
