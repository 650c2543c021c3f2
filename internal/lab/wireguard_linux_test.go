package lab

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// TestParseConfig reads what peerState.config and peerChanges write for a
// userspace device.
func TestParseConfig(t *testing.T) {
	private, peer, gone, psk := wgtypes.Key{1}, wgtypes.Key{2}, wgtypes.Key{3}, wgtypes.Key{4}
	want := peerState{
		Key: peer, PSK: psk, Endpoint: netip.MustParseAddrPort("[2001:db8::1]:51820"), Keepalive: 25,
		AllowedIPs: []netip.Prefix{netip.MustParsePrefix("10.8.0.2/32"), netip.MustParsePrefix("::/0")},
	}
	text := "private_key=" + fmt.Sprintf("%x", private[:]) + "\nlisten_port=51820\nreplace_peers=true\n" +
		peerChanges([]peerState{{Key: gone}}, []peerState{want})
	c, err := parseConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	if c.PrivateKey == nil || *c.PrivateKey != private || c.ListenPort == nil || *c.ListenPort != 51820 || !c.ReplacePeers {
		t.Errorf("device %+v", c)
	}
	if len(c.Peers) != 2 || c.Peers[0].PublicKey != gone || !c.Peers[0].Remove {
		t.Fatalf("peers %+v", c.Peers)
	}
	p := c.Peers[1]
	got := peerState{Key: p.PublicKey, PSK: *p.PresharedKey, Endpoint: p.Endpoint.AddrPort(), Keepalive: int(*p.PersistentKeepaliveInterval / time.Second)}
	for _, n := range p.AllowedIPs {
		got.AllowedIPs = append(got.AllowedIPs, netip.MustParsePrefix(n.String()))
	}
	if !got.equal(want) || !p.ReplaceAllowedIPs || p.Remove {
		t.Errorf("peer %+v, want %+v", p, want)
	}
	for _, bad := range []string{"fwmark=1", "private_key=00", "public_key=" + fmt.Sprintf("%x", peer[:]) + "\nendpoint=nowhere"} {
		if _, err := parseConfig(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
