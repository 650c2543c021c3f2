//go:build !freebsd || cgo

package host

import (
	"net"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// Secrets must not survive the reading, neither in the snapshot nor in the
// value that the client library returned.
func TestDeviceOfDropsSecrets(t *testing.T) {
	secret := wgtypes.Key{0x5e, 0xc2, 0xe7}
	d := &wgtypes.Device{
		Name: "wg0", PrivateKey: secret, PublicKey: wgtypes.Key{1}, ListenPort: 51820,
		Peers: []wgtypes.Peer{{
			PublicKey: wgtypes.Key{2}, PresharedKey: secret, ReceiveBytes: 7, TransmitBytes: 8,
			Endpoint:          &net.UDPAddr{IP: net.ParseIP("203.0.113.5"), Port: 4711},
			AllowedIPs:        []net.IPNet{{IP: net.IPv4(10, 8, 0, 2), Mask: net.CIDRMask(32, 32)}, {IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)}},
			LastHandshakeTime: time.Unix(0, 0),
		}},
	}
	got := deviceOf(d)
	want := Device{Name: "wg0", PublicKey: Key{1}, ListenPort: 51820, Peers: []Peer{{
		PublicKey: Key{2}, HasPreshared: true, Endpoint: netip.MustParseAddrPort("203.0.113.5:4711"),
		AllowedIPs: []netip.Prefix{netip.MustParsePrefix("10.8.0.2/32"), netip.MustParsePrefix("::/0")}, RxBytes: 7, TxBytes: 8,
	}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if d.PrivateKey != (wgtypes.Key{}) || d.Peers[0].PresharedKey != (wgtypes.Key{}) {
		t.Error("a secret key was left in memory")
	}
}
