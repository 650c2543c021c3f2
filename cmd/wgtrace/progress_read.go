package main

import (
	"fmt"
	"io"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/text"
)

// Progress of reading is shown once a person begins to wonder, and no faster
// than numbers can be read.
const (
	progressAfter = time.Second
	progressEvery = 250 * time.Millisecond
)

// readProgress shows on one line of a terminal how far files are read.
type readProgress struct {
	w      io.Writer
	src    *sources
	begun  time.Time
	ticker *time.Ticker // nil: nothing is shown
	drawn  bool
}

// showReading makes an engine show on w how far src is read.
func showReading(w io.Writer, on bool, src *sources, opts *correlate.Options) *readProgress {
	p := &readProgress{w: w, src: src, begun: time.Now()}
	if !on {
		return p
	}
	p.ticker = time.NewTicker(progressEvery)
	opts.Tick = p.ticker.C
	opts.OnTick = func(c correlate.Progress) { p.show(c.Packets, time.Since(p.begun)) }
	return p
}

func (p *readProgress) show(packets uint64, elapsed time.Duration) {
	if elapsed < progressAfter {
		return
	}
	var read, size int64
	for _, f := range p.src.files {
		r, s := f.Progress()
		read, size = read+r, size+s
		if s == 0 {
			size = 0 // a pipe has no end to count down to
			break
		}
	}
	fmt.Fprint(p.w, "\r\x1b[K"+readingLine(read, size, packets, elapsed))
	p.drawn = true
}

// stop takes the line away again.
func (p *readProgress) stop() {
	if p.ticker != nil {
		p.ticker.Stop()
	}
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// readingLine says how many octets were read, how fast, and for how long it
// still takes; size 0 is not known.
func readingLine(read, size int64, packets uint64, elapsed time.Duration) string {
	rate := text.Grouped(int64(float64(packets)/elapsed.Seconds())) + " packets/s"
	if size == 0 || read <= 0 || read >= size {
		return fmt.Sprintf("read %s packets, %s", text.Grouped(int64(packets)), rate)
	}
	left := time.Duration(float64(elapsed) * float64(size-read) / float64(read)).Round(time.Second)
	return fmt.Sprintf("read %s of %s, %s, %s left", octets(read), octets(size), rate, max(left, time.Second))
}

// octets writes a size in the decimal units of files (IEC 80000-13).
func octets(n int64) string {
	for _, u := range []struct {
		name string
		size float64
	}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if v := float64(n) / u.size; v >= 1 {
			return fmt.Sprintf("%.1f %s", v, u.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}
