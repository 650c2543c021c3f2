package main

import "strings"

// reportFix is as much of a fix as the tests look at.
type reportFix struct {
	ID, Cause, OS  string
	Commands, Undo []string
}

// notHere says why a fix cannot be tried in a scenario of the lab, "" if it can.
func notHere(scenario string, x reportFix) string {
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
	"ufw":          "ufw is not part of the lab",
	"firewall-cmd": "firewalld is not part of the lab",
	"systemctl":    "the lab has no services",
	"ping":         "it only looks",
}

// notThere are lines that remove what wg-quick makes and the lab does not.
var notThere = []string{"ip -4 rule del table main suppress_prefixlength"}

// elsewhere are fixes that cannot cure the way in which the lab brings a fault
// about.
var elsewhere = map[string]string{
	"dpi-after-handshake port-change": "the network of the lab filters by shape, on every port",
}

// undoElsewhere are fixes whose undo needs more than the lab has.
var undoElsewhere = map[string]string{
	"hijack-linux": "its undo starts the tunnel anew, which wg-quick did not make here",
}
