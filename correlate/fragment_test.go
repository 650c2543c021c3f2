package correlate_test

import (
	"fmt"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// inPieces are the fragments of a datagram with an identification: a first one
// of 1,480 octets of IP payload, and what is left.
func inPieces(p pk, id uint32) (first, rest pk) {
	first, rest = p, p
	first.FragID, first.IPLen = id, 1500
	first.Flags |= capture.FlagFirstFragment
	rest.Kind, rest.FragID, rest.FragOffset = capture.KindFragment, id, 1480
	rest.SrcPort, rest.DstPort, rest.Hash16, rest.Hash64, rest.Flags = 0, 0, 0, 0, capture.FlagLastFragment
	rest.PayloadLen = p.PayloadLen + 8 - 1480
	rest.IPLen = rest.PayloadLen + 20
	return first, rest
}

// TestFragments sends large DNS responses in fragments to a host that puts
// them together before it translates them.
func TestFragments(t *testing.T) {
	for _, c := range []struct {
		name       string
		rest       bool // the second fragment reaches the host
		restFirst  bool // before the first
		forwarded  bool // the host passes the response on
		whole      bool // in one piece
		unobserved uint64
		lost       uint64
		fate       correlate.Fate
	}{
		{"the second one lost before the host", false, false, false, false, 3, 0, correlate.FateUnobservable},
		{"both came, lost in the host", true, false, false, false, 0, 3, correlate.FateReplyLost},
		{"both came in reverse, lost in the host", true, true, false, false, 0, 3, correlate.FateReplyLost},
		{"passed on in fragments", true, false, true, false, 0, 0, correlate.FateAnswered},
		{"passed on in one piece", true, false, true, true, 0, 0, correlate.FateAnswered},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := &trace{}
			for n := range 3 {
				us := int64(n) * 1_000_000
				from, to := fmt.Sprintf("%s:%d", phone, 4000+n), fmt.Sprintf("%s:%d", wanIP, 5000+n)
				q := query(from, ns+":53", uint16(n), "example.org")
				tr.pass(us, q, q.from(to))
				r := response(ns+":53", to, uint16(n), "example.org").ttl(57)
				r.PayloadLen, r.IPLen = 2000, 2028
				first, rest := inPieces(r, uint32(100+n))
				tr.wan(us+20_000, first)
				if c.rest && !c.restFirst {
					tr.wan(us+20_010, rest)
				} else if c.rest {
					tr.wan(us+19_990, rest)
				}
				if c.forwarded && c.whole {
					tr.tunnel(us+20_100, r.to(from))
				} else if c.forwarded {
					first, rest = inPieces(r.to(from), uint32(100+n))
					tr.tunnel(us+20_100, first)
					tr.tunnel(us+20_110, rest)
				}
			}
			tr.idle(20_000_000)
			ev := tr.run(t)
			matched := uint64(6)
			if !c.forwarded {
				matched = 3
			}
			want{matched: matched, lost: c.lost, unobservable: c.unobserved}.check(t, ev)
			if l := ledger(t, ev, phone, correlate.IPv4); l.Fates[c.fate].Count != 3 {
				t.Errorf("fates %+v", l.Fates)
			}
		})
	}
}
