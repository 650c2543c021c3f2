package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// exitAborted is the status of a run that was aborted: 128 and the number of
// SIGINT, as a shell reports it (POSIX.1-2024, Shell Command Language 2.8.2).
const exitAborted = 130

// pipeGrace is how long the program before us in a pipe has for its last
// packets: Ctrl-C reaches both at the same time, and tcpdump writes out its
// buffer when it ends.
const pipeGrace = time.Second

// endSignals returns the signals that end a run with its report. A hang-up is
// one of them, so that a lost connection does not cost the recording; but not
// where it is to be ignored (nohup).
func endSignals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// ending ends reading when the person asks for it: what was read until then is
// judged. The second time it aborts.
type ending struct {
	signals chan os.Signal
	done    chan struct{}
	once    sync.Once

	mu  sync.Mutex
	src *sources // nil until all of them are open
}

func watchEnding(stderr io.Writer, quiet bool) *ending {
	e := &ending{signals: make(chan os.Signal, 2), done: make(chan struct{})}
	signal.Notify(e.signals, endSignals()...)
	go e.run(stderr, quiet)
	return e
}

func (e *ending) run(stderr io.Writer, quiet bool) {
	select {
	case <-e.signals:
	case <-e.done:
		return
	}
	if !quiet {
		fmt.Fprintln(stderr, "wgtrace: ending; the report speaks of what was read until now")
	}
	select {
	case <-time.After(pipeGrace):
	case <-e.signals:
		os.Exit(exitAborted)
	case <-e.done:
		return
	}
	e.mu.Lock()
	src := e.src
	e.mu.Unlock()
	if src == nil {
		os.Exit(exitAborted) // not even a file header has come
	}
	src.interrupt()
	select {
	case <-e.signals:
		os.Exit(exitAborted)
	case <-e.done:
	}
}

// interrupts says what is to be ended.
func (e *ending) interrupts(src *sources) {
	e.mu.Lock()
	e.src = src
	e.mu.Unlock()
}

// stop gives the signals back to the system.
func (e *ending) stop() {
	e.once.Do(func() {
		signal.Stop(e.signals)
		close(e.done)
	})
}
