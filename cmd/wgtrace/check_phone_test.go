package main

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/internal/wg"
	"github.com/wgtrace/wgtrace/report"
)

// testKeys are a private key and its public one, in base64.
func testKeys(t *testing.T, letter string) (private, public string) {
	t.Helper()
	raw := []byte(strings.Repeat(letter, 32))
	k, err := ecdh.X25519().NewPrivateKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw), wg.Key(k.PublicKey().Bytes()).String()
}

var secretLine = regexp.MustCompile(`(?m)^(?:PrivateKey|PresharedKey)\s*=\s*(\S+)`)

// wantNoSecrets wants no private and no preshared key of a configuration in what
// was said, however it is written.
func wantNoSecrets(t *testing.T, config string, said ...string) {
	t.Helper()
	found := secretLine.FindAllStringSubmatch(config, -1)
	if len(found) == 0 {
		t.Fatal("no secret in the configuration: this is no test")
	}
	for _, m := range found {
		raw, err := base64.StdEncoding.DecodeString(m[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{m[1], strings.TrimRight(m[1], "="), hex.EncodeToString(raw), string(raw), base64.URLEncoding.EncodeToString(raw)} {
			for _, s := range said {
				if strings.Contains(s, form) {
					t.Errorf("a secret is shown: %q in\n%s", form, s)
				}
			}
		}
	}
}

// TestCheckPhoneFiles compares files of both ends, without any device: what is
// said, the exit status, and that no secret comes out in any form or format.
func TestCheckPhoneFiles(t *testing.T) {
	serverPrivate, serverPublic := testKeys(t, "s")
	phonePrivate, phonePublic := testKeys(t, "p")
	_, otherPublic := testKeys(t, "o")
	psk := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("z", 32)))
	server := "[Interface]\nAddress = 10.8.0.1/24\nListenPort = 51820\nPrivateKey = " + serverPrivate +
		"\n[Peer]\nPublicKey = " + phonePublic + "\nPresharedKey = " + psk + "\nAllowedIPs = 10.8.0.2/32\n"
	phone := "[Interface]\nAddress = 10.8.0.2/24\nDNS = 1.1.1.1\nPrivateKey = " + phonePrivate +
		"\n[Peer]\nPublicKey = " + serverPublic + "\nPresharedKey = " + psk + "\nEndpoint = vpn.example.org:51820\nAllowedIPs = 0.0.0.0/0, ::/0\n"
	for _, tt := range []struct {
		name          string
		phone, server *strings.Replacer
		status        int
		want          string // "ID STATE" that must be among the lines
	}{
		{"all is right", nil, nil, exitHealthy, "phone-psk ok"},
		{"another server's key", strings.NewReplacer(serverPublic, otherPublic), nil, exitFault, "phone-server-key wrong"},
		{"its own key for the server's", strings.NewReplacer(serverPublic, phonePublic), nil, exitFault, "phone-server-key wrong"},
		{"an unknown phone", nil, strings.NewReplacer(phonePublic, otherPublic), exitFault, "phone-key wrong"},
		{"the server's own key", strings.NewReplacer(phonePrivate, serverPrivate), nil, exitFault, "phone-key wrong"},
		{"no preshared key at the server", nil, strings.NewReplacer("PresharedKey", "# "), exitFault, "phone-psk wrong"},
		{"no preshared key at the phone", strings.NewReplacer("PresharedKey", "# "), nil, exitFault, "phone-psk wrong"},
		{"no private key", strings.NewReplacer("PrivateKey", "# "), nil, exitInconclusive, "phone-key unknown"},
		{"two devices with one address", nil, strings.NewReplacer("10.8.0.2/32", "10.8.0.2/32\n[Peer]\nPublicKey = "+otherPublic+"\nAllowedIPs = 10.8.0.2/32"), exitFault, "phone-duplicates wrong"},
		{"a name service that cannot be seen", strings.NewReplacer("1.1.1.1", "10.8.0.1"), nil, exitInconclusive, "phone-dns unknown"},
		{"the wrong port behind a name", strings.NewReplacer(":51820", ":443"), nil, exitHealthy, "phone-endpoint note"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mine, theirs := phone, server
			if tt.phone != nil {
				mine = tt.phone.Replace(mine)
			}
			if tt.server != nil {
				theirs = tt.server.Replace(theirs)
			}
			dir := t.TempDir()
			files := map[string]string{"phone.conf": mine, "wg0.conf": theirs}
			for name, content := range files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			args := []string{"check", "--phone", filepath.Join(dir, "phone.conf"), "--config", filepath.Join(dir, "wg0.conf")}
			text := wgtrace(nil, append(args, "-v", "-o", filepath.Join(dir, "o.json"), "-o", "-")...)
			raw, err := os.ReadFile(filepath.Join(dir, "o.json"))
			if err != nil {
				t.Fatal(err)
			}
			wantNoSecrets(t, phone+server, text.stdout, text.stderr, string(raw))
			checkTerminal(t, text.stdout)
			hidden := wgtrace(nil, append(args, "--redact=strict")...)
			wantNoSecrets(t, phone+server, hidden.stdout, hidden.stderr)
			for _, name := range []string{"vpn.example", "10.8.0.", phonePublic, "wg0"} {
				if strings.Contains(hidden.stdout, name) || hidden.status != text.status {
					t.Errorf("%s is not hidden: %+v", name, hidden)
				}
			}
			var c report.Check
			if err := json.Unmarshal(raw, &c); err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, s := range c.Settings {
				lines = append(lines, s.ID+" "+s.State)
			}
			if got := strings.Join(lines, ", "); text.status != tt.status || !strings.Contains(got+",", tt.want+",") {
				t.Errorf("exit status %d, want %d; %s, want %s\n%s", text.status, tt.status, got, tt.want, text.stdout)
			}
		})
	}
	// A broken secret must not come out with the error about it either.
	dir := t.TempDir()
	file := filepath.Join(dir, "phone.conf")
	for _, broken := range []string{"[Interface]\nPrivateKey = c2VjcmV0\n", "[Interface]\nPrivateKey c2VjcmV0\n", "c2VjcmV0\n", "[Peer]\nPublicKey = c2VjcmV0\n", "[Interface]\nPrivateKey = " + phonePrivate} {
		if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := wgtrace(nil, "check", "--phone", file); got.status != exitUsage || strings.Contains(got.stdout+got.stderr, "c2VjcmV0") || strings.Contains(got.stderr, phonePrivate) {
			t.Errorf("%q: %+v", broken, got)
		}
	}
	if got := wgtrace(nil, "check", "--config", file); got.status != exitUsage {
		t.Errorf("--config alone: %+v", got)
	}
}
