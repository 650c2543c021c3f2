package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/capture/live"
)

// newsBoard collects what taps say of their adapters until it is shown: they read
// in goroutines of their own, and the screen belongs to one.
type newsBoard struct {
	mu    sync.Mutex
	lines []string
}

// maxNews bounds what waits to be shown: an adapter can come and go all night.
const maxNews = 64

func (b *newsBoard) add(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines) < maxNews {
		b.lines = append(b.lines, line)
	}
}

// take returns what has not been shown yet.
func (b *newsBoard) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := b.lines
	b.lines = nil
	return lines
}

// tapNews says of one tap that its adapter went away or came back.
type tapNews struct {
	name  string
	taps  *taps
	index int  // in the recording; -1: it is not recorded
	shown bool // not a second tap of an adapter
}

func (n *tapNews) take(a live.Absence) {
	if !a.Until.IsZero() && n.index >= 0 {
		// A failed write is kept by the recorder and told at the end.
		_ = n.taps.recorder.WriteStats(n.index, capture.InterfaceStats{Time: a.Until.UnixNano(), AwaySince: a.Since.UnixNano()})
	}
	if n.shown {
		n.taps.news.add(absenceLine(n.name, a))
	}
}

// absenceLine puts an absence into words.
func absenceLine(name string, a live.Absence) string {
	name = printable(name)
	at := a.Since.Format(time.TimeOnly)
	took := a.Until.Sub(a.Since).Round(time.Second)
	switch {
	case a.Kind == live.Asleep:
		return fmt.Sprintf("%s was not watched from %s on for %v: this machine slept, or its clock was set", name, at, took)
	case a.Until.IsZero() && a.Kind == live.AdapterDown:
		return fmt.Sprintf("%s is down since %s; waiting", name, at)
	case a.Until.IsZero():
		return fmt.Sprintf("%s went away at %s; waiting", name, at)
	}
	return fmt.Sprintf("%s came back after %v", name, max(took, time.Second))
}
