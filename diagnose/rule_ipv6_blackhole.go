package diagnose

import "github.com/wgtrace/wgtrace/correlate"

var ipv6Blackhole = rule{
	id: "ipv6-blackhole", layer: 4, severity: SeverityFault,
	after: correlate.TunnelIn, before: correlate.WANOut,
	prove: func(s *subject) (proof, bool) {
		six := s.inFamily(correlate.IPv6)
		if six == nil || !s.answeredInFour() {
			return proof{}, false
		}
		seen := func(fate correlate.Fate) proof {
			return proof{confidence: six.certainty(0.95, fate), evidence: six.samples(fate), family: correlate.IPv6}
		}
		if six.deadAt(correlate.FateNoEgress) && six.family.LocalAnswers == 0 && s.ev.Coverage.Outbound > 0 && !six.leftSince() {
			return seen(correlate.FateNoEgress), true
		}
		for _, fate := range []correlate.Fate{correlate.FateUntranslated, correlate.FateNoReply} {
			// One silent site may be down by itself.
			if six.deadAt(fate) && six.ledger.Fates[fate].Networks >= minTargets && six.family.ReplyToInner == 0 && s.ev.Coverage.Inbound > 0 {
				p := seen(fate)
				p.after, p.before = correlate.WANOut, correlate.WANIn
				return p, true
			}
		}
		return proof{}, false
	},
	named: []string{"ipv6-forwarding-off", "ipv6-nat-missing", "ipv6-forward-drop", "ipv6-upstream-dead"},
	causes: func(s *subject, _ string) []Cause {
		switch {
		case s.deadAt(correlate.FateNoEgress):
			return []Cause{{ID: "ipv6-forwarding-off", Probability: 0.7}, {ID: "ipv6-forward-drop", Probability: 0.2}}
		case s.deadAt(correlate.FateUntranslated):
			return []Cause{{ID: "ipv6-nat-missing", Probability: 0.9}}
		}
		return []Cause{{ID: "ipv6-upstream-dead", Probability: 0.8}}
	},
}

// answeredInFour reports whether anybody beyond private networks answers the
// client's IPv4: where it asked for nothing there, in a conversation that was under
// way.
func (s *subject) answeredInFour() bool {
	four := s.inFamily(correlate.IPv4)
	if four != nil && four.ledger.Fates[correlate.FateAnswered].Count > four.ledger.AnsweredPrivate {
		return true
	}
	return s.anyClientFlow(func(f *correlate.Flow) bool {
		return f.Client.Addr().Is4() && f.Outcome == correlate.OutcomeAnswered && !f.Remote.Addr().IsPrivate() &&
			(four == nil || four.goesOn(f, f.LastReply))
	})
}

// ipv6Dropped says that something of a client is decrypted and thrown away while
// its IPv4 works: what its IPv6 looks like where the server allows it IPv4 alone.
// The encrypted side does not say which family a packet is of.
var ipv6Dropped = rule{
	id: "ipv6-blackhole", layer: 4, severity: SeverityWarning,
	after: correlate.OuterIn, before: correlate.TunnelIn,
	prove: func(s *subject) (proof, bool) {
		four := s.inFamily(correlate.IPv4)
		if s.peer == nil || four == nil || four.ledger.Fates[correlate.FateAnswered].Count == 0 {
			return proof{}, false
		}
		cover := &s.ev.Coverage
		if !s.peer.Trusted || !s.peer.UndeliveredKnown || s.peer.UndeliveredCalls < minRequests || cover.TunnelDropped+cover.WANDropped > 0 || cover.TunnelAway || cover.WANAway {
			return proof{}, false
		}
		six := s.anyClientFlow(func(f *correlate.Flow) bool { return f.Client.Addr().Is6() && f.In.Packets > 0 })
		return proof{confidence: 0.6, evidence: s.peer.Samples, args: map[string]any{"undelivered": s.peer.UndeliveredCalls}}, !six
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "server-allowedips-lacks-client", Probability: 0.7}}
	},
}

// inFamily returns the subject for the client's present episode in a family, nil
// if it asked for nothing there.
func (s *subject) inFamily(f correlate.Family) *subject {
	for k := range s.client.Families {
		if fe := &s.client.Families[k]; fe.Family == f && len(fe.Ledgers) > 0 {
			one := *s
			one.family, one.ledger = fe, fe.Now()
			return &one
		}
	}
	return nil
}
