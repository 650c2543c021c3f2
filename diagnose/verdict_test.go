package diagnose

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

const (
	testPhone  = "10.8.0.2"
	testTablet = "10.8.0.3"
	endpointA  = "198.51.100.10:4500"
	endpointB  = "198.51.100.20:4600"
	wanAddress = "203.0.113.2"
)

// scene is evidence in the making: a live run over a minute on a server whose
// tunnel works, to which a case adds what its clients did.
type scene struct{ *correlate.Evidence }

const minute = int64(time.Minute)

func newScene() scene {
	ev := &correlate.Evidence{
		Started: 1, Ended: minute,
		Captures: []correlate.Capture{
			{Role: capture.RoleTunnel, RoleWhy: "name", Interface: capture.Interface{Name: "wg0", LinkType: capture.LinkTypeRaw}, Packets: 50, DroppedKnown: true},
			{Role: capture.RoleWAN, RoleWhy: "default-route", Interface: capture.Interface{Name: "eth0", LinkType: capture.LinkTypeEthernet}, Packets: 90, DroppedKnown: true},
		},
		Coverage: correlate.Coverage{Tunnel: true, WAN: true, TunnelPackets: 50, WANPackets: 90, From: 1, To: minute, Live: true, OuterPossible: true, InboundOther: 20, Inbound: 50, Outbound: 40, InboundSpan: minute / 2},
		Relation: correlate.Relation{Proved: true, Basis: "live"},
	}
	for s := range ev.Stages {
		ev.Stages[s].Observed = true
	}
	ev.WireGuard.Port = 51820
	return scene{ev}
}

// peer adds an endpoint.
func (s scene) peer(endpoint string, p correlate.Peer) *correlate.Peer {
	p.Endpoint, p.ServerEndpoint = netip.MustParseAddrPort(endpoint), netip.MustParseAddrPort(wanAddress+":51820")
	p.First, p.UndeliveredKnown = 1, true
	if p.Last == 0 {
		p.Last = minute
	}
	if p.LastIn == 0 && p.Initiations+p.DataIn+p.KeepalivesIn > 0 {
		p.LastIn = p.Last
	}
	if p.Crossed == 0 {
		p.CrossedWith = -1
	}
	s.WireGuard.Peers = append(s.WireGuard.Peers, p)
	s.Stages[correlate.OuterIn].Packets += p.Initiations + p.DataIn + p.KeepalivesIn
	return &s.WireGuard.Peers[len(s.WireGuard.Peers)-1]
}

// established is a peer whose session works.
func established() correlate.Peer {
	return correlate.Peer{State: correlate.PeerEstablished, Initiations: 1, Responses: 1, DataIn: 30, DataOut: 30, Delivered: 30, Trusted: true}
}

// client adds a client that is tied to the peer with an index (-1: none).
func (s scene) client(addr string, peer int) *correlate.Client {
	a := netip.MustParseAddr(addr)
	c := correlate.Client{Addrs: []netip.Addr{a}, Peer: peer, First: 1, Last: minute}
	c.Families[0].Family, c.Families[1].Family = correlate.IPv4, correlate.IPv6
	c.Stages[correlate.TunnelIn].Packets = 20
	s.Stages[correlate.TunnelIn].Packets += 20
	s.Clients = append(s.Clients, c)
	return &s.Clients[len(s.Clients)-1]
}

// fate is how many requests came to one end, to how many targets.
type fate struct {
	fate    correlate.Fate
	count   uint64
	targets int
	tries   uint64
}

// asks adds a ledger to a client in a family.
func asks(c *correlate.Client, family int, fates ...fate) *correlate.FamilyEvidence {
	l := correlate.Ledger{Started: 1, Ended: minute - int64(10*time.Second)}
	for _, f := range fates {
		l.Fates[f.fate] = correlate.FateCount{Count: f.count, Targets: f.targets, Networks: f.targets, MaxTries: f.tries, First: l.Started, Last: l.Ended,
			Samples: []correlate.Sighting{{Frame: 1, Stage: correlate.TunnelIn}}}
		c.Attempts += f.count
	}
	c.Families[family].Ledgers = append(c.Families[family].Ledgers, l)
	return &c.Families[family]
}

