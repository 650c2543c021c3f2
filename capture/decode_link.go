package capture

// EtherTypes (IEEE 802 numbers, www.iana.org/assignments/ieee-802-numbers).
const (
	etherIPv4    = 0x0800
	etherARP     = 0x0806
	etherVLAN    = 0x8100
	etherIPv6    = 0x86dd
	etherPPPoED  = 0x8863
	etherPPPoE   = 0x8864
	etherQinQ    = 0x88a8
	etherQinQOld = 0x9100

	// etherMin is the smallest EtherType; below it the field is the length of
	// an 802.3 frame (IEEE 802.3 section 3.2.6).
	etherMin = 0x0600
)

// maxTags bounds the VLAN tags and PPPoE headers followed in one frame. Real
// networks stack two or three.
const maxTags = 16

func decodeEthernet(p *Packet, b []byte, rest int, extras *Extras) {
	if len(b) < 14 {
		if isRawIP(b, rest) {
			decodeRewritten(p, b, rest, extras)
		}
		return
	}
	typ := be16(b[12:])
	if v := b[0] >> 4; (v == 4 || v == 6) && !plausibleFrame(typ, b, rest) && isRawIP(b, rest) {
		decodeRewritten(p, b, rest, extras)
		return
	}
	copy(p.LinkDst[:], b[:6])
	copy(p.LinkSrc[:], b[6:12])
	if p.LinkDst[0]&1 != 0 {
		p.Flags |= FlagGroup
	}
	decodeEtherType(p, typ, b[14:], rest-14, extras)
}

// decodeRewritten decodes raw IP that its capture calls Ethernet. libpcap did
// so for adapters of NDIS media it did not know, such as Wintun's
// (pcap-npf.c, "Unknown NdisMedium value").
func decodeRewritten(p *Packet, b []byte, rest int, extras *Extras) {
	p.Flags |= FlagRewrittenLink
	decodeIP(p, b, rest, extras)
}

// plausibleFrame reports whether typ makes sense as the EtherType or length
// field of the Ethernet frame b.
func plausibleFrame(typ uint16, b []byte, rest int) bool {
	switch typ {
	case etherIPv4:
		return len(b) > 14 && b[14]>>4 == 4
	case etherIPv6:
		return len(b) > 14 && b[14]>>4 == 6
	case etherARP, etherVLAN, etherPPPoED, etherPPPoE, etherQinQ, etherQinQOld:
		return true
	case 0x8847, 0x8848, 0x888e, 0x88cc, 0x88e5, 0x88f7, 0x8809, 0x9000: // MPLS, EAPOL, LLDP, MACsec, PTP, LACP, loopback test
		return true
	}
	if typ >= etherMin {
		return false
	}
	// An 802.3 length fits the frame, or the frame is padded to its minimum.
	n := rest - 14
	return int(typ) == n || int(typ) < n && n <= 50
}

// isRawIP reports whether b begins with an IP header whose length is exactly
// that of the frame.
func isRawIP(b []byte, rest int) bool {
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		return b[0]&15 >= 5 && int(be16(b[2:])) == rest && rest >= int(b[0]&15)*4
	case len(b) >= 40 && b[0]>>4 == 6:
		return int(be16(b[4:]))+40 == rest
	}
	return false
}

// decodeEtherType follows VLAN tags, LLC/SNAP and PPPoE to the packet.
func decodeEtherType(p *Packet, typ uint16, b []byte, rest int, extras *Extras) {
	for range maxTags {
		switch typ {
		case etherIPv4:
			decodeIPv4(p, b, rest, extras)
			return
		case etherIPv6:
			decodeIPv6(p, b, rest, extras)
			return
		case etherARP:
			decodeARP(p, b)
			return
		case etherVLAN, etherQinQ, etherQinQOld:
			if len(b) < 4 {
				return
			}
			if p.VLAN == 0 {
				p.VLAN = be16(b) & 0x0fff
			}
			typ = be16(b[2:])
			b, rest = b[4:], rest-4
		case etherPPPoE:
			// RFC 2516 section 4: version and type, code 0 for a session,
			// session id, length; section 7 forbids compressing the PPP
			// protocol field.
			if len(b) < 8 {
				return
			}
			if b[1] != 0 {
				p.Kind = KindNonIP
				return
			}
			switch be16(b[6:]) { // PPP protocol numbers, RFC 1332, RFC 5072
			case 0x0021:
				typ = etherIPv4
			case 0x0057:
				typ = etherIPv6
			default:
				p.Kind = KindNonIP
				return
			}
			b, rest = b[8:], rest-8
		default:
			if typ >= etherMin {
				p.Kind = KindNonIP
				return
			}
			var n int
			if typ, n = llcType(b); n == 0 {
				p.Kind = KindNonIP
				return
			}
			b, rest = b[n:], rest-n
		}
	}
}

