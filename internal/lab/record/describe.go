package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// want is what a verdict on the captures must say. Nothing in it comes from
// wgtrace: the verdict is the scenario's, totals are nftables counters of the
// server (packets, all clients), translations are its connection tracking
// table.
type want struct {
	Case     string            `json:"case"`
	Seed     int64             `json:"seed"`
	Fault    lab.Fault         `json:"fault"`
	Workload lab.Workload      `json:"workload"`
	Status   string            `json:"status"`
	Finding  *string           `json:"finding"`
	After    *string           `json:"stopped_after"`
	Before   *string           `json:"stopped_before"`
	Totals   map[string]uint64 `json:"totals"`
	NAT      []lab.Mapping     `json:"nat"`
	Port     uint16            `json:"wireguard_port"`
	Key      string            `json:"server_key"`
	Clients  []lab.ClientTruth `json:"clients"`
}

func describe(c recording, p lab.Plan, t lab.Truth, base int64, dir string) error {
	w := want{
		Case: c.name, Seed: p.Seed, Fault: t.Fault, Workload: c.workload,
		Status: t.Expect.Status, Finding: orNull(t.Expect.Finding), After: orNull(t.Expect.After), Before: orNull(t.Expect.Before),
		Totals: map[string]uint64{}, NAT: t.NAT, Port: p.Port, Key: p.ServerKey, Clients: t.Clients,
	}
	scenario, err := lab.FindScenario(c.fault.Name)
	if err != nil {
		return err
	}
	for _, client := range t.Clients {
		for stage, n := range client.Stages {
			if !slices.Contains(scenario.Untold, stage) {
				w.Totals[stage] += n
			}
		}
	}
	b, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "want.json"), append(b, '\n'), 0o644); err != nil {
		return err
	}
	text, err := readme(c, p, t, base)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "README.md"), []byte(text), 0o644)
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func readme(c recording, p lab.Plan, t lab.Truth, base int64) (string, error) {
	s, err := lab.FindScenario(t.Fault.Name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", c.name)
	fmt.Fprintf(&b, "What is the case: %s", s.Summary)
	if t.Fault.OnlyFirst {
		b.WriteString(", for the first client alone")
	}
	fmt.Fprintf(&b, ". Traffic: %s.\n\n", workloadText[c.workload])
	b.WriteString("```\n")
	for i, cl := range p.Clients {
		fmt.Fprintf(&b, "phone %d      %s inside, %s outside\n", i, cl.Inner4, cl.Outer.Addr4.Addr())
		if cl.Inner6.IsValid() {
			fmt.Fprintf(&b, "             %s inside\n", cl.Inner6)
		}
	}
	fmt.Fprintf(&b, `    |
 router       drops private sources and destinations
    |
 server       %s on %s, UDP port %d
    |         %s
    |         %s is the tunnel adapter
    |
 router
    |
 site         %s
`, p.Server.Addr4.Addr(), p.WAN, p.Port, p.Server.Addr6.Addr(), p.Tunnel, sites(p))
	b.WriteString("```\n\n")
	if c.kernel {
		release, err := os.ReadFile("/proc/sys/kernel/osrelease")
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "WireGuard ran in the kernel (%s) on both ends. Segmentation offload was on: a packet of the\n"+
			"captures may hold many segments.\n\n", strings.TrimSpace(string(release)))
	}
	files := "`tunnel.pcap` and `wan.pcap` were captured"
	if c.any {
		files = "`any.pcap` was captured"
	}
	fmt.Fprintf(&b, "%s on the server with tcpdump, %s octets of each packet. Everything happened in network\n"+
		"namespaces: the addresses stand for themselves and for nobody else's. `want.json` holds what a verdict\n"+
		"must say; it was read from the scenario, from nftables counters and from the connection tracking\n"+
		"table of the server.\n\n", files, snaplen)
	command := "go run ./internal/lab/record"
	if c.kernel {
		command = "scripts/lab-vm.sh record"
	}
	fmt.Fprintf(&b, "Recorded with\n\n    %s -seed %d %s\n", command, base, c.name)
	return b.String(), nil
}

var workloadText = map[lab.Workload]string{
	lab.Laptop: "a laptop's: echo requests, DNS, TCP in both directions",
	lab.Phone:  "a phone's: no ICMP, MTU 1280, IP identification 0, DNS with HTTPS records, QUIC that falls back to TCP, notifications",
	lab.Heavy:  "transfers in both directions at once over IPv4 and IPv6",
	lab.Idle:   "none; a keepalive brings the tunnel up",
}

func sites(p lab.Plan) string {
	var list []string
	for _, a := range append(p.Web4, p.Web6...) {
		list = append(list, a.String())
	}
	return strings.Join(list, ", ") + "; resolver " + p.DNS.String()
}
