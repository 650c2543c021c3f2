package capture

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync/atomic"
	"time"
)

// File is a capture file (pcap or pcapng, plain, gzip or zstd) or a stream of
// one. It implements Source and serves one goroutine at a time.
type File struct {
	name    string
	format  string
	in      *chunk
	records records
	close   []func() error

	dec     Decoder
	ifaces  []Interface
	cooked  cookedRows
	classic Interface // of a classic cooked v2 capture, see classicRow
	frame   uint64    // records handed out
	facts   []byte    // of the host that recorded it, see HostFacts
	watch   func(Seen)
	err     error // why reading ended; sticky

	size int64        // octets of the file as it lies there; 0: not known
	read atomic.Int64 // octets of it that were read

	deadline    interface{ SetReadDeadline(time.Time) error } // nil: cannot be interrupted while it waits
	interrupted atomic.Bool
}

// records reads the records of one format.
type records interface {
	// fill adds packets and statistics to b until it is full. It returns
	// io.EOF at a clean end and a *DamageError where it cannot go on.
	fill(b *Batch) error
}

// Open opens the capture file at path; "-" is standard input. What the file
// holds is told by its first octets, never by its name. The error is an
// *OpenError, or a *DamageError if the file's own header is broken.
func Open(path string) (*File, error) {
	if path == "-" {
		stdin, closeStdin := openStdin()
		return newFile(path, stdin, closeStdin)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	info, err := file.Stat()
	switch {
	case err != nil:
		file.Close()
		return nil, openError(path, err)
	case info.IsDir():
		file.Close()
		return nil, &OpenError{Source: path, Reason: "is a directory", Hint: "name a capture file in it"}
	}
	if info.Mode().IsRegular() {
		adviseSequential(file)
	}
	return newFile(path, file, file.Close)
}

// newFile is NewFile for what the operating system opened.
func newFile(path string, file *os.File, closeFile func() error) (*File, error) {
	f := &File{name: path, deadline: file}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		f.size = info.Size()
	}
	f.in = newChunk(&meter{file, &f.read})
	if closeFile != nil {
		f.close = append(f.close, closeFile)
	}
	if err := f.start(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// NewFile reads a capture from r; name stands for it in messages. The reader
// is not closed.
func NewFile(name string, r io.Reader) (*File, error) {
	f := &File{name: name, in: newChunk(r)}
	if err := f.start(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// meter counts what is read. It is called once for a chunk.
type meter struct {
	r    io.Reader
	read *atomic.Int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.read.Add(int64(n))
	return n, err
}

// Progress returns how many octets were read and how many there are, both of the
// file as it lies there, compressed or not; size is 0 for what has no end yet
// (a pipe) and for what NewFile reads. It may be called at any time, by any
// goroutine.
func (f *File) Progress() (read, size int64) { return f.read.Load(), f.size }

// Name returns the name that the file was opened by.
func (f *File) Name() string { return f.name }

// Format returns what the file is, in words: "pcap", "pcapng, gzip".
func (f *File) Format() string { return f.format }

// Interfaces returns all interfaces known so far: those that Next has come
// past. A classic capture has one, known at once; but a Linux cooked v2 one has
// a row for each interface index, once that has appeared, and a cooked v1 one a
// row for each hardware type after the first. Rows split from the interface of
// a pcapng file share its Index and differ in IfIndex or ARPHRD.
func (f *File) Interfaces() []Interface { return f.ifaces[:len(f.ifaces):len(f.ifaces)] }

// HostFacts returns what the recording says of the settings of its host, as JSON,
// nil if it says nothing, or not yet: Next comes past it. It may be anything.
func (f *File) HostFacts() []byte { return f.facts }

// Seen is a packet with the octets that it was decoded from. Its pointers and
// octets are valid until the function that it is handed to returns.
type Seen struct {
	Packet    *Packet
	Quote     *Quote // what an ICMP error quotes; nil if it quotes nothing
	Interface *Interface
	Frame     []byte
}

// Watch hands every packet to fn within Next, in its goroutine: for the few that
// need the octets and not only what they say. It must be called before Next.
func (f *File) Watch(fn func(Seen)) { f.watch = fn }

// Next implements Source. Files may be out of order, so only the end carries a
// watermark. It waits for a first packet, but not for more than have come.
func (f *File) Next(b *Batch) error {
	b.Reset()
	switch {
	case f.err != nil:
	case f.interrupted.Load():
		f.err = io.EOF
	default:
		f.err = f.records.fill(b)
		if errors.Is(f.in.err, os.ErrDeadlineExceeded) && f.interrupted.Load() {
			f.err = io.EOF
		}
	}
	if f.err != nil && len(f.ifaces) == 0 && f.classic.LinkType == LinkTypeLinuxSLL2 {
		f.ifaces = append(f.ifaces, f.classic) // a cooked capture without a packet
	}
	b.Interfaces = f.Interfaces()
	if f.err != nil {
		b.Watermark = math.MaxInt64
		if len(b.Packets) == 0 && len(b.Stats) == 0 {
			return f.err
		}
	}
	return nil
}

// Interrupt makes Next return what has been read and then end, as if the capture
// ended here: what a person wants who stops a capture that is piped in. It may
// be called while Next runs. A read of a pipe that waits for data is woken where
// the system allows it (not on Windows).
func (f *File) Interrupt() {
	f.interrupted.Store(true)
	if f.deadline != nil {
		// Refused for ordinary files, which do not make a reader wait.
		_ = f.deadline.SetReadDeadline(time.Now())
	}
}

// Close closes the file; it must not be in use.
func (f *File) Close() error {
	var first error
	for i := len(f.close) - 1; i >= 0; i-- {
		if err := f.close[i](); err != nil && first == nil {
			first = fmt.Errorf("close %s: %w", f.name, err)
		}
	}
	f.close = nil
	return first
}

// add decodes one record of interface row into b, which has room for it.
// known says whether time is one.
func (f *File) add(b *Batch, row int32, link LinkType, time int64, known bool, frame []byte, wireLen uint32, offset int64) *Packet {
	n := len(b.Packets)
	b.Packets = b.Packets[:n+1]
	p := &b.Packets[n]
	f.dec.Decode(p, link, frame, int(wireLen), &b.Extras)
	f.frame++
	p.Frame, p.Offset, p.Iface = f.frame, offset, row
	if known {
		p.Time = time
	} else {
		p.Flags |= FlagTimeUnknown
	}
	switch link {
	case LinkTypeLinuxSLL2:
		p.Iface = f.cookedRow(row, f.dec.IfIndex, f.dec.ARPHRD)
	case LinkTypeLinuxSLL:
		p.Iface = f.hardwareRow(row, f.dec.ARPHRD)
	}
	return p
}

// show hands a packet, of which all is known, to whoever watches.
func (f *File) show(b *Batch, p *Packet, frame []byte) {
	if f.watch != nil {
		f.watch(Seen{p, b.Quoted(p), &f.ifaces[p.Iface], frame})
	}
}

// damage returns the error for a file that cannot be read past the record at
// offset. If the stream ended inside it, that is the reason.
func (f *File) damage(offset int64, format string, args ...any) *DamageError {
	e := &DamageError{
		Source: f.name, Offset: offset, Frame: f.frame,
		Reason: fmt.Sprintf(format, args...),
		Hint:   "record or copy the file again",
	}
	if f.frame > 0 {
		e.Hint += "; what stands before this place was read"
	}
	return e
}

// short returns the error for a stream that ended within what.
func (f *File) short(offset int64, what string) *DamageError {
	if f.in.err == nil || f.in.err == io.EOF || f.in.err == io.ErrUnexpectedEOF {
		return f.damage(offset, "cut short in the middle of %s", what)
	}
	return f.damage(offset, "reading failed: %v", f.in.err)
}
