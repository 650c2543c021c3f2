package feed

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"sync"

	"github.com/wgtrace/wgtrace/capture"
)

// Tap captures on an adapter of the machine, which keeps snapLen octets of each
// packet; it returns once the capture runs. The error is an *Error, or that of
// ctx.
func (s *Session) Tap(ctx context.Context, adapter string, snapLen int, opts Options) (*Feed, error) {
	t := &tap{target: s.target}
	if !adapterName.MatchString(adapter) {
		return nil, &Error{Target: s.target, Reason: "the name of that adapter cannot be used in a command", Hint: "give the adapter there a plain name"}
	}
	t.target.Adapter = adapter
	p, err := s.start(s.mode(), command(tapScript, adapter, strconv.Itoa(snapLen)), t)
	if err != nil {
		return nil, err
	}
	t.process = p
	if opts.Interface.Name == "" {
		opts.Interface.Name = adapter
	}
	f := &Feed{name: t.target.String(), halt: p.stop, after: t.end, beat: &t.beat}
	f.close = func() {
		p.stop()
		_, _ = p.wait()
	}
	type opened struct {
		file *capture.File
		err  error
	}
	begun := make(chan opened, 1)
	go func() {
		file, err := capture.NewFile(f.name, p.stdout)
		begun <- opened{file, err}
	}()
	select {
	case o := <-begun:
		if o.err == nil {
			f.start(o.file, opts)
			return f, nil
		}
		if _, err := t.end(); err != nil {
			return nil, err
		}
		return nil, &Error{Target: t.target, Reason: "what comes from there is no capture: " + lastLine(o.err.Error()), Hint: s.target.Login() + " true must print nothing"}
	case <-ctx.Done():
		_ = p.cmd.Process.Kill()
		_, _ = p.wait()
		return nil, ctx.Err()
	}
}

// tap is what a capturing program on another machine says beside its packets.
type tap struct {
	target  Target
	process *process
	beat    beat

	mu     sync.Mutex
	line   []byte   // begun
	said   []string // lines that mean nothing to us, the last ones
	system string   // what noProgram needs
	stats  capture.InterfaceStats
}

// keptLines is how many lines of a failing program are kept.
const keptLines = 20

// Write takes in standard error.
func (t *tap) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.line = append(t.line, p...)
	for {
		i := bytes.IndexByte(t.line, '\n')
		if i < 0 {
			break
		}
		t.take(strings.TrimRight(string(t.line[:i]), "\r"))
		t.line = t.line[i+1:]
	}
	if len(t.line) > maxSaid {
		t.line = t.line[:0] // no program that is meant writes such a line
	}
	return len(p), nil
}

func (t *tap) take(line string) {
	if rest, ok := strings.CutPrefix(line, beatMark); ok {
		if n, err := strconv.ParseInt(rest, 10, 64); err == nil {
			t.beat.tell(n)
		}
		return
	}
	if rest, ok := strings.CutPrefix(line, systemMark); ok {
		t.system = rest
		return
	}
	if n, ok := count(line, "packets received by filter"); ok {
		t.stats.Received, t.stats.HasReceived = n, true
	} else if n, ok := count(line, "packets dropped by kernel"); ok {
		t.stats.Dropped, t.stats.HasDropped = t.stats.Dropped+n, true
	} else if n, ok := count(line, "packets dropped by interface"); ok {
		t.stats.Dropped += n
	} else if received, dropped, ok := dumpcapCounts(line); ok {
		t.stats = capture.InterfaceStats{Received: received, Dropped: dropped, HasReceived: true, HasDropped: true}
	}
	if strings.HasPrefix(line, "tcpdump: listening on ") {
		return // says nothing of a failure
	}
	t.said = append(t.said, line)
	if len(t.said) > keptLines {
		t.said = t.said[1:]
	}
}

// String returns what was said last.
func (t *tap) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(append(t.said[:len(t.said):len(t.said)], string(t.line)), "\n")
}

// end waits for the program and returns what it dropped, and an *Error unless it
// ended because it was asked to.
func (t *tap) end() (capture.InterfaceStats, error) {
	asked := t.process.asked.Load()
	t.process.stop()
	code, err := t.process.wait()
	t.mu.Lock()
	stats, system := t.stats, t.system
	t.mu.Unlock()
	switch {
	case asked && err == nil:
		return stats, nil
	case code == exitNoProgram:
		return stats, noProgram(t.target, system)
	case code == exitNoConnection:
		return stats, &Error{Target: t.target, Reason: "the ssh server there does not say which connection it serves ($SSH_CONNECTION), so that it cannot be left out", Hint: "use OpenSSH's sshd or dropbear there"}
	case code == sshFailed:
		return stats, reasonFor(sshFailures, t.target, t.String(), "the capture broke off")
	case err == nil:
		return stats, &Error{Target: t.target, Reason: "the capture there was ended", Hint: "run this again"}
	}
	return stats, reasonFor(tapFailures, t.target, t.String(), "the capture there failed")
}

// sshFailed is the exit status of ssh for failures of its own (ssh(1)).
const sshFailed = 255
