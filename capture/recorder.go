package capture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
)

// RecorderInfo describes a recording as a whole.
type RecorderInfo struct {
	SnapLen     uint32 // octets kept of each packet; 0: all. One for all interfaces, as libpcap demands (sf-pcapng.c)
	OS          string // operating system of the host
	Application string // name and version of the program
	Comment     string // free text about the recording; "" writes none

	// Created is called with the new file, to give it to another owner; nil: not.
	Created func(*os.File)
}

// Recorder writes a pcapng file (draft-ietf-opsawg-pcapng). Until it is closed
// the file is called path.part, so that a name without that suffix always
// stands for a whole recording. Its methods may be called by several
// goroutines. After an error of writing every further call returns that error.
type Recorder struct {
	mu    sync.Mutex
	path  string
	file  *os.File // nil where the octets go elsewhere, and when it was closed
	w     *bufio.Writer
	block []byte // being put together
	snap  uint32
	count int // interfaces
	err   error
}

// partSuffix marks a recording that has not been closed.
const partSuffix = ".part"

// recorderBuffer holds some 500 packets of 128 octets: a system call for each
// would cost more than the packet.
const recorderBuffer = 64 << 10

var errRecorderClosed = errors.New("the recording is closed")

// NewRecorder creates path.part. It refuses to overwrite one that exists: it
// may be all that is left of a run that was killed, and a file created by
// someone else in a shared folder must not be written to as root.
func NewRecorder(path string, info RecorderInfo) (*Recorder, error) {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return nil, &OpenError{Source: path, Reason: "is a directory", Hint: "name a file to record to"}
	}
	part := path + partSuffix
	// Captures show who talked to whom: they are for their owner alone.
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, &OpenError{Source: part, Reason: "exists already", Err: err,
			Hint: "another run is writing it, or one was killed: move it away or delete it"}
	}
	if err != nil {
		return nil, recordError("create", part, err)
	}
	if info.Created != nil {
		info.Created(file)
	}
	r := &Recorder{path: path, file: file, w: bufio.NewWriterSize(file, recorderBuffer), snap: info.SnapLen}
	r.section(info)
	if r.err != nil {
		r.Abort()
		return nil, r.err
	}
	return r, nil
}

// RecordTo is NewRecorder for octets that go to w, which is not closed; name
// stands for it in messages.
func RecordTo(w io.Writer, name string, info RecorderInfo) (*Recorder, error) {
	r := &Recorder{path: name, w: bufio.NewWriterSize(w, recorderBuffer), snap: info.SnapLen}
	r.section(info)
	return r, r.err
}

// AddInterface describes an interface and returns its number, by which
// WritePacket and WriteStats refer to it.
func (r *Recorder) AddInterface(iface Interface) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return 0, r.err
	}
	r.begin(blockInterface)
	r.u16(uint16(iface.LinkType))
	r.u16(0)
	r.u32(r.snap)
	r.textOption(optIfName, iface.Name)
	r.textOption(optIfDescr, iface.Description)
	for _, p := range iface.Addrs {
		r.addressOption(p)
	}
	if !iface.MAC.IsZero() {
		r.option(optIfMAC, iface.MAC[:])
	}
	r.option(optIfTSResol, []byte{9})
	if iface.Filter != "" {
		r.option(optIfFilter, append([]byte{0}, limit(iface.Filter)...))
	}
	r.textOption(optIfOS, iface.OS)
	if s := ownText(iface); s != "" {
		r.ownOption(s)
	}
	r.endOptions()
	r.end()
	r.count++
	return r.count - 1, r.err
}

// ownText returns the text of our own option: what a later reader cannot see
// in the packets.
func ownText(iface Interface) string {
	var fields []string
	add := func(key, value string) {
		if value != "" {
			fields = append(fields, key+"="+strings.ReplaceAll(value, ";", ","))
		}
	}
	role := iface.Role.String()
	if iface.Uplink {
		role = roleUplink
	}
	add("role", role)
	if iface.WGPort != 0 {
		add("port", strconv.Itoa(int(iface.WGPort)))
	}
	add("namespace", iface.Namespace)
	if len(fields) == 0 {
		return ""
	}
	return strings.Join(fields, ";")
}