// dead is a client whose requests all came to one end.
func (s scene) dead(end correlate.Fate) *correlate.FamilyEvidence {
	p := established()
	p.DataOut, p.KeepalivesOut = 0, 3 // nothing came back that could be sent
	s.peer(endpointA, p)
	return asks(s.client(testPhone, 0), 0, fate{end, 6, 3, 2})
}

// TestVerdicts names what the evidence shows, in its status, finding and place.
func TestVerdicts(t *testing.T) {
	answered := fate{correlate.FateAnswered, 5, 3, 2}
	cases := []struct {
		name    string
		scene   func(s scene)
		status  Status
		finding string
		warning string // a finding that must stand beside it
	}{
		// Faults.
		{"nothing leaves", func(s scene) { s.dead(correlate.FateNoEgress) }, StatusFault, "not-forwarded", ""},
		{"nothing leaves, one address tried three times", func(s scene) {
			s.peer(endpointA, established())
			asks(s.client(testPhone, 0), 0, fate{correlate.FateNoEgress, 3, 1, 3})
		}, StatusFault, "not-forwarded", ""},
		{"leaves untranslated", func(s scene) { s.dead(correlate.FateUntranslated).Untranslated = 1 }, StatusFault, "nat-missing", ""},
		{"leaves translated, no reply", func(s scene) { s.dead(correlate.FateNoReply).Translated = 1 }, StatusFault, "upstream-silent", ""},
		{"routed with public addresses, no reply", func(s scene) { s.dead(correlate.FateNoReply).Untranslated = 1 }, StatusFault, "upstream-silent", ""},
		{"replies stop at the WAN", func(s scene) { s.dead(correlate.FateReplyLost).Translated = 1 }, StatusFault, "return-not-forwarded", ""},
		// What working packets refute.
		{"one blocked port beside a conversation under way", func(s scene) {
			s.dead(correlate.FateNoEgress)
			s.Flows = []correlate.Flow{{Client: netip.MustParseAddrPort(testPhone + ":1"), Remote: netip.MustParseAddrPort("192.0.2.1:443"), Proto: 6,
				Outcome: correlate.OutcomeAnswered, First: 1, Last: minute}}
		}, StatusHealthy, "", ""},
		{"some of the client's packets left", func(s scene) {
			s.dead(correlate.FateNoEgress)
			s.Flows = []correlate.Flow{{Client: netip.MustParseAddrPort(testPhone + ":1"), Remote: netip.MustParseAddrPort("192.0.2.1:443"), Proto: 17,
				Outcome: correlate.OutcomeOneWay, Out: correlate.Count{Packets: 10}, First: 2, Last: 3}}
		}, StatusInconclusive, "too-little-evidence", ""},
		{"replies stop at the WAN, but the server sends data into the tunnel", func(s scene) {
			s.dead(correlate.FateReplyLost).Translated = 1
			s.WireGuard.Peers[0].DataOut = 40
		}, StatusInconclusive, "too-little-evidence", ""},
		{"the WAN shows nothing that came in", func(s scene) {
			s.dead(correlate.FateNoReply).Translated = 1
			s.Coverage.Inbound = 0
		}, StatusInconclusive, "too-little-evidence", ""},
		{"the WAN shows nothing that was sent", func(s scene) {
			s.dead(correlate.FateNoEgress)
			s.Coverage.Outbound = 0
		}, StatusInconclusive, "too-little-evidence", ""},
		{"a session that works, in another tunnel than the captured one", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerEstablished, Initiations: 1, Responses: 1, DataIn: 20, DataOut: 20, Undelivered: 20, UndeliveredCalls: 20, Trusted: true})
		}, StatusInconclusive, "wrong-capture-adapter", ""},
		{"a scanner that calls every ten minutes", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerUnanswered, Initiations: 3})
		}, StatusInconclusive, "too-little-evidence", ""},
		{"both families dead", func(s scene) {
			s.dead(correlate.FateNoEgress)
			asks(&s.Clients[0], 1, fate{correlate.FateNoEgress, 6, 3, 2})
		}, StatusFault, "not-forwarded", ""},
		{"initiations unanswered", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerUnanswered, Initiations: 6, Retries: 5})
		}, StatusFault, "handshake-unanswered", ""},
		{"responses never accepted", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerNotCompleted, Initiations: 6, Responses: 6, ShortPairs: 5, LastInitiation: minute / 2})
		}, StatusFault, "handshake-not-completed", ""},
		{"decrypted and dropped", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerEstablished, Initiations: 1, Responses: 1, DataIn: 20, KeepalivesOut: 3, Undelivered: 20, UndeliveredCalls: 20, Trusted: true})
		}, StatusFault, "decrypted-then-dropped", ""},
		{"a working client beside one that is dead", func(s scene) {
			s.peer(endpointA, established())
			s.peer(endpointB, established())
			asks(s.client(testPhone, 0), 0, answered)
			asks(s.client(testTablet, 1), 0, fate{correlate.FateNoEgress, 4, 3, 2})
		}, StatusFault, "not-forwarded", ""},

		// One endpoint fails while another client works.
		{"a scanner beside a working client", func(s scene) {
			s.peer(endpointA, established())
			s.peer(endpointB, correlate.Peer{State: correlate.PeerUnanswered, Initiations: 12, Retries: 11})
			asks(s.client(testPhone, 0), 0, answered)
		}, StatusHealthy, "", "handshake-unanswered"},
		{"a stale device beside a working client", func(s scene) {
			s.peer(endpointA, established())
			s.peer(endpointB, correlate.Peer{State: correlate.PeerEstablished, Initiations: 1, Responses: 1, DataIn: 20, Undelivered: 20, UndeliveredCalls: 20, Trusted: true})
			asks(s.client(testPhone, 0), 0, answered)
		}, StatusHealthy, "", "decrypted-then-dropped"},

		// What looks like a fault and is none (H1 and on of the catalogue).
		{"H1 routed without translation", func(s scene) {
			f := s.dead(correlate.FateAnswered)
			f.Untranslated, f.ReplyToInner = 1, 6
		}, StatusHealthy, "", ""},
		{"H1 routed, and a few hosts are silent", func(s scene) {
			f := s.dead(correlate.FateUntranslated)
			f.Untranslated, f.ReplyToInner = 1, 6
		}, StatusInconclusive, "too-little-evidence", ""},
		{"H2 only the server itself is called", func(s scene) {
			s.peer(endpointA, established())
			s.client(testPhone, 0)
			s.Flows = []correlate.Flow{{Client: netip.MustParseAddrPort(testPhone + ":1"), Remote: netip.MustParseAddrPort("10.8.0.1:0"), Proto: 1, Outcome: correlate.OutcomeLocal}}
		}, StatusInconclusive, "too-little-evidence", ""},
		{"H3 a local resolver answers, nothing else is tried", func(s scene) {
			f := s.dead(correlate.FateLocal)
			f.LocalAnswers = 6
		}, StatusInconclusive, "too-little-evidence", ""},
		{"H3 a redirected resolver answers, other calls die", func(s scene) {
			s.peer(endpointA, established())
			f := asks(s.client(testPhone, 0), 0, fate{correlate.FateLocal, 3, 1, 3}, fate{correlate.FateNoEgress, 6, 3, 2})
			f.LocalAnswers = 3
		}, StatusInconclusive, "too-little-evidence", ""},
		{"H6 only private addresses, never answered", func(s scene) {
			s.peer(endpointA, established())
			s.client(testPhone, 0).Families[0].Unroutable = 20
		}, StatusInconclusive, "too-little-evidence", ""},
		{"H7 one-way datagrams alone", func(s scene) {
			s.peer(endpointA, established())
			s.client(testPhone, 0)
			s.Flows = []correlate.Flow{{Client: netip.MustParseAddrPort(testPhone + ":1"), Remote: netip.MustParseAddrPort("192.0.2.1:443"), Proto: 17, Outcome: correlate.OutcomeOneWay}}
		}, StatusInconclusive, "too-little-evidence", ""},
		{"H12 roaming: the old endpoint fell silent", func(s scene) {
			s.peer("198.51.100.10:1111", correlate.Peer{State: correlate.PeerUnanswered, Initiations: 3, Retries: 2, Last: minute / 3})
			s.peer(endpointA, established())
			asks(s.client(testPhone, 1), 0, answered)
		}, StatusHealthy, "", ""},
		{"H12 roaming, nothing asked since", func(s scene) {
			s.peer("198.51.100.10:1111", correlate.Peer{State: correlate.PeerUnanswered, Initiations: 3, Retries: 2, Last: minute / 3})
			s.peer(endpointA, correlate.Peer{State: correlate.PeerEstablished, Initiations: 1, Responses: 1, KeepalivesIn: 3, Trusted: true})
		}, StatusInconclusive, "too-little-evidence", ""},
		{"H12 one initiation, answered late", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerUnanswered, Initiations: 1, Retries: 0})
		}, StatusInconclusive, "too-little-evidence", ""},
		{"H12 two responses lost, then data", func(s scene) {
			p := established()
			p.Initiations, p.Responses, p.ShortPairs = 3, 3, 2
			s.peer(endpointA, p)
			asks(s.client(testPhone, 0), 0, answered)
		}, StatusHealthy, "", ""},
		{"H13 an idle tunnel", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerEstablished, Initiations: 1, Responses: 1, KeepalivesIn: 5, Trusted: true})
		}, StatusInconclusive, "no-traffic", ""},
		{"H13 an idle tunnel, whose phone sent what kernels send", func(s scene) {
			s.peer(endpointA, correlate.Peer{State: correlate.PeerEstablished, Initiations: 1, Responses: 1, DataIn: 5, Undelivered: 5, Trusted: true})
		}, StatusInconclusive, "no-traffic", ""},
		{"H15 a host that blocks pings", func(s scene) {
			s.peer(endpointA, established())
			asks(s.client(testPhone, 0), 0, answered, fate{correlate.FateNoReply, 20, 1, 20}).Translated = 1
		}, StatusHealthy, "", ""},
		{"H15 two silent tries alone", func(s scene) {
			s.peer(endpointA, established())
			asks(s.client(testPhone, 0), 0, fate{correlate.FateNoReply, 2, 1, 2}).Translated = 1
		}, StatusInconclusive, "too-little-evidence", ""},
		{"H18 captured midway", func(s scene) {
			s.peer(endpointA, established())
			s.client(testPhone, 0)
			s.Flows = []correlate.Flow{{Client: netip.MustParseAddrPort(testPhone + ":1"), Remote: netip.MustParseAddrPort("192.0.2.1:443"), Proto: 6, Outcome: correlate.OutcomeAnswered}}
		}, StatusHealthy, "", ""},
		{"IPv6 dead, IPv4 answered", func(s scene) {
			s.peer(endpointA, established())
			c := s.client(testPhone, 0)
			asks(c, 0, answered)
			asks(c, 1, fate{correlate.FateNoEgress, 6, 3, 2})
		}, StatusFault, "ipv6-blackhole", ""},
		{"repaired while watched", func(s scene) {
			s.dead(correlate.FateNoEgress)
			asks(&s.Clients[0], 0, answered)
		}, StatusHealthy, "", ""},
		{"one death among many answers", func(s scene) {
			s.peer(endpointA, established())
			asks(s.client(testPhone, 0), 0, fate{correlate.FateAnswered, 1, 1, 1}, fate{correlate.FateNoEgress, 6, 3, 2})
		}, StatusHealthy, "", ""},

		// Nothing can be said.
		{"no capture at all", func(s scene) { *s.Evidence = correlate.Evidence{} }, StatusInconclusive, "too-little-evidence", ""},
		{"nobody spoke", func(s scene) {}, StatusInconclusive, "no-traffic", ""},
		{"recorded with a filter", func(s scene) {
			s.dead(correlate.FateNoEgress)
			s.Coverage.Filtered = true
		}, StatusInconclusive, "too-little-evidence", ""},
		{"recorded with a filter, and answered", func(s scene) {
			s.dead(correlate.FateAnswered)
			s.Coverage.Filtered = true
		}, StatusHealthy, "", ""},
		{"unrelated captures", func(s scene) {
			s.dead(correlate.FateNoEgress)
			s.Relation = correlate.Relation{}
			s.Coverage.Live = false
		}, StatusInconclusive, "captures-unrelated", ""},
		{"nothing says which is which", func(s scene) {
			s.dead(correlate.FateNoEgress)
			s.Coverage.RolesTied = true
		}, StatusInconclusive, "too-little-evidence", ""},
		{"nothing says which is which, though answered", func(s scene) {
			s.dead(correlate.FateAnswered)
			s.Coverage.RolesTied = true
		}, StatusInconclusive, "too-little-evidence", ""},
		{"the tunnel alone", func(s scene) {
			s.peer(endpointA, established())
			s.client(testPhone, 0)
			s.Coverage.WAN, s.Captures = false, s.Captures[:1]
		}, StatusInconclusive, "capture-one-sided", ""},
		{"the wrong adapter", func(s scene) {
			asks(s.client(testPhone, -1), 0, fate{correlate.FateNoEgress, 6, 3, 2})
		}, StatusInconclusive, "wrong-capture-adapter", ""},
		{"the taps dropped", func(s scene) {
			s.dead(correlate.FateUnobservable)
			s.Coverage.WANDropped = 1000
		}, StatusInconclusive, "capture-lossy", ""},
		{"requests still open", func(s scene) { s.dead(correlate.FatePending) }, StatusInconclusive, "too-little-evidence", ""},
		{"refused by the host", func(s scene) { s.dead(correlate.FateRejected) }, StatusInconclusive, "too-little-evidence", ""},
	}
	for _, c := range cases {
		for _, os := range []string{"", osLinux, osWindows} {
			t.Run(c.name+"/"+os, func(t *testing.T) {
				s := newScene()
				c.scene(s)
				d := Run(s.Evidence, Context{OS: os, Tunnel: "wg0", WAN: "eth0"})
				if d.Status != c.status || d.Finding != c.finding {
					t.Errorf("%v %q, want %v %q", d.Status, d.Finding, c.status, c.finding)
				}
				if c.warning != "" && !slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.ID == c.warning && f.Severity == SeverityWarning }) {
					t.Errorf("findings %+v lack the warning %s", d.Findings, c.warning)
				}
				checkDiagnosis(t, s.Evidence, d)
			})
		}
	}
}

