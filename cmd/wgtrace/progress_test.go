package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
)

func TestReadingLine(t *testing.T) {
	for _, tt := range []struct {
		read, size int64
		packets    uint64
		elapsed    time.Duration
		want       string
	}{
		{1_200_000_000, 4_800_000_000, 6_000_000, 2 * time.Second, "read 1.2 GB of 4.8 GB, 3,000,000 packets/s, 6s left"},
		{1_000_000, 400_000_000, 5000, time.Second, "read 1.0 MB of 400.0 MB, 5000 packets/s, 6m39s left"},
		{999, 1000, 4, time.Second, "read 999 B of 1.0 kB, 4 packets/s, 1s left"},
		{0, 0, 7200, 2 * time.Second, "read 7200 packets, 3600 packets/s"},
		{1000, 1000, 7200, 2 * time.Second, "read 7200 packets, 3600 packets/s"}, // the last of it is judged
	} {
		if got := readingLine(tt.read, tt.size, tt.packets, tt.elapsed); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// TestReadProgress: a line that is drawn over and taken away, after a second,
// and where it is wanted.
func TestReadProgress(t *testing.T) {
	src, err := openSources([]named{{path: filepath.Join(recorded, "healthy-phone", "wan.pcap")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.close()
	var w bytes.Buffer
	var opts correlate.Options
	quiet := showReading(&w, false, src, &opts)
	if opts.Tick != nil || opts.OnTick != nil {
		t.Error("an engine is slowed down for a line that nobody sees")
	}
	quiet.stop()
	p := showReading(&w, true, src, &opts)
	p.show(10, progressAfter-1)
	if w.Len() > 0 {
		t.Errorf("shown at once: %q", &w)
	}
	p.show(1234, 2*progressAfter)
	p.stop()
	if got := w.String(); !strings.HasPrefix(got, "\r\x1b[Kread ") || !strings.Contains(got, "617 packets/s") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("drawn: %q", got)
	}
}
