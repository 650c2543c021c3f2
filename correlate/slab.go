package correlate

// slab holds values of one type in pages that never move, so that a pointer
// into it stays good while others are added, and recycles what was released.
// It never gives memory back: its size is that of the busiest moment.
type slab[T any] struct {
	pages []*[slabPage]T
	free  []int32
	used  int32 // slots ever handed out
	live  int32
	limit int32
}

const slabPage = 1 << 10

func newSlab[T any](limit int) slab[T] { return slab[T]{limit: int32(limit)} }

// full reports whether alloc would fail.
func (s *slab[T]) full() bool { return s.live >= s.limit }

// alloc returns the index of a zero value, or -1 when the slab is full.
func (s *slab[T]) alloc() int32 {
	if s.full() {
		return -1
	}
	s.live++
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return i
	}
	i := s.used
	s.used++
	if int(i)/slabPage == len(s.pages) {
		s.pages = append(s.pages, new([slabPage]T))
	}
	return i
}

// at returns the value with index i; i must be allocated. Divided as unsigned
// numbers: a page is found by a shift and a mask.
func (s *slab[T]) at(i int32) *T { return &s.pages[uint32(i)/slabPage][uint32(i)%slabPage] }

// spread returns the k-th of evictStep slots all over the slab, of those that
// were ever handed out: neighbours were mostly handed out at the same time, so
// that a row of them says little about how old the others are.
func (s *slab[T]) spread(from uint32, k int32) int32 {
	n := uint32(s.used)
	return int32((from + uint32(k)*(n/evictStep+1)) % n)
}

// release zeroes the value and hands its slot out again.
func (s *slab[T]) release(i int32) {
	var zero T
	*s.at(i) = zero
	s.free = append(s.free, i)
	s.live--
}
