package capture

// ARPRequest is the operation that asks who has an address (RFC 826).
const ARPRequest = 1

// decodeARP decodes ARP for IPv4 over any link with addresses of 6 octets
// (RFC 826): hardware and protocol type, their lengths, the operation, then
// sender and target.
func decodeARP(p *Packet, b []byte) {
	p.Kind = KindARP
	if len(b) < 28 || be16(b[2:]) != etherIPv4 || b[4] != 6 || b[5] != 4 || be16(b[6:]) > 255 {
		return
	}
	p.ICMPType = uint8(be16(b[6:]))
	p.Src, p.Dst = AddrFrom4(b[14:]), AddrFrom4(b[24:])
}
