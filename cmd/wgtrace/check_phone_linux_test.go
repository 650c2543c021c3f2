package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wgtrace/wgtrace/internal/lab"
	"github.com/wgtrace/wgtrace/report"
)

// phoneFinds names the line about the phone's configuration that must be wrong
// in a scenario of the lab. In every other scenario none may be.
var phoneFinds = map[string]string{
	"server-unknown-client-key": "phone-key", "client-wrong-server-key": "phone-server-key", "psk-mismatch": "phone-psk", "psk-server-only": "phone-psk",
	"server-allowedips-missing": "phone-address", "peer-allowedips-stolen": "phone-address", "v6-server-allowedips-missing": "phone-address",
	"wg-not-listening": "phone-endpoint", "dns-no-listener": "phone-dns",
	"forwarding-off": "phone-ipv6", "v6-blackhole-no-forward": "phone-ipv6", "wan-no-default-route": "phone-ipv6",
}

// TestCheckPhone compares the phone's own file with the server of the lab, fault
// by fault. No key of the file may come out anywhere.
func TestCheckPhone(t *testing.T) {
	inEveryScenario(t, func(t *testing.T, l *lab.Lab, sc lab.Scenario) {
		profile := l.Profile(lab.First)
		file := filepath.Join(t.TempDir(), "phone.conf")
		if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
			t.Fatal(err)
		}
		status, raw := checkInLab(t, l, "--phone", file)
		wantNoSecrets(t, profile, string(raw))
		var c report.Check
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatalf("%v: %s", err, raw)
		}
		wrong := ""
		for _, s := range c.Settings {
			if s.Layer == "phone" && s.State == "wrong" {
				wrong += s.ID + " "
			}
		}
		if want := phoneFinds[sc.Name]; strings.TrimSpace(wrong) != want || want != "" && status != exitFault {
			t.Errorf("wrong: %q with exit status %d, want %q\n%s", wrong, status, want, raw)
		}
	})
}
