package diagnose

import (
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/wg"
)

// minInitiations is how many unanswered initiations tell a server that stays
// silent from one that lost a packet: a client repeats after RekeyTimeout, and
// two or three at the start occur in healthy runs, but those are answered in
// the end. One of them must follow the other as a retry does: scanners call
// again after minutes.
const minInitiations = 2

// minOpenAgain is how many initiations of a client that had been answered before
// must stay unanswered.
const minOpenAgain = 3

var handshakeUnanswered = rule{
	id: "handshake-unanswered", layer: 1, severity: SeverityFault,
	after: correlate.OuterIn, before: correlate.OuterOut,
	prove: func(s *subject) (proof, bool) {
		p := s.peer
		if p.Retries == 0 || s.sameDeviceWorks() {
			return proof{}, false
		}
		if p.State != correlate.PeerUnanswered {
			if !openAgain(s.ev, p) {
				return proof{}, false
			}
			return proof{confidence: 0.9, evidence: p.Samples}, true
		}
		if p.Initiations < minInitiations {
			return proof{}, false
		}
		// The answer to the last one must have had its time.
		if time.Duration(s.ev.Ended-p.First) < wg.RekeyTimeout {
			return proof{}, false
		}
		confidence := 0.9
		if p.Initiations > minInitiations {
			confidence = 0.97
		}
		return proof{confidence: confidence, evidence: p.Samples}, true
	},
	causes: func(s *subject, _ string) []Cause {
		switch p := s.peer; {
		case p.Responses+p.DataIn+p.KeepalivesIn+p.ServerInitiations > 0:
			// The server knows this client: it answered or called it before.
			return []Cause{
				{ID: "handshake-replay-clock", Probability: 0.45},
				{ID: "client-key-unknown", Probability: 0.25},
				{ID: "host-firewall-blocks-wg-port", Probability: 0.25},
			}
		case p.KeyRight > 0:
			return []Cause{
				{ID: "client-key-unknown", Probability: 0.5},
				{ID: "host-firewall-blocks-wg-port", Probability: 0.4},
				{ID: "handshake-replay-clock", Probability: 0.08},
			}
		}
		return []Cause{
			{ID: "client-key-unknown", Probability: 0.35},
			{ID: "host-firewall-blocks-wg-port", Probability: 0.3},
			{ID: "server-key-mismatch", Probability: 0.25},
			{ID: "handshake-replay-clock", Probability: 0.05},
		}
	},
}

// openAgain reports whether a client that had a session greets in vain now: the
// session that it still holds would carry its data for RejectAfterTime, so that
// nothing but greetings must have come since the first of them.
func openAgain(ev *correlate.Evidence, p *correlate.Peer) bool {
	return p.Open >= minOpenAgain && p.LastIn <= p.LastInitiation && !ev.Coverage.WANAway && ev.Coverage.WANDropped == 0 &&
		time.Duration(ev.Ended-p.OpenSince) >= minOpenAgain*wg.RekeyTimeout
}

// sameDeviceWorks reports whether another endpoint at the same address, or one
// that the same key was answered at, has a working session: a phone that changed
// its port or network leaves the old endpoint behind.
func (s *subject) sameDeviceWorks() bool {
	for i := range s.ev.WireGuard.Peers {
		o := &s.ev.WireGuard.Peers[i]
		same := o.Endpoint.Addr() == s.peer.Endpoint.Addr() || !o.PublicKey.IsZero() && o.PublicKey == s.peer.PublicKey
		if o != s.peer && same && o.DataIn+o.KeepalivesIn > 0 && o.Last >= s.peer.First {
			return true
		}
	}
	return false
}
