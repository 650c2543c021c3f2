package feed

import "sync/atomic"

// beat is the time on a far clock, as it was told last.
type beat struct{ seconds atomic.Int64 }

// maxBeat keeps what a machine says within the time stamps of captures: nobody
// may promise the year 2262.
const maxBeat = 1 << 33

// tell notes a time in seconds since 1970.
func (b *beat) tell(seconds int64) {
	if seconds > 0 && seconds < maxBeat {
		b.seconds.Store(seconds)
	}
}

// at returns the time in nanoseconds since 1970; ok is false if none was told.
func (b *beat) at() (ns int64, ok bool) {
	if b == nil {
		return 0, false
	}
	s := b.seconds.Load()
	return s * 1e9, s > 0
}
