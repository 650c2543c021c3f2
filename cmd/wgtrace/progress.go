package main

import (
	"fmt"
	"io"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
)

// progress shows the six stages as they count, on one line of a terminal.
type progress struct {
	w     io.Writer
	on    bool
	begun time.Time
	limit time.Duration
	drawn bool
}

func newProgress(w io.Writer, on bool, limit time.Duration) *progress {
	return &progress{w: w, on: on, begun: time.Now(), limit: limit}
}

func (p *progress) update(c correlate.Progress) {
	if !p.on {
		return
	}
	s := c.Stages
	elapsed := time.Since(p.begun).Round(time.Second)
	end := "Ctrl-C ends"
	if p.limit > 0 {
		end = "of " + p.limit.String()
	}
	fmt.Fprintf(p.w, "\r\x1b[Kphone >%d> tunnel %d > out %d | back %d > tunnel %d >%d> phone  %s %s",
		s[correlate.OuterIn].Packets, s[correlate.TunnelIn].Packets, s[correlate.WANOut].Packets,
		s[correlate.WANIn].Packets, s[correlate.TunnelOut].Packets, s[correlate.OuterOut].Packets, elapsed, end)
	p.drawn = true
}

// clear takes the line away again.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
