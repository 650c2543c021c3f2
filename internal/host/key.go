package host

import (
	"encoding/base64"
	"fmt"
)

// Key is a WireGuard public key (Curve25519, RFC 7748). The zero Key means that
// none is known.
type Key [32]byte

// IsZero reports whether no key is known.
func (k Key) IsZero() bool { return k == Key{} }

// String returns the key in base64, as wg(8) prints it; "" for the zero Key.
func (k Key) String() string {
	if k.IsZero() {
		return ""
	}
	return base64.StdEncoding.EncodeToString(k[:])
}

// MarshalText implements encoding.TextMarshaler.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. The empty text gives the
// zero Key; anything else must be 32 octets in base64.
func (k *Key) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*k = Key{}
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(string(b))
	if err != nil || len(raw) != len(k) {
		return fmt.Errorf("parse public key: want %d octets in base64", len(k))
	}
	copy(k[:], raw)
	return nil
}
