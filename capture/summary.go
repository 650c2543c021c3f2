package capture

import (
	"errors"
	"io"
)

// Summary counts what one interface of a capture file holds.
type Summary struct {
	Interface Interface
	Packets   uint64 // records, decoded or not
	Bytes     uint64 // octets on the wire
	Truncated uint64 // records with fewer octets than were on the wire
	Undecoded uint64 // records of KindUndecoded

	// First and Last are the earliest and the latest time of a record, in
	// nanoseconds since 1970; valid iff HasTimes.
	First, Last int64
	HasTimes    bool
}

// Summarize reads src to its end and returns a row for each interface, in the
// order of their appearance. An interface of Linux cooked v2 whose packets were
// all split into rows by interface index has none of its own. Where the file is
// damaged the rows tell what stood before, and the error is the *DamageError.
func Summarize(src *File) ([]Summary, error) {
	var rows []Summary
	b := NewBatch()
	for {
		err := src.Next(b)
		for _, iface := range b.Interfaces[min(len(rows), len(b.Interfaces)):] {
			rows = append(rows, Summary{Interface: iface})
		}
		for i := range b.Packets {
			rows[b.Packets[i].Iface].count(&b.Packets[i])
		}
		if errors.Is(err, io.EOF) {
			return withoutSplit(rows), nil
		}
		if err != nil {
			return withoutSplit(rows), err
		}
	}
}

func (s *Summary) count(p *Packet) {
	s.Packets++
	s.Bytes += uint64(p.WireLen)
	if p.CapLen < p.WireLen {
		s.Truncated++
	}
	if p.Kind == KindUndecoded {
		s.Undecoded++
	}
	if p.Has(FlagTimeUnknown) {
		return
	}
	if !s.HasTimes {
		s.First, s.Last, s.HasTimes = p.Time, p.Time, true
		return
	}
	s.First, s.Last = min(s.First, p.Time), max(s.Last, p.Time)
}

// withoutSplit drops the rows of interfaces that live on in the rows split from
// them.
func withoutSplit(rows []Summary) []Summary {
	split := make(map[int]bool)
	for _, r := range rows {
		if r.Interface.IfIndex != 0 {
			split[r.Interface.Index] = true
		}
	}
	kept := rows[:0]
	for _, r := range rows {
		if r.Packets > 0 || r.Interface.IfIndex != 0 || !split[r.Interface.Index] {
			kept = append(kept, r)
		}
	}
	return kept
}
