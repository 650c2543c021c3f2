package capture

import "math/bits"

// clock turns the time stamps of a pcapng interface into nanoseconds
// (draft-ietf-opsawg-pcapng section 4.2, if_tsresol and if_tsoffset).
type clock struct {
	resolution uint8 // as if_tsresol: 10^-n, or 2^-n with the top bit set
	offset     int64 // seconds to add
}

// defaultResolution is microseconds, where if_tsresol is absent.
const defaultResolution = 6

// maxSeconds is the last whole second that nanoseconds in int64 can reach: in
// the year 2262.
const maxSeconds = 9223372035

// nanoseconds returns the time in nanoseconds since 1970 and whether it lies
// in 1970..2262.
func (c clock) nanoseconds(stamp uint64) (int64, bool) {
	// The two resolutions that every writer uses, without an offset.
	if c.offset == 0 {
		switch {
		case c.resolution == 9 && stamp <= maxSeconds*1e9:
			return int64(stamp), true
		case c.resolution == 6 && stamp <= maxSeconds*1e6:
			return int64(stamp) * 1000, true
		}
	}
	var seconds, fraction uint64 // fraction in nanoseconds
	switch n := uint(c.resolution & 0x7f); {
	case c.resolution&0x80 != 0 && n < 64:
		seconds = stamp >> n
		hi, lo := bits.Mul64(stamp&(1<<n-1), 1e9)
		fraction = lo>>n | hi<<(64-n) // below 1e9, so nothing is lost
	case c.resolution&0x80 != 0:
		hi, _ := bits.Mul64(stamp, 1e9)
		fraction = hi >> (n - 64)
	case n <= 9:
		seconds = stamp / pow10(n)
		fraction = stamp % pow10(n) * pow10(9-n)
	case n <= 19:
		seconds = stamp / pow10(n)
		fraction = stamp % pow10(n) / pow10(n-9)
	case n <= 28:
		fraction = stamp / pow10(n-9)
	}
	const limit = 1 << 62 // so that the sum cannot overflow
	if seconds > limit || c.offset > limit || c.offset < -limit {
		return 0, false
	}
	sum := int64(seconds) + c.offset
	if sum < 0 || sum > maxSeconds {
		return 0, false
	}
	return sum*1e9 + int64(fraction), true
}

// pow10 returns 10^n for n up to 19.
func pow10(n uint) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
