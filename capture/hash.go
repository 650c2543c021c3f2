package capture

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
)

// Lengths in octets of the payload prefixes that are hashed. 16 octets tell
// most datagrams apart and survive every snap length in use; 64 tell apart
// those that share a header (RTP, game protocols).
const (
	shortPrefix = 16
	longPrefix  = 64
)

// Captures are hostile: with a known seed a sender could make every datagram
// collide. MakeSeed draws from the runtime's ChaCha8 generator, which the
// operating system seeds at start (hash/maphash, runtime/rand.go). Two seeds
// keep the two prefixes of a short payload apart.
var (
	shortSeed = maphash.MakeSeed()
	longSeed  = maphash.MakeSeed()
)

// hashPayload sets the prefix hashes of a payload of length octets of which
// payload was captured. A prefix that is full ignores what follows it, so that
// neither the snap length nor datagrams glued behind the first (UDP GRO)
// change it; a payload shorter than the prefix is hashed whole, and its length
// with it, since maphash tells sequences of different length apart.
func hashPayload(p *Packet, payload []byte, length int) {
	p.Hash16 = hashPrefix(shortSeed, payload, min(length, shortPrefix))
	p.Hash64 = hashPrefix(longSeed, payload, min(length, longPrefix))
}

func hashPrefix(seed maphash.Seed, payload []byte, n int) uint64 {
	if len(payload) < n {
		return 0
	}
	// 0 means "not captured".
	return max(maphash.Bytes(seed, payload[:n]), 1)
}

// The seeds of FlowHash are drawn from the runtime's ChaCha8 generator too.
var flowSeed1, flowSeed2 = rand.Uint64() | 1, rand.Uint64() | 1

// FlowHash hashes the two ends of a conversation and its protocol with the seed
// of this process. Both directions give the same value.
func FlowHash(a Addr, aPort uint16, b Addr, bPort uint16, proto uint8) uint64 {
	x := fold(a.Lo^flowSeed1, a.Hi^flowSeed2^uint64(aPort)<<32)
	y := fold(b.Lo^flowSeed1, b.Hi^flowSeed2^uint64(bPort)<<32)
	return fold(x+y^uint64(proto), x^y^flowSeed2)
}

// fold multiplies two words and folds the product (the step that wyhash and
// Go's own runtime hash are built on).
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
