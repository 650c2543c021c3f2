package wg

import (
	"crypto/subtle"
	"hash"

	"golang.org/x/crypto/blake2s"
)

// labelMac1 and the layout below: white paper, section 5.4.4.
const labelMac1 = "mac1----"

// Mac1 tells whether a handshake message was made for the holder of one public
// key. The message's mac1 is keyed by nothing but the receiver's public key, so
// that whoever knows that key can tell; no secret is needed. It is not safe for
// concurrent use.
type Mac1 struct {
	h   hash.Hash
	sum [blake2s.Size128]byte
}

// NewMac1 prepares the check for the receiver's public key.
func NewMac1(receiver Key) *Mac1 {
	key := blake2s.Sum256(append([]byte(labelMac1), receiver[:]...))
	h, err := blake2s.New128(key[:])
	if err != nil {
		panic(err) // only a key longer than 32 octets is refused
	}
	return &Mac1{h: h}
}

// Made reports whether message, an initiation or a response as it stands on the
// wire, was made for the receiver. It allocates nothing.
func (m *Mac1) Made(message []byte) bool {
	// mac1 and mac2 stand at the end, 16 octets each; mac1 covers all before it.
	end := len(message) - 2*blake2s.Size128
	if end <= 0 {
		return false
	}
	m.h.Reset()
	m.h.Write(message[:end])
	return subtle.ConstantTimeCompare(m.h.Sum(m.sum[:0]), message[end:end+blake2s.Size128]) == 1
}
