package diagnose

import (
	"net/netip"
	"slices"

	"github.com/wgtrace/wgtrace/correlate"
)

// rule declares one finding: where it stands, how bad it is, what proves it and
// which causes it ranks. A rule is one file; registering it in rules is all
// that it takes to add one.
type rule struct {
	id       string
	layer    int
	severity Severity
	after    correlate.Stage // the packets are seen here
	before   correlate.Stage // and not here
	// mutes are the findings that are mere consequences of this one.
	mutes []string
	// prove returns what the evidence shows for the subject in hand, or false.
	// Silence beats a guess.
	prove func(*subject) (proof, bool)
	// causes ranks the possible reasons for a system ("" if not known).
	causes func(*subject, string) []Cause
	// named are all the causes that it can name, the likeliest first, where the
	// evidence and not the system alone decides which; else nil.
	named []string
}

// proof is what a rule found.
type proof struct {
	confidence float64
	evidence   []correlate.Sighting
	args       map[string]any // what its sentences name beyond the common arguments
	// after and before replace the rule's where they are set.
	after, before correlate.Stage
	family        correlate.Family // that it concerns, where the rule looked at both
	wan, back     string           // the adapters that packets leave and answers come in by, where they differ
	server        netip.Addr       // an address of the host that its commands need
}

// peerRules judge one WireGuard endpoint, clientRules one client in one family.
// Both stand in the order of the path: the first that proves something wins.
var (
	peerRules = []*rule{
		&wgPortUnreachable,
		&serverKeyMismatch,
		&handshakeUnanswered,
		&handshakeNotCompleted,
		&sameConfig,
		&dataBlocked,
		&decryptedThenDropped,
	}
	// oddRules judge what is no plain WireGuard, wayRules the way to the host
	// as a whole, peerRemarks what is worth knowing of an endpoint.
	oddRules    = []*rule{&notPlainWireGuard}
	wayRules    = []*rule{&noOuterPackets}
	peerRemarks = []*rule{&underLoad, &idleUnreachable}
	clientRules = []*rule{
		&forwardRejected,
		&defaultRouteMissing,
		&gatewayUnreachable,
		&serverDefaultRouteHijacked,
		&notForwarded,
		&routingLoop,
		&natMissing,
		&natWrongSourceAddress,
		&upstreamSilent,
		&tunnelReturnRouteMissing,
		&natReplyNotRecognised,
		&asymmetricReturn,
		&returnNotForwarded,
	}
	// upperRules judge what lies above a path that works: names, families and
	// sizes, of one client in both families and over all of its time. They are
	// asked only where nothing below stops that client.
	upperRules = []*rule{
		&clientAllowedIPs,
		&noDNSListener,
		&dnsRefused,
		&dnsWrongSource,
		&dnsUnanswered,
		&dnsBlockedUpstream,
		&ipv6Blackhole,
		&jumboTunnelMTU,
		&mtuOuterBlackhole,
		&fragNeededLost,
		&pathMTUUpstream,
	}
	// partialRules judge a client that has answers of one sort and none of
	// another. They are asked first.
	partialRules = []*rule{
		&ufwDenyRouted,
		&newFlowsNotForwarded,
	}
	// clientWarnings speak of what does not stop a client. They are asked only
	// where no fault of that client stands and the captures can prove an
	// absence, and have no say in the verdict.
	clientWarnings = []*rule{
		&lanOnlyForwarding,
		&clientToClientBlocked,
		&packetsLostInHost,
		&clientAllowedIPsWarning,
		&jumboWarning,
		&upstreamRejects,
		&ipv6Dropped,
	}
)

// subject is what a rule looks at: one peer, or one client in one family over
// one span of time; for a warning, one client in both families over all of it.
type subject struct {
	ev     *correlate.Evidence
	ctx    *Context
	peer   *correlate.Peer           // nil for client rules without a known peer
	odd    *correlate.Oddity         // nil but for odd rules
	client *correlate.Client         // nil for peer rules
	family *correlate.FamilyEvidence // nil for peer rules
	ledger *correlate.Ledger         // nil for peer rules and warnings
}

