package report

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/wgtrace/wgtrace/capture"
)

// addressTree maps addresses so that two with the same first k bits are mapped to
// two with the same first k bits (Xu, Fan, Ammar and Moon, "Prefix-Preserving IP
// Address Anonymization", 2002, section 3): each bit is turned or not by a
// pseudo-random function of all bits before it.
type addressTree struct{ block cipher.Block }

// newAddressTree makes one of 16 octets.
func newAddressTree(secret []byte) addressTree {
	block, err := aes.NewCipher(secret)
	if err != nil {
		panic(err) // the length of the key is right
	}
	return addressTree{block}
}

// turn maps the bits of b, which is an IPv4 or IPv6 address, from bit keep on.
// The function is CBC-MAC over two blocks: the bits before, filled up with 0,
// and how many they are. Crypto-PAn fills up with secret bits instead of the
// second block, so that bits equal to these have one answer for several places.
func (t addressTree) turn(b []byte, keep int) []byte {
	out := slices.Clone(b)
	var before, answer [16]byte
	for i := range len(b) * 8 {
		if i >= keep {
			t.block.Encrypt(answer[:], before[:])
			answer[0] ^= byte(len(b))
			answer[1] ^= byte(i)
			t.block.Encrypt(answer[:], answer[:])
			out[i/8] ^= answer[0] & 0x80 >> (i % 8)
		}
		before[i/8] |= b[i/8] & (0x80 >> (i % 8))
	}
	return out
}

// kindOfAddress says how much of an address is the same everywhere.
type kindOfAddress struct {
	prefix netip.Prefix
	keep   int  // leading bits that say nothing about anybody
	local  bool // standard leaves it readable
}

// kindsOfAddresses are the ranges that keep their meaning (RFC 6890, RFC 4291,
// RFC 4193), so that a redacted capture is judged as the original; everything
// else is public. The longest of two that overlap stands first.
var kindsOfAddresses = []kindOfAddress{
	{prefixOfText("0.0.0.0/8"), 32, true},
	{prefixOfText("127.0.0.0/8"), 32, true},
	{prefixOfText("224.0.0.0/4"), 32, true},
	{prefixOfText("255.255.255.255/32"), 32, true},
	{prefixOfText("10.0.0.0/8"), 8, true},
	{prefixOfText("100.64.0.0/10"), 10, true},
	{prefixOfText("169.254.0.0/16"), 16, true},
	{prefixOfText("172.16.0.0/12"), 12, true},
	{prefixOfText("192.168.0.0/16"), 16, true},
	{prefixOfText("::/127"), 128, true},
	{prefixOfText("ff02::1:ff00:0/104"), 104, false}, // with the end of somebody's address
	{prefixOfText("ff00::/8"), 128, true},
	{prefixOfText("fe80::/10"), 64, false}, // often with a hardware address
	{prefixOfText("fc00::/7"), 8, true},
	{prefixOfText("2000::/3"), 3, false},
}

func prefixOfText(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// nat64 is the prefix behind which IPv6 addresses hold IPv4 ones (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// resolvers answer names for everybody: that they were asked tells nothing, and
// whether they answer tells much.
var resolvers = func() map[netip.Addr]bool {
	all := make(map[netip.Addr]bool)
	for _, s := range strings.Fields(`1.1.1.1 1.0.0.1 1.1.1.2 1.0.0.2 8.8.8.8 8.8.4.4 9.9.9.9 149.112.112.112 9.9.9.10 208.67.222.222
		208.67.220.220 94.140.14.14 94.140.15.15 2606:4700:4700::1111 2606:4700:4700::1001 2001:4860:4860::8888
		2001:4860:4860::8844 2620:fe::fe 2620:fe::9 2620:119:35::35 2620:119:53::53`) {
		all[netip.MustParseAddr(s)] = true
	}
	return all
}()

// kindOf returns the range that an address belongs to; the zero value is the
// public internet.
func kindOf(a netip.Addr) kindOfAddress {
	for _, k := range kindsOfAddresses {
		if k.prefix.Contains(a) {
			return k
		}
	}
	return kindOfAddress{}
}

// Addr returns the address that stands for a; the invalid one for itself.
// Addresses that share their first bits share those of what stands for them,
// and those of one kind (private, link-local, public) stay of that kind.
func (x *Redactor) Addr(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return a
	}
	a = plain(a)
	got, ok := x.addrs[a]
	if !ok {
		got = x.mapped(a)
		x.addrs[a] = got
	}
	return got
}

func (x *Redactor) mapped(a netip.Addr) netip.Addr {
	kind := kindOf(a)
	switch {
	case kind.keep == a.BitLen(), !x.strict && (kind.local || resolvers[a]):
		return a
	case nat64.Contains(a):
		b := a.As16()
		inner := x.Addr(netip.AddrFrom4([4]byte(b[12:]))).As4()
		copy(b[12:], inner[:])
		return netip.AddrFrom16(b)
	}
	// What falls outside of its kind, or on an address that stays readable, is
	// mapped once more: a permutation that is walked until it comes back
	// gives no result twice.
	for at := a; ; {
		at, _ = netip.AddrFromSlice(x.tree.turn(at.AsSlice(), kind.keep))
		if kindOf(at) == kind && (x.strict || !resolvers[at]) && !nat64.Contains(at) {
			return at
		}
	}
}

// Prefix is Addr for a prefix. What is as short as a part of the whole internet
// stays: it says nothing about anybody.
func (x *Redactor) Prefix(p netip.Prefix) netip.Prefix {
	if !p.IsValid() || p.Bits() <= p.Addr().BitLen()/16 {
		return p
	}
	got := netip.PrefixFrom(x.Addr(p.Addr()), p.Bits())
	if p == p.Masked() {
		return got.Masked()
	}
	return got
}

// mac returns the hardware address that stands for m: a locally administered
// one, so that it is no maker's. Addresses of groups stay, but for the end of
// somebody's address in those of IPv6 (RFC 2464 section 7).
func (x *Redactor) mac(m capture.MAC) capture.MAC {
	if m.IsZero() {
		return m
	}
	if m.IsGroup() {
		if m[0] == 0x33 && m[1] == 0x33 && m[2] == 0xff {
			group := netip.MustParseAddr("ff02::1:ff00:0").As16()
			copy(group[13:], m[3:])
			group = x.Addr(netip.AddrFrom16(group)).As16()
			copy(m[3:], group[13:])
		}
		return m
	}
	copy(m[:], x.digest("mac", string(m[:])))
	m[0] = m[0]&^3 | 2
	return m
}

// macText is mac for text, with either separator.
func (x *Redactor) macText(s string) string {
	var m capture.MAC
	if n, err := fmt.Sscanf(strings.ReplaceAll(s, "-", ":"), "%02x:%02x:%02x:%02x:%02x:%02x",
		&m[0], &m[1], &m[2], &m[3], &m[4], &m[5]); n != len(m) || err != nil {
		return "hidden" // better than to show what could not be read
	}
	return strings.ReplaceAll(x.mac(m).String(), ":", s[2:3])
}

// scramble stands for the first octets of a payload, at most 64: payloads whose
// first 16 or 64 octets are equal stay so, which is what packets are matched by.
func (x *Redactor) scramble(b []byte) []byte {
	b = b[:min(64, len(b))]
	head := min(16, len(b))
	out := append(make([]byte, 0, 80), x.digest("head", string(b[:head]))[:head]...)
	if head < len(b) {
		out = append(append(out, x.digest("tail1", string(b))...), x.digest("tail2", string(b))...)
	}
	return out[:len(b)]
}