// WritePacket writes a packet of wireLen octets, of which data was captured at
// timeNS nanoseconds since 1970. Octets beyond the snap length are left out.
func (r *Recorder) WritePacket(iface int, timeNS int64, wireLen int, data []byte, dir Direction) error {
	return r.WriteCommented(iface, timeNS, wireLen, data, dir, "")
}

// WriteCommented is WritePacket with a comment on the packet, which programs
// show beside it; "" writes none.
func (r *Recorder) WriteCommented(iface int, timeNS int64, wireLen int, data []byte, dir Direction, comment string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.check(iface); err != nil {
		return err
	}
	wireLen = max(wireLen, len(data))
	if r.snap != 0 && len(data) > int(r.snap) {
		data = data[:r.snap]
	}
	if len(data) > maxRecord-64 {
		return fmt.Errorf("record to %s: a packet of %d octets is too large", r.path, len(data))
	}
	r.begin(blockEnhanced)
	r.u32(uint32(iface))
	r.time(timeNS)
	r.u32(uint32(len(data)))
	r.u32(uint32(wireLen))
	r.block = append(r.block, data...)
	r.pad()
	directed := dir == DirectionIn || dir == DirectionOut
	r.textOption(optComment, comment)
	if directed {
		r.option(optEPBFlags, binary.LittleEndian.AppendUint32(nil, uint32(dir))) // 1 inbound, 2 outbound
	}
	if directed || comment != "" {
		r.endOptions()
	}
	r.end()
	return r.err
}

// WriteStats writes what the capture engine said of its losses on an interface.
// s.Iface is not looked at.
func (r *Recorder) WriteStats(iface int, s InterfaceStats) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.check(iface); err != nil {
		return err
	}
	r.begin(blockStatistics)
	r.u32(uint32(iface))
	r.time(s.Time)
	if s.HasReceived {
		r.option(optISBIfRecv, binary.LittleEndian.AppendUint64(nil, s.Received))
	}
	if s.HasDropped {
		r.option(optISBIfDrop, binary.LittleEndian.AppendUint64(nil, s.Dropped))
	}
	if s.AwaySince != 0 {
		r.ownOption(awayKey + strconv.FormatInt(s.AwaySince, 10))
	}
	r.endOptions()
	r.end()
	return r.err
}

// Flush hands what was written to the operating system, so that a reader of
// the unfinished file sees it.
func (r *Recorder) Flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	if err := r.w.Flush(); err != nil {
		r.err = recordError("write", r.path+partSuffix, err)
	}
	return r.err
}

// Close finishes the file and gives it its name. On an error the recording
// stays, as far as it was written, in the .part file that the error names. A
// second call does nothing.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		err := r.err
		if err == nil {
			err = r.w.Flush()
			r.err = errRecorderClosed
		}
		if err == errRecorderClosed {
			return nil
		}
		return err
	}
	part := r.path + partSuffix
	err := r.err
	if err == nil {
		err = r.w.Flush()
	}
	if err == nil {
		err = r.file.Sync()
	}
	if closeErr := r.file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(part, r.path)
	}
	r.file, r.err = nil, errRecorderClosed
	if err != nil {
		return recordError("finish", part, err)
	}
	return nil
}

// Abort throws the recording away.
func (r *Recorder) Abort() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return
	}
	r.file.Close()
	os.Remove(r.path + partSuffix)
	r.file = nil
	if r.err == nil {
		r.err = errRecorderClosed
	}
}

func (r *Recorder) check(iface int) error {
	if r.err == nil && (iface < 0 || iface >= r.count) {
		return fmt.Errorf("record to %s: no interface %d, there are %d", r.path, iface, r.count)
	}
	return r.err
}

// recordError names the file and the operation once, whatever the error
// already names.
func recordError(op, path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	var linkErr *os.LinkError
	if errors.As(err, &linkErr) {
		err = fmt.Errorf("rename to %s: %w", linkErr.New, linkErr.Err)
	}
	return fmt.Errorf("%s recording %s: %w", op, path, err)
}
