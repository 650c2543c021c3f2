package diagnose

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
)

// said is a refusal that was heard n times in the middle of the run.
func said(speaker string, kind, code uint8, n uint64) correlate.Refusal {
	r := correlate.Refusal{Type: kind, Code: code, Tally: seen(n)}
	if speaker == "" {
		r.Reset = true
	} else {
		r.Speaker = netip.MustParseAddr(speaker)
	}
	return r
}

func seen(n uint64) correlate.Tally {
	return correlate.Tally{Count: n, First: minute / 4, Last: minute / 2, Samples: []correlate.Sighting{{Frame: 7}}}
}

// flow is a conversation of the phone that began at a second of the run.
func flow(proto uint8, remote string, outcome correlate.Outcome, second int64) correlate.Flow {
	f := correlate.Flow{
		Proto: proto, Client: netip.MustParseAddrPort(testPhone + ":4000"), Remote: netip.MustParseAddrPort(remote),
		Outcome: outcome, Opened: true, First: second * int64(time.Second), Last: (second + 1) * int64(time.Second), In: correlate.Count{Packets: 3},
	}
	if outcome == correlate.OutcomeAnswered {
		f.Out, f.Back = f.In, f.In
	}
	return f
}

// TestForwardVerdicts tells apart why packets end inside the host or at its
// translation, and what only looks like it.
func TestForwardVerdicts(t *testing.T) {
	silent := func(s scene) *correlate.FamilyEvidence {
		f := s.dead(correlate.FateNoEgress)
		l := &f.Ledgers[0]
		l.Fates[correlate.FateRejected] = correlate.FateCount{Count: 2, Targets: 1, MaxTries: 2}
		return f
	}
	kinds := func(f *correlate.FamilyEvidence, kind correlate.RequestKind, end correlate.Fate, n uint64) {
		f.Ledgers[0].Kinds[kind][end] += n
	}
	const router = "198.51.100.1"
	for _, c := range []struct {
		name    string
		scene   func(s scene)
		status  Status
		finding string
		cause   string // the first one
		beside  string // a finding that must stand beside the verdict
	}{
		{"refused as firewalld does", func(s scene) {
			silent(s).Refusals = []correlate.Refusal{said("10.8.0.1", 3, 13, 4)}
		}, StatusFault, "forward-rejected", "firewalld-no-policy", ""},
		{"refused as Oracle's images do", func(s scene) {
			silent(s).Refusals = []correlate.Refusal{said("10.8.0.1", 3, 10, 4)}
		}, StatusFault, "forward-rejected", "oracle-forward-reject", ""},
		{"refused as OpenWrt does", func(s scene) {
			silent(s).Refusals = []correlate.Refusal{said("10.8.0.1", 3, 3, 2), said("", 0, 0, 5)}
		}, StatusFault, "forward-rejected", "openwrt-zone-not-forwarded", ""},
		{"refused as REJECT does by itself", func(s scene) {
			silent(s).Refusals = []correlate.Refusal{said("10.8.0.1", 3, 3, 4)}
		}, StatusFault, "forward-rejected", "forward-reject-rule", ""},
		{"all refused, none in silence", func(s scene) {
			s.dead(correlate.FateRejected).Refusals = []correlate.Refusal{said("10.8.0.1", 3, 13, 6)}
		}, StatusFault, "forward-rejected", "firewalld-no-policy", ""},
		{"no route, one error at the limited rate", func(s scene) {
			silent(s).Refusals = []correlate.Refusal{said("10.8.0.1", 3, 0, 1)}
		}, StatusFault, "no-default-route", "no-default-route", ""},
		{"the next router does not answer", func(s scene) {
			silent(s).Refusals = []correlate.Refusal{said(wanAddress, 3, 1, 4)}
			s.Neighbours = []correlate.Neighbour{{Addr: netip.MustParseAddr("203.0.113.1"), AskedHere: 4}}
		}, StatusFault, "gateway-unreachable", "gateway-dead", ""},
		{"errors that were passed on are not the host's", func(s scene) {
			f := silent(s)
			f.Refusals = []correlate.Refusal{said(router, 3, 0, 4)}
			f.Refusals[0].Beyond = true
		}, StatusFault, "not-forwarded", "ip-forwarding-off", ""},
		{"an error from before the requests in hand", func(s scene) {
			f := silent(s)
			f.Refusals = []correlate.Refusal{said("10.8.0.1", 3, 0, 4)}
			f.Ledgers[0].Started = minute * 3 / 4
		}, StatusFault, "not-forwarded", "ip-forwarding-off", ""},
		{"one refused host beside answers", func(s scene) {
			f := s.dead(correlate.FateAnswered)
			f.Ledgers[0].Fates[correlate.FateRejected] = correlate.FateCount{Count: 5, Targets: 2, MaxTries: 3}
			f.Refusals = []correlate.Refusal{said("10.8.0.1", 3, 13, 5)}
		}, StatusHealthy, "", "", ""},

		{"sent back into the tunnel", func(s scene) { s.dead(correlate.FateNoEgress).Turned = seen(6) },
			StatusFault, "server-default-route-hijacked", "server-allowedips-everything", ""},
		{"a few sent back, the rest answered", func(s scene) { s.dead(correlate.FateAnswered).Turned = seen(6) },
			StatusHealthy, "", "", ""},
		{"replies leave again", func(s scene) {
			f := s.dead(correlate.FateReplyLost)
			f.Translated, f.Leaked = 1, seen(5)
		}, StatusFault, "tunnel-return-route-missing", "tunnel-route-missing", ""},
		{"H1 routed: inner addresses at the WAN, answered", func(s scene) {
			f := s.dead(correlate.FateAnswered)
			f.Untranslated, f.ReplyToInner, f.Leaked = 1, 6, seen(1)
		}, StatusHealthy, "", "", ""},
		{"sent back by the router", func(s scene) {
			f := s.dead(correlate.FateNoReply)
			f.Translated, f.Looped = 1, seen(6)
		}, StatusFault, "routing-loop", "router-sends-back", ""},
		{"replies that the host does not know", func(s scene) {
			f := s.dead(correlate.FateReplyLost)
			f.Translated, f.Refusals = 1, []correlate.Refusal{said("", 0, 0, 4)}
			f.Refusals[0].Outward = true
		}, StatusFault, "nat-reply-not-recognised", "notrack-rule", ""},
		{"H19 one reset to a site", func(s scene) {
			f := s.dead(correlate.FateReplyLost)
			f.Translated, f.Refusals = 1, []correlate.Refusal{said("", 0, 0, 1)}
			f.Refusals[0].Outward = true
		}, StatusFault, "return-not-forwarded", "forward-return-path-blocked", ""},

		{"answers come in by another line", func(s scene) {
			f := s.dead(correlate.FateReplyLost)
			f.Translated, f.OtherLine = 1, seen(f.Ledgers[0].Fates[correlate.FateReplyLost].Count)
		}, StatusFault, "asymmetric-return", "rp-filter-drop", ""},
		{"two of many answers come in by another line", func(s scene) {
			f := s.dead(correlate.FateReplyLost)
			f.Translated, f.OtherLine = 1, seen(2)
		}, StatusFault, "return-not-forwarded", "forward-return-path-blocked", ""},
		{"answers come in by another line and go on", func(s scene) { s.dead(correlate.FateAnswered).OtherLine = seen(6) },
			StatusHealthy, "", "", ""},

		{"an address that nobody has", func(s scene) {
			f := s.dead(correlate.FateNoReply)
			f.Translated, f.WANAddrs = 1, []netip.Addr{netip.MustParseAddr("203.0.113.77")}
			s.Neighbours = []correlate.Neighbour{{Addr: f.WANAddrs[0], AskedThere: 4}}
		}, StatusFault, "nat-wrong-source-address", "snat-address-not-ours", ""},
		{"an address that somebody has", func(s scene) {
			f := s.dead(correlate.FateNoReply)
			f.Translated, f.WANAddrs = 1, []netip.Addr{netip.MustParseAddr(wanAddress)}
			s.Neighbours = []correlate.Neighbour{{Addr: f.WANAddrs[0], AskedThere: 4, Answered: true}}
		}, StatusFault, "upstream-silent", "upstream-filtered", ""},

		{"an old translation hides that new ones are missing", func(s scene) {
			f := s.dead(correlate.FateUntranslated)
			f.Untranslated, f.Translated = 1, 1
			old := flow(protoTCP, "192.0.2.1:5223", correlate.OutcomeAnswered, 20)
			old.Opened, old.NAT, old.Last = false, correlate.NATSource, minute
			s.Flows = []correlate.Flow{old}
		}, StatusFault, "nat-missing", "nat-missing", ""},
		{"some are translated and some are not", func(s scene) {
			f := s.dead(correlate.FateUntranslated)
			f.Untranslated, f.Translated = 1, 1
			f.Ledgers[0].Fates[correlate.FateUntranslated].First = 1
			fresh := flow(protoTCP, "192.0.2.1:443", correlate.OutcomeNoReply, 20)
			fresh.NAT = correlate.NATSource
			s.Flows = []correlate.Flow{fresh}
		}, StatusInconclusive, "too-little-evidence", "", ""},

		{"pings alone", func(s scene) {
			f := s.dead(correlate.FateNoEgress)
			f.Ledgers[0].Fates[correlate.FateAnswered].Count = 3
			kinds(f, correlate.RequestEcho, correlate.FateAnswered, 3)
			kinds(f, correlate.RequestTCP, correlate.FateNoEgress, 4)
			kinds(f, correlate.RequestDNS, correlate.FateNoEgress, 2)
			s.Flows = []correlate.Flow{flow(protoTCP, "192.0.2.1:443", correlate.OutcomeNoEgress, 5), flow(protoUDP, "192.0.2.53:53", correlate.OutcomeNoEgress, 6)}
		}, StatusFault, "ufw-deny-routed", "ufw-deny-routed", ""},
		{"pings, and one port that is blocked", func(s scene) {
			f := s.dead(correlate.FateNoEgress)
			f.Ledgers[0].Fates[correlate.FateAnswered].Count = 3
			kinds(f, correlate.RequestEcho, correlate.FateAnswered, 3)
			kinds(f, correlate.RequestTCP, correlate.FateNoEgress, 6)
			s.Flows = []correlate.Flow{flow(protoTCP, "192.0.2.1:25", correlate.OutcomeNoEgress, 5), flow(protoTCP, "192.0.2.2:25", correlate.OutcomeNoEgress, 6)}
		}, StatusHealthy, "", "", ""},
		{"pings to the local network alone", func(s scene) {
			f := s.dead(correlate.FateNoEgress)
			f.Ledgers[0].Fates[correlate.FateAnswered].Count = 3
			f.Ledgers[0].AnsweredPrivate = 3
			kinds(f, correlate.RequestEcho, correlate.FateAnswered, 3)
			kinds(f, correlate.RequestTCP, correlate.FateNoEgress, 4)
			kinds(f, correlate.RequestDNS, correlate.FateNoEgress, 2)
			s.Flows = []correlate.Flow{flow(protoTCP, "192.0.2.1:443", correlate.OutcomeNoEgress, 5), flow(protoUDP, "192.0.2.53:53", correlate.OutcomeNoEgress, 6)}
		}, StatusHealthy, "", "", "lan-only-forwarding"},

		{"new connections die, an old one goes on", func(s scene) {
			s.full(flow(protoTCP, "192.0.2.1:443", correlate.OutcomeAnswered, 1))
		}, StatusFault, "new-flows-not-forwarded", "nat-table-full", ""},
		{"a service that was never answered", func(s scene) {
			s.full(flow(protoTCP, "192.0.2.1:80", correlate.OutcomeAnswered, 1))
		}, StatusHealthy, "", "", ""},
		{"those that answered at other ports, and more than one kind", func(s scene) {
			s.full(flow(protoTCP, "192.0.2.1:80", correlate.OutcomeAnswered, 1), flow(protoTCP, "192.0.2.8:993", correlate.OutcomeNoEgress, 13))
		}, StatusFault, "new-flows-not-forwarded", "nat-table-full", ""},
		{"names are kept back, of somebody who answered at another port", func(s scene) {
			s.full()
			lives := flow(protoTCP, "192.0.2.2:443", correlate.OutcomeAnswered, 2)
			lives.Last = minute
			s.Flows = append(s.Flows[:0], lives, flow(protoUDP, "192.0.2.2:53", correlate.OutcomeNoEgress, 10),
				flow(protoTCP, "192.0.2.2:853", correlate.OutcomeNoEgress, 11), flow(protoTCP, "192.0.2.2:853", correlate.OutcomeNoEgress, 12))
		}, StatusHealthy, "", "", ""},
		{"others than those that answered", func(s scene) {
			s.full(flow(protoTCP, "192.0.2.8:443", correlate.OutcomeAnswered, 1))
		}, StatusHealthy, "", "", ""},
		{"a new connection got out meanwhile", func(s scene) {
			s.full(flow(protoTCP, "192.0.2.1:443", correlate.OutcomeAnswered, 1), flow(protoTCP, "192.0.2.9:443", correlate.OutcomeAnswered, 11))
		}, StatusHealthy, "", "", ""},

		{"new connections to one website die, others leave", func(s scene) {
			s.crowded("192.0.2.1:443", "192.0.2.1:443", "192.0.2.1:443")
		}, StatusFault, "new-flows-not-forwarded", "nat-ports-exhausted", ""},
		{"two of them are too few", func(s scene) { s.crowded("192.0.2.1:443", "192.0.2.1:443") }, StatusHealthy, "", "", ""},
		{"three websites that were never answered", func(s scene) {
			s.crowded("192.0.2.6:443", "192.0.2.7:443", "192.0.2.8:443")
		}, StatusHealthy, "", "", ""},

		{"everybody outside says no", func(s scene) {
			f := s.dead(correlate.FateAnswered)
			f.Refusals = []correlate.Refusal{said(router, 3, 9, 6)}
			f.Refusals[0].Beyond = true
		}, StatusHealthy, "", "", "upstream-rejects"},
		{"H8 a site refuses now and then", func(s scene) {
			f := s.dead(correlate.FateAnswered)
			f.Refusals = []correlate.Refusal{said("", 0, 0, 3)}
			f.Refusals[0].Beyond = true
		}, StatusHealthy, "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			c.scene(s)
			d := Run(s.Evidence, Context{OS: osLinux})
			if d.Status != c.status || d.Finding != c.finding {
				t.Fatalf("%s %q, want %s %q", d.Status, d.Finding, c.status, c.finding)
			}
			checkDiagnosis(t, s.Evidence, d)
			if p := d.Primary(); c.cause != "" && (len(p.Causes) == 0 || p.Causes[0].ID != c.cause) {
				t.Errorf("causes %+v, want %s first", p.Causes, c.cause)
			}
			has := slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.ID == c.beside })
			if c.beside != "" && !has || c.beside == "" && c.status == StatusHealthy && len(d.Findings) > 0 {
				t.Errorf("findings %+v, want %q beside", d.Findings, c.beside)
			}
		})
	}
}

