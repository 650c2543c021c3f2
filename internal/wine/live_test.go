//go:build wine

package wine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// machine is a Windows machine that does not exist: the adapters on which a
// recorded case is replayed, and what its PowerShell says.
type machine struct {
	recorded string // the case
	server   string // the address of the tunnel's adapter
	wan      string // address and gateway of the other one
	mac      string // its hardware address

	link   string // how the tunnel's packets are labelled; "": 12, raw IP
	status string // of activating it; "": 0
	vanish string // when the WAN's adapter disappears, milliseconds; "": never
	facts  string // what PowerShell prints
}

// Machines with the addresses of the server in their case.
var (
	story   = machine{recorded: "forwarding-off", server: "192.168.23.1/24", wan: "203.0.113.34/28|203.0.113.33", mac: "02:7b:59:98:6e:ad"}
	healthy = machine{recorded: "healthy-phone", server: "10.65.68.1/24", wan: "203.0.113.61/28|203.0.113.49", mac: "26:cd:8e:ee:86:f9"}
)

// install makes the folder from which the libraries of testdata read.
func (m machine) install(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range []string{"tunnel.pcap", "wan.pcap"} {
		raw, err := os.ReadFile(filepath.Join(root, "testdata/pcaps", m.recorded, f))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, f), string(raw))
	}
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	write(t, filepath.Join(dir, "adapters.txt"), fmt.Sprintf(
		"{5B37F1A2-0001-4C11-9E7B-2A6D1F0C9E01}|WireGuard Tunnel|WireGuard Tunnel|53||12|%s||%s|tunnel.pcap|%s|0\n"+
			"{5b37f1a2-0002-4c11-9e7b-2a6d1f0c9e02}|Wi-Fi|Intel(R) Wi-Fi 6 AX201 160MHz|71|%s|7|%s|1|wan.pcap|0|%s\n"+
			"|Loopback|Adapter for loopback traffic capture|24||1|||0||0|0\n",
		m.server, or(m.link, "12"), or(m.status, "0"), m.mac, m.wan, or(m.vanish, "0")))
	if m.facts != "" {
		write(t, filepath.Join(dir, "powershell.json"), m.facts)
	}
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// watch runs wgtrace live until the replay is over, its file of facts included.
func (m machine) watch(t *testing.T) (report string, status int, dir string) {
	t.Helper()
	dir = m.install(t)
	o, status := wgtrace(t, dir, replayed, "live", "-d", "12s", "--lang", "en", "-o", "run.json", "-o", "-")
	if !utf8.ValidString(o.out) || strings.HasPrefix(o.out, "\ufeff") {
		t.Errorf("a redirected report is not UTF-8 without a mark: %q", o.out)
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(o.all(), "`", " ")), " "), status, dir
}

// verdict reads the machine's report for programs.
func verdict(t *testing.T, dir string) (finding string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Verdict struct{ Finding string }
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r.Verdict.Finding
}

// What PowerShell prints on a machine that forwards; where the edition of Windows
// has no NAT; and what else could translate.
const (
	forwarding = `"forwarding":{"rows":[{"alias":"WireGuard Tunnel","family":"IPv4","forwarding":"Enabled"},{"alias":"Wi-Fi","family":"IPv4","forwarding":"Enabled"}]},"router":{"rows":[{"value":0}]}`
	noNetNat   = `"netnat":{"error":"80041010","text":"Invalid class"}`
	notShared  = `"sharing":{"rows":[{"name":"Wi-Fi","on":false,"kind":0}]},"services":{"rows":[{"name":"RemoteAccess","status":"Stopped"}]}`
	routing    = `"services":{"rows":[{"name":"RemoteAccess","status":"Running"}]}`
)

