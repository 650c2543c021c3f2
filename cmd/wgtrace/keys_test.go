package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/internal/wg"
)

// TestKeyOptions takes keys, addresses and the port from flags and from the
// configuration of either end, and never repeats what may be a secret.
func TestKeyOptions(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := func(n byte) string {
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string('a'+rune(n)), 32)))
	}
	pub := func(n byte) wg.Key {
		k, err := wg.ParseKey(key(n))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	derived, err := wg.PublicOf((*[32]byte)([]byte(strings.Repeat("a", 32))))
	if err != nil {
		t.Fatal(err)
	}
	server := write("wg0.conf", "[Interface]\nAddress = 10.8.0.1/24\nListenPort = 4711\nPrivateKey = "+key(0)+
		"\n[Peer]\nPublicKey = "+key(1)+"\nAllowedIPs = 10.8.0.2/32\n[Peer]\nPublicKey = "+key(2)+"\nAllowedIPs = 0.0.0.0/0\n")
	phone := write("phone.conf", "[Interface]\nAddress = 10.8.0.2/24\nPrivateKey = "+key(0)+
		"\n[Peer]\nPublicKey = "+key(1)+"\nEndpoint = vpn.example.org:51820\nAllowedIPs = 0.0.0.0/0\n")
	broken := write("broken.conf", "[Interface]\nPrivateKey = c2VjcmV0\n")

	parse := func(args ...string) (*analysisOptions, error) {
		cmd := readCommand(streams{})
		o := &analysisOptions{}
		cmd.ResetFlags()
		o.register(cmd.Flags())
		if err := cmd.Flags().Parse(args); err != nil {
			t.Fatal(err)
		}
		return o, o.check(cmd.Flags())
	}
	o, err := parse("--config", server)
	if err != nil || o.port != 4711 || len(o.keys.servers) != 1 || o.keys.servers[0] != derived ||
		len(o.keys.peers) != 2 || o.keys.peers[0] != pub(1) || len(o.prefixes) != 1 || o.prefixes[0].String() != "10.8.0.2/32" {
		t.Errorf("server's file: %+v, %v", o, err)
	}
	if ctx := o.context("linux"); ctx.Server.String() != "10.8.0.1" || ctx.Prefixes[len(ctx.Prefixes)-1].String() != "10.8.0.0/24" {
		t.Errorf("server's file: context %+v", ctx)
	}
	o, err = parse("--config", phone)
	if err != nil || o.port != 0 || len(o.keys.servers) != 1 || o.keys.servers[0] != pub(1) || len(o.keys.peers) != 1 || o.keys.peers[0] != derived ||
		len(o.prefixes) != 1 || o.prefixes[0].String() != "10.8.0.2/32" ||
		o.context("linux").Server.IsValid() || len(o.context("linux").PhoneAllowedIPs) != 1 {
		t.Errorf("phone's file: %+v, %v", o, err)
	}
	o, err = parse("--config", server, "--wg-port", "443", "--client", "10.8.0.9", "--server-key", key(5), "--peer-key", key(6), "--peer-key", key(7))
	if err != nil || o.port != 443 || o.prefixes[0].String() != "10.8.0.9/32" || len(o.keys.servers) != 2 || len(o.keys.peers) != 4 {
		t.Errorf("flags beside a file: %+v, %v", o, err)
	}
	for _, args := range [][]string{
		{"--server-key", "c2VjcmV0"}, {"--peer-key", "c2VjcmV0"}, {"--config", broken}, {"--config", filepath.Join(dir, "absent")}, {"--config", dir},
	} {
		if _, err := parse(args...); err == nil || strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("%v: %v", args, err)
		}
	}
}