// full is a phone whose connections to port 443 die from the tenth second on,
// while another one goes on to the end.
func (s scene) full(others ...correlate.Flow) {
	f := s.dead(correlate.FateNoEgress)
	f.Ledgers[0].Fates[correlate.FateAnswered].Count = 2
	lives := flow(protoTCP, "192.0.2.2:5223", correlate.OutcomeAnswered, 2)
	lives.Last = minute
	s.Flows = append(others, lives)
	for i, remote := range []string{"192.0.2.3:443", "192.0.2.4:443", "192.0.2.1:443"} {
		s.Flows = append(s.Flows, flow(protoTCP, remote, correlate.OutcomeNoEgress, int64(10+i)))
	}
}

// crowded is a phone with a connection to 192.0.2.1 that goes on to the end, while
// new ones die and some to another website are answered.
func (s scene) crowded(dead ...string) {
	f := s.dead(correlate.FateNoEgress)
	f.Ledgers[0].Fates[correlate.FateAnswered].Count = 2
	lives := flow(protoTCP, "192.0.2.1:443", correlate.OutcomeAnswered, 2)
	lives.Last = minute
	s.Flows = []correlate.Flow{lives, flow(protoTCP, "192.0.2.9:443", correlate.OutcomeAnswered, 20)}
	for i, remote := range dead {
		s.Flows = append(s.Flows, flow(protoTCP, remote, correlate.OutcomeNoEgress, int64(10+i)))
	}
}

// TestClientsApart holds the warning about devices that cannot reach each other
// against one that is asleep.
func TestClientsApart(t *testing.T) {
	for _, turned := range []uint64{0, 3} {
		s := newScene()
		s.peer(endpointA, established())
		s.peer(endpointB, established())
		for i, a := range []string{testPhone, testTablet} {
			asks(s.client(a, i), 0, fate{correlate.FateAnswered, 5, 3, 2})
		}
		f := flow(protoTCP, testTablet+":22", correlate.OutcomeLocal, 3)
		f.Turned = turned
		s.Flows = []correlate.Flow{f}
		d := Run(s.Evidence, Context{})
		if d.Status != StatusHealthy || len(d.Findings) == 0 != (turned > 0) {
			t.Errorf("%d sent on: %s, %+v", turned, d.Status, d.Findings)
		}
	}
}
