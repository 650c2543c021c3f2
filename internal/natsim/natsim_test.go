package natsim

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/wgtrace/wgtrace/capture"
)

// TestSameSeedSameRun: a failure that cannot be repeated cannot be repaired.
func TestSameSeedSameRun(t *testing.T) {
	for _, class := range slices.Concat(Classes, Adversarial) {
		a, b := Run(Draw(class, 7)), Run(Draw(class, 7))
		for i, f := range a.Files() {
			if !bytes.Equal(f, b.Files()[i]) {
				t.Errorf("%s: file %d differs between two runs", class, i)
			}
		}
		if x, y := fmt.Sprint(a.Flows, a.Mappings), fmt.Sprint(b.Flows, b.Mappings); x != y {
			t.Errorf("%s: the truth differs between two runs", class)
		}
		if x := fmt.Sprint(Run(Draw(class, 8)).Flows); x == fmt.Sprint(a.Flows) {
			t.Errorf("%s: two seeds give the same run", class)
		}
	}
}

// TestFilesAreCaptures reads what the taps wrote: as many packets as they
// recorded, each with the addresses that the truth gives it.
func TestFilesAreCaptures(t *testing.T) {
	for _, class := range slices.Concat(Classes, Adversarial) {
		r := Run(Draw(class, 3))
		for i, file := range r.Files() {
			f, err := capture.NewFile("simulated", bytes.NewReader(file))
			if err != nil {
				t.Fatalf("%s: %v", class, err)
			}
			want, got := make(map[string]int), make(map[string]int)
			for point := range r.taps {
				if !r.Config.One && point != i {
					continue
				}
				for _, rec := range r.Records(point) {
					if rec.Captured && rec.Readable && rec.Key != (Key{}) {
						want[rec.End.Addr().String()]++
					}
				}
			}
			b := capture.NewBatch()
			for err = f.Next(b); err == nil; err = f.Next(b) {
				for _, p := range b.Packets {
					if p.Kind <= capture.KindARP {
						t.Errorf("%s: frame %d of file %d is not IP", class, p.Frame, i)
					}
					got[p.Src.String()]++
					got[p.Dst.String()]++
				}
			}
			if err != io.EOF {
				t.Errorf("%s: %v", class, err)
			}
			for end, n := range want {
				if got[end] < n {
					t.Errorf("%s: file %d has %d packets of %s, the tap recorded %d", class, i, got[end], end, n)
				}
			}
		}
	}
}

// send sends a packet through a translator and returns its outside end.
func send(t *testing.T, n *translator, inner, remote string, now int64) netip.AddrPort {
	t.Helper()
	p := &packet{proto: protoUDP, src: netip.MustParseAddrPort(inner), dst: netip.MustParseAddrPort(remote)}
	if !n.outbound(p, now) {
		t.Fatalf("no port for %s to %s", inner, remote)
	}
	return p.src
}

// TestTranslators holds the translators against RFC 4787.
func TestTranslators(t *testing.T) {
	const a, b, c, d = "192.0.2.1:53", "192.0.2.1:54", "192.0.2.2:53", "10.8.0.2:5000"
	make := func(b Behaviour, al Allocation) *translator {
		return newTranslator(Translation{Behaviour: b, Allocation: al, Pool: []netip.Addr{wanAddr}, Timeout: 10 * second}, rand.New(rand.NewPCG(1, 1)))
	}
	cases := []struct {
		behaviour         Behaviour
		samePort, sameAll bool // one outside end for two ports of a remote; for two remotes
	}{{EndpointIndependent, true, true}, {AddressDependent, true, false}, {AddressPortDependent, false, false}}
	for _, tc := range cases {
		n := make(tc.behaviour, Random)
		x, y, z := send(t, n, d, a, 0), send(t, n, d, b, 1), send(t, n, d, c, 2)
		if (x == y) != tc.samePort || (x == z) != tc.sameAll {
			t.Errorf("behaviour %d: outside ends %v, %v, %v", tc.behaviour, x, y, z)
		}
		back := &packet{proto: protoUDP, back: true, src: netip.MustParseAddrPort(a), dst: x}
		if !n.inbound(back, 3) || back.dst != netip.MustParseAddrPort(d) {
			t.Errorf("behaviour %d: the reply goes to %v", tc.behaviour, back.dst)
		}
		if late := (&packet{proto: protoUDP, back: true, src: netip.MustParseAddrPort(a), dst: x}); n.inbound(late, 11*second) {
			t.Errorf("behaviour %d: a session outlives its timeout", tc.behaviour)
		}
	}
	keep := make(AddressPortDependent, Preserve)
	if x, y := send(t, keep, d, a, 0), send(t, keep, "10.8.0.3:5000", a, 0); x.Port() != 5000 || y == x {
		t.Errorf("ports are preserved as %v and %v", x, y)
	}
	over := make(AddressPortDependent, Overload)
	if x, y := send(t, over, d, a, 0), send(t, over, "10.8.0.3:5000", a, 0); x != y {
		t.Errorf("overloaded ports differ: %v and %v", x, y)
	}
	stolen := &packet{proto: protoUDP, back: true, src: netip.MustParseAddrPort(a), dst: netip.AddrPortFrom(wanAddr, 5000)}
	if !over.inbound(stolen, 1) || stolen.dst.Addr() != netip.MustParseAddr("10.8.0.3") {
		t.Errorf("an overloaded port belongs to %v", stolen.dst)
	}
}

// TestLossIsTruth: without loss, edges and drops nothing may be missing.
func TestLossIsTruth(t *testing.T) {
	for seed := range uint64(20) {
		cfg := Draw(ClassTraffic, seed+1)
		cfg.LossHost, cfg.Blackout = [2]float64{}, [2]int64{}
		for _, f := range Run(cfg).Flows {
			if f.Lost != [2]Range{} && !f.Local {
				t.Errorf("seed %d: %v lost %v", seed+1, f.Key, f.Lost)
			}
		}
	}
}
