package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
)

// pair is a recorded case as frames: one tap, or tunnel and WAN.
type pair []ngInterface

// damage makes a twin of a case as people's captures are: not all of it, or not
// as it was.
type damage struct {
	name string
	do   func(r *rand.Rand, taps pair)
	// unnamed twins leave it to the program to find out which tap is which, and
	// name the WAN first.
	unnamed bool
	second  bool // beside a healthy client of the same server
}

// damages are those that every case of two captures goes through.
func damages() []damage {
	list := []damage{
		{name: "whole", do: func(*rand.Rand, pair) {}},
		{name: "roles not named", do: func(*rand.Rand, pair) {}, unnamed: true},
		{name: "snapped to 64 octets", do: func(_ *rand.Rand, taps pair) { snap(taps, 64) }},
		{name: "beside a healthy client", do: func(*rand.Rand, pair) {}, second: true},
	}
	for _, part := range []float64{0.1, 0.3, 0.5} {
		list = append(list,
			damage{name: fmt.Sprintf("first %.0f%% of the time missing", 100*part), do: func(_ *rand.Rand, taps pair) { span(taps, part, 1) }},
			damage{name: fmt.Sprintf("last %.0f%% of the time missing", 100*part), do: func(_ *rand.Rand, taps pair) { span(taps, 0, 1-part) }},
			damage{name: fmt.Sprintf("first %.0f%% of the time missing in the tunnel", 100*part), do: func(_ *rand.Rand, taps pair) { span(taps[:1], part, 1) }},
			damage{name: fmt.Sprintf("last %.0f%% of the time missing on the WAN", 100*part), do: func(_ *rand.Rand, taps pair) { span(taps[len(taps)-1:], 0, 1-part) }})
	}
	for _, part := range []float64{0.01, 0.05, 0.1, 0.2} {
		list = append(list,
			damage{name: fmt.Sprintf("%.0f%% of the packets missing", 100*part), do: func(r *rand.Rand, taps pair) { thin(r, taps, part) }},
			damage{name: fmt.Sprintf("%.0f%% of the packets missing in the tunnel", 100*part), do: func(r *rand.Rand, taps pair) { thin(r, taps[:1], part) }},
			damage{name: fmt.Sprintf("%.0f%% of the packets missing on the WAN", 100*part), do: func(r *rand.Rand, taps pair) { thin(r, taps[len(taps)-1:], part) }})
	}
	for _, seconds := range []float64{-3600, 5, 0.3} {
		list = append(list, damage{name: fmt.Sprintf("WAN clock %+g s", seconds), do: func(_ *rand.Rand, taps pair) { shift(taps[len(taps)-1], seconds) }})
	}
	return list
}

// snap cuts what is stored of each packet.
func snap(taps pair, octets int) {
	for _, tap := range taps {
		for i, f := range tap.frames {
			tap.frames[i].data = f.data[:min(octets, len(f.data))]
		}
	}
}

// span keeps what the taps saw between two parts of the time that all of them ran.
func span(taps pair, from, to float64) {
	first, last := ^uint64(0), uint64(0)
	for _, tap := range taps {
		for _, f := range tap.frames {
			first, last = min(first, f.micros), max(last, f.micros)
		}
	}
	length := float64(last - first)
	for n := range taps {
		taps[n].frames = slices.DeleteFunc(taps[n].frames, func(f frame) bool {
			at := float64(f.micros - first)
			return at < from*length || at > to*length
		})
	}
}

// thin loses packets as a tap does that cannot follow, without a word.
func thin(r *rand.Rand, taps pair, part float64) {
	for n := range taps {
		taps[n].frames = slices.DeleteFunc(taps[n].frames, func(frame) bool { return r.Float64() < part })
	}
}

func shift(tap ngInterface, seconds float64) {
	for i := range tap.frames {
		tap.frames[i].micros += uint64(int64(1e6 * seconds))
	}
}

// server finds the addresses of a case's server: where encrypted packets go to.
func (w recordedTruth) server(t *testing.T, wan ngInterface) (addr, mac, router []byte) {
	t.Helper()
	for _, f := range wan.frames {
		if len(f.data) > 42 && f.data[23] == 17 && binary.BigEndian.Uint16(f.data[36:]) == w.Port {
			return f.data[30:34], f.data[0:6], f.data[6:12]
		}
	}
	t.Fatal("no packet to the server on the WAN")
	return nil, nil, nil
}

