package diagnose

import (
	"github.com/wgtrace/wgtrace/correlate"
	"github.com/wgtrace/wgtrace/internal/host"
)

// Filters. A drop in any base chain is final, so an accept helps only in the
// chain that drops (nft(8), "VERDICT STATEMENT"); which chain that is stands in
// the rules of the host, hence the placeholder and the command that shows them.
// Every rule is inserted: behind a catch-all reject an appended one is never
// reached.
var (
	filterNFT = recipe{
		id: "filter-linux-nft", os: osLinux, filter: host.SourceNft,
		commands: []string{
			`nft list ruleset | grep -E 'table|chain|hook forward|drop|reject'`,
			`nft 'insert rule {TABLE} {CHAIN} iifname "{WAN}" oifname "{TUN}" ct state established,related accept comment "wgtrace"'`,
			`nft 'insert rule {TABLE} {CHAIN} iifname "{TUN}" oifname "{WAN}" accept comment "wgtrace"'`,
		},
		// nft removes rules by handle only.
		undo: []string{
			`sh -c "nft -a list chain {TABLE} {CHAIN} | sed -n 's/.*comment \"wgtrace\" # handle \([0-9]*\)\$/delete rule {TABLE} {CHAIN} handle \1/p' | nft -f -"`,
		},
		notes: []string{"needs-root", "insert-not-append", "lost-at-reboot"},
	}
	filterIptables = recipe{
		id: "filter-linux-iptables", os: osLinux, filter: host.SourceIptablesNft,
		commands: []string{
			`{IPTABLES-IN-USE} -I FORWARD 1 -i {WAN} -o {TUN} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
			`{IPTABLES-IN-USE} -I FORWARD 1 -i {TUN} -o {WAN} -j ACCEPT`,
		},
		undo: []string{
			`{IPTABLES-IN-USE} -D FORWARD -i {TUN} -o {WAN} -j ACCEPT`,
			`{IPTABLES-IN-USE} -D FORWARD -i {WAN} -o {TUN} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
		},
		notes: []string{"needs-root", "insert-not-append", "lost-at-reboot", "persist"},
	}
	// Both back ends hold rules of their own and both apply (iptables-nft(8)).
	filterBothIptables = recipe{
		id: "filter-linux-iptables", os: osLinux, filter: host.SourceIptablesNft,
		commands: []string{
			`{IPTABLES}-nft -I FORWARD 1 -i {WAN} -o {TUN} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
			`{IPTABLES}-nft -I FORWARD 1 -i {TUN} -o {WAN} -j ACCEPT`,
			`{IPTABLES}-legacy -I FORWARD 1 -i {WAN} -o {TUN} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
			`{IPTABLES}-legacy -I FORWARD 1 -i {TUN} -o {WAN} -j ACCEPT`,
		},
		undo: []string{
			`{IPTABLES}-legacy -D FORWARD -i {TUN} -o {WAN} -j ACCEPT`,
			`{IPTABLES}-legacy -D FORWARD -i {WAN} -o {TUN} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
			`{IPTABLES}-nft -D FORWARD -i {TUN} -o {WAN} -j ACCEPT`,
			`{IPTABLES}-nft -D FORWARD -i {WAN} -o {TUN} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
		},
		notes: []string{"needs-root", "insert-not-append", "lost-at-reboot", "persist"},
	}
	// DOCKER-USER runs before Docker's own rules and Docker leaves it alone
	// (docs.docker.com, "Packet filtering and firewalls").
	filterDocker = recipe{
		id: "filter-linux-docker", os: osLinux,
		commands: []string{
			`{IPTABLES} -I DOCKER-USER 1 -i {WAN} -o {TUN} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
			`{IPTABLES} -I DOCKER-USER 1 -i {TUN} -o {WAN} -j ACCEPT`,
		},
		undo: []string{
			`{IPTABLES} -D DOCKER-USER -i {TUN} -o {WAN} -j ACCEPT`,
			`{IPTABLES} -D DOCKER-USER -i {WAN} -o {TUN} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
		},
		notes: []string{"needs-root", "insert-not-append", "lost-at-reboot", "persist"},
	}
	// ufw lets replies through by itself (its before.rules accept established).
	filterUFW = recipe{
		id: "filter-linux-ufw", os: osLinux, when: Values.maybeUFW,
		commands: []string{`ufw route allow in on {TUN} out on {WAN} from {NET}`},
		undo:     []string{`ufw route delete allow in on {TUN} out on {WAN} from {NET}`},
		notes:    []string{"needs-root"},
	}
	// Between zones firewalld forwards only by policy, and policies are made in
	// the permanent settings only (firewalld.policies(5)): hence the reload.
	filterFirewalld = recipe{
		id: "filter-linux-firewalld", os: osLinux, when: Values.maybeFirewalld,
		commands: []string{
			`firewall-cmd --permanent --zone=trusted --add-interface={TUN}`,
			`firewall-cmd --permanent --new-policy=wgtrace`,
			`firewall-cmd --permanent --policy=wgtrace --add-ingress-zone=trusted`,
			`firewall-cmd --permanent --policy=wgtrace --add-egress-zone="$(firewall-cmd --get-zone-of-interface={WAN})"`,
			`firewall-cmd --permanent --policy=wgtrace --set-target=ACCEPT`,
			`firewall-cmd --reload`,
		},
		undo: []string{
			`firewall-cmd --permanent --delete-policy=wgtrace`,
			`firewall-cmd --permanent --zone=trusted --remove-interface={TUN}`,
			`firewall-cmd --reload`,
		},
		notes: []string{"needs-root", "reloads-firewall"},
		risky: true,
	}
	filterRouterOS = recipe{
		id: "filter-routeros", os: osRouterOS,
		commands: []string{`{MENU} firewall filter add chain=forward in-interface={TUN} action=accept place-before=0 comment=wgtrace`},
		undo:     []string{`{MENU} firewall filter remove [find comment=wgtrace]`},
	}
)

