package wg

import (
	"crypto/ecdh"
	"encoding/base64"
	"fmt"
)

// Key is a WireGuard public key (Curve25519, RFC 7748). The zero Key means that
// none is known.
type Key [32]byte

// ParseKey reads a public key as wg(8) prints it: 32 octets in base64.
func ParseKey(s string) (Key, error) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(raw) != len(Key{}) {
		return Key{}, fmt.Errorf("parse public key: want %d octets in base64", len(Key{}))
	}
	return Key(raw), nil
}

// PublicOf returns the public key that belongs to a private one, and wipes the
// private one where it lies.
func PublicOf(private *[32]byte) (Key, error) {
	defer clear(private[:])
	k, err := ecdh.X25519().NewPrivateKey(private[:])
	if err != nil {
		return Key{}, fmt.Errorf("derive public key: %w", err)
	}
	return Key(k.PublicKey().Bytes()), nil
}

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
// zero Key.
func (k *Key) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*k = Key{}
		return nil
	}
	*k, err = ParseKey(string(b))
	return err
}
