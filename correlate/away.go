package correlate

import (
	"net/netip"

	"github.com/wgtrace/wgtrace/capture"
)

// noteAway takes over that an adapter was away: a tunnel that was restarted, a
// radio that lost its network, a machine that slept. What is missing at its point
// meanwhile proves nothing.
func (e *Engine) noteAway(c *capturePoint, s capture.InterfaceStats) {
	if s.AwaySince == 0 || c.role == capture.RoleUnknown {
		return
	}
	c.away = addSpan(c.away, span{s.AwaySince, s.Time})
	side := sideOf(c.role)
	gap := span{c.line.tunnel(s.AwaySince), c.line.tunnel(s.Time)}
	e.points[side].addDrop(gap, 0)
	e.points[side].away = addSpan(e.points[side].away, gap)
	if e.now != unset && gap.from < e.now-e.opts.Window.Nanoseconds() {
		e.reopen(side, gap)
	}
}

// awayFor returns how long the adapter of a capture was away, nanoseconds.
func (c *capturePoint) awayFor() (total int64) {
	for _, s := range c.away {
		total += s.to - s.from
	}
	return total
}

// learnAddr takes over an address that an adapter of the host got while it was
// watched.
func (e *Engine) learnAddr(addr netip.Addr) {
	if !addr.IsValid() {
		return
	}
	e.learnOwn(capture.AddrFromNetip(addr))
	if port := e.outerSide.port; port != 0 {
		e.outerSide.addServer(netip.AddrPortFrom(addr, port))
	}
}
