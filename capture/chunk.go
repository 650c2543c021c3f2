package capture

import "io"

const (
	// chunkSize is how much one read(2) asks for. From 256 KiB on the cost of
	// the system call is lost in that of the copy, and of more the beginning has
	// left the cache of the core before it is decoded.
	chunkSize = 1 << 18

	// maxRecord bounds a record in octets. Wireshark takes 256 KiB for packets
	// of real links (wiretap/wtap.h, WTAP_MAX_PACKET_SIZE_STANDARD) and 16 MiB
	// for blocks (wiretap/pcapng.c, MAX_BLOCK_SIZE); what claims more is
	// damage.
	maxRecord = 16 << 20
)

// chunk is a window on a stream that records are read from in place. Slices of
// its buffer are valid until the next call of need or skip.
type chunk struct {
	r        io.Reader
	buf      []byte
	pos, end int   // buf[pos:end] is read and not consumed
	base     int64 // offset of buf[0] in the stream
	err      error // why reading ended; sticky
}

func newChunk(r io.Reader) *chunk {
	return &chunk{r: r, buf: make([]byte, chunkSize)}
}

// offset returns where the next unconsumed octet stands in the stream.
func (c *chunk) offset() int64 { return c.base + int64(c.pos) }

// need makes at least n unconsumed octets available and reports whether the
// stream had them; if not, err says why. The buffer grows as data arrives, so
// a false length costs at most twice what the stream really holds.
func (c *chunk) need(n int) bool {
	if c.end-c.pos >= n {
		return true
	}
	if c.pos > 0 {
		copy(c.buf, c.buf[c.pos:c.end])
		c.base += int64(c.pos)
		c.end -= c.pos
		c.pos = 0
	}
	for empty := 0; c.end < n && c.err == nil; {
		if c.end == len(c.buf) {
			grown := make([]byte, 2*len(c.buf))
			copy(grown, c.buf)
			c.buf = grown
		}
		got, err := c.r.Read(c.buf[c.end:])
		c.end += got
		c.err = err
		if got > 0 {
			empty = 0
		} else if empty++; err == nil && empty == 100 {
			c.err = io.ErrNoProgress
		}
	}
	return c.end-c.pos >= n
}

// skip consumes n octets, buffered or not, and reports whether the stream had
// them.
func (c *chunk) skip(n int64) bool {
	for {
		if have := int64(c.end - c.pos); n <= have {
			c.pos += int(n)
			return true
		} else {
			n -= have
		}
		c.pos = c.end
		if !c.need(1) {
			return false
		}
	}
}

// Read consumes like io.Reader, so that a decompressor can take over the stream.
func (c *chunk) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if !c.need(1) {
		return 0, c.err
	}
	n := copy(b, c.buf[c.pos:c.end])
	c.pos += n
	return n, nil
}

// ReadByte consumes one octet.
func (c *chunk) ReadByte() (byte, error) {
	if !c.need(1) {
		return 0, c.err
	}
	c.pos++
	return c.buf[c.pos-1], nil
}
