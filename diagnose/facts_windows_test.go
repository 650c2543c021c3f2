package diagnose

import (
	"net/netip"
	"testing"

	"github.com/wgtrace/wgtrace/internal/host"
)

// TestNetNat holds what Windows' own translation is found to be, for its one
// cause and no other.
func TestNetNat(t *testing.T) {
	ours, others := netip.MustParsePrefix("10.8.0.0/24"), netip.MustParsePrefix("172.20.0.0/16")
	causes := []string{"nat-missing", "netnat-conflict", "windows-netnat-unavailable"}
	for _, c := range []struct {
		name    string
		windows host.Windows
		proved  string // cause; "" if none is
		state   State  // of the line of wgtrace check
	}{
		{"translates", host.Windows{NetNatAvailable: host.FactYes, NetNat: []host.NetNat{{Prefix: ours, Active: host.FactYes}}}, "", StateOK},
		{"another program's", host.Windows{NetNatAvailable: host.FactYes, NetNat: []host.NetNat{{Prefix: others, Active: host.FactYes}}, ICS: host.FactNo, RRAS: host.FactNo}, "netnat-conflict", StateWrong},
		{"there is no such class", host.Windows{NetNatAvailable: host.FactNo, ICS: host.FactNo, RRAS: host.FactNo}, "windows-netnat-unavailable", StateWrong},
		{"no such class, and ICS shares", host.Windows{NetNatAvailable: host.FactNo, ICS: host.FactYes, ICSPrivate: "wg0", RRAS: host.FactNo}, "", StateOK},
		{"no such class, and sharing could not be read", host.Windows{NetNatAvailable: host.FactNo}, "", StateUnknown},
		{"an empty answer", host.Windows{}, "", StateUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := server()
			s.OS, s.Windows = osWindows, &c.windows
			v := &view{facts: s, path: host.Path{Client: netip.MustParseAddr(testPhone), Tunnel: "wg0", WAN: "eth0"}}
			for _, id := range causes {
				if got := factTests[id](v); (got.fact == host.FactYes) != (id == c.proved) {
					t.Errorf("%s: %+v, want %q alone", id, got, c.proved)
				}
			}
			for _, line := range Checks(Context{OS: osWindows, Tunnel: "wg0", WAN: "eth0", Facts: s}) {
				if line.ID == "translation" && (line.State != c.state || line.Cause != c.proved) {
					t.Errorf("check: %s %q, want %s %q", line.State, line.Cause, c.state, c.proved)
				}
			}
		})
	}
}
