package capture

import "slices"

// maxCookedRows bounds the interfaces that the packets of a Linux cooked v2
// capture may invent. What comes beyond stays with the capture's own row.
const maxCookedRows = 4096

// cookedRows gives each interface index in Linux cooked v2 packets a row of its
// own: a capture of "any" watches several places at once.
type cookedRows struct {
	rows map[cookedKey]int32

	// Packets come in runs of one interface; remembering the last row spares
	// most map look-ups.
	last    cookedKey
	lastRow int32
}

// cookedKey names a row: by interface index in version 2, by hardware type in
// version 1, which has no index.
type cookedKey struct {
	parent  int32
	ifIndex uint32
	arphrd  uint16
}

// classicRow stands for the interface of a classic cooked v2 capture. The file
// describes no interface, so there is none but those in the packets.
const classicRow = -1

// cookedRow returns the row for ifIndex of the interface in row parent, adding
// it if need be. Index 0 (none: a frame too short for its header) stays with
// the parent.
func (f *File) cookedRow(parent int32, ifIndex uint32, arphrd uint16) int32 {
	c := &f.cooked
	key := cookedKey{parent: parent, ifIndex: ifIndex}
	if key == c.last && c.rows != nil {
		return c.lastRow
	}
	row, ok := c.rows[key]
	if !ok {
		if len(c.rows) >= maxCookedRows {
			key.ifIndex, ifIndex = 0, 0
			row, ok = c.rows[key]
		}
		if ifIndex == 0 && parent != classicRow {
			return parent
		}
	}
	if !ok {
		if c.rows == nil {
			c.rows = make(map[cookedKey]int32)
		}
		iface := f.classic
		if parent != classicRow {
			iface = f.ifaces[parent]
		}
		if ifIndex != 0 {
			iface.IfIndex, iface.ARPHRD = ifIndex, arphrd
		}
		row = int32(len(f.ifaces))
		f.ifaces = append(f.ifaces, iface)
		c.rows[key] = row
	}
	c.last, c.lastRow = key, row
	return row
}

// hardwareRow gives each hardware type in Linux cooked v1 packets a row of its
// own: the format says no more of where a packet was seen, and that much tells
// a tunnel without a link layer from an Ethernet. The first type stays with the
// parent, so that an ordinary capture of one adapter keeps its one row; so do
// frames too short for their header.
func (f *File) hardwareRow(parent int32, arphrd uint16) int32 {
	c := &f.cooked
	key := cookedKey{parent: parent, arphrd: arphrd}
	if key == c.last && c.rows != nil {
		return c.lastRow
	}
	if arphrd == 0 {
		return parent
	}
	row, ok := c.rows[key]
	if !ok {
		if len(c.rows) >= maxCookedRows {
			return parent
		}
		if c.rows == nil {
			c.rows = make(map[cookedKey]int32)
		}
		iface := f.ifaces[parent]
		if iface.ARPHRD == 0 {
			// What was handed out stays as it is.
			f.ifaces = slices.Clone(f.ifaces)
			f.ifaces[parent].ARPHRD = arphrd
			row = parent
		} else {
			iface.ARPHRD = arphrd
			row = int32(len(f.ifaces))
			f.ifaces = append(f.ifaces, iface)
		}
		c.rows[key] = row
	}
	c.last, c.lastRow = key, row
	return row
}

// Hardware types for rows of an Ethernet interface that holds bare IP too, as
// Linux numbers them (linux/if_arp.h).
const (
	arphrdEther = 1
	arphrdNone  = 65534
)

// mixedRow gives bare IP and Ethernet frames rows of their own where one
// interface of a pcapng file holds both: Windows' own converter writes all
// adapters as one Ethernet ("pktmon etl2pcap"). begun is the kind that the
// interface began with, 0 before the first frame.
func (f *File) mixedRow(parent int32, begun *uint16, isBare bool) int32 {
	kind := uint16(arphrdEther)
	if isBare {
		kind = arphrdNone
	}
	switch *begun {
	case 0:
		*begun = kind
	case kind:
	default:
		f.hardwareRow(parent, *begun)
		return f.hardwareRow(parent, kind)
	}
	return parent
}

// splitRows calls each, in order, with the rows that were split from the
// interface in row parent of a pcapng file.
func (f *File) splitRows(parent int32, each func(row int32)) {
	for row := int(parent) + 1; row < len(f.ifaces); row++ {
		if i := &f.ifaces[row]; (i.IfIndex != 0 || i.ARPHRD != 0) && i.Index == f.ifaces[parent].Index {
			each(int32(row))
		}
	}
}
