package main

import (
	"strings"

	"github.com/wgtrace/wgtrace/internal/lab"
)

// trueCauses are those of scenarios that neither packets nor settings can tell,
// so that the lab names none: their fixes must cure all the same.
var trueCauses = map[string]string{
	"psk-mismatch": "preshared-key-mismatch", "psk-server-only": "preshared-key-mismatch",
	"hairpin-drop": "client-forward-missing", "lan-only-forward": "forward-rule-lan-only",
}

// variant is a scenario of the lab, or one that commands on the server make of it:
// the same faults by other firewalls.
type variant struct {
	lab.Scenario
	base  string // scenario of the lab
	setup []string
}

var (
	notForwarded = lab.Expect{Status: "fault", Finding: "not-forwarded"}
	unanswered   = lab.Expect{Status: "fault", Finding: "handshake-unanswered"}
	noNames      = lab.Expect{Status: "fault", Finding: "dns-unanswered"}
)

var variants = []variant{
	{lab.Scenario{Name: "iptables-clients", Expect: lab.Expect{Status: "healthy"}, Warning: "client-to-client-blocked", Neighbours: true, Cause: "client-forward-missing"}, "hairpin-ok",
		[]string{"iptables -A FORWARD -i {TUN} -o {TUN} -j DROP"}},
	{lab.Scenario{Name: "iptables-forward", Expect: notForwarded, Cause: "forward-policy-drop"}, "none",
		[]string{"iptables -P FORWARD DROP"}},
	{lab.Scenario{Name: "legacy-policy", Expect: notForwarded, Cause: "two-firewalls"}, "none",
		[]string{"iptables-legacy -P FORWARD DROP"}},
	{lab.Scenario{Name: "legacy-too", Expect: notForwarded, Cause: "two-firewalls"}, "none",
		[]string{"iptables -P FORWARD DROP", "iptables-legacy -P FORWARD DROP"}},
	{lab.Scenario{Name: "iptables-port", Expect: unanswered, Handshake: true, Cause: "host-firewall-blocks-wg-port"}, "none",
		[]string{"iptables -A INPUT -p udp --dport {PORT} -j DROP"}},
	{lab.Scenario{Name: "iptables-legacy-port", Expect: unanswered, Handshake: true, Cause: "host-firewall-blocks-wg-port"}, "none",
		[]string{"iptables-legacy -A INPUT -p udp --dport {PORT} -j DROP"}},
	{lab.Scenario{Name: "iptables-names", Expect: noNames, Cause: "dns-host-firewall", Breaks: lab.BreaksNames}, "dns-local-resolver",
		[]string{"iptables -A INPUT -p udp --dport 53 -j DROP"}},
	{lab.Scenario{Name: "ufw-port", Expect: unanswered, Handshake: true, Cause: "host-firewall-blocks-wg-port"}, "none",
		[]string{"ufw route allow in on {TUN} out on {WAN}", "ufw --force enable"}},
	{lab.Scenario{Name: "ufw-routes", Expect: notForwarded, Cause: "ufw-deny-routed"}, "none",
		[]string{"ufw allow {PORT}/udp", "ufw --force enable"}},
	{lab.Scenario{Name: "asym-source", Expect: lab.Expect{Status: "fault", Finding: "asymmetric-return"}, SecondUplink: true, Cause: "asymmetric-return"}, "asym-rpf-strict", nil},
	{lab.Scenario{Name: "ufw-names", Expect: noNames, Cause: "dns-host-firewall", Breaks: lab.BreaksNames}, "dns-local-resolver",
		[]string{"ufw allow {PORT}/udp", "ufw route allow in on {TUN} out on {WAN}", "ufw --force enable"}},
}

// untriable says why a fix cannot be tried in a scenario of the lab, "" if it can.
func untriable(scenario string, x reportFix) string {
	for _, line := range append(x.Commands, x.Undo...) {
		for program, why := range programs {
			if line == program || strings.HasPrefix(line, program+" ") {
				return why
			}
		}
	}
	return elsewhere[scenario+" "+x.ID]
}

// programs are what fixes call that the lab does not have.
var programs = map[string]string{
	"pihole-FTL":   "Pi-hole is not part of the lab",
	"firewall-cmd": "firewalld is not part of the lab",
	"systemctl":    "the lab has no services",
	"ping":         "it only looks",
}

// wgQuickOnly are lines that remove what wg-quick makes and the lab does not.
var wgQuickOnly = []string{"ip -4 rule del table main suppress_prefixlength"}

// elsewhere are fixes that cannot cure the way in which the lab brings a fault
// about.
var elsewhere = map[string]string{
	"dpi-after-handshake port-change": "the network of the lab filters by shape, on every port",
}

// undoElsewhere are fixes whose undo needs more than the lab has.
var undoElsewhere = map[string]string{
	"hijack-linux": "its undo starts the tunnel anew, which wg-quick did not make here",
}
