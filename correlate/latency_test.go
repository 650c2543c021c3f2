package correlate_test

import (
	"errors"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/capture"
	"github.com/wgtrace/wgtrace/correlate"
)

// late is a source whose clock is ahead of what it is.
type late struct {
	capture.Source
	by time.Duration
}

func (l late) Next(b *capture.Batch) error {
	err := l.Source.Next(b)
	for i := range b.Packets {
		b.Packets[i].Time += int64(l.by)
	}
	for i := range b.Stats {
		b.Stats[i].Time += int64(l.by)
	}
	if b.Watermark > 0 && !errors.Is(err, io.EOF) {
		b.Watermark += int64(l.by)
	}
	return err
}

// look is what a packet looks like at either point of a flow whose addresses are
// left out, with the how-manieth of its kind it is.
type look struct {
	seq, ack, length uint32
	flags            uint8
	dns              uint16
	hash             uint64
	nth              int
}

// times returns when each packet from one end to another passed, by its look.
func times(t *testing.T, file string, proto uint8, src, dst netip.AddrPort) map[look]int64 {
	t.Helper()
	out := make(map[look]int64)
	for _, p := range packetsOf(t, file) {
		if p.Proto != proto || p.Kind == capture.KindICMPError || p.Kind <= capture.KindFragment ||
			netip.AddrPortFrom(p.Src.Netip(), p.SrcPort) != src || netip.AddrPortFrom(p.Dst.Netip(), p.DstPort) != dst {
			continue
		}
		l := look{p.Seq, p.Ack, p.PayloadLen, p.TCPFlags, p.DNSID, p.Hash64, 0}
		for out[l] != 0 {
			l.nth++
		}
		out[l] = p.Time
	}
	return out
}

func packetsOf(t *testing.T, file string) (all []capture.Packet) {
	t.Helper()
	f, err := capture.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := capture.NewBatch()
	for {
		err := f.Next(b)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b.Packets...)
	}
}

// sameLeg compares what a flow is said to have taken with the differences of two
// points; false if they do not show the same packets.
func sameLeg(t *testing.T, name string, got correlate.Latency, from, to map[look]int64, slack int64) bool {
	t.Helper()
	var d []int64
	for l, at := range from {
		if to[l] == 0 {
			return false
		}
		d = append(d, to[l]-at)
	}
	if len(d) == 0 || len(to) != len(from) {
		return false
	}
	slices.Sort(d)
	near := func(what string, got, low, high int64) {
		if got < low-slack || got > high+slack {
			t.Errorf("%s: %s %d ns, by the frames %d to %d, give or take %d", name, what, got, low, high, slack)
		}
	}
	rank := func(q int) int64 { return d[min(max((len(d)*q+99)/100-1, 0), len(d)-1)] }
	near("minimum", got.Min, d[0], d[0])
	near("maximum", got.Max, d[len(d)-1], d[len(d)-1])
	spread := 0
	if len(d) > 24 {
		spread = 12 // of more samples than are kept, every second, fourth, ... is
	}
	near("median", got.Median, rank(50-spread), rank(50+spread))
	near("95th percentile", got.P95, rank(95-spread), rank(95+spread))
	if got.Samples != uint64(len(d)) {
		t.Errorf("%s: %d samples, %d frames", name, got.Samples, len(d))
	}
	return true
}

// TestLatencies holds the times that flows of recorded cases are said to take
// against the frames, matched here by what they look like in the order in which
// they came. Both taps of a case had one clock; what the engine makes of two
// files may differ from it by as much as it says itself.
func TestLatencies(t *testing.T) {
	for _, name := range []string{"healthy-phone", "healthy-laptop", "healthy-port-rewritten", "healthy-routed-no-nat"} {
		for _, ahead := range []time.Duration{0, 37 * time.Minute, -50 * time.Hour} {
			t.Run(name+" "+ahead.String(), func(t *testing.T) {
				dir := filepath.Join("..", "testdata", "pcaps", name)
				tunnel, wan := filepath.Join(dir, "tunnel.pcap"), filepath.Join(dir, "wan.pcap")
				in, err := capture.Open(tunnel)
				if err != nil {
					t.Fatal(err)
				}
				defer in.Close()
				out, err := capture.Open(wan)
				if err != nil {
					t.Fatal(err)
				}
				defer out.Close()
				ev := analyse(t, correlate.Options{}, correlate.Input{Source: in}, correlate.Input{Source: late{out, ahead}})
				slack := ev.Clock.Uncertainty + 1000 // files of microseconds
				if off := time.Duration(ev.Clock.Offset) - ahead; !ev.Clock.HasUncertainty || off.Abs() > time.Duration(slack) {
					t.Errorf("clock %+v, in truth %v", ev.Clock, ahead)
				}
				checked := [3]int{}
				for _, f := range ev.Flows {
					if !f.Translated.IsValid() || f.Proto != 6 && f.Proto != 17 {
						continue
					}
					row := f.Client.String() + " to " + f.Remote.String()
					up, down := times(t, wan, f.Proto, f.Translated, f.Remote), times(t, wan, f.Proto, f.Remote, f.Translated)
					if sameLeg(t, row+" forward", f.Forward, times(t, tunnel, f.Proto, f.Client, f.Remote), up, slack) {
						checked[0]++
					}
					if sameLeg(t, row+" return", f.Return, down, times(t, tunnel, f.Proto, f.Remote, f.Client), slack) {
						checked[2]++
					}
					if f.Remotely.Samples != 1 {
						continue
					}
					// The request is the first packet out, its reply the first in.
					first := func(all map[look]int64) int64 {
						at := int64(1) << 62
						for _, v := range all {
							at = min(at, v)
						}
						return at
					}
					if want := first(down) - first(up); f.Remotely.Min != want || f.Remotely.Max != want {
						t.Errorf("%s at the remote: %+v, by the frames %d", row, f.Remotely, want)
					}
					checked[1]++
				}
				if min(checked[0], checked[1], checked[2]) < 4 {
					t.Errorf("only %v flows could be compared", checked)
				}
			})
		}
	}
}