// TestLive replays the story and what can go wrong on the way to its verdict.
func TestLive(t *testing.T) {
	const netNat = "New-NetNat -Name wgtrace -InternalIPInterfaceAddressPrefix 192.168.23.0/24"
	for _, tt := range []struct {
		name    string
		change  func(*machine)
		finding string
		want    []string
		not     []string
	}{
		{"the story", func(*machine) {}, "not-forwarded",
			[]string{"tunnel WireGuard Tunnel (the only WireGuard adapter that is up), WAN Wi-Fi (the IPv4 default route)", netNat, "-InterfaceAlias 'WireGuard Tunnel' -Forwarding Enabled", "61 arrived, 0 left", "startport=51820", "could not be read: an empty answer"}, nil},
		{"the settings say that it forwards", func(m *machine) { m.facts = "{" + forwarding + `,"netnat":{"rows":[]}}` }, "not-forwarded",
			[]string{netNat}, []string{"-Forwarding Enabled"}},
		{"Windows Home", func(m *machine) { m.facts = "{" + forwarding + "," + noNetNat + "," + notShared + "}" }, "not-forwarded",
			[]string{"Share the internet connection with the tunnel adapter (ICS)", "EnableSharing(0)", "$name -eq 'WireGuard Tunnel'"}, []string{netNat}},
		{"a server that routes", func(m *machine) { m.facts = "{" + forwarding + "," + noNetNat + "," + routing + "}" }, "not-forwarded",
			[]string{"netsh routing ip nat add interface 'WireGuard Tunnel' mode=private"}, []string{netNat}},
		{"Npcap before 1.55", func(m *machine) { m.link, m.status = "1", "1" }, "not-forwarded",
			[]string{netNat, "62 packets labelled Ethernet that were bare IP"}, nil},
		{"an adapter disappears", func(m *machine) { m.vanish = "3000" }, "not-forwarded",
			[]string{"Wi-Fi went away at ", netNat}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := story
			tt.change(&m)
			report, status, dir := m.watch(t)
			if status != 1 || verdict(t, dir) != tt.finding {
				t.Errorf("status %d, finding %q, want %q", status, verdict(t, dir), tt.finding)
			}
			for _, w := range tt.want {
				if !strings.Contains(report, w) {
					t.Errorf("lacks %q", w)
				}
			}
			for _, n := range tt.not {
				if strings.Contains(report, n) {
					t.Errorf("says %q", n)
				}
			}
			calls, _ := os.ReadFile(filepath.Join(dir, "calls.txt"))
			for _, hiprec := range []string{"tstamp WireGuard Tunnel 2", "tstamp Wi-Fi 2"} {
				if !strings.Contains(string(calls), hiprec) {
					t.Errorf("no %q: one kind of time stamps must be asked of both adapters:\n%s", hiprec, calls)
				}
			}
			if t.Failed() {
				t.Log(report)
			}
		})
	}
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	report, status, dir := healthy.watch(t)
	if status != 0 || verdict(t, dir) != "" {
		t.Errorf("status %d, finding %q: %s", status, verdict(t, dir), report)
	}
}

// TestNoCapture wants the remedy and status 4 wherever nothing can be captured.
func TestNoCapture(t *testing.T) {
	dir := story.install(t)
	refuse := story
	refuse.status = "-8"
	refused := refuse.install(t)

	// Not at the same time as others: it changes the library of all.
	if err := compile(system32("Npcap/wpcap.dll"), "-shared", "-DOLD", "testdata/wpcap.c"); err != nil {
		t.Fatal(err)
	}
	old, oldCode := wgtrace(t, dir, replayed, "live", "-d", "1s")
	read, readCode := wgtrace(t, dir, replayed, "read", "tunnel.pcap", "wan.pcap", "-q", "--lang", "en")
	if err := compile(system32("Npcap/wpcap.dll"), "-shared", "testdata/wpcap.c"); err != nil {
		t.Fatal(err)
	}
	if readCode != 1 {
		t.Errorf("files are not read where the library is broken: status %d: %s", readCode, read.all())
	}
	none, noneCode := wgtrace(t, dir, noNpcap, "live", "-d", "1s")
	denied, deniedCode := wgtrace(t, refused, replayed, "live", "-d", "1s")
	for _, tt := range []struct {
		name string
		o    output
		code int
		want []string
	}{
		{"no Npcap", none, noneCode, []string{"no capture library\n", "https://npcap.com", "reading capture files works without it"}},
		{"a library that lacks a function", old, oldCode, []string{"pcap_hopen_offline", `C:\windows\system32\Npcap\wpcap.dll`, "https://npcap.com"}},
		{"Npcap for administrators only", denied, deniedCode, []string{"permission denied", "run it as administrator"}},
	} {
		if tt.code != 4 {
			t.Errorf("%s: status %d", tt.name, tt.code)
		}
		for _, w := range tt.want {
			if !strings.Contains(tt.o.err, w) {
				t.Errorf("%s: lacks %q: %s", tt.name, w, tt.o.err)
			}
		}
	}
}

