package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of what is asked over a session.
const (
	answerTime = 20 * time.Second
	maxAnswer  = 16 << 20 // octets
	maxSaid    = 4096     // octets of standard error that are kept
	// endTime is how long a program has to end by itself before it is killed.
	endTime = 3 * time.Second
)

// Session reaches one machine through the system's ssh. It may be used by
// several goroutines.
type Session struct {
	target Target
	ssh    string // path of the program
	dir    string // of the socket that later sessions share; "" without one
	hold   *process
}

// Dial opens a session; ssh itself asks for what it needs, on the terminal. The
// error is an *Error, or that of ctx.
func Dial(ctx context.Context, t Target) (*Session, error) {
	t = t.Machine()
	path, err := exec.LookPath("ssh")
	if err != nil {
		return nil, &Error{Target: t, Reason: "ssh is not installed on this machine", Hint: "install the OpenSSH client here (Debian, Ubuntu: apt install openssh-client)"}
	}
	s := &Session{target: t, ssh: path}
	if !shared {
		return s, nil
	}
	if s.dir, err = os.MkdirTemp("", "wgtrace-ssh-"); err != nil {
		return nil, fmt.Errorf("make a folder for ssh: %w", err)
	}
	s.hold, err = s.start([]string{"-M", "-S", s.socket()}, "sh -c '"+holdScript+"'", &bounded{left: maxSaid})
	if err == nil {
		err = s.hold.await(ctx)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Session) socket() string { return filepath.Join(s.dir, "s") }

// Process returns the process that holds the connection of all sessions, 0 if
// each has its own.
func (s *Session) Process() int {
	if s.hold == nil {
		return 0
	}
	return s.hold.cmd.Process.Pid
}

// options are the arguments before the host. The person's configuration of ssh
// counts, but for what would run something else or open a way back.
func (s *Session) options(mode []string) []string {
	args := []string{
		"-T", "-a", "-x",
		"-o", "ClearAllForwardings=yes", "-o", "PermitLocalCommand=no", "-o", "RemoteCommand=none",
		"-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3",
	}
	args = append(args, mode...)
	if s.target.Port != 0 {
		args = append(args, "-p", strconv.Itoa(int(s.target.Port)))
	}
	if s.target.User != "" {
		args = append(args, "-l", s.target.User)
	}
	return append(args, "--", s.target.Host)
}

// mode are the arguments of every session after the first.
func (s *Session) mode() []string {
	if !shared {
		return nil
	}
	return []string{"-S", s.socket(), "-o", "ControlMaster=no"}
}

// Answer is what a script did.
type Answer struct {
	Out  []byte
	Said string // the beginning of its standard error; possibly hostile
	Code int    // its exit status
}

// argument is what a script may be given.
var argument = regexp.MustCompile(`^[A-Za-z0-9._:@/+-]*$`)

// Run runs a script there, which must hold no single quote, no line break and no
// exclamation mark, with the connection of this session as its first argument.
// The error is an *Error and means that nothing was run.
func (s *Session) Run(ctx context.Context, script string, args ...string) (Answer, error) {
	for _, a := range args {
		if !argument.MatchString(a) {
			return Answer{}, &Error{Target: s.target, Reason: "a name there cannot be used in a command", Hint: "give adapters there plain names"}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	cmd := sshCommand(ctx, s.ssh, append(s.options(s.mode()), command(script, args...)))
	cmd.WaitDelay = time.Second
	out, said := &bounded{left: maxAnswer}, &bounded{left: maxSaid}
	cmd.Stdout, cmd.Stderr = out, said
	err := cmd.Run()
	code := -1
	if cmd.ProcessState != nil {
		code = cmd.ProcessState.ExitCode()
	}
	switch {
	case ctx.Err() != nil:
		return Answer{}, &Error{Target: s.target, Reason: "the machine did not answer in time", Hint: s.target.Login() + " must work first"}
	case err != nil && (code < 0 || code == sshFailed):
		return Answer{}, reasonFor(sshFailures, s.target, said.String(), "ssh failed")
	}
	return Answer{out.b.Bytes(), said.String(), code}, nil
}

// Close ends the session, and what still runs in it.
func (s *Session) Close() {
	if s.hold != nil {
		s.hold.stop()
		_, _ = s.hold.wait()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir) // a socket that nobody listens on
	}
}

// process is ssh at work.
type process struct {
	target Target
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *os.File
	said   fmt.Stringer
	asked  atomic.Bool // to end
	once   sync.Once
	waited sync.Once
	err    error
}

// listener takes in what a program writes to its standard error, and says it
// again.
type listener interface {
	io.Writer
	fmt.Stringer
}

// start runs ssh with a command for the far shell.
func (s *Session) start(mode []string, far string, said listener) (*process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start ssh: %w", err)
	}
	p := &process{target: s.target, stdout: r, said: said}
	p.cmd = sshCommand(context.Background(), s.ssh, append(s.options(mode), far))
	p.cmd.Stdout, p.cmd.Stderr = w, said
	p.cmd.WaitDelay = time.Second
	if p.stdin, err = p.cmd.StdinPipe(); err == nil {
		err = p.cmd.Start()
	}
	w.Close()
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("start ssh: %w", err)
	}
	return p, nil
}

// await waits until the far side says that it is there.
func (p *process) await(ctx context.Context) error {
	ready := make(chan error, 1)
	go func() {
		got := make([]byte, len(readyMark))
		_, err := io.ReadFull(p.stdout, got)
		if err == nil && string(got) != readyMark {
			err = errors.New("something else than a shell answers there")
		}
		ready <- err
	}()
	select {
	case err := <-ready:
		if err == nil {
			return nil
		}
		p.stop()
		_, failed := p.wait()
		if failed == nil {
			return &Error{Target: p.target, Reason: "no shell answers there", Hint: p.target.Login() + " 'sh -c true' must work and print nothing"}
		}
		return reasonFor(sshFailures, p.target, p.said.String(), "ssh failed")
	case <-ctx.Done():
		_ = p.cmd.Process.Kill()
		_, _ = p.wait()
		return ctx.Err()
	}
}

// stop closes what the far side reads, which ends it, and makes sure.
func (p *process) stop() {
	p.asked.Store(true)
	p.once.Do(func() {
		_ = p.stdin.Close()
		time.AfterFunc(endTime, func() { _ = p.cmd.Process.Kill() })
	})
}

// wait waits for the end; code is -1 where a signal ended it.
func (p *process) wait() (code int, err error) {
	p.waited.Do(func() {
		p.err = p.cmd.Wait()
		_ = p.stdout.Close()
	})
	return p.cmd.ProcessState.ExitCode(), p.err
}

// bounded keeps the first octets that are written to it and swallows the rest.
type bounded struct {
	mu   sync.Mutex
	b    bytes.Buffer
	left int
}

func (w *bounded) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(p), w.left)
	w.left -= n
	w.b.Write(p[:n])
	return len(p), nil
}

func (w *bounded) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}
