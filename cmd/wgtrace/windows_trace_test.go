package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Traces of Windows, as its tools write them from one recording of all adapters.
// The shapes are those that the documentation of pktmon and the source of
// etl2pcapng describe; none was taken from a machine.
var windowsTraces = []struct {
	name   string
	folded bool // single records do not say that they are copies
	make   func(taps pair) []ngInterface
}{
	// pktmon start --capture --comp nics; pktmon etl2pcap
	{"one interface for all adapters", false, func(taps pair) []ngInterface {
		return []ngInterface{{link: 1, frames: append(copiesOf(taps[0], 1), copiesOf(taps[1], 1)...)}}
	}},
	// the same without --comp nics
	{"and every packet at three components", true, func(taps pair) []ngInterface {
		return []ngInterface{{link: 1, frames: append(copiesOf(taps[0], 3), copiesOf(taps[1], 3)...)}}
	}},
	// etl2pcapng 1.12 and later
	{"an interface for each component", false, func(taps pair) []ngInterface {
		tunnel, wan := numbered(taps[0], 1), numbered(taps[1], 1<<20)
		return []ngInterface{
			{"Wi-Fi", 1, wan}, {"WFP Native MAC Layer LightWeight Filter", 1, wan}, {"QoS Packet Scheduler", 1, wan},
			{"WireGuard Tunnel", 101, tunnel}, {"WFP Native MAC Layer LightWeight Filter", 101, tunnel},
		}
	}},
	// netsh trace start capture=yes; etl2pcapng
	{"bare IP called Ethernet", false, func(taps pair) []ngInterface {
		return []ngInterface{{"Wi-Fi", 1, numbered(taps[1], 1<<20)}, {"WireGuard Tunnel", 1, numbered(taps[0], 1)}}
	}},
}

// copiesOf repeats each frame n times within microseconds.
func copiesOf(tap ngInterface, n int) (frames []frame) {
	for _, f := range tap.frames {
		for i := range n {
			c := f
			c.micros += uint64(2 * i)
			frames = append(frames, c)
		}
	}
	return frames
}

// numbered gives each frame an identifier from first on.
func numbered(tap ngInterface, first uint64) (frames []frame) {
	for i, f := range tap.frames {
		f.id = first + uint64(i)
		frames = append(frames, f)
	}
	return frames
}

// TestWindowsTraces wants of each trace what the two captures say that it is made
// of: the verdict, and every packet counted once.
func TestWindowsTraces(t *testing.T) {
	for dir := range cases(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			taps, w := loadCase(t, dir)
			if len(taps) != 2 || len(taps[0].frames) == 0 {
				return // a capture of all adapters is in one file already
			}
			for _, trace := range windowsTraces {
				file := filepath.Join(t.TempDir(), "trace.pcapng")
				if err := os.WriteFile(file, pcapng(trace.make(taps)...), 0o644); err != nil {
					t.Fatal(err)
				}
				got := readBack(t, file)
				if got.verdict != w.verdict() {
					t.Errorf("%s: %+v, want %+v", trace.name, got.verdict, w.verdict())
				}
				if trace.folded && (len(taps[0].frames) < 50 || w.verdict().Finding == "tunnel-return-route-missing") {
					continue // too few to tell copies from packets that are alike, or from those that come back
				}
				for stage, n := range w.Totals {
					if c := got.report.Stages[stage]; c != nil && c.Packets != n {
						t.Errorf("%s: %s has %d packets, want %d", trace.name, stage, c.Packets, n)
					}
				}
			}
		})
	}
}