// checkDiagnosis holds what every diagnosis must hold.
func checkDiagnosis(t *testing.T, ev *correlate.Evidence, d *Diagnosis) {
	t.Helper()
	faults := 0
	for i, f := range d.Findings {
		if f.Confidence <= 0 || f.Confidence > 1 {
			t.Errorf("%s: confidence %v", f.ID, f.Confidence)
		}
		sum := 0.0
		for n, c := range f.Causes {
			sum += c.Probability
			if c.Probability <= 0 || c.Probability > 1 || n > 0 && c.Probability > f.Causes[n-1].Probability {
				t.Errorf("%s: cause %s has %v behind %v", f.ID, c.ID, c.Probability, f.Causes[max(n-1, 0)].Probability)
			}
		}
		if sum > 1.000001 {
			t.Errorf("%s: causes add up to %v", f.ID, sum)
		}
		if f.Severity == SeverityFault {
			faults++
			if i > 0 && d.Findings[i-1].Severity != SeverityFault {
				t.Errorf("%s, a fault, stands behind %s", f.ID, d.Findings[i-1].ID)
			}
			if len(f.Causes) == 0 || len(f.Fixes) == 0 || f.ID != clientAllowedIPsID && f.After == correlate.StageNone && f.Before == correlate.StageNone {
				t.Errorf("%s: %d causes, %d fixes, after %v", f.ID, len(f.Causes), len(f.Fixes), f.After)
			}
		}
	}
	switch {
	case d.Status == StatusFault && (faults == 0 || faults > 1+maxSecondary || d.Primary() == nil || d.Primary().Severity != SeverityFault):
		t.Errorf("a fault with %d faults, primary %v", faults, d.Primary())
	case d.Status != StatusFault && faults > 0:
		t.Errorf("%v with %d faults", d.Status, faults)
	case d.Status == StatusHealthy && d.Finding != "":
		t.Errorf("healthy with finding %s", d.Finding)
	case d.Status == StatusInconclusive && d.Primary() == nil:
		t.Errorf("inconclusive without a reason")
	}
	if len(d.Clients) != len(ev.Clients) || d.Headline >= len(ev.Clients) {
		t.Errorf("%d verdicts for %d clients, headline %d", len(d.Clients), len(ev.Clients), d.Headline)
	}
}

