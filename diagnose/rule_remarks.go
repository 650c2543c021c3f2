package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
)

// underLoad is no fault by itself: a server that is flooded with greetings asks
// callers to prove their address first (white paper, section 5.3).
var underLoad = rule{
	id: "under-load-cookie", layer: 1, severity: SeverityInfo,
	after: correlate.OuterIn, before: correlate.OuterOut,
	prove: func(s *subject) (proof, bool) {
		p := s.peer
		return proof{confidence: 0.95, evidence: p.Samples, args: map[string]any{"cookies": p.Cookies}}, p.Cookies > 0
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "handshake-flood", Probability: 0.9}}
	},
}

// idleUnreachable concerns what is sent to a phone that has been silent: its
// provider's translation has forgotten it. The phone opens the way again by its
// own next packet, so that this stops no browsing.
var idleUnreachable = rule{
	id: "idle-session-unreachable", layer: 1, severity: SeverityInfo,
	after: correlate.OuterOut,
	prove: func(s *subject) (proof, bool) {
		p := s.peer
		if p.Unreachable == 0 || p.LastIn == 0 || p.Moved || s.movedSince() {
			return proof{}, false
		}
		return proof{confidence: 0.9, evidence: p.Samples, args: map[string]any{"unreachable": p.Unreachable}}, true
	},
	causes: func(*subject, string) []Cause {
		return []Cause{{ID: "no-keepalive", Probability: 0.8}}
	},
}

// movedSince reports whether an endpoint appeared after this one was last heard
// before the errors: the same device may sit there now.
func (s *subject) movedSince() bool {
	for i := range s.ev.WireGuard.Peers {
		if o := &s.ev.WireGuard.Peers[i]; o != s.peer && o.LastIn > s.peer.UnreachableAt {
			return true
		}
	}
	return false
}

// presentSince returns when the episode began that the verdict is about: that of the
// client in hand, or the run's where nothing changed.
func (s *subject) presentSince() int64 {
	since := s.ev.Started
	if s.client == nil {
		return since
	}
	for k := range s.client.Families {
		if f := &s.client.Families[k]; len(f.Ledgers) > 1 && f.Now() != &f.Ledgers[0] {
			since = max(since, f.Now().Started)
		}
	}
	return since
}

// phoneSide is what is left when the person saw a failure and the packets none. The
// last try counts, and one before a repair says nothing of now.
var phoneSide = rule{
	id: "phone-side", layer: 0, severity: SeverityInfo,
	prove: func(s *subject) (proof, bool) {
		n := len(s.ctx.Attempts)
		if n == 0 {
			return proof{}, false
		}
		a := s.ctx.Attempts[n-1]
		return proof{confidence: 0.7}, !a.Loaded && a.Time >= s.presentSince() && a.Time <= s.ev.Ended
	},
	causes: func(*subject, string) []Cause {
		return []Cause{
			{ID: "private-relay", Probability: 0.3},
			{ID: "phone-filter", Probability: 0.3},
			{ID: "other-vpn", Probability: 0.2},
			{ID: "phone-date", Probability: 0.1},
		}
	},
}
