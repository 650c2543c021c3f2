package correlate_test

import (
	"slices"
	"testing"

	"github.com/wgtrace/wgtrace/correlate"
)

// TestTruncated says that a capture was cut where that hides who a packet is, and
// keeps silent about captures that are cut as they should be.
func TestTruncated(t *testing.T) {
	for octets, said := range map[int]bool{0: true, 16: false} {
		tr := &trace{}
		p := ping(phone+":7", site, 1, "0123456789abcdef")
		tr.pass(0, p, p.from(wanIP+":7").snapped(octets))
		tr.idle(10_000_000)
		ev := tr.run(t)
		i := slices.IndexFunc(ev.Caveats, func(c correlate.Caveat) bool { return c.ID == "truncated" })
		if said != (i >= 0) {
			t.Errorf("cut to %d octets of payload: caveats %+v", octets, ev.Caveats)
		}
		if i >= 0 && ev.Caveats[i].Args["count"] != uint64(1) {
			t.Errorf("%+v, want one packet", ev.Caveats[i])
		}
	}
}