// llcType returns the EtherType behind an LLC header and the header's length,
// or 0, 0 (RFC 1042: SNAP with OUI 0; IEEE 802.2: SAP 6 is IP).
func llcType(b []byte) (uint16, int) {
	switch {
	case len(b) >= 8 && b[0] == 0xaa && b[1] == 0xaa && b[2] == 3 && b[3] == 0 && b[4] == 0 && b[5] == 0:
		typ := be16(b[6:])
		if typ < etherMin {
			return 0, 0
		}
		return typ, 8
	case len(b) >= 3 && b[0] == 6 && b[1] == 6 && b[2] == 3:
		return etherIPv4, 3
	}
	return 0, 0
}

// decodeNull decodes the 4-octet address family of BSD loopback and tunnel
// adapters. Its value for IPv6 differs by system (10, 24, 28, 30) and its
// octet order by the machine that wrote it, so the packet's own version
// decides; some drivers leave the header out.
func decodeNull(p *Packet, b []byte, rest int, extras *Extras) {
	if len(b) > 4 && (b[4]>>4 == 4 && b[4]&15 >= 5 || b[4]>>4 == 6) {
		decodeIP(p, b[4:], rest-4, extras)
		return
	}
	if isRawIP(b, rest) {
		decodeRewritten(p, b, rest, extras)
		return
	}
	if len(b) >= 4 {
		p.Kind = KindNonIP
	}
}

// Packet types of cooked captures (linux/if_packet.h).
const (
	packetHost      = 0
	packetBroadcast = 1
	packetMulticast = 2
	packetOutgoing  = 4
)

// setPacketType notes what a packet type says. PACKET_OTHERHOST says nothing
// of direction: it is what a promiscuous tap overhears.
func setPacketType(p *Packet, typ uint16) {
	switch typ {
	case packetHost:
		p.Direction = DirectionIn
	case packetBroadcast, packetMulticast:
		p.Direction = DirectionIn
		p.Flags |= FlagGroup
	case packetOutgoing:
		p.Direction = DirectionOut
	}
}

// decodeSLL decodes Linux cooked v1 (www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html).
func (d *Decoder) decodeSLL(p *Packet, b []byte, rest int, extras *Extras) {
	if len(b) < 16 {
		return
	}
	d.ARPHRD = be16(b[2:])
	setPacketType(p, be16(b))
	if be16(b[4:]) == 6 {
		copy(p.LinkSrc[:], b[6:12])
	}
	decodeCooked(p, d.ARPHRD, be16(b[14:]), b[16:], rest-16, extras)
}

// decodeSLL2 decodes Linux cooked v2 (www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html).
func (d *Decoder) decodeSLL2(p *Packet, b []byte, rest int, extras *Extras) {
	if len(b) < 20 {
		return
	}
	d.IfIndex = be32(b[4:])
	d.ARPHRD = be16(b[8:])
	setPacketType(p, uint16(b[10]))
	if b[11] == 6 {
		copy(p.LinkSrc[:], b[12:18])
	}
	decodeCooked(p, d.ARPHRD, be16(b), b[20:], rest-20, extras)
}

// arphrdNetlink is the hardware type of nlmon devices (linux/if_arp.h): their
// protocol field is a netlink family, no EtherType.
const arphrdNetlink = 824

func decodeCooked(p *Packet, arphrd, typ uint16, b []byte, rest int, extras *Extras) {
	if arphrd == arphrdNetlink {
		p.Kind = KindNonIP
		return
	}
	decodeEtherType(p, typ, b, rest, extras)
}
