package report

import (
	"io"
	"net/netip"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
)

// BenchmarkReport builds and writes a report with as many flows and mappings
// as the engine keeps of one outcome (10,000).
func BenchmarkReport(b *testing.B) {
	s := healthySample()
	f, m := s.ev.Flows[0], s.ev.NAT[0]
	s.ev.Flows, s.ev.NAT = nil, nil
	for i := range 10_000 {
		f.Client = netip.AddrPortFrom(f.Client.Addr(), uint16(i))
		m.Inside = f.Client
		f.Outcome = correlate.Outcome(i % 10)
		s.ev.Flows, s.ev.NAT = append(s.ev.Flows, f), append(s.ev.NAT, m)
	}
	b.Run("build", func(b *testing.B) {
		for b.Loop() {
			Build(s.ev, s.d, s.info)
		}
	})
	r := Build(s.ev, s.d, s.info)
	b.Run("json", func(b *testing.B) {
		for b.Loop() {
			if err := JSON(io.Discard, r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("text", func(b *testing.B) {
		for b.Loop() {
			if err := Text(io.Discard, r, TextOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
