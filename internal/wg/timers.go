package wg

import "time"

// Specification constants: timers (white paper, section 6.1).
const (
	RekeyTimeout     = 5 * time.Second
	KeepaliveTimeout = 10 * time.Second
	RekeyAttemptTime = 90 * time.Second
	RekeyAfterTime   = 120 * time.Second
	RejectAfterTime  = 180 * time.Second
)

// Cadence bounds between two answered initiations of one client. A client that
// never accepts the response tries again after RekeyTimeout plus up to 334 ms
// of jitter; one that accepted it and then hears nothing tries again after
// KeepaliveTimeout + RekeyTimeout. The bounds leave room for a lossy path.
const (
	RetryCadenceMax   = 7 * time.Second
	SilentCadenceMin  = 14 * time.Second
	SilentCadenceMax  = 17 * time.Second
	InitiationJitter  = 334 * time.Millisecond
	DefaultListenPort = 51820
)
