package correlate

import (
	"fmt"
	"net/netip"

	"github.com/wgtrace/wgtrace/internal/wg"
)

// PeerState is how far a WireGuard session came.
type PeerState uint8

// States of a peer.
const (
	PeerSilent       PeerState = iota // the server alone speaks
	PeerEstablished                   // data from the client after a handshake
	PeerUnanswered                    // initiations, no response
	PeerNotCompleted                  // responses, but never data from the client
	PeerDataOnly                      // data, the handshake lies before the capture
)

// String returns the state as the JSON report names it.
func (s PeerState) String() string {
	switch s {
	case PeerSilent:
		return "silent"
	case PeerEstablished:
		return "established"
	case PeerUnanswered:
		return "unanswered"
	case PeerNotCompleted:
		return "not-completed"
	case PeerDataOnly:
		return "data-only"
	}
	return fmt.Sprintf("PeerState(%d)", uint8(s))
}

// Peer is one WireGuard endpoint that talks to this server.
type Peer struct {
	Endpoint, ServerEndpoint netip.AddrPort
	State                    PeerState

	Initiations, Responses, Cookies uint64 // initiations of the client, responses and cookie replies of the server
	DataIn, DataOut                 uint64 // without keepalives
	KeepalivesIn, KeepalivesOut     uint64
	ServerInitiations               uint64
	Retries                         uint64 // initiations that follow the one before within wg.RetryCadenceMax
	ClientResponses                 uint64

	// ShortPairs counts gaps of less than wg.RetryCadenceMax between two answered
	// initiations without data in between; SilentPairs gaps of 14 to 17 s.
	ShortPairs, SilentPairs uint64

	// StalledPairs counts gaps of 14 to 17 s between two answered initiations
	// although both sides sent data in between: what the server sent got lost.
	StalledPairs uint64
	// Open counts the initiations since the last response, from OpenSince on.
	Open      uint64
	OpenSince int64
	// LastDataOut is the time of the last of DataOut; 0: none.
	LastDataOut int64
	// SmallOut counts the data messages of the server that are no larger than
	// those that carry an ICMP error or a reset.
	SmallOut uint64

	// PublicKey is the client's, by the mac1 of what the server sent to it; zero
	// if none of the given keys fits.
	PublicKey wg.Key
	// KeyRight and KeyWrong count the initiations that were, and were not, made
	// for one of the given keys of the server, at most one a second;
	// LastKeyWrong is about the latest of them.
	KeyRight, KeyWrong uint64
	LastKeyWrong       bool

	// Crossed counts data that the server sent here under a session that
	// another endpoint, CrossedWith in WireGuard.Peers, had greeted for (-1:
	// none); CrossTurns how often that began anew after the other one had
	// spoken. Moved: this endpoint, or its device at another one, went on with a
	// session that it had begun there, as a device does that changes its network.
	Crossed, CrossTurns uint64
	CrossedWith         int
	Moved               bool

	// Refused counts ICMP errors of the host about packets of the client, the
	// last one with RefusedCode; Unreachable those that came in about packets
	// for the client.
	Refused, Unreachable     uint64
	RefusedCode              uint8
	RefusedAt, UnreachableAt int64

	// Trusted: the server speaks with this session: its data carries a receiver
	// index issued in a response seen here, or the server sent anything after it.
	Trusted bool

	// Undelivered counts data messages from the client that have no packet at
	// tunnel_in; valid iff UndeliveredKnown (no glued datagrams, a tunnel capture).
	Undelivered      uint64
	UndeliveredKnown bool
	// UndeliveredCalls counts those of them whose size is not that of the
	// messages that an idle kernel sends by itself (router solicitations and
	// multicast listener reports).
	UndeliveredCalls uint64
	// UnseenCalls counts such messages from before the first or after the last
	// record of the tunnel's capture: a tap that saw nothing wrote nothing down,
	// so that its file cannot show that it was still open.
	UnseenCalls uint64
	Delivered   uint64 // data messages tied to a packet at tunnel_in by size and time
	Fragmented  uint64 // data messages of the server that left in IP fragments

	First, Last    int64
	FirstData      int64
	Samples        []Sighting // initiations, responses, first data
	LastInitiation int64
	LastIn         int64 // of the client; 0: it never spoke
}

// Oddity is an endpoint that sends something else than plain WireGuard to the
// server's port.
type Oddity struct {
	Endpoint, ServerEndpoint netip.AddrPort

	In, Out uint64
	// Repeats counts datagrams of one size, at least that of an initiation,
	// that come again after wg.RekeyTimeout, as greetings do that nobody answers.
	Repeats uint64
	// Reserved counts those that are handshake messages but for their reserved
	// octets, which are not 0.
	Reserved    uint64
	First, Last int64
	Samples     []Sighting
}

// WireGuard is what the outer packets say.
type WireGuard struct {
	Port        uint16 // 0: not known
	PortWhy     string // a PortBasis key of internal/text
	Peers       []Peer
	Odd         []Oddity
	TransportIn uint64 // transport messages in all, keepalives too
}