// Minimum evidence before a path is called dead:
// single hosts are silent for reasons of their own, and every request can be
// lost once.
const (
	minRequests = 3
	minTargets  = 2
	minTries    = 3
)

// insideHost are the fates of requests that the host did not let out. Errors are
// sent at a limited rate (icmp(7), icmp_ratelimit), so that where it refuses
// some die in silence.
var insideHost = []correlate.Fate{correlate.FateRejected, correlate.FateNoEgress}

// deadAt reports whether the client's requests all died with one of the given
// fates, and nothing of it was answered meanwhile.
func (s *subject) deadAt(fates ...correlate.Fate) bool {
	return s.allDied(fates...) && !s.answeredSince()
}

// allDied reports whether the client's requests all died with one of the given
// fates, and enough of them to say so. One answer, even to something else, clears
// the path: then this is a matter of single hosts.
func (s *subject) allDied(fates ...correlate.Fate) bool {
	l := s.ledger
	if l.Fates[correlate.FateAnswered].Count+l.Fates[correlate.FateLocal].Count > 0 {
		return false
	}
	died := s.sum(fates)
	if died.Count < minRequests || died.Targets < minTargets && died.MaxTries < minTries {
		return false
	}
	// After a path that worked, those that never answered show nothing: a device
	// goes on calling them and nobody else.
	if s.workedBefore() && (died.Known == 0 || died.Last-died.First < correlate.BrokenFor.Nanoseconds() || slices.Contains(fates, correlate.FateNoReply) && !l.FellSilent(died.Known)) {
		return false
	}
	for other := range l.Fates {
		switch o := correlate.Fate(other); {
		case o == correlate.FatePending, o == correlate.FateUnobservable, slices.Contains(fates, o):
		case l.Fates[o].Count > died.Count:
			return false
		}
	}
	return true
}

// open reports whether none of the requests in hand was answered, and the captures
// do not show why or end too early to say: a client half of whose addresses may be
// dead cannot be called healthy yet.
func (s *subject) open() bool {
	unsaid := s.sum([]correlate.Fate{correlate.FatePending, correlate.FateUnobservable})
	return !s.ledger.Judgeable() && unsaid.Count >= minRequests && unsaid.Targets >= minTargets
}

// first reports whether the run so far is judged as a whole.
func (s *subject) first() bool { return s.ledger == nil || s.ledger == &s.family.Ledgers[0] }

// workedBefore reports whether requests were answered in an earlier episode.
func (s *subject) workedBefore() bool {
	for i := range s.family.Ledgers {
		l := &s.family.Ledgers[i]
		if l == s.ledger {
			return false
		}
		if l.Fates[correlate.FateAnswered].Count > 0 {
			return true
		}
	}
	return false
}

// sum adds up some fates of the ledger. Targets, Networks and Known are the least
// that they can be.
func (s *subject) sum(fates []correlate.Fate) correlate.FateCount {
	var all correlate.FateCount
	for _, fate := range fates {
		c := &s.ledger.Fates[fate]
		if c.Count == 0 {
			continue
		}
		if all.Count == 0 || c.First < all.First {
			all.First = c.First
		}
		all.Last = max(all.Last, c.Last)
		all.Count += c.Count
		all.Targets = max(all.Targets, c.Targets)
		all.Networks = max(all.Networks, c.Networks)
		all.Known = max(all.Known, c.Known)
		all.MaxTries = max(all.MaxTries, c.MaxTries)
		all.Samples = append(all.Samples, c.Samples...)
	}
	return all
}

// certainty lowers a confidence where the requests that died are not all that
// there were, or the capture could not show them all.
func (s *subject) certainty(full float64, fates ...correlate.Fate) float64 {
	l := s.ledger
	died := s.sum(fates).Count
	other := uint64(0)
	for f := range l.Fates {
		if fate := correlate.Fate(f); fate != correlate.FatePending && !slices.Contains(fates, fate) {
			other += l.Fates[f].Count
		}
	}
	return full * (0.6 + 0.4*float64(died)/float64(died+other))
}