// TestHeadline names the client that the fault is about, in either family.
func TestHeadline(t *testing.T) {
	s := newScene()
	s.peer(endpointA, established())
	s.peer(endpointB, established())
	asks(s.client(testPhone, 0), 0, fate{correlate.FateAnswered, 50, 3, 2})
	c := s.client(testTablet, 1)
	c.Addrs = append(c.Addrs, netip.MustParseAddr("fd00::3"))
	asks(c, 1, fate{correlate.FateNoEgress, 6, 3, 2})
	d := Run(s.Evidence, Context{OS: osLinux})
	if d.Status != StatusFault || d.Headline != 1 {
		t.Fatalf("status %v, headline %d", d.Status, d.Headline)
	}
	if f := d.Primary(); f.Scope.Client != netip.MustParseAddr("fd00::3") || f.Scope.Family != correlate.IPv6 {
		t.Errorf("scope %+v", f.Scope)
	}
}

// TestCauses ranks by the system and by what the packets add.
func TestCauses(t *testing.T) {
	first := func(os string, build func(s scene)) string {
		s := newScene()
		build(s)
		return Run(s.Evidence, Context{OS: os}).Primary().Causes[0].ID
	}
	for _, c := range []struct {
		os    string
		build func(s scene)
		want  string
	}{
		{osLinux, func(s scene) { s.dead(correlate.FateNoEgress) }, "ip-forwarding-off"},
		{osWindows, func(s scene) { s.dead(correlate.FateNoEgress) }, "nat-missing"},
		{osLinux, func(s scene) { s.dead(correlate.FateUntranslated).Untranslated = 1 }, "nat-missing"},
		{osWindows, func(s scene) { s.dead(correlate.FateUntranslated).Untranslated = 1 }, "nat-missing"},
		{osLinux, func(s scene) { s.dead(correlate.FateNoReply).Untranslated = 1 }, "prefix-not-routed"},
		{osLinux, func(s scene) { s.dead(correlate.FateReplyLost).Translated = 1 }, "forward-return-path-blocked"},
	} {
		if got := first(c.os, c.build); got != c.want {
			t.Errorf("%s: %s first, want %s", c.os, got, c.want)
		}
	}
}

