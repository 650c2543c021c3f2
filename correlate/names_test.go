package correlate_test

import (
	"net/netip"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// rcode is the answer with another result.
func (p pk) rcode(n uint8) pk { p.DNSRCode = n; return p }

// asks is the query for another type.
func (p pk) asks(t uint16) pk { p.DNSType = t; return p }

// TestNames says of each query how it ended.
func TestNames(t *testing.T) {
	const c, w = phone + ":5000", wanIP + ":5000"
	// each repeats an exchange three times, a second apart.
	each := func(tr *trace, server string, steps func(us int64, id uint16, q pk)) {
		for n := range uint16(3) {
			steps(int64(n)*1_000_000, 7+n, query(c, server+":53", 7+n, "example.org"))
		}
	}
	cases := []struct {
		name   string
		server string
		steps  func(tr *trace)
		want   correlate.NameEnd
		host   bool
	}{
		{"answered by the host", inner, func(tr *trace) {
			each(tr, inner, func(us int64, id uint16, q pk) {
				tr.tunnel(us, q)
				tr.tunnel(us+500, response(inner+":53", c, id, "example.org"))
			})
		}, correlate.NameAnswered, true},
		{"refused by the host", inner, func(tr *trace) {
			each(tr, inner, func(us int64, id uint16, q pk) {
				tr.tunnel(us, q)
				tr.tunnel(us+500, response(inner+":53", c, id, "example.org").rcode(5))
			})
		}, correlate.NameRefused, true},
		{"the host could not find out", inner, func(tr *trace) {
			each(tr, inner, func(us int64, id uint16, q pk) {
				tr.tunnel(us, q)
				tr.tunnel(us+500, response(inner+":53", c, id, "example.org").rcode(2))
			})
		}, correlate.NameFailed, true},
		{"no such name is an answer", inner, func(tr *trace) {
			each(tr, inner, func(us int64, id uint16, q pk) {
				tr.tunnel(us, q)
				tr.tunnel(us+500, response(inner+":53", c, id, "example.org").rcode(3))
			})
		}, correlate.NameAnswered, true},
		{"nobody listens on the host", inner, func(tr *trace) {
			each(tr, inner, func(us int64, _ uint16, q pk) {
				tr.tunnel(us, q)
				tr.tunnel(us+500, icmpError(inner, phone, 3, 3, q))
			})
		}, correlate.NameUnreachable, true},
		{"the host is silent", inner, func(tr *trace) {
			each(tr, inner, func(us int64, _ uint16, q pk) { tr.tunnel(us, q) })
		}, correlate.NameSilent, true},
		{"the answer has another source", inner, func(tr *trace) {
			each(tr, inner, func(us int64, id uint16, q pk) {
				tr.tunnel(us, q)
				tr.tunnel(us+500, response(wanIP+":53", c, id, "example.org"))
			})
		}, correlate.NameForeign, true},
		{"answered from beyond", ns, func(tr *trace) {
			each(tr, ns, func(us int64, id uint16, q pk) {
				tr.pass(us, q, q.from(w))
				a := response(ns+":53", w, id, "example.org").ttl(57)
				tr.back(us+15_000, a, a.to(c))
			})
		}, correlate.NameAnswered, false},
		{"refused from beyond", ns, func(tr *trace) {
			each(tr, ns, func(us int64, id uint16, q pk) {
				tr.pass(us, q, q.from(w))
				a := response(ns+":53", w, id, "example.org").ttl(57).rcode(5)
				tr.back(us+15_000, a, a.to(c))
			})
		}, correlate.NameRefused, false},
		{"no answer from beyond", ns, func(tr *trace) {
			each(tr, ns, func(us int64, _ uint16, q pk) { tr.pass(us, q, q.from(w)) })
		}, correlate.NameNoReply, false},
		{"no answer from a private address beyond", "192.168.1.1", func(tr *trace) {
			each(tr, "192.168.1.1", func(us int64, _ uint16, q pk) { tr.pass(us, q, q.from(w)) })
		}, correlate.NameNoReply, false},
		{"it does not leave", ns, func(tr *trace) {
			each(tr, ns, func(us int64, _ uint16, q pk) { tr.tunnel(us, q) })
		}, correlate.NameSilent, false},
		{"it leaves untranslated", ns, func(tr *trace) {
			each(tr, ns, func(us int64, _ uint16, q pk) { tr.pass(us, q, q.forwarded()) })
		}, correlate.NameBare, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			tr := &trace{opts: correlate.Options{Own: []netip.Addr{netip.MustParseAddr(inner), netip.MustParseAddr(wanIP)}}}
			tc.steps(tr)
			// A newer type may go unanswered, and another client's name is its own.
			tr.tunnel(100, query(phone+":6000", tc.server+":53", 99, "example.org").asks(65))
			tr.lookup(200, tablet+":7000", wanIP+":7000", ns+":53", 5, "example.org")
			tr.idle(30_000_000)
			rows := client(t, tr.run(t), phone).Resolvers
			if len(rows) != 1 || rows[0].Addr.String() != tc.server || rows[0].Host != tc.host {
				t.Fatalf("resolvers %+v", rows)
			}
			for end, n := range rows[0].Ends {
				wanted := uint64(0)
				if correlate.NameEnd(end) == tc.want {
					wanted = 3
				}
				if n.Count != wanted {
					t.Errorf("%v: %d, want %d", correlate.NameEnd(end), n.Count, wanted)
				}
				if wanted > 0 && len(n.Samples) == 0 {
					t.Error("no packet shows it")
				}
			}
		})
	}
	t.Run("too little capture follows", func(t *testing.T) {
		tr := &trace{opts: correlate.Options{Own: []netip.Addr{netip.MustParseAddr(inner)}}}
		each(tr, inner, func(us int64, _ uint16, q pk) { tr.tunnel(us, q) })
		tr.idle(4_000_000)
		if r := client(t, tr.run(t), phone).Resolvers; len(r) != 1 || r[0].Ends[correlate.NameOpen].Count != 3 {
			t.Errorf("resolvers %+v", r)
		}
	})
	t.Run("the tap says late that it dropped packets meanwhile", func(t *testing.T) {
		tr := &trace{opts: correlate.Options{Own: []netip.Addr{netip.MustParseAddr(inner)}}}
		each(tr, inner, func(us int64, _ uint16, q pk) { tr.tunnel(us, q) })
		tr.idle(30_000_000)
		tr.inStats = []stat{{at: base + 1}, {at: base + 29e9, dropped: 3}}
		if r := client(t, tr.run(t), phone).Resolvers; len(r) != 1 || r[0].Ends[correlate.NameOpen].Count != 3 || r[0].Ends[correlate.NameSilent].Count != 0 {
			t.Errorf("resolvers %+v", r)
		}
	})
	t.Run("one client asks another", func(t *testing.T) {
		tr := &trace{opts: correlate.Options{Clients: []netip.Prefix{netip.MustParsePrefix("10.8.0.2/31")}}}
		q := query(c, tablet+":53", 7, "example.org")
		tr.tunnel(0, q)
		tr.tunnel(50, q.forwarded().direction(capture.DirectionOut))
		tr.idle(30_000_000)
		for _, cl := range tr.run(t).Clients {
			if len(cl.Resolvers) != 0 {
				t.Errorf("%v: resolvers %+v", cl.Addrs, cl.Resolvers)
			}
		}
	})
}

// client returns the client with an address.
func client(t *testing.T, ev *correlate.Evidence, addr string) *correlate.Client {
	t.Helper()
	for i := range ev.Clients {
		for _, a := range ev.Clients[i].Addrs {
			if a.String() == addr {
				return &ev.Clients[i]
			}
		}
	}
	t.Fatalf("no client %s", addr)
	return nil
}