// maxSamples is how many packets of one sort a finding points at.
const maxSamples = 6

// samples returns the packets that show a fate.
func (s *subject) samples(fates ...correlate.Fate) []correlate.Sighting {
	all := s.sum(fates).Samples
	return all[:min(len(all), maxSamples)]
}

// meanwhile reports whether something was seen while the requests in hand were
// made or could still be answered.
func (s *subject) meanwhile(t *correlate.Tally) bool {
	return t.Count > 0 && t.Last >= s.ledger.Started && t.First <= s.ledger.Ended+correlate.AnswerTime.Nanoseconds()
}

// hostCaptured reports whether the WAN capture could have shown what the host
// sends: one that was made in one direction or on another adapter cannot.
func (s *subject) hostCaptured() bool { return outerSeen(s.ev) && s.ev.Coverage.Outbound > 0 }

// answeredSince reports whether a conversation of the client in this family was
// answered while the requests in hand were made, though it began before them: a
// path that carries one conversation is not dead, whatever else is blocked.
func (s *subject) answeredSince() bool {
	return s.anyFlow(func(f *correlate.Flow) bool {
		return f.Outcome == correlate.OutcomeAnswered && s.goesOn(f, f.LastReply)
	})
}

// goesOn reports whether a conversation reached into the episode in hand, of which
// the last packet at the stage in question is at. Before the first request
// nothing says when a path broke: there any packet of the conversation counts.
func (s *subject) goesOn(f *correlate.Flow, at int64) bool {
	if s.first() {
		at = f.Last
	}
	return at >= s.ledger.Started && f.First <= s.ledger.Ended
}

// leftSince reports whether anything of the client left the host while the
// requests in hand were made.
func (s *subject) leftSince() bool {
	return s.anyFlow(func(f *correlate.Flow) bool {
		return f.Out.Packets > 0 && s.goesOn(f, f.LastLeft)
	})
}

// anyFlow looks through the client's flows of the family in hand.
func (s *subject) anyFlow(is func(*correlate.Flow) bool) bool {
	return s.anyClientFlow(func(f *correlate.Flow) bool {
		return f.Client.Addr().Is4() == (s.family.Family == correlate.IPv4) && is(f)
	})
}

// anyClientFlow looks through the client's flows of both families.
func (s *subject) anyClientFlow(is func(*correlate.Flow) bool) bool {
	for i := range s.ev.Flows {
		f := &s.ev.Flows[i]
		if slices.Contains(s.client.Addrs, f.Client.Addr()) && is(f) {
			return true
		}
	}
	return false
}

// beyondAnswered reports whether anything beyond the host answered the client from
// some moment on.
func (s *subject) beyondAnswered(since int64) bool {
	return s.anyClientFlow(func(f *correlate.Flow) bool {
		return f.Outcome == correlate.OutcomeAnswered && f.LastReply >= since
	})
}

// serverAnswers reports whether the server sends data to the client through the
// tunnel: whatever the tunnel's capture lacks then was not captured. Where the
// client's peer is not known, it is one that no other client comes through. What
// the other family got accounts for that data.
func (s *subject) serverAnswers() bool {
	if s.client != nil && s.anyClientFlow(func(f *correlate.Flow) bool {
		return f.Client.Addr().Is4() != (s.family.Family == correlate.IPv4) && f.Outcome == correlate.OutcomeAnswered
	}) {
		return false
	}
	if s.peer != nil {
		return s.peer.DataOut >= minRequests && (s.first() || s.peer.LastDataOut >= s.ledger.Started)
	}
	for i := range s.ev.WireGuard.Peers {
		if p := &s.ev.WireGuard.Peers[i]; p.DataOut >= minRequests && !s.clientOf(p) {
			return true
		}
	}
	return false
}
