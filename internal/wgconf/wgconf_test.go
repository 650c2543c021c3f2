package wgconf

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/internal/wg"
)

// keys are made for the test alone.
func key(n byte) string {
	raw := make([]byte, 32)
	raw[0], raw[31] = n, 1
	return base64.StdEncoding.EncodeToString(raw)
}

func public(t *testing.T, s string) wg.Key {
	t.Helper()
	k, err := wg.ParseKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestParse reads a server's file with all that people put into one.
func TestParse(t *testing.T) {
	private := [32]byte{5, 31: 64}
	text := "\xef\xbb\xbf# home server\r\n[interface]\r\nADDRESS = 10.8.0.1/24, fd00::1/64\r\nAddress=10.9.0.1\r\n" +
		"listenport = 51820 # behind the router\r\nPrivateKey = " + base64.StdEncoding.EncodeToString(private[:]) + "\r\n" +
		"DNS = 1.1.1.1, lan.example, 2606:4700:4700::1111\r\nMTU=1420\r\nTable = off\r\n" +
		"PostUp = iptables -t nat -A POSTROUTING -s 10.8.0.0/24 -o eth0 -j MASQUERADE; echo a=b [x]\r\nSaveConfig = true\r\n\r\n" +
		"[Peer]\r\n; the phone\r\nPublicKey=" + key(1) + "\r\nAllowedIPs = 10.8.0.2/32\r\nAllowedIPs = fd00::2/128,10.8.1.7/24,\r\n" +
		"PresharedKey = " + key(9) + "\r\nPersistentKeepalive = 25\r\n" +
		"[Peer]\r\nPublicKey =" + key(2) + "\r\nEndpoint = vpn.example.org:51820\r\nPersistentKeepalive = off\r\nPresharedKey = " +
		base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\r\n[Other]\r\nanything"
	text = strings.TrimSuffix(text, "anything")
	got, err := Parse("wg0.conf", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	mine, err := wg.PublicOf(&[32]byte{5, 31: 64})
	if err != nil {
		t.Fatal(err)
	}
	p := netip.MustParsePrefix
	want := &Config{
		PublicKey: mine, ListenPort: 51820, MTU: 1420, Table: "off",
		Addresses: []netip.Prefix{p("10.8.0.1/24"), p("fd00::1/64"), p("10.9.0.1/32")},
		DNS:       []netip.Addr{netip.MustParseAddr("1.1.1.1"), netip.MustParseAddr("2606:4700:4700::1111")},
		Peers: []Peer{
			{Line: 13, PublicKey: public(t, key(1)), HasPreshared: true, Keepalive: 25,
				AllowedIPs: []netip.Prefix{p("10.8.0.2/32"), p("fd00::2/128"), p("10.8.1.0/24")}},
			{Line: 20, PublicKey: public(t, key(2)), Endpoint: "vpn.example.org:51820"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// TestParseErrors names file and line, and never repeats a secret.
func TestParseErrors(t *testing.T) {
	secret := "c2VjcmV0c2VjcmV0c2VjcmV0"
	for _, c := range []struct{ text, where string }{
		{"", "f:"}, {"# nothing\n", "f:"}, {"hello\n", "f:1:"}, {"Address = 10.0.0.1\n", "f:1:"},
		{"[Interface]\nPrivateKey = " + secret + "\n", "f:2:"},
		{"[Interface]\n\nAddress = 10.0.0.300\n", "f:3:"},
		{"[Interface]\nListenPort = 70000\n", "f:2:"},
		{"[Interface]\nMTU = big\n", "f:2:"},
		{"[Peer]\nPublicKey = " + secret + "\n", "f:2:"},
		{"[Peer]\nPublicKey = " + key(1) + "\n[Peer]\nAllowedIPs = 10.0.0.0/8\n", "f:3:"},
		{"[Peer]\nAllowedIPs = 10.0.0.0/33\n", "f:2:"},
		{"[Peer]\nPersistentKeepalive = often\n", "f:2:"},
		{"[Interface\nAddress\n", "f:2:"},
		{"\xff\xfe[\x00I\x00", "f:"},
		{strings.Repeat("#", maxSize+1), "f:"},
	} {
		_, err := Parse("f", []byte(c.text))
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), c.where) || strings.Contains(err.Error(), secret) {
			t.Errorf("%.40q: %v, want %s", c.text, err, c.where)
		}
	}
}

// TestRead reads a file, and says which one cannot be read.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "wg0.conf")
	if err := os.WriteFile(good, []byte("[Interface]\nAddress = 10.8.0.1/24\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Read(good); err != nil || len(c.Addresses) != 1 || !c.PublicKey.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := Read(filepath.Join(dir, "absent")); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "absent") {
		t.Errorf("%v", err)
	}
}

// FuzzParse feeds anything: no panic, and no error without a place.
func FuzzParse(f *testing.F) {
	f.Add([]byte("[Interface]\nAddress = 10.8.0.1/24\n[Peer]\nPublicKey = " + key(1) + "\nAllowedIPs = 0.0.0.0/0, ::/0\n"))
	f.Add([]byte("\xef\xbb\xbf[peer]\r\nEndpoint=[::1]:1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse("f", b)
		if (c == nil) == (err == nil) {
			t.Errorf("%v, %v", c, err)
		}
	})
}
