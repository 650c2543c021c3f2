package capture

// enhanced reads an Enhanced Packet Block (draft, section 4.3).
func (r *pcapngFile) enhanced(b *Batch, body []byte, offset int64) error {
	if len(body) < 20 {
		return r.f.damage(offset, "a packet block of %d octets cannot be", len(body)+12)
	}
	iface, err := r.iface(r.order.u32(body), offset)
	if err != nil {
		return err
	}
	return r.packet(b, iface, body, offset)
}

// obsolete reads a Packet Block (draft, appendix A): as an enhanced one, but
// the interface in 16 bits beside a count of drops.
func (r *pcapngFile) obsolete(b *Batch, body []byte, offset int64) error {
	if len(body) < 20 {
		return r.f.damage(offset, "a packet block of %d octets cannot be", len(body)+12)
	}
	iface, err := r.iface(uint32(r.order.u16(body)), offset)
	if err != nil {
		return err
	}
	return r.packet(b, iface, body, offset)
}

// packet reads what the two kinds of packet blocks have in common.
func (r *pcapngFile) packet(b *Batch, iface *pcapngInterface, body []byte, offset int64) error {
	stamp := uint64(r.order.u32(body[4:]))<<32 | uint64(r.order.u32(body[8:]))
	captured, wire := r.order.u32(body[12:]), r.order.u32(body[16:])
	if int64(captured) > int64(len(body)-20) {
		return r.f.damage(offset, "a packet of %d octets does not fit its block of %d", captured, len(body)+12)
	}
	end := 20 + int(captured)
	time, known := iface.clock.nanoseconds(stamp)
	frame := body[20:end:end]
	p := r.f.add(b, iface.row, iface.link, time, known, frame, wire, offset)
	if iface.link == LinkTypeEthernet {
		p.Iface = r.f.mixedRow(iface.row, &iface.begun, p.Flags&FlagRewrittenLink != 0)
	}
	if end = (end + 3) &^ 3; len(body) >= end+4 {
		r.packetOptions(p, body[end:])
	}
	r.f.show(b, p, frame)
	return nil
}

// packetOptions takes the direction from a packet's flags, and its identifier
// (draft, section 4.3: options epb_flags and epb_packetid). Broken options are
// passed over: the packet itself is whole.
func (r *pcapngFile) packetOptions(p *Packet, b []byte) {
	o := options{rest: b, order: r.order}
	for {
		code, v, ok := o.next()
		if !ok {
			return
		}
		switch {
		case code == optEPBFlags && len(v) == 4:
			switch r.order.u32(v) & 3 {
			case 1:
				p.Direction = DirectionIn
			case 2:
				p.Direction = DirectionOut
			}
		case code == optEPBPacketID && len(v) == 8:
			p.RecordID = uint32(u64(r.order, v))
		}
	}
}

// simple reads a Simple Packet Block (draft, section 4.4): the section's first
// interface, no time, and no captured length but what the snap length and the
// block leave.
func (r *pcapngFile) simple(b *Batch, body []byte, offset int64) error {
	if len(body) < 4 {
		return r.f.damage(offset, "a packet block of %d octets cannot be", len(body)+12)
	}
	iface, err := r.iface(0, offset)
	if err != nil {
		return err
	}
	wire := r.order.u32(body)
	captured := min(int64(wire), int64(len(body)-4))
	if iface.snap != 0 {
		captured = min(captured, int64(iface.snap))
	}
	// Nothing but padding may follow, so the two lengths check each other.
	if int64(len(body)-4)-captured > 3 {
		return r.f.damage(offset, "a packet of %d octets does not fill its block of %d", captured, len(body)+12)
	}
	frame := body[4 : 4+captured : 4+captured]
	p := r.f.add(b, iface.row, iface.link, 0, false, frame, wire, offset)
	r.f.show(b, p, frame)
	return nil
}

// describe reads an Interface Description Block (draft, section 4.2).
func (r *pcapngFile) describe(body []byte, offset int64) error {
	if len(body) < 8 {
		return r.f.damage(offset, "an interface description of %d octets cannot be", len(body)+12)
	}
	if r.blocks >= maxInterfaces {
		return r.f.damage(offset, "more than %d interfaces", maxInterfaces)
	}
	iface := Interface{
		Index: r.blocks, Section: r.section, OS: r.os,
		LinkType: LinkType(r.order.u16(body)), SnapLen: r.order.u32(body[4:]),
	}
	local := pcapngInterface{
		row: int32(len(r.f.ifaces)), link: iface.LinkType, snap: iface.SnapLen,
		clock: clock{resolution: defaultResolution},
	}
	if !interfaceOptions(&iface, &local.clock, options{rest: body[8:], order: r.order}) {
		return r.f.damage(offset, "an option of an interface description reaches past its end")
	}
	r.f.ifaces = append(r.f.ifaces, iface)
	r.ifaces = append(r.ifaces, local)
	r.blocks++
	return nil
}

// statistics reads an Interface Statistics Block (draft, section 4.6). What an
// engine dropped may have come from any of the rows split from the interface,
// so each of them hears of it; the count of received packets belongs to all
// of them together and goes to the interface's own row alone.
func (r *pcapngFile) statistics(b *Batch, body []byte, offset int64) error {
	if len(body) < 12 {
		return r.f.damage(offset, "a statistics block of %d octets cannot be", len(body)+12)
	}
	iface, err := r.iface(r.order.u32(body), offset)
	if err != nil {
		return err
	}
	s := InterfaceStats{Iface: iface.row}
	s.Time, _ = iface.clock.nanoseconds(uint64(r.order.u32(body[4:]))<<32 | uint64(r.order.u32(body[8:])))
	statisticsOptions(&s, options{rest: body[12:], order: r.order})
	b.Stats = append(b.Stats, s)
	if (iface.link == LinkTypeLinuxSLL2 || iface.link == LinkTypeLinuxSLL) && s.HasDropped {
		s.Received, s.HasReceived = 0, false
		r.f.splitRows(iface.row, func(row int32) {
			s.Iface = row
			b.Stats = append(b.Stats, s)
		})
	}
	return nil
}
