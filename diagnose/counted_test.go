package diagnose

import (
	"testing"
	"time"

	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
)

// TestJudge: counters name a place only where the machine swallowed what came out
// of the tunnel, and nothing that they say is ever healthy.
func TestJudge(t *testing.T) {
	const in, out, fwd, fwd6, refused = "dev.wg0.rx_packets", "dev.wg0.tx_packets", "Ip.ForwDatagrams", "Ip6OutForwDatagrams", "Ip.InAddrErrors"
	wrong := func(layer string) Check { return Check{ID: layer, Layer: layer, State: StateWrong} }
	unknown := Check{ID: "translation", Layer: "nat"}
	for _, c := range []struct {
		name   string
		grew   map[string]uint64
		checks []Check
		status Status
		basis  string
		says   string
		sure   float64
	}{
		{"thrown away", map[string]uint64{in: 14, out: 0, fwd: 0, fwd6: 0, refused: 14}, []Check{unknown}, StatusFault, "counters", "stuck", 0.6},
		{"thrown away, of others too", map[string]uint64{in: 14, out: 0, fwd: 9, fwd6: 0, refused: 14}, []Check{unknown}, StatusInconclusive, "counters", "one-way", 0},
		{"a log for the host itself", map[string]uint64{in: 500, out: 0, fwd: 0, fwd6: 0, refused: 3}, []Check{unknown}, StatusInconclusive, "counters", "swallowed", 0},
		{"swallowed, and the reason", map[string]uint64{in: 14, out: 1, fwd: 0, fwd6: 0}, []Check{wrong("forwarding")}, StatusFault, "counters", "stuck", 0.9},
		{"a missing translation swallows nothing", map[string]uint64{in: 14, out: 1, fwd: 0, fwd6: 0}, []Check{wrong("nat")}, StatusFault, "settings", "", 0.9},
		{"another setting is no reason", map[string]uint64{in: 14, out: 1, fwd: 0, fwd6: 0, refused: 14}, []Check{wrong("dns")}, StatusFault, "counters", "stuck", 0.6},
		{"one too few", map[string]uint64{in: 9, out: 0, fwd: 0, fwd6: 0}, nil, StatusInconclusive, "counters", "few", 0},
		{"nobody tried", map[string]uint64{in: 0, out: 0, fwd: 900, fwd6: 0}, nil, StatusInconclusive, "counters", "nothing", 0},
		{"a session with the host itself", map[string]uint64{in: 200, out: 180, fwd: 0, fwd6: 0}, nil, StatusInconclusive, "counters", "answered-here", 0},
		{"healthy", map[string]uint64{in: 200, out: 300, fwd: 500, fwd6: 0}, nil, StatusInconclusive, "counters", "both-ways", 0},
		{"healthy by IPv6 alone", map[string]uint64{in: 200, out: 300, fwd: 0, fwd6: 500}, nil, StatusInconclusive, "counters", "both-ways", 0},
		{"routed without translation", map[string]uint64{in: 200, out: 300, fwd: 500, fwd6: 0}, []Check{wrong("nat")}, StatusInconclusive, "counters", "both-ways", 0},
		{"what works does not excuse the tunnel", map[string]uint64{in: 200, out: 300, fwd: 500, fwd6: 0}, []Check{wrong("tunnel"), wrong("nat")}, StatusFault, "settings", "", 0.9},
		{"no answers", map[string]uint64{in: 20, out: 0, fwd: 20, fwd6: 0}, []Check{unknown}, StatusInconclusive, "counters", "one-way", 0},
		{"no answers, and the reason", map[string]uint64{in: 20, out: 0, fwd: 20, fwd6: 0}, []Check{wrong("nat")}, StatusFault, "settings", "", 0.9},
		{"refused by the host", map[string]uint64{in: 20, out: 20, fwd: 0, fwd6: 0}, []Check{wrong("forwarding")}, StatusFault, "settings", "", 0.9},
		{"settings before anybody tried", map[string]uint64{in: 0, out: 0, fwd: 0, fwd6: 0}, []Check{wrong("forwarding")}, StatusFault, "settings", "", 0.9},
		{"no counters", nil, []Check{unknown}, StatusInconclusive, "settings", "unknown", 0},
		{"no counter of what is passed on", map[string]uint64{in: 14, out: 0}, nil, StatusInconclusive, "settings", "unknown", 0},
	} {
		facts := &host.Snapshot{OS: "linux"}
		facts.Counters, facts.CountersBefore = map[string]uint64{}, map[string]uint64{}
		for name, n := range c.grew {
			facts.CountersBefore[name], facts.Counters[name] = 1000, 1000+n
		}
		got := Judge(Context{Facts: facts, Tunnel: "wg0", WAN: "eth0", OS: "linux"}, c.checks, time.Second)
		if got.Status != c.status || got.Basis != c.basis || got.Says != c.says || got.Confidence != c.sure {
			t.Errorf("%s: %+v", c.name, got)
		}
		if named := got.StoppedAfter == correlate.TunnelIn && got.StoppedBefore == correlate.WANOut; named != (c.says == "stuck") {
			t.Errorf("%s: between %s and %s", c.name, got.StoppedAfter, got.StoppedBefore)
		}
	}
}

// TestJudgeKeepalives: WireGuard's own adapter counts its keepalives and handshakes,
// which nobody passes on. A server with many idle phones gets them all the time.
func TestJudgeKeepalives(t *testing.T) {
	for _, c := range []struct {
		name                 string
		packets, octets, out uint64
		want                 Status
	}{
		{"keepalives", 40, 40 * 32, 0, StatusInconclusive},
		{"and handshakes", 50, 40*32 + 10*148, 10, StatusInconclusive},
		{"requests", 14, 14 * 96, 0, StatusFault},
	} {
		facts := &host.Snapshot{OS: "linux", Adapters: []host.Adapter{{Name: "wg0", Kind: host.KindWireGuard}}}
		facts.CountersBefore = map[string]uint64{"Ip.InAddrErrors": 0, "dev.wg0.rx_packets": 0, "dev.wg0.rx_bytes": 0, "dev.wg0.tx_packets": 0, "Ip.ForwDatagrams": 0}
		facts.Counters = map[string]uint64{"Ip.InAddrErrors": c.packets, "dev.wg0.rx_packets": c.packets, "dev.wg0.rx_bytes": c.octets, "dev.wg0.tx_packets": c.out, "Ip.ForwDatagrams": 0}
		if got := Judge(Context{Facts: facts, Tunnel: "wg0"}, nil, time.Second); got.Status != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
