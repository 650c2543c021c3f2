package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
)

// Routes. What is added here is one route of a prefix and adapter of its own, so
// that the undo removes it and nothing else.
var (
	routeDefaultLinux = recipe{
		id: "route-default", os: osLinux,
		commands: []string{`ip {V} route show default`, `ip {V} route add default via ` + placeGateway + ` dev {WAN}`},
		undo:     []string{`ip {V} route del default via ` + placeGateway + ` dev {WAN}`},
		notes:    []string{"needs-root", "lost-at-reboot"},
		risky:    true,
	}
	routeDefaultWindows = recipe{
		id: "route-default", os: osWindows, family: correlate.IPv4,
		commands: []string{`New-NetRoute -DestinationPrefix 0.0.0.0/0 -InterfaceAlias {WAN} -NextHop ` + placeGateway},
		undo:     []string{`Remove-NetRoute -DestinationPrefix 0.0.0.0/0 -InterfaceAlias {WAN} -NextHop ` + placeGateway + ` -Confirm:$false`},
		notes:    []string{"needs-admin"},
	}
	routeDefaultMacOS = recipe{
		id: "route-default", os: osMacOS, family: correlate.IPv4,
		commands: []string{`sudo route -n add default ` + placeGateway},
		undo:     []string{`sudo route -n delete default ` + placeGateway},
		notes:    []string{"lost-at-reboot"},
	}
	gatewayLinux = recipe{
		id: "gateway-check", os: osLinux,
		commands: []string{`ip {V} route show default`, `ip {V} neigh show dev {WAN}`, `ping -c 3 ` + placeGateway},
	}
	gatewayWindows = recipe{
		id: "gateway-check", os: osWindows,
		commands: []string{`Get-NetRoute 0.0.0.0/0`, `Get-NetNeighbor -InterfaceAlias {WAN}`, `Test-NetConnection ` + placeGateway},
	}
	gatewayOther = recipe{id: "gateway-check"}
	// A route of the same prefix may lead elsewhere and is left alone: IPv4 asks
	// the one that was put in front first, IPv6 the one with the lower metric
	// (ip-route(8)).
	routeTunnelLinux = recipe{
		id: "route-tunnel", os: osLinux, family: correlate.IPv4,
		commands: []string{`ip route get {CLIENT}`, `ip -4 route prepend {HOST} dev {TUN}`},
		undo:     []string{`ip -4 route del {HOST} dev {TUN}`},
		notes:    []string{"needs-root", "lost-at-tunnel-restart"},
	}
	routeTunnelLinux6 = recipe{
		id: "route-tunnel", os: osLinux, family: correlate.IPv6,
		commands: []string{`ip route get {CLIENT}`, `ip -6 route add {HOST} dev {TUN} metric 1`},
		undo:     []string{`ip -6 route del {HOST} dev {TUN} metric 1`},
		notes:    []string{"needs-root", "lost-at-tunnel-restart"},
	}
	routeTunnelWindows = recipe{
		id: "route-tunnel", os: osWindows,
		commands: []string{`New-NetRoute -DestinationPrefix {HOST} -InterfaceAlias {TUN}`},
		undo:     []string{`Remove-NetRoute -DestinationPrefix {HOST} -InterfaceAlias {TUN} -Confirm:$false`},
		notes:    []string{"needs-admin", "lost-at-tunnel-restart"},
	}
	routeLoop = recipe{id: "loop-router"}
	// wg-quick makes these two rules for AllowedIPs = 0.0.0.0/0 and takes 51820
	// for the number of its table where it is free (wg-quick(8), "FwMark").
	hijackLinux = recipe{
		id: "hijack-linux", os: osLinux,
		commands: []string{
			`wg show {TUN} allowed-ips`,
			`wg set {TUN} peer {KEY} allowed-ips {HOSTS}`,
			`ip {V} rule del table 51820`,
			`ip {V} rule del table main suppress_prefixlength 0`,
		},
		undo:  []string{`bash -c 'wg-quick down {TUN}; wg-quick up {TUN}'`},
		notes: []string{"needs-root", "replaces-allowed-ips"},
		risky: true,
	}
)