// TestEpisodes lists the spans of the client that the verdict is about.
func TestEpisodes(t *testing.T) {
	s := newScene()
	s.dead(correlate.FateNoEgress)
	s.Clients[0].Families[0].Ledgers[0].Ended = minute / 2
	asks(&s.Clients[0], 0, fate{correlate.FateAnswered, 5, 3, 2})
	s.Clients[0].Families[0].Ledgers[1].Started, s.Clients[0].Families[0].Ledgers[1].Trigger = minute/2, correlate.TriggerPackets
	d := Run(s.Evidence, Context{OS: osLinux})
	if len(d.Episodes) != 2 || d.Episodes[0].Status != StatusFault || d.Episodes[0].Finding != "not-forwarded" ||
		d.Episodes[1].Status != StatusHealthy || d.Episodes[1].Trigger != correlate.TriggerPackets || d.Status != StatusHealthy {
		t.Errorf("status %v, episodes %+v", d.Status, d.Episodes)
	}
}

// TestPure judges the same evidence twice: nothing of it may be changed.
func TestPure(t *testing.T) {
	s := newScene()
	s.dead(correlate.FateNoEgress)
	a, b := Run(s.Evidence, Context{OS: osLinux}), Run(s.Evidence, Context{OS: osLinux})
	if a.Finding != b.Finding || len(a.Findings) != len(b.Findings) || a.Findings[0].Confidence != b.Findings[0].Confidence {
		t.Errorf("%+v, then %+v", a, b)
	}
}