// Reverse path filters. The kernel takes the larger of all/rp_filter and the
// adapter's own (Documentation/networking/ip-sysctl.rst, rp_filter), so 2,
// loose, on the two adapters is enough and leaves every other one strict.
var (
	rpFilterLinux = recipe{
		id: "rpfilter-linux", os: osLinux, family: correlate.IPv4,
		commands: rpLoose, undo: rpStrict, notes: []string{"needs-root", "lost-at-reboot", "persist"},
	}
	rpFilterOpenWrt = recipe{
		id: "rpfilter-linux", os: osOpenWrt, family: correlate.IPv4,
		commands: rpLoose, undo: rpStrict, notes: []string{"needs-root", "lost-at-reboot"},
	}
	// The kernel has no such switch for IPv6; firewalld does the check.
	rpFilterFirewalld = recipe{
		id: "rpfilter-linux", os: osLinux, family: correlate.IPv6,
		commands: []string{
			`sed -i.wgtrace 's/^IPv6_rpfilter=.*/IPv6_rpfilter=loose/' /etc/firewalld/firewalld.conf`,
			`firewall-cmd --reload`,
		},
		undo: []string{
			`mv /etc/firewalld/firewalld.conf.wgtrace /etc/firewalld/firewalld.conf`,
			`firewall-cmd --reload`,
		},
		notes: []string{"needs-root", "reloads-firewall"},
		risky: true,
	}
	rpLoose = []string{
		`sysctl -w net/ipv4/conf/{TUN}/rp_filter=2`,
		`sysctl -w net/ipv4/conf/{WAN}/rp_filter=2`,
	}
	rpStrict = []string{
		`sysctl -w net/ipv4/conf/{TUN}/rp_filter=1`,
		`sysctl -w net/ipv4/conf/{WAN}/rp_filter=1`,
	}
)

// maybeUFW and maybeFirewalld report whether the firewall can be of that kind:
// where it is known to be another one, their commands are not even there.
func (v Values) maybeUFW() bool       { return v.UFW != host.FactNo }
func (v Values) maybeFirewalld() bool { return v.Firewalld != host.FactNo }

// notUFW reports whether iptables may be used by itself: what is added past ufw is
// lost whenever that loads its rules again.
func (v Values) notUFW() bool { return v.UFW != host.FactYes }