// placeGateway stands for the next router, which nothing at hand names where it
// is needed.
const placeGateway = "GATEWAY-ADDRESS"

// From one device in the tunnel to another.
var (
	filterClientsNFT = recipe{
		id: "filter-clients-nft", os: osLinux, filter: host.SourceNft, known: true,
		commands: []string{`nft 'insert rule {TABLE} {CHAIN} iifname "{TUN}" oifname "{TUN}" accept comment "wgtrace"'`},
		undo:     filterNFT.undo,
		notes:    []string{"needs-root", "insert-not-append", "lost-at-reboot"},
	}
	filterClientsIptables = recipe{
		id: "filter-clients-iptables", os: osLinux, filter: host.SourceIptablesNft,
		commands: []string{`{IPTABLES-IN-USE} -I FORWARD 1 -i {TUN} -o {TUN} -j ACCEPT`},
		undo:     []string{`{IPTABLES-IN-USE} -D FORWARD -i {TUN} -o {TUN} -j ACCEPT`},
		notes:    []string{"needs-root", "insert-not-append", "lost-at-reboot", "persist"},
	}
	filterClientsUFW = recipe{
		id: "filter-clients-ufw", os: osLinux, when: Values.maybeUFW,
		commands: []string{`ufw route allow in on {TUN} out on {TUN}`},
		undo:     []string{`ufw route delete allow in on {TUN} out on {TUN}`},
		notes:    []string{"needs-root"},
	}
)

// Translations that are there and wrong. The first rule that matches decides, so
// that one in front is enough (nft(8): chains of one hook run in the order of
// their priority).
var (
	natFirstNFT = recipe{
		id: "nat-first-nft", os: osLinux,
		commands: []string{
			`nft add table {IP} wgtrace`,
			`nft add chain {IP} wgtrace postrouting '{ type nat hook postrouting priority 99; policy accept; }'`,
			`nft add rule {IP} wgtrace postrouting {IP} saddr {NET} oifname '"{WAN}"' masquerade`,
		},
		undo:  []string{`nft delete table {IP} wgtrace`},
		notes: []string{"needs-root", "lost-at-reboot", "persist"},
	}
	// The same cures a rule that names the address of another line.
	natLineNFT = recipe{
		id: natFirstNFT.id, os: osLinux, commands: natFirstNFT.commands, undo: natFirstNFT.undo, notes: natFirstNFT.notes,
		when: func(v Values) bool { return v.OtherSource },
	}
	natAddressWindows = recipe{
		id: "nat-address-windows", os: osWindows,
		commands: []string{`Get-NetNat`, `Get-NetNatExternalAddress`, `Get-NetIPAddress -InterfaceAlias {WAN}`},
		notes:    []string{"needs-admin"},
	}
	// Which rule it is only the person can say; both back ends of iptables show
	// theirs in their own list.
	notrackLinux = recipe{
		id: "notrack-linux", os: osLinux,
		commands: []string{`sh -c 'nft -a list ruleset; iptables-legacy-save' | grep -n -i -E 'table|chain|notrack'`},
		notes:    []string{"needs-root"},
	}
	natRestartWindows = recipe{id: "nat-restart-windows", os: osWindows, commands: []string{`Restart-Service winnat`}, notes: []string{"needs-admin"}}
	conntrackMax      = recipe{
		id: "conntrack-max", os: osLinux,
		commands: []string{
			`sysctl net/netfilter/nf_conntrack_count net/netfilter/nf_conntrack_max`,
			`sysctl -w net/netfilter/nf_conntrack_max=262144`,
			`sh -c 'echo net.netfilter.nf_conntrack_max=262144 >/etc/sysctl.d/99-wgtrace-conntrack.conf'`,
		},
		undo: []string{
			`rm -f /etc/sysctl.d/99-wgtrace-conntrack.conf`,
			`sysctl -w net/netfilter/nf_conntrack_max=OLD-NF-CONNTRACK-MAX`,
		},
		notes: []string{"needs-root"},
	}
)