// join adds what a healthy client made the taps see, as if it were a client of the
// same server at the same time.
func (w recordedTruth) join(t *testing.T, taps pair) {
	t.Helper()
	healthy, other := loadCase(t, filepath.Join(recorded, "healthy-phone"))
	addr, mac, router := w.server(t, taps[1])
	oldAddr, oldMAC, oldRouter := other.server(t, healthy[1])
	begin := func(taps pair) uint64 { return taps[1].frames[0].micros }
	late := begin(taps) - begin(healthy)
	for n := range taps {
		for _, f := range healthy[n].frames {
			f.micros += late
			for _, swap := range [][2][]byte{{oldAddr, addr}, {oldMAC, mac}, {oldRouter, router}} {
				f.data = bytes.ReplaceAll(f.data, swap[0], swap[1])
			}
			if n == 1 && len(f.data) > 42 && f.data[12] == 8 && f.data[13] == 0 && f.data[23] == 17 {
				for _, port := range [][]byte{f.data[34:36], f.data[36:38]} {
					if binary.BigEndian.Uint16(port) == other.Port {
						binary.BigEndian.PutUint16(port, w.Port)
					}
				}
			}
			taps[n].frames = append(taps[n].frames, f)
		}
		slices.SortStableFunc(taps[n].frames, func(a, b frame) int { return int(int64(a.micros) - int64(b.micros)) })
	}
}

func loadCase(t *testing.T, dir string) (pair, recordedTruth) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.pcap")) // tunnel before wan
	if err != nil {
		t.Fatal(err)
	}
	var taps pair
	for _, f := range files {
		link, frames := recordedFrames(t, filepath.Join(filepath.Base(dir), filepath.Base(f)))
		taps = append(taps, ngInterface{link: link, frames: frames})
	}
	return taps, readTruth(t, dir)
}

// TestTwins judges damaged twins of every recorded case. A twin may hold too
// little to say something; then nothing is said, and never anything else than of
// the whole case. WGTRACE_TWINS draws the missing packets that many times.
func TestTwins(t *testing.T) {
	draws := 1
	if n, err := strconv.Atoi(os.Getenv("WGTRACE_TWINS")); err == nil {
		draws = n
	}
	var said, silent atomic.Int64
	t.Run("of", func(t *testing.T) {
		for dir := range cases(t) {
			t.Run(filepath.Base(dir), func(t *testing.T) {
				t.Parallel()
				for i, d := range slices.Repeat(damages(), draws) {
					taps, w := loadCase(t, dir)
					if len(taps) == 1 && (d.second || d.unnamed) {
						continue
					}
					want := w.verdict()
					if d.second {
						w.join(t, taps)
						want = besideHealthy(want)
					}
					h := fnv.New64a()
					h.Write([]byte(dir))
					d.do(rand.New(rand.NewPCG(h.Sum64(), uint64(i))), taps)
					got := readTwin(t, d, taps)
					switch mute := got.verdict.Status == "inconclusive"; {
					case want.Status == "inconclusive" && mute:
					case got.verdict == want, got.verdict == lesser(want):
						said.Add(1)
					case mute:
						silent.Add(1)
						t.Logf("%s: silent, %s", d.name, got.verdict.Finding)
					default:
						t.Errorf("%s: %+v, want %+v or nothing\n%s", d.name, got.verdict, want, got.text(t))
					}
				}
			})
		}
	})
	all := said.Load() + silent.Load()
	t.Logf("%d twins, %d of them silent", all, silent.Load())
	if 100*silent.Load() > 15*all {
		t.Errorf("%d of %d twins were silent, more than 15 in 100", silent.Load(), all)
	}
}

// lesser is the verdict at the same place where what tells a fault from others is
// cut: the ports in an error, the pings that pass, or all of the IPv4 that works.
func lesser(v verdict) verdict {
	switch v.Finding {
	case "wg-port-unreachable":
		v.Finding = "handshake-unanswered"
	case "ufw-deny-routed":
		v.Finding = "not-forwarded"
	case "ipv6-blackhole":
		if v.After == "wan_out" {
			v.Finding = "nat-missing"
		}
	}
	return v
}

// readTwin writes the taps to files whose names say nothing and reads them.
func readTwin(t *testing.T, d damage, taps pair) outcome {
	t.Helper()
	dir := t.TempDir()
	var files []string
	for n, tap := range taps {
		file := filepath.Join(dir, fmt.Sprintf("%d.pcapng", n))
		if err := os.WriteFile(file, pcapng(tap), 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(files) == 2 {
		if d.unnamed {
			slices.Reverse(files)
		} else {
			files = []string{"--tunnel", files[0], "--wan", files[1]}
		}
	}
	return readBack(t, files...)
}
