package report

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/wg"
)

func (b *builder) evidence(sightings []correlate.Sighting) []Evidence {
	rows := make([]Evidence, 0, len(sightings))
	for i := range sightings {
		s := &sightings[i]
		row := Evidence{Frame: s.Frame, Time: b.moment(s.Time), Text: b.packet(s), stage: s.Stage.String()}
		if s.Capture >= 0 && s.Capture < len(b.ev.Captures) {
			c := &b.ev.Captures[s.Capture]
			row.Source = sanitize(c.Source)
			row.Point = known(c.Role.String())
		}
		rows = append(rows, row)
	}
	return rows
}

// packet describes a packet as one would read it out: what it is, from where
// to where.
func (b *builder) packet(s *correlate.Sighting) string {
	what := b.packetKind(s)
	if !s.Src.Addr().IsValid() || !s.Dst.Addr().IsValid() {
		return what
	}
	// ICMP has no ports, and a fragment does not show them.
	if s.Kind == capture.KindTCP || s.Kind == capture.KindUDP {
		return what + " " + *endpoint(s.Src) + " > " + *endpoint(s.Dst)
	}
	return what + " " + plain(s.Src.Addr()).String() + " > " + plain(s.Dst.Addr()).String()
}

func (b *builder) packetKind(s *correlate.Sighting) string {
	word := func(id string) string { return b.words.Word("packet-"+id, nil) }
	switch s.WGType {
	case wg.MessageInitiation:
		return word("initiation")
	case wg.MessageResponse:
		return word("response")
	case wg.MessageCookieReply:
		return word("cookie")
	case wg.MessageTransport:
		return word("transport")
	}
	if s.DNS {
		if s.Dst.Port() == 53 {
			return word("dns-query")
		}
		return word("dns-response")
	}
	switch s.Kind {
	case capture.KindUndecoded:
		return word("undecoded")
	case capture.KindNonIP:
		return word("non-ip")
	case capture.KindARP:
		return "ARP"
	case capture.KindFragment:
		return strings.ToUpper(protocol(s.Proto)) + " " + word("fragment")
	case capture.KindTCP:
		return "TCP " + tcpFlags(s.TCPFlags)
	case capture.KindUDP:
		return "UDP"
	case capture.KindEchoRequest:
		return word("echo-request")
	case capture.KindEchoReply:
		return word("echo-reply")
	case capture.KindICMPError, capture.KindICMPOther:
		return b.icmp(s)
	}
	return strings.ToUpper(protocol(s.Proto))
}

// tcpFlags names the flags that open, close or carry a connection.
func tcpFlags(f uint8) string {
	names := []string{}
	for _, flag := range []struct {
		bit  uint8
		name string
	}{{capture.TCPSyn, "SYN"}, {capture.TCPFin, "FIN"}, {capture.TCPRst, "RST"}, {capture.TCPAck, "ACK"}} {
		if f&flag.bit != 0 {
			names = append(names, flag.name)
		}
	}
	if len(names) == 0 {
		return "segment"
	}
	return strings.Join(names, "-")
}

// icmp names the errors by which a host or router refuses a packet (RFC 792,
// RFC 1812 section 5.2.7.1, RFC 4443 section 3); type and code always stand
// beside the words.
func (b *builder) icmp(s *correlate.Sighting) string {
	name, v6 := "ICMP", icmpIs6(s)
	if v6 {
		name = "ICMPv6"
	}
	name += " " + strconv.Itoa(int(s.ICMPType)) + "/" + strconv.Itoa(int(s.ICMPCode))
	if id := icmpWord(s.ICMPType, s.ICMPCode, v6); id != "" {
		name += " (" + b.words.Word("icmp-"+id, nil) + ")"
	}
	return name
}

func icmpIs6(s *correlate.Sighting) bool {
	return s.Proto == 58 || s.Proto == 0 && is6(s.Src.Addr())
}

func is6(a netip.Addr) bool { return a.IsValid() && plain(a).Is6() }

func icmpWord(typ, code uint8, v6 bool) string {
	if v6 {
		switch {
		case typ == 1 && code == 1:
			return "prohibited"
		case typ == 1 && code == 3:
			return "host"
		case typ == 1 && code == 4:
			return "port"
		case typ == 1:
			return "unreachable"
		case typ == 2:
			return "too-big"
		case typ == 3:
			return "expired"
		case typ == 137:
			return "redirect"
		}
		return ""
	}
	switch {
	case typ == 3 && code == 0:
		return "net"
	case typ == 3 && code == 1:
		return "host"
	case typ == 3 && code == 3:
		return "port"
	case typ == 3 && code == 4:
		return "too-big"
	case typ == 3 && (code == 9 || code == 10 || code == 13):
		return "prohibited"
	case typ == 3:
		return "unreachable"
	case typ == 5:
		return "redirect"
	case typ == 11:
		return "expired"
	}
	return ""
}