// TestCounted: without Npcap, wgtrace alone goes on with what Windows counts.
func TestCounted(t *testing.T) {
	t.Parallel()
	off := story
	off.facts = "{" + strings.ReplaceAll(forwarding, "Enabled", "Disabled") + "}"
	o, code := wgtrace(t, off.install(t), noNpcap)
	if code != 1 {
		t.Errorf("status %d", code)
	}
	out := strings.Join(strings.Fields(o.all()), " ")
	for _, w := range []string{
		"https://npcap.com", "Counting packets instead", "passed on none of them", "passed on, both ways +0 packets",
		"Set-NetIPInterface -InterfaceAlias 'Wi-Fi' -Forwarding Enabled",
	} {
		if !strings.Contains(out, w) {
			t.Errorf("lacks %q: %s", w, o.all())
		}
	}
}

// TestInterfaces wants the names that people see, and their roles.
func TestInterfaces(t *testing.T) {
	o, code := wgtrace(t, story.install(t), replayed, "interfaces", "--json")
	if code != 0 {
		t.Fatalf("status %d: %s", code, o.all())
	}
	var rows []struct{ Name, Kind, Role string }
	if err := json.Unmarshal([]byte(o.out), &rows); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint([]struct{ Name, Kind, Role string }{{"Wi-Fi", "wifi", "wan"}, {"WireGuard Tunnel", "wireguard", "tunnel"}})
	if fmt.Sprint(rows) != want {
		t.Errorf("%v, want %v", rows, want)
	}
}

// TestSelftest wants a block that says of each step whether it works, and names no
// address.
func TestSelftest(t *testing.T) {
	o, code := wgtrace(t, story.install(t), replayed, "selftest")
	if code != 0 {
		t.Errorf("status %d: %s", code, o.all())
	}
	for _, w := range []string{
		"Npcap version 1.87", "WireGuard Tunnel: wireguard, up, taken for the tunnel: Raw IP, ", "Wi-Fi: wifi, up, taken for the wan: Ethernet, ",
		"time stamps: host_hiprec_unsynced, host_hiprec", "net-nat: an empty answer",
	} {
		if !strings.Contains(o.out, w) {
			t.Errorf("lacks %q", w)
		}
	}
	if strings.Contains(o.out, "203.0.113.") || strings.Contains(o.out, "02:7b:59") || t.Failed() {
		t.Errorf("names an address, or lacks something:\n%s", o.out)
	}
}

// TestOwnLibraries runs on what Wine itself has, which is not all of Windows: what
// is missing is not known, and ends nothing.
func TestOwnLibraries(t *testing.T) {
	for _, args := range [][]string{{"interfaces"}, {"selftest"}, {"version"}} {
		if o, code := wgtrace(t, t.TempDir(), asIs, args...); code != 0 || strings.Contains(o.err, "goroutine") {
			t.Errorf("%s: status %d: %s", args, code, o.all())
		}
	}
}
