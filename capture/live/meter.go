package live

import "github.com/wgtrace/wgtrace/capture"

// meter turns the counters of pcap_stats(3PCAP) into totals since the handle
// was opened. They are 32 bits wide, wrap, and some drivers step back, after
// which libpcap reports some four thousand million drops (libpcap issue 994).
type meter struct {
	last           [3]uint32 // received, dropped by the kernel, dropped by the adapter
	started        bool
	received, lost uint64
}

// restart makes the next reading the baseline of another handle's counters.
func (m *meter) restart() { m.started = false }

// read adds what happened since the last reading. The first one is the baseline.
func (m *meter) read(received, dropped, ifDropped uint32) {
	now := [3]uint32{received, dropped, ifDropped}
	if m.started {
		m.received += step(m.last[0], now[0])
		m.lost += step(m.last[1], now[1]) + step(m.last[2], now[2])
	}
	m.last, m.started = now, true
}

// step is how far a counter went. No tap moves by 2^31 packets between two
// readings a second apart, so a larger step is one backwards.
func step(from, to uint32) uint64 {
	d := to - from
	if d >= 1<<31 {
		return 0
	}
	return uint64(d)
}

func (m *meter) stats(timeNS int64) capture.InterfaceStats {
	return capture.InterfaceStats{
		Time: timeNS, Received: m.received, Dropped: m.lost,
		HasReceived: m.started, HasDropped: m.started,
	}
}
