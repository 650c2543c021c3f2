package lab

import (
	"cmp"
	"context"
	"fmt"

	"github.com/vishvananda/netlink"
)

// MTUs of the tunnel on the client's side: WireGuard's default on Linux and
// Windows, and what its iOS and Android apps choose.
const (
	mtuLaptop = 1420
	mtuPhone  = 1280
)

// gsoSegs is the kernel's limit of segments in one packet (GSO_MAX_SEGS,
// include/linux/netdevice.h).
const gsoSegs = 65535

// shape makes the tunnel's packets look like a phone's or a laptop's. iOS sends
// IP identification 0 with DF. Linux does so only for sockets without a peer
// (ip_select_ident_segs, include/net/ip.h), so the identification is cleared on
// the way out; packets must not be segmented after that, because segments get
// identifications that count up from the first one's (inet_gso_segment).
func shape(ctx context.Context, spec workSpec) error {
	mtu, segs, rules := mtuLaptop, gsoSegs, ""
	if spec.Workload == Phone || spec.Workload == Probe {
		mtu, segs = mtuPhone, 1
		rules = fmt.Sprintf("add chain inet lab_shape out { type filter hook postrouting priority 0; }\n"+
			"add rule inet lab_shape out oifname %q meta nfproto ipv4 ip id set 0\n", spec.Tunnel)
	}
	mtu = cmp.Or(spec.MTU, mtu)
	link, err := netlink.LinkByName(spec.Tunnel)
	if err != nil {
		return fmt.Errorf("find adapter %s: %w", spec.Tunnel, err)
	}
	if err := netlink.LinkSetMTU(link, mtu); err != nil {
		return fmt.Errorf("set mtu %d on %s: %w", mtu, spec.Tunnel, err)
	}
	if err := netlink.LinkSetGSOMaxSegs(link, segs); err != nil {
		return fmt.Errorf("limit segments to %d on %s: %w", segs, spec.Tunnel, err)
	}
	return runNft(ctx, "add table inet lab_shape\nflush table inet lab_shape\n"+rules)
}
